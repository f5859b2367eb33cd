"""Which detector fits which gas: the whole matrix of CJJ/T 146-2011 3.1.2 and the reference's section 1.5."""

import pytest

from gascore.compat import Fit, fit, format_target, parse_target
from gascore.words import SupplyGas

OK, NO, FEW, ASK = Fit.OK, Fit.MISMATCH, Fit.INSUFFICIENT, Fit.VERIFY
TARGETS = ("methane", "lpg", "coal_gas", "co", "methane+lpg", "methane+co", None)
MATRIX = {
    SupplyGas.NATURAL_GAS: (OK, NO, NO, FEW, OK, OK, ASK),
    SupplyGas.MINE_GAS: (OK, NO, NO, FEW, OK, OK, ASK),
    SupplyGas.LPG: (NO, OK, NO, FEW, OK, NO, ASK),
    SupplyGas.COAL_GAS: (NO, NO, OK, OK, NO, OK, ASK),
    SupplyGas.BIOGAS: (OK, NO, NO, FEW, OK, OK, ASK),
}


@pytest.mark.parametrize(
    ("supply", "target", "expected"),
    [(supply, target, row[i]) for supply, row in MATRIX.items() for i, target in enumerate(TARGETS)],
)
def test_the_compatibility_matrix(supply: SupplyGas, target: str | None, expected: Fit) -> None:
    assert fit(supply, parse_target(target)) is expected


@pytest.mark.parametrize("text", ["", None, "helium", "methane+helium", "methane+"])
def test_an_unknown_target_gas_is_to_verify_never_ok(text: str | None) -> None:
    assert parse_target(text) is None
    assert fit(SupplyGas.LPG, parse_target(text)) is Fit.VERIFY


def test_a_combination_is_written_in_one_order() -> None:
    assert format_target(parse_target("co+methane")) == "methane+co"
    assert format_target(None) is None
