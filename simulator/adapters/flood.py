"""A load: very many detectors behind few connections, numbered messages, a set rate, an exact account.

It says when it, and not the broker, was the bottleneck (`Report.behind_ms`), because a benchmark whose load
generator is slow measures the load generator.
"""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Final

import msgspec

from gascore.clock import Clock
from gascore.words import DetectorId
from simulator.adapters.flood_line import FloodLine, Lane
from simulator.rules.flood import EVERY_S, HIGH, Sent, connect_packet, topics

TICK_MS: Final = 4
PORTION: Final = 1_000
"""Messages built before the loop reads acknowledgements again."""
LATE_MS: Final = 100
"""More than this behind the plan, by our own fault, and the load is at that moment not what it says it is."""


class Plan(msgspec.Struct, frozen=True):
    """What to send.

    Attributes:
        host, port, user, password: the broker, and a user who may publish for every detector.
        detectors: who reports, one after the other, round and round.
        rates: (seconds, messages a second), one after the other; after the last, nothing more.
        connections: sockets that they share.
        leak_every_s: so often the next of `leaking` reports a high leak, 0: never …
        leaking: … out of these (indexes) …
        leak_messages: … in so many messages, the first at once; then it is over.
        every_s: what each detector says of its report interval.
        in_flight: most messages unacknowledged at once, of all connections.
    """

    host: str
    port: int
    detectors: tuple[DetectorId, ...]
    rates: tuple[tuple[float, float], ...]
    user: str | None = None
    password: str | None = None
    connections: int = 8
    leak_every_s: float = 0.0
    leaking: tuple[int, ...] = ()
    leak_messages: int = 1
    every_s: int = EVERY_S
    in_flight: int = 60_000


class Report(msgspec.Struct, frozen=True):
    """What became of it so far.

    Attributes:
        sent: messages made and written at least once.
        acknowledged: of these, by the broker.
        again: written a second time after a connection was lost.
        held_ms: time in which the broker's acknowledgements were waited for.
        late_ms: the worst lateness behind the plan that was our own.
        behind_ms: time in which it was more than `LATE_MS`: then we were the bottleneck.
        lost_connections: how often.
        leaks: begun.
    """

    sent: int = 0
    acknowledged: int = 0
    again: int = 0
    held_ms: int = 0
    late_ms: int = 0
    behind_ms: int = 0
    lost_connections: int = 0
    leaks: int = 0


