"""What comes and goes, what several must answer for, and who is told but never answers."""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from alerts.rules.delivery import Refused
from gascore.alarm import ChannelKind, NoticePurpose
from gascore.journal import AlarmStep
from gascore.operators import OperatorAction, OperatorRequested, Outcome
from gascore.policy import Match, Policy, Step, Target, TargetKind
from gascore.registry import Ledger, Role
from gascore.words import AlarmId, Condition, Level
from support.alarm_town import PEOPLE, AlarmTown

OWNER, LEADER, MENDER = (
    Target(TargetKind.ROLE, role.value) for role in (Role.OWNER, Role.SHIFT_LEADER, Role.MAINTENANCE)
)
BODY = Target(TargetKind.BODY, Role.DUTY_OFFICER.value)
SMS = (ChannelKind.SMS,)


@pytest.fixture
def town(tmp_path: Path) -> Iterator[AlarmTown]:
    town = AlarmTown(tmp_path)
    yield town
    town.engine.dispose()


def follow(town: AlarmTown, *steps: Step, **changes: object) -> None:
    """Let this policy hold for all that a detector reports."""
    policy = msgspec.structs.replace(Policy("own", "自定", "Own", steps, 300, Match()), **changes)
    town.registry.put(Ledger(policies=(policy,)), by="test", at_ms=town.clock.now_ms())


def shelve(town: AlarmTown, seconds: int) -> None:
    until_ms = town.clock.now_ms() + seconds * 1_000
    wish = OperatorRequested(
        "", AlarmId(1), OperatorAction.SHELVE, "operator", note="spare part", until_ms=until_ms
    )
    assert town.ask(wish) is Outcome.DONE


# --- it comes and goes ---------------------------------------------------------------------------------
def test_a_leak_that_is_back_every_eighty_seconds_is_known_to_everybody_in_time_and_loud(
    town: AlarmTown,
) -> None:
    town.leak(lel=60)
    for _ in range(4):
        town.advance(40)
        town.clears()
        town.advance(40)
        town.leak(lel=60)
    assert town.told() == set(Role)
    assert town.alarm().is_loud


def test_a_leak_that_hovers_round_the_high_set_point_climbs_and_stays_acknowledged(town: AlarmTown) -> None:
    town.leak(lel=60)
    for _ in range(4):
        town.advance(40)
        town.becomes(Level.LOW, lel=45)
        town.advance(40)
        town.becomes(Level.HIGH, lel=55)
    assert town.told() == set(Role)
    assert town.heard_at(Role.OWNER) == [0, 300], "that it hovers is no news"
    assert town.operator(OperatorAction.ACK) is Outcome.DONE
    town.becomes(Level.LOW, lel=45)
    town.becomes(Level.HIGH, lel=55)
    assert town.alarm().acked_by == "operator"
    assert AlarmStep.MORE in town.steps()


# --- several must answer -------------------------------------------------------------------------------
def test_where_two_must_answer_and_only_one_can_be_told_the_board_is_loud_and_the_answer_expires(
    town: AlarmTown,
) -> None:
    follow(town, Step(0, (OWNER,), SMS, acks=2))
    town.leak()
    town.reply(Role.OWNER, town.code(Role.OWNER))
    assert (town.alarm().acks_missing, town.alarm().is_answered) == (1, False)
    assert town.alarm().ack_expires_ms == town.start_ms + 1_800_000
    town.advance(300)
    assert town.alarm().is_loud
    assert AlarmStep.NOBODY_TOLD in town.steps()
    town.advance(1_500)
    assert AlarmStep.REMINDED in town.steps()
    assert AlarmStep.ACK_EXPIRED in town.steps()
    assert (town.alarm().acked_by, town.alarm().acks_missing, town.alarm().ack_expires_ms) == (None, 0, None)
    town.advance(300)
    assert town.heard_at(Role.OWNER)[-1] >= 1_800, "who answered once is asked again"


def test_after_the_first_of_two_answers_the_second_person_is_still_sought(town: AlarmTown) -> None:
    follow(town, Step(0, (OWNER, LEADER), SMS, acks=2), Step(600, (MENDER,), SMS, acks=2))
    town.leak()
    town.reply(Role.OWNER, town.code(Role.OWNER))
    for sid, address, _ in list(town.phones.taken):
        if address == PEOPLE[Role.SHIFT_LEADER]:
            town.receipt(sid, "undelivered", "30003")
    assert Role.MAINTENANCE not in town.told(), "the owner's text has arrived"
    town.phones.trouble[PEOPLE[Role.SHIFT_LEADER]] = Refused("21211")
    town.advance(600)
    assert town.heard_at(Role.MAINTENANCE) == [600]
    town.reply(Role.MAINTENANCE, town.code(Role.MAINTENANCE))
    assert town.alarm().is_answered or AlarmStep.ALSO_ACKED in town.steps()
    before = town.phones.count
    town.advance(900)
    assert town.phones.count == before


def test_the_second_of_two_is_thanked_and_a_third_hears_who_has_it(town: AlarmTown) -> None:
    follow(town, Step(0, (OWNER, LEADER, MENDER), SMS, acks=2))
    town.leak()
    town.reply(Role.OWNER, town.code(Role.OWNER))
    assert town.operator(OperatorAction.ACK) is Outcome.DONE
    assert town.alarm().is_answered
    assert town.operator(OperatorAction.ACK) is Outcome.ALREADY
    town.reply(Role.MAINTENANCE, town.code(Role.MAINTENANCE))
    assert "owner" in town.heard(Role.MAINTENANCE)[-1][1]


