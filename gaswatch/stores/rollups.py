"""Hourly roll-ups in a file of their own, for when the readings themselves are on a series server.

`fresh` has a row for each reading of the last minutes, so that the same reading counts once; `hour` has one
row per detector and hour; `late` has what came for minutes that are folded already. The embedded store needs
none of this: its chunks carry their roll-ups, and hours not yet packed are counted when they are asked for.
"""

import sqlite3
from collections.abc import Sequence
from itertools import chain
from operator import itemgetter
from pathlib import Path
from threading import Lock
from typing import Final, NamedTuple

from gascore.readings import HourStat, Reading
from gaswatch.stores.reading_codec import HOUR_MS, STATE_CODES, hour_of
from gaswatch.stores.sqlite_file import SqliteFile, put

SETTLE_MS: Final = 600_000
"""Readings are folded when they are at least so old: until then a repetition is known exactly."""
_STEP_MS: Final = 300_000
"""Folded are whole steps: each one rewrites the present hour of every detector once."""
_MOST: Final = 2_000_000
"""Readings folded in one call of `seal`; more than a minute brings at full load."""
_MINUTE_MS: Final = 60_000
_NO_BITS: Final = 20
_LOW_BITS: Final = 14
"""Detectors lie in groups of 16,384, each in the order of time: a group is folded in one short transaction."""
_LOW: Final = (1 << _LOW_BITS) - 1
_AT_BITS: Final = 42
_AT: Final = (1 << _AT_BITS) - 1
"""Instants until the year 2109."""

_ROW: Final = "k INTEGER PRIMARY KEY, lel INTEGER, state INTEGER NOT NULL"
_TABLES: Final = (
    f"CREATE TABLE fresh({_ROW})",
    f"CREATE TABLE late({_ROW})",
    # k: hours since 1970 << 20 | detector's number. minutes: bit 0 for the first minute that has a reading.
    """CREATE TABLE hour(
        k INTEGER PRIMARY KEY, number INTEGER NOT NULL, lel_number INTEGER NOT NULL, lel_max INTEGER,
        lel_sum INTEGER NOT NULL, state_max INTEGER NOT NULL, minutes INTEGER NOT NULL
    )""",
    # Before this instant nothing is written to `fresh` any more.
    "CREATE TABLE folded(id INTEGER PRIMARY KEY CHECK (id = 1), until_ms INTEGER NOT NULL)",
    "INSERT INTO folded VALUES (1, 0)",
)
_GROUP: Final = "SELECT k >> :place FROM {table} WHERE k >= :from ORDER BY k LIMIT 1"
_HOUR: Final = "(((k >> :low_bits) & :at_mask) / 3600000 << :no_bits) | (:group << :low_bits) | (k & :low)"
_BIT: Final = "1 << (((k >> :low_bits) & :at_mask) / 60000 % 60)"
# One row per detector and hour. Of bits, the sum of the different ones is their union.
_SUMS_FRESH: Final = f"""
    SELECT {_HOUR} AS h, count(*), count(lel), max(lel), coalesce(sum(lel), 0), max(state),
        sum(DISTINCT {_BIT}), count(*)
    FROM fresh WHERE k >= :from AND k < :to GROUP BY h
"""  # noqa: S608 -- constants of ours
# The same, but what falls into a minute that the hour has already is not counted again.
_SUMS_LATE: Final = f"""
    WITH minute AS (
        SELECT {_HOUR} AS h, {_BIT} AS bit, count(*) AS number, count(lel) AS lel_number, max(lel) AS lel_max,
            coalesce(sum(lel), 0) AS lel_sum, max(state) AS state_max
        FROM late WHERE k >= :from AND k < :to GROUP BY h, bit
    ), counted AS (
        SELECT minute.*, (coalesce(hour.minutes, 0) & bit) = 0 AS is_new FROM minute LEFT JOIN hour ON k = h
    )
    SELECT h, sum(number * is_new), sum(lel_number * is_new), max(lel_max), sum(lel_sum * is_new),
        max(state_max), sum(bit * is_new), sum(number)
    FROM counted GROUP BY h
"""  # noqa: S608 -- constants of ours
_FOLD: Final = """
    INSERT INTO hour VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT(k) DO UPDATE SET
        number = number + excluded.number, lel_number = lel_number + excluded.lel_number,
        lel_max = max(coalesce(lel_max, excluded.lel_max), coalesce(excluded.lel_max, lel_max)),
        lel_sum = lel_sum + excluded.lel_sum, state_max = max(state_max, excluded.state_max),
        minutes = minutes | excluded.minutes
"""
_HOURS: Final = """
    WITH RECURSIVE wanted(h) AS (
        SELECT max(:from, (SELECT min(k) >> :no_bits FROM hour))
        UNION ALL SELECT h + 1 FROM wanted WHERE h + 1 < min(:to, (SELECT (max(k) >> :no_bits) + 1 FROM hour))
    )
    SELECT h, number, lel_number, lel_max, lel_sum, minutes FROM wanted
    JOIN hour ON k = (h << :no_bits) | :no WHERE h < :to
"""
_LOOSE: Final = (
    "SELECT (k >> :low_bits) & :at_mask, lel FROM {table} WHERE k >= :from AND k < :to AND (k & :low) = :one"
)


