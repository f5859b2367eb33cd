"""What a broker says it dropped is a trouble; a broker that counts nothing is none."""

from collector.ports import DROPPED, HELD
from collector.rules.drops import HOLD_MS, Drops, read, restore, save, words
from gascore.journal import TroubleBegan, TroubleEnded
from support.collector_desk import Desk
from support.collector_words import T0, a_placed

SECOND = 1000


def test_what_the_counter_says_first_is_where_we_begin() -> None:
    drops = read(None, 12, T0)
    assert words(drops) is None
    assert words(read(drops, 12, T0 + 1)) is None
    assert words(None) is None


def test_a_rise_is_a_loss_and_it_says_how_many_since_when() -> None:
    drops = read(read(Drops(12), 15, T0), 1_016, T0 + 60 * SECOND)
    said = words(drops)
    assert said is not None
    assert said.startswith("the broker dropped 1,004 messages since 2026-09-21 14:13 UTC")


def test_a_counter_that_began_anew_says_what_was_lost_since() -> None:
    assert read(Drops(1_000), 3, T0).lost == 3
    assert words(read(Drops(1_000), 0, T0)) is None


def test_a_loss_is_over_when_none_has_followed_for_a_while() -> None:
    drops = read(read(None, 0, T0), 5, T0)
    drops = read(drops, 5, T0 + HOLD_MS - 1)
    assert words(drops)
    assert words(read(drops, 5, T0 + HOLD_MS)) is None
    assert words(read(drops, 5, T0 - 3_600_000)) is None, "the clock was set back: nobody waits for it"


def test_the_stored_form_is_read_back() -> None:
    book = {"a:1883": Drops(5, 2, T0, T0 + 1), "b:1883": Drops(0)}
    assert restore(save(book)) == book
    assert restore(None) == {}


async def test_a_rise_of_the_counter_is_one_trouble_with_its_link_and_ends_by_itself() -> None:
    desk = Desk(a_placed())
    async with desk.running() as collector:
        desk.link.told.update({DROPPED: "7", HELD: "12"})
        await desk.comes(lambda: collector.status().notes["broker_holds broker:1883"] == "12")
        await desk.stays(lambda: not desk.events(TroubleBegan), for_ms=3_000)
        desk.link.told[DROPPED] = "9"
        await desk.comes(lambda: desk.events(TroubleBegan))
        [began] = desk.events(TroubleBegan)
        assert began.name == "broker_drops broker:1883"
        assert "dropped 2 messages" in began.detail
        desk.link.told[DROPPED] = "19"
        await desk.comes(lambda: "dropped 12" in collector.status().notes["trouble broker_drops broker:1883"])
        assert collector.status().notes["broker_dropped broker:1883"] == "19"
        await desk.clock.advance(HOLD_MS)
        await desk.comes(lambda: desk.events(TroubleEnded), within_ms=70_000)
        assert len(desk.events(TroubleBegan)) == 1


async def test_what_was_dropped_while_we_were_away_is_told_when_we_are_back() -> None:
    desk = Desk(a_placed())
    async with desk.running(kill=True):
        desk.link.told[DROPPED] = "7"
        await desk.comes(lambda: -3 in desk.recorder.saved)
    async with desk.running():
        desk.link.told[DROPPED] = "800"
        await desk.comes(lambda: desk.events(TroubleBegan))
        assert "dropped 793 messages" in desk.events(TroubleBegan)[0].detail


async def test_a_broker_that_counts_nothing_is_noted_and_no_trouble() -> None:
    desk = Desk(a_placed())
    async with desk.running() as collector:
        await desk.stays(lambda: not desk.events(TroubleBegan), for_ms=3_000)
        assert collector.status().notes["broker_dropped broker:1883"] == "not told by this broker"
        desk.link.told[DROPPED] = "many"
        await desk.stays(lambda: not desk.events(TroubleBegan), for_ms=3_000)


async def test_a_broker_that_says_what_no_counter_can_be_changes_nothing() -> None:
    desk = Desk(a_placed())
    async with desk.running():
        for nonsense in ("9" * 5_000, str(2**70), "-1", "1e3", "\u0661", ""):
            desk.link.told[DROPPED] = nonsense
            await desk.clock.advance(2 * SECOND)
            desk.sends()
        await desk.comes(lambda: len(desk.link.acknowledged) == 6)
        assert desk.events(TroubleBegan) == []
