"""The machine of conditions: what each event raises, changes and clears, and why."""

from typing import Any

import pytest

from collector.rules.judgement import (
    CameOnline,
    FellSilent,
    LastWill,
    LedgerRead,
    NeverReported,
    Reported,
    Struck,
    step,
)
from collector.rules.page import NEW, Effect, Standing, Step, share
from collector.rules.timing import Timing
from gascore.journal import ConditionChanged, ConditionCleared, ConditionRaised, FirstReport, Reason
from gascore.registry import Placed
from gascore.words import Condition, Level, SupplyGas, TargetGas
from support.collector_words import LIMITS, T0, a_held, a_placed, a_standing, a_status

LPG_ON_MINE_GAS = a_placed(supply_gas=SupplyGas.MINE_GAS, target=frozenset({TargetGas.LPG}))


def report(
    standing: Standing, state: str = "normal", *, at: int = T0, placed: Placed | None = None, **fields: object
) -> Step:
    event = Reported(a_status(state, **fields), at, Timing(at))
    return step(standing, placed or a_placed(), event, LIMITS)


def brief(effects: tuple[Effect, ...]) -> list[tuple[str, str]]:
    """Each effect as its kind and its condition."""
    return [
        (type(one).__name__, "" if isinstance(one, FirstReport) else str(one.condition)) for one in effects
    ]


def test_the_first_report_ever_is_journaled_once() -> None:
    first = report(NEW)
    assert brief(first.effects) == [("FirstReport", "")]
    assert report(first.standing).effects == ()


def test_a_message_that_changes_nothing_leaves_the_same_object() -> None:
    standing = share(Standing(reported=True))
    assert report(standing, lel=1.0).standing is standing


def test_a_leak_is_raised_worsens_lessens_and_clears_with_its_numbers() -> None:
    low = report(a_standing(), "low", lel=30.0)
    high = report(low.standing, "high", lel=70.0, at=T0 + 1)
    less = report(high.standing, "low", lel=30.0, at=T0 + 2)
    over = report(less.standing, "normal", lel=1.0, at=T0 + 3)

    [raised], [worse], [better], [cleared] = low.effects, high.effects, less.effects, over.effects
    assert isinstance(raised, ConditionRaised)
    assert (raised.level, raised.since_ms, raised.reason) == (Level.LOW, T0, Reason.REPORTED_STATE)
    assert raised.sample is not None
    assert raised.sample.lel == 30.0
    assert isinstance(worse, ConditionChanged)
    assert (worse.previous, worse.level, worse.since_ms) == (Level.LOW, Level.HIGH, T0)
    assert isinstance(better, ConditionChanged)
    assert (better.previous, better.level) == (Level.HIGH, Level.LOW)
    assert isinstance(cleared, ConditionCleared)
    assert (cleared.since_ms, cleared.ended_ms, cleared.reason) == (T0, T0 + 3, Reason.MESSAGE)
    assert over.standing == a_standing()


def test_the_reasons_of_a_step_are_in_order() -> None:
    done = report(a_standing(Condition.OFFLINE), "high", faults=("E1",))
    assert done.reasons == (Reason.MESSAGE, Reason.REPORTED_STATE, Reason.REPORTED_STATE)


def test_a_fault_with_other_codes_has_changed() -> None:
    one = report(a_standing(), "fault", faults=("E1",))
    two = report(one.standing, "fault", faults=("E1", "E2"))
    assert brief(two.effects) == [("ConditionChanged", "fault")]
    assert report(two.standing, "fault", faults=("E2", "E1")).effects == ()


@pytest.mark.parametrize(
    ("state", "condition"),
    [("warmup", "warming_up"), ("test", "testing"), ("shielded", "shielded")],
)
def test_a_word_of_the_state_is_a_condition_while_it_is_said(state: str, condition: str) -> None:
    begun = report(a_standing(), state)
    assert brief(begun.effects) == [("ConditionRaised", condition)]
    assert brief(report(begun.standing).effects) == [("ConditionCleared", condition)]


def test_a_detector_that_warms_up_at_its_first_report_says_both() -> None:
    done = report(NEW, "warmup", at=T0)
    assert brief(done.effects) == [("FirstReport", ""), ("ConditionRaised", "warming_up")]


def test_the_last_will_is_offline_and_the_next_message_ends_it() -> None:
    gone = step(a_standing(), a_placed(), LastWill(T0), LIMITS)
    [raised] = gone.effects
    assert isinstance(raised, ConditionRaised)
    assert (raised.condition, raised.reason, raised.since_ms) == (Condition.OFFLINE, Reason.LAST_WILL, T0)
    assert brief(report(gone.standing).effects) == [("ConditionCleared", "offline")]


def test_silence_after_the_will_changes_nothing() -> None:
    gone = step(a_standing(), a_placed(), LastWill(T0), LIMITS)
    assert step(gone.standing, a_placed(), FellSilent(T0 + 5), LIMITS).effects == ()


def test_connecting_ends_offline_but_proves_no_report() -> None:
    standing = a_standing(Condition.OFFLINE)
    assert brief(step(standing, a_placed(), CameOnline(T0 + 9), LIMITS).effects) == [
        ("ConditionCleared", "offline")
    ]
    never = Standing(held={Condition.NEVER_REPORTED: a_held()})
    assert step(never, a_placed(), CameOnline(T0 + 9), LIMITS).effects == ()


def test_a_leak_stays_while_its_detector_is_offline() -> None:
    leaking = a_standing(leak=a_held(Level.HIGH))
    gone = step(leaking, a_placed(), LastWill(T0 + 1), LIMITS)
    assert brief(gone.effects) == [("ConditionRaised", "offline")]
    assert Condition.LEAK in gone.standing.held


