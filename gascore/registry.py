"""The ledger (台账): areas, suppliers, sites, rooms, detectors and the people to tell.

Plain frozen records. `gaswatch.stores.registry` keeps them; the simulator makes a town of them.
"""

from enum import StrEnum

import msgspec

from gascore.policy import Policy
from gascore.roster import Roster
from gascore.thresholds import DEFAULTS, Profile, Thresholds
from gascore.words import (
    AreaId,
    DetectorId,
    Language,
    PersonId,
    RoomId,
    RoomKind,
    SiteId,
    SupplyGas,
    TargetGas,
)


class SiteKind(StrEnum):
    """What is done at a site."""

    RESTAURANT = "restaurant"
    CANTEEN = "canteen"
    BOTTLE_STATION = "bottle_station"
    HOME_KITCHEN = "home_kitchen"
    """A dwelling turned into a small restaurant."""
    OTHER = "other"


class Role(StrEnum):
    """Why a person is told. The first four belong to a site, the others to an area or to the service."""

    OWNER = "owner"
    SAFETY_OFFICER = "safety_officer"
    MAINTENANCE = "maintenance"
    SUPPLIER_DISPATCH = "supplier_dispatch"
    GRID_WORKER = "grid_worker"
    SHIFT_LEADER = "shift_leader"
    DUTY_OFFICER = "duty_officer"
    """The town's duty officer (镇值班领导)."""


class Area(msgspec.Struct, frozen=True):
    """A node of the tree city > town > grid."""

    id: AreaId
    name: str
    name_en: str
    parent: AreaId | None = None


class Supplier(msgspec.Struct, frozen=True):
    """Who delivers the gas: a mine, a gas company or a bottle station."""

    id: str
    name: str
    name_en: str
    gas: SupplyGas


class Person(msgspec.Struct, frozen=True):
    """Somebody who can be told; an external body, too.

    Attributes:
        phone: E.164 (`+86…`).
        email: an address; empty: none.
        im, webhook: the name of a team's room, or of another computer, in the settings; empty: none.
    """

    id: PersonId
    name: str
    name_en: str
    phone: str
    language: Language = Language.ZH
    email: str = ""
    im: str = ""
    webhook: str = ""


class Site(msgspec.Struct, frozen=True):
    """A place with gas. Short names go into texts: at most 8 Chinese or 14 Latin characters."""

    id: SiteId
    name: str
    name_en: str
    short_name: str
    short_name_en: str
    kind: SiteKind
    area: AreaId
    address: str
    supplier: str | None = None
    latitude: float | None = None
    """WGS-84 degrees."""
    longitude: float | None = None
    opens: str = "09:00"
    """Business hours in the town's time zone, "HH:MM"; closing before opening means past midnight."""
    closes: str = "22:00"


class Room(msgspec.Struct, frozen=True):
    """A room of a site; the gas it is supplied with decides which detectors fit."""

    id: RoomId
    site: SiteId
    name: str
    name_en: str
    kind: RoomKind
    supply_gas: SupplyGas
    volume_m3: float = 45.0


class Duty(msgspec.Struct, frozen=True):
    """A person has a role at a site; or, when `site` is None, for everything."""

    person: PersonId
    role: Role
    site: SiteId | None = None


class Detector(msgspec.Struct, frozen=True):
    """A registered detector.

    Attributes:
        no: small positive integer, unique, below 2**20; the key of the time series.
        target: declared target gases (nameplate); None is "to verify".
        every_s: seconds between reports, used until a message says otherwise.
        low_lel, high_lel: its own set points, %LEL, used besides its own alarm state; None: as the profiles
            of its model and area say (`gascore.thresholds`).
        commissioned_ms: since when it must report; None: not required yet.
        retired_ms: since when it is out of service.
        accepted_ms: acceptance date, from which its life counts (CJJ/T 146-2011 3.1.3).
        gateway: the concentrator or base station that its messages come through; detectors with the same one
            fail together.
    """

    no: int
    id: DetectorId
    site: SiteId
    room: RoomId
    model: str
    target: frozenset[TargetGas] | None
    every_s: float = 60.0
    low_lel: float | None = None
    high_lel: float | None = None
    commissioned_ms: int | None = None
    retired_ms: int | None = None
    accepted_ms: int | None = None
    gateway: str | None = None


class Placed(msgspec.Struct, frozen=True, gc=False):
    """A detector with what the rules need to know of its room: the collector's view of the ledger.

    `figures` is shared by all detectors that have the same ones.
    """

    no: int
    id: DetectorId
    site: SiteId
    room: RoomId
    area: AreaId
    room_kind: RoomKind
    supply_gas: SupplyGas
    target: frozenset[TargetGas] | None
    every_s: float
    commissioned_ms: int | None
    retired_ms: int | None
    figures: Thresholds = DEFAULTS


class Ledger(msgspec.Struct, frozen=True):
    """A whole registry, for import, export and the simulator's town."""

    areas: tuple[Area, ...] = ()
    suppliers: tuple[Supplier, ...] = ()
    people: tuple[Person, ...] = ()
    sites: tuple[Site, ...] = ()
    rooms: tuple[Room, ...] = ()
    detectors: tuple[Detector, ...] = ()
    duties: tuple[Duty, ...] = ()
    profiles: tuple[Profile, ...] = ()
    policies: tuple[Policy, ...] = ()
    rosters: tuple[Roster, ...] = ()
