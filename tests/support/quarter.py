"""A quarter with many small restaurants, for stories in which many detectors fail together."""

from pathlib import Path
from typing import Final

import msgspec

from gascore.alarm import Alarm, AlarmKind
from gascore.journal import AlarmStepped, ConditionCleared, ConditionRaised, Event, Reason, Sample
from gascore.registry import (
    Area,
    Detector,
    Duty,
    Ledger,
    Person,
    Role,
    Room,
    Site,
    SiteKind,
    Supplier,
)
from gascore.words import (
    AreaId,
    Condition,
    DetectorId,
    Level,
    PersonId,
    RoomId,
    RoomKind,
    SiteId,
    SupplyGas,
    TargetGas,
)
from support.alarm_town import AlarmTown

GRIDS: Final = ("east", "west")
PER_GRID: Final = 40
"""Restaurants with one detector each."""


class Quarter(AlarmTown):
    """Two grids of 40 restaurants. In the east the first 30 hang behind gateway "gw-1"; two suppliers by turns."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.registry.put(quarter(), by="test", at_ms=self.start_ms)
        self.settle()

    def go(
        self,
        *detectors: str,
        reason: Reason = Reason.LAST_WILL,
        ago_s: float = 0,
        site: SiteId | None = None,
    ) -> None:
        """These go offline, now; `site`: all at this one, instead of each at its own."""
        now_ms = self.clock.now_ms()
        since_ms = now_ms - round(ago_s * 1000)
        gone = [_offline(one, since_ms, reason) for one in detectors]
        self.say(*(msgspec.structs.replace(one, site=site or one.site) for one in gone))

    def come_back(self, *detectors: str) -> None:
        """These are heard again, now."""
        now_ms = self.clock.now_ms()
        self.say(*(_online(one, now_ms) for one in detectors))

    def leaks(self, detector: str, lel: float = 60.0) -> None:
        """One of them sees gas, now."""
        now_ms = self.clock.now_ms()
        self.say(
            ConditionRaised(
                detector=DetectorId(detector),
                site=SiteId(f"site-{detector}"),
                condition=Condition.LEAK,
                since_ms=now_ms,
                reason=Reason.REPORTED_STATE,
                level=Level.HIGH if lel >= 50 else Level.LOW,
                sample=Sample(received_ms=now_ms, lel=lel),
            )
        )

    def newest(self) -> dict[str, Alarm]:
        """Every alarm as the journal last said, by key; of one key the newest alarm."""
        found: dict[str, Alarm] = {}
        for event in self.events(AlarmStepped):
            found[event.alarm.key] = event.alarm
        return found

    def open_of(self, kind: AlarmKind) -> list[Alarm]:
        """Open alarms of a kind."""
        return [one for one in self.newest().values() if one.kind is kind and one.closed_ms is None]

    def owner_heard(self, detector: str) -> list[tuple[int, str]]:
        """What the phone of a restaurant's owner got: (seconds since the start, text)."""
        return self.phones.inbox.get(phone_of(detector), [])

    def owners_told(self) -> set[str]:
        """The restaurants whose owner heard anything."""
        return {one for grid in GRIDS for one in names(grid) if self.owner_heard(one)}

    def worker_heard(self, grid: str) -> list[tuple[int, str]]:
        """What the phone of a grid's worker got."""
        return self.phones.inbox.get(WORKERS[grid], [])


WORKERS: Final = {grid: f"+86139000099{number:02}" for number, grid in enumerate(GRIDS)}


def names(grid: str, first: int = 0, last: int = PER_GRID) -> list[str]:
    """The detectors of a grid."""
    return [f"{grid}-{number:02}" for number in range(first, last)]


def phone_of(detector: str) -> str:
    """The phone of the owner."""
    grid, number = detector.split("-")
    return f"+8613700{GRIDS.index(grid):02}{int(number):04}"


def quarter() -> Ledger:
    """The ledger."""
    quarter_id = AreaId("quarter")
    sites: list[Site] = []
    rooms: list[Room] = []
    detectors: list[Detector] = []
    people = [
        Person(PersonId(f"worker-{grid}"), "网格员", f"Worker {grid}", phone)
        for grid, phone in WORKERS.items()
    ]
    duties: list[Duty] = []
    for grid in GRIDS:
        for number, name in enumerate(names(grid)):
            site, room = SiteId(f"site-{name}"), RoomId(f"room-{name}")
            supplier = f"supplier-{number % 2}"
            sites.append(_site(site, name, AreaId(grid), supplier))
            rooms.append(Room(room, site, "厨房", "Kitchen", RoomKind.KITCHEN, SupplyGas.NATURAL_GAS))
            gateway = "gw-1" if grid == "east" and number < 30 else None
            detectors.append(_detector(100 + len(detectors), name, site, room, gateway))
            owner = PersonId(f"owner-{name}")
            people.append(Person(owner, "店主", "Owner", phone_of(name)))
            duties.append(Duty(owner, Role.OWNER, site))
            duties.append(Duty(PersonId(f"worker-{grid}"), Role.GRID_WORKER, site))
    return Ledger(
        areas=(
            Area(quarter_id, "老城", "Old Town"),
            *(Area(AreaId(g), f"{g}格", g, quarter_id) for g in GRIDS),
        ),
        suppliers=tuple(
            Supplier(f"supplier-{n}", f"气源{n}", f"Gas {n}", SupplyGas.NATURAL_GAS) for n in range(2)
        ),
        people=tuple(people),
        sites=tuple(sites),
        rooms=tuple(rooms),
        detectors=tuple(detectors),
        duties=tuple(duties),
    )


def _site(site: SiteId, name: str, area: AreaId, supplier: str) -> Site:
    return Site(
        id=site,
        name=name,
        name_en=name,
        short_name=name,
        short_name_en=name,
        kind=SiteKind.RESTAURANT,
        area=area,
        address="1 Main Street",
        supplier=supplier,
    )


def _detector(no: int, name: str, site: SiteId, room: RoomId, gateway: str | None) -> Detector:
    return Detector(
        no=no,
        id=DetectorId(name),
        site=site,
        room=room,
        model="T1",
        target=frozenset({TargetGas.METHANE}),
        commissioned_ms=1,
        gateway=gateway,
    )


def _offline(name: str, since_ms: int, reason: Reason) -> ConditionRaised:
    return ConditionRaised(
        detector=DetectorId(name),
        site=SiteId(f"site-{name}"),
        condition=Condition.OFFLINE,
        since_ms=since_ms,
        reason=reason,
    )


def _online(name: str, now_ms: int) -> Event:
    return ConditionCleared(
        detector=DetectorId(name),
        site=SiteId(f"site-{name}"),
        condition=Condition.OFFLINE,
        since_ms=now_ms,
        ended_ms=now_ms,
        reason=Reason.MESSAGE,
    )
