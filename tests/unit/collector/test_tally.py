"""How many detectors are in which protection state."""

from typing import Any

import pytest

from collector.rules.judgement import NEW, Standing
from collector.rules.tally import Tally, protection
from gascore.words import Condition, Protection
from support.collector_words import T0, a_placed, a_standing


@pytest.mark.parametrize(
    ("placed", "standing", "expected"),
    [
        ({}, a_standing(), Protection.PROTECTED),
        ({}, NEW, Protection.OFFLINE),
        ({"commissioned_ms": None}, a_standing(), Protection.NOT_REQUIRED),
        ({"commissioned_ms": T0 + 1}, a_standing(), Protection.NOT_REQUIRED),
        ({"retired_ms": T0}, a_standing(), Protection.NOT_REQUIRED),
        ({"retired_ms": T0 + 1}, a_standing(), Protection.PROTECTED),
        ({}, a_standing(Condition.LEAK), Protection.PROTECTED),
        ({}, a_standing(Condition.LOW_BATTERY, Condition.UNTRUSTED_CLOCK), Protection.PROTECTED),
        ({}, a_standing(Condition.WRONG_GAS), Protection.UNFIT),
        ({}, a_standing(Condition.END_OF_LIFE, Condition.WARMING_UP), Protection.WARMING_UP),
        ({}, a_standing(Condition.FAULT, Condition.WRONG_GAS), Protection.FAULT),
        ({}, a_standing(Condition.SHIELDED, Condition.FAULT), Protection.MAINTENANCE),
        ({}, a_standing(Condition.TESTING), Protection.MAINTENANCE),
        ({}, a_standing(Condition.TESTING, Condition.OFFLINE), Protection.OFFLINE),
    ],
)
def test_the_first_state_that_applies_wins(
    placed: dict[str, Any], standing: Standing, expected: Protection
) -> None:
    assert protection(a_placed(**placed), standing, T0) is expected


def test_while_we_are_blind_all_that_are_required_are_unmonitored() -> None:
    tally = Tally()
    for state in (Protection.PROTECTED, Protection.PROTECTED, Protection.FAULT, Protection.NOT_REQUIRED):
        tally.add(state)
    tally.add(Protection.PROTECTED, -1)
    seeing, blind = tally.counts(blind=False), tally.counts(blind=True)
    assert {state: count for state, count in seeing.items() if count} == {
        "protected": 1,
        "fault": 1,
        "not_required": 1,
    }
    assert {state: count for state, count in blind.items() if count} == {"unmonitored": 2, "not_required": 1}
    assert set(seeing) == set(blind) == set(Protection)
