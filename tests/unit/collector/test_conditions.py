"""What one message says of each condition, as tables."""

import pytest

from collector.rules.conditions import (
    CODE_MAX,
    Answer,
    Finding,
    Held,
    Word,
    end_of_life,
    fault,
    leak,
    level_of,
    low_battery,
    wrong_gas,
)
from gascore.journal import Reason
from gascore.wire import Status, Valve
from gascore.words import Level, SupplyGas, TargetGas
from support.collector_words import LIMITS, a_held, a_placed, a_status

GONE, SILENT = Word.GONE, Word.SILENT
LOW_SAID = Finding(Reason.REPORTED_STATE, Level.LOW)
HIGH_SAID = Finding(Reason.REPORTED_STATE, Level.HIGH)
LOW_NUMBER = Finding(Reason.OVER_SET_POINT, Level.LOW)
HIGH_NUMBER = Finding(Reason.OVER_SET_POINT, Level.HIGH)


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (a_status(lel=3.0), GONE),
        (a_status(lel=24.9), GONE),
        (a_status(lel=25.0), LOW_NUMBER),
        (a_status(lel=50.0), HIGH_NUMBER),
        (a_status("low"), LOW_SAID),
        (a_status("low", lel=26.0), LOW_SAID),
        (a_status("low", lel=60.0), HIGH_NUMBER),
        (a_status("high", lel=0.0), HIGH_SAID),
        (a_status("fault", lel=55.0), HIGH_NUMBER),
        (a_status("warmup", lel=30.0), LOW_NUMBER),
        (a_status("test", lel=30.0), LOW_NUMBER),
        (a_status("shielded", lel=80.0), HIGH_NUMBER),
        (a_status("fault"), GONE),
        (a_status(co=299.0), GONE),
        (a_status(co=300.0), HIGH_NUMBER),
    ],
)
def test_a_leak_is_the_worst_of_the_word_and_the_number(status: Status, expected: Answer) -> None:
    assert leak(a_placed(), status, None, LIMITS) == expected


@pytest.mark.parametrize(
    ("status", "held", "expected"),
    [
        (a_status(lel=24.0), a_held(Level.LOW), LOW_NUMBER),
        (a_status(lel=22.4), a_held(Level.LOW), GONE),
        (a_status(lel=46.0), a_held(Level.HIGH), HIGH_NUMBER),
        (a_status(lel=44.0), a_held(Level.HIGH), LOW_NUMBER),
        (a_status("fault"), a_held(Level.HIGH), SILENT),
        (a_status("fault", lel=0.0), a_held(Level.HIGH), SILENT),
        (a_status("warmup", lel=0.0), a_held(Level.LOW), SILENT),
        (a_status(faults=("lel_out_of_range",)), a_held(Level.LOW), SILENT),
        (a_status(), a_held(Level.LOW), GONE),
        (a_status(), a_held(Level.LOW, reason=Reason.OVER_SET_POINT), SILENT),
        (a_status("shielded"), a_held(Level.LOW), SILENT),
        (a_status("shielded", lel=1.0), a_held(Level.LOW), GONE),
    ],
)
def test_a_leak_is_only_gone_when_the_message_proves_it(status: Status, held: Held, expected: Answer) -> None:
    assert leak(a_placed(), status, held, LIMITS) == expected


def test_coal_gas_is_judged_by_carbon_monoxide_from_the_low_set_point_on() -> None:
    placed = a_placed(supply_gas=SupplyGas.COAL_GAS, target=frozenset({TargetGas.COAL_GAS, TargetGas.CO}))
    assert leak(placed, a_status(co=49.0), None, LIMITS) is GONE
    assert leak(placed, a_status(co=50.0), None, LIMITS) == LOW_NUMBER
    assert leak(placed, a_status(co=300.0, lel=1.0), None, LIMITS) == HIGH_NUMBER


