"""What the true %LEL may be behind a detector that is made for another gas."""

import msgspec
import pytest

from gascore.compat import parse_target
from gascore.correction import Corrected, corrected
from gascore.thresholds import DEFAULTS
from gascore.words import SupplyGas


@pytest.mark.parametrize(
    ("shown", "least", "most"),
    [(10.0, 16.2, 17.5), (20.0, 32.4, 35.0), (25.0, 40.5, 43.8), (50.0, 81.0, 87.5)],
)
def test_a_methane_detector_shows_lpg_too_low(shown: float, least: float, most: float) -> None:
    """Domain reference 1.4, second table; 20 and 35 %LEL are the second maker's own words."""
    found = corrected(shown, SupplyGas.LPG, parse_target("methane"), DEFAULTS)
    assert found == Corrected(least, most)


@pytest.mark.parametrize("supply", [SupplyGas.NATURAL_GAS, SupplyGas.MINE_GAS, SupplyGas.BIOGAS])
def test_an_lpg_detector_shows_methane_too_high(supply: SupplyGas) -> None:
    assert corrected(50.0, supply, parse_target("lpg"), DEFAULTS) == Corrected(30.0, 31.0)


@pytest.mark.parametrize(
    ("supply", "target"),
    [
        (SupplyGas.LPG, "lpg"),
        (SupplyGas.LPG, "methane+lpg"),
        (SupplyGas.LPG, None),
        (SupplyGas.LPG, "co"),
        (SupplyGas.LPG, "coal_gas"),
        (SupplyGas.COAL_GAS, "methane"),
        (SupplyGas.MINE_GAS, "coal_gas"),
    ],
)
def test_where_it_fits_or_nobody_knows_there_is_no_corrected_reading(
    supply: SupplyGas, target: str | None
) -> None:
    assert corrected(20.0, supply, parse_target(target), DEFAULTS) is None


def test_no_number_has_no_corrected_one() -> None:
    assert corrected(None, SupplyGas.LPG, parse_target("methane"), DEFAULTS) is None


def test_a_combined_detector_is_judged_by_its_part_for_combustible_gas() -> None:
    assert corrected(20.0, SupplyGas.LPG, parse_target("methane+co"), DEFAULTS) == Corrected(32.4, 35.0)


def test_a_profile_can_say_that_nothing_is_known_of_a_kind() -> None:
    laser = msgspec.structs.replace(DEFAULTS, methane_on_lpg=0.0, methane_on_lpg_max=0.0)
    assert corrected(20.0, SupplyGas.LPG, parse_target("methane"), laser) is None
