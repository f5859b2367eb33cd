"""A backlog of ours is told apart from silence, from old data, and from clocks that are wrong."""

import pytest

from collector.rules.lag import BEHIND_MS, CAUGHT_UP_MS, WINDOW_MS, Lag
from support.collector_words import T0

SECOND = 1_000


def full_for(seconds: float) -> Lag:
    """It has been full for so long by T0."""
    lag = Lag()
    for at_ms in range(T0 - round(seconds * SECOND), T0, SECOND):
        lag.look(at_ms, is_full=True)
    return lag


def heard(lag: Lag, *delays_s: float, at_ms: int = T0) -> None:
    lag.heard((round(one * 1000) for one in delays_s), at_ms)


def test_nothing_heard_is_no_delay() -> None:
    lag = full_for(60)
    assert lag.look(T0, is_full=True) == 0
    assert lag.since_ms is None


def test_who_is_full_and_hears_everything_late_is_behind_since_the_instant_that_it_has_reached() -> None:
    lag = full_for(60)
    heard(lag, *[20.0] * 16)
    assert lag.look(T0, is_full=True) == 20 * SECOND
    assert lag.since_ms == T0 - 20 * SECOND


def test_slow_clocks_of_a_whole_town_are_not_our_delay() -> None:
    lag = Lag()
    heard(lag, *[20.0] * 16)
    assert lag.look(T0, is_full=False) == 0
    assert lag.since_ms is None


def test_old_data_of_some_gateways_are_not_our_delay() -> None:
    lag = full_for(60)
    heard(lag, *[3600.0] * 11, *[0.1] * 5)
    assert lag.look(T0, is_full=True) == 100
    assert lag.since_ms is None


def test_a_district_that_hands_in_two_hours_at_once_makes_no_two_hours_of_ours_unseen() -> None:
    lag = full_for(10)
    heard(lag, *[7200.0] * 16)
    assert lag.look(T0, is_full=True) == 10 * SECOND, "as long as it has kept us busy, and no longer"
    assert lag.since_ms is None


def test_clocks_that_run_ahead_hide_no_backlog() -> None:
    lag = full_for(100)
    heard(lag, *[-200.0] * 3, *[60.0] * 13)
    lag.look(T0, is_full=True)
    assert lag.since_ms == T0 - 60 * SECOND


def test_when_nothing_gets_through_the_delay_grows() -> None:
    lag = full_for(60)
    heard(lag, 1.0)
    for second in range(14):
        lag.look(T0 + second * SECOND, is_full=True)
        assert lag.since_ms is None
    assert lag.look(T0 + 14 * SECOND, is_full=True) == BEHIND_MS
    assert lag.since_ms == T0 - SECOND


@pytest.mark.parametrize(
    ("delay_ms", "is_over"), [(BEHIND_MS - 1, False), (CAUGHT_UP_MS + 1, False), (CAUGHT_UP_MS, True)]
)
def test_it_is_over_only_when_nearly_all_is_made_good_for(delay_ms: int, *, is_over: bool) -> None:
    lag = full_for(100)
    heard(lag, 60.0)
    lag.look(T0, is_full=True)
    lag.look(T0 + WINDOW_MS, is_full=True)
    now_ms = T0 + WINDOW_MS + 1
    heard(lag, delay_ms / 1000, at_ms=now_ms)
    lag.look(now_ms, is_full=True)
    assert (lag.since_ms is None) is is_over


def test_it_is_over_when_there_has_been_room_for_a_while() -> None:
    lag = full_for(100)
    heard(lag, 60.0)
    lag.look(T0, is_full=True)
    lag.look(T0 + WINDOW_MS, is_full=False)
    assert lag.since_ms is not None
    lag.look(T0 + WINDOW_MS + 1, is_full=False)
    assert lag.since_ms is None


def test_a_clock_that_is_set_back_leaves_no_delay_behind() -> None:
    lag = full_for(100)
    heard(lag, 60.0)
    lag.look(T0, is_full=True)
    assert lag.look(T0 - 3600 * SECOND, is_full=False) == 0
    assert lag.since_ms is None
