"""The real clocks. Nothing else in the product may ask for the time or sleep (ruff TID251)."""

import asyncio
import time

_SLICE_MS = 1000


class SystemClock:
    """The machine's wall clock."""

    def now_ms(self) -> int:
        """The present instant, ms since 1970 UTC."""
        return time.time_ns() // 1_000_000  # noqa: TID251 -- the one door to the clock

    async def sleep_until(self, at_ms: int) -> None:
        """Wait in slices, so that a wall clock stepped by hand or by NTP is noticed within a second.

        It never takes longer than it seemed at the call: a clock set back by an hour must not stop every
        loop for an hour.
        """
        if at_ms <= self.now_ms():
            await asyncio.sleep(0)  # noqa: TID251 -- whoever waits for nothing still lets the others have their turn
            return
        end_ns = time.monotonic_ns() + (at_ms - self.now_ms()) * 1_000_000
        while (left_ms := self._left_ms(at_ms, end_ns)) > 0:  # noqa: ASYNC110 -- waits for time, not for an event
            await asyncio.sleep(min(left_ms, _SLICE_MS) / 1000)  # noqa: TID251 -- the one door to waiting

    def _left_ms(self, at_ms: int, end_ns: int) -> float:
        return min(at_ms - self.now_ms(), (end_ns - time.monotonic_ns()) / 1_000_000)
