"""Puts services together: one module per service with `build(settings, clock) -> Service`.

A service and its libraries are imported only by its own module, so that a process loads one service.
"""

from typing import Protocol


class Service(Protocol):
    """Something that `gaswatch run` runs."""

    async def run(self) -> None:
        """Serve until `stop` is called. Raises when it can't go on; the supervisor restarts it."""
        ...

    def stop(self) -> None:
        """Finish what is begun and let `run` return. Called in the loop, on SIGTERM or SIGINT; idempotent."""
        ...
