"""What detectors have in common, on both relational stores."""

from typing import Final

import msgspec
import pytest

from alerts.rules.casefile import CaseFile
from alerts.rules.outage import Group
from gascore.alarm import Alarm, AlarmKind, GroupKind
from gascore.registry import Role
from gascore.words import AlarmId, DetectorId, Priority, RoomKind
from gaswatch.stores.board import SqlBoard
from gaswatch.stores.desk import SqlBooks
from gaswatch.stores.groups import SqlGroups
from gaswatch.stores.registry import SqlRegistry
from support.quarter import WORKERS, quarter
from support.stores import Store

pytestmark = pytest.mark.contract
T: Final = 1_790_000_000_000
QUARTER, EAST = Group(GroupKind.AREA, "quarter"), Group(GroupKind.AREA, "east")
GATEWAY, SUPPLIER = Group(GroupKind.GATEWAY, "gw-1"), Group(GroupKind.SUPPLIER, "supplier-1")


@pytest.fixture
def groups(store: Store) -> SqlGroups:
    SqlRegistry(store.engine).put(quarter(), by="test", at_ms=T)
    return SqlGroups(store.engine)


def test_a_detectors_groups_are_named_from_narrow_to_wide(groups: SqlGroups) -> None:
    found = groups.members([DetectorId("east-01"), DetectorId("west-39"), DetectorId("nobody")])
    assert set(found) == {"east-01", "west-39"}
    first = found[DetectorId("east-01")]
    assert first.groups == (GATEWAY, EAST, QUARTER, SUPPLIER)
    assert (first.site, first.room_kind, first.every_s) == ("site-east-01", RoomKind.KITCHEN, 60.0)
    assert GATEWAY not in found[DetectorId("west-39")].groups


def test_only_detectors_in_service_are_counted(groups: SqlGroups, store: Store) -> None:
    sizes = groups.sizes(T)
    assert (sizes[QUARTER], sizes[EAST], sizes[GATEWAY], sizes[SUPPLIER]) == (80, 40, 30, 40)
    ledger = quarter()
    one, other = ledger.detectors[:2]
    gone = (
        msgspec.structs.replace(one, retired_ms=T - 1),
        msgspec.structs.replace(other, commissioned_ms=T + 1),
    )
    SqlRegistry(store.engine).put(msgspec.structs.replace(ledger, detectors=gone), by="test", at_ms=T)
    assert groups.sizes(T)[GATEWAY] == 28


def test_a_group_has_the_name_of_the_ledger_and_a_gateway_has_none(groups: SqlGroups) -> None:
    assert groups.names(QUARTER) == ("老城", "Old Town")
    assert groups.names(SUPPLIER) == ("气源1", "Gas 1")
    assert groups.names(GATEWAY) is None


@pytest.mark.parametrize(
    ("group", "grids"),
    [(EAST, {"east"}), (GATEWAY, {"east"}), (QUARTER, {"east", "west"}), (SUPPLIER, {"east", "west"})],
)
def test_whoever_has_a_duty_in_a_group_is_named_once(
    groups: SqlGroups, group: Group, grids: set[str]
) -> None:
    found = groups.people_of(group, [Role.GRID_WORKER])
    assert {role for role, _ in found} == {Role.GRID_WORKER}
    assert sorted(person.phone for _, person in found) == sorted(WORKERS[grid] for grid in grids)
    assert groups.people_of(group, []) == []


def test_the_alarms_inside_another_are_listed_and_its_own_times_counted(store: Store) -> None:
    def an_alarm(number: int, **changes: object) -> Alarm:
        alarm = Alarm(
            id=AlarmId(number),
            key=f"detector:d{number}:offline",
            kind=AlarmKind.OFFLINE,
            priority=Priority.MEDIUM,
            version=1,
            active=True,
            latched=False,
            opened_ms=T + number,
            changed_ms=T,
            received_ms=T,
            since_ms=T,
            detector=DetectorId("d"),
        )
        return msgspec.structs.replace(alarm, **changes)

    with SqlBooks(store.engine).transaction() as books:
        books.cases.put(CaseFile(an_alarm(1, closed_ms=T)))
        books.cases.put(CaseFile(an_alarm(2, closed_ms=T, inside=AlarmId(9))))
        books.cases.put(CaseFile(an_alarm(3, inside=AlarmId(8))))
        books.cases.put(CaseFile(an_alarm(8, kind=AlarmKind.UNSTABLE)))
        times = books.cases.times
        assert times(DetectorId("d"), T, None) == 1, "those inside a group are not its own"
        assert times(DetectorId("d"), T, AlarmId(8)) == 2
        assert times(DetectorId("d"), T + 2, AlarmId(8)) == 1
        assert [one.id for one in books.cases.open_of([AlarmKind.OFFLINE])] == [3]
    both = SqlBooks(store.engine).open_of([AlarmKind.OFFLINE, AlarmKind.UNSTABLE])
    assert [one.id for one in both] == [3, 8]
    assert SqlBoard(store.engine).inside(AlarmId(9), None, 10) == [], "nothing was journaled of it"
