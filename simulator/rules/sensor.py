"""A catalytic sensor: slow, noisy, drifting, and sure of what it is calibrated on (reference: domain 1.4, 8.3)."""

import math
from dataclasses import dataclass
from typing import Final

from gascore.words import SupplyGas, TargetGas

MONTH_MS: Final = 30 * 86_400_000
MAX_ZERO_DRIFT: Final = 3.0
"""%LEL (domain 8.3: bounded +-3)."""

_RESPONSE: Final[dict[tuple[TargetGas, bool], float]] = {
    # (calibrated on, is the gas LPG): displayed / true, the inverse of domain 1.4's factor.
    (TargetGas.METHANE, False): 1.0,
    (TargetGas.METHANE, True): 1 / 1.62,  # propane on a methane calibration: under-reads
    (TargetGas.LPG, True): 1.0,
    (TargetGas.LPG, False): 1 / 0.62,  # methane on a propane calibration: over-reads
    (TargetGas.COAL_GAS, False): 0.9,
    (TargetGas.COAL_GAS, True): 1 / 1.62,
    (TargetGas.CO, False): 0.0,  # an electrochemical CO cell does not see hydrocarbons
    (TargetGas.CO, True): 0.0,
}


@dataclass(frozen=True, slots=True)
class SensorTraits:
    """What one sensor is like.

    Attributes:
        response: displayed %LEL for 1 %LEL of the gas that is there.
        tau_s: time constant; t90 is 2.3 of them (domain 8.3: t90 10-60 s, so 4-26 s).
        noise: one sigma, %LEL (0.1-1).
        zero_per_month: zero drift, %LEL a month (within +-0.5).
        gain_per_month: sensitivity drift, a share a month (-0.01 for catalytic ones).
        quantum: smallest step shown, %LEL (1 or 0.1).
    """

    response: float = 1.0
    tau_s: float = 13.0
    noise: float = 0.3
    zero_per_month: float = 0.0
    gain_per_month: float = -0.01
    quantum: float = 0.1


def response_to(gas: SupplyGas, target: frozenset[TargetGas]) -> float:
    """How a detector for `target` answers to `gas`: the most sensitive of its cells."""
    return max(_RESPONSE[each, gas is SupplyGas.LPG] for each in target)


def follow(lagged: float, true_lel: float, *, tau_s: float, dt_s: float) -> float:
    """The sensor's inner value after `dt_s` in `true_lel`: a first-order lag, exact for a constant input.

    >>> round(follow(0.0, 100.0, tau_s=13.0, dt_s=30.0))
    90
    """
    return true_lel + (lagged - true_lel) * math.exp(-dt_s / tau_s)


def shown(traits: SensorTraits, lagged: float, *, age_ms: int, noise: float) -> float:
    """What is displayed, %LEL within 0..100.

    Args:
        traits: of the sensor.
        lagged: its inner value, true %LEL.
        age_ms: since it was calibrated.
        noise: a draw from the standard normal distribution.
    """
    months = max(0, age_ms) / MONTH_MS
    gain = max(0.0, 1 + traits.gain_per_month * months)
    zero = max(-MAX_ZERO_DRIFT, min(MAX_ZERO_DRIFT, traits.zero_per_month * months))
    value = lagged * traits.response * gain + zero + traits.noise * noise
    steps = round(max(0.0, min(100.0, value)) / traits.quantum)
    return min(100.0, round(steps * traits.quantum, 3))
