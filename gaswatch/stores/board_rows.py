"""How the dashboard's reads are put together from rows, inside the caller's transaction."""

from collections.abc import Collection, Sequence
from typing import Any, Final

import msgspec
from sqlalchemy import ColumnElement, Connection, Select, func, or_, select, true

from collector.rules.page import Standing
from dashboard.ports import ActiveCondition, DetectorQuery, Installed
from dashboard.rules.board import Tracked
from dashboard.rules.protection import protection
from gascore.canary import CanaryMeasured
from gascore.hazard import AlarmChatters, FloodBegan, FloodEnded, HazardClosed, HazardOpened
from gascore.journal import (
    AlarmStepped,
    ConditionChanged,
    ConditionCleared,
    ConditionRaised,
    Entry,
    NoticeStepped,
    UnknownLeak,
    decode,
)
from gascore.registry import Detector, Room, Site
from gascore.words import AlarmId, DetectorId, Protection
from gaswatch.stores.ledger_rows import columns_of, fetch, record_of
from gaswatch.stores.schema import detector, detector_state, journal, room, site

ENTRY: Final = select(journal.c.id, journal.c.at_ms, journal.c.body)
"""The columns that `entries` reads."""
_ABOUT_ALARMS: Final = [
    str(one.__struct_config__.tag)
    for one in (AlarmStepped, NoticeStepped, HazardOpened, HazardClosed, AlarmChatters)
]
_FLOOD: Final = [str(one.__struct_config__.tag) for one in (FloodBegan, FloodEnded)]
_MEASURED: Final = [
    str(one.__struct_config__.tag)
    for one in (ConditionRaised, ConditionChanged, ConditionCleared, UnknownLeak)
]
_CANARIES: Final = 200
_IN_AT_ONCE: Final = 500
_SCANNED_AT_ONCE: Final = 5_000


class Saved(msgspec.Struct, frozen=True):
    """What is shown of the collector's saved state of a detector (its stored form has more)."""

    id: str
    standing: Standing


_saved: Final = msgspec.json.Decoder(Saved | None)


class Moment(msgspec.Struct, frozen=True):
    """When is now, and whether we can see at all."""

    now_ms: int
    is_monitored: bool


def entries(connection: Connection, query: Select[int, int, bytes]) -> list[Entry]:
    """Entries of the journal, from a query of `ENTRY`."""
    return [Entry(number, at_ms, decode(body)) for number, at_ms, body in connection.execute(query)]


def of_alarms(connection: Connection, alarms: Sequence[int]) -> list[Entry]:
    """Steps and notices of these alarms, in the journal's order for each."""
    found: list[Entry] = []
    for start in range(0, len(alarms), _IN_AT_ONCE):
        wanted = alarms[start : start + _IN_AT_ONCE]
        query = ENTRY.where(journal.c.alarm.in_(wanted), journal.c.kind.in_(_ABOUT_ALARMS))
        found += entries(connection, query.order_by(journal.c.id))
    return found


def newest_flood(connection: Connection) -> list[Entry]:
    """The newest word on a flood, if there ever was one."""
    newest = select(func.max(journal.c.id)).where(journal.c.kind.in_(_FLOOD)).scalar_subquery()
    return entries(connection, ENTRY.where(journal.c.id == newest))


def newest_canaries(connection: Connection) -> list[Entry]:
    """The newest test leaks, the newest of each area among them."""
    query = ENTRY.where(journal.c.kind == str(CanaryMeasured.__struct_config__.tag))
    return entries(connection, query.order_by(journal.c.id.desc()).limit(_CANARIES))


def newest_conditions(connection: Connection, detectors: Collection[str]) -> list[Entry]:
    """The newest entry about a condition of each detector: it has the newest journaled measurement."""
    wanted = list(detectors)
    found: list[Entry] = []
    for start in range(0, len(wanted), _IN_AT_ONCE):
        newest = (
            select(func.max(journal.c.id))
            .where(journal.c.detector.in_(wanted[start : start + _IN_AT_ONCE]), journal.c.kind.in_(_MEASURED))
            .group_by(journal.c.detector)
        )
        found += entries(connection, ENTRY.where(journal.c.id.in_(newest)))
    return found


