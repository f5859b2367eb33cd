"""`gaswatch alarms …`: tries out who would be told. Offline: it needs the store alone, and tells nobody."""

from datetime import datetime
from typing import Annotated
from zoneinfo import ZoneInfo

import typer
from rich.console import Console

from gascore.alarm import AlarmKind
from gascore.journal import StoreDownError
from gascore.policy import OF_A_DETECTOR
from gascore.rehearsal import Rehearsal
from gascore.words import DetectorId, Level
from gaswatch.clock import SystemClock
from gaswatch.reaching import WaysSetUp
from gaswatch.rehearsal_words import show
from gaswatch.settings import SettingsError, load
from gaswatch.stores.existing import existing_store
from gaswatch.stores.rehearsal import SqlRehearsals
from gaswatch.wiring.limits import limits_of

app = typer.Typer(no_args_is_help=True)
WIDE = 160
"""Characters of a line that is written to a file or a pipe."""


class RehearsalError(ValueError):
    """It can't be tried out; the message says what to do."""


@app.callback()
def alarms() -> None:
    """Try out who would be told of an alarm."""


@app.command(name="dry-run")
def dry_run(
    detector: Annotated[str, typer.Argument(help="A detector of the ledger.")],
    *,
    kind: Annotated[str, typer.Option(help="leak, fault, offline …")] = "leak",
    level: Annotated[str, typer.Option(help="Of a leak: low or high.")] = "high",
    at: Annotated[str, typer.Option(help="The town's time, such as 2026-10-01T23:30; now if left out.")] = "",
) -> None:
    """If this detector alarmed now, who would be told when, and how? Nobody is told."""
    try:
        settings = load()
        zone = ZoneInfo(settings.timezone)
        at_ms = _instant(at, zone) if at else SystemClock().now_ms()
        with existing_store(settings) as engine:
            ways = WaysSetUp(settings, SystemClock())
            rehearsals = SqlRehearsals(engine, zone, limits_of(settings), ways)
            found = _found(
                rehearsals.rehearse(DetectorId(detector), _kind(kind), _level(kind, level), at_ms), detector
            )
    except (SettingsError, StoreDownError, RehearsalError) as error:
        typer.echo(f"gaswatch alarms dry-run: {error}", err=True)
        raise typer.Exit(1) from error
    console = Console()
    # Nobody looks at a pipe's width, and a cut cell says nothing.
    show(found, zone, console if console.is_terminal else Console(width=WIDE))


def _found(found: Rehearsal | None, detector: str) -> Rehearsal:
    if found is None:
        raise RehearsalError(
            f"there is no detector {detector!r} in the ledger: `gaswatch ledger export FILE` writes them"
        )
    return found


def _kind(text: str) -> AlarmKind:
    if text not in OF_A_DETECTOR:
        raise RehearsalError(f"--kind {text!r}: take one of {', '.join(sorted(OF_A_DETECTOR))}")
    return AlarmKind(text)


def _level(kind: str, text: str) -> Level:
    if kind != AlarmKind.LEAK:
        return Level.NONE
    if text not in {"low", "high"}:
        raise RehearsalError(f"--level {text!r}: take low or high")
    return Level[text.upper()]


def _instant(text: str, zone: ZoneInfo) -> int:
    try:
        local = datetime.fromisoformat(text)
    except ValueError as error:
        raise RehearsalError(f"--at {text!r}: write it like 2026-10-01T23:30") from error
    placed = local if local.tzinfo else local.replace(tzinfo=zone)
    return round(placed.timestamp() * 1000)
