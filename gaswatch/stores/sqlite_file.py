"""An SQLite file of our own beside the relational store: its connections, its version, and its errors as ours.

The standard library's sqlite3 is used directly: this is for the places through which a million rows a minute
pass (docs/adr/0005).
"""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from threading import Lock
from typing import Final

from gaswatch.stores.engine import LOCK_WAIT_MS, StoreUnusableError, check_writable, make_private, store_down

_PRAGMAS: Final = (
    f"PRAGMA busy_timeout={LOCK_WAIT_MS}",
    "PRAGMA auto_vacuum=INCREMENTAL",  # must come before WAL, afterwards it is ignored
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",  # a message is acknowledged when its reading is on the disk
    "PRAGMA cache_size=-65536",
    "PRAGMA journal_size_limit=67108864",
)

_AT_ONCE: Final = 100
"""Rows in one statement: 1.4 us of processor time a row instead of 2.2 (one by one), and the interpreter's lock
is given up once for all of them, so that messages come in meanwhile (docs/performance.md)."""


class SqliteFile:
    """Connections to one file: one that writes, in turn, and as many as needed that read."""

    def __init__(self, path: Path, tables: Sequence[str], version: int = 1) -> None:
        """Open or make the file; `version` is the `PRAGMA user_version` of these `tables` (SQL statements).

        Raises:
            StoreUnusableError: the folder or the file can't be used; one line that says what to do.
            StoreDownError: SQLite refuses, for example because the disk is full.
        """
        self.path = path
        self._writing = Lock()
        self._idle: list[sqlite3.Connection] = []
        check_writable(path)
        self._writer = self._connect()
        with self.write() as connection:
            (found,) = connection.execute("PRAGMA user_version").fetchone()
            if found > version:
                raise StoreUnusableError(
                    f"{path} was made by a newer version of gaswatch: install that one, or move the file away"
                )
            if found == 0:
                for statement in tables:
                    connection.execute(statement)
                connection.execute(f"PRAGMA user_version={version}")

    @contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """One write transaction, durable on leaving; or nothing, and `StoreDownError`."""
        with self._writing, self._errors(), _transaction(self._writer, "BEGIN IMMEDIATE"):
            yield self._writer

    @contextmanager
    def read(self) -> Iterator[sqlite3.Connection]:
        """One read transaction: a row that moves between the tables is seen exactly once."""
        with self._errors():
            try:
                connection = self._idle.pop()
            except IndexError:
                connection = self._connect()
            try:
                with _transaction(connection, "BEGIN"):
                    yield connection
            except BaseException:
                connection.close()
                raise
            self._idle.append(connection)

    def close(self) -> None:
        """Close every connection that is not in use."""
        with self._writing:
            self._writer.close()
        while self._idle:
            self._idle.pop().close()

    def _connect(self) -> sqlite3.Connection:
        with self._errors():
            make_private(self.path)
            connection = sqlite3.connect(
                self.path, timeout=LOCK_WAIT_MS / 1000, isolation_level=None, check_same_thread=False
            )
            for pragma in _PRAGMAS:
                connection.execute(pragma).close()
            return connection

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.IntegrityError, sqlite3.ProgrammingError):
            raise  # our defect, not the store's
        except sqlite3.Error as error:
            raise store_down(str(self.path), error) from error


def put(connection: sqlite3.Connection, table: str, rows: Sequence[tuple[int | None, ...]]) -> None:
    """Insert rows, or replace those of the same key; of many, a hundred with each statement."""
    if not rows:
        return
    values = f"({', '.join('?' * len(rows[0]))})"
    one = f"INSERT OR REPLACE INTO {table} VALUES {values}"  # noqa: S608 -- a table of ours
    many = one + f", {values}" * (_AT_ONCE - 1)
    whole = len(rows) - len(rows) % _AT_ONCE
    for start in range(0, whole, _AT_ONCE):
        connection.execute(many, list(chain.from_iterable(rows[start : start + _AT_ONCE])))
    connection.executemany(one, rows[whole:])


@contextmanager
def _transaction(connection: sqlite3.Connection, begin: str) -> Iterator[None]:
    connection.execute(begin)
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
