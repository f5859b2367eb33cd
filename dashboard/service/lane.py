"""Threads of one purpose, so that slow work (a report, a password) never stands before urgent work."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

_T = TypeVar("_T")


class Lane:
    """A few threads with a queue of their own."""

    def __init__(self, name: str, threads: int) -> None:
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix=name)

    async def do(self, work: Callable[[], _T]) -> _T:
        """Run blocking work in this lane; its errors are raised here."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, work)

    def close(self) -> None:
        """Take no more work; what waits is dropped, what runs is not waited for."""
        self._pool.shutdown(wait=False, cancel_futures=True)


class Lanes:
    """Urgent: the journal and operators' requests. Quick: single look-ups. Slow: reports, one at a time.

    Series: readings, which may lie on a server that hangs; whoever waits for it holds up nobody else.
    """

    def __init__(self) -> None:
        self.urgent = Lane("urgent", 3)
        self.quick = Lane("quick", 4)
        self.series = Lane("series", 2)
        self.slow = Lane("slow", 1)
        self.passwords = Lane("passwords", 1)

    def close(self) -> None:
        """Close them all."""
        for lane in (self.urgent, self.quick, self.series, self.slow, self.passwords):
            lane.close()
