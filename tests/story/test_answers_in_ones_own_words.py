"""People answer in their own words, and for several alarms at once."""

from pathlib import Path

import pytest

from gascore.registry import Role
from gascore.words import Condition
from support.alarm_town import AlarmTown


@pytest.fixture
def town(tmp_path: Path) -> AlarmTown:
    return AlarmTown(tmp_path)


def test_who_says_when_he_will_be_there_has_taken_over(town: AlarmTown) -> None:
    town.leak()
    town.reply(Role.OWNER, f"{town.code(Role.OWNER)}，5分钟到")
    assert town.alarm().acked_by is not None
    assert "接手" in town.heard(Role.OWNER)[-1][1]


def test_two_codes_take_over_two_alarms_and_each_is_answered(town: AlarmTown) -> None:
    town.leak("kitchen-1")
    town.leak("bottles-1")
    town.reply(Role.OWNER, "101 102")
    assert (town.alarm(1).acked_by, town.alarm(2).acked_by) == ("owner", "owner")
    before = len(town.heard(Role.OWNER))
    town.reply(Role.OWNER, "101和102")
    answers = [text for _, text in town.heard(Role.OWNER)[before:]]
    assert answers == ["【燃气监管】李家面馆:此前已由owner于22:13接手"], "what is the same is said once"


def test_a_code_beside_one_that_is_over_still_takes_over(town: AlarmTown) -> None:
    town.leak()
    town.raised(Condition.FAULT, "kitchen-2")
    town.reply(Role.OWNER, "101 999")
    assert town.alarm(1).acked_by == "owner"
