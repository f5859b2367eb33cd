"""The file of the embedded time series: its tables, its connections, and its errors as ours.

`hot` takes readings in the order of time; `chunk` has one compressed row per detector and hour; `late` has
what came for an hour that is sealed already. The standard library's sqlite3 is used directly: this is the
one place where a million rows a minute pass through (docs/adr/0005).
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import Final

from gascore.journal import StoreDownError
from gaswatch.stores.engine import LOCK_WAIT_MS, StoreUnusableError, check_writable, make_private, store_down

NO_BITS: Final = 20
"""Of a reading's key; the instant stands before the detector's number, so that the newest row is the last."""
NO_MASK: Final = (1 << NO_BITS) - 1
_VERSION: Final = 1
"""`PRAGMA user_version` of the tables below."""
_PRAGMAS: Final = (
    f"PRAGMA busy_timeout={LOCK_WAIT_MS}",
    "PRAGMA auto_vacuum=INCREMENTAL",  # must come before WAL, afterwards it is ignored
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",  # a message is acknowledged when its reading is on the disk
    "PRAGMA cache_size=-65536",
    "PRAGMA journal_size_limit=67108864",
)
_ROW: Final = (
    "k INTEGER PRIMARY KEY, lel INTEGER, co INTEGER, state INTEGER NOT NULL, batt INTEGER, rssi INTEGER"
)
_TABLES: Final = (
    """CREATE TABLE detector(
        no INTEGER PRIMARY KEY, id TEXT NOT NULL, site TEXT NOT NULL, area TEXT NOT NULL, gas TEXT NOT NULL
    )""",
    f"CREATE TABLE hot({_ROW})",
    f"CREATE TABLE late({_ROW})",
    """CREATE TABLE chunk(
        no INTEGER NOT NULL, hour_ms INTEGER NOT NULL,
        number INTEGER NOT NULL, lel_number INTEGER NOT NULL,
        lel_min INTEGER, lel_max INTEGER, lel_sum INTEGER NOT NULL, state_max INTEGER NOT NULL,
        format INTEGER NOT NULL, data BLOB NOT NULL,
        PRIMARY KEY(no, hour_ms)
    ) WITHOUT ROWID""",
    # Before this instant nothing is written to `hot` any more: the sealer has it for itself.
    "CREATE TABLE sealed(id INTEGER PRIMARY KEY CHECK (id = 1), until_ms INTEGER NOT NULL)",
    "INSERT INTO sealed VALUES (1, 0)",
)


def key(at_ms: int, no: int) -> int:
    """A reading's primary key."""
    return at_ms << NO_BITS | no


class ReadingsFile:
    """Connections to one file: one that writes, in turn, and as many as needed that read."""

    def __init__(self, path: Path) -> None:
        """Open or make the file.

        Raises:
            StoreUnusableError: the folder or the file can't be used; one line that says what to do.
            StoreDownError: SQLite refuses, for example because the disk is full.
        """
        self._path = path
        self._writing = Lock()
        self._idle: list[sqlite3.Connection] = []
        check_writable(path)
        self._writer = self._connect()
        with self.write() as connection:
            (version,) = connection.execute("PRAGMA user_version").fetchone()
            if version > _VERSION:
                raise StoreUnusableError(
                    f"{path} was made by a newer version of gaswatch: install that one, or move the file away"
                )
            if version == 0:
                for statement in _TABLES:
                    connection.execute(statement)
                connection.execute(f"PRAGMA user_version={_VERSION}")

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

    def damaged(self, no: int, hour_ms: int, error: Exception) -> StoreDownError:
        """The error for a chunk that can't be unpacked."""
        return StoreDownError(
            f"{self._path}: detector number {no}, hour {hour_ms}: {error} (restore a backup of the file)"
        )

    def _connect(self) -> sqlite3.Connection:
        with self._errors():
            make_private(self._path)
            connection = sqlite3.connect(
                self._path, timeout=LOCK_WAIT_MS / 1000, isolation_level=None, check_same_thread=False
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
            raise store_down(str(self._path), error) from error


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
