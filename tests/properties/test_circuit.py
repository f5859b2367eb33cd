"""Whatever a provider answers and whatever the clock does, its circuit lets it be tried again in time."""

from hypothesis import given
from hypothesis import strategies as st

from alerts.rules.circuit import (
    LONGEST_PAUSE_MS,
    TRIAL_MS,
    Asked,
    Circuit,
    Event,
    Failed,
    Phase,
    Worked,
    step,
)

T = 1_790_000_000_000
EVENTS: st.SearchStrategy[Event] = st.one_of(
    st.just(Asked()),
    st.just(Worked()),
    st.builds(Failed, st.just("503"), account=st.booleans(), at_once=st.booleans()),
)
STEPS = st.lists(st.tuples(EVENTS, st.integers(-3_600_000, 300_000)), max_size=40)


@given(STEPS)
def test_an_open_circuit_admits_a_trial_within_twice_its_longest_pause(
    steps: list[tuple[Event, int]],
) -> None:
    state, now_ms = Circuit(), T
    for event, later_ms in steps:
        now_ms += later_ms
        done = step(state, event, now_ms)
        state = done.state
        assert (done.wake_at is None) == (state.phase is Phase.CLOSED)
    # Twice: a clock that was set back makes the pause seem longer, by at most as much again.
    assert step(state, Asked(), now_ms + 2 * max(LONGEST_PAUSE_MS, TRIAL_MS)).effects


@given(STEPS)
def test_a_success_closes_it_from_anywhere(steps: list[tuple[Event, int]]) -> None:
    state, now_ms = Circuit(), T
    for event, later_ms in steps:
        now_ms += later_ms
        state = step(state, event, now_ms).state
    assert step(state, Worked(), now_ms).state == Circuit()


@given(STEPS)
def test_only_an_open_circuit_ever_says_no_and_failing_is_remembered(steps: list[tuple[Event, int]]) -> None:
    state, now_ms = Circuit(), T
    for event, later_ms in steps:
        now_ms += later_ms
        done = step(state, event, now_ms)
        if isinstance(event, Asked) and not done.effects:
            assert state.phase is not Phase.CLOSED
        state = done.state
        assert (state.failing_ms is None) == (state == Circuit())
