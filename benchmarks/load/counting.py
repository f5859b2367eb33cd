"""A link that keeps count, and a subscriber that does nothing else: `python -m benchmarks.load.counting URL FILE`.

The subscriber is what a collector is compared with: the same client, QoS 1, every message acknowledged as soon
as it has been read, nothing decoded, nothing stored.
"""

import asyncio
import re
import signal
import sys
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from random import Random
from typing import Final, TextIO

import msgspec
import uvloop

from collector.adapters.links import make_link
from collector.ports import Arrival, Link, Token
from gaswatch.clock import SystemClock

EACH: Final = 64
"""Of so many messages, the way of one is timed."""
_TS: Final = re.compile(rb'"ts":(\d+)')


class Counted(msgspec.Struct, frozen=True):
    """The account after a second.

    Attributes:
        came, acknowledged: messages so far.
        took_ms: of some of them, from the instant in the message to its acknowledgement.
    """

    at_ms: int
    came: int
    acknowledged: int
    took_ms: list[int]


class CountingLink:
    """A link with a counter at both ends; it relies on acknowledgements being in order."""

    def __init__(self, link: Link) -> None:
        self.name = link.name
        self.came = 0
        self.acknowledged = 0
        self._link = link
        self._clock = SystemClock()
        self._timed: deque[tuple[int, int]] = deque()
        self._took_ms: list[int] = []

    @property
    def told(self) -> Mapping[str, str]:
        """See `Link.told`."""
        return self._link.told

    async def run(
        self,
        *,
        arrived: Callable[[Arrival], None],
        changed: Callable[[str, str, int], None],
        is_full: Callable[[], bool],
    ) -> None:
        """See `Link.run`."""

        def counted(arrival: Arrival) -> None:
            self.came += 1
            if not self.came % EACH and (found := _TS.search(arrival.payload)):
                self._timed.append((self.came, int(found[1])))
            arrived(arrival)

        await self._link.run(arrived=counted, changed=changed, is_full=is_full)

    def acknowledge(self, tokens: Sequence[Token]) -> None:
        """See `Link.acknowledge`."""
        self._link.acknowledge(tokens)
        self.acknowledged += len(tokens)
        now_ms = self._clock.now_ms()
        while self._timed and self._timed[0][0] <= self.acknowledged:
            self._took_ms.append(now_ms - self._timed.popleft()[1])

    async def stop(self) -> None:
        """See `Link.stop`."""
        await self._link.stop()

    def counted(self) -> Counted:
        """Since the last call."""
        took_ms, self._took_ms = self._took_ms, []
        return Counted(self._clock.now_ms(), self.came, self.acknowledged, took_ms)

    async def say(self, out: TextIO) -> None:
        """A line each second, until cancelled."""
        while True:
            await self._clock.sleep_until(self._clock.now_ms() + 1000)
            out.write(msgspec.json.encode(self.counted()).decode() + "\n")
            out.flush()


async def subscribe(url: str, counts: TextIO) -> None:
    """Read and acknowledge until told to end; `counts` gets a line a second."""
    link = CountingLink(make_link(url, "5", client_id="bare", clock=SystemClock(), rng=Random(1)))  # noqa: S311 -- jitter
    loop = asyncio.get_running_loop()
    tokens: list[Token] = []

    def arrived(arrival: Arrival) -> None:
        if not tokens:
            loop.call_soon(acknowledge)
        tokens.append(arrival.token)

    def acknowledge() -> None:
        link.acknowledge(tokens)
        tokens.clear()

    def changed(name: str, word: str, since_ms: int) -> None:
        print("link", name, word, since_ms, file=sys.stderr)

    running = asyncio.create_task(link.run(arrived=arrived, changed=changed, is_full=lambda: False))
    saying = asyncio.create_task(link.say(counts))
    stopping = asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, stopping.set)
    await stopping.wait()
    await link.stop()
    await running
    saying.cancel()


if __name__ == "__main__":
    with Path(sys.argv[2]).open("w") as file:
        uvloop.run(subscribe(sys.argv[1], file))
