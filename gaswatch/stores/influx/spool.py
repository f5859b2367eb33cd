"""Lines that the series database has not taken yet: durable, in order, bounded.

What is in it has been acknowledged to the broker, so a commit is on the disk. When it is full the oldest lines make
room, counted, and an operator has heard of it long before: the alternative is to acknowledge nothing more, and
then no leak would come through either (docs/adr/0015).
"""

import sqlite3
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from threading import Lock
from typing import Final, NamedTuple

from gaswatch.stores.influx.lines import Packed
from gaswatch.stores.sqlite_file import SqliteFile

DEAD_MOST: Final = 10_000
"""Dead letters that are kept; the newest, about 1 MB."""
_ROW_BYTES: Final = 64
"""What SQLite needs for a row beside its payload, generously: many small rows must not go past the bound."""
_MERGED_ROWS: Final = 25
"""Fewer rows are not worth to be merged: they are big ones."""
_SHRINK_PAGES: Final = 8_192
"""Free pages that are given back in one go: 32 MB."""
# AUTOINCREMENT: an id never comes again, or what was sent long ago could settle what is new.
_TABLES: Final = (
    """CREATE TABLE spool(
        id INTEGER PRIMARY KEY AUTOINCREMENT, created_ms INTEGER NOT NULL, points INTEGER NOT NULL,
        bytes INTEGER NOT NULL, payload BLOB NOT NULL
    )""",
    """CREATE TABLE dead_letter(
        id INTEGER PRIMARY KEY AUTOINCREMENT, created_ms INTEGER NOT NULL, status INTEGER NOT NULL,
        error TEXT NOT NULL, line TEXT NOT NULL
    )""",
    "CREATE TABLE dropped(id INTEGER PRIMARY KEY CHECK (id = 1), points INTEGER NOT NULL, at_ms INTEGER NOT NULL)",
    "INSERT INTO dropped VALUES (1, 0, 0)",
)


class Entry(NamedTuple):
    """One row, as it was put."""

    id: int
    points: int
    payload: bytes


class DeadLetter(NamedTuple):
    """A line that the database refuses by itself, and what it said."""

    status: int
    error: str
    line: str


class Fill(NamedTuple):
    """How full it is.

    Attributes:
        bytes: of `max_bytes`.
        points: readings that wait.
        oldest_ms: when the oldest of them was put; None: nothing waits.
        dropped: readings given up, ever, because it was full; `dropped_ms`: the last time.
        dead: dead letters, ever; `dead_ms`: the newest one.
    """

    bytes: int
    points: int
    oldest_ms: int | None
    dropped: int
    dropped_ms: int
    dead: int
    dead_ms: int


