"""The collector at work, on fakes: durable before acknowledged, alarms before readings, deadlines in time."""

from gascore.journal import (
    BlindBegan,
    BlindEnded,
    BlindScope,
    CommandAnswered,
    ConditionRaised,
    FirstReport,
    LedgerChanged,
    Reason,
    UnknownDetector,
    UnknownLeak,
)
from gascore.words import Level, SupplyGas, TargetGas
from support.collector_desk import Desk, cleared, heartbeats, raised
from support.collector_words import T0, a_placed
from support.waiting import until

SECOND = 1000


async def test_a_leak_is_journaled_then_its_reading_stored_then_acknowledged() -> None:
    desk = Desk(a_placed())
    async with desk.running():
        token = desk.sends(state="high", lel=72.0)
        await desk.comes(lambda: desk.link.acknowledged)
        assert desk.link.acknowledged == [token]
        assert raised(desk) == [("D1", "leak")]
        assert desk.readings.stored == {(1, T0)}
        assert len(desk.events(FirstReport)) == 1


async def test_a_leak_does_not_linger_in_the_batch() -> None:
    desk = Desk(a_placed())
    async with desk.running():
        desk.sends(state="high")
        await until(lambda: raised(desk))  # the clock stands still
        assert desk.recorder.entries[-1].at_ms == T0


async def test_nothing_is_acknowledged_while_the_journal_is_down_and_nothing_is_lost() -> None:
    desk = Desk(a_placed())
    async with desk.running() as collector:
        desk.recorder.down = "disk is full"
        tokens = [desk.sends(state="high"), desk.sends(state="high"), desk.sends()]
        await desk.comes(lambda: desk.recorder.tries >= 3)
        assert desk.link.acknowledged == []
        assert raised(desk) == []
        assert collector.status().messages.pending == 3
        desk.recorder.down = None
        await desk.comes(lambda: desk.link.acknowledged == tokens)
        assert raised(desk) == [("D1", "leak")]
        await desk.comes(lambda: len(desk.events(BlindEnded)) == 1)
        [blind] = desk.events(BlindEnded)
        assert (blind.scope, blind.name, blind.reason) == (BlindScope.STORE, "journal", "disk is full")


async def test_while_the_journal_is_down_nobody_falls_silent() -> None:
    desk = Desk(a_placed("D1", 1), a_placed("D2", 2))
    async with desk.running():
        desk.sends("D1")
        desk.sends("D2")
        await desk.comes(lambda: len(desk.link.acknowledged) == 2)
        desk.recorder.down = "locked"
        desk.sends("D1", "fault")
        await desk.comes(lambda: desk.recorder.tries >= 3)
        await desk.clock.advance(600 * SECOND)
        desk.recorder.down = None
        await desk.comes(lambda: len(desk.events(BlindEnded)) == 1, within_ms=20_000)
        await heartbeats(desk, ["D1", "D2"], seconds=300)
        assert raised(desk) == [("D1", "fault")]


async def test_when_readings_cant_be_stored_alarms_are_journaled_all_the_same() -> None:
    desk = Desk(a_placed())
    async with desk.running() as collector:
        desk.readings.down = "no space"
        token = desk.sends(state="high")
        await desk.comes(lambda: raised(desk) == [("D1", "leak")])
        await desk.comes(lambda: desk.readings.tries >= 3)
        assert desk.link.acknowledged == []
        assert collector.status().notes["readings_down"] == "no space"
        desk.sends(lel=0.0)
        await desk.comes(lambda: cleared(desk) == [("D1", "leak")])
        desk.readings.down = None
        await desk.comes(lambda: len(desk.link.acknowledged) == 2)
        assert desk.link.acknowledged[0] == token
        assert "readings_down" not in collector.status().notes
        assert desk.events(BlindBegan) == []


async def test_who_does_not_come_back_after_its_will_is_offline_and_coming_back_ends_it() -> None:
    desk = Desk(a_placed())
    async with desk.running():
        desk.sends()
        await heartbeats(desk, ["D1"], seconds=40)
        await desk.clock.advance(SECOND)
        gone_ms = desk.clock.now_ms()
        desk.says("gas/1/D1/online", b"0")
        await desk.stays(lambda: raised(desk) == [], for_ms=4 * SECOND)
        await desk.comes(lambda: raised(desk) == [("D1", "offline")])
        [event] = desk.events(ConditionRaised)
        assert (event.reason, event.since_ms) == (Reason.LAST_WILL, gone_ms)
        desk.says("gas/1/D1/online", b"1")
        await desk.comes(lambda: cleared(desk) == [("D1", "offline")])


