"""When missing messages are more than the odd one: sequence gaps of all detectors over a window of time.

One detector with a bad line, a counter that jumps and a detector that begins anew are no trouble of ours;
many detectors whose messages are missing at the same time are: between them and us something loses messages.
"""

from collections import Counter, deque
from heapq import nlargest
from operator import itemgetter
from typing import Final

import msgspec

from gascore.service_status import Gaps

SLOTS: Final = 10
"""Slots of the window; it moves on by one of them at a time."""
MOST: Final = 2_000
"""Detectors remembered per slot; of the others only the sum is known."""
NAMED: Final = 3
"""The worst detectors that are named."""
KEPT: Final = 32
"""Detectors whose missing messages are remembered one by one; those with fewer give way to those with more."""
CALM: Final = 0.5
"""A trouble that is on ends at this part of the thresholds."""


class GapLimits(msgspec.Struct, frozen=True):
    """When missing messages are a trouble.

    Attributes:
        window_ms: over this long …
        share: … more than this share of the messages that should have come is missing …
        detectors: … of at least so many detectors.
    """

    window_ms: int = 300_000
    share: float = 0.01
    detectors: int = 3


class Worst:
    """The detectors with the most missing messages of this run; changed in place, a few dozen at most."""

    def __init__(self) -> None:
        self._of: dict[str, int] = {}
        self._is_all = True

    def count(self, detector: str, missing: int) -> None:
        """So many messages of a detector are missing in all."""
        self._of[detector] = missing
        if len(self._of) > 2 * KEPT:
            kept = nlargest(KEPT, self._of.items(), key=itemgetter(1))
            # Those that miss nothing any more, since late ones came after all, are no loss.
            self._is_all = self._is_all and sum(1 for one in self._of.values() if one > 0) <= KEPT
            self._of = dict(kept)

    @property
    def gaps(self) -> Gaps:
        """All that are remembered, and whether these are all."""
        return Gaps({name: missing for name, missing in self._of.items() if missing > 0}, self._is_all)

    def named(self) -> str:
        """The worst few, as "GD-0007 12, GD-0003 4"; empty while nothing is missing."""
        found = nlargest(NAMED, self._of.items(), key=itemgetter(1))
        return ", ".join(f"{name} {missing}" for name, missing in found if missing > 0)


class _Slot:
    """What came in and what was missing in one part of the window."""

    def __init__(self, since_ms: int) -> None:
        self.since_ms = since_ms
        self.came = 0
        self.missing = 0
        self.by_detector: dict[str, int] = {}


class Missing:
    """Counts in place: it is told of each gap on the quick way."""

    def __init__(self, limits: GapLimits, now_ms: int) -> None:
        self._limits = limits
        self._slots: deque[_Slot] = deque([_Slot(now_ms)], maxlen=SLOTS)
        self._received = 0
        self._is_on = False

    def gap(self, detector: str, count: int, every_s: float) -> None:
        """So many messages of a detector are missing; below 0: late ones have come after all.

        What it could not have sent within the window (a counter that jumps, a day without a network)
        does not count.
        """
        slot = self._slots[-1]
        most = max(1, int(self._limits.window_ms / (every_s * 1000)))
        before = slot.by_detector.get(detector, 0)
        after = min(before + count, most)
        if before or len(slot.by_detector) < MOST:
            slot.by_detector[detector] = after
        slot.missing += after - before

    def look(self, received: int, now_ms: int) -> str | None:
        """To be called about once a second: `received` messages have come in this run.

        Returns:
            What the operator should know while it is a trouble, else None.
        """
        slot = self._slots[-1]
        slot.came += received - self._received
        self._received = received
        if not 0 <= now_ms - slot.since_ms < self._limits.window_ms // SLOTS:
            self._slots.append(_Slot(now_ms))
        return self._judge()

    def _judge(self) -> str | None:
        came = sum(slot.came for slot in self._slots)
        missing = sum(slot.missing for slot in self._slots)
        ease = CALM if self._is_on else 1.0
        if missing <= ease * self._limits.share * (came + missing):  # nearly always
            self._is_on = False
            return None
        by_detector: Counter[str] = Counter()
        for slot in self._slots:
            by_detector.update(slot.by_detector)
        worst = sorted((-count, name) for name, count in by_detector.items() if count > 0)
        self._is_on = len(worst) >= max(1.0, ease * self._limits.detectors)
        if not self._is_on:
            return None
        named = ", ".join(f"{name} ({-count})" for count, name in worst[:NAMED])
        minutes = self._limits.window_ms / 60_000
        return (
            f"{missing:,} of {came + missing:,} messages are missing in the last {minutes:g} min, "
            f"of {len(worst):,} detectors, most of {named}: check the broker and the network (docs/broker.md)"
        )
