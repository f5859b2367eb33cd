"""Who has to be heard by when."""

from typing import Any

import pytest

from collector.rules.judgement import FellSilent, LastWill, NeverReported
from collector.rules.page import NEW, Standing
from collector.rules.supervision import SETTLING_MS, TICK_MS, WILL_MS, Missed, Supervisor, Wheel
from collector.rules.watch import Watch
from gascore.words import Condition
from support.collector_words import LIMITS, T0, a_placed, a_standing

MINUTE = 60_000
REPORTED = Standing(reported=True)


def a_watch(standing: Standing = REPORTED, *, no: int = 1, heard_ms: int = 0, **placed: Any) -> Watch:  # noqa: ANN401 -- any field
    found = a_placed(f"D{no}", no, **placed)
    return Watch(found, standing, found.every_s, heard_ms=heard_ms)


def missed(supervisor: Supervisor, now_ms: int) -> list[tuple[str, Missed]]:
    found, _ = supervisor.expired(now_ms, 1000)
    return [(watch.placed.id, event) for watch, event in found]


def test_silence_is_noticed_within_a_tick_after_the_deadline() -> None:
    supervisor = Supervisor(LIMITS, T0)
    watch = a_watch(heard_ms=T0 + 1_003)
    supervisor.arm(watch, T0 + 1_003)
    deadline_ms = T0 + 1_003 + 90_000
    assert missed(supervisor, deadline_ms - 1) == []
    assert missed(supervisor, deadline_ms + TICK_MS) == [("D1", FellSilent(T0 + 1_003 + 10_000))]
    assert missed(supervisor, deadline_ms + MINUTE) == []


def test_a_message_puts_the_deadline_off_without_touching_the_wheel() -> None:
    supervisor = Supervisor(LIMITS, T0)
    watch = a_watch(heard_ms=T0)
    supervisor.arm(watch, T0)
    tick = watch.tick
    watch.heard_ms = T0 + 80_000
    assert watch.tick == tick
    assert missed(supervisor, T0 + 100_000) == []
    assert [name for name, _ in missed(supervisor, T0 + 170_250)] == ["D1"]


def test_a_shorter_interval_brings_the_deadline_forward() -> None:
    supervisor = Supervisor(LIMITS, T0)
    watch = a_watch(heard_ms=T0, every_s=3600.0)
    supervisor.arm(watch, T0)
    watch.every_s = 60.0
    supervisor.arm(watch, T0)
    assert [name for name, _ in missed(supervisor, T0 + 150_250)] == ["D1"]
    assert missed(supervisor, T0 + 3 * 3_600_000) == []


@pytest.mark.parametrize(
    "watch",
    [
        a_watch(commissioned_ms=None),
        a_watch(retired_ms=T0 - 1),
        a_watch(a_standing(Condition.OFFLINE)),
        a_watch(Standing(held=a_standing(Condition.NEVER_REPORTED).held)),
    ],
)
def test_nothing_is_expected_of_who_is_not_in_service_or_known_to_be_away(watch: Watch) -> None:
    supervisor = Supervisor(LIMITS, T0)
    supervisor.arm(watch, T0)
    assert watch.tick == 0
    assert supervisor.wake_at() is None


def test_who_never_reported_is_noticed_after_the_time_to_do_so() -> None:
    supervisor = Supervisor(LIMITS, T0)
    watch = a_watch(NEW, commissioned_ms=T0 + MINUTE)
    supervisor.arm(watch, T0)
    assert missed(supervisor, T0 + 6 * MINUTE - 1) == []
    assert missed(supervisor, T0 + 6 * MINUTE + TICK_MS) == [("D1", NeverReported(T0 + MINUTE))]


def test_commissioned_long_ago_it_still_gets_the_time_from_our_start_on() -> None:
    supervisor = Supervisor(LIMITS, T0)
    supervisor.arm(a_watch(NEW), T0)
    assert missed(supervisor, T0 + 5 * MINUTE - 1) == []
    assert len(missed(supervisor, T0 + 5 * MINUTE + 10_000 + TICK_MS)) == 1


