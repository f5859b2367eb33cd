"""The ledger on each store: what is put comes out, every change is journaled, nonsense is refused whole."""

import msgspec
import pytest

from gascore.journal import Entry, LedgerChanged
from gascore.registry import Detector, Duty, Ledger, Placed, Role
from gascore.thresholds import Profile, Thresholds
from gascore.words import AreaId, DetectorId, PersonId, RoomId, SiteId
from gaswatch.stores.journal import SqlJournal
from gaswatch.stores.registry import LedgerError, SqlRegistry
from support.stores import TOWN, Store

pytestmark = pytest.mark.contract


@pytest.fixture
def registry(store: Store) -> SqlRegistry:
    return SqlRegistry(store.engine)


def changes(store: Store) -> list[LedgerChanged]:
    entries: list[Entry] = SqlJournal(store.engine).after(0, 1_000)
    return [one.event for one in entries if isinstance(one.event, LedgerChanged)]


def sorted_by_id(ledger: Ledger) -> Ledger:
    return msgspec.structs.replace(ledger, areas=tuple(sorted(ledger.areas, key=lambda one: one.id)))


def test_a_ledger_comes_out_as_it_was_put(registry: SqlRegistry) -> None:
    assert registry.is_empty()
    assert registry.put(TOWN, by="import", at_ms=5) == 11
    assert not registry.is_empty()
    assert registry.ledger() == sorted_by_id(TOWN)


def test_every_record_that_is_added_or_changed_has_its_entry(registry: SqlRegistry, store: Store) -> None:
    registry.put(TOWN, by="import", at_ms=5)
    added = changes(store)
    assert [(one.entity, one.key) for one in added] == [
        ("area", "town"),
        ("area", "grid-1"),
        ("supplier", "mine"),
        ("person", "li"),
        ("person", "wang"),
        ("site", "S1"),
        ("room", "S1-k"),
        ("detector", "GD-1"),
        ("detector", "GD-2"),
        ("duty", "li/owner/S1"),
        ("duty", "wang/duty_officer/*"),
    ]
    assert all(one.before is None and one.by == "import" for one in added)

    before = TOWN.detectors[1]
    after = msgspec.structs.replace(before, retired_ms=9)
    assert registry.put(Ledger(detectors=(TOWN.detectors[0], after)), by="admin", at_ms=6) == 1
    (changed,) = changes(store)[len(added) :]
    assert (changed.entity, changed.key, changed.by) == ("detector", "GD-2", "admin")
    assert msgspec.json.decode(changed.before or "", type=Detector) == before
    assert msgspec.json.decode(changed.after or "", type=Detector) == after
    assert registry.detector(DetectorId("GD-2")) == after


def test_nobody_but_the_auditor_puts_a_canary_into_the_ledger(registry: SqlRegistry) -> None:
    registry.put(TOWN, by="import", at_ms=5)
    detector = msgspec.structs.replace(TOWN.detectors[0], no=99, id=DetectorId("canary-grid-1"))
    with pytest.raises(LedgerError, match=r"canary-grid-1: ids beginning with .* are for test leaks"):
        registry.put(Ledger(detectors=(detector,)), by="import", at_ms=6)
    assert registry.put(Ledger(detectors=(detector,)), by="auditor", at_ms=7) == 1


def test_putting_the_same_again_changes_nothing(registry: SqlRegistry, store: Store) -> None:
    registry.put(TOWN, by="import", at_ms=5)
    journaled = len(changes(store))
    assert registry.put(TOWN, by="import", at_ms=6) == 0
    assert len(changes(store)) == journaled


def test_a_detector_is_placed_with_what_its_room_decides(registry: SqlRegistry) -> None:
    registry.put(TOWN, by="import", at_ms=5)
    one, site, room = TOWN.detectors[0], TOWN.sites[0], TOWN.rooms[0]
    placed = list(registry.placed())
    assert [at.no for at in placed] == [7, 9]
    assert placed[0] == Placed(
        no=7,
        id=one.id,
        site=site.id,
        room=room.id,
        area=site.area,
        room_kind=room.kind,
        supply_gas=room.supply_gas,
        target=one.target,
        every_s=30.0,
        commissioned_ms=1_700_000_000_000,
        retired_ms=None,
        figures=Thresholds(low_lel=20.0, high_lel=40.0),
    )
    assert placed[1].target is None


def test_profiles_reach_the_detectors_of_their_model_and_area(registry: SqlRegistry, store: Store) -> None:
    registry.put(TOWN, by="import", at_ms=5)
    unset = msgspec.structs.replace(TOWN.detectors[1], low_lel=None, high_lel=None, model="JT-1")
    profiles = (
        Profile("town", area=AreaId("town"), low_lel=10.0, trend_lel=3.0),
        Profile("jt-1", model="JT-1", clear_delay_s=60.0, low_lel=15.0),
    )
    assert registry.put(Ledger(detectors=(unset,), profiles=profiles), by="admin", at_ms=6) == 3
    own, other = (one.figures for one in registry.placed())
    assert own == Thresholds(low_lel=20.0, high_lel=40.0, trend_lel=3.0)
    assert other == Thresholds(low_lel=15.0, trend_lel=3.0, clear_delay_s=60.0)
    assert registry.ledger().profiles == tuple(sorted(profiles, key=lambda one: one.id))
    changed = [one for one in changes(store) if one.entity == "profile"]
    assert [one.key for one in changed] == ["town", "jt-1"]
    assert msgspec.json.decode(changed[1].after or "", type=Profile) == profiles[1]


