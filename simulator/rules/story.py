"""What happens in the town by script, and which alarms must come of it.

A story is data: incidents at seconds after the start, and what the service is expected to raise by when.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from gascore.alarm import AlarmKind
from gascore.compat import Fit, fit
from gascore.registry import Detector, Site, SiteKind
from gascore.words import DetectorId, Level, RoomId, RoomKind, SupplyGas
from simulator.rules.town import Town

NO_STORY: Final = "none"
HOSE_OFF_M3_H: Final = 3.0
"""m³/h of LPG vapour: a hose off at a commercial regulator (domain 8.3: 2-6)."""


class UnknownStoryError(ValueError):
    """There is no such story; the message names those that exist."""


class IncidentKind(StrEnum):
    """What can happen."""

    LEAK = "leak"
    MAINS_CUT = "mains_cut"
    MAINS_BACK = "mains_back"
    SENSOR_FAILS = "sensor_fails"


@dataclass(frozen=True, slots=True)
class Incident:
    """One thing that happens, `at_s` seconds after the start.

    Attributes:
        room: where gas leaks, `leak_m3_h` m³ of supply gas an hour until a valve closes.
        detectors: whom a mains cut or a failing sensor hits.
        code: of the failing sensor.
    """

    at_s: float
    kind: IncidentKind
    room: RoomId | None = None
    leak_m3_h: float = 0.0
    detectors: tuple[DetectorId, ...] = ()
    code: str = ""


@dataclass(frozen=True, slots=True)
class Expectation:
    """An alarm that must have been raised `by_s` seconds after the start.

    Attributes:
        level: the worst level that it must have reached by then.
        clears_by_s: when its condition must be over; None: it stays.
    """

    detector: DetectorId
    kind: AlarmKind
    by_s: float
    level: Level = Level.NONE
    clears_by_s: float | None = None


@dataclass(frozen=True, slots=True)
class Story:
    """A script."""

    name: str
    incidents: tuple[Incident, ...]
    expected: tuple[Expectation, ...]

    def expectations(self) -> tuple[Expectation, ...]:
        """What must be seen, in the order in which it is due."""
        return tuple(sorted(self.expected, key=lambda one: (one.by_s, one.detector)))


def tell(name: str, town: Town) -> Story:
    """The story of that name in this town; "none" or "" is one without incidents.

    Raises:
        UnknownStoryError: there is none of that name.
    """
    if name in {NO_STORY, ""}:
        return Story(NO_STORY, (), ())
    try:
        return STORIES[name](town)
    except KeyError:
        known = ", ".join((*STORIES, NO_STORY))
        raise UnknownStoryError(f"there is no story {name!r}; there are: {known}") from None


def _demo(town: Town) -> Story:
    """The first two minutes that a newcomer sees."""
    cylinders = next(
        room
        for site in _sites(town, SiteKind.BOTTLE_STATION)
        for room in town.ledger.rooms
        if room.site == site.id and room.kind is RoomKind.CYLINDER_ROOM
    )
    misfits = _misfits(town)
    taken = {one.site for one in misfits}
    dark = next(
        site
        for site in _sites(town, SiteKind.RESTAURANT)
        if site.id not in taken and len(_of_site(town, site)) > 1
    )
    broken = _of_site(town, next(iter(_sites(town, SiteKind.CANTEEN))))[0]
    dark_ids = tuple(one.id for one in _of_site(town, dark))
    incidents = (
        Incident(8, IncidentKind.LEAK, room=cylinders.id, leak_m3_h=HOSE_OFF_M3_H),
        Incident(20, IncidentKind.MAINS_CUT, detectors=dark_ids),
        Incident(30, IncidentKind.SENSOR_FAILS, detectors=(broken.id,), code="sensor_open"),
    )
    leaks = tuple(
        Expectation(one.id, AlarmKind.LEAK, 75, Level.HIGH, clears_by_s=130)
        for one in town.detectors_in(cylinders.id)
    )
    return Story(
        "demo",
        incidents,
        (
            *leaks,
            *(Expectation(one.id, AlarmKind.WRONG_GAS, 60) for one in misfits),
            *(Expectation(each, AlarmKind.OFFLINE, 70) for each in dark_ids),
            Expectation(broken.id, AlarmKind.FAULT, 40),
        ),
    )


def _outage(town: Town) -> Story:
    """The power of a grid fails, and at a restaurant in it that has its own supply a hose comes off."""
    with_power = next(
        site
        for site in _sites(town, SiteKind.RESTAURANT)
        if any(room.site == site.id and room.supply_gas is SupplyGas.LPG for room in town.ledger.rooms)
    )
    grid = {site.id for site in town.ledger.sites if site.area == with_power.area} - {with_power.id}
    dark = tuple(one.id for one in town.ledger.detectors if one.site in grid)
    kitchen = next(room for room in town.ledger.rooms if room.site == with_power.id)
    incidents = (
        Incident(20, IncidentKind.MAINS_CUT, detectors=dark),
        Incident(30, IncidentKind.LEAK, room=kitchen.id, leak_m3_h=2 * HOSE_OFF_M3_H),
        Incident(240, IncidentKind.MAINS_BACK, detectors=dark),
    )
    return Story(
        "outage",
        incidents,
        (
            *(Expectation(one.id, AlarmKind.WRONG_GAS, 60) for one in _misfits(town)),
            *(Expectation(each, AlarmKind.OFFLINE, 60) for each in dark),
            *(Expectation(one.id, AlarmKind.LEAK, 200, Level.LOW) for one in town.detectors_in(kitchen.id)),
        ),
    )


STORIES: Final[Mapping[str, Callable[[Town], Story]]] = {"demo": _demo, "outage": _outage}
"""Every story by name."""


def _sites(town: Town, kind: SiteKind) -> tuple[Site, ...]:
    return tuple(site for site in town.ledger.sites if site.kind is kind)


def _of_site(town: Town, site: Site) -> tuple[Detector, ...]:
    return tuple(one for one in town.ledger.detectors if one.site == site.id)


def _misfits(town: Town) -> tuple[Detector, ...]:
    supply = {room.id: room.supply_gas for room in town.ledger.rooms}
    wrong = {Fit.MISMATCH, Fit.INSUFFICIENT}
    return tuple(one for one in town.ledger.detectors if fit(supply[one.room], one.target) in wrong)