def test_whoever_answers_second_reads_the_own_name(town: AlarmTown) -> None:
    follow(town, Step(0, (OWNER, LEADER), SMS, acks=2))
    town.leak()
    town.reply(Role.OWNER, town.code(Role.OWNER))
    town.reply(Role.SHIFT_LEADER, town.code(Role.SHIFT_LEADER))
    assert "shift_le" in town.heard(Role.SHIFT_LEADER)[-1][1]
    assert town.alarm().acked_by == "owner"


def test_who_answers_before_a_shelf_is_one_person_after_it_and_the_other_is_sought(town: AlarmTown) -> None:
    follow(town, Step(0, (OWNER, LEADER), SMS, acks=2))
    town.raised(Condition.FAULT, codes=("E1",))
    town.reply(Role.OWNER, town.code(Role.OWNER))
    shelve(town, 3_600)
    town.advance(3_600)
    assert AlarmStep.UNSHELVED in town.steps()
    assert town.heard_at(Role.SHIFT_LEADER)[-1] == 3_600
    assert town.alarm().acks_missing == 1
    town.reply(Role.OWNER, town.code(Role.OWNER))
    assert town.alarm().acks_missing == 1, "the same person again"
    town.reply(Role.SHIFT_LEADER, town.code(Role.SHIFT_LEADER))
    before = town.phones.count
    town.advance(900)
    assert town.phones.count == before


# --- who is told first, and who never answers ------------------------------------------------------------
def test_whoever_is_told_for_the_first_time_gets_the_first_text_also_after_a_pause(town: AlarmTown) -> None:
    town.running = False
    town.leak(lel=70)
    town.advance(900)
    town.running = True
    town.restart()
    town.settle()
    assert town.told() == set(Role)
    for role in Role:
        assert "仍" not in town.heard(role)[0][1], role
    purposes = {one.purpose for one in town.notices().values() if one.handed_ms is not None}
    assert purposes == {NoticePurpose.RAISED}
    town.advance(300)
    assert "仍" in town.heard(Role.OWNER)[-1][1]


def test_a_step_that_tells_only_who_never_answers_is_followed_by_the_next_at_once(town: AlarmTown) -> None:
    follow(town, Step(0, (BODY,), SMS), Step(600, (OWNER,), SMS))
    town.leak()
    assert town.heard_at(Role.DUTY_OFFICER) == [0]
    assert town.heard_at(Role.OWNER) == [0]


def test_a_fire_station_that_was_reached_keeps_nobody_from_being_told(town: AlarmTown) -> None:
    follow(town, Step(0, (BODY, OWNER), SMS), Step(600, (LEADER,), SMS))
    town.phones.trouble[PEOPLE[Role.OWNER]] = Refused("21211")
    town.leak()
    town.advance(1)
    assert town.heard_at(Role.SHIFT_LEADER) == [0]
    town.becomes(Level.HIGH, lel=60)
    assert "接手" not in town.heard(Role.DUTY_OFFICER)[-1][1], "told again, and still not asked"


# --- escalate now, and reminders -------------------------------------------------------------------------
def test_whom_an_operator_asks_for_and_who_is_not_reached_is_followed_by_the_next(town: AlarmTown) -> None:
    town.leak(lel=60)
    town.operator(OperatorAction.ACK)
    for role in (Role.DUTY_OFFICER, Role.SUPPLIER_DISPATCH):
        town.phones.trouble[PEOPLE[role]] = Refused("21211")
    assert town.operator(OperatorAction.ESCALATE) is Outcome.DONE
    town.advance(1)
    assert town.heard_at(Role.MAINTENANCE) in ([0], [1])
    assert town.alarm().acked_by == "operator"


def test_what_is_acknowledged_and_not_hastened_tells_nobody_else_though_texts_fail(town: AlarmTown) -> None:
    town.leak(lel=60)
    town.operator(OperatorAction.ACK)
    for sid, *_ in list(town.phones.taken):
        town.receipt(sid, "undelivered", "30003")
    town.advance(120)
    assert Role.DUTY_OFFICER not in town.told()


def test_a_reminder_is_not_taken_for_the_repeat_of_the_same_number(town: AlarmTown) -> None:
    follow(town, Step(0, (OWNER, LEADER), SMS, acks=2))
    town.leak()
    town.reply(Role.OWNER, town.code(Role.OWNER))
    town.advance(300)
    town.reply(Role.SHIFT_LEADER, town.code(Role.SHIFT_LEADER))
    heard = [len(town.heard(role)) for role in (Role.OWNER, Role.SHIFT_LEADER)]
    town.advance(1_500)
    assert [len(town.heard(role)) for role in (Role.OWNER, Role.SHIFT_LEADER)] == [one + 1 for one in heard]
    assert town.steps().count(AlarmStep.REMINDED) == 1


def test_who_acknowledged_at_the_console_is_told_by_the_board_when_that_expires(town: AlarmTown) -> None:
    town.leak()
    town.operator(OperatorAction.ACK)
    assert town.alarm().ack_expires_ms == town.start_ms + 1_800_000
    town.advance(1_700)
    assert AlarmStep.REMINDED not in town.steps()
    town.operator(OperatorAction.COMMENT)
    assert town.alarm().ack_expires_ms == town.clock.now_ms() + 1_800_000
