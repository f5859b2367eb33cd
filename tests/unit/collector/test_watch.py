"""One detector as the collector keeps it: the quick way, the slow way, and over a restart."""

from typing import Any

import pytest

from collector.rules.judgement import LastWill
from collector.rules.page import NEW, Standing, Step
from collector.rules.saving import Saved, read, restore, save
from collector.rules.watch import DUPLICATE, QUIET, Watch, apply, hear, silence_ms
from gascore.journal import ConditionRaised
from gascore.words import Condition, Level
from support.collector_words import LIMITS, T0, a_placed, a_standing, a_status


def a_watch(standing: Standing = NEW, **placed: Any) -> Watch:  # noqa: ANN401 -- the fields of Placed
    found = a_placed(**placed)
    return Watch(found, standing, found.every_s)


def tell(
    watch: Watch,
    seq: int | None,
    at: int,
    state: str = "normal",
    *,
    flagged: bool = False,
    ts: int | None = None,
    **fields: Any,  # noqa: ANN401 -- the fields of Status
) -> Step:
    status = a_status(state, seq=seq, ts=at if ts is None else ts, **fields)
    return hear(watch, status, at, flagged=flagged, limits=LIMITS)


def conditions(watch: Watch) -> set[Condition]:
    return set(watch.standing.held)


def test_the_second_normal_message_is_quiet() -> None:
    watch = a_watch()
    tell(watch, 1, T0, lel=1.0)
    assert tell(watch, 2, T0 + 10_000, lel=1.0) is QUIET
    assert (watch.heard_ms, watch.newest_ms, watch.seq) == (T0 + 10_000, T0 + 10_000, 2)


def test_a_redelivery_is_a_duplicate_and_keeps_nothing_alive() -> None:
    watch = a_watch()
    tell(watch, 1, T0)
    tell(watch, 2, T0 + 10_000)
    again = hear(watch, a_status(seq=1, ts=T0), T0 + 60_000, flagged=True, limits=LIMITS)
    assert again is DUPLICATE
    assert watch.heard_ms == T0 + 10_000


def test_a_detector_that_was_switched_on_anew_is_heard() -> None:
    watch = a_watch()
    for seq in range(1, 6):
        tell(watch, seq, T0 + seq * 10_000)
    assert tell(watch, 1, T0 + 120_000) is not DUPLICATE
    assert tell(watch, 2, T0 + 130_000) is QUIET


def test_missing_numbers_are_counted_and_those_that_come_late_are_taken_off() -> None:
    watch = a_watch()
    tell(watch, 1, T0)
    tell(watch, 4, T0 + 30_000)
    assert watch.gaps == 2
    tell(watch, 3, T0 + 31_000, ts=T0 + 20_000)
    assert watch.gaps == 1


def test_a_counter_and_a_clock_that_stand_still_hide_no_leak() -> None:
    watch = a_watch()
    tell(watch, 1, T0)
    assert hear(watch, a_status(seq=1, ts=T0), T0 + 10_000, flagged=False, limits=LIMITS) is DUPLICATE
    hear(watch, a_status("high", seq=1, ts=T0), T0 + 20_000, flagged=False, limits=LIMITS)
    assert watch.standing.held[Condition.LEAK].level is Level.HIGH


def test_a_detector_that_restarts_with_its_clock_set_back_hides_no_leak() -> None:
    """It counts from 1 again and measures in the past, so that all its numbers look like repetitions."""
    watch = a_watch()
    for seq in range(1, 21):
        tell(watch, seq, T0 + seq * 10_000)
    for seq in range(1, 3):
        now_ms = T0 + 200_000 + seq * 10_000
        hear(watch, a_status("high", seq=seq, ts=now_ms - 120_000), now_ms, flagged=False, limits=LIMITS)
        assert conditions(watch) == {Condition.LEAK}


@pytest.mark.parametrize("flagged", [False, True])
def test_the_messages_of_a_leak_that_is_over_change_nothing_when_they_are_sent_again(
    *, flagged: bool
) -> None:
    """A killed broker marks nothing: what it had handed on but not answered, detectors send it once more."""
    watch = a_watch()
    told = [("low", 1), ("high", 2), ("high", 3), ("normal", 4), ("normal", 5)]
    for state, seq in told:
        tell(watch, seq, T0 + seq * 1000, state, lel=0.0 if state == "normal" else None)
    assert conditions(watch) == set()
    back = restore(watch.placed, read(save(watch)), T0 + 6000)
    for one in (watch, back):
        for state, seq in told:
            status = a_status(state, seq=seq, ts=T0 + seq * 1000)
            assert hear(one, status, T0 + 7000, flagged=flagged, limits=LIMITS) is DUPLICATE
        assert conditions(one) == set()


def a_watch_that_has_told_a_leak() -> Watch:
    """A low leak of 20 messages, and then more normal ones than there are bits to remember numbers."""
    watch = a_watch()
    tell(watch, 1, T0)
    for seq in range(2, 22):
        tell(watch, seq, T0 + seq * 1000, "low")
    for seq in range(22, 122):
        tell(watch, seq, T0 + seq * 1000, lel=0.0)
    assert conditions(watch) == set()
    return watch


@pytest.mark.parametrize("flagged", [False, True])
def test_a_leak_that_is_over_is_not_told_again_however_far_back_a_broker_begins_anew(
    *, flagged: bool
) -> None:
    watch = a_watch_that_has_told_a_leak()
    back = restore(watch.placed, read(save(watch)), T0 + 130_000)
    for one in (watch, back):
        for seq in range(2, 22):
            status = a_status("low", seq=seq, ts=T0 + seq * 1000)
            done = hear(one, status, T0 + 130_000, flagged=flagged, limits=LIMITS)
            assert not [effect for effect in done.effects if isinstance(effect, ConditionRaised)]
        assert conditions(one) == set()


