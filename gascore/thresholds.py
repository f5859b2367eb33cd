"""What is asked of a detector's numbers and silences, and how it is set per model and area.

A `Profile` is a record of the ledger; any of its figures may be missing. `Resolver` looks each figure up by
itself, the most specific word first: the detector's own set points, then the profile of its model in the
nearest area up the tree, of its model anywhere, of any model in the nearest area, of everything, and at last
the defaults out of the settings. Equal results are one shared object, however many detectors have them.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated, Final, TypeAlias

import msgspec

from gascore.words import AreaId

Lel: TypeAlias = Annotated[float, msgspec.Meta(gt=0, le=100)]
Ppm: TypeAlias = Annotated[float, msgspec.Meta(gt=0, le=10_000)]
Wait: TypeAlias = Annotated[float, msgspec.Meta(ge=0, le=86_400)]
Window: TypeAlias = Annotated[float, msgspec.Meta(ge=1, le=86_400)]
Share: TypeAlias = Annotated[float, msgspec.Meta(ge=0, le=0.5)]
Factor: TypeAlias = Annotated[float, msgspec.Meta(ge=0, le=10)]

_MINUTE_S: Final = 60.0
_FIRST_THIRD: Final = 1 / 3


class Thresholds(msgspec.Struct, frozen=True):
    """All figures, resolved. Whatever they are, the detector's own alarm state counts besides them.

    Defaults: reference table "Configurable defaults", but where said.

    Attributes:
        low_lel, high_lel: set points, %LEL (commercial; a household has 10 and 50).
        co_low, co_high: ppm. Coal gas: CO governs before %LEL does (CJJ/T 146-2011 3.1.2). Elsewhere only
            the high one counts: a little CO is bad burning, not a leak.
        hysteresis: share of a set point that a number must fall below it before the level is over.
        clear_delay_s: so long a detector must show no gas before its leak is over. 30 s is our own choice:
            no leak can then chatter (set and cleared three times in a minute, ISA-18.2).
        offline_delay_s: so much longer than its deadline, or than its last will, a silence must last.
        trend_lel, trend_s: at or over this %LEL for so long is a trend …
        rise_lel, rise_s: … and so is a rise by this many %LEL a minute for so long.
        methane_on_lpg, methane_on_lpg_max: true %LEL / shown %LEL of a catalytic detector for methane in LPG,
            and the most that it may be (City Technology: 1.62; another maker sets 35 for 20 %LEL: 1.75).
        lpg_on_methane, lpg_on_methane_max: likewise of a detector for LPG in methane (butane: 0.60, propane: 0.62).
            A factor of 0 says that nothing is known of the kind: no corrected reading is shown.
        quiet_lel: derived: below it a number can't begin or end anything.
    """

    low_lel: float = 25.0
    high_lel: float = 50.0
    co_low: float = 50.0
    co_high: float = 300.0
    hysteresis: float = 0.1
    clear_delay_s: float = 30.0
    offline_delay_s: float = 0.0
    trend_lel: float = 5.0
    trend_s: float = 600.0
    rise_lel: float = 2.0
    rise_s: float = 180.0
    methane_on_lpg: float = 1.62
    methane_on_lpg_max: float = 1.75
    lpg_on_methane: float = 0.60
    lpg_on_methane_max: float = 0.62
    quiet_lel: float = 0.0

    def __post_init__(self) -> None:
        """Settle `quiet_lel`: a rise is looked at from a third of the one that is asked for."""
        rise_begins = self.rise_lel * self.rise_s / _MINUTE_S * _FIRST_THIRD
        quiet_lel = min(self.low_lel, self.trend_lel * (1.0 - self.hysteresis), rise_begins)
        msgspec.structs.force_setattr(self, "quiet_lel", quiet_lel)


class Profile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Figures for a model, an area with all below it, or both; for everything when both are missing.

    The figures are those of `Thresholds`; a missing one is left to the next less specific profile. A misspelt one
    in a file is refused: nobody would notice that it does nothing.
    """

    id: str
    model: str | None = None
    area: AreaId | None = None
    low_lel: Lel | None = None
    high_lel: Lel | None = None
    co_low: Ppm | None = None
    co_high: Ppm | None = None
    hysteresis: Share | None = None
    clear_delay_s: Wait | None = None
    offline_delay_s: Wait | None = None
    trend_lel: Lel | None = None
    trend_s: Window | None = None
    rise_lel: Lel | None = None
    rise_s: Window | None = None
    methane_on_lpg: Factor | None = None
    methane_on_lpg_max: Factor | None = None
    lpg_on_methane: Factor | None = None
    lpg_on_methane_max: Factor | None = None


PAIRS: Final = (
    ("low_lel", "high_lel"),
    ("co_low", "co_high"),
    ("methane_on_lpg", "methane_on_lpg_max"),
    ("lpg_on_methane", "lpg_on_methane_max"),
)
"""Figures of which the first is never over the second."""
FIGURES: Final = tuple(name for name in Profile.__struct_fields__ if name not in {"id", "model", "area"})


class Resolver:
    """Profiles over a tree of areas; asked a million times, it works each combination out once."""

    def __init__(
        self, profiles: Iterable[Profile], parents: Mapping[AreaId, AreaId | None], defaults: Thresholds
    ) -> None:
        self._profiles = {(one.model, one.area): one for one in profiles}
        self._parents = parents
        self._defaults = defaults
        self._known: dict[tuple[str | None, AreaId, float | None, float | None], Thresholds] = {}
        self._shared: dict[Thresholds, Thresholds] = {}
        self._models = {one.model for one in self._profiles.values()}

    def of(self, model: str, area: AreaId, low_lel: float | None, high_lel: float | None) -> Thresholds:
        """The figures of a detector of this model in this area with these set points of its own."""
        named = model if model in self._models else None
        key = (named, area, low_lel, high_lel)
        found = self._known.get(key)
        if found is None:
            resolved = self._resolve(named, area, low_lel, high_lel)
            found = self._known[key] = self._shared.setdefault(resolved, resolved)
        return found

    def _resolve(
        self, model: str | None, area: AreaId, low_lel: float | None, high_lel: float | None
    ) -> Thresholds:
        figures: dict[str, float] = {}
        for one in reversed(list(self._that_apply(model, area))):
            for name in FIGURES:
                value = getattr(one, name)
                if value is not None:
                    figures[name] = value
        if low_lel is not None:
            figures["low_lel"] = low_lel
        if high_lel is not None:
            figures["high_lel"] = high_lel
        merged = msgspec.structs.replace(self._defaults, **figures)
        return _in_order(merged)

    def _that_apply(self, model: str | None, area: AreaId) -> Iterator[Profile]:
        """The most specific first."""
        for named in (model, None) if model is not None else (None,):
            for at in (*self._up_from(area), None):
                found = self._profiles.get((named, at))
                if found is not None:
                    yield found

    def _up_from(self, area: AreaId) -> Iterator[AreaId]:
        at: AreaId | None = area
        while at is not None:
            yield at
            at = self._parents.get(at)


def _in_order(figures: Thresholds) -> Thresholds:
    """Figures out of different profiles may be at odds; then the more careful one counts."""
    return msgspec.structs.replace(
        figures,
        low_lel=min(figures.low_lel, figures.high_lel),
        co_low=min(figures.co_low, figures.co_high),
        methane_on_lpg_max=max(figures.methane_on_lpg, figures.methane_on_lpg_max),
        lpg_on_methane_max=max(figures.lpg_on_methane, figures.lpg_on_methane_max),
    )


DEFAULTS: Final = Thresholds()
"""What holds where neither settings nor profiles say anything."""
