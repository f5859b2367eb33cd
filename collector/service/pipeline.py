"""From a batch to durable to acknowledged, in two stages: the journal first, the readings after.

A slow or failing time series holds back acknowledgements, never a journal commit. A batch that can't be
stored is tried again as it is until it can: what the rules have concluded is in it, so that memory never
says anything that the journal will not say too.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final

import structlog

from collector.ports import Arrival, Recording
from collector.rules.backoff import delay_ms
from collector.rules.blindness import Spell
from collector.rules.lag import Lag
from collector.service.account import Latency
from collector.service.batch import Batch
from collector.service.intake import Intake
from collector.service.parts import Parts
from collector.service.portions import Lane, Portion
from collector.service.sight import Sight
from gascore.journal import BlindScope, StoreDownError
from gascore.readings import Reading

_log = structlog.get_logger()
BATCH: Final = 2_000
"""Messages after which a batch does not linger any more."""
LINGER_MS: Final = 20
LONG_MS: Final = 10
"""A commit of this length or more is followed by a rest as long as itself …"""
REST_MS: Final = 25
"""… up to this: SQLite has one write lock and no queue for it, and who has waited for long looks only every 100 ms
(sqlite3.c, `sqliteDefaultBusyCallback`). Without a rest, a backlog was seen to keep others out for over 10 s."""
STORM_MS: Final = 100
"""After so long of commits with a leak waiting behind each, the others get a rest all the same: one of them has to tell
people of the leaks."""
WINDOW: Final = 20_000
"""Messages that may be unacknowledged; the links announce the same number to the broker as their window."""
JOURNAL, READINGS = "journal", "readings"


class Pipeline:
    """Closes batches, stores them and acknowledges them, in order."""

    def __init__(self, intake: Intake, sight: Sight, parts: Parts) -> None:
        self.latency = Latency()
        self.lag = Lag()
        self.readings_down: str | None = None
        """Why readings can't be stored at present."""
        self._intake = intake
        self._sight = sight
        self._parts = parts
        self._clock = parts.clock
        self._wake = asyncio.Event()
        self._enough = asyncio.Event()
        self._urgent = asyncio.Event()
        self._lane = Lane()
        self._journaled: list[Batch] = []
        self._readable = asyncio.Event()
        self._under_way = 0
        self._idle = asyncio.Event()
        self._idle.set()
        self._threads = {name: ThreadPoolExecutor(1, f"collector-{name}") for name in (JOURNAL, READINGS)}

    def take(self, link: int, arrival: Arrival) -> None:
        """Take one message from the link with this index; never raises, whatever is in it."""
        self._intake.take(link, arrival)
        self.woken()

    def woken(self) -> None:
        """Something is in the open batch."""
        self._idle.clear()
        self._wake.set()
        batch = self._intake.batch
        if batch.is_urgent:
            self._urgent.set()
        if batch.is_urgent or batch.messages >= BATCH:
            self._enough.set()

    @property
    def is_full(self) -> bool:
        """No more should be read from the links for now."""
        return self._intake.account.pending >= WINDOW

    async def run(self) -> None:
        """Both stages, until cancelled."""
        try:
            async with asyncio.TaskGroup() as stages:
                stages.create_task(self._journal_stage(), name=JOURNAL)
                stages.create_task(self._readings_stage(), name=READINGS)
        finally:
            for threads in self._threads.values():
                threads.shutdown(wait=False, cancel_futures=True)

    async def drain(self) -> None:
        """Return when everything that came in is durable and acknowledged."""
        self._enough.set()
        await self._idle.wait()

    async def _journal_stage(self) -> None:
        hurried_ms = 0
        while True:
            await self._wake.wait()
            await self._wait(LINGER_MS, self._enough)
            self._close()
            while portion := self._lane.next():
                took_ms = await self._commit(portion)
                self._pass_on()
                if not self._intake.batch.is_urgent:
                    hurried_ms = 0
                    if took_ms >= LONG_MS:
                        await self._wait(min(took_ms, REST_MS), self._urgent)
                    continue
                hurried_ms += took_ms
                if hurried_ms >= STORM_MS:
                    await self._clock.sleep_until(self._clock.now_ms() + REST_MS)
                    hurried_ms = 0
                self._close()
            self._pass_on()

    async def _commit(self, portion: Portion) -> int:
        """Make a portion durable; returns how long that took, ms."""
        begun_ms = self._clock.now_ms()
        await self._record(portion.recording)
        now_ms = self._clock.now_ms()
        for cause_ms in portion.causes_ms:
            self.latency.observe(max(now_ms - cause_ms, 0) / 1000)
        self._lane.stored()
        return now_ms - begun_ms

    async def _wait(self, wait_ms: int, unless: asyncio.Event) -> None:
        if unless.is_set():
            return
        sleeping = asyncio.ensure_future(self._clock.sleep_until(self._clock.now_ms() + wait_ms))
        hurrying = asyncio.ensure_future(unless.wait())
        try:
            await asyncio.wait({sleeping, hurrying}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            sleeping.cancel()
            hurrying.cancel()

    def _close(self) -> None:
        self._wake.clear()
        self._enough.clear()
        self._urgent.clear()
        self._under_way += 1
        now_ms, batch = self._clock.now_ms(), self._intake.close()
        self.lag.heard(batch.delays_ms, now_ms)
        self._lane.add(batch, now_ms)

    def _pass_on(self) -> None:
        """What is in the journal goes on to the readings."""
        if finished := self._lane.finished():
            self._journaled += finished
            self._readable.set()

    async def _record(self, recording: Recording) -> None:
        """Commit, however often it takes; afterwards book how long we could not."""
        down: Spell | None = None

        def failed(error: StoreDownError) -> None:
            nonlocal down
            if down is None:
                _log.error("journal lost", reason=str(error))
                down = Spell(BlindScope.STORE, JOURNAL, self._clock.now_ms(), str(error))
                self._sight.is_mute = True

        await self._until_stored(JOURNAL, lambda: self._parts.recorder.record(recording), failed)
        if down is not None:
            self._sight.is_mute = False
            self._sight.lost(down)
            self._sight.found(BlindScope.STORE, JOURNAL, self._clock.now_ms())
            self.woken()

    async def _readings_stage(self) -> None:
        while True:
            await self._readable.wait()
            self._readable.clear()
            batches, self._journaled = self._journaled, []
            readings = [reading for batch in batches for reading in batch.readings]
            if readings:
                await self._write(readings)
            self._acknowledge(batches)
            self._under_way -= len(batches)
            if not self._under_way and self._intake.batch.is_empty:
                self._idle.set()

    async def _write(self, readings: list[Reading]) -> None:
        def failed(error: StoreDownError) -> None:
            if self.readings_down is None:
                _log.error("readings lost", reason=str(error))
            self.readings_down = str(error)
            if self.is_full:  # no message gets through any more: now we are blind
                now_ms = self._clock.now_ms()
                self._sight.lost(Spell(BlindScope.STORE, READINGS, now_ms, str(error)))
                self.woken()

        await self._until_stored(READINGS, lambda: self._parts.readings.write(readings), failed)
        if self.readings_down is not None:
            _log.info("readings found")
            self.readings_down = None
            self._sight.found(BlindScope.STORE, READINGS, self._clock.now_ms())
            self.woken()

    async def in_readings(self, work: Callable[[], None]) -> None:
        """Do something else in the readings' thread, in turn with the writes."""
        await asyncio.get_running_loop().run_in_executor(self._threads[READINGS], work)

    async def _until_stored(
        self, stage: str, work: Callable[[], None], failed: Callable[[StoreDownError], None]
    ) -> None:
        loop, failures = asyncio.get_running_loop(), 0
        while True:
            try:
                await loop.run_in_executor(self._threads[stage], work)
            except StoreDownError as error:
                failures += 1
                failed(error)
                wait_ms = delay_ms(failures, self._parts.rng, first_ms=50, most_ms=5_000)
                await self._clock.sleep_until(self._clock.now_ms() + wait_ms)
            else:
                return

    def _acknowledge(self, batches: list[Batch]) -> None:
        for batch in batches:
            self._intake.account.settle(batch)
            for link, tokens in zip(self._parts.links, batch.tokens, strict=True):
                if tokens:
                    link.acknowledge(tokens)
