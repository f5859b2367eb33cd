"""When a site is open, as spans of instants: opening times in the town's zone, past midnight, DST-safe.

Where a change of the clock makes a time of day missing or double, the longer business day counts.
"""

from bisect import bisect_right
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Final

import msgspec

from dashboard.rules.protection import ALWAYS_MS, NEVER_MS, Span, clipped, merged

_DAY: Final = timedelta(days=1)
_DAY_MIN: Final = 24 * 60


class HoursError(ValueError):
    """Opening times can't be read; the message says which and how they are written."""


class Hours(msgspec.Struct, frozen=True):
    """A site's opening times ("HH:MM") as the ledger had them from `since_ms` on."""

    since_ms: int
    opens: str
    closes: str


def open_spans(
    versions: Sequence[Hours], zone: tzinfo, *, from_ms: int, to_ms: int, margin_ms: int
) -> list[Span]:
    """When the site was open in the period, widened by `margin_ms` on both sides, merged and in order.

    Args:
        versions: oldest first; the first also holds for the time before it.
        zone: the town's time zone.
        from_ms: the period's first instant.
        to_ms: the instant after its last.
        margin_ms: before opening and after closing somebody is there with the gas on.

    Raises:
        HoursError: a version is not "HH:MM".
    """
    found: list[Span] = []
    for index, version in enumerate(versions):
        since_ms = version.since_ms if index else from_ms
        ended_ms = versions[index + 1].since_ms if index + 1 < len(versions) else NEVER_MS
        held_from, held_to = max(since_ms, from_ms), min(ended_ms, to_ms)
        if held_from < held_to:
            days = _business_days(version, zone, from_ms=held_from, to_ms=held_to, margin_ms=margin_ms)
            found.extend(clipped(days, held_from, held_to))
    return merged(found)


def _business_days(hours: Hours, zone: tzinfo, *, from_ms: int, to_ms: int, margin_ms: int) -> list[Span]:
    """One span per calendar day that can touch the period."""
    opens_min, closes_min = _minutes(hours.opens), _minutes(hours.closes)
    if closes_min <= opens_min:  # past midnight; the same time twice is round the clock
        closes_min += _DAY_MIN
    reach_ms = margin_ms + 2 * _DAY_MIN * 60_000
    day = _local_date(from_ms - reach_ms, zone)
    last = _local_date(to_ms + reach_ms, zone)
    spans = []
    while day <= last:
        opened_ms = min(_instants(day, opens_min, zone))
        closed_ms = max(_instants(day, closes_min, zone))
        spans.append((opened_ms - margin_ms, closed_ms + margin_ms))
        day += _DAY
    return spans


def _minutes(text: str) -> int:
    """Minutes since midnight of "HH:MM", "00:00" to "24:00"."""
    hour, colon, minute = text.partition(":")
    if not (text.isascii() and colon and len(hour) == len(minute) == 2 and (hour + minute).isdecimal()):  # noqa: PLR2004 -- HH:MM
        raise HoursError(f"{text!r} is not a time of day such as 09:00; correct the site in the ledger")
    minutes = int(hour) * 60 + int(minute)
    if int(minute) >= 60 or minutes > _DAY_MIN:  # noqa: PLR2004 -- minutes of an hour
        raise HoursError(f"{text!r} is not between 00:00 and 24:00; correct the site in the ledger")
    return minutes


def _local_date(at_ms: int, zone: tzinfo) -> date:
    return datetime.fromtimestamp(at_ms // 1000, UTC).astimezone(zone).date()


def _instants(day: date, minutes: int, zone: tzinfo) -> tuple[int, int]:
    """Both readings of a time of day: they differ only where the clock is changed."""
    wall = datetime.combine(day + _DAY * (minutes // _DAY_MIN), time(), zone) + timedelta(
        minutes=minutes % _DAY_MIN
    )
    first, second = (round(wall.replace(fold=fold).timestamp()) * 1000 for fold in (0, 1))
    return first, second


class OpenTime:
    """How long a site was open up to an instant, in O(log days)."""

    def __init__(self, spans: Sequence[Span]) -> None:
        # The first entry stands for the time before any span, so that the look-up needs no special case.
        self._since, self._ended = [ALWAYS_MS], [ALWAYS_MS]
        self._closed_before, self._open_until = [0], [0]
        for since_ms, ended_ms in spans:
            open_ms = self._open_until[-1]
            self._since.append(since_ms)
            self._ended.append(ended_ms)
            self._closed_before.append(since_ms - open_ms)
            self._open_until.append(open_ms + ended_ms - since_ms)

    def before(self, at_ms: int) -> int:
        """Milliseconds of open time up to `at_ms`; two of them subtracted are the open time between."""
        index = bisect_right(self._since, at_ms) - 1
        if at_ms < self._ended[index]:
            return at_ms - self._closed_before[index]
        return self._open_until[index]
