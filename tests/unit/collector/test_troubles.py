"""Troubles of our own: told once, over when nobody has said them for a while, and never flickering."""

from collector.ports import SinkHealth
from collector.rules.troubles import CALM_MS, DETAIL, FINE, MOST, Book, restore, save, say, settle
from gascore.journal import TroubleBegan, TroubleEnded
from support.collector_desk import Desk
from support.collector_words import T0, a_placed

SECOND = 1000
SPOOL = "series_spool"


def a_book(now_ms: int = T0) -> Book:
    return say(FINE, SPOOL, "80 % full", now_ms)[0]


def test_a_trouble_is_told_once_however_often_it_is_said() -> None:
    book, began = say(FINE, SPOOL, "80 % full", T0)
    assert began == [TroubleBegan(name=SPOOL, since_ms=T0, detail="80 % full")]
    for second in range(1, 100):
        book, began = say(book, SPOOL, f"{80 + second} % full", T0 + second * SECOND)
        assert began == []
    assert book[SPOOL].detail == "179 % full", "what is known of it is kept up to date"
    assert settle(book, T0 + 1_000_000) == (book, [])


def test_it_is_over_when_nobody_has_said_it_for_a_while_since_the_instant_nobody_did() -> None:
    book, _ = say(a_book(), SPOOL, None, T0 + 5 * SECOND)
    book, _ = say(book, SPOOL, None, T0 + 30 * SECOND)
    book, ended = settle(book, T0 + 5 * SECOND + CALM_MS - 1)
    assert ended == []
    book, ended = settle(book, T0 + 5 * SECOND + CALM_MS)
    assert ended == [TroubleEnded(name=SPOOL, since_ms=T0, ended_ms=T0 + 5 * SECOND)]
    assert book == FINE


def test_a_trouble_that_comes_and_goes_every_second_is_one_trouble() -> None:
    book, events = FINE, 0
    for second in range(600):
        book, began = say(book, SPOOL, "again" if second % 2 else None, T0 + second * SECOND)
        book, ended = settle(book, T0 + second * SECOND)
        events += len(began) + len(ended)
    assert events == 1


def test_what_is_not_said_is_no_trouble() -> None:
    assert say(FINE, SPOOL, None, T0) == (FINE, [])


def test_the_book_is_bounded_and_so_is_what_is_in_it() -> None:
    book = FINE
    for number in range(2 * MOST):
        book, _ = say(book, f"trouble-{number}", "x" * 1000, T0)
    assert len(book) == MOST
    assert len(book["trouble-0"].detail) == DETAIL


def test_a_clock_that_is_set_back_makes_nobody_wait_for_it() -> None:
    book, _ = say(a_book(), SPOOL, None, T0)
    early_ms = T0 - 3_600_000
    book, ended = settle(book, early_ms)
    assert ended == []
    book, [one] = settle(book, early_ms + CALM_MS)
    assert one.ended_ms == T0, "not before it began"


def test_the_next_run_goes_on_from_the_book_and_ends_what_nobody_says_again() -> None:
    saved = save(say(a_book(), "broker_drops a:1", "3 since 12:00", T0 + 1)[0])
    book = restore(saved, T0 + 100)
    book, began = say(book, SPOOL, "81 % full", T0 + 200)
    assert began == [], "it is known already"
    book, ended = settle(book, T0 + 100 + CALM_MS)
    assert ended == [TroubleEnded(name="broker_drops a:1", since_ms=T0 + 1, ended_ms=T0 + 100)]
    assert list(book) == [SPOOL]
    assert restore(None, T0) == FINE


async def test_the_time_series_trouble_is_in_the_journal_its_figures_are_in_the_status() -> None:
    desk = Desk(a_placed())
    desk.readings.says = SinkHealth({SPOOL: "80 % full: look at InfluxDB"}, {"spool_bytes": "1024"})
    async with desk.running() as collector:
        await desk.comes(lambda: desk.events(TroubleBegan))
        notes = collector.status().notes
        assert notes["spool_bytes"] == "1024"
        assert notes[f"trouble {SPOOL}"] == "80 % full: look at InfluxDB"
        await desk.stays(lambda: len(desk.events(TroubleBegan)) == 1, for_ms=3_000)
        assert not collector.status().states["unmonitored"], "we still see"
        desk.readings.says = SinkHealth()
        await desk.comes(lambda: f"trouble {SPOOL}" not in collector.status().notes)
        await desk.stays(lambda: not desk.events(TroubleEnded))
        await desk.clock.advance(CALM_MS)
        await desk.comes(lambda: desk.events(TroubleEnded))


async def test_a_trouble_outlives_a_kill_and_ends_when_the_next_run_does_not_find_it() -> None:
    desk = Desk(a_placed())
    desk.readings.says = SinkHealth({SPOOL: "80 % full", "series_partial": "2 readings"})
    async with desk.running(kill=True):
        await desk.comes(lambda: len(desk.events(TroubleBegan)) == 2)
    desk.readings.says = SinkHealth({SPOOL: "90 % full"})
    async with desk.running():
        await desk.comes(lambda: desk.events(TroubleEnded), within_ms=CALM_MS + 5_000)
        assert [one.name for one in desk.events(TroubleEnded)] == ["series_partial"]
        assert len(desk.events(TroubleBegan)) == 2
