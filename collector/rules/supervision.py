"""Who has to be heard by when: a wheel of deadlines that costs a message nothing.

A message moves a detector's deadline without touching the wheel; only when the wheel comes to a detector is
its deadline worked out, and put off if it was heard meanwhile. After a start, and after we were blind,
all deadlines count from `base_ms`, spread over one report interval, again without touching the wheel.

A last will brings the deadline forward, it does not prove a detector dead: a broker that is stopped publishes
the wills of all of them, to us just before it hangs up, and once more after its return.
"""

from collections.abc import Iterable
from heapq import heappop, heappush
from typing import Final, TypeAlias

from collector.rules.conditions import Limits
from collector.rules.judgement import FellSilent, LastWill, NeverReported, StayedQuiet, is_supervised
from collector.rules.page import over_at_ms
from collector.rules.watch import Watch, silence_ms
from gascore.words import Condition

TICK_MS: Final = 250
"""The wheel's grain: an offline detector is noticed this much after its deadline at the latest."""
WILL_MS: Final = 5_000
"""A will counts when the detector has not come back, and our own link has not broken, for so long. A broker's stop
breaks the link within a second; a detector whose network hiccups is usually back by then, too."""
SETTLING_MS: Final = 30_000
"""Wills that come so soon after we could not hear may be a stopped broker's, sent again: then the usual deadline
decides."""
_STANDS: Final = 1.5
"""Report intervals for which a message holds; the same slack as MQTT's keep-alive [MQTT-3.1.2-22]."""
_GOLDEN: Final = 2_654_435_761  # Knuth's multiplicative hash: neighbours in number land far apart

Missed: TypeAlias = FellSilent | LastWill | NeverReported | StayedQuiet
"""What an instant that has come means."""


