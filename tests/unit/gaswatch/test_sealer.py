"""The journal gets its blocks while a service runs."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from gascore.journal import SignedIn, StoreDownError
from gaswatch.sealer import EVERY_MS, Sealing
from gaswatch.stores.engine import open_engine
from gaswatch.stores.journal import SqlJournal
from gaswatch.stores.journal_seal import BLOCK_AGE_MS, BLOCK_ENTRIES
from gaswatch.stores.schema import metadata
from support.clock import ManualClock
from support.waiting import until

BEGIN_MS = 1_767_196_800_000


class Nothing:
    """A service that does nothing until it is stopped, or fails."""

    def __init__(self) -> None:
        self.over: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def run(self) -> None:
        await self.over

    def stop(self) -> None:
        self.over.set_result(None)


class Broken:
    """A journal that can't be sealed for a while."""

    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)
        self.asked = 0

    def seal(self, now_ms: int) -> int:
        del now_ms
        self.asked += 1
        if self.errors:
            raise self.errors.pop(0)
        return 0


async def moved_until(clock: ManualClock, fact: Callable[[], bool]) -> None:
    """Let time pass, leaving the sealer's thread time to work, until the fact is true."""
    async with asyncio.timeout(10):
        while not fact():
            await clock.advance(EVERY_MS)
            await asyncio.to_thread(fact)


@asynccontextmanager
async def running(service: Sealing, clock: ManualClock) -> AsyncIterator[asyncio.Task[None]]:
    task = asyncio.create_task(service.run())
    await clock.advance(0)
    yield task
    service.stop()
    await task


async def test_entries_are_sealed_when_they_are_old_enough_or_many(tmp_path: Path) -> None:
    engine = open_engine(f"sqlite:///{tmp_path / 'gaswatch.db'}")
    metadata.create_all(engine)
    journal, clock = SqlJournal(engine), ManualClock(BEGIN_MS)
    entry = SignedIn(user="a", ok=True, address="10.0.0.1")
    journal.append([entry] * (2 * BLOCK_ENTRIES + 1), BEGIN_MS)

    def sealed() -> int:
        newest = journal.newest_block()
        return newest.last_id if newest else 0

    async with running(Sealing(Nothing(), journal, clock), clock):
        await clock.advance(EVERY_MS)
        await until(lambda: sealed() == 2 * BLOCK_ENTRIES)
        assert clock.now_ms() < BEGIN_MS + BLOCK_AGE_MS
        await moved_until(clock, lambda: sealed() == 2 * BLOCK_ENTRIES + 1)

    assert journal.verify() == []
    engine.dispose()


async def test_a_journal_that_cannot_be_sealed_is_tried_again_and_the_service_goes_on() -> None:
    journal, clock = Broken(StoreDownError("away"), ZeroDivisionError("a defect")), ManualClock(BEGIN_MS)

    async with running(Sealing(Nothing(), journal, clock), clock) as task:
        await moved_until(clock, lambda: journal.asked >= 3)
        assert not task.done()


async def test_what_the_service_raises_is_raised_and_the_sealing_ends() -> None:
    service, clock = Nothing(), ManualClock(BEGIN_MS)
    task = asyncio.create_task(Sealing(service, Broken(), clock).run())
    await clock.advance(0)
    service.over.set_exception(ZeroDivisionError("a defect"))

    with pytest.raises(ZeroDivisionError):
        await task
    assert [one.get_name() for one in asyncio.all_tasks() if one.get_name() == "sealer"] == []
