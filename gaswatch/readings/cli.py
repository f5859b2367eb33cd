"""`gaswatch readings …`: the time series for other programs."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from itertools import islice
from pathlib import Path
from typing import Annotated, Final
from zoneinfo import ZoneInfo

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn
from sqlalchemy import Engine

from dashboard.rules.uptime import NoSuchPlaceError, Period, PeriodError, period_of
from gascore.journal import StoreDownError
from gascore.readings import Labels, Reading
from gascore.words import AreaId, DetectorId, SiteId
from gaswatch.clock import SystemClock
from gaswatch.readings.files import ExportError, Format, Write, format_of, writing_to
from gaswatch.readings.scope import Scope, labels_of
from gaswatch.settings import Settings, SettingsError, load
from gaswatch.stores.engine import StoreUnusableError
from gaswatch.stores.existing import existing_store
from gaswatch.wiring.readings import open_readings
from gaswatch.wiring.series import READINGS_FILE

app = typer.Typer(no_args_is_help=True)
AT_ONCE: Final = 20_000
"""Readings in memory."""
_LINES: Final = 10
"""Of progress, where standard error is no terminal."""


@app.callback()
def readings() -> None:
    """Take readings out."""


@app.command()
def export(  # noqa: PLR0913 -- each one is an option of the command
    file: Annotated[Path, typer.Argument(help="The file to write: …csv or …parquet.")],
    *,
    from_: Annotated[
        str, typer.Option("--from", help="First day (2026-11-01) or instant, in the town's zone.")
    ],
    to: Annotated[str, typer.Option("--to", help="The day or instant after the last one.")],
    detector: Annotated[str | None, typer.Option(help="Only this detector.")] = None,
    site: Annotated[str | None, typer.Option(help="Only this site.")] = None,
    area: Annotated[str | None, typer.Option(help="Only this area, with all below it.")] = None,
    form: Annotated[
        Format | None, typer.Option("--format", help="Instead of what the file's name says.")
    ] = None,
) -> None:
    """Write the readings of a period, by detector and time, as CSV or Parquet (which needs pyarrow).

    The file appears when it is complete; an older one of its name stays until then.
    """
    if sum(one is not None for one in (detector, site, area)) > 1:
        raise typer.BadParameter("name a detector, a site or an area, not several of them")
    scope = Scope(
        None if detector is None else DetectorId(detector),
        None if site is None else SiteId(site),
        None if area is None else AreaId(area),
    )
    try:
        settings = load()
        period = period_of(from_, to, ZoneInfo(settings.timezone))
        with existing_store(settings) as engine:
            taken = _export(settings, engine, period, labels_of(engine, scope), (file, format_of(file, form)))
    except (SettingsError, PeriodError, NoSuchPlaceError, ExportError, StoreDownError, OSError) as error:
        typer.echo(f"gaswatch readings export: {' '.join(str(error).split())}", err=True)
        raise typer.Exit(1) from error
    typer.echo(f"{taken:,} readings written to {file}", err=True)


def _export(
    settings: Settings, engine: Engine, period: Period, labels: Mapping[int, Labels], to: tuple[Path, Format]
) -> int:
    if settings.series == "embedded" and not (settings.data_dir / READINGS_FILE).exists():
        raise StoreUnusableError(
            f"there are no readings at {settings.data_dir / READINGS_FILE}: set GASWATCH_DATA_DIR to the folder "
            "that is meant, or GASWATCH_SERIES=influx"
        )
    with (
        closing(open_readings(settings, engine, SystemClock())) as store,
        writing_to(*to, ZoneInfo(settings.timezone)) as write,
        _progress(len(labels)) as progress,
        closing(store.scan(labels, period.from_ms, period.to_ms)) as found,
    ):
        return copy(found, labels, write, progress)


def copy(
    found: Iterator[Reading],
    labels: Mapping[int, Labels],
    write: Write,
    progress: Callable[[int, int], None],
) -> int:
    """Write all that is found, at most `AT_ONCE` readings in memory; returns how many there were."""
    places = {no: place for place, no in enumerate(sorted(labels), start=1)}
    taken = 0
    while some := [(labels[one.no], one) for one in islice(found, AT_ONCE)]:
        write(some)
        taken += len(some)
        progress(places[some[-1][1].no] - 1, taken)
    return taken


@contextmanager
def _progress(detectors: int) -> Iterator[Callable[[int, int], None]]:
    """Told (detectors that are done, readings so far): a bar on a terminal, else some lines on standard error."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield _lines(detectors)
        return
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("0 readings", total=detectors)
        yield lambda done, taken: bar.update(task, completed=done, description=f"{taken:,} readings")


def _lines(detectors: int) -> Callable[[int, int], None]:
    said = 0

    def say(done: int, taken: int) -> None:
        nonlocal said
        if done * _LINES >= (said + 1) * detectors:
            said = done * _LINES // detectors
            typer.echo(f"{taken:,} readings, {done:,} of {detectors:,} detectors", err=True)

    return say
