"""The trend of a number below its set point: an early word to the operators (reference 8.4).

With the hood running many real leaks never come to a set point. Gas that stays (5 %LEL for 10 min), or that
goes up fast (2 %LEL a minute for 3 min, and in each part of it), is worth a look before it is a leak. Of a
detector whose number is low, nothing is kept.
"""

from itertools import pairwise
from typing import Final

import msgspec

from collector.rules.conditions import Answer, Finding, Word
from gascore.journal import Reason
from gascore.thresholds import Thresholds

_PARTS: Final = 6
"""A rise is looked at in so many parts of its window; more messages than that are passed over."""
_SLACK: Final = 0.95
"""Reports come a little early or late: such a share of a duration counts as the whole."""
_MINUTE_MS: Final = 60_000


class Trail(msgspec.Struct, frozen=True, gc=False):
    """What is remembered of a number that is up: a few points, whatever comes.

    Attributes:
        last_ms: measured instant of the newest one.
        over_ms: since when it has been over the trend's %LEL, None: it is not.
        points: (measured instant, %LEL), oldest first, at most `_PARTS` + 2.
    """

    last_ms: int
    over_ms: int | None
    points: tuple[tuple[int, float], ...]


def follow(
    trail: Trail | None, at_ms: int, lel: float | None, figures: Thresholds, *, held: bool
) -> tuple[Trail | None, Answer]:
    """Take one more number into the trail.

    Args:
        trail: as it was after the message before this one; None when there is nothing to go on from.
        at_ms: the measured instant.
        lel: the worst that the number may mean, %LEL; None: the detector doesn't measure now.
        figures: the detector's thresholds.
        held: the condition holds already.
    """
    if lel is None:
        return None, Word.SILENT
    stays_over = figures.trend_lel * (1.0 - figures.hysteresis)
    if lel < figures.quiet_lel:
        return None, Word.SILENT if held and lel >= stays_over else Word.GONE
    over_ms = trail.over_ms if trail is not None and lel >= stays_over else None
    if over_ms is None and lel >= figures.trend_lel:
        over_ms = at_ms
    points = _extended(trail.points if trail else (), at_ms, lel, figures.rise_s * 1000)
    after = Trail(at_ms, over_ms, points)
    if over_ms is not None and at_ms - over_ms >= figures.trend_s * 1000:
        return after, Finding(Reason.STAYING)
    if _rises((*points, (at_ms, lel)), figures):
        return after, Finding(Reason.RISING)
    return after, Word.SILENT if held and lel >= stays_over else Word.GONE


def _extended(
    points: tuple[tuple[int, float], ...], at_ms: int, lel: float, window_ms: float
) -> tuple[tuple[int, float], ...]:
    """The points with a new one when it is time for one; of those before the window the newest stays."""
    if points and at_ms - points[-1][0] < window_ms / _PARTS * _SLACK:
        return points
    longer = (*points, (at_ms, lel))
    begins_ms = at_ms - window_ms * _SLACK
    before = sum(one[0] <= begins_ms for one in longer)
    return longer[max(before - 1, 0) :]


def _rises(points: tuple[tuple[int, float], ...], figures: Thresholds) -> bool:
    """Fast enough over the whole window, and upwards in each part of it: one jump is not yet a trend."""
    (first_ms, first), (last_ms, last) = points[0], points[-1]
    over_ms = last_ms - first_ms
    if over_ms < figures.rise_s * 1000 * _SLACK or len(points) <= 1:
        return False
    if (last - first) * _MINUTE_MS < figures.rise_lel * over_ms:
        return False
    return all(earlier[1] < later[1] for earlier, later in pairwise(points) if later[0] > earlier[0])
