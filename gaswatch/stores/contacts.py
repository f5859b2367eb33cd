"""What is known of people's phones, in SQL."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import Final

import msgspec
from sqlalchemy import Connection, Engine, delete, select

from alerts.rules.reach import Reach
from alerts.service.contacts import Contacts
from gascore.canary import is_canary
from gascore.journal import Entry, Event, LedgerChanged, NoticeStepped, ReplyReceived, decode
from gascore.registry import Person, Role
from gascore.words import PersonId, SiteId
from gaswatch.stores.engine import writing
from gaswatch.stores.journal import append_in, lock
from gaswatch.stores.ledger_rows import fetch_all
from gaswatch.stores.outbox import SqlNotices
from gaswatch.stores.schema import contact_reach, cursor, duty, journal, site, site_unreached
from gaswatch.stores.upsert import upsert

NAME: Final = "contacts"
"""The reader's name among the cursors."""
_KINDS: Final = [str(one.__struct_config__.tag) for one in (NoticeStepped, ReplyReceived, LedgerChanged)]
_encode: Final = msgspec.json.Encoder().encode
_reach_of: Final = msgspec.json.Decoder(Reach).decode


class SqlContacts:
    """Implements `alerts.service.contacts.Contacts`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.notices = SqlNotices(connection)

    def cursor(self) -> int:
        """The last journal entry that was taken in."""
        return (
            self._connection.execute(select(cursor.c.journal_id).where(cursor.c.name == NAME)).scalar() or 0
        )

    def news(self, after: int, limit: int) -> list[Entry]:
        """What the journal says after that about notices, replies and the ledger."""
        query = (
            select(journal.c.id, journal.c.at_ms, journal.c.body)
            .where(journal.c.id > after, journal.c.kind.in_(_KINDS))
            .order_by(journal.c.id)
            .limit(limit)
        )
        return [Entry(row.id, row.at_ms, decode(row.body)) for row in self._connection.execute(query)]

    def move(self, to: int) -> None:
        """Taken in up to here."""
        upsert(self._connection, cursor, [{"name": NAME, "journal_id": to}])

    def reaches(self) -> dict[PersonId, Reach]:
        """What is known of everybody."""
        found = map(_reach_of, self._connection.execute(select(contact_reach.c.body)).scalars())
        return {one.person: one for one in found}

    def unreached(self) -> frozenset[SiteId]:
        """The sites of which nobody could be reached at the last look."""
        return frozenset(map(SiteId, self._connection.execute(select(site_unreached.c.site)).scalars()))

    def people(self) -> list[Person]:
        """Everybody in the ledger."""
        return fetch_all(self._connection, Person)

    def sites(self, roles: Collection[Role]) -> dict[SiteId, set[PersonId]]:
        """Every site, and who has one of these roles there."""
        found: dict[SiteId, set[PersonId]] = {
            SiteId(one): set()
            for one in self._connection.execute(select(site.c.id)).scalars()
            if not is_canary(one)
        }
        query = select(duty.c.site, duty.c.person).where(
            duty.c.site.is_not(None), duty.c.role.in_([role.value for role in roles])
        )
        for row in self._connection.execute(query):
            found.setdefault(SiteId(row.site), set()).add(PersonId(row.person))
        return found

    def put(self, reaches: Collection[Reach]) -> None:
        """Store what is known of these people."""
        rows = [
            {"person": one.person, "state": one.state.value, "since_ms": one.since_ms, "body": _encode(one)}
            for one in reaches
        ]
        if rows:
            upsert(self._connection, contact_reach, rows)

    def put_unreached(self, sites: Collection[SiteId], now_ms: int) -> None:
        """These are the sites of which nobody can be reached now."""
        before = self.unreached()
        over = [one for one in before if one not in sites]
        if over:
            self._connection.execute(delete(site_unreached).where(site_unreached.c.site.in_(over)))
        new = [{"site": one, "since_ms": now_ms} for one in sites if one not in before]
        if new:
            upsert(self._connection, site_unreached, new)

    def append(self, events: list[Event], at_ms: int) -> None:
        """Write to the journal."""
        append_in(self._connection, events, at_ms)


class SqlContactBooks:
    """Implements `alerts.service.contacts.ContactBooks`. Raises `StoreDownError`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @contextmanager
    def transaction(self) -> Iterator[Contacts]:
        """One write transaction, alone."""
        with writing(self._engine) as connection:
            lock(connection)
            yield SqlContacts(connection)