def test_detectors_with_the_same_thresholds_share_them(registry: SqlRegistry) -> None:
    alike = tuple(
        msgspec.structs.replace(TOWN.detectors[0], no=no, id=DetectorId(f"GD-{no}"), low_lel=None)
        for no in range(10, 20)
    )
    registry.put(msgspec.structs.replace(TOWN, detectors=alike), by="import", at_ms=5)
    assert len({id(one.figures) for one in registry.placed()}) == 1


def test_single_records_are_found(registry: SqlRegistry) -> None:
    registry.put(TOWN, by="import", at_ms=5)
    assert registry.detector(DetectorId("GD-1")) == TOWN.detectors[0]
    assert registry.site(SiteId("S1")) == TOWN.sites[0]
    assert registry.room(RoomId("S1-k")) == TOWN.rooms[0]
    assert registry.person_by_phone("+8613800000002") == TOWN.people[1]
    assert registry.detector(DetectorId("GD-3")) is None
    assert registry.site(SiteId("S2")) is None
    assert registry.person_by_phone("+8613800000003") is None


def test_a_sites_own_people_come_before_those_for_everything(registry: SqlRegistry) -> None:
    li, wang = TOWN.people
    registry.put(TOWN, by="import", at_ms=5)
    registry.put(Ledger(duties=(Duty(PersonId("li"), Role.MAINTENANCE, SiteId("S1")),)), by="admin", at_ms=6)
    assert registry.people_on_duty(SiteId("S1")) == [
        (Role.OWNER, li),
        (Role.MAINTENANCE, li),
        (Role.DUTY_OFFICER, wang),
    ]
    assert registry.people_on_duty(SiteId("S2")) == [(Role.DUTY_OFFICER, wang)]
    assert registry.people_on_duty(None) == [(Role.DUTY_OFFICER, wang)]


def test_of_a_ledger_with_one_mistake_nothing_is_stored(registry: SqlRegistry, store: Store) -> None:
    wrong = msgspec.structs.replace(TOWN.detectors[0], room=RoomId("S1-x"))
    with pytest.raises(LedgerError, match="detector 'GD-1': there is no room 'S1-x': add it or correct"):
        registry.put(msgspec.structs.replace(TOWN, detectors=(wrong,)), by="import", at_ms=5)
    assert registry.is_empty()
    assert changes(store) == []


def test_a_number_that_is_taken_in_the_store_is_refused(registry: SqlRegistry) -> None:
    registry.put(TOWN, by="import", at_ms=5)
    taken = msgspec.structs.replace(TOWN.detectors[1], id=DetectorId("GD-3"))
    with pytest.raises(LedgerError, match="no 9 belongs to detector 'GD-2': take a free number"):
        registry.put(Ledger(detectors=(taken,)), by="admin", at_ms=6)
    moved = msgspec.structs.replace(TOWN.detectors[1], no=10)
    with pytest.raises(LedgerError, match="'GD-2' has no 9 and can't get 10"):
        registry.put(Ledger(detectors=(moved,)), by="admin", at_ms=6)


def test_a_town_of_thousands_goes_in_and_out(registry: SqlRegistry) -> None:
    many = tuple(
        msgspec.structs.replace(TOWN.detectors[0], no=no, id=DetectorId(f"GD-{no}"))
        for no in range(1, 25_001)
    )
    registry.put(msgspec.structs.replace(TOWN, detectors=many), by="import", at_ms=5)
    assert registry.put(Ledger(detectors=many), by="import", at_ms=6) == 0
    assert registry.ledger().detectors == many
    assert len(list(registry.placed())) == len(many)


def test_only_the_detectors_that_a_change_can_concern_are_read(registry: SqlRegistry) -> None:
    registry.put(TOWN, by="import", at_ms=5)
    site = msgspec.structs.replace(TOWN.sites[0], id=SiteId("S2"))
    rooms = [msgspec.structs.replace(TOWN.rooms[0], id=RoomId(f"S2-{one}"), site=site.id) for one in "ab"]
    others = [
        msgspec.structs.replace(
            TOWN.detectors[0], no=no, id=DetectorId(f"GD-{no}"), site=site.id, room=rooms[no % 2].id
        )
        for no in (20, 21)
    ]
    registry.put(Ledger(sites=(site,), rooms=tuple(rooms), detectors=tuple(others)), by="import", at_ms=6)
    whole = {one.id: one for one in registry.placed()}
    assert list(whole) == ["GD-1", "GD-2", "GD-20", "GD-21"]
    for changed, concerned in (
        ({"detector": {"GD-2", "GD-404"}}, ["GD-2"]),
        ({"room": {"S2-a"}}, ["GD-20"]),
        ({"site": {"S2"}}, ["GD-20", "GD-21"]),
        ({"site": {"S2"}, "detector": {"GD-1"}}, ["GD-1", "GD-20", "GD-21"]),
        ({"site": {"S404"}, "room": set()}, []),
        ({"area": {"town"}}, list(whole)),
        ({}, []),
    ):
        assert list(registry.placed(changed)) == [whole[DetectorId(one)] for one in concerned]
