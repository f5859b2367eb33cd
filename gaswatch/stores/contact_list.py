"""People with what is known of their phones, for the dashboard."""

from collections import defaultdict
from typing import Any, Final

import msgspec
from sqlalchemy import Engine, Row, Select, and_, or_, select

from alerts.rules.reach import Reach
from dashboard.ports import Contact, ContactQuery, Keeper
from gascore.contacts import Reachability
from gascore.registry import Role
from gascore.words import PersonId, SiteId
from gaswatch.stores.engine import reading
from gaswatch.stores.schema import contact_reach, duty, person, site_unreached

_END: Final = 4
"""Digits of a number that are shown: enough to tell two phones of a person apart."""
_reach_of: Final = msgspec.json.Decoder(Reach).decode


class SqlContactList:
    """Implements `dashboard.ports.Contacts`. Every method is blocking and raises `StoreDownError`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def page(self, query: ContactQuery) -> list[Contact]:
        """Up to one more than `limit`."""
        with reading(self._engine) as connection:
            rows = connection.execute(_some(query)).all()
            ids = [row.id for row in rows]
            sites: defaultdict[str, list[SiteId]] = defaultdict(list)
            duties = select(duty.c.person, duty.c.site).where(
                duty.c.person.in_(ids), duty.c.site.is_not(None)
            )
            for one in connection.execute(duties.order_by(duty.c.id)):
                sites[one.person].append(SiteId(one.site))
        return [_contact(row, tuple(dict.fromkeys(sites[row.id]))) for row in rows]

    def of_site(self, site: SiteId) -> list[Keeper]:
        """The people of a site, in the order of their duties."""
        held = (
            select(person.c.id, person.c.name, person.c.name_en, person.c.phone, contact_reach.c.body)
            .add_columns(duty.c.role)
            .join(duty, duty.c.person == person.c.id)
            .outerjoin(contact_reach, contact_reach.c.person == person.c.id)
            .where(duty.c.site == site)
            .order_by(duty.c.id)
        )
        with reading(self._engine) as connection:
            rows = connection.execute(held).all()
        contacts = {row.id: _contact(row, (site,)) for row in rows}
        roles: defaultdict[str, list[Role]] = defaultdict(list)
        for row in rows:
            roles[row.id].append(Role(row.role))
        return [Keeper(one, tuple(roles[key])) for key, one in contacts.items()]

    def unreached(self) -> dict[SiteId, int]:
        """The sites of which nobody can be reached, and since when (ms)."""
        with reading(self._engine) as connection:
            rows = connection.execute(select(site_unreached.c.site, site_unreached.c.since_ms)).all()
        return {SiteId(row.site): row.since_ms for row in rows}


def _some(query: ContactQuery) -> Select[Any]:
    wanted = (
        select(person.c.id, person.c.name, person.c.name_en, person.c.phone, contact_reach.c.body)
        .outerjoin(contact_reach, contact_reach.c.person == person.c.id)
        .order_by(person.c.id)
        .limit(query.limit + 1)
    )
    if query.after is not None:
        wanted = wanted.where(person.c.id > query.after)
    if query.state is None:
        return wanted
    state = contact_reach.c.state == query.state.value
    if query.state is Reachability.UNVERIFIED:
        return wanted.where(or_(contact_reach.c.person.is_(None), state))
    return wanted.where(and_(contact_reach.c.person.is_not(None), state))


def _contact(row: Row[Any], sites: tuple[SiteId, ...]) -> Contact:
    reach = None if row.body is None else _reach_of(row.body)
    if reach is not None and reach.phone != row.phone:
        reach = None  # the ledger has another number since, of which nothing is known
    return Contact(
        person=PersonId(row.id),
        name=row.name,
        name_en=row.name_en,
        phone_end=row.phone[-_END:],
        sites=sites,
        state=reach.state if reach else Reachability.UNVERIFIED,
        since_ms=reach.since_ms if reach else None,
        why=reach.why if reach else "",
        by=reach.by if reach else "",
        proven_ms=reach.proven_ms if reach else None,
        tested_ms=reach.tested_ms if reach else None,
    )
