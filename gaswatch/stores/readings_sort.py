"""Sorts an hour of readings by detector, however many there are: a scratch file beside the database.

Rows lie in the order of time. Looking through all of them for each slice of detectors costs the square of the
town's size; so they are copied once, some at a time, into a table whose key begins with a group of detectors,
and each group is then small enough to be sorted in memory. All of it happens inside SQLite, without the
interpreter's lock. What the file holds is also in the database: it is never synced, and is simply made again.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Final

from gaswatch.stores.engine import make_private, store_down
from gaswatch.stores.reading_codec import Row
from gaswatch.stores.readings_file import NO_BITS, NO_MASK

_GROUP_BITS: Final = 12
"""4,096 detectors: a quarter of a million rows in an hour, at one a minute."""
_GROUP: Final = (1 << _GROUP_BITS) - 1
_AT_BITS: Final = 42
_AT: Final = (1 << _AT_BITS) - 1
_PRAGMAS: Final = ("PRAGMA journal_mode=OFF", "PRAGMA synchronous=OFF", "PRAGMA cache_size=-32768")
_NUMBERS: Final = {
    "no_bits": NO_BITS,
    "mask": NO_MASK,
    "bits": _GROUP_BITS,
    "low": _GROUP,
    "at": _AT,
    "place": _GROUP_BITS + _AT_BITS,
}
# In SQLite, the operators on bits all bind alike, from the left: hence every bracket below.
_TABLE: Final = """CREATE TABLE hour(
    k INTEGER PRIMARY KEY, lel INTEGER, co INTEGER, state INTEGER NOT NULL, batt INTEGER, rssi INTEGER
)"""
_LAST: Final = "SELECT k FROM source.hot WHERE k >= ? AND k < ? ORDER BY k LIMIT 1 OFFSET ?"
_COPY: Final = """
    INSERT OR REPLACE INTO hour
    SELECT (((k & :mask) >> :bits) << :place) | ((k >> :no_bits) << :bits) | (k & :low), lel, co, state, batt, rssi
    FROM source.hot WHERE k >= :from AND k < :to
"""
_NEXT: Final = "SELECT k >> :place FROM hour WHERE k >= (:group << :place) ORDER BY k LIMIT 1"
_SORTED: Final = """
    SELECT ((k >> :place) << :bits) | (k & :low) AS no, (k >> :bits) & :at AS at_ms, lel, co, state, batt, rssi
    FROM hour WHERE k >= (:group << :place) AND k < ((:group + 1) << :place) ORDER BY no, at_ms
"""


class Sorter:
    """One hour at a time."""

    def __init__(self, source: Path) -> None:
        self._source = source
        self._path = source.with_name(f"{source.name}.sorting")
        self._connection: sqlite3.Connection | None = None

    def begin(self) -> None:
        """Forget what was there, and make an empty file. Raises `StoreDownError`."""
        self.end()
        with self._errors():
            make_private(self._path)
            connection = self._connection = sqlite3.connect(
                self._path, isolation_level=None, check_same_thread=False
            )
            for pragma in _PRAGMAS:
                connection.execute(pragma).close()
            connection.execute(_TABLE)
            connection.execute("ATTACH DATABASE ? AS source", (str(self._source),))

    def copy(self, from_key: int, to_key: int, most: int) -> tuple[int, int]:
        """Take about `most` rows of the hot table with keys from `from_key` on, but before `to_key`.

        Returns:
            How many, and the key to go on from. Raises `StoreDownError`; then begin again.
        """
        with self._errors():
            last = self._open.execute(_LAST, (from_key, to_key, most)).fetchone()
            next_key = to_key if last is None else last[0]
            copied = self._open.execute(_COPY, _NUMBERS | {"from": from_key, "to": next_key}).rowcount
            return copied, next_key

    def groups(self) -> list[int]:
        """Groups of detectors that have rows. Raises `StoreDownError`."""
        found: list[int] = []
        with self._errors():
            while row := self._open.execute(
                _NEXT, _NUMBERS | {"group": found[-1] + 1 if found else 0}
            ).fetchone():
                found.append(row[0])
        return found

    def rows(self, group: int) -> Iterator[tuple[int, list[Row]]]:
        """Each detector's number with its rows in the order of time. Raises `StoreDownError`."""
        with self._errors():
            rows = self._open.execute(_SORTED, _NUMBERS | {"group": group})
            for no, some in groupby(rows, key=itemgetter(0)):
                yield no, [row[1:] for row in some]

    def end(self) -> None:
        """Remove the file. Raises `StoreDownError`."""
        with self._errors():
            if self._connection is not None:
                self._connection.close()
                self._connection = None
            self._path.unlink(missing_ok=True)

    @property
    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            raise RuntimeError("begin comes first")
        return self._connection

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            raise store_down(str(self._path), error) from error
