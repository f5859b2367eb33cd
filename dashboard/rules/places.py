"""Places by their names: what people type, and what they choose from."""

from collections.abc import Iterator

import msgspec

from dashboard.rules.board import Names
from gascore.registry import Room
from gascore.windows import PlaceKind
from gascore.words import AreaId, RoomId, SiteId


class Place(msgspec.Struct, frozen=True):
    """An area, a site, a room or a detector; a room's name begins with its site's."""

    kind: PlaceKind
    id: str
    name: str
    name_en: str


def place_of(names: Names, kind: PlaceKind, key: str) -> Place | None:
    """The place with this id; None: not in the ledger. Of detectors the ledger's names know nothing: never one."""
    match kind:
        case PlaceKind.AREA:
            area = names.areas.get(AreaId(key))
            return Place(kind, key, area.name, area.name_en) if area else None
        case PlaceKind.SITE:
            site = names.sites.get(SiteId(key))
            return Place(kind, key, site.name, site.name_en) if site else None
        case PlaceKind.ROOM:
            room = names.rooms.get(RoomId(key))
            return _room(names, room) if room else None
        case PlaceKind.DETECTOR:
            return None


def find(names: Names, text: str, most: int) -> tuple[Place, ...]:
    """Up to `most` areas, sites and rooms whose names or ids hold all words of `text`, in this order, by name."""
    wanted = text.casefold().split()
    found: list[Place] = []
    for places in (_areas(names), _sites(names), _rooms(names)):
        fitting = [one for one in places if _fits(one, wanted)]
        found += sorted(fitting, key=lambda one: (len(one.name), one.name, one.id))
        if len(found) >= most:
            break
    return tuple(found[:most])


def _fits(one: Place, words: list[str]) -> bool:
    said = f"{one.name} {one.name_en} {one.id}".casefold()
    return all(word in said for word in words)


def _areas(names: Names) -> Iterator[Place]:
    for one in names.areas.values():
        yield Place(PlaceKind.AREA, one.id, one.name, one.name_en)


def _sites(names: Names) -> Iterator[Place]:
    for one in names.sites.values():
        yield Place(PlaceKind.SITE, one.id, one.name, one.name_en)


def _rooms(names: Names) -> Iterator[Place]:
    for one in names.rooms.values():
        if (place := _room(names, one)) is not None:
            yield place


def _room(names: Names, room: Room) -> Place | None:
    site = names.sites.get(room.site)
    if site is None:
        return None
    return Place(PlaceKind.ROOM, room.id, f"{site.name} {room.name}", f"{site.name_en} {room.name_en}")
