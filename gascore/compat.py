"""Which detector fits which supply gas, as one table (reference: CJJ/T 146-2011 3.1.2)."""

from collections.abc import Mapping
from enum import StrEnum
from functools import lru_cache

from gascore.words import SupplyGas, TargetGas


class Fit(StrEnum):
    """How well a detector's target gases fit a room's supply gas."""

    OK = "ok"
    MISMATCH = "mismatch"
    """Under-reads or is blind."""
    INSUFFICIENT = "insufficient"
    """Sees only carbon monoxide: tells of bad burning, not of a leak."""
    VERIFY = "verify"
    """The target gas is not known. Never the same as OK."""


_M, _L, _R, _C = TargetGas.METHANE, TargetGas.LPG, TargetGas.COAL_GAS, TargetGas.CO

SUITABLE: Mapping[SupplyGas, frozenset[TargetGas]] = {
    SupplyGas.NATURAL_GAS: frozenset({_M}),
    SupplyGas.MINE_GAS: frozenset({_M}),
    SupplyGas.LPG: frozenset({_L}),
    # CJJ/T 146 3.1.2: coal gas "should" have a CO or a combined detector; CO governs before %LEL does.
    SupplyGas.COAL_GAS: frozenset({_R, _C}),
    SupplyGas.BIOGAS: frozenset({_M}),
}
"""For each supply gas, the target gases of which a detector needs at least one."""


@lru_cache(maxsize=1024)
def parse_target(text: str | None) -> frozenset[TargetGas] | None:
    """Read "methane" or "methane+co"; None when nothing or anything unknown is in it.

    >>> sorted(parse_target("methane+co"))
    [<TargetGas.CO: 'co'>, <TargetGas.METHANE: 'methane'>]
    >>> parse_target("helium") is None
    True
    """
    if not text:
        return None
    try:
        return frozenset(TargetGas(part) for part in text.split("+"))
    except ValueError:
        return None


def format_target(target: frozenset[TargetGas] | None) -> str | None:
    """The inverse of `parse_target`, in the order of `TargetGas`."""
    return "+".join(gas for gas in TargetGas if gas in target) if target else None


def fit(supply: SupplyGas, target: frozenset[TargetGas] | None) -> Fit:
    """How a detector for `target` fits a room supplied with `supply`.

    >>> fit(SupplyGas.MINE_GAS, parse_target("lpg"))
    <Fit.MISMATCH: 'mismatch'>
    """
    if not target:
        return Fit.VERIFY
    if target & SUITABLE[supply]:
        return Fit.OK
    return Fit.INSUFFICIENT if target == {TargetGas.CO} else Fit.MISMATCH
