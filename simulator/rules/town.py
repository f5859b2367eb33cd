"""The simulated town: 60 sites with 150 detectors, as a ledger and as physics.

The same seed makes the same town. Nothing in it exists: the phone numbers are +86 100 0000 xxxx, which no
carrier assigns (a test asks `phonenumbers`), and the names are invented.
"""

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

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
from gascore.words import AreaId, DetectorId, PersonId, RoomId, RoomKind, SiteId, SupplyGas, TargetGas
from simulator.rules import names
from simulator.rules.names import Spoken
from simulator.rules.plume import Draught, RoomPhysics, Zone

SITES: Final = 60
DETECTORS: Final = 150
COMMISSIONED_MS: Final = 1_767_225_600_000
"""2026-01-01T00:00Z: the day on which the town's detectors were accepted; stable between starts."""

_PHONE: Final = "+86100{:08d}"
_FIT: Final = {
    SupplyGas.LPG: TargetGas.LPG,
    SupplyGas.MINE_GAS: TargetGas.METHANE,
    SupplyGas.NATURAL_GAS: TargetGas.METHANE,
}
_LPG, _MINE, _PIPED = SupplyGas.LPG, SupplyGas.MINE_GAS, SupplyGas.NATURAL_GAS


@dataclass(frozen=True, slots=True)
class Town:
    """A ledger, and what the ledger does not say: how gas spreads and where each detector really hangs."""

    seed: int
    ledger: Ledger
    physics: Mapping[RoomId, RoomPhysics]
    mounted: Mapping[DetectorId, Zone]

    def detectors_in(self, room: RoomId) -> tuple[Detector, ...]:
        """The detectors of a room, in the ledger's order."""
        return tuple(one for one in self.ledger.detectors if one.room == room)


@dataclass(frozen=True, slots=True)
class _Plan:
    """One room to be built, and how many detectors hang in it."""

    name: Spoken
    kind: RoomKind
    detectors: int
    gas: SupplyGas


_KITCHEN: Final = Spoken("厨房", "Kitchen")
_HALL: Final = Spoken("大厅", "Dining area")
_CYLINDERS: Final = Spoken("气瓶间", "Cylinder room")
_BOILER: Final = Spoken("锅炉房", "Boiler room")
_CYCLE: Final = {
    SiteKind.RESTAURANT: (_LPG, _PIPED, _LPG, _MINE, _LPG, _PIPED),
    SiteKind.CANTEEN: (_PIPED, _PIPED, _PIPED, _LPG, _MINE, _MINE, _LPG, _PIPED),
    SiteKind.HOME_KITCHEN: (_LPG, _LPG, _MINE, _LPG, _PIPED),
}
"""The gas of the n-th site of a kind."""


def build_town(seed: int, *, commissioned_ms: int = COMMISSIONED_MS, every_s: float = 10.0) -> Town:
    """Build the town of one seed; every detector must report since `commissioned_ms`, each `every_s` s."""
    return _Builder(random.Random(seed), commissioned_ms, every_s).build(seed)  # noqa: S311 -- a play, no secret


def people_of(ledger: Ledger) -> dict[str, str]:
    """Phone -> name, role and (for the people of one site) site, for the phones' page."""
    sites = {site.id: site.short_name for site in ledger.sites}
    duties = {duty.person: duty for duty in reversed(ledger.duties)}
    several = {duty.person for duty in ledger.duties if duties[duty.person].site != duty.site}
    shown: dict[str, str] = {}
    for person in ledger.people:
        duty = duties.get(person.id)
        words = [person.name]
        if duty is not None:
            words.append(names.ROLES[duty.role.value].zh)
            if duty.site is not None and person.id not in several:
                words.append(sites[duty.site])
        shown[person.phone] = " · ".join(words)
    return shown


