"""The collector is killed at every single store call of a busy minute, before the call does anything and after.

What it had not acknowledged its broker sends again to the next run, marked as a repetition.
"""

import asyncio
import os
from collections.abc import Callable, Sequence
from threading import Lock
from typing import Final

import pytest

from collector.ports import Recording
from gascore.journal import BlindBegan, BlindEnded, Event, UnknownDetector
from gascore.readings import Reading
from gascore.service_status import ServiceStatus
from support.collector_desk import Desk, settle
from support.collector_fakes import FakeBoard, FakeReadings, FakeRecorder
from support.collector_words import a_payload, a_placed
from support.killer import Killed
from support.waiting import until

pytestmark = pytest.mark.faults
EVERY: Final = 1 if os.environ.get("CI") else 5
NEVER: Final = -1
STATES: Final = (
    ("D1", "normal"),
    ("D2", "normal"),
    ("D1", "high"),
    ("D2", "fault"),
    ("D1", "high"),
    ("X1", "high"),
    ("D2", "normal"),
    ("D1", "normal"),
    ("D1", "normal"),
    ("X1", "normal"),
    ("D2", "low"),
    ("D1", "normal"),
    ("D2", "normal"),
)


class Killer:
    """Counts both sides of every call."""

    def __init__(self, at: int) -> None:
        self.calls = 0
        self._at = at
        self._lock = Lock()

    def passes(self, what: str) -> None:
        """One side of a call."""
        with self._lock:  # journal, readings and status have a thread each
            self.calls += 1
            is_it = self.calls == self._at
        if is_it:
            raise Killed(what)


class KillingRecorder(FakeRecorder):
    def __init__(self, killer: Killer) -> None:
        super().__init__()
        self._killer = killer

    def record(self, recording: Recording) -> None:
        self._killer.passes("before the journal")
        super().record(recording)
        self._killer.passes("after the journal")


class KillingReadings(FakeReadings):
    def __init__(self, killer: Killer) -> None:
        super().__init__()
        self._killer = killer

    def write(self, readings: Sequence[Reading]) -> None:
        self._killer.passes("before the readings")
        super().write(readings)
        self._killer.passes("after the readings")


class KillingBoard(FakeBoard):
    def __init__(self, killer: Killer) -> None:
        super().__init__()
        self._killer = killer

    def say(self, status: ServiceStatus) -> None:
        super().say(status)
        self._killer.passes("after the status")


class Minute:
    """Messages, told to a collector that is killed at one call, and to its successors."""

    def __init__(self, at: int) -> None:
        self.killer = Killer(at)
        self.desk = Desk(a_placed("D1", 1), a_placed("D2", 2))
        self.recorder, self.readings = KillingRecorder(self.killer), KillingReadings(self.killer)
        self.desk.recorder, self.desk.readings = self.recorder, self.readings
        self.desk.board = KillingBoard(self.killer)
        self.killed: str | None = None
        self._to_send = list(STATES)
        self._numbers: dict[str, int] = {}
        self._under_way: dict[object, tuple[str, bytes]] = {}

    async def run(self) -> "Minute":
        """All of it, with as many collectors as it takes."""
        while not await self._lives():
            await self.desk.clock.advance(500)
        return self

    async def _lives(self) -> bool:
        """One collector; False when it was killed."""
        desk = self.desk
        collector = desk.collector()
        task = asyncio.create_task(collector.run())
        await until(lambda: desk.link.arrived is not None or task.done(), what="the start")
        if not task.done():
            desk.link_is("up")
            again, self._under_way = list(self._under_way.values()), {}
            for topic, payload in again:
                self._under_way[desk.says(topic, payload, duplicate=True)] = (topic, payload)
            await self._go_on(task)
            collector.stop()
            await self._moves(task.done)
        for token in desk.link.acknowledged:
            self._under_way.pop(token, None)
        error = task.exception()
        if error is None:
            return True
        assert isinstance(error, BaseExceptionGroup), error
        assert error.subgroup(Killed) is not None, error
        self.killed = str(error.exceptions[0])
        return False

    async def _go_on(self, task: "asyncio.Task[None]") -> None:
        while self._to_send and not task.done():
            name, state = self._to_send.pop(0)
            self._numbers[name] = self._numbers.get(name, 0) + 1
            payload = a_payload(state, seq=self._numbers[name], ts=self.desk.clock.now_ms())
            self._under_way[self.desk.says(f"gas/1/{name}/status", payload)] = (
                f"gas/1/{name}/status",
                payload,
            )
            await self.desk.clock.advance(500)
            await settle()
        acknowledged = self.desk.link.acknowledged
        await self._moves(lambda: task.done() or len(acknowledged) == self.desk.link.delivered)

    async def _moves(self, fact: Callable[[], bool]) -> None:
        for _ in range(1_000):
            if fact():
                return
            await self.desk.clock.advance(20)
            await settle()
        raise AssertionError("it hangs")

    @property
    def told(self) -> list[Event]:
        """The journal, without our own blindness, and without what each run notices for itself."""
        own = BlindBegan | BlindEnded | UnknownDetector
        return [one for one in self.recorder.events if not isinstance(one, own)]

    @property
    def changes(self) -> list[tuple[str, str, str]]:
        """What the journal says of whom."""
        return sorted(
            (str(getattr(one, "detector", "")), type(one).__name__, str(getattr(one, "condition", "")))
            for one in self.told
        )


async def test_a_kill_at_any_store_call_loses_nothing_and_tells_nothing_twice() -> None:
    calm = await Minute(NEVER).run()
    assert calm.killed is None
    assert calm.killer.calls > 40
    assert len(calm.readings.stored) == len([name for name, _ in STATES if name != "X1"])
    killed = 0
    for at in range(1, calm.killer.calls + 1, EVERY):
        minute = await Minute(at).run()
        why = f"killed at call {at} of {calm.killer.calls}: {minute.killed}"
        killed += minute.killed is not None  # threads overtake each other: the last calls may not come to it
        assert minute.changes == calm.changes, why
        assert len(minute.readings.stored) == len(calm.readings.stored), why
        assert {one.detector for one in minute.recorder.quarantined} == {"X1"}, why
    assert killed * EVERY > calm.killer.calls - 10
