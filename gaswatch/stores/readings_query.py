"""Reads the embedded time series: a row counts once, wherever it lies at the moment."""

import sqlite3
from collections.abc import Collection, Generator, Iterator, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Final

import msgspec

from gascore.readings import HourStat, Reading
from gascore.words import ReportedState
from gaswatch.stores.reading_codec import HOUR_MS, STATES, Row, hour_of, merge, reading_of, stats
from gaswatch.stores.readings_file import NO_BITS, NO_MASK, ReadingsFile, key
from gaswatch.stores.readings_seal import open_chunk

_LOOSE: Final = (
    "SELECT k >> :bits, lel, co, state, batt, rssi FROM {table} "
    "WHERE k >= :from AND k < :to AND (k & :mask) = :no"
)
_CHUNKS: Final = (
    "SELECT hour_ms, format, data FROM chunk WHERE no = ? AND hour_ms >= ? AND hour_ms < ? ORDER BY hour_ms"
)
_LOOSE_OF_MANY: Final = """
    SELECT k & :mask AS no, k >> :bits AS at_ms, lel, co, state, batt, rssi, 0 AS part FROM hot
    WHERE k >= :from AND k < :to AND no IN (SELECT value FROM json_each(:nos))
    UNION ALL
    SELECT k & :mask AS no, k >> :bits AS at_ms, lel, co, state, batt, rssi, 1 AS part FROM late
    WHERE k >= :from AND k < :to AND no IN (SELECT value FROM json_each(:nos))
    ORDER BY no, at_ms, part
"""
LAST_MS: Final = 1 << 42
"""The year 2109: no key holds a later instant."""


class Point(msgspec.Struct, frozen=True, gc=False):
    """What was measured in one step of a curve, or one reading.

    Attributes:
        at_ms: begin of the step; of a single reading, its instant.
        count: how many readings.
        lel_min, lel_max, lel_mean: %LEL; None: no valid value.
        co_max: ppm; None: not measured.
        state: the worst one reported.
    """

    at_ms: int
    count: int
    lel_min: float | None
    lel_max: float | None
    lel_mean: float | None
    co_max: float | None
    state: ReportedState


def series(file: ReadingsFile, no: int, from_ms: int, to_ms: int, every_ms: int | None) -> list[Point]:
    """The readings in [from_ms, to_ms); one by one, or in steps counted from `from_ms` (empty ones missing)."""
    with file.read() as connection:
        rows = _rows(file, connection, no, within(from_ms), within(to_ms))
    if every_ms is None:
        return [point_of(row) for row in rows]
    steps: dict[int, list[Row]] = {}
    for row in rows:
        steps.setdefault(row[0] - (row[0] - from_ms) % every_ms, []).append(row)
    return [_point(at_ms, some) for at_ms, some in steps.items()]


def hourly(file: ReadingsFile, no: int, from_ms: int, to_ms: int) -> list[HourStat]:
    """The roll-ups of the hours (UTC) that [from_ms, to_ms) touches; hours without a reading are missing."""
    from_ms, to_ms = hour_of(within(from_ms)), hour_of(within(to_ms) + HOUR_MS - 1)
    with file.read() as connection:
        found: dict[int, HourStat] = {}
        for hour_ms, number, lel_number, lel_max, lel_sum in connection.execute(
            "SELECT hour_ms, number, lel_number, lel_max, lel_sum FROM chunk "
            "WHERE no = ? AND hour_ms >= ? AND hour_ms < ?",
            (no, from_ms, to_ms),
        ):
            found[hour_ms] = _hour(no, hour_ms, number, lel_number, lel_max, lel_sum)
        # What is not packed yet, or came late, can repeat what is in a chunk: these hours are counted anew.
        for hour_ms in {hour_of(row[0]) for row in _loose(connection, no, from_ms, to_ms)}:
            one = stats(_rows(file, connection, no, hour_ms, hour_ms + HOUR_MS))
            found[hour_ms] = _hour(no, hour_ms, one.number, one.lel_number, one.lel_max, one.lel_sum)
    return [found[hour_ms] for hour_ms in sorted(found)]


def latest(file: ReadingsFile, nos: Collection[int]) -> dict[int, Reading]:
    """The newest reading of each detector that has one."""
    wanted = set(nos)
    found: dict[int, Reading] = {}
    with file.read() as connection:
        hot = _newest_hot(connection, wanted)
        for no in wanted:
            rows = merge(_newest_packed(file, connection, no), hot.get(no, []), _newest_late(connection, no))
            if rows:
                found[no] = reading_of(no, rows[-1])
    return found