class Spool:
    """One process puts and settles, from as many threads as it likes. Blocking; raises `StoreDownError`."""

    def __init__(self, path: Path, max_bytes: int) -> None:
        """Open or make the file.

        Raises:
            StoreUnusableError: the folder or the file can't be used; one line that says what to do.
            StoreDownError: SQLite refuses, for example because the disk is full.
        """
        self.max_bytes = max_bytes
        self._file = SqliteFile(path, _TABLES)
        self._changing = Lock()
        self._merged_to = 0
        with self._file.read() as connection:
            self._fill = _count(connection)

    @property
    def fill(self) -> Fill:
        """As of the last change; costs nothing."""
        return self._fill

    def put(self, packed: Sequence[Packed], now_ms: int) -> None:
        """Durable when it returns, all of it or nothing; the oldest rows make room if it would be too much."""
        if not packed:
            return
        rows = [(now_ms, one.points, len(one.payload) + _ROW_BYTES, one.payload) for one in packed]
        points, size = sum(row[1] for row in rows), sum(row[2] for row in rows)
        with self._changing:
            fill = self._fill
            with self._file.write() as connection:
                if fill.bytes + size > self.max_bytes:
                    fill = _make_room(connection, fill, fill.bytes + size - self.max_bytes, now_ms)
                connection.executemany(
                    "INSERT INTO spool(created_ms, points, bytes, payload) VALUES (?, ?, ?, ?)", rows
                )
            oldest_ms = now_ms if fill.oldest_ms is None else fill.oldest_ms
            self._fill = fill._replace(
                bytes=fill.bytes + size, points=fill.points + points, oldest_ms=oldest_ms
            )

    def oldest(self, most_points: int) -> list[Entry]:
        """The rows that have waited longest, in order: one at least if there is one, together at most so many."""
        found: list[Entry] = []
        with self._file.read() as connection:
            points = 0
            for row in connection.execute("SELECT id, points, payload FROM spool ORDER BY id"):
                entry = Entry(*row)
                points += entry.points
                if found and points > most_points:
                    break
                found.append(entry)
        return found

    def settle(self, ids: Collection[int], dead: Sequence[DeadLetter], now_ms: int) -> None:
        """These rows are done: taken by the database, but for the dead letters, which are kept here."""
        with self._changing:
            fill = self._fill
            with self._file.write() as connection:
                gone = [_delete(connection, one) for one in ids]
                oldest_ms = _oldest_ms(connection)
                if dead:
                    rows = [(now_ms, *one) for one in dead]
                    connection.executemany(
                        "INSERT INTO dead_letter(created_ms, status, error, line) VALUES (?, ?, ?, ?)", rows
                    )
                    connection.execute(
                        "DELETE FROM dead_letter WHERE id <= (SELECT max(id) FROM dead_letter) - ?",
                        (DEAD_MOST,),
                    )
            self._fill = fill._replace(
                points=fill.points - sum(points for points, _ in gone),
                bytes=fill.bytes - sum(size for _, size in gone),
                oldest_ms=oldest_ms,
                dead=fill.dead + len(dead),
                dead_ms=now_ms if dead else fill.dead_ms,
            )

    def merge(self, join: Callable[[Sequence[bytes]], bytes], most_points: int) -> bool:
        """Make one row of many small ones that follow each other, as big as one write; whether there were some.

        A town that reports a little at a time takes a fifth of the disk then. To be called by the thread that
        settles, and only while it has nothing under way.

        Args:
            join: makes one payload of several.
            most_points: in the new row.
        """
        group = self._next_group(most_points)
        if group is None:
            return False
        first, last = group[0].id, group[-1].id
        self._merged_to = last
        if len(group) < _MERGED_ROWS:
            return True
        payload = join([one.payload for one in group])
        points, size, span = sum(one.points for one in group), len(payload) + _ROW_BYTES, (first, last)
        with self._changing:
            with self._file.write() as connection:
                created_ms, number, before = connection.execute(
                    "SELECT min(created_ms), count(*), sum(bytes) FROM spool WHERE id BETWEEN ? AND ?", span
                ).fetchone()
                if number < len(group):  # some of them had to make room meanwhile
                    return True
                connection.execute("DELETE FROM spool WHERE id BETWEEN ? AND ?", span)
                row = (first, created_ms, points, size, payload)
                connection.execute("INSERT INTO spool VALUES (?, ?, ?, ?, ?)", row)
            self._fill = self._fill._replace(bytes=self._fill.bytes - before + size)
        return True

    def _next_group(self, most_points: int) -> list[Entry] | None:
        """Rows after those that are merged, as many as make a big one; None: there are not so many yet."""
        group: list[Entry] = []
        points = 0
        with self._file.read() as connection:
            for row in connection.execute(
                "SELECT id, points, payload FROM spool WHERE id > ? ORDER BY id", (self._merged_to,)
            ):
                entry = Entry(*row)
                points += entry.points
                if group and points > most_points:
                    return group
                group.append(entry)
        return None

    def dead_letters(self, most: int) -> list[DeadLetter]:
        """The newest of them."""
        with self._file.read() as connection:
            rows = connection.execute(
                "SELECT status, error, line FROM dead_letter ORDER BY id DESC LIMIT ?", (most,)
            ).fetchall()
        return [DeadLetter(*row) for row in rows]

    def shrink(self) -> None:
        """Give the disk back what an outage took; some of it at each call."""
        with self._changing, self._file.write() as connection:
            (free,) = connection.execute("PRAGMA freelist_count").fetchone()
            for _ in range(min(free, _SHRINK_PAGES)):
                # Python takes one step of it only, and that is one page.
                connection.execute("PRAGMA incremental_vacuum").close()

    def close(self) -> None:
        """Close the file; nothing may be called afterwards."""
        self._file.close()


def _count(connection: sqlite3.Connection) -> Fill:
    points, size, oldest_ms = connection.execute(
        "SELECT coalesce(sum(points), 0), coalesce(sum(bytes), 0), min(created_ms) FROM spool"
    ).fetchone()
    dropped, dropped_ms = connection.execute("SELECT points, at_ms FROM dropped").fetchone()
    # Ids are never given twice and none is left out, so the newest one counts them all.
    dead, dead_ms = connection.execute(
        "SELECT coalesce(max(id), 0), coalesce(max(created_ms), 0) FROM dead_letter"
    ).fetchone()
    return Fill(size, points, oldest_ms, dropped, dropped_ms, dead, dead_ms)


def _make_room(connection: sqlite3.Connection, fill: Fill, needed: int, now_ms: int) -> Fill:
    freed = dropped = 0
    gone: list[tuple[int]] = []
    for no, points, size in connection.execute("SELECT id, points, bytes FROM spool ORDER BY id"):
        if freed >= needed:
            break
        freed, dropped = freed + size, dropped + points
        gone.append((no,))
    connection.executemany("DELETE FROM spool WHERE id = ?", gone)
    connection.execute("UPDATE dropped SET points = points + ?, at_ms = ?", (dropped, now_ms))
    return fill._replace(
        bytes=fill.bytes - freed,
        points=fill.points - dropped,
        oldest_ms=_oldest_ms(connection),
        dropped=fill.dropped + dropped,
        dropped_ms=now_ms,
    )


def _delete(connection: sqlite3.Connection, no: int) -> tuple[int, int]:
    """Points and bytes of the row; none if it had to make room meanwhile."""
    found = connection.execute("DELETE FROM spool WHERE id = ? RETURNING points, bytes", (no,)).fetchone()
    return found or (0, 0)


def _oldest_ms(connection: sqlite3.Connection) -> int | None:
    found = connection.execute("SELECT created_ms FROM spool ORDER BY id LIMIT 1").fetchone()
    return found[0] if found else None
