"""The collector when it is held up, blind, stopped, killed and started again."""

import pytest

from collector.service import Collector
from gascore.journal import (
    BlindBegan,
    BlindEnded,
    BlindScope,
    ConditionCleared,
    ConditionRaised,
)
from support.collector_desk import Desk, cleared, heartbeats, raised
from support.collector_words import T0, a_placed

SECOND = 1000


async def test_when_too_much_is_under_way_the_links_are_told_to_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("collector.service.pipeline.WINDOW", 5)
    desk = Desk(a_placed())
    async with desk.running():
        desk.readings.down = "slow"
        for _ in range(4):
            desk.sends()
        assert not desk.link.is_full()
        desk.sends()
        assert desk.link.is_full()
        await desk.comes(lambda: desk.events(BlindBegan))
        assert desk.events(BlindBegan)[0].name == "readings"
        desk.readings.down = None
        await desk.comes(lambda: not desk.link.is_full())
        await desk.comes(lambda: desk.events(BlindEnded))


async def test_a_backlog_is_our_blindness_and_no_silence_of_detectors(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """More came in than the disk could take. What D2 had sent was waiting at the broker, a minute long."""
    desk = Desk(a_placed(), a_placed("D2", no=2))
    async with desk.running() as collector:
        desk.sends("D2")
        desk.sends("D1")
        monkeypatch.setattr("collector.service.pipeline.WINDOW", 0)
        for _ in range(60):
            await desk.clock.advance(5 * SECOND)
            desk.sends("D1", ts=desk.clock.now_ms() - 60 * SECOND)
        assert raised(desk) == []
        [began] = desk.events(BlindBegan)
        assert (began.scope, began.name) == (BlindScope.COLLECTOR, "collector behind")
        assert collector.status().states["unmonitored"] == 2
        monkeypatch.undo()
        await desk.comes(lambda: desk.events(BlindEnded))
        over_ms = desk.clock.now_ms()
        await heartbeats(desk, ["D1"], seconds=150)
        assert raised(desk) == [("D2", "offline")]
        assert desk.events(ConditionRaised)[0].since_ms >= over_ms


async def test_a_lost_link_is_blindness_and_nobody_is_offline_because_of_it() -> None:
    desk = Desk(a_placed())
    async with desk.running() as collector:
        desk.sends()
        await desk.comes(lambda: desk.link.acknowledged)
        desk.link_is("connection closed by the broker")
        await desk.comes(lambda: desk.events(BlindBegan))
        assert collector.status().states["unmonitored"] == 1
        await desk.clock.advance(3600 * SECOND)
        desk.link_is("up")
        await desk.comes(lambda: desk.events(BlindEnded))
        [blind] = desk.events(BlindEnded)
        assert blind.ended_ms - blind.since_ms >= 3600 * SECOND
        await desk.clock.advance(89 * SECOND)
        assert raised(desk) == []
        await desk.clock.advance(12 * SECOND)
        await desk.comes(lambda: raised(desk) == [("D1", "offline")])


async def test_a_broker_that_hung_is_blindness_since_it_was_last_heard() -> None:
    desk = Desk(a_placed())
    async with desk.running():
        await desk.clock.advance(60 * SECOND)
        desk.link_is("the broker does not answer", since_ms=T0 + 45 * SECOND)
        await desk.comes(lambda: desk.events(BlindBegan))
        assert desk.events(BlindBegan)[0].since_ms == T0 + 45 * SECOND


async def test_a_stop_finishes_the_batch_says_goodbye_and_closes_the_stores() -> None:
    desk = Desk(a_placed())
    async with desk.running():
        token = desk.sends(state="high")
    assert desk.link.acknowledged == [token]
    assert desk.link.is_stopped
    assert desk.closed == 1
    assert raised(desk) == [("D1", "leak")]
    [began] = desk.events(BlindBegan)
    assert (began.scope, began.reason) == (BlindScope.COLLECTOR, "stopped")
    assert desk.status.messages.pending == 0


async def test_a_stop_does_not_wait_for_ever_for_a_store_that_is_down() -> None:
    desk = Desk(a_placed())
    async with desk.running():
        desk.recorder.down = "gone"
        desk.sends(state="high")
        await desk.comes(lambda: desk.recorder.tries >= 1)
    assert desk.link.acknowledged == []
    assert desk.closed == 1


async def test_after_a_clean_restart_nobody_is_offline_and_the_pause_is_booked() -> None:
    desk = Desk(*(a_placed(f"D{no}", no) for no in range(1, 6)))
    names = [f"D{no}" for no in range(1, 6)]
    async with desk.running():
        await heartbeats(desk, names, seconds=20)
    stopped_ms = desk.events(BlindBegan)[0].since_ms
    await desk.clock.advance(600 * SECOND)
    async with desk.running():
        await desk.comes(lambda: desk.events(BlindEnded))
        await heartbeats(desk, names, seconds=200)
    assert raised(desk) == []
    ended = desk.events(BlindEnded)[0]
    assert (ended.since_ms, ended.reason) == (stopped_ms, "stopped")
    assert ended.ended_ms >= stopped_ms + 600 * SECOND


async def test_after_a_kill_the_blindness_counts_from_the_last_word_and_deadlines_get_grace() -> None:
    desk = Desk(a_placed("D1", 1), a_placed("D2", 2))
    async with desk.running(kill=True):
        await heartbeats(desk, ["D1", "D2"], seconds=20)
        await desk.comes(lambda: desk.clock.now_ms() - desk.status.at_ms < SECOND)
        said_ms = desk.status.at_ms
    said_ms = desk.status.at_ms
    assert desk.events(BlindBegan) == []
    await desk.clock.advance(900 * SECOND)
    async with desk.running():
        await desk.comes(lambda: desk.events(BlindEnded))
        [began] = desk.events(BlindBegan)
        assert (began.scope, began.since_ms) == (BlindScope.COLLECTOR, said_ms)
        assert began.reason == "ended without a word"
        await heartbeats(desk, ["D1"], seconds=80)
        assert raised(desk) == []
        await heartbeats(desk, ["D1"], seconds=40)
        await desk.comes(lambda: raised(desk) == [("D2", "offline")])


async def test_after_a_kill_before_the_acknowledgement_nothing_is_told_twice() -> None:
    desk = Desk(a_placed())
    async with desk.running(kill=True):
        desk.readings.down = "slow"
        desk.sends(state="high", seq=1)
        desk.sends(lel=0.0, seq=2, ts=T0 + 1)
        await desk.comes(lambda: cleared(desk))
    desk.readings.down = None
    async with desk.running() as collector:
        desk.sends(state="high", seq=1, ts=T0, duplicate=True)
        desk.sends(lel=0.0, seq=2, ts=T0 + 1, duplicate=True)
        await desk.comes(lambda: len(desk.link.acknowledged) == 2)
        assert collector.status().messages.duplicate == 2
    assert desk.readings.stored == {(1, T0), (1, T0 + 1)}
    assert (raised(desk), cleared(desk)) == ([("D1", "leak")], [("D1", "leak")])


async def test_what_the_run_before_has_heard_is_no_gap_after_a_restart() -> None:
    desk = Desk(a_placed())
    async with desk.running(kill=True):
        for _ in range(10):  # only the first of them changes what is saved
            desk.sends()
            await desk.comes(lambda: len(desk.link.acknowledged) == desk.link.delivered)
            await desk.clock.advance(SECOND)
    async with desk.running() as collector:
        desk.says("gas/1/D1/online", b"1")
        desk.sends()
        await desk.comes(lambda: len(desk.link.acknowledged) == 2)
        assert collector.status().notes["sequence_gaps"] == "0"
        desk.sends(seq=13)
        await desk.comes(lambda: len(desk.link.acknowledged) == 3)
        assert collector.status().notes["sequence_gaps"] == "1"
        desk.sends(seq=12, ts=desk.clock.now_ms() - 500)
        desk.sends(seq=9, ts=desk.clock.now_ms() - 900)  # heard by the run before
        await desk.comes(lambda: len(desk.link.acknowledged) == 5)
        assert collector.status().notes["sequence_gaps"] == "0"


async def test_a_broker_that_falls_back_after_a_kill_of_ours_tells_no_leak_twice() -> None:
    desk = Desk(a_placed())
    async with desk.running(kill=True):
        desk.sends(state="high")
        await desk.comes(lambda: len(desk.link.acknowledged) == 1)
        await desk.clock.advance(SECOND)
        again_ms = desk.clock.now_ms()
        desk.sends(state="high")  # changes nothing, and is acknowledged
        await desk.comes(lambda: len(desk.link.acknowledged) == 2)
    await desk.clock.advance(SECOND)
    async with desk.running():
        desk.sends()
        await desk.comes(lambda: cleared(desk) == [("D1", "leak")])
        # A broker that was killed goes on from its last save, in which that was not acknowledged yet.
        desk.sends(state="high", seq=2, ts=again_ms, duplicate=True)
        await desk.comes(lambda: len(desk.link.acknowledged) == 2)
        assert raised(desk) == [("D1", "leak")]


async def test_what_a_detector_sends_again_because_its_broker_died_tells_no_leak_twice() -> None:
    desk = Desk(a_placed())
    async with desk.running():
        first_ms = desk.clock.now_ms()
        desk.sends(state="high")
        await desk.clock.advance(SECOND)
        second_ms = desk.clock.now_ms()
        desk.sends()
        await desk.comes(lambda: cleared(desk) == [("D1", "leak")])
        # The broker had handed it on, and died before it answered the detector: nothing marks what comes again.
        desk.sends(state="high", seq=1, ts=first_ms)
        desk.sends(seq=2, ts=second_ms)
        await desk.comes(lambda: len(desk.link.acknowledged) == 4)
        assert raised(desk) == [("D1", "leak")]


async def test_an_open_leak_stays_open_over_a_restart_and_ends_with_its_message() -> None:
    desk = Desk(a_placed())
    async with desk.running():
        desk.sends(state="high")
        await desk.comes(lambda: desk.link.acknowledged)
    async with desk.running():
        desk.sends(state="high")
        await desk.comes(lambda: desk.link.acknowledged)
        assert len(raised(desk)) == 1
        desk.sends(lel=0.0)
        await desk.comes(lambda: cleared(desk) == [("D1", "leak")])
        [event] = desk.events(ConditionCleared)
        assert event.since_ms == T0


async def test_each_second_the_collector_says_how_it_is() -> None:
    desk = Desk(a_placed())
    async with desk.running():
        desk.sends(state="high")
        await desk.comes(lambda: desk.link.acknowledged)
        await desk.comes(lambda: "collector" in desk.board.words and desk.status.messages.stored == 1)
        status = desk.status
        assert status.links == {"broker:1883": "up"}
        assert status.newest_message_ms == T0
        assert status.latency["journal"].total == 1
        assert status.messages.residual == 0


async def test_a_process_that_was_held_up_books_it_and_accuses_nobody() -> None:
    desk = Desk(a_placed())
    async with desk.running():
        desk.sends()
        await desk.comes(lambda: desk.link.acknowledged)
        desk.clock.advance_now(3600 * SECOND)
        await desk.comes(lambda: desk.events(BlindEnded))
        assert desk.events(BlindEnded)[0].reason == "the process was held up"
        await heartbeats(desk, ["D1"], seconds=120)
        assert raised(desk) == []


async def test_a_clock_that_is_set_back_accuses_nobody_and_hides_no_leak() -> None:
    desk = Desk(a_placed())
    async with desk.running():
        desk.sends()
        await desk.comes(lambda: desk.link.acknowledged)
        desk.clock.set(T0 - 1800 * SECOND)
        await heartbeats(desk, ["D1"], seconds=120)
        assert raised(desk) == []
        desk.sends(state="fault")
        await desk.comes(lambda: raised(desk) == [("D1", "fault")])


async def test_a_leak_that_is_over_ends_in_its_time_though_the_clock_was_set_back_meanwhile() -> None:
    desk = Desk(a_placed(clear_delay_s=30.0))
    async with desk.running():
        desk.sends(state="high")
        desk.sends()
        await desk.comes(lambda: len(desk.link.acknowledged) == 2)
        desk.clock.set(T0 - 3600 * SECOND)
        await heartbeats(desk, ["D1"], seconds=50)
        assert raised(desk) == [("D1", "leak")]
        assert cleared(desk) == [("D1", "leak")]


def test_the_collector_is_a_service() -> None:
    desk = Desk()
    assert isinstance(desk.collector(), Collector)
