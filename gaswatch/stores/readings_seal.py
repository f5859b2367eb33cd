"""Packs hours that are over from the hot table into chunks, a bounded amount in each call.

An hour is frozen first: from then on what still comes for it goes to `late`. Then its rows are sorted by detector
beside the database, packed group by group, and then they leave the hot table. Wherever this is interrupted, it can begin again: merging the same
rows into a chunk twice changes nothing, and a reader takes a row once however often it lies there.
"""

import sqlite3
from itertools import islice
from threading import Lock
from typing import Final, NamedTuple

from gascore.journal import StoreDownError
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
from gaswatch.stores.readings_sort import Sorter

SETTLE_MS: Final = 600_000
"""An hour is packed when it has been over for so long: most of what is late has come by then."""
_STEP: Final = 1_000
"""What a step counts for at least, so that a thousand nearly empty hours don't take one call for ever."""
_LIGHT: Final = 4
"""Rows that are sorted or removed cost so much less than packed ones."""

_CHUNK: Final = "SELECT format, data FROM chunk WHERE no = ? AND hour_ms = ?"
_PUT: Final = "INSERT OR REPLACE INTO chunk VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"


class SealLimits(NamedTuple):
    """How much is done at once.

    Attributes:
        call: rows in one call, some seconds of work: who stops the process waits for its end.
        slice: rows that are sorted in one go.
        chunks: detectors in one transaction; writers wait meanwhile.
        clear: rows removed in one transaction; likewise.
        late: late rows in one transaction; likewise.
    """

    call: int = 1_000_000
    slice: int = 250_000
    chunks: int = 500
    clear: int = 20_000
    late: int = 5_000


LIMITS: Final = SealLimits()


class _Hour:
    """How far an hour has come."""

    def __init__(self, hour_ms: int) -> None:
        self.hour_ms = hour_ms
        self.end_key = key(hour_ms + HOUR_MS, 0)
        self.next_key = 0
        """Rows before it are with the sorter."""
        self.groups: list[int] | None = None
        """Detectors still to be packed; None: not sorted yet."""
        self.is_over = False


class Sealer:
    """Works through one file; one call at a time, beside the writer and the readers."""

    def __init__(self, file: ReadingsFile, limits: SealLimits) -> None:
        self._file = file
        self._limits = limits
        self._one_at_a_time = Lock()
        self._sorter = Sorter(file.path)
        self._hour: _Hour | None = None

    def seal(self, now_ms: int) -> int:
        """Pack what is due; returns how many readings were packed. Blocking. Raises `StoreDownError`."""
        with self._one_at_a_time:
            packed = work = 0
            while work < self._limits.call and (done := self._merge_late()):
                packed += done
                work += max(done, _STEP)
            while work < self._limits.call and (hour := self._hour or self._begin_hour(now_ms)):
                done, moved = self._step(hour)
                packed += done
                work += max(done, moved // _LIGHT, _STEP)
                if hour.is_over:
                    self._hour = None
                    self._sorter.end()
            return packed

    def close(self) -> None:
        """Leave nothing of ours behind; an hour that is half done begins again next time.

        Who only reads has nothing there: the file may be that of the process which packs.
        """
        with self._one_at_a_time:
            if self._hour is not None:
                self._hour = None
                self._sorter.end()

    def _begin_hour(self, now_ms: int) -> _Hour | None:
        """Freeze the oldest hour if it is due."""
        with self._file.read() as connection:
            (oldest,) = connection.execute("SELECT min(k) FROM hot").fetchone()
        if oldest is None:
            return None
        hour = _Hour(hour_of(oldest >> NO_BITS))
        end_ms = hour.hour_ms + HOUR_MS
        if end_ms + SETTLE_MS > now_ms:
            return None
        with self._file.write() as connection:
            connection.execute("UPDATE sealed SET until_ms = max(until_ms, ?)", (end_ms,))
        self._sorter.begin()
        self._hour = hour
        return hour

    def _step(self, hour: _Hour) -> tuple[int, int]:
        """Go on with the hour; returns how many rows were packed, and how many were only moved."""
        if hour.groups is None:
            return 0, self._sort(hour)
        if hour.groups:
            packed = self._pack(hour.hour_ms, hour.groups[-1])
            hour.groups.pop()  # stays the next one if it fails
            return packed, 0
        return 0, self._clear(hour)

    def _sort(self, hour: _Hour) -> int:
        try:
            copied, hour.next_key = self._sorter.copy(hour.next_key, hour.end_key, self._limits.slice)
            if hour.next_key == hour.end_key:
                hour.groups = self._sorter.groups()
        except StoreDownError:
            self._hour = None
            self._sorter.end()  # gives back the space, if that is what is missing
            raise
        return copied

    def _pack(self, hour_ms: int, group: int) -> int:
        """The rows of a group of detectors into their chunks."""
        detectors, packed = self._sorter.rows(group), 0
        while some := list(islice(detectors, self._limits.chunks)):
            # Nobody else writes chunks: what is read here still holds when it is written.
            with self._file.read() as connection:
                chunks = [
                    _chunk(no, hour_ms, merge(self._stored(connection, no, hour_ms), new)) for no, new in some
                ]
            with self._file.write() as connection:
                connection.executemany(_PUT, chunks)
            packed += sum(len(new) for _, new in some)
        return packed

    def _clear(self, hour: _Hour) -> int:
        """Remove some of the frozen rows; all of them are in chunks."""
        with self._file.write() as connection:
            some = connection.execute(
                "SELECT k FROM hot WHERE k < ? ORDER BY k LIMIT 1 OFFSET ?",
                (hour.end_key, self._limits.clear),
            ).fetchone()
            end = some[0] if some else hour.end_key
            removed = connection.execute("DELETE FROM hot WHERE k < ?", (end,)).rowcount
        hour.is_over = some is None
        return removed

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