class Wheel:
    """Watches by the tick at which they are to be looked at; a watch is found by its newest entry only."""

    def __init__(self) -> None:
        self._buckets: dict[int, list[Watch]] = {}
        self._ticks: list[int] = []

    def put(self, watch: Watch, at_ms: int) -> None:
        """Look at `watch` at `at_ms`; an earlier entry of it is void."""
        tick = -(-at_ms // TICK_MS)
        watch.tick = tick
        bucket = self._buckets.get(tick)
        if bucket is None:
            self._buckets[tick] = [watch]
            heappush(self._ticks, tick)
        else:
            bucket.append(watch)

    def due(self, now_ms: int, limit: int) -> list[Watch]:
        """Take out up to `limit` watches whose instant has come; none left when fewer are returned."""
        found: list[Watch] = []
        while self._ticks and self._ticks[0] * TICK_MS <= now_ms and len(found) < limit:
            tick = self._ticks[0]
            bucket = self._buckets[tick]
            while bucket and len(found) < limit:
                watch = bucket.pop()
                if watch.tick == tick:
                    watch.tick = 0
                    found.append(watch)
            if not bucket:
                del self._buckets[heappop(self._ticks)]
        return found

    def wake_at(self) -> int | None:
        """The next instant at which `due` could find something."""
        return self._ticks[0] * TICK_MS if self._ticks else None


class Supervisor:
    """The wheel with the rule of its deadlines."""

    def __init__(self, limits: Limits, base_ms: int) -> None:
        self._limits = limits
        self._wheel = Wheel()
        self.base_ms = base_ms
        """Since when we have been able to hear."""

    def arm(self, watch: Watch, now_ms: int) -> None:
        """Make sure that `watch` is looked at no later than at its deadline."""
        deadline_ms = self.deadline_ms(watch, now_ms)
        if deadline_ms is not None and (watch.tick == 0 or deadline_ms < (watch.tick - 1) * TICK_MS):
            self._wheel.put(watch, deadline_ms)

    def restart(self, now_ms: int) -> None:
        """From now on we can hear (again): all deadlines count from here."""
        self.base_ms = now_ms

    def rebuild(self, watches: Iterable[Watch], now_ms: int) -> None:
        """Like `restart`, after the clock was set back: what was in the wheel lies in a future that is gone."""
        self.base_ms = now_ms
        self._wheel = Wheel()
        for watch in watches:
            watch.tick = 0
            watch.heard_ms = min(watch.heard_ms, now_ms)
            watch.gone_ms = 0
            watch.newest_ms = min(watch.newest_ms, now_ms)  # else all that comes would be old news
            self.arm(watch, now_ms)

    def deadline_ms(self, watch: Watch, now_ms: int) -> int | None:
        """When `watch` is to be looked at: it is silent for too long, or has shown for long enough that a leak is over.

        None: nothing is expected of it.
        """
        silent_ms = self._silent_ms(watch, now_ms)
        if not watch.standing.held:
            return silent_ms
        over_ms = self._over_ms(watch, now_ms)
        return min((one for one in (silent_ms, over_ms) if one is not None), default=None)

    def _silent_ms(self, watch: Watch, now_ms: int) -> int | None:
        placed, held = watch.placed, watch.standing.held
        if placed.commissioned_ms is None or not is_supervised(placed, now_ms):
            return None
        if held and (Condition.OFFLINE in held or Condition.NEVER_REPORTED in held):
            return None
        spread_ms = (placed.no * _GOLDEN & 0xFFFF_FFFF) % max(int(watch.every_s * 1000), 1)
        if not watch.standing.reported:
            start_ms = max(placed.commissioned_ms, self.base_ms + spread_ms)
            return start_ms + self._limits.never_reported_ms
        start_ms = watch.heard_ms if watch.heard_ms >= self.base_ms else self.base_ms + spread_ms
        delay_ms = round(placed.figures.offline_delay_s * 1000)
        silent_ms = max(start_ms, placed.commissioned_ms) + silence_ms(watch.every_s, self._limits) + delay_ms
        return min(silent_ms, watch.gone_ms + max(WILL_MS, delay_ms)) if self._is_gone(watch) else silent_ms

    def _over_ms(self, watch: Watch, now_ms: int) -> int | None:
        """When a leak that shows itself to be over ends without another message; None: it takes a message.

        The last word stands for one and a half report intervals. If that is not as long as the delay, messages
        must go on to show it; and when they stop, or we can't hear, the leak stays.
        """
        heard_until_ms = watch.heard_ms + int(watch.every_s * _STANDS * 1000)
        if watch.heard_ms < self.base_ms or now_ms > heard_until_ms:
            return None
        ends_ms = (
            over_at_ms(one.over_ms, watch.placed)
            for one in watch.standing.held.values()
            if one.over_ms is not None
        )
        return min((at_ms for at_ms in ends_ms if at_ms <= heard_until_ms), default=None)

    def _is_gone(self, watch: Watch) -> bool:
        return watch.gone_ms > watch.heard_ms and watch.gone_ms >= self.base_ms + SETTLING_MS

    def expired(self, now_ms: int, limit: int) -> tuple[list[tuple[Watch, Missed]], bool]:
        """Look at up to `limit` detectors whose turn it is; those that were heard are put off.

        Returns:
            Who missed the deadline, as events to judge; and whether more are waiting to be looked at.
        """
        missed: list[tuple[Watch, Missed]] = []
        looked_at = self._wheel.due(now_ms, limit)
        for watch in looked_at:
            deadline_ms = self.deadline_ms(watch, now_ms)
            if deadline_ms is None:
                continue
            if deadline_ms > now_ms:
                self._wheel.put(watch, deadline_ms)
            else:
                missed.append((watch, self._missed(watch, now_ms)))
        return missed, len(looked_at) == limit

    def _missed(self, watch: Watch, now_ms: int) -> Missed:
        over_ms = self._over_ms(watch, now_ms)
        if over_ms is not None and over_ms <= now_ms:
            return StayedQuiet(now_ms)
        if not watch.standing.reported:
            return NeverReported(watch.placed.commissioned_ms or self.base_ms)
        if self._is_gone(watch):
            return LastWill(watch.gone_ms)
        # It was due one interval after it was last heard; or, if not heard since then, after we could hear.
        return FellSilent(max(watch.heard_ms, self.base_ms) + int(watch.every_s * 1000))

    def wake_at(self) -> int | None:
        """The next instant at which `expired` could find something."""
        return self._wheel.wake_at()
