"""Incidents, from the first message to the written cause."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from alerts.rules.delivery import Refused, TryLater
from alerts.service.desk import Trouble
from alerts.service.watch import COLLECTOR
from gascore.alarm import AlarmCause, AlarmStatus, NoticePurpose, NoticeState
from gascore.journal import KeyPressed
from gascore.operators import OperatorAction, Outcome
from gascore.registry import Role
from gascore.words import Condition, Level, NoticeId, Priority
from support.alarm_town import PEOPLE, AlarmTown
from support.phones import NO_ANSWER

pytestmark = pytest.mark.story


@pytest.fixture
def town(tmp_path: Path) -> Iterator[AlarmTown]:
    town = AlarmTown(tmp_path)
    yield town
    town.engine.dispose()


def test_a_hose_comes_off_at_night_nobody_answers_and_the_duty_officer_takes_over(town: AlarmTown) -> None:
    town.leak("bottles-1", lel=14)
    assert town.alarm().priority is Priority.URGENT, "any leak in a cylinder room"
    assert town.told() == {Role.OWNER, Role.SAFETY_OFFICER, Role.SHIFT_LEADER}
    assert "李家面馆气瓶间燃气泄漏低限14%LEL" in town.heard(Role.OWNER)[0][1]

    town.advance(20)
    town.becomes(Level.HIGH, lel=55, detector="bottles-1")
    assert "加重:" in town.heard(Role.OWNER)[-1][1]
    assert "高限55%LEL" in town.heard(Role.OWNER)[-1][1]

    town.advance(69)
    assert Role.DUTY_OFFICER not in town.told()
    town.advance(1)
    assert town.heard_at(Role.DUTY_OFFICER) == [90], "that it gets worse puts nobody's turn off"

    town.advance(10)
    town.reply(Role.DUTY_OFFICER, town.code(Role.DUTY_OFFICER))
    assert town.heard(Role.DUTY_OFFICER)[-1][1].startswith("【燃气监管】李家面馆:duty_off已于")
    assert town.alarm().acked_by == "duty_off"
    before = town.phones.count
    town.advance(1500 - 1)
    assert town.phones.count == before, "an answered alarm is quiet, as long as the answer counts"

    town.clears(detector="bottles-1")
    town.advance(15)
    over = [role for role in Role if "解除:" in (town.heard(role) or [(0, "")])[-1][1]]
    assert set(over) == {
        Role.OWNER,
        Role.SAFETY_OFFICER,
        Role.SHIFT_LEADER,
        Role.DUTY_OFFICER,
        Role.SUPPLIER_DISPATCH,
    }

    assert town.alarm().status is AlarmStatus.ACKED_NORMAL
    assert town.operator(OperatorAction.CLOSE) is Outcome.CAUSE_MISSING
    assert town.operator(OperatorAction.CLOSE, cause=AlarmCause.REAL_LEAK) is Outcome.DONE
    assert town.alarm().status is AlarmStatus.CLOSED
    assert town.steps() == ["opened", "worse", "escalated", "acked", "normal", "closed"]


def test_an_operator_who_has_seen_less_than_there_is_must_look_again(town: AlarmTown) -> None:
    town.leak(lel=12)
    town.becomes(Level.HIGH, lel=60)
    assert town.operator(OperatorAction.ACK, seen_version=1) is Outcome.CHANGED_MEANWHILE
    assert town.operator(OperatorAction.ACK, seen_version=2) is Outcome.DONE
    assert town.operator(OperatorAction.ACK, seen_version=2) is Outcome.ALREADY
    assert town.operator(OperatorAction.CLOSE, cause=AlarmCause.TEST) is Outcome.STILL_ACTIVE
    assert town.operator(OperatorAction.ACK, alarm=99) is Outcome.NOT_FOUND


def test_alerts_is_down_for_ten_minutes_and_catches_up_without_a_flood(town: AlarmTown) -> None:
    town.running = False
    town.leak(lel=70)
    town.advance(30)
    town.leak("kitchen-2", lel=12)
    town.clears(detector="kitchen-2")
    town.advance(570)
    town.running = True
    town.restart()
    town.settle()
    assert town.told() == set(Role), "the first leak is ten minutes old: everybody is due"
    assert len(town.heard(Role.OWNER)) == 3, "once of the first leak; of the second that it was and is over"
    assert len(town.heard(Role.GRID_WORKER)) == 2, (
        "one text of each: nobody has answered the second one either"
    )
    town.advance(299)
    assert len(town.heard(Role.GRID_WORKER)) == 2
    town.advance(1)
    assert town.heard_at(Role.GRID_WORKER) == [600, 600, 900], "the repeats are where they would have been"


def test_the_provider_refuses_the_owners_number_and_the_next_are_told_at_once(town: AlarmTown) -> None:
    town.phones.trouble = {PEOPLE[Role.OWNER]: Refused("21211")}
    town.raised(Condition.FAULT, codes=("E3",))
    assert town.heard_at(Role.MAINTENANCE) == [0], "not after two hours"
    refused = [notice for notice in town.notices().values() if notice.state is NoticeState.REFUSED]
    assert [(notice.role, notice.code) for notice in refused] == [("owner", "21211")]
    town.advance(7201)
    assert len(town.heard(Role.MAINTENANCE)) == 1


def test_one_refused_number_does_not_hurry_a_ladder_that_reaches_others(town: AlarmTown) -> None:
    town.phones.trouble = {PEOPLE[Role.OWNER]: Refused("21610")}
    town.leak(lel=12)
    town.advance(80)
    assert town.told() == {Role.SAFETY_OFFICER}


def test_an_undelivered_text_counts_as_not_told(town: AlarmTown) -> None:
    town.raised(Condition.FAULT)
    town.receipt("SM1", "sent")
    town.receipt("SM1", "undelivered", "30005")
    assert town.heard_at(Role.MAINTENANCE) == [0]
    town.receipt("SM1", "delivered")
    assert next(iter(town.notices().values())).state is NoticeState.DELIVERED


def press(town: AlarmTown, digit: str = "1", notice: int = 1, call: str = "CA1") -> None:
    town.say(KeyPressed(channel="twilio_voice", provider_id=call, digit=digit, notice=NoticeId(notice)))


def test_key_1_in_a_call_takes_over_and_the_answer_comes_as_a_text(town: AlarmTown) -> None:
    town.leak(lel=70)
    press(town)
    assert town.alarm().acked_by == f"{town.notices()[1].role:.8}"
    assert town.notices()[1].state is NoticeState.DELIVERED
    texts = len(town.heard(Role(town.notices()[1].role)))
    assert texts == 2, "the alarm, and the answer"


def test_the_same_key_twice_changes_nothing_more(town: AlarmTown) -> None:
    town.leak(lel=70)
    press(town)
    before = (town.alarm(), town.notices(), town.phones.count)
    press(town)
    town.receipt("SM1", "completed")
    assert (town.alarm(), town.notices(), town.phones.count) == before


def test_another_key_proves_that_somebody_listens_and_takes_nothing_over(town: AlarmTown) -> None:
    town.leak(lel=70)
    press(town, "5")
    assert town.notices()[1].state is NoticeState.DELIVERED
    assert town.alarm().acked_by is None


def test_a_call_without_a_key_did_not_reach_the_person_even_if_somebody_answered(town: AlarmTown) -> None:
    town.leak(lel=70)
    town.receipt("SM1", "completed")
    assert (town.notices()[1].state, town.notices()[1].code) == (NoticeState.UNDELIVERED, "no_key")
    press(town)
    assert town.notices()[1].state is NoticeState.DELIVERED, "callbacks come in any order"
    assert town.alarm().acked_ms is not None


def test_a_key_of_a_call_that_is_not_ours_does_nothing(town: AlarmTown) -> None:
    town.leak(lel=70)
    press(town, notice=999, call="CA9")
    assert town.alarm().acked_by is None


def test_the_provider_is_down_and_back(town: AlarmTown) -> None:
    town.phones.down = TryLater("503")
    town.leak(lel=70)
    town.advance(61)
    assert town.trouble() is not None
    town.phones.down = None
    town.advance(30)
    assert town.told() >= {Role.OWNER, Role.SAFETY_OFFICER, Role.SHIFT_LEADER}
    assert len(town.heard(Role.OWNER)) == 1
    assert town.trouble() is None


def test_of_a_text_without_an_answer_the_provider_is_asked_and_it_is_not_sent_twice(town: AlarmTown) -> None:
    town.phones.trouble = {PEOPLE[Role.OWNER]: NO_ANSWER}
    town.leak(lel=70)
    town.advance(6)
    assert len(town.heard(Role.OWNER)) == 1
    owners = [notice for notice in town.notices().values() if notice.role == "owner"]
    assert [notice.state for notice in owners] == [NoticeState.DELIVERED]
    assert town.courier.counts["found"] == 1


def test_what_the_provider_never_got_is_sent_again(town: AlarmTown) -> None:
    town.phones.loses = {PEOPLE[Role.OWNER]}
    town.leak(lel=70)
    assert not town.heard(Role.OWNER)
    town.phones.loses = set()
    town.advance(6)
    assert town.heard_at(Role.OWNER) == [5]
    assert town.courier.counts["not_found"] == 1


def test_a_leak_hovers_around_the_set_point_and_people_are_told_once(town: AlarmTown) -> None:
    town.leak()
    for _ in range(5):
        town.advance(5)
        town.clears()
        town.advance(5)
        town.leak()
    assert len(town.heard(Role.OWNER)) == 1
    assert town.alarm().count == 6
    town.advance(41)
    assert town.heard_at(Role.SHIFT_LEADER) == [90]


def test_a_leak_that_comes_back_higher_than_ever_is_told_before_anybody_heard_that_it_was_over(
    town: AlarmTown,
) -> None:
    town.leak("bottles-1", lel=12)
    town.advance(5)
    town.clears(detector="bottles-1")
    town.advance(5)
    town.leak("bottles-1", lel=70)
    assert town.heard_at(Role.OWNER) == [0, 10]
    assert "加重:" in town.heard(Role.OWNER)[-1][1]
    assert "高限" in town.heard(Role.OWNER)[-1][1]


def test_a_leak_that_comes_back_after_all_were_told_that_it_is_over_is_told_again(town: AlarmTown) -> None:
    town.leak()
    town.clears()
    town.advance(20)
    assert "解除:" in town.heard(Role.OWNER)[-1][1]
    town.leak()
    assert len(town.heard(Role.OWNER)) == 3
    assert town.heard(Role.OWNER)[0][1].rsplit("回")[1] == town.heard(Role.OWNER)[2][1].rsplit("回")[1]


def test_a_detector_of_the_wrong_gas_makes_its_low_leak_urgent(town: AlarmTown) -> None:
    town.leak(lel=12)
    town.raised(Condition.WRONG_GAS)
    assert town.alarm(1).priority is Priority.URGENT
    assert town.heard_at(Role.SHIFT_LEADER) == [0]
    town.raised(Condition.WRONG_GAS, "kitchen-2")
    town.leak("kitchen-2", lel=12)
    assert town.alarm(4).priority is Priority.URGENT


def test_a_fault_closes_by_itself_and_the_owner_hears_of_it(town: AlarmTown) -> None:
    town.raised(Condition.FAULT, codes=("E3",))
    town.advance(60)
    town.clears(Condition.FAULT)
    assert town.alarm().cause is AlarmCause.CLEARED
    assert [text[6:9] for _, text in town.heard(Role.OWNER)] == ["李家面", "解除:"]
    town.raised(Condition.FAULT)
    assert town.alarm(2).status is AlarmStatus.UNACKED_ACTIVE


def test_nobody_hears_of_a_fault_that_was_over_before_a_text_could_leave(town: AlarmTown) -> None:
    town.running = False
    town.raised(Condition.FAULT)
    town.clears(Condition.FAULT)
    town.running = True
    town.advance(60)
    assert town.told() == set()
    assert town.states() == [NoticeState.SUPERSEDED]


def test_a_stranger_leaks_and_only_operators_hear_of_it(town: AlarmTown) -> None:
    town.stranger_leaks(Level.LOW)
    assert town.told() == {Role.SHIFT_LEADER, Role.DUTY_OFFICER}
    assert "未登记探测器报漏低限" in town.heard(Role.SHIFT_LEADER)[0][1]
    town.stranger_leaks(Level.NONE)
    assert town.alarm().status is AlarmStatus.UNACKED_NORMAL
    town.stranger_leaks(Level.NONE)
    assert town.steps() == ["opened", "normal"]


def test_we_go_blind_and_see_again(town: AlarmTown) -> None:
    town.goes_blind()
    assert town.alarm().key == "system:link:main"
    assert town.told() == set(), "a connection that is back within seconds is no text"
    town.advance(15)
    assert town.told() == {Role.SHIFT_LEADER}
    assert "消息链路监测中断" in town.heard(Role.SHIFT_LEADER)[0][1]
    town.advance(285)
    assert town.heard_at(Role.DUTY_OFFICER) == [300]
    town.sees_again()
    assert "解除:" in town.heard(Role.DUTY_OFFICER)[-1][1]
    assert town.alarm().status is AlarmStatus.CLOSED


def test_the_collector_falls_silent_and_speaks_again(town: AlarmTown) -> None:
    town.watched = {COLLECTOR: Trouble("silent", town.clock.now_ms())}
    town.settle()
    assert (town.alarm().key, town.alarm().codes) == ("system:collector:collector", ("silent",))
    town.advance(10)
    assert town.steps() == ["opened"]
    town.watched = {COLLECTOR: None}
    town.settle()
    assert town.alarm().status is AlarmStatus.CLOSED


@pytest.mark.parametrize(
    ("body", "answer"),
    [("收到", "已于"), ("1", "已于"), ("OK", "已于"), ("999", "没有这个编号"), ("hello", None)],
)
def test_what_people_answer_and_what_they_are_answered(
    town: AlarmTown, body: str, answer: str | None
) -> None:
    town.leak()
    town.reply(Role.OWNER, body)
    answers = [text for _, text in town.heard(Role.OWNER)[1:]]
    assert len(answers) == (0 if answer is None else 1)
    assert answer is None or answer in answers[0]


def test_two_alarms_need_a_number_and_a_second_yes_hears_who_was_first(town: AlarmTown) -> None:
    town.leak("kitchen-1")
    town.leak("kitchen-2")
    town.reply(Role.OWNER, "收到")
    assert "有2条报警" in town.heard(Role.OWNER)[-1][1]
    town.reply(Role.OWNER, "101")
    assert town.alarm(1).acked_by == "owner"
    town.reply(Role.SAFETY_OFFICER, "101")
    assert "此前已由owner" in town.heard(Role.SAFETY_OFFICER)[-1][1]
    town.reply(Role.SAFETY_OFFICER, "收到")
    assert town.alarm(2).acked_by == "safety_o"


def test_two_machines_that_answer_each_other_come_to_an_end(town: AlarmTown) -> None:
    town.leak()
    for _ in range(20):
        town.reply(Role.OWNER, "your message no 777 was received")
    assert len(town.heard(Role.OWNER)) == 1 + 5


def test_the_providers_second_call_for_one_reply_is_not_answered_again(town: AlarmTown) -> None:
    town.leak()
    town.reply(Role.OWNER, "1", "IN-same")
    town.reply(Role.OWNER, "1", "IN-same")
    assert len(town.heard(Role.OWNER)) == 2


def test_an_acknowledged_leak_is_still_told_to_those_who_were_to_be_told(town: AlarmTown) -> None:
    town.phones.trouble = {PEOPLE[Role.OWNER]: TryLater("503")}
    town.leak()
    assert town.operator(OperatorAction.ACK, seen_version=1) is Outcome.DONE
    town.phones.trouble = {}
    town.advance(5)
    assert len(town.heard(Role.OWNER)) == 1, "people in the kitchen must leave, whoever has taken it over"


def test_only_the_first_notices_of_an_event_carry_its_receipt_for_the_latency(town: AlarmTown) -> None:
    town.leak(lel=70)
    town.advance(100)
    known = {n.role: n.received_ms for n in town.notices().values() if n.purpose is NoticePurpose.RAISED}
    assert known["owner"] == town.start_ms
    assert known["duty_officer"] is None


def test_a_leak_that_ends_by_itself_is_still_somebodys_to_answer_for(town: AlarmTown) -> None:
    town.leak(lel=70)
    town.advance(60)
    town.clears()
    town.advance(20)
    assert "解除" in town.heard(Role.OWNER)[-1][1]
    town.advance(20)
    assert "无人确认" in town.heard(Role.DUTY_OFFICER)[-1][1], "the next one up, though the gas is gone"
    assert len(town.heard(Role.OWNER)) == 2, "who knows already is left in peace"
    town.advance(3600)
    assert town.told() == set(Role)
    assert len(town.heard(Role.DUTY_OFFICER)) == 1, "no repeats when there is no gas"
    assert town.alarm().status is AlarmStatus.UNACKED_NORMAL


def test_a_leak_that_grows_within_its_level_is_repeated_with_its_true_peak_and_stays_answered(
    town: AlarmTown,
) -> None:
    town.leak("bottles-1", lel=52)
    town.advance(20)
    town.becomes(Level.HIGH, lel=88, detector="bottles-1", peak_lel=94)
    assert len(town.heard(Role.OWNER)) == 1, "more gas at the same level is no new text"
    town.advance(70)
    assert "高限94%LEL" in town.heard(Role.DUTY_OFFICER)[0][1]
    town.reply(Role.DUTY_OFFICER, town.code(Role.DUTY_OFFICER))
    town.becomes(Level.HIGH, lel=97, detector="bottles-1", peak_lel=97)
    assert town.alarm().acked_by == "duty_off"
    town.clears(detector="bottles-1", peak_lel=99)
    assert town.alarm().peak_lel == 99
