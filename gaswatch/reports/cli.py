"""`gaswatch report …`: documents from the command line."""

import sys
from datetime import datetime
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from dashboard.rules.business_hours import HoursError
from dashboard.rules.uptime import NoSuchPlaceError, Period, PeriodError, UptimeQuery
from gascore.journal import StoreDownError
from gascore.words import AreaId, Language
from gaswatch.clock import SystemClock
from gaswatch.reports.uptime import Rows, Window, uptime_csv
from gaswatch.settings import Settings, SettingsError, load
from gaswatch.stores.engine import open_engine
from gaswatch.stores.history import SqlHistory

app = typer.Typer(no_args_is_help=True)


@app.callback()
def reports() -> None:
    """Write reports."""


@app.command()
def uptime(
    from_: Annotated[
        str, typer.Option("--from", help="First day (2026-11-01) or instant, in the town's zone.")
    ],
    to: Annotated[str, typer.Option("--to", help="The day or instant after the last one.")],
    area: Annotated[str | None, typer.Option(help="Only this area, with all below it.")] = None,
    *,
    business_hours: Annotated[
        bool, typer.Option("--business-hours", help="Count business hours only.")
    ] = False,
    by: Annotated[Rows, typer.Option(help="A row for each site or each detector.")] = Rows.SITE,
    out: Annotated[str, typer.Option(help="The CSV file to write; - is standard output.")] = "-",
) -> None:
    """Write who was protected for how long, as CSV: each site's seconds, effective protection, online rate."""
    try:
        settings = load()
        data = _uptime(
            settings,
            _period(from_, to, ZoneInfo(settings.timezone)),
            area=None if area is None else AreaId(area),
            window=Window.BUSINESS_HOURS if business_hours else Window.ALL_HOURS,
            rows=by,
            language=settings.language,
        )
        _write(data, out)
    except (SettingsError, PeriodError, NoSuchPlaceError, HoursError, StoreDownError, OSError) as error:
        typer.echo(f"gaswatch report uptime: {error}", err=True)
        raise typer.Exit(1) from error


def _uptime(
    settings: Settings, period: Period, *, area: AreaId | None, window: Window, rows: Rows, language: Language
) -> bytes:
    engine = open_engine(settings.database)
    try:
        source = SqlHistory(engine, zone=ZoneInfo(settings.timezone), margin_s=settings.business_margin_s)
        report = source.uptime(UptimeQuery(period, area=area), now_ms=SystemClock().now_ms())
    finally:
        engine.dispose()
    return uptime_csv(report, language, window=window, rows=rows)


def _period(from_: str, to: str, zone: ZoneInfo) -> Period:
    return Period(_instant(from_, zone), _instant(to, zone))


def _instant(text: str, zone: ZoneInfo) -> int:
    """A day begins at midnight of the town; an instant may carry its own offset."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise PeriodError(
            f"{text!r} is not a day such as 2026-11-01 or an instant such as 2026-11-01T08:00"
        ) from error
    return round((at if at.tzinfo else at.replace(tzinfo=zone)).timestamp() * 1000)


def _write(data: bytes, out: str) -> None:
    if out == "-":
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
    else:
        Path(out).write_bytes(data)
