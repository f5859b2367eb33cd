"""How many detectors are in which protection state."""

from typing import Any

import pytest
from msgspec.structs import replace

from collector.rules.page import NEW, Standing
from collector.rules.tally import Tally, protection
from collector.rules.watch import hear
from collector.service.batch import Batch
from collector.service.fleet import Difference, Fleet
from gascore.words import Condition, Protection
from support.collector_words import LIMITS, T0, a_placed, a_standing, a_status


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
        tally.move(None, state)
    tally.move(Protection.PROTECTED, None)
    seeing, blind = tally.counts(blind=False), tally.counts(blind=True)
    assert some(seeing) == {"protected": 1, "fault": 1, "not_required": 1}
    assert some(blind) == {"unmonitored": 2, "not_required": 1}
    assert set(seeing) == set(blind) == set(Protection)


DAY_MS = 86_400_000
DATES = [{"commissioned_ms": T0 + DAY_MS}, {"retired_ms": T0 + DAY_MS}]


@pytest.mark.parametrize("dates", DATES, ids=["commissioned", "retired"])
def test_a_date_that_passes_leaves_nobody_counted_twice_or_less_than_not_at_all(
    dates: dict[str, int],
) -> None:
    fleet, batch = Fleet(LIMITS, T0), Batch(1)
    names = ("changes", "is moved", "is struck", "stays")
    placed = {name: a_placed(name, no, **dates) for no, name in enumerate(names, 1)}
    fleet.start(placed.values(), (), batch, T0)
    later_ms = T0 + 2 * DAY_MS
    changes = fleet.watches["changes"]
    before = changes.standing
    done = hear(changes, a_status("fault", seq=1), later_ms, flagged=False, limits=LIMITS)
    assert done.standing is not before
    fleet.changed(changes, before, done, batch, later_ms, later_ms)
    fleet.follow(Difference(["is struck"], [], [replace(placed["is moved"], every_s=5.0)]), batch, later_ms)
    counts = fleet.tally.counts(blind=False)
    assert sum(counts.values()) == len(fleet.watches) == 3
    assert min(counts.values()) >= 0


def some(counts: dict[str, int]) -> dict[str, int]:
    """Without the states in which nobody is."""
    return {state: count for state, count in counts.items() if count}
