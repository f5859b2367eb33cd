"""`python -m gaswatch.alive SERVICE`: exits 0 when a service has said within 10 s that it is there.

For container health checks: it asks the status board, as the console does, so that a process which hangs
counts as dead.
"""

import sys
from typing import Final

from gascore.journal import StoreDownError
from gaswatch.clock import SystemClock
from gaswatch.settings import Settings, SettingsError, load
from gaswatch.stores.existing import existing_store
from gaswatch.stores.status import SqlStatusBoard

SILENT_MS: Final = 10_000
"""The console calls a service down after the same time."""


def why_not(settings: Settings, name: str, now_ms: int) -> str | None:
    """Why a service does not count as alive, in one line; None when it does. Raises `StoreDownError`."""
    with existing_store(settings) as engine:
        status = SqlStatusBoard(engine).read().get(name)
    if status is None:
        return f"{name} has never said anything"
    silent_ms = now_ms - status.at_ms
    return f"{name} has been silent for {silent_ms / 1000:.0f} s" if silent_ms > SILENT_MS else None


def main(arguments: list[str]) -> int:
    """Check the service that the arguments name; returns the exit code."""
    if len(arguments) != 1:
        sys.stderr.write("usage: python -m gaswatch.alive SERVICE\n")
        return 2
    try:
        reason = why_not(load(), arguments[0], SystemClock().now_ms())
    except (SettingsError, StoreDownError) as error:
        reason = str(error)
    if reason is not None:
        sys.stderr.write(f"{reason}\n")
    return 0 if reason is None else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
