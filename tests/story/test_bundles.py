"""What is no leak goes together: the first text at once, the next ones within two minutes as one."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from alerts.service.courier import HouseRules
from gascore.alarm import NoticeState
from gascore.journal import AlarmStep, AlarmStepped
from gascore.registry import Role
from gascore.words import Condition
from support.alarm_town import AlarmTown

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
