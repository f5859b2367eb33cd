"""The journal in SQL: contiguous ids, handed out under the one write lock, so that a cursor misses nothing.

On SQLite the lock is the write transaction itself; on PostgreSQL an advisory lock that is held until the
commit is visible. An id that a reader sees therefore has all smaller ones before it (docs/adr/0004).
"""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import Connection, Engine, func, insert, select

from gascore.journal import Entry, Event, decode, encode
from gaswatch.stores import journal_seal
from gaswatch.stores.engine import reading, writing
from gaswatch.stores.journal_rows import columns_of
from gaswatch.stores.schema import journal

_LOCK: Final = 0x6761_7377_6A6F_7572
"""PostgreSQL's advisory lock of the journal: "gaswjour" as a number."""
_last_id: Final = select(func.coalesce(func.max(journal.c.id), 0))


class SqlJournal:
    """Implements `gascore.journal.Journal`, and seals and verifies."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def append(self, events: Sequence[Event], at_ms: int) -> int:
        """Store durably, in order, in one transaction; returns the last id. Blocking.

        Raises:
            StoreDownError: nothing was stored; try again.
        """
        with writing(self._engine) as connection:
            return append_in(connection, events, at_ms)

    def after(self, cursor: int, limit: int) -> list[Entry]:
        """Up to `limit` entries with an id greater than `cursor`, in order. Blocking. Raises `StoreDownError`."""
        with reading(self._engine) as connection:
            return after_in(connection, cursor, limit)

    def last_id(self) -> int:
        """The newest id, 0 for an empty journal. One look at the end of an index. Raises `StoreDownError`."""
        with reading(self._engine) as connection:
            return int(connection.execute(_last_id).scalar_one())

    def seal(self, now_ms: int) -> int:
        """Seal what is due (`journal_seal.seal_in`); returns the number of new blocks. Raises `StoreDownError`."""
        with writing(self._engine) as connection:
            lock(connection)
            return journal_seal.seal_in(connection, now_ms)

    def verify(self, noted: journal_seal.Block | None = None) -> list[journal_seal.Problem]:
        """What is wrong with the stored journal (`journal_seal.verify`). Blocking, minutes for millions."""
        return journal_seal.verify(self._engine, noted)

    def newest_block(self) -> journal_seal.Block | None:
        """The end of the chain: written down elsewhere, it proves later that nothing was cut off."""
        with reading(self._engine) as connection:
            return journal_seal.newest_block(connection)


def append_in(connection: Connection, events: Sequence[Event], at_ms: int) -> int:
    """Append inside a `writing` transaction; returns the last id of the journal.

    Others can't append until the transaction ends, so do it last.
    """
    lock(connection)
    last = int(connection.execute(_last_id).scalar_one())
    rows = [
        {"id": number, "at_ms": at_ms, "body": encode(event), **columns_of(event)}
        for number, event in enumerate(events, last + 1)
    ]
    if rows:
        connection.execute(insert(journal), rows)
    return last + len(rows)


def after_in(connection: Connection, cursor: int, limit: int) -> list[Entry]:
    """Up to `limit` entries with an id greater than `cursor`, inside the caller's transaction."""
    rows = connection.execute(
        select(journal.c.id, journal.c.at_ms, journal.c.body)
        .where(journal.c.id > cursor)
        .order_by(journal.c.id)
        .limit(limit)
    )
    return [Entry(id=number, at_ms=at_ms, event=decode(body)) for number, at_ms, body in rows]


def lock(connection: Connection) -> None:
    """Wait until no other transaction can append; `writing` has done so already on SQLite."""
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(_LOCK)))
