"""What detectors have in common, from the ledger: gateway, areas, supplier (docs/adr/0017)."""

from collections.abc import Collection, Iterator, Mapping
from typing import Final

from sqlalchemy import ColumnElement, Connection, Engine, Select, and_, func, or_, select

from alerts.ports import Member
from alerts.rules.outage import Group
from gascore.alarm import GroupKind
from gascore.registry import Area, Person, Role, Supplier
from gascore.words import AreaId, DetectorId, RoomId, RoomKind, SiteId
from gaswatch.stores.engine import reading
from gaswatch.stores.ledger_rows import fetch
from gaswatch.stores.schema import area, detector, duty, person, room, site, supplier

_IN_AT_ONCE: Final = 1_000


class SqlGroups:
    """Implements `alerts.ports.Groups`. Every method is blocking and raises `StoreDownError`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def members(self, detectors: Collection[DetectorId]) -> dict[DetectorId, Member]:
        """Several detectors at once; those that are not in the ledger are missing."""
        one = detector.c
        query = (
            select(
                one.id,
                one.site,
                one.room,
                room.c.kind,
                one.every_s,
                one.gateway,
                site.c.area,
                site.c.supplier,
            )
            .join_from(detector, room, one.room == room.c.id)
            .join(site, one.site == site.c.id)
        )
        found: dict[DetectorId, Member] = {}
        names = list(detectors)
        with reading(self._engine) as connection:
            parents = _parents(connection)
            for start in range(0, len(names), _IN_AT_ONCE):
                wanted = one.id.in_(names[start : start + _IN_AT_ONCE])
                for key, at, in_room, kind, every_s, gateway, in_area, of in connection.execute(
                    query.where(wanted)
                ):
                    groups = tuple(_groups(gateway, in_area, of, parents))
                    found[DetectorId(key)] = Member(
                        SiteId(at), RoomId(in_room), RoomKind(kind), every_s, groups
                    )
        return found

    def sizes(self, now_ms: int) -> Mapping[Group, int]:
        """How many detectors are in service behind each gateway, in each area and of each supplier."""
        one = detector.c
        query = (
            select(one.gateway, site.c.area, site.c.supplier, func.count())
            .join_from(detector, site, one.site == site.c.id)
            .where(_in_service(now_ms))
            .group_by(one.gateway, site.c.area, site.c.supplier)
        )
        found: dict[Group, int] = {}
        with reading(self._engine) as connection:
            parents = _parents(connection)
            for gateway, in_area, of, count in connection.execute(query):
                for group in _groups(gateway, in_area, of, parents):
                    found[group] = found.get(group, 0) + count
        return found

    def names(self, group: Group) -> tuple[str, str] | None:
        """What it is called, in Chinese and in English; None: it has no name but its id."""
        found: list[Area] | list[Supplier] = []
        with reading(self._engine) as connection:
            if group.kind is GroupKind.AREA:
                found = fetch(connection, Area, area.c.id, {group.id})
            elif group.kind is GroupKind.SUPPLIER:
                found = fetch(connection, Supplier, supplier.c.id, {group.id})
        return (found[0].name, found[0].name_en) if found else None

    def people_of(self, group: Group, roles: Collection[Role]) -> list[tuple[Role, Person]]:
        """Who has one of these roles at any of the group's sites, each of them once."""
        query = (
            select(duty.c.person, duty.c.role)
            .where(duty.c.role.in_(roles), duty.c.site.in_(_sites(group)))
            .group_by(duty.c.person, duty.c.role)
            .order_by(func.min(duty.c.id))
        )
        with reading(self._engine) as connection:
            duties = [(key, Role(role)) for key, role in connection.execute(query)]
            people = {
                one.id: one for one in fetch(connection, Person, person.c.id, {key for key, _ in duties})
            }
        return [(role, people[key]) for key, role in duties]


def _sites(group: Group) -> Select[tuple[str]]:
    """The sites of a group; of an area with all areas in it."""
    if group.kind is GroupKind.GATEWAY:
        return select(detector.c.site).where(detector.c.gateway == group.id)
    if group.kind is GroupKind.SUPPLIER:
        return select(site.c.id).where(site.c.supplier == group.id)
    within = select(area.c.id).where(area.c.id == group.id).cte("within", recursive=True)
    within = within.union(select(area.c.id).join_from(area, within, area.c.parent == within.c.id))
    return select(site.c.id).where(site.c.area.in_(select(within.c.id)))


def _parents(connection: Connection) -> dict[AreaId, AreaId | None]:
    return {AreaId(key): parent for key, parent in connection.execute(select(area.c.id, area.c.parent))}


def _groups(
    gateway: str | None, in_area: AreaId, of: str | None, parents: Mapping[AreaId, AreaId | None]
) -> Iterator[Group]:
    """The most telling first, areas from narrow to wide."""
    if gateway is not None:
        yield Group(GroupKind.GATEWAY, gateway)
    above: AreaId | None = in_area
    while above is not None:
        yield Group(GroupKind.AREA, above)
        above = parents.get(above)
    if of is not None:
        yield Group(GroupKind.SUPPLIER, of)


def _in_service(now_ms: int) -> ColumnElement[bool]:
    one = detector.c
    return and_(one.commissioned_ms <= now_ms, or_(one.retired_ms.is_(None), one.retired_ms > now_ms))
