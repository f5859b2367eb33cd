"""Places by their names: what people type, and what they choose from."""

from collections.abc import Collection, Iterator

import msgspec

from dashboard.rules.board import Names
from gascore.registry import Room, Site
from gascore.windows import PlaceKind, Window
from gascore.words import AreaId, DetectorId, RoomId, SiteId


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


def rooms_of(names: Names, site: SiteId) -> tuple[Room, ...]:
    """The rooms of a site, by id; looks at every room of the ledger."""
    return tuple(sorted((one for one in names.rooms.values() if one.site == site), key=lambda one: one.id))


def lies_over(window: Window, site: Site, names: Names, detectors: Collection[DetectorId]) -> bool:
    """Whether a window lies over a site or over a part of it; `detectors` are those of the site."""
    match window.place:
        case PlaceKind.AREA:
            return window.at in _above(site.area, names)
        case PlaceKind.SITE:
            return window.at == site.id
        case PlaceKind.ROOM:
            room = names.rooms.get(RoomId(window.at))
            return room is not None and room.site == site.id
        case PlaceKind.DETECTOR:
            return window.at in detectors


def _above(area: AreaId, names: Names) -> list[str]:
    """An area and those that it lies in."""
    found: list[str] = []
    at: AreaId | None = area
    while at is not None and at not in found:
        found.append(at)
        known = names.areas.get(at)
        at = known.parent if known else None
    return found


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