def scan(file: ReadingsFile, nos: Collection[int], from_ms: int, to_ms: int) -> Generator[Reading]:
    """All readings in [from_ms, to_ms), by detector and instant.

    In memory is an hour of one detector, and what of that detector is not packed yet. All of it is of one moment:
    until the last one is taken, the file beside the database grows by what is written meanwhile.
    """
    from_ms, to_ms = within(from_ms), within(to_ms)
    wanted = sorted(set(nos))
    span = {"bits": NO_BITS, "mask": NO_MASK, "from": key(from_ms, 0), "to": key(to_ms, 0)}
    with file.read() as connection:
        loose = groupby(
            connection.execute(_LOOSE_OF_MANY, span | {"nos": msgspec.json.encode(wanted).decode()}),
            key=itemgetter(0),
        )
        ahead = next(loose, None)
        for no in wanted:
            hours: dict[int, list[Row]] = {}
            if ahead is not None and ahead[0] == no:
                for _, *row, _ in ahead[1]:
                    hours.setdefault(hour_of(row[0]), []).append(tuple(row))
                ahead = next(loose, None)
            for rows in _hour_by_hour(file, connection, no, (from_ms, to_ms), hours):
                yield from (reading_of(no, row) for row in rows if from_ms <= row[0] < to_ms)


def _hour_by_hour(
    file: ReadingsFile,
    connection: sqlite3.Connection,
    no: int,
    period: tuple[int, int],
    loose: dict[int, list[Row]],
) -> Iterator[list[Row]]:
    from_ms, to_ms = period
    chunks = connection.execute(_CHUNKS, (no, hour_of(from_ms), to_ms))
    for hour_ms, layout, data in chunks:
        for earlier_ms in sorted(one for one in loose if one < hour_ms):
            yield merge(loose.pop(earlier_ms))
        yield merge(open_chunk(file, no, hour_ms, layout, data), loose.pop(hour_ms, []))
    for hour_ms in sorted(loose):
        yield merge(loose[hour_ms])


def within(at_ms: int) -> int:
    """An instant that a key can hold; nothing is stored beyond."""
    return max(0, min(at_ms, LAST_MS))


def _rows(file: ReadingsFile, connection: sqlite3.Connection, no: int, from_ms: int, to_ms: int) -> list[Row]:
    packed: list[Row] = []
    for hour_ms, layout, data in connection.execute(_CHUNKS, (no, hour_of(from_ms), to_ms)):
        packed += open_chunk(file, no, hour_ms, layout, data)
    loose = _loose(connection, no, from_ms, to_ms)
    rows = merge(packed, loose) if loose else packed
    return [row for row in rows if from_ms <= row[0] < to_ms]


def _loose(connection: sqlite3.Connection, no: int, from_ms: int, to_ms: int) -> list[Row]:
    """What lies in no chunk yet; a late row stands after the hot one of the same instant, and wins."""
    limits = {"bits": NO_BITS, "mask": NO_MASK, "no": no, "from": key(from_ms, 0), "to": key(to_ms, 0)}
    return [
        row for table in ("hot", "late") for row in connection.execute(_LOOSE.format(table=table), limits)
    ]


def _newest_hot(connection: sqlite3.Connection, wanted: Collection[int]) -> dict[int, list[Row]]:
    """From the end backwards, until every one was met: an active detector is met within its own interval."""
    found: dict[int, list[Row]] = {}
    rows = connection.execute(
        "SELECT k & ? AS no, k >> ?, lel, co, state, batt, rssi FROM hot "
        "WHERE no IN (SELECT value FROM json_each(?)) ORDER BY k DESC",
        (NO_MASK, NO_BITS, msgspec.json.encode(sorted(wanted)).decode()),
    )
    while len(found) < len(wanted) and (row := rows.fetchone()) is not None:
        no, *values = row
        found.setdefault(no, [tuple(values)])
    rows.close()
    return found


def _newest_packed(file: ReadingsFile, connection: sqlite3.Connection, no: int) -> list[Row]:
    row = connection.execute(
        "SELECT hour_ms, format, data FROM chunk WHERE no = ? ORDER BY hour_ms DESC LIMIT 1", (no,)
    ).fetchone()
    return [] if row is None else open_chunk(file, no, *row)[-1:]


def _newest_late(connection: sqlite3.Connection, no: int) -> list[Row]:
    return connection.execute(
        "SELECT k >> ?, lel, co, state, batt, rssi FROM late WHERE (k & ?) = ? ORDER BY k DESC LIMIT 1",
        (NO_BITS, NO_MASK, no),
    ).fetchall()


def point_of(row: Row) -> Point:
    """A reading as a point of its own."""
    at_ms, tenths, co, state, _, _ = row
    lel = None if tenths is None else tenths / 10
    return Point(at_ms, 1, lel, lel, lel, None if co is None else co / 10, STATES[state])


def _point(at_ms: int, rows: Sequence[Row]) -> Point:
    found = stats(rows)
    cos = [row[2] for row in rows if row[2] is not None]
    return Point(
        at_ms=at_ms,
        count=found.number,
        lel_min=None if found.lel_min is None else found.lel_min / 10,
        lel_max=None if found.lel_max is None else found.lel_max / 10,
        lel_mean=found.lel_sum / found.lel_number / 10 if found.lel_number else None,
        co_max=max(cos) / 10 if cos else None,
        state=STATES[found.state_max],
    )


def _hour(no: int, hour_ms: int, number: int, lel_number: int, lel_max: int | None, lel_sum: int) -> HourStat:
    return HourStat(
        no=no,
        hour_ms=hour_ms,
        count=number,
        lel_max=None if lel_max is None else lel_max / 10,
        lel_mean=lel_sum / lel_number / 10 if lel_number else None,
    )
