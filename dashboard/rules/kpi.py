"""Alarm-management figures of a period, and what ISA-18.2 / IEC 62682 and EEMUA 191 ask of them.

Standards speak of the load on one operator, so rates are per operator. What counts is what an operator was
shown (`gascore.flood.is_annunciated`). The limits are the domain reference's, section 4: those that only
secondary sources give are marked as such, and a verdict by them is a hint.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

import msgspec

from gascore.alarm import AlarmKind
from gascore.words import DetectorId, SiteId


class Kpi(StrEnum):
    """The figures that a standard says something of."""

    PER_DAY = "per_day"
    """alarms for each operator and day, on average."""
    PER_HOUR = "per_hour"
    PER_TEN_MINUTES = "per_ten_minutes"
    PEAK_HOUR = "peak_hour"
    """the most in an hour of the clock, for each operator."""
    PEAK_TEN_MINUTES = "peak_ten_minutes"
    PEAK_MINUTE = "peak_minute"
    FLOOD_SHARE = "flood_share"
    """share of the time in which there was a flood."""
    TOP_TEN_SHARE = "top_ten_share"
    """share of the ten most frequent alarms in all."""
    STALE = "stale"
    """alarms active for more than a day: the most on any day."""
    CHATTERING = "chattering"
    """alarms that were set three times within a minute."""
    FLEETING = "fleeting"
    """alarms that were over within seconds, and did not come again."""
    SHARE_URGENT = "share_urgent"
    SHARE_HIGH = "share_high"
    SHARE_MEDIUM = "share_medium"
    SHARE_LOW = "share_low"


class Verdict(StrEnum):
    """What a limit says of a figure."""

    GOOD = "good"
    """it is within the target."""
    MANAGEABLE = "manageable"
    """it is beyond the target, but not beyond what can be managed."""
    TOO_MUCH = "too_much"
    NONE = "none"
    """there was nothing to judge."""


class Limit(msgspec.Struct, frozen=True):
    """`target` is to be kept, `most` can still be managed.

    Attributes:
        at_least: the target is a lower bound.
        source: where it is from; `certain`: read in the source itself, not only quoted elsewhere.
    """

    target: float
    most: float
    source: str
    certain: bool
    at_least: bool = False

    def verdict(self, value: float | None) -> Verdict:
        """What it says of a figure."""
        if value is None:
            return Verdict.NONE
        sign = -1 if self.at_least else 1
        if sign * value <= sign * self.target:
            return Verdict.GOOD
        return Verdict.MANAGEABLE if sign * value <= sign * self.most else Verdict.TOO_MUCH


LIMITS: Final[Mapping[Kpi, Limit]] = {
    Kpi.PER_DAY: Limit(150, 300, "ISA-18.2-2009", certain=True),
    Kpi.PER_HOUR: Limit(6, 12, "ISA-18.2", certain=True),
    Kpi.PER_TEN_MINUTES: Limit(1, 2, "EEMUA 191", certain=True),
    Kpi.PEAK_HOUR: Limit(12, 15, "ISA-18.2", certain=False),
    Kpi.PEAK_TEN_MINUTES: Limit(10, 10, "EEMUA 191", certain=True),
    Kpi.PEAK_MINUTE: Limit(2, 2, "EEMUA 191", certain=True),
    Kpi.FLOOD_SHARE: Limit(0.01, 0.01, "ISA-18.2", certain=False),
    Kpi.TOP_TEN_SHARE: Limit(0.01, 0.05, "ISA-18.2", certain=False),
    Kpi.STALE: Limit(4, 4, "ISA-18.2", certain=False),
    Kpi.CHATTERING: Limit(0, 0, "ISA-18.2", certain=True),
    Kpi.FLEETING: Limit(0, 0, "ISA-18.2", certain=True),
    Kpi.SHARE_URGENT: Limit(0.01, 0.05, "EEMUA 191", certain=False),
    Kpi.SHARE_HIGH: Limit(0.05, 0.05, "EEMUA 191", certain=True),
    Kpi.SHARE_MEDIUM: Limit(0.15, 0.15, "EEMUA 191", certain=True),
    Kpi.SHARE_LOW: Limit(0.80, 0.80, "EEMUA 191", certain=True, at_least=True),
}
"""Domain reference, section 4. ISA-18.2-2016 dropped the figure per day; it is kept for comparison."""
TOP: Final = 10


class Frequent(msgspec.Struct, frozen=True):
    """An alarm that is among the most frequent: how often it was shown, and its share of all."""

    key: str
    kind: AlarmKind
    count: int
    share: float
    detector: DetectorId | None = None
    site: SiteId | None = None


class Times(msgspec.Struct, frozen=True):
    """So many times, ms; half of them are at most `p50_ms`, 95 of 100 at most `p95_ms`. None: there was none."""

    count: int = 0
    p50_ms: int | None = None
    p95_ms: int | None = None


class Response(msgspec.Struct, frozen=True):
    """From being shown to the answer, and to the close, of the alarms whose answer or close lies in the period."""

    acked: Times = Times()
    closed: Times = Times()


class Tallied(msgspec.Struct, frozen=True):
    """What was counted from `from_ms` until just before `until_ms`.

    Attributes:
        annunciated: how often an alarm was shown to the operators; by priority, kind and area, too.
        floods: how many began or went on, `flood_ms` in all.
        peak_ms: when the peak hour began; None: nothing was shown.
        chattering, fleeting: how many alarms; `chattering_keys` the first of those that chattered.
        stale_now: active for more than a day at the end; `stale_by_day`: the most at once for each day of the town.
        response: by priority ("1" to "4"), and of all ("all").
    """

    from_ms: int
    until_ms: int
    annunciated: int
    by_priority: Mapping[str, int]
    by_kind: Mapping[str, int]
    by_area: Mapping[str, int]
    peak_hour: int
    peak_ten_minutes: int
    peak_minute: int
    peak_ms: int | None
    floods: int
    flood_ms: int
    top: tuple[Frequent, ...]
    chattering: int
    chattering_keys: tuple[str, ...]
    fleeting: int
    stale_now: int
    stale_by_day: Mapping[str, int]
    response: Mapping[str, Response]


class Figure(msgspec.Struct, frozen=True):
    """A figure beside its limit."""

    name: Kpi
    value: float | None
    target: float
    most: float
    at_least: bool
    verdict: Verdict
    source: str
    certain: bool


HOUR_MS: Final = 3_600_000
_SHARES: Final = {
    "1": Kpi.SHARE_URGENT,
    "2": Kpi.SHARE_HIGH,
    "3": Kpi.SHARE_MEDIUM,
    "4": Kpi.SHARE_LOW,
}


def figures(tallied: Tallied, operators: int) -> tuple[Figure, ...]:
    """Every figure with its limit; `operators` share the alarms."""
    values = _values(tallied, operators)
    return tuple(
        Figure(
            name,
            values[name],
            limit.target,
            limit.most,
            limit.at_least,
            limit.verdict(values[name]),
            limit.source,
            limit.certain,
        )
        for name, limit in LIMITS.items()
    )


def _values(tallied: Tallied, operators: int) -> Mapping[Kpi, float | None]:
    long_ms = tallied.until_ms - tallied.from_ms
    shown = tallied.annunciated
    per_hour = shown * HOUR_MS / long_ms / operators if long_ms else None
    rates: dict[Kpi, float | None] = {
        Kpi.PER_DAY: None if per_hour is None else per_hour * 24,
        Kpi.PER_HOUR: per_hour,
        Kpi.PER_TEN_MINUTES: None if per_hour is None else per_hour / 6,
        Kpi.PEAK_HOUR: tallied.peak_hour / operators,
        Kpi.PEAK_TEN_MINUTES: tallied.peak_ten_minutes / operators,
        Kpi.PEAK_MINUTE: tallied.peak_minute / operators,
        Kpi.FLOOD_SHARE: tallied.flood_ms / long_ms if long_ms else None,
        Kpi.TOP_TEN_SHARE: sum(one.count for one in tallied.top) / shown if shown else None,
        Kpi.STALE: max(tallied.stale_by_day.values(), default=0),
        Kpi.CHATTERING: tallied.chattering,
        Kpi.FLEETING: tallied.fleeting,
    }
    shares = {
        name: tallied.by_priority.get(priority, 0) / shown if shown else None
        for priority, name in _SHARES.items()
    }
    return rates | shares


def times_of(values: list[int]) -> Times:
    """Their number, median and 95th percentile (nearest rank).

    >>> times_of([3, 1, 2]), times_of([])
    (Times(count=3, p50_ms=2, p95_ms=3), Times(count=0, p50_ms=None, p95_ms=None))
    """
    if not values:
        return Times()
    ranked = sorted(values)
    return Times(len(ranked), _rank(ranked, 50), _rank(ranked, 95))


def _rank(ranked: list[int], percent: int) -> int:
    return ranked[-(-len(ranked) * percent // 100) - 1]
