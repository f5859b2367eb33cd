"""What the dashboard reads: alarms as the journal tells them, detectors with what holds of them, quarantine.

Alarms are folded from the journal, so that console, API and report chain rest on the same entries; the table
of alarms only says which are open.
"""

from typing import Final

from sqlalchemy import Engine, func, select

from dashboard.ports import DetectorQuery, Installed, InstalledPage, OpenAlarms, Quarantined, SitesPage
from dashboard.rules.board import Names, Tracked
from gascore.journal import Entry
from gascore.registry import Area, Detector, Person, Room, Site, Supplier
from gascore.thresholds import DEFAULTS, Thresholds
from gascore.words import AlarmId, DetectorId
from gaswatch.stores import board_rows
from gaswatch.stores.board_rows import Moment
from gaswatch.stores.engine import reading
from gaswatch.stores.ledger_rows import columns_of, fetch_all, record_of
from gaswatch.stores.registry import resolver
from gaswatch.stores.schema import alarm, detector, journal, quarantine, site

_last_id: Final = select(func.coalesce(func.max(journal.c.id), 0))


class SqlBoard:
    """Implements `dashboard.ports.Alarms`. Every method is blocking and raises `StoreDownError`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def open_alarms(self) -> OpenAlarms:
        """All that was journaled about open alarms, and the newest word on the leak of each, and of test leaks."""
        with reading(self._engine) as connection:
            cursor = connection.execute(_last_id).scalar_one()
            rows = connection.execute(select(alarm.c.id, alarm.c.detector).where(alarm.c.closed_ms.is_(None)))
            found = rows.all()
            entries = board_rows.of_alarms(connection, [one.id for one in found])
            entries += board_rows.newest_flood(connection)
            entries += board_rows.newest_canaries(connection)
            entries += board_rows.newest_conditions(
                connection, {one.detector for one in found if one.detector}
            )
        return OpenAlarms(cursor, sorted(entries, key=lambda entry: entry.id))

    def closed(self, before: AlarmId | None, limit: int) -> list[Tracked]:
        """Closed alarms, newest id first, with ids below `before`."""
        query = select(alarm.c.id).where(alarm.c.closed_ms.is_not(None))
        if before is not None:
            query = query.where(alarm.c.id < before)
        with reading(self._engine) as connection:
            ids = list(connection.execute(query.order_by(alarm.c.id.desc()).limit(limit)).scalars())
            tracked = board_rows.folded(board_rows.of_alarms(connection, ids))
        return [tracked[one] for one in ids if one in tracked]

    def inside(self, other: AlarmId, after: AlarmId | None, limit: int) -> list[Tracked]:
        """The alarms for which another one stands or stood last, open and closed, by id."""
        query = select(alarm.c.id).where(alarm.c.inside == other, alarm.c.id > (after or 0))
        with reading(self._engine) as connection:
            ids = list(connection.execute(query.order_by(alarm.c.id).limit(limit)).scalars())
            tracked = board_rows.folded(board_rows.of_alarms(connection, ids))
        return [tracked[one] for one in ids if one in tracked]

    def alarm(self, wanted: AlarmId) -> Tracked | None:
        """One alarm, open or closed; None: there is none."""
        with reading(self._engine) as connection:
            return board_rows.folded(board_rows.of_alarms(connection, [wanted])).get(wanted)

    def entries(self, wanted: AlarmId, limit: int) -> list[Entry]:
        """The newest `limit` entries about it, oldest first."""
        query = board_rows.ENTRY.where(journal.c.alarm == wanted).order_by(journal.c.id.desc()).limit(limit)
        with reading(self._engine) as connection:
            return board_rows.entries(connection, query)[::-1]


class SqlTown:
    """Implements `dashboard.ports.Town`. Every method is blocking and raises `StoreDownError`."""

    def __init__(self, engine: Engine, defaults: Thresholds = DEFAULTS) -> None:
        self._engine = engine
        self._defaults = defaults

    def names(self) -> Names:
        """Every site, room and person by id."""
        with reading(self._engine) as connection:
            return Names(
                sites={one.id: one for one in fetch_all(connection, Site)},
                rooms={one.id: one for one in fetch_all(connection, Room)},
                people={one.id: one for one in fetch_all(connection, Person)},
                areas={one.id: one for one in fetch_all(connection, Area)},
                suppliers={one.id: one for one in fetch_all(connection, Supplier)},
            )

    def detectors(self, query: DetectorQuery, now_ms: int, *, monitored: bool) -> InstalledPage:
        """A page of detectors. Asking for a protection state looks at every match: 0.1 s for 10,000."""
        moment = Moment(now_ms, monitored)
        with reading(self._engine) as connection:
            if query.protection is None:
                total = connection.execute(board_rows.count(query)).scalar_one()
                found = board_rows.some(connection, query, query.limit + 1, moment)
            else:
                fitting = board_rows.in_state(connection, query, query.protection, moment)
                total = len(fitting)
                found = [one for one in fitting if query.after is None or one.detector.id > query.after]
        page = tuple(found[: query.limit])
        return InstalledPage(page, total, page[-1].detector.id if len(found) > query.limit else None)

    def detector(self, wanted: DetectorId, now_ms: int, *, monitored: bool) -> Installed | None:
        """One detector; None: not in the ledger."""
        with reading(self._engine) as connection:
            query = columns_of(Detector).where(detector.c.id == wanted)
            found = board_rows.installed(connection, query, Moment(now_ms, monitored))
        return found[0] if found else None

    def thresholds(self, one: Installed) -> Thresholds:
        """What is asked of its numbers: its own set points, the profiles of the ledger, the settings."""
        with reading(self._engine) as connection:
            figures = resolver(connection, self._defaults)
        own = one.detector
        return figures.of(own.model, one.site.area, own.low_lel, own.high_lel)

    def entries(self, wanted: DetectorId, limit: int) -> list[Entry]:
        """Its newest `limit` journal entries, newest first."""
        with reading(self._engine) as connection:
            return board_rows.entries(
                connection,
                board_rows.ENTRY.where(journal.c.detector == wanted)
                .order_by(journal.c.id.desc())
                .limit(limit),
            )

    def sites(self, after: str | None, limit: int) -> SitesPage:
        """A page of sites by id."""
        query = columns_of(Site)
        if after is not None:
            query = query.where(site.c.id > after)
        with reading(self._engine) as connection:
            found = [record_of(Site, row) for row in connection.execute(query.limit(limit + 1))]
        page = tuple(found[:limit])
        return SitesPage(page, page[-1].id if len(found) > limit else None)

    def areas(self) -> list[Area]:
        """All areas by id."""
        with reading(self._engine) as connection:
            return fetch_all(connection, Area)


class SqlQuarantine:
    """Implements `dashboard.ports.Quarantine`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def newest(self, limit: int) -> list[Quarantined]:
        """Newest first. Blocking; raises `StoreDownError`."""
        columns = (quarantine.c[name] for name in Quarantined.__struct_fields__)
        query = select(*columns).order_by(quarantine.c.id.desc()).limit(limit)
        with reading(self._engine) as connection:
            return [Quarantined(*row) for row in connection.execute(query)]