def folded(found: Sequence[Entry]) -> dict[AlarmId, Tracked]:
    """Alarms from the entries about them, in order."""
    alarms: dict[AlarmId, Tracked] = {}
    for entry in found:
        match entry.event:
            case AlarmStepped(alarm=alarm) as event:
                alarms.setdefault(alarm.id, Tracked(alarm, {})).fold(event)
            case NoticeStepped(notice=notice) as event if notice.alarm in alarms:
                alarms[notice.alarm].fold(event)
            case _:
                pass
    return alarms


def count(query: DetectorQuery) -> Select[int]:
    """How many detectors match."""
    joined = select(func.count()).select_from(detector).join(site, site.c.id == detector.c.site)
    return joined.where(_matches(query))


def some(connection: Connection, query: DetectorQuery, limit: int, moment: Moment) -> list[Installed]:
    """The first `limit` matching detectors after `query.after`, by id; the protection state isn't looked at."""
    found = columns_of(Detector).join(site, site.c.id == detector.c.site).where(_matches(query))
    if query.after is not None:
        found = found.where(detector.c.id > query.after)
    return installed(connection, found.order_by(None).order_by(detector.c.id).limit(limit), moment)


def in_state(
    connection: Connection, query: DetectorQuery, state: Protection, moment: Moment
) -> list[Installed]:
    """Every matching detector that is in `state` now, by id."""
    fitting: list[Installed] = []
    after: DetectorId | None = None
    while True:
        step = msgspec.structs.replace(query, after=after)
        found = some(connection, step, _SCANNED_AT_ONCE, moment)
        fitting += [one for one in found if one.protection is state]
        if len(found) < _SCANNED_AT_ONCE:
            return fitting
        after = found[-1].detector.id


def installed(connection: Connection, query: Select[Any], moment: Moment) -> list[Installed]:
    """Detectors of a query over `columns_of(Detector)` with their places and conditions."""
    found = [record_of(Detector, row) for row in connection.execute(query)]
    sites = {one.id: one for one in fetch(connection, Site, site.c.id, {one.site for one in found})}
    rooms = {one.id: one for one in fetch(connection, Room, room.c.id, {one.room for one in found})}
    saved = _states(connection, [one.no for one in found])
    return [_installed(one, sites[one.site], rooms[one.room], saved.get(one.no), moment) for one in found]


def _states(connection: Connection, numbers: Sequence[int]) -> dict[int, Saved]:
    found: dict[int, Saved] = {}
    for start in range(0, len(numbers), _IN_AT_ONCE):
        wanted = numbers[start : start + _IN_AT_ONCE]
        query = select(detector_state.c.no, detector_state.c.body).where(detector_state.c.no.in_(wanted))
        for no, body in connection.execute(query):
            saved = _saved.decode(body)
            if saved is not None:
                found[no] = saved
    return found


def _installed(one: Detector, at: Site, inside: Room, saved: Saved | None, moment: Moment) -> Installed:
    # A number can have changed its owner; what was saved for the old one says nothing about the new one.
    standing = saved.standing if saved is not None and saved.id == one.id else None
    held = {} if standing is None else standing.held
    required = one.commissioned_ms is not None and one.commissioned_ms <= moment.now_ms
    is_retired = one.retired_ms is not None and one.retired_ms <= moment.now_ms
    state = protection(
        held,
        required=required and not is_retired,
        monitored=moment.is_monitored,
        reported=standing is not None and standing.reported,
    )
    conditions = tuple(
        ActiveCondition(condition, one.level, one.since_ms, str(one.reason), one.codes)
        for condition, one in sorted(held.items())
    )
    declared = None if standing is None else standing.declared
    return Installed(one, at, inside, state, conditions, declared)


def _matches(query: DetectorQuery) -> ColumnElement[bool]:
    here = true() if query.site is None else detector.c.site == query.site
    if not query.text:
        return here
    columns = (detector.c.id, site.c.name, site.c.name_en)
    return here & or_(*(column.icontains(query.text, autoescape=True) for column in columns))
