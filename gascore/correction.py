"""The corrected reading of a detector that hangs in another gas than the one it is made for.

A catalytic detector for methane shows LPG too low, one for LPG shows methane too high; by how much is known
within bounds (reference: EN 60079-29 makers' tables; `Thresholds` holds the factors). For other pairs nobody
can say: there is no corrected reading then, which does not mean that the shown one is right.
"""

from collections.abc import Iterable, Mapping
from typing import Final

import msgspec

from gascore.compat import Fit, fit
from gascore.thresholds import Thresholds
from gascore.words import SupplyGas, TargetGas


class Corrected(msgspec.Struct, frozen=True, gc=False):
    """What the true %LEL may be, from `least` to `most`; it can be over 100."""

    least: float
    most: float


_METHANE: Final = frozenset({SupplyGas.NATURAL_GAS, SupplyGas.MINE_GAS, SupplyGas.BIOGAS})
_FACTORS: Final[Mapping[TargetGas, tuple[frozenset[SupplyGas], str]]] = {
    TargetGas.METHANE: (frozenset({SupplyGas.LPG}), "methane_on_lpg"),
    TargetGas.LPG: (_METHANE, "lpg_on_methane"),
}
"""Target gas -> in which supply gases a factor is known, and under which name."""


def corrected(
    lel: float | None, supply: SupplyGas, target: frozenset[TargetGas] | None, figures: Thresholds
) -> Corrected | None:
    """The true %LEL behind a shown one; None where the detector fits, or where nobody can say.

    >>> from gascore.thresholds import DEFAULTS
    >>> corrected(20.0, SupplyGas.LPG, frozenset({TargetGas.METHANE}), DEFAULTS)
    Corrected(least=32.4, most=35.0)
    """
    if lel is None or not target or fit(supply, target) is not Fit.MISMATCH:
        return None
    found = [
        Corrected(round(lel * least, 1), round(lel * getattr(figures, f"{name}_max"), 1))
        for gas in target
        if gas in _FACTORS
        for supplies, name in (_FACTORS[gas],)
        if supply in supplies and (least := getattr(figures, name)) > 0
    ]
    return max(found, key=lambda one: one.most, default=None)


def corrected_at_worst(
    lel: float | None,
    supply: SupplyGas,
    targets: Iterable[frozenset[TargetGas] | None],
    figures: Thresholds,
) -> Corrected | None:
    """The worst of what several words on the target gas (the ledger's, the detector's own) make of it."""
    found = [corrected(lel, supply, target, figures) for target in targets]
    return max((one for one in found if one is not None), key=lambda one: one.most, default=None)