def test_after_blindness_all_deadlines_count_from_its_end_spread_over_an_interval() -> None:
    supervisor = Supervisor(LIMITS, T0)
    watches = [a_watch(no=no, heard_ms=T0) for no in range(1, 101)]
    for watch in watches:
        supervisor.arm(watch, T0)
    back_ms = T0 + 600_000
    supervisor.restart(back_ms)
    assert missed(supervisor, back_ms + 90_000 - 1) == []
    gone = [len(missed(supervisor, back_ms + 90_000 + step * 1000)) for step in range(12)]
    assert sum(gone) == 100
    assert max(gone) < 30


def test_who_is_heard_after_blindness_counts_from_then() -> None:
    supervisor = Supervisor(LIMITS, T0)
    watch = a_watch(heard_ms=T0)
    supervisor.arm(watch, T0)
    supervisor.restart(T0 + 600_000)
    watch.heard_ms = T0 + 605_000
    assert missed(supervisor, T0 + 605_000 + 90_000 - 1) == []
    assert len(missed(supervisor, T0 + 605_000 + 90_000 + TICK_MS)) == 1


def a_dead_connection(heard_ms: int, gone_ms: int) -> tuple[Supervisor, Watch]:
    supervisor, watch = Supervisor(LIMITS, T0), a_watch(heard_ms=heard_ms)
    watch.gone_ms = gone_ms
    supervisor.arm(watch, gone_ms)
    return supervisor, watch


def test_a_will_is_offline_when_nobody_comes_back_for_a_few_seconds() -> None:
    gone_ms = T0 + SETTLING_MS
    supervisor, _ = a_dead_connection(gone_ms - 10, gone_ms)
    assert missed(supervisor, gone_ms + WILL_MS - 1) == []
    assert missed(supervisor, gone_ms + WILL_MS + TICK_MS) == [("D1", LastWill(gone_ms))]


def test_who_is_heard_after_its_will_is_there() -> None:
    gone_ms = T0 + SETTLING_MS
    supervisor, watch = a_dead_connection(gone_ms - 10, gone_ms)
    watch.heard_ms = gone_ms + 1
    assert missed(supervisor, gone_ms + WILL_MS + MINUTE) == []
    assert missed(supervisor, gone_ms + 2 * MINUTE) == [("D1", FellSilent(gone_ms + 1 + 10_000))]


def test_a_will_just_before_we_went_blind_or_just_after_proves_nothing() -> None:
    gone_ms = T0 + SETTLING_MS
    supervisor, watch = a_dead_connection(gone_ms - 10, gone_ms)
    supervisor.restart(gone_ms + 3_000)
    assert missed(supervisor, gone_ms + MINUTE) == []
    watch.gone_ms = gone_ms + 3_000 + SETTLING_MS - 1
    supervisor.arm(watch, watch.gone_ms)
    assert missed(supervisor, gone_ms + MINUTE) == []
    [(_, event)] = missed(supervisor, gone_ms + 3_000 + 90_000 + 10_000 + TICK_MS)
    assert event == FellSilent(gone_ms + 3_000 + 10_000)


def test_after_the_clock_was_set_back_nobody_is_forgotten_and_nobody_accused() -> None:
    supervisor = Supervisor(LIMITS, T0)
    watch = a_watch(heard_ms=T0 + 3_600_000)
    watch.newest_ms = T0 + 3_600_000
    supervisor.arm(watch, T0 + 3_600_000)
    supervisor.rebuild([watch], T0)
    assert watch.newest_ms == T0
    assert missed(supervisor, T0 + 89_000) == []
    assert len(missed(supervisor, T0 + 90_250)) == 1


def test_many_at_once_are_taken_in_portions() -> None:
    supervisor = Supervisor(LIMITS, T0)
    for no in range(1, 26):
        supervisor.arm(a_watch(no=no, heard_ms=T0), T0)
    found, more = supervisor.expired(T0 + 200_000, 10)
    assert (len(found), more) == (10, True)
    assert len(supervisor.expired(T0 + 200_000, 1000)[0]) == 15


def test_the_wheel_finds_a_watch_by_its_newest_entry_only() -> None:
    wheel, watch = Wheel(), a_watch()
    wheel.put(watch, T0 + 1000)
    wheel.put(watch, T0 + 500)
    assert wheel.wake_at() == T0 + 500
    assert wheel.due(T0 + 500, 10) == [watch]
    assert wheel.due(T0 + 2000, 10) == []
    assert wheel.wake_at() is None
