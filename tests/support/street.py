"""A street of restaurants, each with its owner and one detector."""

from gascore.registry import Detector, Duty, Ledger, Person, Role, Room, Site, SiteKind
from gascore.words import AreaId, DetectorId, PersonId, RoomId, RoomKind, SiteId, SupplyGas, TargetGas


def phone_of(number: int) -> str:
    """The owner's."""
    return f"+861370001{number:04}"


def site_of(number: int) -> SiteId:
    """The restaurant."""
    return SiteId(f"street-{number}")


def a_street(
    houses: int, *, gas: tuple[SupplyGas, TargetGas] = (SupplyGas.NATURAL_GAS, TargetGas.METHANE)
) -> Ledger:
    """Their records; `gas` is in the kitchens and what detectors are for. The area "grid" is not among them."""
    supply, target = gas
    numbers = range(houses)
    return Ledger(
        areas=(),
        people=tuple(Person(PersonId(f"o-{n}"), "店主", "Owner", phone_of(n)) for n in numbers),
        sites=tuple(
            Site(
                id=site_of(n),
                name=f"街{n:03}",
                name_en=f"Street {n:03}",
                short_name=f"街{n:03}",
                short_name_en=f"Street {n:03}",
                kind=SiteKind.RESTAURANT,
                area=AreaId("grid"),
                address=f"{n} Main Street",
            )
            for n in numbers
        ),
        rooms=tuple(
            Room(RoomId(f"r-{n}"), site_of(n), "厨房", "K", RoomKind.KITCHEN, supply) for n in numbers
        ),
        detectors=tuple(
            Detector(
                no=1000 + n,
                id=DetectorId(f"street-{n}"),
                site=site_of(n),
                room=RoomId(f"r-{n}"),
                model="T1",
                target=frozenset({target}),
                commissioned_ms=1,
            )
            for n in numbers
        ),
        duties=tuple(Duty(PersonId(f"o-{n}"), Role.OWNER, site_of(n)) for n in numbers),
    )
