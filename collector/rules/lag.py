"""How far behind the world we are: a backlog at the broker looks like silence, and is none.

When messages come faster than they can be made durable, they wait at the broker, and each detector is heard
later than it spoke. Its deadline then says nothing about it, only about us.
"""

from collections import deque
from collections.abc import Iterable
from typing import Final

BEHIND_MS: Final = 15_000
"""So late, and we can't be said to watch any more: a text after an alarm is due within 15 s (GB/T 45839 5.10.4)."""
CAUGHT_UP_MS: Final = 3_000
WINDOW_MS: Final = 2_000
"""For so long a message's delay counts, and a full collector is called busy."""
_MOST: Final = 256
_QUARTER: Final = 4


class Lag:
    """The delay of the newest messages, and whether it is ours.

    The lower quartile counts: a backlog delays every message, a gateway that hands in old data only its own. And only
    while we are full, and for no longer than we have been: a town whose clocks are slow, or which hands in the data of
    an outage, is not our delay. A town that sends no instants can't be told from silence.
    """

    def __init__(self) -> None:
        self.since_ms: int | None = None
        """Since when we are behind: all that was measured before has been heard. None: we are not."""
        self._delays: deque[tuple[int, int]] = deque(maxlen=_MOST)
        self._full_ms: int | None = None
        self._busy_ms: int | None = None

    def heard(self, delays_ms: Iterable[int], now_ms: int) -> None:
        """Some of the newest messages came so long after the instant in them."""
        self._delays.extend((now_ms, delay) for delay in delays_ms)

    def look(self, now_ms: int, *, is_full: bool) -> int:
        """Work out `since_ms`; returns the delay now, 0 while it is not ours. Call it a few times a second."""
        if is_full:
            self._full_ms = now_ms
        is_busy = self._full_ms is not None and 0 <= now_ms - self._full_ms <= WINDOW_MS
        if not is_busy:
            self._busy_ms = None
        elif self._busy_ms is None or self._busy_ms > now_ms:
            self._busy_ms = now_ms
        # What came before we were full was heard in time.
        delay_ms = 0 if self._busy_ms is None else min(self._delay(now_ms), now_ms - self._busy_ms)
        if delay_ms <= CAUGHT_UP_MS:
            self.since_ms = None
        elif delay_ms >= BEHIND_MS and self.since_ms is None:
            self.since_ms = now_ms - delay_ms
        return delay_ms

    def _delay(self, now_ms: int) -> int:
        fresh = sorted(delay for at_ms, delay in self._delays if 0 <= now_ms - at_ms <= WINDOW_MS)
        if fresh:
            return max(fresh[len(fresh) // _QUARTER], 0)
        if not self._delays:
            return 0
        at_ms, delay = self._delays[-1]  # nothing gets through: the last that did grows older
        return max(delay + now_ms - at_ms, 0)
