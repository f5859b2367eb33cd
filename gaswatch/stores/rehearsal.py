"""Tries an alarm out on the ledger as it is: nothing is written, nobody is told."""

from datetime import tzinfo

from sqlalchemy import Connection, Engine, or_, select

from gascore.alarm import AlarmKind
from gascore.escalation import Staff, chain_for
from gascore.policy import Facts
from gascore.priority import priority_of
from gascore.registry import Area, Detector, Duty, Person, Room, Site
from gascore.rehearsal import Rehearsal, rehearse
from gascore.words import AreaId, DetectorId, Level, SiteId
from gaswatch.stores import schema
from gaswatch.stores.engine import reading
from gaswatch.stores.ledger_rows import columns_of, fetch, fetch_all, record_of
from gaswatch.stores.policies import policies_in, rosters_in


class SqlRehearsals:
    """Implements `dashboard.ports.Rehearsals`. `zone` is the town's."""

    def __init__(self, engine: Engine, zone: tzinfo) -> None:
        self._engine = engine
        self._zone = zone

    def rehearse(self, detector: DetectorId, kind: AlarmKind, level: Level, at_ms: int) -> Rehearsal | None:
        """Who would be told of such an alarm that starts at `at_ms`; None: no such detector in the ledger.

        Blocking. Raises `StoreDownError`.
        """
        with reading(self._engine) as connection:
            found = fetch(connection, Detector, schema.detector.c.id, {detector})
            if not found:
                return None
            (room,) = fetch(connection, Room, schema.room.c.id, {found[0].room})
            (site,) = fetch(connection, Site, schema.site.c.id, {found[0].site})
            priority = priority_of(kind, level, room=room.kind, wrong_gas=_is_wrong(connection, detector))
            facts = Facts(kind, priority, room.kind, _above(connection, site.area))
            chain = chain_for(facts, at_ms, self._zone, policies_in(connection))
            staff = staff_of(connection, site.id, self._zone)
        return Rehearsal(
            detector=detector,
            kind=kind,
            level=level,
            priority=priority,
            at_ms=at_ms,
            policy=chain.policy,
            version=chain.version,
            repeat_s=chain.repeat_s,
            ack_expires_s=chain.ack_expires_s,
            lines=rehearse(chain, staff, at_ms),
        )


def staff_of(connection: Connection, site: SiteId | None, zone: tzinfo) -> Staff:
    """Who can be told of an alarm at a site; None: of one without a site."""
    people = {one.id: one for one in fetch_all(connection, Person)}
    rosters = {one.id: one for one in rosters_in(connection)}
    duties = [(duty.role, people[duty.person]) for duty in _duties(connection, site)]
    return Staff(duties, people.get, rosters.get, zone)


def _is_wrong(connection: Connection, detector: DetectorId) -> bool:
    key = f"detector:{detector}:{AlarmKind.WRONG_GAS.value}"
    return (
        connection.execute(select(schema.alarm.c.id).where(schema.alarm.c.open_key == key)).first()
        is not None
    )


def _above(connection: Connection, area: AreaId) -> tuple[AreaId, ...]:
    parents = {one.id: one.parent for one in fetch_all(connection, Area)}
    found: list[AreaId] = []
    at: AreaId | None = area
    while at is not None:
        found.append(at)
        at = parents.get(at)
    return tuple(found)


def _duties(connection: Connection, site: SiteId | None) -> list[Duty]:
    everywhere = schema.duty.c.site.is_(None)
    mine = or_(everywhere, schema.duty.c.site == site)
    query = columns_of(Duty).where(mine).order_by(None).order_by(everywhere, schema.duty.c.id)
    return [record_of(Duty, row) for row in connection.execute(query)]
