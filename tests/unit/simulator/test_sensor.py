"""A sensor lags, drifts, saturates, and misjudges a gas that it is not made for."""

import pytest

from gascore.words import SupplyGas, TargetGas
from simulator.rules.sensor import MONTH_MS, SensorTraits, follow, response_to, shown

QUIET = SensorTraits(noise=0.0, gain_per_month=0.0)


def test_it_shows_nine_tenths_of_a_step_after_thirty_seconds() -> None:
    assert follow(0.0, 100.0, tau_s=13.0, dt_s=30.0) == pytest.approx(90, abs=1)


def test_it_shows_no_more_than_a_hundred_and_no_less_than_zero() -> None:
    assert shown(QUIET, 250.0, age_ms=0, noise=0.0) == 100
    assert shown(SensorTraits(noise=1.0), 0.0, age_ms=0, noise=-3.0) == 0


@pytest.mark.parametrize(("quantum", "value"), [(1.0, 12.0), (0.1, 12.3)])
def test_it_shows_steps_of_its_resolution(quantum: float, value: float) -> None:
    traits = SensorTraits(noise=0.0, gain_per_month=0.0, quantum=quantum)
    assert shown(traits, 12.34, age_ms=0, noise=0.0) == value


def test_it_loses_sensitivity_with_age() -> None:
    traits = SensorTraits(noise=0.0, gain_per_month=-0.01)
    assert shown(traits, 50.0, age_ms=10 * MONTH_MS, noise=0.0) == pytest.approx(45.0)


def test_its_zero_drifts_no_further_than_three() -> None:
    traits = SensorTraits(noise=0.0, gain_per_month=0.0, zero_per_month=0.5)
    assert shown(traits, 0.0, age_ms=4 * MONTH_MS, noise=0.0) == pytest.approx(2.0)
    assert shown(traits, 0.0, age_ms=40 * MONTH_MS, noise=0.0) == pytest.approx(3.0)


def test_a_methane_detector_shows_three_fifths_of_lpg_and_an_lpg_detector_too_much_methane() -> None:
    methane, lpg = frozenset({TargetGas.METHANE}), frozenset({TargetGas.LPG})
    assert response_to(SupplyGas.LPG, methane) == pytest.approx(0.62, abs=0.01)
    assert response_to(SupplyGas.MINE_GAS, lpg) == pytest.approx(1.61, abs=0.01)
    assert response_to(SupplyGas.LPG, methane | lpg) == 1.0
    assert response_to(SupplyGas.NATURAL_GAS, frozenset({TargetGas.CO})) == 0.0
