"""One connection of a load: many detectors publish through it at QoS 1, as behind a gateway."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import cast

from gascore.clock import Clock
from simulator.rules.flood import CONNACK_BYTES, EVERY_S, PUBACK_BYTES, Sent, publish_packet

RETRY_MS = 200
"""Between a connection lost and the next try."""
_IDS = 65_535
_LIMIT = 1 << 20
"""Bytes written and not yet taken by the socket, above which the broker is what is slow."""


class RefusedError(Exception):
    """The broker does not let the load in; the message says why."""


class FloodLine(asyncio.Protocol):
    """A connection; what was not acknowledged when it ends is in `unacked`."""

    def __init__(
        self,
        hello: bytes,
        topics: Sequence[bytes],
        acked: Callable[[list[Sent]], None] | None,
        every_s: int = EVERY_S,
    ) -> None:
        self.unacked: deque[Sent] = deque()
        self.acknowledged = 0
        self.up: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.closed = asyncio.Event()
        self._hello = hello
        self._topics = topics
        self._acked = acked
        self._every_s = every_s
        self._id = 0
        self._rest = b""
        self._greeted = False
        self._transport: asyncio.Transport | None = None

    @property
    def room(self) -> int:
        """How many more messages may be in flight; 0 while the socket does not take what is written."""
        if self._transport is None or self._transport.get_write_buffer_size() > _LIMIT:
            return 0
        return _IDS - len(self.unacked)

    def send(self, batch: Sequence[Sent], *, again: bool = False) -> None:
        """Publish; no more than `room`."""
        self.unacked.extend(batch)
        if self._transport is None:
            return  # they stay unacknowledged: whoever keeps the account sends them again
        frames, number, topics, every_s = [], self._id, self._topics, self._every_s
        for one in batch:
            number = number % _IDS + 1
            frames.append(publish_packet(topics[one.who], number, one, again=again, every_s=every_s))
        self._id = number
        self._transport.write(b"".join(frames))

    def close(self) -> None:
        """Say goodbye."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(b"\xe0\x00")
            self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Say hello."""
        self._transport = cast("asyncio.Transport", transport)
        self._transport.write(self._hello)

    def data_received(self, data: bytes) -> None:
        """After the CONNACK there is nothing but PUBACKs, in order: count them."""
        data = self._rest + data
        if not self._greeted:
            if len(data) < CONNACK_BYTES:
                self._rest = data
                return
            self._greeted = True
            if data[CONNACK_BYTES - 1]:
                self.up.set_exception(
                    RefusedError(f"the broker refuses the load: code {data[CONNACK_BYTES - 1]}")
                )
                return
            self.up.set_result(None)
            data = data[CONNACK_BYTES:]
        count, over = divmod(len(data), PUBACK_BYTES)
        self._rest = data[-over:] if over else b""
        if count:
            take = self.unacked.popleft
            done = [take() for _ in range(count)]
            self.acknowledged += count
            if self._acked is not None:
                self._acked(done)

    def connection_lost(self, exc: Exception | None) -> None:
        """What is in `unacked` has to be sent again."""
        if not self.up.done():
            self.up.set_exception(ConnectionError(f"the broker hung up: {exc or 'without a word'}"))
            self.up.exception()
        self.closed.set()


class Lane:
    """Keeps one connection up; what the broker has not acknowledged is sent again, before anything newer."""

    def __init__(self, connect: Callable[[], Awaitable[FloodLine]], clock: Clock) -> None:
        self.lost = 0
        self.again = 0
        self._connect = connect
        self._clock = clock
        self._line: FloodLine | None = None
        self._waiting: deque[Sent] = deque()
        self._doubtful: deque[Sent] = deque()

    @property
    def is_up(self) -> bool:
        """Messages can be sent now."""
        return self._line is not None

    @property
    def in_flight(self) -> int:
        """Messages that the broker has not taken over, sent or not."""
        flying = 0 if self._line is None else len(self._line.unacked)
        return flying + len(self._waiting) + len(self._doubtful)

    def push(self, batch: Sequence[Sent]) -> None:
        """Send, as soon as there is room, after what came before."""
        self._waiting.extend(batch)
        self.pay()

    def pay(self) -> None:
        """Send what waits and finds room."""
        line = self._line
        if line is None:
            return
        while self._doubtful and line.room:
            line.send([self._doubtful.popleft()], again=True)
            self.again += 1
        room = line.room
        if self._waiting and room:
            take = self._waiting.popleft
            line.send([take() for _ in range(min(len(self._waiting), room))])

    async def keep(self) -> None:
        """Connect, and connect again after each loss, until cancelled. Raises `RefusedError`."""
        while True:
            with suppress(OSError):
                line = await self._connect()
                self._line = line
                try:
                    self.pay()
                    await line.closed.wait()
                finally:
                    self._line = None
                    line.close()
                self._doubtful.extendleft(reversed(line.unacked))
                self.lost += 1
            await self._clock.sleep_until(self._clock.now_ms() + RETRY_MS)
