"""INSERT … ON CONFLICT, which both engines know but SQLAlchemy keeps in two places.

A statement is put together once: doing so takes longer than SQLite needs to run it, and writers wait meanwhile.
"""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from sqlalchemy import Connection, Executable, Table
from sqlalchemy.dialects import postgresql, sqlite


def upsert(connection: Connection, table: Table, rows: Sequence[Mapping[str, object]]) -> None:
    """Insert rows, or replace the one with the same primary key; every row has the same columns."""
    if rows:
        connection.execute(_upsert(connection.dialect.name, table, tuple(rows[0])), list(rows))


def insert_new(connection: Connection, table: Table, row: Mapping[str, object], *, unless: str) -> bool:
    """Insert a row unless there is one with the same value in the unique column `unless`; whether it was new."""
    # The count of rows is not told by every driver; a row that comes back is.
    return connection.execute(_insert_new(connection.dialect.name, table, unless), row).first() is not None


@cache
def _upsert(dialect: str, table: Table, columns: tuple[str, ...]) -> Executable:
    statement = _insert(dialect, table)
    key = [column.name for column in table.primary_key]
    changed = {name: statement.excluded[name] for name in columns if name not in key}
    done: Executable = statement.on_conflict_do_update(index_elements=key, set_=changed)
    return done


@cache
def _insert_new(dialect: str, table: Table, unless: str) -> Executable:
    statement = _insert(dialect, table).on_conflict_do_nothing(index_elements=[unless])
    done: Executable = statement.returning(table.c[unless])
    return done


def _insert(dialect: str, table: Table) -> Any:  # noqa: ANN401 -- two classes of one shape, without a common base
    return postgresql.insert(table) if dialect == "postgresql" else sqlite.insert(table)