async def test_a_broker_that_is_stopped_publishes_every_will_and_nobody_is_offline() -> None:
    names = ["D1", "D2"]
    desk = Desk(a_placed("D1", 1), a_placed("D2", 2))
    async with desk.running():
        await heartbeats(desk, names, seconds=40)
        for name in names:
            desk.says(f"gas/1/{name}/online", b"0")
        desk.link_is("closed by the broker")
        await desk.clock.advance(8 * SECOND)
        desk.link_is("up")
        for name in names:
            desk.says(f"gas/1/{name}/online", b"0", duplicate=True)
        await desk.clock.advance(20 * SECOND)
        await heartbeats(desk, names, seconds=120)
        assert raised(desk) == []


async def test_a_will_that_came_while_we_were_away_leaves_the_detector_its_usual_time() -> None:
    desk = Desk(a_placed())
    async with desk.running():
        desk.sends()
        await desk.comes(lambda: desk.link.acknowledged)
    await desk.clock.advance(60 * SECOND)
    async with desk.running():
        desk.says("gas/1/D1/online", b"0", duplicate=True)
        await desk.stays(lambda: raised(desk) == [], for_ms=89 * SECOND)
        await desk.comes(lambda: raised(desk) == [("D1", "offline")], within_ms=12 * SECOND)


async def test_a_kept_copy_of_the_will_says_nothing() -> None:
    desk = Desk(a_placed())
    async with desk.running() as collector:
        desk.sends()
        desk.says("gas/1/D1/online", b"0", retained=True)
        desk.says("gas/1/D1/status", b'{"state":"high"}', retained=True)
        await desk.comes(lambda: len(desk.link.acknowledged) == 3)
        assert raised(desk) == []
        assert collector.status().rejected_by["retained"] == 2
        assert [one.topic for one in desk.recorder.quarantined] == ["gas/1/D1/status"]


async def test_silence_is_noticed_at_the_deadline_and_a_second_later_at_most() -> None:
    desk = Desk(a_placed("D1", 1), a_placed("D2", 2))
    async with desk.running():
        await desk.clock.advance(5_000)
        desk.sends("D1")
        heard_ms = desk.clock.now_ms()
        await heartbeats(desk, ["D2"], seconds=90)
        await desk.comes(lambda: raised(desk))
        [event] = desk.events(ConditionRaised)
        assert (str(event.detector), event.reason, event.since_ms) == (
            "D1",
            Reason.SILENCE,
            heard_ms + 10_000,
        )
        [entry] = [one for one in desk.recorder.entries if one.event is event]
        assert heard_ms + 90_000 <= entry.at_ms <= heard_ms + 91_000


async def test_heard_once_after_blindness_the_deadline_counts_from_then_without_grace() -> None:
    desk = Desk(a_placed(every_s=300.0, no=7))
    async with desk.running():
        for _ in range(2):
            await desk.clock.advance(1000)
            desk.sends()
        await desk.comes(lambda: len(desk.link.acknowledged) == 2)
        desk.link_is("lost")
        await desk.clock.advance(3600 * SECOND)
        desk.link_is("up")
        await desk.clock.advance(1000)
        desk.sends()
        heard_ms = desk.clock.now_ms()
        await desk.clock.advance(751 * SECOND)
        await desk.comes(lambda: raised(desk) == [("D1", "offline")])
        [entry] = [one for one in desk.recorder.entries if isinstance(one.event, ConditionRaised)]
        assert heard_ms + 750_000 <= entry.at_ms <= heard_ms + 751_000


async def test_who_never_reports_is_noticed() -> None:
    desk = Desk(a_placed())
    async with desk.running():
        await desk.clock.advance(311 * SECOND)
        await desk.comes(lambda: raised(desk) == [("D1", "never_reported")])
        [event] = desk.events(ConditionRaised)
        assert event.since_ms == a_placed().commissioned_ms


