"""The follower on a moved clock: what it sends when, and what it does when the store fails."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Collection
from contextlib import asynccontextmanager
from typing import Any

import msgspec

from dashboard.ports import OpenAlarms
from dashboard.rules.board import Names
from dashboard.service.follower import SPACING_MS, Follower, JournalWentBackError, Parts
from dashboard.service.lane import Lanes
from gascore.journal import Entry, Event, StoreDownError
from gascore.operators import OperatorAnswered, Outcome
from gascore.service_status import ServiceStatus
from gascore.words import AlarmId, DetectorId
from support.alarms import a_leak, later, stepped
from support.clock import ManualClock
from support.waiting import until


class Store:
    """Journal, alarms, town, board and gauges in one; `down` makes every call fail."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.words: dict[str, ServiceStatus] = {}
        self.down: str | None = None
        self.lost = 0
        self.asked = 0

    def append(self, events: list[Event], at_ms: int) -> int:
        for event in events:
            self.entries.append(Entry(len(self.entries) + 1, at_ms, event))
        return len(self.entries)

    def after(self, cursor: int, limit: int) -> list[Entry]:
        return self.entries[cursor : cursor + limit]

    def last_id(self) -> int:
        self.asked += 1
        self._fail()
        return len(self.entries) - self.lost

    def open_alarms(self) -> OpenAlarms:
        self._fail()
        return OpenAlarms(len(self.entries), list(self.entries))

    def names(self) -> Names:
        return Names()

    def say(self, status: ServiceStatus) -> None:
        self._fail()
        self.words[status.name] = status

    def read(self) -> dict[str, ServiceStatus]:
        self._fail()
        return dict(self.words)

    def lel(self, detectors: Collection[DetectorId], since_ms: int) -> dict[DetectorId, float]:
        del detectors, since_ms
        raise StoreDownError("the time series is away")

    def _fail(self) -> None:
        if self.down is not None:
            raise StoreDownError(self.down)


class Run:
    """A follower that runs, and time in the test's hands."""

    def __init__(
        self, store: Store, clock: ManualClock, follower: Follower, task: asyncio.Task[None]
    ) -> None:
        self.store, self.clock, self.follower, self.task = store, clock, follower, task

    async def passes(self, ms: int) -> None:
        """Let time pass in small steps; the looks into the store are in threads and get their turn."""
        for _ in range(0, ms, 50):
            await self.clock.advance(50)
            await asyncio.to_thread(lambda: None)
            await asyncio.to_thread(lambda: None)

    async def looks(self, times: int = 2) -> None:
        """Wait until the follower has looked into the journal again."""
        target = self.store.asked + times
        async with asyncio.timeout(5):
            while self.store.asked < target:
                await self.passes(50)


@asynccontextmanager
async def running(store: Store) -> AsyncIterator[Run]:
    clock = ManualClock()
    lanes = Lanes()
    follower = Follower(
        Parts(
            journal=store,
            alarms=store,  # type: ignore[arg-type]  # what the follower needs of it
            town=store,  # type: ignore[arg-type]  # likewise
            board=store,
            gauges=store,
            clock=clock,
            lane=lanes.urgent,
            quick=lanes.quick,
            epoch="e1",
            pid=7,
        )
    )
    task = asyncio.create_task(follower.run())
    try:
        yield Run(store, clock, follower, task)
        follower.stop()
        async with asyncio.timeout(5):
            if not task.done():  # a test that lets it fail looks at the failure itself
                await task
    finally:
        task.cancel()
        lanes.close()


async def next_of(stream: AsyncGenerator[bytes], name: bytes) -> dict[str, Any]:
    """The data of the next event of this name."""
    async with asyncio.timeout(5):
        async for event in stream:
            lines = dict(line.split(b": ", 1) for line in event.strip().split(b"\n"))
            if lines[b"event"] == name:
                found: dict[str, Any] = msgspec.json.decode(lines[b"data"])
                return found
    raise AssertionError(f"the stream ended before {name!r}")