@pytest.mark.parametrize(("state", "at"), [("high", T0 + 10_000), ("low", T0 + 50_000)])
def test_what_was_worse_or_at_another_time_than_a_leak_that_is_known_is_told_late(
    state: str, at: int
) -> None:
    watch = a_watch_that_has_told_a_leak()
    done = hear(watch, a_status(state, seq=4, ts=at), T0 + 130_000, flagged=False, limits=LIMITS)
    raised = next(effect for effect in done.effects if isinstance(effect, ConditionRaised))
    assert raised.late


def test_a_leak_without_a_number_in_the_second_of_the_message_before_it_is_not_taken_for_that_one() -> None:
    watch = a_watch()
    hear(watch, a_status(seq=None, ts=T0), T0, flagged=False, limits=LIMITS)
    again = a_status("high", seq=None, ts=T0)
    hear(watch, again, T0 + 5000, flagged=True, limits=LIMITS)
    assert conditions(watch) == {Condition.LEAK}
    assert hear(watch, again, T0 + 6000, flagged=True, limits=LIMITS) is DUPLICATE


def test_missing_messages_are_counted_from_nothing_after_a_restart_whatever_comes_first() -> None:
    watch = a_watch()
    for seq in (1, 2, 5):
        tell(watch, seq, T0 + seq * 1000)
    back = restore(watch.placed, read(save(watch)), T0 + 6000)
    tell(back, 3, T0 + 3000)  # a gateway hands in old data first
    tell(back, 6, T0 + 6000)
    tell(back, 9, T0 + 9000)
    assert back.gaps == 2


def test_a_detector_without_numbers_is_judged_all_the_same() -> None:
    watch = a_watch()
    tell(watch, None, T0)
    tell(watch, None, T0 + 10_000, "low")
    assert conditions(watch) == {Condition.LEAK}
    tell(watch, None, T0 + 20_000, lel=0.0)
    assert conditions(watch) == set()


def test_it_says_itself_how_often_it_reports() -> None:
    watch = a_watch()
    tell(watch, 1, T0, every=300.0)
    assert watch.every_s == 300.0
    assert silence_ms(watch.every_s, LIMITS) == 750_000


@pytest.mark.parametrize(("every_s", "expected_ms"), [(10.0, 90_000), (36.0, 90_000), (60.0, 150_000)])
def test_silence_is_so_many_intervals_but_never_less_than_the_least(every_s: float, expected_ms: int) -> None:
    assert silence_ms(every_s, LIMITS) == expected_ms


def test_what_is_saved_comes_back() -> None:
    watch = a_watch()
    tell(watch, 41, T0, "low", lel=30.0, gas="methane")
    tell(watch, 42, T0 + 1000, "high", lel=60.0)
    back = restore(watch.placed, read(save(watch)), T0 + 5000)
    assert (back.standing, back.newest_ms, back.seq, back.seen) == (
        watch.standing,
        T0 + 1000,
        42,
        watch.seen,
    )
    assert back.heard_ms == 0


def test_a_leak_that_is_over_does_not_begin_again_when_it_is_sent_again_after_a_restart() -> None:
    watch = a_watch()
    tell(watch, 1, T0, "high")
    tell(watch, 2, T0 + 1000, lel=0.0)
    back = restore(watch.placed, read(save(watch)), T0 + 5000)
    for seq, state in ((1, "high"), (2, "normal")):
        status = a_status(state, seq=seq, ts=T0 + (seq - 1) * 1000)
        assert hear(back, status, T0 + 6000, flagged=True, limits=LIMITS) is DUPLICATE
    assert conditions(back) == set()


def test_a_leak_that_was_not_saved_is_raised_when_it_is_sent_again_after_a_restart() -> None:
    watch = a_watch()
    tell(watch, 1, T0)
    body = save(watch)
    tell(watch, 2, T0 + 1000, "high")
    back = restore(watch.placed, read(body), T0 + 5000)
    done = hear(back, a_status("high", seq=2, ts=T0 + 1000), T0 + 6000, flagged=True, limits=LIMITS)
    assert isinstance(done.effects[0], ConditionRaised)


def test_the_state_of_another_detector_with_the_same_number_is_not_taken_over() -> None:
    body = save(a_watch(a_standing(Condition.FAULT), name="OLD"))
    assert restore(a_placed("NEW"), read(body), T0).standing == NEW
    assert restore(a_placed("NEW"), read(b"null"), T0).standing == NEW
    assert restore(a_placed("NEW"), None, T0).standing == NEW


def test_an_older_version_saved_less() -> None:
    assert restore(a_placed(), read(b'{"id":"D1","standing":{"reported":true}}'), T0).standing.reported


def test_an_instant_saved_by_a_clock_that_was_ahead_makes_nothing_old_news() -> None:
    watch = a_watch()
    tell(watch, 1, T0 + 3_600_000)
    back = restore(watch.placed, read(save(watch)), T0)
    tell(back, 2, T0 + 10_000, "fault")
    assert conditions(back) == {Condition.FAULT}


def test_what_is_saved_of_a_quiet_detector_is_short() -> None:
    assert len(save(a_watch(Standing(reported=True)))) < 60
    assert Saved("D1", NEW).seq == 0


def test_any_other_event_goes_into_the_standing() -> None:
    watch = a_watch(a_standing())
    apply(watch, LastWill(T0), LIMITS)
    assert conditions(watch) == {Condition.OFFLINE}