async def test_a_detector_of_the_wrong_gas_is_known_from_the_start_and_raised_once() -> None:
    wrong = a_placed(supply_gas=SupplyGas.MINE_GAS, target=frozenset({TargetGas.LPG}))
    desk = Desk(wrong)
    async with desk.running():
        await desk.comes(lambda: raised(desk) == [("D1", "wrong_gas")])
        desk.sends(gas="lpg")
        await desk.comes(lambda: desk.link.acknowledged)
    async with desk.running():
        desk.sends(gas="lpg")
        await desk.comes(lambda: desk.link.acknowledged)
    assert raised(desk) == [("D1", "wrong_gas")]
    assert cleared(desk) == []


async def test_warming_up_after_power_on_counts_apart() -> None:
    desk = Desk(a_placed())
    async with desk.running() as collector:
        desk.sends(state="warmup")
        await desk.comes(lambda: raised(desk) == [("D1", "warming_up")])
        assert collector.status().states["warming_up"] == 1
        desk.sends()
        await desk.comes(lambda: cleared(desk) == [("D1", "warming_up")])
        assert collector.status().states["protected"] == 1


async def test_an_unknown_detector_is_quarantined_and_its_leak_told() -> None:
    desk = Desk(a_placed())
    async with desk.running() as collector:
        desk.sends("X9", "high")
        desk.says("gas/1/X9/online", b"1")
        await desk.comes(lambda: len(desk.link.acknowledged) == 2)
        assert [str(one.detector) for one in desk.events(UnknownDetector)] == ["X9"]
        [leak] = desk.events(UnknownLeak)
        assert leak.level is Level.HIGH
        assert [(one.detector, one.reason) for one in desk.recorder.quarantined] == [
            ("X9", "unknown_detector")
        ] * 2
        assert collector.status().messages.quarantined == 2
        assert raised(desk) == []
    async with desk.running():  # the other life of the same stranger
        desk.sends("X9", lel=0.0)
        await desk.comes(lambda: len(desk.events(UnknownLeak)) == 2)
        assert desk.events(UnknownLeak)[1].level is Level.NONE


async def test_an_unknown_detector_that_enters_the_ledger_is_one_of_ours_from_then_on() -> None:
    desk = Desk()
    async with desk.running():
        desk.sends("D1", "high")
        await desk.comes(lambda: desk.events(UnknownLeak))
        desk.registry.now.append(a_placed())
        desk.recorder.append([LedgerChanged(entity="detector", key="D1", by="test")], desk.clock.now_ms())
        await desk.comes(lambda: len(desk.events(UnknownLeak)) == 2)
        await desk.comes(lambda: desk.readings.labels)
        desk.sends("D1", "high")
        await desk.comes(lambda: raised(desk) == [("D1", "leak")])
        assert desk.events(UnknownLeak)[1].level is Level.NONE


async def test_a_leaking_stranger_that_entered_the_ledger_while_nobody_looked_leaks_no_more_as_one() -> None:
    desk = Desk()
    async with desk.running(kill=True):
        desk.sends("NEW", "high")
        await desk.comes(lambda: desk.link.acknowledged)
    desk.registry.now.append(a_placed("NEW", 5))
    async with desk.running():
        await desk.comes(lambda: len(desk.events(UnknownLeak)) == 2)
    assert [one.level for one in desk.events(UnknownLeak)] == [Level.HIGH, Level.NONE]
    async with desk.running():
        await desk.comes(lambda: "collector" in desk.board.words)
    assert len(desk.events(UnknownLeak)) == 2


async def test_a_time_series_that_is_down_at_the_start_holds_up_no_leak() -> None:
    desk = Desk(a_placed())
    desk.readings.label_down = "disk full"
    async with desk.running():
        desk.sends(state="high")
        await desk.comes(lambda: raised(desk) == [("D1", "leak")])
        desk.readings.label_down = None
        await desk.comes(lambda: 1 in desk.readings.labels)


async def test_a_time_series_that_takes_no_labels_does_not_make_us_read_the_ledger_again_and_again() -> None:
    desk = Desk(a_placed())
    async with desk.running():
        desk.readings.label_down = "disk full"
        desk.registry.now.append(a_placed("D2", 2))
        desk.recorder.append([LedgerChanged(entity="detector", key="D2", by="test")], desk.clock.now_ms())
        await desk.comes(lambda: desk.readings.tries >= 1)
        reads = desk.registry.reads
        await desk.comes(lambda: desk.readings.tries >= 3)
        assert desk.registry.reads == reads