class _Sums(NamedTuple):
    number: int = 0
    lel_number: int = 0
    lel_max: int | None = None
    lel_sum: int = 0
    minutes: int = 0


class Rollups:
    """How many readings each detector sent in each hour (UTC), and the greatest and mean %LEL of them.

    One process writes; any number read beside it. Every method is blocking and raises `StoreDownError`.

    A reading that is added again (a redelivery) counts once as long as its minute is not folded, that is for at
    least ten minutes. After that the hour only knows which of its minutes have readings: what is added to a
    minute that has some is taken for a repetition. It still raises the maximum and the worst state, but not the
    count and the mean. So nothing is ever counted twice, and a reading that comes more than ten minutes late
    into a minute from which another one came in time is missing in the count. So are those of the minute that was just
    begun when the clock was an hour ahead for a moment.
    """

    def __init__(self, path: Path, most: int = _MOST) -> None:
        """Open or make the file; `most` bounds how many readings one call of `seal` folds.

        Raises:
            StoreUnusableError: the folder or the file can't be used; one line that says what to do.
        """
        self._file = SqliteFile(path, _TABLES)
        self._most = most
        self._one_at_a_time = Lock()

    def add(self, readings: Sequence[Reading]) -> None:
        """Durable when it returns. 16,700 readings cost some 30 ms of processor time (docs/performance.md)."""
        if not readings:
            return
        codes = STATE_CODES
        rows = [
            (
                (one.no >> _LOW_BITS << _AT_BITS | one.at_ms) << _LOW_BITS | (one.no & _LOW),
                None if one.lel is None else round(one.lel * 10),
                codes[one.state],
            )
            for one in readings
        ]
        rows.sort(key=itemgetter(0))
        oldest_ms = min(one.at_ms for one in readings)
        with self._file.write() as connection:
            (until_ms,) = connection.execute("SELECT until_ms FROM folded").fetchone()
            if oldest_ms < until_ms:
                late = [row for row in rows if _at_ms(row[0]) < until_ms]
                rows = [row for row in rows if _at_ms(row[0]) >= until_ms]
                put(connection, "late", late)
            put(connection, "fresh", rows)

    def seal(self, now_ms: int) -> int:
        """Fold what has settled into its hours; returns how many readings. Seconds at most, then call again."""
        with self._one_at_a_time:
            settled_ms = (now_ms - SETTLE_MS) // _STEP_MS * _STEP_MS
            done = self._fold("fresh", self._freeze(settled_ms))
            # Only when no frozen row is left: else a late one would take its minute from those that were in time.
            # After a clock that was ahead, what comes now is "late", too, and has to settle as well.
            return done if done >= self._most else done + self._fold("late", max(settled_ms, 0))

    def hourly(self, no: int, from_ms: int, to_ms: int) -> list[HourStat]:
        """The roll-ups of the hours (UTC) that [from_ms, to_ms) touches; hours without a reading are missing."""
        from_ms, to_ms = hour_of(max(0, min(from_ms, _AT))), hour_of(max(0, min(to_ms, _AT)) + HOUR_MS - 1)
        span = {"from": from_ms // HOUR_MS, "to": to_ms // HOUR_MS, "no": no, "no_bits": _NO_BITS}
        with self._file.read() as connection:
            found = {
                hour * HOUR_MS: _Sums(*sums) for hour, *sums in connection.execute(_HOURS, span).fetchall()
            }
            loose = dict(
                chain.from_iterable(
                    connection.execute(
                        _LOOSE.format(table=table),
                        _span(no >> _LOW_BITS, from_ms, to_ms) | {"one": no & _LOW},
                    )
                    for table in ("fresh", "late")
                )
            )
        hours: dict[int, dict[int, int | None]] = {}
        for at_ms, lel in loose.items():
            hours.setdefault(hour_of(at_ms), {})[at_ms] = lel
        for hour_ms, some in hours.items():
            found[hour_ms] = _with(found.get(hour_ms, _Sums()), some)
        return [_stat(no, hour_ms, found[hour_ms]) for hour_ms in sorted(found)]

    def close(self) -> None:
        """Close the file; nothing may be called afterwards."""
        self._file.close()

    def _freeze(self, settled_ms: int) -> int:
        """Let nothing more into `fresh` before this instant, or the later one that it was; returns which."""
        with self._file.read() as connection:
            (until_ms,) = connection.execute("SELECT until_ms FROM folded").fetchone()
        if settled_ms > until_ms:
            with self._file.write() as connection:
                connection.execute("UPDATE folded SET until_ms = ?", (settled_ms,))
        return max(settled_ms, int(until_ms))

    def _fold(self, table: str, until_ms: int) -> int:
        """Group by group, until all is done or it was enough."""
        done, group = 0, self._next_group(table, 0)
        while group is not None and done < self._most:
            span = _span(group, 0, until_ms)
            if table == "fresh":  # frozen, so that it can be added up while others write
                with self._file.read() as connection:
                    sums = connection.execute(_SUMS_FRESH, span).fetchall()
                with self._file.write() as connection:
                    _put(connection, table, span, sums)
            else:
                with self._file.write() as connection:
                    sums = connection.execute(_SUMS_LATE, span).fetchall()
                    _put(connection, table, span, sums)
            done += sum(row[-1] for row in sums)
            group = self._next_group(table, group + 1)
        return done

    def _next_group(self, table: str, first: int) -> int | None:
        place = _AT_BITS + _LOW_BITS
        with self._file.read() as connection:
            row = connection.execute(
                _GROUP.format(table=table), {"place": place, "from": first << place}
            ).fetchone()
        return None if row is None else row[0]


def _put(
    connection: sqlite3.Connection, table: str, span: dict[str, int], sums: list[tuple[int, ...]]
) -> None:
    connection.executemany(_FOLD, [row[:-1] for row in sums])
    connection.execute(
        f"DELETE FROM {table} WHERE k >= ? AND k < ?",  # noqa: S608 -- one of our two tables
        (span["from"], span["to"]),
    )


def _at_ms(key: int) -> int:
    return key >> _LOW_BITS & _AT


def _span(group: int, from_ms: int, to_ms: int) -> dict[str, int]:
    """The keys of a group's readings in [from_ms, to_ms), and how to take them apart."""
    begin = group << _AT_BITS
    return {
        "group": group,
        "from": (begin | from_ms) << _LOW_BITS,
        "to": (begin + to_ms) << _LOW_BITS,
        "low_bits": _LOW_BITS,
        "at_mask": _AT,
        "low": _LOW,
        "no_bits": _NO_BITS,
    }


def _with(folded: _Sums, loose: dict[int, int | None]) -> _Sums:
    """What the hour will be when its readings that are not folded yet (instant to %LEL in tenths) are."""
    new = [lel for at_ms, lel in loose.items() if not folded.minutes >> (at_ms % HOUR_MS // _MINUTE_MS) & 1]
    lels = [lel for lel in new if lel is not None]
    highest = [lel for lel in (folded.lel_max, *loose.values()) if lel is not None]
    return _Sums(
        folded.number + len(new),
        folded.lel_number + len(lels),
        max(highest, default=None),
        folded.lel_sum + sum(lels),
        folded.minutes,
    )


def _stat(no: int, hour_ms: int, sums: _Sums) -> HourStat:
    return HourStat(
        no=no,
        hour_ms=hour_ms,
        count=sums.number,
        lel_max=None if sums.lel_max is None else sums.lel_max / 10,
        lel_mean=sums.lel_sum / sums.lel_number / 10 if sums.lel_number else None,
    )
