"""Packs hours that are over from the hot table into chunks, a bounded amount in each call.

An hour is frozen first: from then on what still comes for it goes to `late`. Then its rows are packed slice
by slice, then they leave the hot table. Wherever this is interrupted, it can begin again: merging the same
rows into a chunk twice changes nothing, and a reader takes a row once however often it lies there.
"""

import sqlite3
from collections import deque
from collections.abc import Callable, Iterable
from functools import partial
from threading import Lock
from typing import Final, NamedTuple

from gaswatch.stores.reading_codec import (
    FORMAT,
    HOUR_MS,
    ChunkError,
    Row,
    hour_of,
    merge,
    pack,
    stats,
    unpack,
)
from gaswatch.stores.readings_file import NO_BITS, NO_MASK, ReadingsFile, key

SETTLE_MS: Final = 600_000
"""An hour is packed when it has been over for so long: most of what is late has come by then."""
_STEP: Final = 1_000
"""What a step counts for at least, so that a thousand nearly empty hours don't take one call for ever."""
_GROUP_BITS: Final = 6

_CHUNK: Final = "SELECT format, data FROM chunk WHERE no = ? AND hour_ms = ?"
_PUT: Final = "INSERT OR REPLACE INTO chunk VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"


class SealLimits(NamedTuple):
    """How much is done at once.

    Attributes:
        call: rows in one call; more than a minute brings at full load, so that calling once a minute keeps up.
        slice: rows in memory.
        late: late rows in one transaction; writers wait meanwhile.
    """

    call: int = 2_000_000
    slice: int = 100_000
    late: int = 5_000


LIMITS: Final = SealLimits()


class Sealer:
    """Works through one file; one call at a time, beside the writer and the readers."""

    def __init__(self, file: ReadingsFile, limits: SealLimits) -> None:
        self._file = file
        self._limits = limits
        self._one_at_a_time = Lock()
        self._steps: deque[Callable[[], int]] = deque()

    def seal(self, now_ms: int) -> int:
        """Pack what is due; returns how many readings were packed. Blocking. Raises `StoreDownError`."""
        with self._one_at_a_time:
            packed = work = 0
            while work < self._limits.call and (done := self._merge_late()):
                packed += done
                work += max(done, _STEP)
            while work < self._limits.call and (self._steps or self._begin_hour(now_ms)):
                done = self._steps[0]()  # stays the next one if it fails
                self._steps.popleft()
                packed += done
                work += max(done, _STEP)
            return packed

    def _begin_hour(self, now_ms: int) -> bool:
        """Freeze the oldest hour if it is due, and plan its steps."""
        with self._file.read() as connection:
            (oldest,) = connection.execute("SELECT min(k) FROM hot").fetchone()
        if oldest is None:
            return False
        hour_ms = hour_of(oldest >> NO_BITS)
        end_ms = hour_ms + HOUR_MS
        if end_ms + SETTLE_MS > now_ms:
            return False
        with self._file.write() as connection:
            connection.execute("UPDATE sealed SET until_ms = max(until_ms, ?)", (end_ms,))
        with self._file.read() as connection:
            groups = connection.execute(
                "SELECT (k & ?) >> ? AS part, count(*) FROM hot WHERE k < ? GROUP BY part ORDER BY part",
                (NO_MASK, _GROUP_BITS, key(end_ms, 0)),
            ).fetchall()
        self._steps.extend(partial(self._pack, hour_ms, first, last) for first, last in self._slices(groups))
        self._steps.extend(
            [partial(self._clear, end_ms)] * (sum(rows for _, rows in groups) // self._limits.slice + 1)
        )
        return True

    def _pack(self, hour_ms: int, first: int, last: int) -> int:
        """The rows of the detectors `first` to `last` into their chunks."""
        with self._file.read() as connection:
            rows = connection.execute(
                "SELECT k >> ?, lel, co, state, batt, rssi, k & ? AS no FROM hot "
                "WHERE k >= ? AND k < ? AND no BETWEEN ? AND ?",
                (NO_BITS, NO_MASK, key(hour_ms, 0), key(hour_ms + HOUR_MS, 0), first, last),
            )
            found: dict[int, list[Row]] = {}
            for *row, no in rows:
                found.setdefault(no, []).append(tuple(row))
            chunks = [
                _chunk(no, hour_ms, merge(self._stored(connection, no, hour_ms), new))
                for no, new in found.items()
            ]
        with self._file.write() as connection:
            connection.executemany(_PUT, chunks)
        return sum(len(new) for new in found.values())

    def _clear(self, end_ms: int) -> int:
        """Remove some of the frozen rows; all of them are in chunks."""
        with self._file.write() as connection:
            end = key(end_ms, 0)
            some = connection.execute(
                "SELECT k FROM hot ORDER BY k LIMIT 1 OFFSET ?", (self._limits.slice,)
            ).fetchone()
            connection.execute("DELETE FROM hot WHERE k < ?", (min(end, some[0]) if some else end,))
        return 0

    def _merge_late(self) -> int:
        """Some late rows into their chunks; in the write transaction, lest a newer one is lost."""
        with self._file.read() as connection:
            if connection.execute("SELECT 1 FROM late LIMIT 1").fetchone() is None:
                return 0
        with self._file.write() as connection:
            rows = connection.execute(
                "SELECT k, lel, co, state, batt, rssi FROM late ORDER BY k LIMIT ?", (self._limits.late,)
            ).fetchall()
            found: dict[tuple[int, int], list[Row]] = {}
            for k, *values in rows:
                at_ms = k >> NO_BITS
                found.setdefault((k & NO_MASK, hour_of(at_ms)), []).append((at_ms, *values))
            connection.executemany(
                _PUT,
                [
                    _chunk(no, hour_ms, merge(self._stored(connection, no, hour_ms), new))
                    for (no, hour_ms), new in found.items()
                ],
            )
            connection.executemany("DELETE FROM late WHERE k = ?", [(row[0],) for row in rows])
        return len(rows)

    def _slices(self, groups: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
        """Ranges of detector numbers (both ends belong to it) with about a slice of rows, from rows per group."""
        found: list[tuple[int, int]] = []
        rows = self._limits.slice
        for part, more in groups:
            first, last = part << _GROUP_BITS, ((part + 1) << _GROUP_BITS) - 1
            if rows + more > self._limits.slice:
                found.append((first, last))
                rows = more
            else:
                found[-1] = (found[-1][0], last)
                rows += more
        return found

    def _stored(self, connection: sqlite3.Connection, no: int, hour_ms: int) -> list[Row]:
        row = connection.execute(_CHUNK, (no, hour_ms)).fetchone()
        if row is None:
            return []
        return open_chunk(self._file, no, hour_ms, *row)


def open_chunk(file: ReadingsFile, no: int, hour_ms: int, layout: int, data: bytes) -> list[Row]:
    """The rows of a stored chunk. Raises `StoreDownError` when it is damaged or of a newer layout."""
    if layout != FORMAT:
        raise file.damaged(no, hour_ms, ChunkError(f"a chunk of layout {layout}, known is {FORMAT}"))
    try:
        return unpack(hour_ms, data)
    except ChunkError as error:
        raise file.damaged(no, hour_ms, error) from error


def _chunk(no: int, hour_ms: int, rows: list[Row]) -> tuple[object, ...]:
    return (no, hour_ms, *stats(rows), FORMAT, pack(hour_ms, rows))