async def test_a_detector_that_left_the_ledger_ends_its_conditions() -> None:
    desk = Desk(a_placed())
    async with desk.running():
        desk.sends(state="high")
        await desk.comes(lambda: raised(desk))
        desk.registry.now.clear()
        desk.recorder.append([LedgerChanged(entity="detector", key="D1", by="test")], desk.clock.now_ms())
        await desk.comes(lambda: cleared(desk) == [("D1", "leak")])
        await desk.stays(lambda: len(raised(desk)) == 1, for_ms=2_000)


async def test_a_new_detector_with_the_number_of_an_old_one_starts_afresh_and_is_remembered() -> None:
    desk = Desk(a_placed("OLD"))
    async with desk.running():
        desk.sends("OLD", "fault")
        await desk.comes(lambda: raised(desk))
        desk.registry.now[:] = [a_placed("NEW")]
        changes = [LedgerChanged(entity="detector", key=key, by="test") for key in ("NEW", "OLD")]
        desk.recorder.append(list(changes), desk.clock.now_ms())
        await desk.comes(lambda: cleared(desk) == [("OLD", "fault")])
        desk.sends("NEW", "fault")
        await desk.comes(lambda: ("NEW", "fault") in raised(desk))
    async with desk.running():
        desk.sends("NEW", "fault")
        await desk.comes(lambda: desk.link.acknowledged)
    assert raised(desk) == [("OLD", "fault"), ("NEW", "fault")]


async def test_a_detector_keeps_what_is_known_of_it_when_its_number_changes() -> None:
    desk = Desk(a_placed("D1", 1))
    async with desk.running():
        desk.sends("D1", "fault")
        await desk.comes(lambda: raised(desk))
        desk.registry.now[:] = [a_placed("D1", 2)]
        desk.recorder.append([LedgerChanged(entity="detector", key="D1", by="test")], desk.clock.now_ms())
        await desk.comes(lambda: desk.readings.labels.keys() == {1, 2})
    async with desk.running():
        desk.sends("D1", "fault")
        await desk.comes(lambda: desk.link.acknowledged)
    assert len(desk.events(FirstReport)) == 1
    assert raised(desk) == [("D1", "fault")]


async def test_a_series_store_that_was_down_is_told_later_who_is_new() -> None:
    desk = Desk()
    async with desk.running():
        desk.readings.label_down = "no space"
        desk.registry.now.append(a_placed())
        desk.recorder.append([LedgerChanged(entity="detector", key="D1", by="test")], desk.clock.now_ms())
        await desk.comes(lambda: desk.readings.tries >= 2)
        assert desk.readings.labels == {}
        desk.readings.label_down = None
        await desk.comes(lambda: desk.readings.labels.keys() == {1})


async def test_every_kind_of_message_has_one_outcome() -> None:
    desk = Desk(a_placed())
    async with desk.running() as collector:
        desk.sends(seq=1)
        desk.sends(seq=1, ts=T0, duplicate=True)
        desk.says("gas/1/D1/status", b"{")
        desk.says("gas/1/D1/status", b"\xff\xfe")
        desk.says("gas/1/D1/status", b'{"state":"dancing\\u0000"}')
        desk.says("gas/1/D1/status", b'{"state":"normal","fw":"' + b"x" * 5000 + b'"}')
        desk.says("gas/1/D1/online", b"yes")
        desk.says("gas/1/D1/cmd", b"{}")
        desk.says("some/where/D1/status", b'{"state":"normal"}')
        desk.says("gas/1/D1/ack", b'{"id":"c1","ok":true,"valve":"closed"}')
        desk.says("gas/1/NEW/ack", b'{"id":"c1","ok":true}')
        await desk.comes(lambda: len(desk.link.acknowledged) == 11)
        counts = collector.status().messages
        assert (counts.received, counts.stored, counts.duplicate, counts.rejected) == (11, 2, 1, 7)
        assert (counts.quarantined, counts.pending, counts.residual) == (1, 0, 0)
        assert collector.status().rejected_by == {
            "bad_topic": 2,
            "retained": 0,
            "oversize": 1,
            "not_utf8": 1,
            "not_json": 1,
            "wrong_type": 1,
            "bad_online": 1,
        }
        assert all("\0" not in one.detail for one in desk.recorder.quarantined)
        [answer] = desk.events(CommandAnswered)
        assert (answer.command, answer.ok, answer.valve) == ("c1", True, "closed")
