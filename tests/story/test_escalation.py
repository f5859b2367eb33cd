"""Policies of one's own: who is told, by which ways, how many must answer, and what happens to answers."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import msgspec
import pytest

from alerts.rules.delivery import Refused
from alerts.service.grouping import Limits
from gascore.alarm import ChannelKind
from gascore.journal import AlarmStep
from gascore.operators import OperatorAction
from gascore.policy import Match, Policy, Step, Target, TargetKind
from gascore.registry import Ledger, Role
from gascore.roster import Holiday, Roster, Rotation
from gascore.words import PersonId
from support.alarm_town import PEOPLE, AlarmTown

OWNER = Target(TargetKind.ROLE, "owner")
NIGHT = Target(TargetKind.ROSTER, "night")
DUTY, LEADER = PersonId("duty_officer"), PersonId("shift_leader")


@pytest.fixture
def town(tmp_path: Path) -> Iterator[AlarmTown]:
    town = AlarmTown(tmp_path)
    yield town
    town.engine.dispose()


def own(*steps: Step, **changes: object) -> Policy:
    policy = Policy("own", "自定", "Own", steps, 300, Match())
    return msgspec.structs.replace(policy, **changes)


def roster(*people: PersonId, **changes: object) -> Roster:
    found = Roster("night", "夜班", "Night", people, date(2020, 1, 1), Rotation.DAILY)
    return msgspec.structs.replace(found, **changes)


def put(town: AlarmTown, *policies: Policy, rosters: tuple[Roster, ...] = ()) -> None:
    town.registry.put(Ledger(policies=policies, rosters=rosters), by="test", at_ms=town.clock.now_ms())


def test_a_policy_of_ones_own_says_who_is_told_and_when(town: AlarmTown) -> None:
    put(town, own(Step(0, (Target(TargetKind.PERSON, LEADER),)), Step(60, (OWNER,))))
    town.leak()
    assert town.told() == {Role.SHIFT_LEADER}
    town.advance(60)
    assert town.heard_at(Role.OWNER) == [60]
    town.advance(300)
    assert town.heard_at(Role.OWNER) == [60, 360]
    assert town.heard_at(Role.SHIFT_LEADER) == [0, 360]


def test_a_policy_that_is_changed_changes_nothing_that_is_under_way(town: AlarmTown) -> None:
    put(town, own(Step(0, (OWNER,)), Step(60, (Target(TargetKind.ROLE, "maintenance"),))))
    town.leak()
    put(town, own(Step(0, (Target(TargetKind.ROLE, "grid_worker"),))))
    town.restart()
    town.advance(60)
    assert town.told() == {Role.OWNER, Role.MAINTENANCE}
    town.leak("kitchen-2")
    assert town.heard_at(Role.GRID_WORKER) == [60]


def test_who_is_on_duty_is_told_and_the_stand_by_is_where_it_goes_on(town: AlarmTown) -> None:
    put(town, own(Step(0, (NIGHT,), channels=(ChannelKind.SMS,))), rosters=(roster(DUTY, LEADER),))
    day = (datetime.fromtimestamp(town.start_ms / 1000, UTC).date() - date(2020, 1, 1)).days
    first, second = (Role.DUTY_OFFICER, Role.SHIFT_LEADER)[:: 1 if day % 2 == 0 else -1]
    town.phones.trouble[PEOPLE[first]] = Refused("21211")
    town.leak()
    town.advance(1)
    assert town.heard_at(second) in ([0], [1])
    assert AlarmStep.ESCALATED not in town.steps()


def test_nobody_on_duty_is_told_to_the_operators_and_the_next_step_comes_at_once(town: AlarmTown) -> None:
    today = datetime.fromtimestamp(town.start_ms / 1000, UTC).date()
    free = tuple(Holiday(date.fromordinal(today.toordinal() + n), ()) for n in (-1, 0, 1))
    put(town, own(Step(0, (NIGHT,)), Step(600, (OWNER,))), rosters=(roster(DUTY, holidays=free),))
    town.leak()
    assert town.heard_at(Role.OWNER) == [0]
    assert town.alarm(2).key == "system:trouble:roster night"
    assert "值班" in town.heard(Role.SHIFT_LEADER)[0][1]
    put(town, rosters=(roster(DUTY),))
    town.settle()
    assert town.alarm(2).closed_ms is not None


def test_where_two_must_answer_the_others_go_on_being_told(town: AlarmTown) -> None:
    everybody = (OWNER, Target(TargetKind.ROLE, "shift_leader"))
    put(
        town,
        own(
            Step(0, everybody, acks=2), Step(60, (*everybody, Target(TargetKind.ROLE, "maintenance")), acks=2)
        ),
    )
    town.leak()
    town.reply(Role.OWNER, town.code(Role.OWNER))
    assert town.alarm().acked_by == "owner"
    town.advance(60)
    assert town.heard_at(Role.SHIFT_LEADER) == [0, 60]
    assert town.heard_at(Role.MAINTENANCE) == [60]
    assert [at for at, text in town.heard(Role.OWNER) if "泄漏" in text] == [0]
    town.reply(Role.SHIFT_LEADER, town.code(Role.SHIFT_LEADER))
    assert AlarmStep.ALSO_ACKED in town.steps()
    before = town.phones.count
    town.advance(900)
    assert town.phones.count == before
    assert town.alarm().acked_by == "owner", "who answered first is responsible"


def test_an_answer_that_nothing_follows_is_reminded_of_and_then_counts_no_more(town: AlarmTown) -> None:
    town.leak()
    town.advance(30)
    town.reply(Role.OWNER, town.code(Role.OWNER))
    before = town.phones.count
    town.advance(25 * 60)
    reminder = town.heard(Role.OWNER)[-1][1]
    assert reminder.startswith("【燃气监管】仍在:李家面馆厨房燃气泄漏")
    assert ",22:13已接手,请再次确认。" in reminder
    assert reminder.endswith(f"回{town.code(Role.OWNER)}接手")
    assert town.phones.count == before + 1
    assert town.steps()[-1] == AlarmStep.REMINDED
    assert Role.SHIFT_LEADER not in town.told()
    town.advance(5 * 60)
    assert AlarmStep.ACK_EXPIRED in town.steps()
    assert town.alarm().acked_by is None
    assert town.heard_at(Role.SHIFT_LEADER) == [30 + 30 * 60]
    town.reply(Role.SHIFT_LEADER, town.code(Role.SHIFT_LEADER))
    assert town.alarm().acked_by == "shift_le"


def test_a_leaks_text_says_to_call_the_number_that_is_set(town: AlarmTown) -> None:
    town.limits = Limits(call="112")
    town.restart()
    town.leak()
    assert "撤到室外拨112" in town.heard(Role.OWNER)[-1][1]


def test_a_comment_is_progress(town: AlarmTown) -> None:
    town.leak()
    town.operator(OperatorAction.ACK)
    town.advance(29 * 60)
    town.operator(OperatorAction.COMMENT)
    town.advance(29 * 60)
    assert AlarmStep.ACK_EXPIRED not in town.steps()
    town.advance(60)
    assert AlarmStep.ACK_EXPIRED in town.steps()


def test_an_answer_that_expired_while_everything_was_down_is_found_after_the_start(town: AlarmTown) -> None:
    town.leak()
    town.operator(OperatorAction.ACK)
    town.running = False
    town.advance(7_200)
    town.running = True
    town.restart()
    town.settle()
    assert town.heard_at(Role.SHIFT_LEADER) == [7_200]


def test_a_body_is_told_but_not_asked_to_answer(town: AlarmTown) -> None:
    put(town, own(Step(0, (OWNER, Target(TargetKind.BODY, DUTY)))))
    town.leak()
    assert "接手" in town.heard(Role.OWNER)[0][1]
    assert "接手" not in town.heard(Role.DUTY_OFFICER)[0][1]


def test_when_the_last_step_is_reached_the_board_says_so_loudly_until_somebody_answers(
    town: AlarmTown,
) -> None:
    town.leak(lel=60)
    town.advance(299)
    assert not town.alarm().is_loud
    town.advance(1)
    assert town.alarm().is_loud
    town.operator(OperatorAction.ACK)
    assert not town.alarm().is_loud
