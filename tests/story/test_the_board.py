"""The centre's board: the only one left where nobody has a phone, and one that a step can tell on purpose."""

from pathlib import Path

import msgspec
import pytest

from alerts.rules.delivery import Refused
from dashboard.rules.board import Board
from gascore.alarm import AlarmKind, ChannelKind, NoticeState
from gascore.journal import AlarmStepped
from gascore.operators import OperatorAction
from gascore.policy import Match, Policy, Step, Target, TargetKind
from gascore.registry import Ledger, Role
from gascore.words import DetectorId, Level
from gaswatch.stores.rehearsal import SqlRehearsals
from support.alarm_town import PEOPLE, ZONE, AlarmTown, town

OWNER = Target(TargetKind.ROLE, "owner")
BOARD = (ChannelKind.CONSOLE,)


@pytest.fixture
def lonely(tmp_path: Path) -> AlarmTown:
    """Nobody has any role anywhere."""
    return AlarmTown(tmp_path, msgspec.structs.replace(town(), duties=()))


@pytest.fixture
def manned(tmp_path: Path) -> AlarmTown:
    return AlarmTown(tmp_path)


def put(place: AlarmTown, *steps: Step) -> None:
    policy = Policy("own", "自定", "Own", steps, 300, Match())
    place.registry.put(Ledger(policies=(policy,)), by="test", at_ms=place.clock.now_ms())


def is_loud(place: AlarmTown) -> bool:
    """As a dashboard that has run all the time shows it."""
    board = Board()
    board.fold(place.journal.after(0, 10_000))
    return [row.loud for row in board.rows() if row.id == 1] == [True]


def rungs(place: AlarmTown, step: str) -> list[int | None]:
    return [e.rung for e in place.events(AlarmStepped) if e.alarm.id == 1 and e.step == step]


def test_where_nobody_at_all_can_be_told_a_running_board_is_loud_at_once(lonely: AlarmTown) -> None:
    lonely.leak(lel=60)
    assert lonely.phones.count == 0
    assert is_loud(lonely)
    assert rungs(lonely, "nobody_told") == [0, 1, 2, 3], "each step that told nobody is in the evidence"
    assert lonely.steps().count("loud") == 1
    lonely.operator(OperatorAction.ACK)
    assert not is_loud(lonely)


def test_a_leak_at_an_unknown_detector_that_nobody_can_be_told_of_is_loud_at_once(lonely: AlarmTown) -> None:
    lonely.stranger_leaks(Level.HIGH)
    assert is_loud(lonely)


def test_a_running_board_gets_loud_at_the_last_step(manned: AlarmTown) -> None:
    manned.leak(lel=60)
    manned.advance(299)
    assert not is_loud(manned)
    manned.advance(1)
    assert is_loud(manned)


def test_a_step_by_console_tells_the_board_and_waits_its_delay(manned: AlarmTown) -> None:
    put(manned, Step(0, (OWNER,), BOARD), Step(60, (OWNER,)))
    manned.leak()
    assert is_loud(manned)
    assert manned.told() == set(), "the board was told, so the next step waits"
    (notice,) = manned.notices().values()
    assert (notice.channel, notice.role, notice.person) == ("console", "console", None)
    assert (notice.state, notice.provider) == (NoticeState.DELIVERED, "console")
    manned.advance(60)
    assert manned.heard_at(Role.OWNER) == [60]
    assert rungs(manned, "nobody_told") == []


def test_a_board_that_is_told_besides_people_is_no_reason_to_wait_where_they_are_not_reached(
    manned: AlarmTown,
) -> None:
    both = (ChannelKind.SMS, ChannelKind.CONSOLE)
    put(manned, Step(0, (OWNER,), both), Step(60, (Target(TargetKind.ROLE, "shift_leader"),)))
    manned.phones.trouble[PEOPLE[Role.OWNER]] = Refused("21211")
    manned.leak()
    assert is_loud(manned)
    assert manned.heard_at(Role.SHIFT_LEADER) == [0]


def test_the_board_counts_as_nobody_where_the_people_of_a_step_do_not_exist(lonely: AlarmTown) -> None:
    leader = Target(TargetKind.PERSON, "shift_leader")
    put(lonely, Step(0, (OWNER,), (ChannelKind.SMS, ChannelKind.CONSOLE)), Step(60, (leader,)))
    lonely.leak()
    assert is_loud(lonely)
    assert lonely.heard_at(Role.SHIFT_LEADER) == [0]
    assert rungs(lonely, "nobody_told") == [0]


def test_the_dry_run_names_the_board(manned: AlarmTown) -> None:
    put(manned, Step(0, (OWNER,), BOARD))
    found = SqlRehearsals(manned.engine, ZONE).rehearse(
        DetectorId("kitchen-1"), AlarmKind.LEAK, Level.LOW, manned.clock.now_ms()
    )
    assert found is not None
    (line,) = found.lines
    assert (line.role, line.person, line.channel) == ("console", None, ChannelKind.CONSOLE)
    assert (line.name, line.address, line.why) == ("值班大屏", "", None)
