"""Whether a detector is made for the gas of its room, by the ledger and by its own word.

Each source that disagrees is named by a code: `ledger_mismatch`, `ledger_insufficient`,
`declared_mismatch`, `declared_insufficient`. A source that does not know the target gas adds
`ledger_verify` or `declared_verify` beside them. "To verify" alone raises nothing: nobody knows that such
a detector is wrong, and an alarm for each missing nameplate would hide the real ones. It is never counted
as fit either: `to_verify` tells the system page how many there are.
"""

from functools import lru_cache
from typing import Final

from gascore.compat import Fit, fit, parse_target
from gascore.correction import Corrected, corrected_at_worst
from gascore.journal import Reason
from gascore.registry import Placed
from gascore.words import SupplyGas, TargetGas

_WRONG: Final = frozenset({Fit.MISMATCH, Fit.INSUFFICIENT})


def gas_codes(placed: Placed, declared: str | None) -> tuple[tuple[str, ...], Reason | None]:
    """What disagrees with the supply gas, and who says so; the reason is None when nothing is wrong.

    Args:
        placed: the ledger's word.
        declared: the target gas as the detector itself names it; None: it does not say.
    """
    return _gas_codes(placed.supply_gas, placed.target, declared)


@lru_cache(maxsize=1_000)  # a million detectors are made for a handful of gases
def _gas_codes(
    supply: SupplyGas, target: frozenset[TargetGas] | None, declared: str | None
) -> tuple[tuple[str, ...], Reason | None]:
    by_ledger = fit(supply, target)
    by_message = Fit.OK if declared is None else fit(supply, parse_target(declared))
    found = (("ledger", by_ledger), ("declared", by_message))
    codes = tuple(f"{source}_{how.value}" for source, how in found if how is not Fit.OK)
    if by_ledger in _WRONG:
        return codes, Reason.LEDGER
    return codes, Reason.DECLARED_GAS if by_message in _WRONG else None


def to_verify(placed: Placed, declared: str | None) -> bool:
    """Whether nobody, neither the ledger nor the detector, names a target gas that we know."""
    return placed.target is None and parse_target(declared) is None


def corrected_reading(placed: Placed, declared: str | None, lel: float | None) -> Corrected | None:
    """The worst that the ledger's word and the detector's own make of a shown %LEL; None: as shown, or unknown."""
    targets = (placed.target, parse_target(declared))
    return corrected_at_worst(lel, placed.supply_gas, targets, placed.figures)
