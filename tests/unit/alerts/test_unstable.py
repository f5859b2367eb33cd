"""When a connection counts as unstable."""

from typing import Final

from alerts.rules.unstable import Because, BrokeOff, CameBack, Limits, Phase, State, Tick, step

T: Final = 1_790_000_000_000
LIMITS: Final = Limits()
UNSTABLE: Final = State(Phase.UNSTABLE, T)


def test_the_third_time_within_the_window_is_one_too_many() -> None:
    assert step(State(), BrokeOff(2), T, LIMITS).reason is Because.SAME
    done = step(State(), BrokeOff(3), T, LIMITS)
    assert (done.reason, done.state, done.wake_at) == (Because.BEGAN, UNSTABLE, T + LIMITS.calm_ms)


def test_every_change_begins_the_calm_anew() -> None:
    later = T + LIMITS.calm_ms - 1
    assert step(UNSTABLE, BrokeOff(1), later, LIMITS).wake_at == later + LIMITS.calm_ms
    assert step(UNSTABLE, CameBack(), later, LIMITS).wake_at == later + LIMITS.calm_ms


def test_it_is_over_after_the_calm_and_not_before() -> None:
    assert step(UNSTABLE, Tick(), T + LIMITS.calm_ms - 1, LIMITS).state is UNSTABLE
    done = step(UNSTABLE, Tick(), T + LIMITS.calm_ms, LIMITS)
    assert (done.reason, done.state.phase, done.wake_at) == (Because.OVER, Phase.STEADY, None)


def test_coming_back_means_nothing_to_a_steady_connection() -> None:
    assert step(State(), CameBack(), T, LIMITS).reason is Because.SAME
    assert step(State(), Tick(), T, LIMITS).wake_at is None
