"""What one message says of a detector's conditions; every check lives in CHECKS and nowhere else.

A check answers with a `Finding` (the condition holds), `Word.GONE` (it does not) or `Word.SILENT` (the
message can't tell: what held goes on). Gas present is never "normal": a leak is only gone when the
message proves it.
"""

from collections.abc import Callable, Mapping
from enum import Enum
from typing import Final, TypeAlias

import msgspec

from collector.rules.fitness import gas_codes
from gascore.journal import Reason
from gascore.registry import Placed
from gascore.wire import Status, Valve
from gascore.words import Condition, Level, ReportedState, SupplyGas

CODE_MAX: Final = 64
"""Characters kept of a maker's fault code."""


class Limits(msgspec.Struct, frozen=True):
    """Limits that hold for every detector; durations in ms. Defaults: reference table "Configurable defaults".

    Those that depend on model and area are in `Placed.figures`.

    Attributes:
        offline_factor: so many of a detector's own report intervals in silence mean offline …
        offline_min_ms: … but never before this.
        never_reported_ms: from commissioning to "never reported".
        clock_tolerance_ms: a detector's clock may be off by this.
        late_ms: a leak measured longer ago is marked late.
        battery_low, battery_fine: %, below and from which `low_battery` begins and ends.
        peak_step_lel: the journal hears of a leak that has grown by so many %LEL within its level …
        peak_every_ms: … but not more often than this. At its end it always hears the peak.
    """

    offline_factor: float = 2.5
    offline_min_ms: int = 90_000
    never_reported_ms: int = 300_000
    clock_tolerance_ms: int = 300_000
    late_ms: int = 300_000
    battery_low: float = 20.0
    battery_fine: float = 25.0
    peak_step_lel: float = 10.0
    peak_every_ms: int = 10_000


