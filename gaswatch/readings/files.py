"""Files of readings: CSV, or Parquet where pyarrow is installed. Written in full, or not there at all."""

import csv
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from datetime import UTC, datetime, tzinfo
from enum import StrEnum
from importlib import import_module
from pathlib import Path
from secrets import token_hex
from typing import Final, TypeAlias

from gascore.readings import Labels, Reading

COLUMNS: Final = ("detector", "site", "area", "gas", "at_ms", "state", "lel", "co", "batt", "rssi")
_AT: Final = "at"
"""In CSV besides, after `at_ms`: ISO 8601 with the town's offset."""
_TEXTS: Final = frozenset({"detector", "site", "area", "gas", "state"})

Row: TypeAlias = tuple[Labels, Reading]
Write: TypeAlias = Callable[[Sequence[Row]], None]


class Format(StrEnum):
    """What is written."""

    CSV = "csv"
    PARQUET = "parquet"


class ExportError(Exception):
    """The file can't be written as asked for; the message is one line that says what to do."""


def format_of(path: Path, asked: Format | None) -> Format:
    """The format asked for, or that of the file's ending. Raises `ExportError` where neither says it."""
    if asked is not None:
        return asked
    try:
        return Format(path.suffix.lower().removeprefix("."))
    except ValueError as error:
        raise ExportError(
            f"{path}: name the file …{'.csv or …'}.parquet, or say --format csv or --format parquet"
        ) from error


@contextmanager
def writing_to(path: Path, form: Format, zone: tzinfo) -> Iterator[Write]:
    """Takes rows, some at a time. The file is there under its name when the block was left without an error.

    Raises:
        ExportError: pyarrow is missing, or `path` is a folder.
        OSError: the disk or the folder refuses.
    """
    # What is missing is said before anything is made.
    begin = _csv_file if form is Format.CSV else _parquet()
    if path.is_dir():
        raise ExportError(f"{path} is a folder: name a file in it")
    part = path.with_name(f".{path.name}.{token_hex(4)}.part")
    try:
        with begin(part, zone) as write:
            yield write
        _to_disk(part)
        part.replace(path)
        _to_disk(path.parent)
    finally:
        with suppress(FileNotFoundError):
            part.unlink()


@contextmanager
def _csv_file(path: Path, zone: tzinfo) -> Iterator[Write]:
    at = COLUMNS.index("at_ms") + 1
    # The byte order mark is for Excel, which takes the file for another encoding without it.
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([*COLUMNS[:at], _AT, *COLUMNS[at:]])

        def write(rows: Sequence[Row]) -> None:
            writer.writerows(
                (
                    _plain(who.detector),
                    _plain(who.site),
                    _plain(who.area),
                    who.gas,
                    one.at_ms,
                    instant(one.at_ms, zone),
                    one.state.value,
                    one.lel,
                    one.co,
                    one.batt,
                    one.rssi,
                )
                for who, one in rows
            )

        yield write


def _parquet() -> Callable[[Path, tzinfo], AbstractContextManager[Write]]:
    try:
        arrow, parquet = import_module("pyarrow"), import_module("pyarrow.parquet")
    except ImportError as error:
        raise ExportError(
            "Parquet needs pyarrow, which is not installed: pip install 'gaswatch[parquet]', or write a .csv"
        ) from error
    types = {name: arrow.string() if name in _TEXTS else arrow.float64() for name in COLUMNS}
    schema = arrow.schema(types | {"at_ms": arrow.int64()})

    @contextmanager
    def begin(path: Path, zone: tzinfo) -> Iterator[Write]:
        del zone  # instants are numbers there
        with parquet.ParquetWriter(path, schema, compression="zstd") as file:

            def write(rows: Sequence[Row]) -> None:
                columns = zip(*map(_values, rows), strict=True)
                file.write_table(arrow.table(list(map(list, columns)), schema=schema))

            yield write

    return begin


def instant(at_ms: int, zone: tzinfo) -> str:
    """As "2026-11-25T20:03:10.250+08:00".

    >>> instant(1_764_075_790_250, UTC)
    '2025-11-25T13:03:10.250+00:00'
    """
    seconds, ms = divmod(at_ms, 1000)
    return (
        datetime.fromtimestamp(seconds, UTC)
        .replace(microsecond=ms * 1000)
        .astimezone(zone)
        .isoformat(timespec="milliseconds")
    )


def _values(row: Row) -> tuple[object, ...]:
    who, one = row
    return (
        who.detector,
        who.site,
        who.area,
        who.gas,
        one.at_ms,
        one.state.value,
        one.lel,
        one.co,
        one.batt,
        one.rssi,
    )


def _plain(text: str) -> str:
    """What a spreadsheet would take for a formula gets an apostrophe in front."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t")) and text != "-" else text


def _to_disk(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
