"""A whole collector whose ledger gets a profile, and whose leaks end on their own account."""

from gascore.journal import ConditionCleared, LedgerChanged
from support.collector_desk import Desk, cleared, raised
from support.collector_words import a_placed


async def test_a_profile_that_is_imported_counts_from_the_next_message_on() -> None:
    desk = Desk(a_placed())
    async with desk.running():
        desk.sends(lel=12.0)
        await desk.stays(lambda: raised(desk) == [])
        desk.registry.now[:] = [a_placed(low_lel=10.0)]
        desk.recorder.append([LedgerChanged(entity="profile", key="P", by="test")], desk.clock.now_ms())
        await desk.stays(lambda: raised(desk) == [], for_ms=3_000)
        desk.sends(lel=12.0)
        await desk.comes(lambda: raised(desk) == [("D1", "leak")])


async def test_a_milder_profile_does_not_end_a_leak_by_itself() -> None:
    desk = Desk(a_placed(low_lel=10.0))
    async with desk.running():
        desk.sends(lel=12.0)
        await desk.comes(lambda: raised(desk) == [("D1", "leak")])
        desk.registry.now[:] = [a_placed()]
        desk.recorder.append([LedgerChanged(entity="profile", key="P", by="test")], desk.clock.now_ms())
        await desk.stays(lambda: cleared(desk) == [], for_ms=3_000)
        desk.sends(lel=12.0)
        await desk.comes(lambda: cleared(desk) == [("D1", "leak")])


async def test_a_leak_ends_after_its_delay_without_another_message_and_once() -> None:
    desk = Desk(a_placed(every_s=3600.0, clear_delay_s=30.0))
    async with desk.running():
        desk.sends(state="high")
        await desk.comes(lambda: raised(desk))
        over_ms = desk.clock.now_ms()
        desk.sends(lel=0.5)
        await desk.stays(lambda: cleared(desk) == [], for_ms=29_000)
        await desk.comes(lambda: cleared(desk) == [("D1", "leak")], within_ms=2_000)
        (ended,) = desk.events(ConditionCleared)
        assert 30_000 <= ended.ended_ms - over_ms <= 30_500


async def test_an_end_that_was_waited_for_comes_after_a_kill_with_the_next_message() -> None:
    desk = Desk(a_placed(clear_delay_s=30.0))
    async with desk.running(kill=True):
        desk.sends(state="high")
        await desk.comes(lambda: raised(desk))
        await desk.clock.advance(10_000)
        desk.sends(lel=0.5)
        await desk.comes(lambda: len(desk.link.acknowledged) == desk.link.delivered)
    await desk.clock.advance(40_000)
    async with desk.running():
        await desk.stays(lambda: cleared(desk) == [], for_ms=1_000)
        desk.sends(lel=0.5)
        await desk.comes(lambda: cleared(desk) == [("D1", "leak")])
        assert raised(desk) == [("D1", "leak")]