class Held(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """An active condition: since when, how bad, and why.

    Attributes:
        over_ms: since this receipt every message has shown that it is over; it still has to stay so.
        peak_lel: of a leak: the highest %LEL so far, as the detector shows it.
        told_lel, told_ms: the peak that the journal knows, and since which receipt.
    """

    since_ms: int
    reason: Reason
    level: Level = Level.NONE
    codes: tuple[str, ...] = ()
    over_ms: int | None = None
    peak_lel: float | None = None
    told_lel: float | None = None
    told_ms: int = 0


class Finding(msgspec.Struct, frozen=True):
    """A message says that a condition holds."""

    reason: Reason
    level: Level = Level.NONE
    codes: tuple[str, ...] = ()


class Word(Enum):
    """The other answers of a check."""

    GONE = "gone"
    SILENT = "silent"


Answer: TypeAlias = Finding | Word
Check: TypeAlias = Callable[[Placed, Status, Held | None, Limits], Answer]


def level_of(
    value: float | None, low: float, high: float, *, held: Level = Level.NONE, hysteresis: float = 0.0
) -> Level:
    """The level of a number against its set points; a level that holds ends a little below its own.

    >>> level_of(24.0, 25.0, 50.0), level_of(24.0, 25.0, 50.0, held=Level.LOW, hysteresis=0.1)
    (<Level.NONE: 0>, <Level.LOW: 1>)
    """
    if value is None:
        return Level.NONE
    stay = 1.0 - hysteresis
    if value >= high or (held >= Level.HIGH and value >= high * stay):
        return Level.HIGH
    if value >= low or (held >= Level.LOW and value >= low * stay):
        return Level.LOW
    return Level.NONE


_LEVEL_OF_STATE: Final = {ReportedState.LOW: Level.LOW, ReportedState.HIGH: Level.HIGH}
_WATCHING: Final = frozenset({ReportedState.NORMAL, ReportedState.TEST, ReportedState.SHIELDED})
"""States in which a detector still measures, so that its number can prove that the gas is gone."""


def number_level(placed: Placed, status: Status, held: Level) -> Level:
    """The worst level of the numbers, whatever the detector says of itself."""
    figures = placed.figures
    by_lel = level_of(status.lel, figures.low_lel, figures.high_lel, held=held, hysteresis=figures.hysteresis)
    if status.co is None:
        return by_lel
    low = figures.co_low if placed.supply_gas is SupplyGas.COAL_GAS else figures.co_high
    by_co = level_of(status.co, low, figures.co_high, held=held, hysteresis=figures.hysteresis)
    return max(by_lel, by_co)


def leak(placed: Placed, status: Status, held: Held | None, limits: Limits) -> Answer:
    """The worst of the detector's own word and its numbers; also in `test` and `shielded`."""
    del limits
    said = _LEVEL_OF_STATE.get(status.state, Level.NONE)
    number = number_level(placed, status, held.level if held else Level.NONE)
    if number > said:
        return Finding(Reason.OVER_SET_POINT, number)
    if said > Level.NONE:
        return Finding(Reason.REPORTED_STATE, said)
    if held is None:
        return Word.GONE
    return Word.GONE if _proves_no_gas(status, held) else Word.SILENT


def _proves_no_gas(status: Status, held: Held) -> bool:
    """No level is left; but a detector that can't see (fault, warm-up, no number) proves nothing."""
    if status.state not in _WATCHING or "lel_out_of_range" in status.faults:
        return False
    if status.lel is not None or status.co is not None:
        return True
    return status.state is ReportedState.NORMAL and held.reason is Reason.REPORTED_STATE


def fault(placed: Placed, status: Status, held: Held | None, limits: Limits) -> Answer:
    """The detector's word, its codes, its valve, and values that can't be."""
    del placed, held, limits
    codes = {code[:CODE_MAX] for code in status.faults}
    reported = status.state is ReportedState.FAULT
    if status.valve is Valve.FAULT:
        codes.add("valve_fault")
    if reported and not codes:
        codes.add("unspecified")
    if not codes:
        return Word.GONE
    only_range = not reported and all(code.endswith("_out_of_range") for code in codes)
    return Finding(Reason.OUT_OF_RANGE if only_range else Reason.REPORTED_STATE, codes=tuple(sorted(codes)))


def wrong_gas(placed: Placed, declared: str | None) -> Answer:
    """The gases that the ledger and the detector (None: it never said) name, against the supply gas."""
    codes, reason = gas_codes(placed, declared)
    return Finding(reason, codes=codes) if reason else Word.GONE


def _said(state: ReportedState) -> Check:
    """A check for a condition that is one word of `state`."""

    def check(placed: Placed, status: Status, held: Held | None, limits: Limits) -> Answer:
        del placed, held, limits
        return Finding(Reason.REPORTED_STATE) if status.state is state else Word.GONE

    return check


def low_battery(placed: Placed, status: Status, held: Held | None, limits: Limits) -> Answer:
    """Begins below `battery_low`, ends from `battery_fine`."""
    del placed
    if status.batt is None:
        return Word.SILENT
    edge = limits.battery_low if held is None else limits.battery_fine
    return Finding(Reason.OVER_SET_POINT) if status.batt < edge else Word.GONE


def end_of_life(placed: Placed, status: Status, held: Held | None, limits: Limits) -> Answer:
    """No day is left of the sensor's life."""
    del placed, held, limits
    if status.life is None:
        return Word.SILENT
    return Finding(Reason.REPORTED_STATE) if status.life <= 0 else Word.GONE


CHECKS: Final[Mapping[Condition, Check]] = {
    Condition.LEAK: leak,
    Condition.FAULT: fault,
    Condition.WARMING_UP: _said(ReportedState.WARMUP),
    Condition.TESTING: _said(ReportedState.TEST),
    Condition.SHIELDED: _said(ReportedState.SHIELDED),
    Condition.LOW_BATTERY: low_battery,
    Condition.END_OF_LIFE: end_of_life,
}
"""Which check decides on which condition. The others (`offline`, `never_reported`, `untrusted_clock`,
`wrong_gas`, `trend`) need more than one message's content; `collector.rules.judgement` settles them."""
