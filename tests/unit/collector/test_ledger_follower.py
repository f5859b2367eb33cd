"""How the collector reads a large ledger: in portions, and only what a change concerns."""

import asyncio
from contextlib import suppress

from collector.service.ledger import AT_ONCE
from gascore.journal import BlindBegan, BlindEnded, BlindScope, LedgerChanged
from support.collector_desk import Desk
from support.collector_words import a_placed

SECOND = 1000


async def test_a_change_of_one_detector_does_not_look_at_the_others() -> None:
    desk = Desk(*(a_placed(f"D{no}", no) for no in range(1, 4)))
    async with desk.running() as collector:
        desk.registry.now[1] = a_placed("D2", 2, every_s=5.0)
        desk.registry.now[2] = a_placed("D3", 3, every_s=5.0)
        change = LedgerChanged(entity="detector", key="D2", by="test")
        desk.recorder.append([change], desk.clock.now_ms())
        await desk.comes(lambda: desk.registry.asked == [None, {"detector": {"D2"}}])
        await desk.stays(lambda: len(desk.registry.asked) == 2)
        assert collector.status().states["offline"] == 3


async def test_a_whole_town_that_enters_the_ledger_at_once_is_taken_in_portions() -> None:
    desk = Desk()
    many = AT_ONCE * 2 + 1
    async with desk.running() as collector:
        desk.registry.now.extend(a_placed(f"D{no}", no) for no in range(1, many + 1))
        changes = [LedgerChanged(entity="detector", key=f"D{no}", by="test") for no in range(1, many + 1)]
        desk.recorder.append(list(changes), desk.clock.now_ms())
        await desk.comes(lambda: len(desk.readings.labels) == many)
        assert collector.status().states["offline"] == many


async def test_while_it_reads_the_ledger_it_says_that_it_starts_and_since_when_it_was_blind() -> None:
    desk = Desk(a_placed())
    async with desk.running(kill=True):
        await desk.comes(lambda: "collector" in desk.board.words)
    last_ms = desk.status.at_ms
    await desk.clock.advance(60 * SECOND)
    with desk.registry.slow():
        starting = asyncio.create_task(desk.collector().run())
        await desk.comes(lambda: desk.status.notes.get("starting"))
        [began] = desk.events(BlindBegan)
        assert began.since_ms == last_ms
        starting.cancel()  # it dies before it has read everything
    with suppress(asyncio.CancelledError):
        await starting
    await desk.clock.advance(60 * SECOND)
    async with desk.running():
        await desk.comes(lambda: desk.events(BlindEnded))
        assert "starting" not in desk.status.notes
    [ended] = [one for one in desk.events(BlindEnded) if one.scope is BlindScope.COLLECTOR]
    assert ended.since_ms == last_ms


async def test_a_start_that_can_not_be_journaled_goes_on_and_says_nothing_that_would_hide_the_blindness() -> (
    None
):
    desk = Desk(a_placed())
    async with desk.running(kill=True):
        await desk.comes(lambda: "collector" in desk.board.words)
    last_ms = desk.status.at_ms
    await desk.clock.advance(60 * SECOND)
    desk.recorder.record_down = "disk is full"
    with desk.registry.slow():
        starting = asyncio.create_task(desk.collector().run())
        await desk.comes(lambda: desk.registry.reads == 2)
        await desk.stays(lambda: desk.status.at_ms == last_ms)
        desk.recorder.record_down = None
    await desk.comes(lambda: desk.events(BlindBegan))
    assert desk.events(BlindBegan)[0].since_ms == last_ms
    starting.cancel()
    with suppress(asyncio.CancelledError):
        await starting
