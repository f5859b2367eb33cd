"""Clocks in a test's hands: one that only moves when a test says so, and a real one that a test sets."""

import asyncio
import heapq
from contextlib import suppress

from gaswatch.clock import SystemClock


class ManualClock:
    """Starts at `start_ms`; `advance` wakes sleepers in order and lets each run before the next."""

    def __init__(self, start_ms: int = 1_790_000_000_000) -> None:
        self._now_ms = start_ms
        self._count = 0
        self._sleepers: list[tuple[int, int, asyncio.Future[None]]] = []

    def now_ms(self) -> int:
        return self._now_ms

    async def sleep_until(self, at_ms: int) -> None:
        if at_ms <= self._now_ms:
            await _yield()
            return
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._count += 1
        heapq.heappush(self._sleepers, (at_ms, self._count, future))
        await future

    def set(self, now_ms: int) -> None:
        """Step the wall clock without waking anybody. Set back, sleepers still sleep only as long as they meant to."""
        back_ms = max(self._now_ms - now_ms, 0)
        self._sleepers = [(at_ms - back_ms, count, future) for at_ms, count, future in self._sleepers]
        self._now_ms = now_ms

    def advance_now(self, ms: int) -> None:
        """Move on for code that does not sleep (no loop needed)."""
        self._now_ms += ms

    async def advance(self, ms: int) -> None:
        """Move on by `ms`, waking each sleeper at its own instant."""
        end = self._now_ms + ms
        while self._sleepers and self._sleepers[0][0] <= end:
            at_ms, _, future = heapq.heappop(self._sleepers)
            self._now_ms = max(self._now_ms, at_ms)
            if not future.done():
                future.set_result(None)
            await _yield()
        self._now_ms = end
        await _yield()


async def _yield() -> None:
    for _ in range(5):
        await asyncio.sleep(0)  # noqa: TID251 -- gives the loop to the others, waits for nothing


class ShiftedClock:
    """The machine's clock, set forward or back by the test: for what talks to real servers."""

    def __init__(self) -> None:
        self._real = SystemClock()
        self._shift_ms = 0
        self._moved = asyncio.Event()

    def now_ms(self) -> int:
        return self._real.now_ms() + self._shift_ms

    def shift(self, by_ms: int) -> None:
        """Set it forward, or back with a negative number."""
        self._shift_ms += by_ms
        self._moved.set()
        self._moved = asyncio.Event()

    async def sleep_until(self, at_ms: int) -> None:
        """As the real one: a step is noticed at once, and no wait takes longer than it seemed at the call."""
        end_ms = self._real.now_ms() + at_ms - self.now_ms()
        while (left_ms := min(at_ms - self.now_ms(), end_ms - self._real.now_ms())) > 0:
            with suppress(TimeoutError):
                async with asyncio.timeout(left_ms / 1000):
                    await self._moved.wait()
