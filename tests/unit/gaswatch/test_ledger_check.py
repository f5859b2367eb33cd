"""Every mistake in a ledger is named with its record and what to do."""

from typing import Any

import msgspec
import pytest

from gascore.registry import Area, Duty, Ledger, Role
from gascore.words import AreaId, DetectorId, PersonId, RoomId, SiteId
from gaswatch.stores.ledger_check import Known, LedgerError, check
from support.stores import TOWN

NOTHING = Known({}, {}, {}, {}, {}, {}, {}, {})


def with_changed(kind: str, **changes: Any) -> Ledger:  # noqa: ANN401 -- any field of any record
    first, *others = getattr(TOWN, kind)
    return msgspec.structs.replace(TOWN, **{kind: (msgspec.structs.replace(first, **changes), *others)})


def problems(ledger: Ledger, known: Known = NOTHING) -> list[str]:
    with pytest.raises(LedgerError) as error:
        check(ledger, known)
    return error.value.problems


def test_a_good_ledger_passes() -> None:
    check(TOWN, NOTHING)


@pytest.mark.parametrize(
    ("ledger", "says"),
    [
        (with_changed("areas", parent=AreaId("moon")), "there is no area 'moon' to be below"),
        (with_changed("sites", area=AreaId("moon")), "site 'S1': there is no area 'moon'"),
        (with_changed("sites", supplier="nobody"), "site 'S1': there is no supplier 'nobody'"),
        (with_changed("sites", opens="9"), "site 'S1': `opens` is '9': write it like 09:00"),
        (with_changed("sites", closes="25:00"), "site 'S1': `closes` is '25:00'"),
        (with_changed("rooms", site=SiteId("S9")), "room 'S1-k': there is no site 'S9'"),
        (with_changed("rooms", volume_m3=0.0), "room 'S1-k': `volume_m3` is 0.0"),
        (with_changed("people", phone="13800000001"), "person 'li': '13800000001' is not an international"),
        (with_changed("duties", person=PersonId("zhao")), "duty 'zhao' as owner: there is no person 'zhao'"),
        (with_changed("duties", site=SiteId("S9")), "duty 'li' as owner: there is no site 'S9'"),
        (with_changed("detectors", id=DetectorId("a.b")), "detector 'a.b': an id has 1 to 64 of"),
        (with_changed("detectors", id=DetectorId("gaswatch-collector")), "take another id"),
        (with_changed("detectors", room=RoomId("S9-k")), "detector 'GD-1': there is no room 'S9-k'"),
        (
            with_changed("detectors", site=SiteId("S9")),
            "detector 'GD-1': room 'S1-k' is at site 'S1', not 'S9'",
        ),
        (with_changed("detectors", no=0), "detector 'GD-1': no 0 is out of range"),
        (with_changed("detectors", no=2**20), "detector 'GD-1': no 1048576 is out of range"),
        (with_changed("detectors", no=9), "detectors GD-1, GD-2 have the same no 9"),
        (with_changed("detectors", id=DetectorId("GD-2")), "detector 'GD-2' is in the ledger twice"),
        (with_changed("detectors", gateway=""), "detector 'GD-1': `gateway` has 0 characters"),
        (with_changed("detectors", gateway="g" * 65), "`gateway` has 65 characters"),
        (with_changed("detectors", every_s=0.5), "detector 'GD-1': `every_s` is 0.5"),
        (with_changed("detectors", low_lel=45.0), "detector 'GD-1': set points 45.0 and 40.0 %LEL"),
    ],
)
def test_a_mistake_is_named(ledger: Ledger, says: str) -> None:
    assert any(one.startswith(says) or says in one for one in problems(ledger))


def test_areas_can_not_be_below_themselves() -> None:
    circle = (Area(AreaId("a"), "a", "a", AreaId("b")), Area(AreaId("b"), "b", "b", AreaId("a")))
    assert problems(Ledger(areas=circle)) == [
        "area 'a' is below itself: correct `parent`",
        "area 'b' is below itself: correct `parent`",
    ]


def test_a_part_may_refer_to_what_is_known() -> None:
    known = Known(
        areas={one.id: one for one in TOWN.areas},
        suppliers={one.id: one for one in TOWN.suppliers},
        people={one.id: one for one in TOWN.people},
        sites={one.id: one for one in TOWN.sites},
        rooms={one.id: one for one in TOWN.rooms},
        detectors={},
        owners={},
        profiles={},
    )
    check(Ledger(detectors=TOWN.detectors), known)
    check(Ledger(duties=(Duty(PersonId("li"), Role.MAINTENANCE, SiteId("S1")),)), known)
    elsewhere = msgspec.structs.replace(TOWN.sites[0], id=SiteId("S2"))
    moved = msgspec.structs.replace(TOWN.rooms[0], site=SiteId("S2"))
    assert problems(Ledger(sites=(elsewhere,), rooms=(moved,)), known) == [
        "room 'S1-k' belongs to site 'S1' and can't move to 'S2': add another room"
    ]


def test_the_message_is_one_line_that_counts_the_others() -> None:
    wrong = with_changed("detectors", no=0, id=DetectorId("a b"))
    with pytest.raises(LedgerError, match=r"^detector 'a b': an id has .* \(and 1 more\)$"):
        check(wrong, NOTHING)
