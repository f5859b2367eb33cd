"""What is no leak goes together: the first text at once, the next ones within two minutes as one."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from alerts.rules.delivery import TryLater
from alerts.service.courier import HouseRules
from gascore.alarm import NoticeState
from gascore.journal import AlarmStep, AlarmStepped
from gascore.registry import Role
from gascore.words import Condition
from support.alarm_town import PEOPLE, AlarmTown

pytestmark = pytest.mark.story


@pytest.fixture
def town(tmp_path: Path) -> Iterator[AlarmTown]:
    town = AlarmTown(tmp_path)
    town.house_rules = HouseRules()
    town.restart()
    yield town
    town.engine.dispose()


def three_faults(town: AlarmTown) -> None:
    for seconds, detector in ((0, "kitchen-1"), (10, "kitchen-2"), (10, "bottles-1")):
        town.advance(seconds)
        town.raised(Condition.FAULT, detector, codes=("E1",))


def test_the_first_text_goes_at_once_and_the_next_two_as_one(town: AlarmTown) -> None:
    three_faults(town)
    assert town.heard_at(Role.OWNER) == [0]
    town.advance(100)
    assert town.heard_at(Role.OWNER) == [0, 120]
    text = town.heard(Role.OWNER)[1][1]
    assert text.startswith("【燃气监管】2条:李家面馆")
    assert len(text) <= 70
    assert [one for one in ("回101", "回102", "回103") if one in text] == ["回102", "回103"]
    went = next(one for one in town.notices().values() if one.state is NoticeState.SUPERSEDED)
    assert went.code is not None
    assert went.code.startswith("bundled:")


def test_each_alarm_of_a_bundle_can_be_taken_over_by_its_own_code(town: AlarmTown) -> None:
    three_faults(town)
    town.advance(120)
    town.reply(Role.OWNER, "103")
    assert [town.alarm(number).acked_by is not None for number in (1, 2, 3)] == [False, False, True]


def test_a_bundle_that_does_not_arrive_has_reached_nobody_of_any_of_its_alarms(town: AlarmTown) -> None:
    three_faults(town)
    town.advance(120)
    town.receipt("SM2", "undelivered", "30003")
    town.advance(1)
    onwards = {one.alarm for one in town.notices().values() if one.id > 3}
    assert onwards >= {2, 3}


def test_a_leak_never_waits_for_company_and_goes_alone(town: AlarmTown) -> None:
    three_faults(town)
    town.leak("bottles-1", lel=70)
    assert town.heard_at(Role.OWNER) == [0, 20]
    assert "条:" not in town.heard(Role.OWNER)[-1][1]
    opened = [one.alarm.id for one in town.events(AlarmStepped) if one.step is AlarmStep.OPENED]
    assert opened == [1, 2, 3, 4]


def test_who_waits_for_company_does_not_wait_for_ever(town: AlarmTown) -> None:
    three_faults(town)
    for _ in range(6):
        town.leak("bottles-1", lel=70)
        town.clears(detector="bottles-1")
        town.advance(30)
    texts = [at for at, text in town.heard(Role.OWNER) if "2条:" in text]
    assert texts == [130]


def test_the_silences_of_one_place_at_once_are_one_text_without_any_delay(town: AlarmTown) -> None:
    for detector in ("kitchen-1", "kitchen-2", "bottles-1"):
        town.raised(Condition.OFFLINE, detector)
    town.advance(60)
    assert [(at, "3条:" in text) for at, text in town.heard(Role.OWNER)] == [(45, True)]


OWNER = PEOPLE[Role.OWNER]


def test_a_bundle_that_has_to_be_sent_again_says_each_of_its_alarms_once(town: AlarmTown) -> None:
    three_faults(town)
    town.phones.down = TryLater("503")
    town.advance(102)
    town.raised(Condition.FAULT, "kitchen-1", codes=("E2",))
    town.phones.down = None
    town.advance(30)
    texts = [text for _, text in town.heard(Role.OWNER)[1:]]
    assert [text.count("条:") for text in texts] == [1]
    assert texts[0].startswith("【燃气监管】3条:李家面馆")
    assert [code in texts[0] for code in ("回102", "回103")] == [True, True]


def test_a_bundle_that_the_provider_never_got_is_sent_again_with_what_came_meanwhile(town: AlarmTown) -> None:
    three_faults(town)
    town.phones.loses = {OWNER}
    town.advance(101)
    town.phones.loses = set()
    town.raised(Condition.FAULT, "kitchen-1", codes=("E2",))
    town.advance(10)
    texts = [text for _, text in town.heard(Role.OWNER)[1:]]
    assert [text.count("条:") for text in texts] == [1]
    assert texts[0].startswith("【燃气监管】3条:")


def test_what_is_over_before_its_bundle_could_leave_is_left_out_of_it(town: AlarmTown) -> None:
    three_faults(town)
    town.phones.down = TryLater("503")
    town.advance(101)
    town.clears(Condition.FAULT, "bottles-1")
    town.advance(20)
    town.phones.down = None
    town.advance(30)
    assert ["回102" in text for _, text in town.heard(Role.OWNER)[1:]] == [True]
    assert "条:" not in town.heard(Role.OWNER)[1][1]


def test_when_the_first_of_a_bundle_is_over_before_it_could_leave_the_others_are_told(
    town: AlarmTown,
) -> None:
    three_faults(town)
    town.phones.down = TryLater("503")
    town.advance(101)
    town.clears(Condition.FAULT, "kitchen-2")
    town.advance(20)
    town.phones.down = None
    town.advance(30)
    assert ["回103" in text for _, text in town.heard(Role.OWNER)[1:]] == [True]


def test_when_the_first_of_a_bundle_is_over_while_it_is_being_lost_the_others_are_told(
    town: AlarmTown,
) -> None:
    three_faults(town)
    town.phones.loses = {OWNER}
    town.advance(100)
    assert NoticeState.UNKNOWN in town.states()
    town.clears(Condition.FAULT, "kitchen-2")
    town.phones.loses = set()
    town.advance(150)
    assert ["回103" in text for _, text in town.heard(Role.OWNER)[1:]] == [True]


def test_what_is_over_while_its_bundle_is_being_lost_is_not_told_any_more(town: AlarmTown) -> None:
    three_faults(town)
    town.phones.loses = {OWNER}
    town.advance(100)
    town.clears(Condition.FAULT, "bottles-1")
    town.phones.loses = set()
    town.advance(150)
    texts = [text for _, text in town.heard(Role.OWNER)[1:]]
    assert "回102" in texts[0]
    assert not any("回103" in text for text in texts)


def test_a_bundle_that_had_to_wait_and_went_along_with_another_one_loses_nobody(town: AlarmTown) -> None:
    three_faults(town)
    town.phones.down = TryLater("503")
    town.advance(103)
    town.raised(Condition.FAULT, "kitchen-1", codes=("E7",))
    town.advance(40)
    town.phones.down = None
    town.advance(200)
    texts = "".join(text for _, text in town.heard(Role.OWNER)[1:])
    told = [one for one in town.notices().values() if one.state is not NoticeState.SUPERSEDED or one.code]
    assert {2, 3} <= {one.alarm for one in told}
    assert ("回102" in texts, "回103" in texts) == (True, True)


def test_who_heard_of_an_alarm_in_a_bundle_hears_that_it_is_over(town: AlarmTown) -> None:
    three_faults(town)
    town.advance(120)
    before = len(town.heard(Role.OWNER))
    town.clears(Condition.FAULT, "bottles-1")
    town.advance(150)
    assert ["解除" in text for _, text in town.heard(Role.OWNER)[before:]] == [True]


def test_that_we_cannot_see_does_not_wait_for_company(town: AlarmTown) -> None:
    town.has_trouble("twilio account_refused")
    town.advance(121)
    assert town.heard_at(Role.SHIFT_LEADER) == [120]
    town.goes_blind()
    town.advance(20)
    assert town.heard_at(Role.SHIFT_LEADER) == [120, 136]
    assert "条:" not in town.heard(Role.SHIFT_LEADER)[1][1]


def test_a_fault_that_is_kept_back_because_it_chatters_does_not_leave_with_another_one(
    town: AlarmTown,
) -> None:
    for _ in range(3):
        town.raised(Condition.FAULT, "kitchen-1", codes=("E1",))
        town.advance(5)
        town.clears(Condition.FAULT, "kitchen-1")
        town.advance(5)
    town.raised(Condition.FAULT, "kitchen-1", codes=("E1",))
    before = len(town.heard(Role.OWNER))
    town.raised(Condition.FAULT, "kitchen-2", codes=("E1",))
    town.advance(300)
    kept = max(one.id for one in town.notices().values() if one.code == "chatters")
    assert len(town.heard(Role.OWNER)) > before
    assert town.notices()[kept].state is NoticeState.PENDING
    town.advance(400)
    assert town.notices()[kept].state is not NoticeState.PENDING
