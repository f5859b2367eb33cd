"""`gaswatch report …`: documents from the command line."""

import sys
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from dashboard.rules.business_hours import HoursError
from dashboard.rules.uptime import NoSuchPlaceError, Period, PeriodError, UptimeQuery, period_of
from gascore.journal import StoreDownError
from gascore.words import AreaId
from gaswatch.clock import SystemClock
from gaswatch.reports.compliance import Compliance
from gaswatch.reports.uptime import Rows
from gaswatch.settings import Settings, SettingsError, load
from gaswatch.stores.existing import existing_store

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
        bool, typer.Option("--business-hours", help="Seconds of the business hours only.")
    ] = False,
    by: Annotated[Rows, typer.Option(help="A row for each site or each detector.")] = Rows.SITE,
    out: Annotated[str, typer.Option(help="The CSV file to write; - is standard output.")] = "-",
) -> None:
    """Write who was protected for how long, as CSV: each site's seconds, effective protection, online rate."""
    try:
        settings = load()
        data = _uptime(
            settings,
            period_of(from_, to, ZoneInfo(settings.timezone)),
            area=None if area is None else AreaId(area),
            business_hours=business_hours,
            by_detector=by is Rows.DETECTOR,
        )
        _write(data, out)
    except (SettingsError, PeriodError, NoSuchPlaceError, HoursError, StoreDownError, OSError) as error:
        typer.echo(f"gaswatch report uptime: {error}", err=True)
        raise typer.Exit(1) from error


def _uptime(
    settings: Settings, period: Period, *, area: AreaId | None, business_hours: bool, by_detector: bool
) -> bytes:
    with existing_store(settings) as engine:
        compliance = Compliance.of(engine, settings)
        report = compliance.uptime(UptimeQuery(period, area=area), now_ms=SystemClock().now_ms())
        return compliance.csv(
            report, settings.language, business_hours=business_hours, by_detector=by_detector
        )


def _write(data: bytes, out: str) -> None:
    if out == "-":
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
    else:
        Path(out).write_bytes(data)