async def test_the_first_change_goes_out_at_once_and_the_following_ones_together() -> None:
    store = Store()
    async with running(store) as run:
        await until(lambda: run.follower.has_begun and run.follower.picture.words)
        await run.passes(1000)  # what the dashboard's own first word changed has gone out
        stream = run.follower.hub.stream(None)
        await next_of(stream, b"snapshot")
        begun_ms = run.clock.now_ms()
        store.append([stepped(a_leak(1))], begun_ms)
        await run.looks()
        assert [row["id"] for row in (await next_of(stream, b"delta"))["rows"]] == [1]
        for number in range(2, 32):
            store.append([stepped(a_leak(number, detector=f"d{number}"))], run.clock.now_ms())
            await run.looks(1)
        deltas: list[list[int]] = []
        await run.passes(SPACING_MS * 2)
        while sum(map(len, deltas)) < 30:
            deltas.append([row["id"] for row in (await next_of(stream, b"delta"))["rows"]])
        assert [row for delta in deltas for row in delta] == list(range(2, 32))
        assert len(deltas) <= (run.clock.now_ms() - begun_ms) / SPACING_MS
        await stream.aclose()


async def test_an_answer_of_alerts_is_told_to_who_listens() -> None:
    store = Store()
    heard: list[OperatorAnswered] = []
    async with running(store) as run:
        run.follower.listen(heard.append)
        await until(lambda: run.follower.has_begun)
        answer = OperatorAnswered(request="r1", alarm=AlarmId(1), outcome=Outcome.DONE)
        store.append([answer], run.clock.now_ms())
        await run.looks()
        assert heard == [answer]


async def test_a_store_that_is_down_at_the_start_is_tried_until_it_is_there() -> None:
    store = Store()
    store.down = "disk I/O error"
    store.append([stepped(a_leak())], 0)
    async with running(store) as run:
        await until(lambda: run.follower.picture.store_error == "disk I/O error")
        assert not run.follower.has_begun
        store.down = None
        while not run.follower.has_begun:
            await run.passes(500)
        assert [row.id for row in run.follower.picture.board.rows()] == [1]
        assert run.follower.picture.store_error is None


async def test_without_the_time_series_a_leak_shows_what_the_journal_knows() -> None:
    store = Store()
    async with running(store) as run:
        await until(lambda: run.follower.has_begun)
        store.append([stepped(a_leak())], run.clock.now_ms())
        await run.looks()
        await run.passes(5000)
        assert run.follower.picture.board.rows()[0].lel is None


async def test_each_second_the_dashboard_says_how_it_is() -> None:
    store = Store()
    async with running(store) as run:
        await run.passes(2000)
        word = store.words["dashboard"]
        assert (word.pid, set(word.latency)) == (7, {"stream", "screen"})
        await run.passes(2000)
        assert store.words["dashboard"].at_ms > word.at_ms


async def test_a_leak_counts_on_a_screen_only_when_it_opened_while_we_followed() -> None:
    store = Store()
    store.append([stepped(a_leak(1))], 0)
    async with running(store) as run:
        await until(lambda: run.follower.has_begun)
        store.append([stepped(later(a_leak(2), received_ms=run.clock.now_ms()))], run.clock.now_ms())
        await run.looks()
        assert not run.follower.shown(AlarmId(1), 50)
        assert run.follower.shown(AlarmId(2), 999_999)
        assert run.follower.screen_latency.histogram.sum_s < 10, "it can't have taken longer than until now"


async def test_a_journal_that_became_shorter_is_another_one() -> None:
    store = Store()
    store.append([stepped(a_leak(1)), stepped(a_leak(2))], 0)
    async with running(store) as run:
        await until(lambda: run.follower.has_begun)
        store.lost = 1
        async with asyncio.timeout(5):
            while not run.task.done():
                await run.passes(50)
        error = run.task.exception()
        assert isinstance(error, ExceptionGroup)
        (found,) = error.exceptions
        assert isinstance(found, JournalWentBackError)
