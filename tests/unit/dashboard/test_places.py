"""Places are found by what people type."""

from dashboard.rules.board import Names
from dashboard.rules.places import find, place_of
from gascore.registry import Area, Room
from gascore.windows import PlaceKind
from gascore.words import AreaId, RoomId, RoomKind, SiteId, SupplyGas
from support.history_town import a_site

AREA = Area(AreaId("a1"), "镇北", "North")
SITE = a_site("S1")
KITCHEN = Room(RoomId("R1"), SiteId("S1"), "后厨", "Kitchen", RoomKind.KITCHEN, SupplyGas.NATURAL_GAS)
NAMES = Names(sites={SITE.id: SITE}, rooms={KITCHEN.id: KITCHEN}, areas={AREA.id: AREA})


def found(text: str, most: int = 10) -> list[tuple[PlaceKind, str]]:
    return [(one.kind, one.id) for one in find(NAMES, text, most)]


def test_a_place_is_found_by_its_name_in_either_language_and_by_its_id() -> None:
    assert found("镇北") == found("nor") == found("A1") == [(PlaceKind.AREA, "a1")]


def test_a_room_is_found_by_its_sites_name_too_and_all_words_count() -> None:
    assert found("餐馆") == [(PlaceKind.SITE, "S1"), (PlaceKind.ROOM, "R1")]
    assert found("餐馆 后厨") == [(PlaceKind.ROOM, "R1")]
    assert found("后厨 镇北") == []


def test_larger_places_come_first_and_no_more_than_asked() -> None:
    assert found("", 2) == [(PlaceKind.AREA, "a1"), (PlaceKind.SITE, "S1")]


def test_a_room_is_called_by_its_site_too_and_what_left_the_ledger_is_no_place() -> None:
    room = place_of(NAMES, PlaceKind.ROOM, "R1")
    assert room is not None
    assert room.name == f"{SITE.name} 后厨"
    assert place_of(Names(rooms=NAMES.rooms), PlaceKind.ROOM, "R1") is None
    assert place_of(NAMES, PlaceKind.SITE, "S2") is None
    assert place_of(NAMES, PlaceKind.DETECTOR, "d1") is None