class _Builder:
    """Collects the records while it goes through the sites."""

    def __init__(self, chance: random.Random, commissioned_ms: int, every_s: float) -> None:
        self._chance = chance
        self._commissioned_ms = commissioned_ms
        self._every_s = every_s
        self._areas: list[Area] = []
        self._people: list[Person] = []
        self._sites: list[Site] = []
        self._rooms: list[Room] = []
        self._detectors: list[Detector] = []
        self._duties: list[Duty] = []
        self._physics: dict[RoomId, RoomPhysics] = {}
        self._mounted: dict[DetectorId, Zone] = {}

    def build(self, seed: int) -> Town:
        self._add_areas()
        for number, (kind, full, short) in enumerate(_sites(), start=1):
            self._add_site(number, kind, full, short)
        self._misfit()
        self._add_service_people()
        suppliers = tuple(
            Supplier(id=f"SUP-{gas}", name=name.zh, name_en=name.en, gas=SupplyGas(gas))
            for gas, name in names.SUPPLIERS.items()
        )
        ledger = Ledger(
            areas=tuple(self._areas),
            suppliers=suppliers,
            people=tuple(self._people),
            sites=tuple(self._sites),
            rooms=tuple(self._rooms),
            detectors=tuple(self._detectors),
            duties=tuple(self._duties),
        )
        return Town(seed, ledger, self._physics, self._mounted)

    def _add_areas(self) -> None:
        self._areas.append(Area(AreaId("CITY"), names.CITY.zh, names.CITY.en))
        for number, (town, grids) in enumerate(zip(names.TOWNS, names.GRIDS, strict=True), start=1):
            top = AreaId(f"TOWN-{number}")
            self._areas.append(Area(top, town.zh, town.en, AreaId("CITY")))
            for grid_number, grid in enumerate(grids, start=1):
                grid_id = AreaId(f"GRID-{number}{grid_number}")
                self._areas.append(Area(grid_id, grid.zh, grid.en, top))

    def _add_site(self, number: int, kind: SiteKind, full: Spoken, short: Spoken) -> None:
        site = SiteId(f"S{number:03d}")
        grids = [area for area in self._areas if area.id.startswith("GRID")]
        place = 0 if kind is SiteKind.BOTTLE_STATION else (number - 1) % len(grids)
        nth = sum(1 for one in self._sites if one.kind is kind)
        gas = _LPG if kind is SiteKind.BOTTLE_STATION else _nth_gas(kind, nth)
        street = self._chance.choice(names.STREETS[place])
        opens, closes = _hours(kind)
        self._sites.append(
            Site(
                id=site,
                name=full.zh,
                name_en=full.en,
                short_name=short.zh,
                short_name_en=short.en,
                kind=kind,
                area=grids[place].id,
                address=f"{street.zh}{self._chance.randint(1, 198)}号",
                supplier=f"SUP-{gas.value}",
                latitude=round(27.0 + 0.012 * (place % 3) + self._chance.uniform(0, 0.011), 6),
                longitude=round(105.0 + 0.02 * (place // 3) + self._chance.uniform(0, 0.018), 6),
                opens=opens,
                closes=closes,
            )
        )
        for position, plan in enumerate(_rooms(kind, nth, gas), start=1):
            self._add_room(site, position, plan)
        self._person(Role.OWNER, site)
        self._person(Role.SAFETY_OFFICER, site)

    def _add_room(self, site: SiteId, position: int, plan: _Plan) -> None:
        room = RoomId(f"{site}-R{position}")
        physics = self._room_physics(plan)
        self._physics[room] = physics
        name, volume = plan.name, physics.volume_m3
        self._rooms.append(Room(room, site, name.zh, name.en, plan.kind, plan.gas, volume))
        for _ in range(plan.detectors):
            no = len(self._detectors) + 1
            detector = DetectorId(f"GD-{no:04d}")
            target = _FIT[plan.gas]
            self._mounted[detector] = Zone.LOWER if target is TargetGas.LPG else Zone.UPPER
            self._detectors.append(
                Detector(
                    no=no,
                    id=detector,
                    site=site,
                    room=room,
                    model="JY-GD21" if target is TargetGas.LPG else "JT-GD21",
                    target=frozenset({target}),
                    every_s=self._every_s,
                    commissioned_ms=self._commissioned_ms,
                    accepted_ms=self._commissioned_ms,
                )
            )

    def _room_physics(self, plan: _Plan) -> RoomPhysics:
        """Within the ranges of domain 8.3; cylinder rooms are small and have a strong fan of their own."""
        methane = round(self._chance.uniform(0.45, 0.9), 2) if plan.gas is _MINE else 1.0
        if plan.kind is RoomKind.CYLINDER_ROOM:
            ach = {Draught.IDLE: 1.0, Draught.NORMAL: 3.0, Draught.FAN: 24.0}
            return RoomPhysics(plan.gas, 12.0, 0.2, 2.0, ach)
        volume = round(self._chance.uniform(30, 60), 1)
        ach = {Draught.IDLE: 0.5, Draught.NORMAL: 6.0, Draught.FAN: 12.0}
        return RoomPhysics(plan.gas, volume, 0.3, 6.0, ach, methane)

    def _misfit(self) -> None:
        """Hang one LPG detector, low on the wall, into a kitchen on mine gas (design: wrong_gas)."""
        mine = {one.id for one in self._rooms if one.supply_gas is _MINE and one.kind is RoomKind.KITCHEN}
        restaurants = {one.id for one in self._sites if one.kind is SiteKind.RESTAURANT}
        index, old = next(
            (index, one)
            for index, one in enumerate(self._detectors)
            if one.room in mine and one.site in restaurants
        )
        self._detectors[index] = Detector(
            no=old.no,
            id=old.id,
            site=old.site,
            room=old.room,
            model="JY-GD21",
            target=frozenset({TargetGas.LPG}),
            every_s=old.every_s,
            commissioned_ms=old.commissioned_ms,
            accepted_ms=old.accepted_ms,
        )
        self._mounted[old.id] = Zone.LOWER

    def _add_service_people(self) -> None:
        """Who is told for everything, and the grid worker, the repairer and the dispatcher of each site."""
        self._person(Role.SHIFT_LEADER, None)
        self._person(Role.DUTY_OFFICER, None)
        repairers = [self._person(Role.MAINTENANCE) for _ in range(2)]
        dispatchers = {gas: self._person(Role.SUPPLIER_DISPATCH) for gas in names.SUPPLIERS}
        workers = {area.id: self._person(Role.GRID_WORKER) for area in self._areas if area.id[:4] == "GRID"}
        for number, site in enumerate(self._sites):
            told = (
                (repairers[number % len(repairers)], Role.MAINTENANCE),
                (dispatchers[(site.supplier or "").removeprefix("SUP-")], Role.SUPPLIER_DISPATCH),
                (workers[site.area], Role.GRID_WORKER),
            )
            self._duties += [Duty(person, role, site.id) for person, role in told]

    def _person(self, role: Role, *sites: SiteId | None) -> PersonId:
        number = len(self._people) + 1
        surname, given = self._chance.choice(names.SURNAMES), self._chance.choice(names.GIVEN)
        person = PersonId(f"P{number:04d}")
        name, name_en = surname.zh + given.zh, f"{given.en} {surname.en}"
        self._people.append(Person(person, name, name_en, _PHONE.format(number)))
        self._duties += [Duty(person, role, site) for site in sites]
        return person


def _sites() -> Iterator[tuple[SiteKind, Spoken, Spoken]]:
    yield SiteKind.BOTTLE_STATION, *names.STATION
    for full, short in names.CANTEENS:
        yield SiteKind.CANTEEN, full, short
    for full, short in names.RESTAURANTS:
        yield SiteKind.RESTAURANT, full, short
    for number, surname in enumerate(names.SURNAMES):
        dish = names.HOME_DISH[number % len(names.HOME_DISH)]
        short = Spoken(f"{surname.zh}家{dish.zh}", f"{surname.en} {dish.en}")
        yield SiteKind.HOME_KITCHEN, Spoken(f"{short.zh}（自住改营）", f"{short.en} (home kitchen)"), short


def _rooms(kind: SiteKind, nth: int, gas: SupplyGas) -> Iterator[_Plan]:
    """8 + 8·4 + 18·3 + 18·2 + 5·2 + 10·1 = 150 detectors."""
    if kind is SiteKind.BOTTLE_STATION:
        for number in range(1, 5):
            name = Spoken(f"{number}号气瓶间", f"Cylinder room {number}")
            yield _Plan(name, RoomKind.CYLINDER_ROOM, 2, gas)
        return
    if kind is SiteKind.CANTEEN:
        yield _Plan(_KITCHEN, RoomKind.KITCHEN, 3, gas)
        yield _Plan(_BOILER, RoomKind.BOILER_ROOM, 1, gas)
        return
    if kind is SiteKind.RESTAURANT:
        yield _Plan(_KITCHEN, RoomKind.KITCHEN, 2, gas)
        if nth % 2 == 0:
            lpg = gas is _LPG
            third = RoomKind.CYLINDER_ROOM if lpg else RoomKind.DINING_AREA
            yield _Plan(_CYLINDERS if lpg else _HALL, third, 1, gas)
        return
    yield _Plan(_KITCHEN, RoomKind.KITCHEN, 2 if nth % 3 == 0 else 1, gas)


def _nth_gas(kind: SiteKind, nth: int) -> SupplyGas:
    cycle = _CYCLE[kind]
    return cycle[nth % len(cycle)]


def _hours(kind: SiteKind) -> tuple[str, str]:
    if kind is SiteKind.CANTEEN:
        return "05:30", "19:00"
    if kind is SiteKind.BOTTLE_STATION:
        return "08:00", "20:00"
    return ("06:00", "21:00") if kind is SiteKind.HOME_KITCHEN else ("09:00", "22:00")