def test_who_never_reported_is_never_offline() -> None:
    for event in (LastWill(T0), FellSilent(T0)):
        assert step(NEW, a_placed(), event, LIMITS).effects == ()


def test_never_reported_begins_at_commissioning_and_ends_with_the_first_report() -> None:
    silent = step(NEW, a_placed(), NeverReported(T0 - 5), LIMITS)
    [raised] = silent.effects
    assert isinstance(raised, ConditionRaised)
    assert (raised.condition, raised.since_ms) == (Condition.NEVER_REPORTED, T0 - 5)
    assert brief(report(silent.standing).effects) == [
        ("FirstReport", ""),
        ("ConditionCleared", "never_reported"),
    ]
    assert step(a_standing(), a_placed(), NeverReported(T0), LIMITS).effects == ()


def test_the_ledger_alone_raises_and_clears_the_wrong_gas() -> None:
    wrong = step(NEW, LPG_ON_MINE_GAS, LedgerRead(T0 - 9, required=True), LIMITS)
    [raised] = wrong.effects
    assert isinstance(raised, ConditionRaised)
    assert (raised.condition, raised.since_ms, raised.reason) == (
        Condition.WRONG_GAS,
        T0 - 9,
        Reason.LEDGER,
    )
    mended = step(wrong.standing, a_placed(), LedgerRead(T0, required=True), LIMITS)
    [cleared] = mended.effects
    assert isinstance(cleared, ConditionCleared)
    assert cleared.reason is Reason.LEDGER


def test_a_declared_gas_is_remembered_when_later_messages_say_none() -> None:
    said = report(a_standing(), gas="lpg")
    assert brief(said.effects) == [("ConditionRaised", "wrong_gas")]
    assert report(said.standing).effects == ()
    assert brief(report(said.standing, gas="methane").effects) == [("ConditionCleared", "wrong_gas")]


@pytest.mark.parametrize("changes", [{"retired_ms": T0 - 1}, {"commissioned_ms": None}])
def test_what_is_not_in_service_is_neither_offline_nor_of_the_wrong_gas_but_may_leak(
    changes: dict[str, Any],
) -> None:
    placed = a_placed(supply_gas=SupplyGas.MINE_GAS, target=frozenset({TargetGas.LPG}), **changes)
    assert step(a_standing(), placed, LastWill(T0), LIMITS).effects == ()
    assert brief(report(a_standing(), "high", placed=placed).effects) == [("ConditionRaised", "leak")]


def test_taken_out_of_service_it_loses_what_only_counts_in_service() -> None:
    standing = a_standing(Condition.OFFLINE, Condition.WRONG_GAS, Condition.FAULT)
    done = step(standing, a_placed(retired_ms=T0), LedgerRead(T0, required=False), LIMITS)
    assert brief(done.effects) == [("ConditionCleared", "offline"), ("ConditionCleared", "wrong_gas")]


def test_struck_from_the_ledger_everything_ends() -> None:
    standing = a_standing(Condition.LEAK, Condition.FAULT)
    done = step(standing, a_placed(), Struck(T0 + 1), LIMITS)
    assert brief(done.effects) == [("ConditionCleared", "leak"), ("ConditionCleared", "fault")]
    assert done.standing.held == {}


def test_late_data_proves_life_but_sets_nothing_back() -> None:
    standing = a_standing(Condition.OFFLINE, Condition.FAULT)
    late = Reported(a_status(lel=0.0), T0, Timing(T0 - 60_000, stale=True))
    assert brief(step(standing, a_placed(), late, LIMITS).effects) == [("ConditionCleared", "offline")]


def test_a_late_leak_is_raised_marked_late_and_a_late_all_clear_is_not_believed() -> None:
    late = Reported(a_status("high"), T0, Timing(T0 - 600_000, stale=True, late=True))
    done = step(a_standing(), a_placed(), late, LIMITS)
    [raised] = done.effects
    assert isinstance(raised, ConditionRaised)
    assert raised.late
    assert raised.since_ms == T0 - 600_000
    normal = Reported(a_status(lel=0.0), T0, Timing(T0 - 300_000, stale=True, late=True))
    assert step(done.standing, a_placed(), normal, LIMITS).effects == ()


def test_a_late_lower_level_does_not_lessen_a_leak() -> None:
    leaking = a_standing(leak=a_held(Level.HIGH))
    late = Reported(a_status("low"), T0, Timing(T0 - 60_000, stale=True))
    assert step(leaking, a_placed(), late, LIMITS).effects == ()


def test_a_wrong_clock_is_a_condition_until_it_is_right() -> None:
    wrong = Reported(a_status(), T0, Timing(T0, trusted=False))
    begun = step(a_standing(), a_placed(), wrong, LIMITS)
    assert brief(begun.effects) == [("ConditionRaised", "untrusted_clock")]
    assert brief(report(begun.standing).effects) == [("ConditionCleared", "untrusted_clock")]


def test_an_end_before_the_begin_is_booked_at_the_begin() -> None:
    faulty = a_standing(fault=a_held(codes=("E1",)))
    [cleared] = report(faulty, at=T0 - 50).effects
    assert isinstance(cleared, ConditionCleared)
    assert cleared.ended_ms == cleared.since_ms == T0


def test_detectors_without_conditions_share_one_object() -> None:
    assert share(Standing(reported=True, declared="lpg")) is share(Standing(reported=True, declared="lpg"))
    assert share(NEW) is NEW
