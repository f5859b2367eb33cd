"""A whole collector on fakes and a clock in the test's hands."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from random import Random
from typing import Any, TypeVar

from collector.rules.conditions import Limits
from collector.service import Collector, Parts
from gascore.journal import ConditionCleared, ConditionRaised, Event
from gascore.registry import Placed
from gascore.service_status import ServiceStatus
from support.clock import ManualClock
from support.collector_fakes import FakeBoard, FakeLink, FakeReadings, FakeRecorder, FakeRegistry
from support.collector_words import LIMITS, T0, a_payload
from support.waiting import until

EventT = TypeVar("EventT")


class Desk:
    """Stores, broker and clock outlive the collectors that run on them one after the other."""

    def __init__(self, *placed: Placed, limits: Limits = LIMITS) -> None:
        self.clock = ManualClock(T0)
        self.registry = FakeRegistry(*placed)
        self.recorder = FakeRecorder()
        self.readings = FakeReadings()
        self.board = FakeBoard()
        self.link = FakeLink()
        self.closed = 0
        self._limits = limits
        self._seq: dict[str, int] = {}

    def collector(self) -> Collector:
        self.link = FakeLink()
        return Collector(
            Parts(
                links=[self.link],
                registry=self.registry,
                recorder=self.recorder,
                readings=self.readings,
                journal=self.recorder,
                board=self.board,
                clock=self.clock,
                rng=Random(1),  # noqa: S311 -- jitter
                limits=self._limits,
                pid=1,
                close=self._close,
            )
        )

    def _close(self) -> None:
        self.closed += 1

    @asynccontextmanager
    async def running(self, *, kill: bool = False, up: bool = True) -> AsyncIterator[Collector]:
        """Run a collector; at the end it is stopped, or killed without a chance to say anything."""
        collector = self.collector()
        task = asyncio.create_task(collector.run())
        await until(lambda: self.link.arrived is not None or task.done(), what="the start")
        if up:
            self.link_is("up")
        try:
            yield collector
        finally:
            if kill:
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task
            else:
                collector.stop()
                await self.comes(task.done, within_ms=20_000)
                await task

    def sends(
        self,
        name: str = "D1",
        state: str = "normal",
        *,
        duplicate: bool = False,
        **fields: Any,  # noqa: ANN401 -- the fields of Status
    ) -> int:
        """A status message with the next number, measured and received now."""
        now_ms = self.clock.now_ms()
        self._seq[name] = self._seq.get(name, 0) + 1
        payload = a_payload(state, **({"seq": self._seq[name], "ts": now_ms} | fields))
        return self.link.deliver(now_ms, f"gas/1/{name}/status", payload, duplicate=duplicate)

    def skips(self, name: str, count: int) -> None:
        """So many messages of a detector are lost before they come to us."""
        self._seq[name] += count

    def restarts(self, *names: str) -> None:
        """Detectors that count anew from their next message on."""
        for name in names:
            self._seq[name] = 0

    def says(self, topic: str, payload: bytes, *, retained: bool = False, duplicate: bool = False) -> int:
        """Any message, received now."""
        return self.link.deliver(self.clock.now_ms(), topic, payload, retained=retained, duplicate=duplicate)

    def link_is(self, word: str, *, since_ms: int | None = None) -> None:
        """The link is up, or down and why; since now if not told otherwise."""
        self.link.says(word, self.clock.now_ms() if since_ms is None else since_ms)

    async def comes(self, fact: Callable[[], object], *, within_ms: int = 10_000) -> None:
        """Move the clock on, and let threads do their work, until the fact is true."""
        for _ in range(within_ms // 20):
            if fact():
                return
            await self.clock.advance(20)
            await settle()
        raise AssertionError(f"it did not come true within {within_ms} ms of the test's clock")

    async def stays(self, fact: Callable[[], object], *, for_ms: int = 1_000) -> None:
        """Move the clock on and see the fact stay true."""
        for _ in range(for_ms // 20):
            assert fact()
            await self.clock.advance(20)
            await settle()
        assert fact()

    def events(self, kind: type[EventT]) -> list[EventT]:
        """Everything journaled of one kind."""
        return [event for event in self.recorder.events if isinstance(event, kind)]

    def told(self) -> list[Event]:
        """Everything journaled but our own blindness."""
        return [event for event in self.recorder.events if not type(event).__name__.startswith("Blind")]

    @property
    def status(self) -> ServiceStatus:
        return self.board.words["collector"]


async def settle() -> None:
    """Give other threads a moment; says nothing about time."""
    with suppress(TimeoutError):
        async with asyncio.timeout(0.001):
            await asyncio.Event().wait()


def raised(desk: Desk) -> list[tuple[str, str]]:
    """Which conditions of which detectors were raised, in order."""
    return [(str(one.detector), str(one.condition)) for one in desk.events(ConditionRaised)]


def cleared(desk: Desk) -> list[tuple[str, str]]:
    """Which conditions of which detectors were cleared, in order."""
    return [(str(one.detector), str(one.condition)) for one in desk.events(ConditionCleared)]


async def heartbeats(desk: Desk, names: list[str], *, seconds: int, every_s: int = 10) -> None:
    """Let time pass while these detectors go on reporting that all is well."""
    for _ in range(seconds // every_s):
        await desk.clock.advance(every_s * 1000)
        for name in names:
            desk.sends(name, lel=0.5)
    await desk.comes(lambda: len(desk.link.acknowledged) == desk.link.delivered)
