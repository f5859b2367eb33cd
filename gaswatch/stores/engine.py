"""Opens the relational store: SQLite in WAL mode, or PostgreSQL through psycopg, behind one pair of verbs.

`reading` sees one moment of the database; `writing` has the only write lock of SQLite from its first
statement on, so that no writer fails half way because another one came first (docs/adr/0004).
"""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from secrets import token_hex
from typing import Any, Final

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DatabaseError, InterfaceError, InternalError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from gascore.journal import StoreDownError

LOCK_WAIT_MS: Final = 10_000
"""How long a writer waits for another one before it gives up."""
_WRITES: Final = "gaswatch_writes"
_WHAT_TO_WRITE: Final = "is neither sqlite:///path/to/file.db nor postgresql://user:password@host/database"

# synchronous=FULL: a commit is on the disk, not only in the kernel's cache, before the message behind it is
# acknowledged; NORMAL would lose the last commits with the power. It costs one fsync for each commit, and a
# commit here holds a whole batch (measured: docs/adr/0004).
_SQLITE_PRAGMAS: Final = (
    f"PRAGMA busy_timeout={LOCK_WAIT_MS}",
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",
    "PRAGMA foreign_keys=ON",
    "PRAGMA cache_size=-32768",
    "PRAGMA journal_size_limit=67108864",
)
# A cut network shows itself in seconds instead of hours, and a stuck writer does not hold the others for ever.
_POSTGRES_OPTIONS: Final = {
    "connect_timeout": 10,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
    "options": f"-c lock_timeout={LOCK_WAIT_MS} -c idle_in_transaction_session_timeout=60000",
}


class StoreUnusableError(StoreDownError):
    """The store's address or folder can't be used at all; the message is one line that says what to do."""


def open_engine(url: str) -> Engine:
    """An engine for `sqlite:///path` or `postgresql://…`; connects when it is first used.

    Raises:
        StoreUnusableError: the URL is of another kind, or SQLite's folder can't be written.
    """
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        # Not even quoted: what can't be read may hold a password.
        raise StoreUnusableError(f"GASWATCH_DATABASE_URL: it {_WHAT_TO_WRITE}") from error
    match parsed.get_backend_name():
        case "sqlite":
            return _open_sqlite(parsed)
        case "postgresql" | "postgres":
            return _open_postgres(parsed)
        case _:
            raise StoreUnusableError(
                f"GASWATCH_DATABASE_URL: {parsed.render_as_string(hide_password=True)!r} {_WHAT_TO_WRITE}"
            )


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """One write transaction: all of it durable on leaving, or nothing.

    Raises:
        StoreDownError: the store failed or stayed locked; nothing was stored.
    """
    with _store_errors(engine), engine.connect() as connection:
        writer = connection.execution_options(**{_WRITES: True})
        with writer.begin():
            yield writer


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """One read transaction: every statement sees the same moment.

    Raises:
        StoreDownError: the store can't be read.
    """
    with _store_errors(engine), engine.connect() as connection:
        if connection.dialect.name == "postgresql":
            connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        with connection.begin():
            yield connection


def _open_sqlite(url: URL) -> Engine:
    if not url.database or url.database == ":memory:":
        raise StoreUnusableError(
            "GASWATCH_DATABASE_URL: sqlite needs a file that all services share, sqlite:///path/to/file.db"
        )
    check_writable(Path(url.database))
    engine = create_engine(
        url.set(drivername="sqlite+pysqlite"), connect_args={"timeout": LOCK_WAIT_MS / 1000}
    )
    event.listen(engine, "do_connect", lambda *_: make_private(Path(url.database or "")))
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def check_writable(file: Path) -> None:
    """Make the folder of an SQLite file; SQLite needs to write beside the file, too (its WAL).

    Raises:
        StoreUnusableError: one line that names the path and says what to do.
    """
    folder = file.parent
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise StoreUnusableError(
            f"can't make the folder {folder} ({error.strerror}): make it yourself, "
            "or set GASWATCH_DATA_DIR to a folder that you may write to"
        ) from error
    for path in (folder, file):
        if path.exists() and not os.access(path, os.W_OK):
            raise StoreUnusableError(
                f"can't write to {path}: give the user that runs gaswatch the right to, "
                "or set GASWATCH_DATA_DIR to a folder that you may write to"
            )


def make_private(file: Path) -> None:
    """Make a missing file of SQLite's, readable for us alone: phone numbers and password hashes are in it.

    SQLite gives the files beside it the same mode. One that is there keeps the mode that its owner gave it,
    and is never opened here: closing it would end every POSIX lock that this process's connections hold on it,
    and two writers at once damage the file (sqlite.org/howtocorrupt.html 2.2).
    """
    if file.exists():
        return
    draft = file.with_name(f"{file.name}.{os.getpid()}.{token_hex(4)}")
    with suppress(OSError):  # what is wrong with the place, SQLite says itself; or somebody else was first
        os.close(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        try:
            os.link(draft, file)
        finally:
            draft.unlink()


def _prepare_sqlite(connection: sqlite3.Connection, record: object) -> None:
    del record
    # The driver's own idea of transactions begins them late and ends them on DDL; ours is in _begin_sqlite.
    connection.isolation_level = None
    for pragma in _SQLITE_PRAGMAS:
        connection.execute(pragma).close()


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get(_WRITES, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _open_postgres(url: URL) -> Engine:
    arguments: dict[str, Any] = {
        key: value for key, value in _POSTGRES_OPTIONS.items() if key not in url.query
    }
    return create_engine(url.set(drivername="postgresql+psycopg"), connect_args=arguments, pool_pre_ping=True)


@contextmanager
def _store_errors(engine: Engine) -> Iterator[None]:
    try:
        yield
    except (OperationalError, InterfaceError, InternalError, PoolTimeoutError) as error:
        raise _down(engine, error) from error
    except DatabaseError as error:
        if (
            type(error) is not DatabaseError
        ):  # a broken constraint or statement is our defect, not the store's
            raise
        raise _down(engine, error) from error


def _down(engine: Engine, error: Exception) -> StoreDownError:
    return store_down(engine.url.render_as_string(hide_password=True), error)


def store_down(name: str, error: Exception) -> StoreDownError:
    """One line for a database's error: which store, what, and what can be done where we know it."""
    cause = str(getattr(error, "orig", None) or error).strip().replace("\n", "; ")
    hint = ""
    if "locked" in cause:
        hint = f" (another process has kept it locked for over {LOCK_WAIT_MS // 1000} s)"
    elif "disk is full" in cause:
        hint = " (free some space)"
    elif "no such table" in cause:
        hint = " (run `gaswatch migrate`)"
    return StoreDownError(f"{name}: {cause}{hint}")