def test_the_set_points_are_the_detectors_own() -> None:
    placed = a_placed(low_lel=5.0, high_lel=10.0)
    assert leak(placed, a_status(lel=6.0), None, LIMITS) == LOW_NUMBER
    assert leak(placed, a_status(lel=10.0), None, LIMITS) == HIGH_NUMBER


def test_no_number_has_no_level() -> None:
    assert level_of(None, 25, 50, held=Level.HIGH) is Level.NONE


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (a_status(), GONE),
        (a_status("fault"), Finding(Reason.REPORTED_STATE, codes=("unspecified",))),
        (a_status("fault", faults=("E2", "E1")), Finding(Reason.REPORTED_STATE, codes=("E1", "E2"))),
        (a_status(faults=("E1",)), Finding(Reason.REPORTED_STATE, codes=("E1",))),
        (a_status(valve=Valve.FAULT), Finding(Reason.REPORTED_STATE, codes=("valve_fault",))),
        (a_status(faults=("lel_out_of_range",)), Finding(Reason.OUT_OF_RANGE, codes=("lel_out_of_range",))),
        (
            a_status("fault", faults=("lel_out_of_range",)),
            Finding(Reason.REPORTED_STATE, codes=("lel_out_of_range",)),
        ),
        (a_status(faults=("x" * 1000,)), Finding(Reason.REPORTED_STATE, codes=("x" * CODE_MAX,))),
    ],
)
def test_a_fault_names_its_codes_sorted_and_short(status: Status, expected: Answer) -> None:
    assert fault(a_placed(), status, None, LIMITS) == expected


@pytest.mark.parametrize(
    ("supply", "target", "declared", "expected"),
    [
        (SupplyGas.MINE_GAS, {TargetGas.METHANE}, None, GONE),
        (SupplyGas.MINE_GAS, {TargetGas.LPG}, None, Finding(Reason.LEDGER, codes=("ledger_mismatch",))),
        (
            SupplyGas.MINE_GAS,
            {TargetGas.METHANE},
            "lpg",
            Finding(Reason.DECLARED_GAS, codes=("declared_mismatch",)),
        ),
        (
            SupplyGas.LPG,
            {TargetGas.METHANE},
            "methane",
            Finding(Reason.LEDGER, codes=("ledger_mismatch", "declared_mismatch")),
        ),
        (SupplyGas.LPG, {TargetGas.CO}, None, Finding(Reason.LEDGER, codes=("ledger_insufficient",))),
        (SupplyGas.LPG, None, None, GONE),
        (SupplyGas.LPG, None, "lpg", GONE),
        (SupplyGas.LPG, {TargetGas.LPG}, "helium", GONE),
        (
            SupplyGas.LPG,
            None,
            "methane",
            Finding(Reason.DECLARED_GAS, codes=("ledger_verify", "declared_mismatch")),
        ),
    ],
)
def test_the_wrong_gas_is_said_by_whoever_disagrees_and_never_by_ignorance(
    supply: SupplyGas, target: set[TargetGas] | None, declared: str | None, expected: Answer
) -> None:
    placed = a_placed(supply_gas=supply, target=None if target is None else frozenset(target))
    assert wrong_gas(placed, declared) == expected


@pytest.mark.parametrize(
    ("batt", "held", "expected"),
    [
        (None, None, SILENT),
        (20.0, None, GONE),
        (19.9, None, Finding(Reason.OVER_SET_POINT)),
        (24.9, a_held(), Finding(Reason.OVER_SET_POINT)),
        (25.0, a_held(), GONE),
    ],
)
def test_a_low_battery_needs_some_charge_to_be_fine_again(
    batt: float | None, held: Held | None, expected: Answer
) -> None:
    assert low_battery(a_placed(), a_status(batt=batt), held, LIMITS) == expected


@pytest.mark.parametrize(
    ("life", "expected"), [(None, SILENT), (1, GONE), (0, Finding(Reason.REPORTED_STATE))]
)
def test_the_end_of_life_is_when_no_day_is_left(life: int | None, expected: Answer) -> None:
    assert end_of_life(a_placed(), a_status(life=life), None, LIMITS) == expected