class Flood:
    """Sends a plan; run it once. Reconnects, and sends again what was not acknowledged."""

    def __init__(
        self,
        plan: Plan,
        clock: Clock,
        *,
        seqs: Sequence[int] = (),
        acked: Callable[[Sequence[Sent]], None] | None = None,
    ) -> None:
        """Count on from `seqs` (of a flood before this one), or from 0.

        `acked` is called in the loop with what the broker has taken over, in order for each connection.
        """
        self._plan = plan
        self._clock = clock
        self._acked = acked
        self._topics = topics(plan.detectors)
        self._lanes = [Lane(partial(self._connect, at), clock) for at in range(plan.connections)]
        self._next = 0
        self._leaker = 0
        self._leaks: dict[int, int] = {}
        """How many more of its messages say "high", by detector."""
        self._finished = False
        self._leak_ms = 0
        self._sent = self._acknowledged = self._held_ms = self._late_ms = self._behind_ms = 0
        self.seqs = list(seqs) or [0] * len(plan.detectors)
        """The newest number of each detector, 0: it has sent nothing."""

    @property
    def report(self) -> Report:
        """What became of the plan so far."""
        return Report(
            sent=self._sent,
            acknowledged=self._acknowledged,
            again=sum(lane.again for lane in self._lanes),
            held_ms=self._held_ms,
            late_ms=self._late_ms,
            behind_ms=self._behind_ms,
            lost_connections=sum(lane.lost for lane in self._lanes),
            leaks=self._leaker,
        )

    def finish(self) -> None:
        """End the plan here: `run` waits for what is unacknowledged, and returns."""
        self._finished = True

    async def run(self) -> Report:
        """Send the whole plan, then wait until everything is acknowledged.

        Raises:
            ExceptionGroup: of `RefusedError`, when the broker says no.
        """
        async with asyncio.TaskGroup() as group:
            keeping = [group.create_task(lane.keep()) for lane in self._lanes]
            while not (self._finished or all(lane.is_up for lane in self._lanes)):
                await self._tick()
            for seconds, rate in self._plan.rates:
                await self._hold(seconds, rate)
            while self._in_flight():
                await self._tick()
            for task in keeping:
                task.cancel()
        return self.report

    async def _hold(self, seconds: float, rate: float) -> None:
        """Keep a rate; what the broker holds up is made good for afterwards, and is not our lateness."""
        start_ms = self._clock.now_ms()
        total, made, held_ms, last_ms = round(seconds * rate), 0, 0, start_ms
        while not self._finished:
            now_ms = self._clock.now_ms()
            is_over = now_ms - start_ms >= seconds * 1000
            due = (total if is_over else int((now_ms - start_ms) * rate / 1000)) - made
            room = max(self._plan.in_flight - self._in_flight(), 0)
            count = min(due, room, PORTION)
            self._send(count, now_ms)
            made += count
            if is_over and made == total:
                break
            if due > room:
                held_ms += TICK_MS
            elif due > count:
                late_ms = int((due - count) / rate * 1000) - held_ms
                self._late_ms = max(self._late_ms, late_ms)
                self._behind_ms += self._clock.now_ms() - last_ms if late_ms > LATE_MS else 0
            last_ms = now_ms
            await self._tick(0 if count == PORTION else TICK_MS)
        self._held_ms += held_ms

    async def _tick(self, wait_ms: int = TICK_MS) -> None:
        for lane in self._lanes:
            lane.pay()
        if wait_ms:
            await self._clock.sleep_until(self._clock.now_ms() + wait_ms)
        else:
            await asyncio.sleep(0)  # noqa: TID251 -- no wait: it lets the acknowledgements in

    def _in_flight(self) -> int:
        return sum(lane.in_flight for lane in self._lanes)

    def _send(self, count: int, now_ms: int) -> None:
        """Spread the next messages over the connections; a detector stays with its own."""
        batches: list[list[Sent]] = [[] for _ in self._lanes]
        width, seqs = len(batches), self.seqs
        for index in self._whose_turn(count):
            seqs[index] += 1
            level = self._level(index) if self._leaks else 0
            batches[index % width].append(Sent(index, seqs[index], now_ms, level))
        if self._plan.leak_every_s and now_ms >= self._leak_ms:
            self._leak_ms = now_ms + round(self._plan.leak_every_s * 1000)
            index = self._plan.leaking[self._leaker % len(self._plan.leaking)]
            self._leaker += 1
            self._leaks[index] = self._plan.leak_messages - 1
            seqs[index] += 1
            batches[index % width].append(Sent(index, seqs[index], now_ms, HIGH))
        for lane, batch in zip(self._lanes, batches, strict=True):
            if batch:
                lane.push(batch)
                self._sent += len(batch)

    def _level(self, index: int) -> int:
        left = self._leaks.pop(index, 0)
        if left > 1:
            self._leaks[index] = left - 1
        return HIGH if left else 0

    def _whose_turn(self, count: int) -> Iterable[int]:
        first, self._next = self._next, (self._next + count) % len(self.seqs)
        return (at % len(self.seqs) for at in range(first, first + count))

    def _took(self, batch: Sequence[Sent]) -> None:
        self._acknowledged += len(batch)
        if self._acked is not None:
            self._acked(batch)

    async def _connect(self, at: int) -> FloodLine:
        plan = self._plan
        hello = connect_packet(f"flood-{at}", plan.user, plan.password)
        line = FloodLine(hello, self._topics, self._took, plan.every_s)
        await asyncio.get_running_loop().create_connection(lambda: line, plan.host, plan.port)
        await line.up
        return line
