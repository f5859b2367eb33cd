"""Puts canaries into the ledger: for each area a site, a room, a detector and a test phone of their own.

The detector is not commissioned: it is never offline, and no figure of protection counts it.
"""

from collections.abc import Mapping
from typing import Final

from gascore.canary import KEEPER, PREFIX
from gascore.registry import Detector, Ledger, Person, Room, Site, SiteKind
from gascore.words import AreaId, DetectorId, PersonId, RoomId, RoomKind, SiteId, SupplyGas, TargetGas
from gaswatch.settings import SettingsError
from gaswatch.stores.ledger_check import MAX_NO, LedgerError
from gaswatch.stores.registry import SqlRegistry

NAME: Final = "演练,非真"
NAME_EN: Final = "TEST, no leak"


def seed(registry: SqlRegistry, phones: Mapping[str, str], now_ms: int) -> None:
    """Add what is missing; area -> its test phone.

    Raises:
        SettingsError: an area is not in the ledger, or a phone is none.
        StoreDownError: nothing was stored.
    """
    ids = {area: f"{PREFIX}{area}" for area in phones}
    known = {name: registry.detector(DetectorId(name)) for name in ids.values()}
    missing = [name for name, found in known.items() if found is None]
    numbers = dict(zip(missing, _free(registry, len(missing)), strict=True)) if missing else {}
    numbers |= {name: found.no for name, found in known.items() if found is not None}
    ledger = Ledger(
        people=tuple(Person(PersonId(ids[area]), NAME, NAME_EN, phone) for area, phone in phones.items()),
        sites=tuple(_site(name, AreaId(area)) for area, name in ids.items()),
        rooms=tuple(
            Room(RoomId(name), SiteId(name), NAME, NAME_EN, RoomKind.KITCHEN, SupplyGas.NATURAL_GAS)
            for name in ids.values()
        ),
        detectors=tuple(
            Detector(
                no=numbers[name],
                id=DetectorId(name),
                site=SiteId(name),
                room=RoomId(name),
                model="canary",
                target=frozenset({TargetGas.METHANE}),
            )
            for name in ids.values()
        ),
    )
    try:
        registry.put(ledger, by=KEEPER, at_ms=now_ms)
    except LedgerError as error:
        raise SettingsError(f"GASWATCH_CANARY: {error}") from error


def _free(registry: SqlRegistry, count: int) -> list[int]:
    """The highest numbers that no detector has: a town's own grow from 1."""
    taken = {one.no for one in registry.ledger().detectors}
    found: list[int] = []
    number = MAX_NO
    while len(found) < count:
        if number not in taken:
            found.append(number)
        number -= 1
    return found


def _site(name: str, area: AreaId) -> Site:
    return Site(
        id=SiteId(name),
        name=NAME,
        name_en=NAME_EN,
        short_name=NAME,
        short_name_en=NAME_EN,
        kind=SiteKind.OTHER,
        area=area,
        address=NAME,
    )
