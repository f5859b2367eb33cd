"""The ledger in SQL: read whole, by record, or as the collector needs it; changed only with an entry each."""

from collections.abc import Iterator

from sqlalchemy import Connection, Engine, or_, select

from collector.ports import Changed
from gascore.policy import Policy
from gascore.registry import Area, Detector, Duty, Ledger, Person, Placed, Role, Room, Site, Supplier
from gascore.roster import Roster
from gascore.thresholds import DEFAULTS, Profile, Resolver, Thresholds
from gascore.words import AreaId, DetectorId, PersonId, RoomId, SiteId
from gaswatch.stores import schema
from gaswatch.stores.engine import reading, writing
from gaswatch.stores.journal import append_in, lock
from gaswatch.stores.ledger_check import LedgerError
from gaswatch.stores.ledger_put import put_in
from gaswatch.stores.ledger_rows import TABLES, RecordT, columns_of, fetch, fetch_all, record_of
from gaswatch.stores.placed import placed_in
from gaswatch.stores.policies import policies_in, rosters_in

__all__ = ["LedgerError", "SqlRegistry"]


class SqlRegistry:
    """Implements `collector.ports.Registry`. Every method is blocking and raises `StoreDownError`.

    `defaults` are the thresholds where no profile says anything.
    """

    def __init__(self, engine: Engine, defaults: Thresholds = DEFAULTS) -> None:
        self._engine = engine
        self._defaults = defaults

    def placed(self, changed: Changed | None = None) -> Iterator[Placed]:
        """Detectors with their rooms, by number; see `collector.ports.Registry`."""
        with reading(self._engine) as connection:
            yield from placed_in(connection, changed, resolver(connection, self._defaults).of)

    def ledger(self) -> Ledger:
        """All of it."""
        with reading(self._engine) as connection:
            return Ledger(
                areas=tuple(fetch_all(connection, Area)),
                suppliers=tuple(fetch_all(connection, Supplier)),
                people=tuple(fetch_all(connection, Person)),
                sites=tuple(fetch_all(connection, Site)),
                rooms=tuple(fetch_all(connection, Room)),
                detectors=tuple(fetch_all(connection, Detector)),
                duties=tuple(fetch_all(connection, Duty)),
                profiles=tuple(fetch_all(connection, Profile)),
                policies=policies_in(connection),
                rosters=rosters_in(connection),
            )

    def put(self, ledger: Ledger, *, by: str, at_ms: int) -> int:
        """Add new records and change existing ones; none is removed. One transaction with its entries.

        Args:
            ledger: may be a part: what it refers to can be stored already.
            by: the user, or the command, that answers for it.
            at_ms: the instant of the journal's entries.

        Returns:
            How many records were added or changed.

        Raises:
            LedgerError: nothing was stored; every problem names a record and says what to do.
        """
        with writing(self._engine) as connection:
            lock(connection)  # two ledgers at once would not see each other's records
            changes = put_in(connection, ledger, by=by)
            if changes:
                append_in(connection, changes, at_ms)
            return len(changes)

    def is_empty(self) -> bool:
        """Whether nobody has put anything into the ledger yet."""
        with reading(self._engine) as connection:
            return all(connection.execute(select(one).limit(1)).first() is None for one in TABLES.values())

    def detector(self, detector: DetectorId) -> Detector | None:
        """One detector; None: not in the ledger."""
        return self._one(Detector, detector)

    def site(self, site: SiteId) -> Site | None:
        """One site; None: not in the ledger."""
        return self._one(Site, site)

    def room(self, room: RoomId) -> Room | None:
        """One room; None: not in the ledger."""
        return self._one(Room, room)

    def people_on_duty(self, site: SiteId | None) -> list[tuple[Role, Person]]:
        """Who is to be told about `site`: its own people, then those who have a duty for everything.

        None: only the latter.
        """
        with reading(self._engine) as connection:
            everywhere = schema.duty.c.site.is_(None)
            mine = everywhere if site is None else or_(everywhere, schema.duty.c.site == site)
            query = columns_of(Duty).where(mine).order_by(None).order_by(everywhere, schema.duty.c.id)
            duties = [record_of(Duty, row) for row in connection.execute(query)]
            people = {
                one.id: one
                for one in fetch(connection, Person, schema.person.c.id, {duty.person for duty in duties})
            }
        return [(duty.role, people[duty.person]) for duty in duties]

    def person(self, person: PersonId) -> Person | None:
        """One person; None: not in the ledger."""
        return self._one(Person, person)

    def area(self, area: AreaId) -> Area | None:
        """One area; None: not in the ledger."""
        return self._one(Area, area)

    def policies(self) -> tuple[Policy, ...]:
        """The escalation policies in their newest versions, by id."""
        with reading(self._engine) as connection:
            return policies_in(connection)

    def rosters(self) -> tuple[Roster, ...]:
        """Who takes turns on duty, by id."""
        with reading(self._engine) as connection:
            return rosters_in(connection)

    def person_by_phone(self, phone: str) -> Person | None:
        """Who has this number (E.164); the first by id where several share it."""
        with reading(self._engine) as connection:
            found = fetch(connection, Person, schema.person.c.phone, {phone})
        return min(found, key=lambda one: one.id, default=None)

    def _one(self, kind: type[RecordT], key: str) -> RecordT | None:
        with reading(self._engine) as connection:
            return next(iter(fetch(connection, kind, TABLES[kind].c.id, {key})), None)


def resolver(connection: Connection, defaults: Thresholds) -> Resolver:
    """The profiles of the ledger over its areas."""
    parents = {one.id: one.parent for one in fetch_all(connection, Area)}
    return Resolver(fetch_all(connection, Profile), parents, defaults)
