"""Whatever happens to a detector, it keeps to its protocol."""

from hypothesis import given
from hypothesis import strategies as st

from gascore.wire import Status, Valve, decode_status, encode_status
from gascore.words import DetectorId, ReportedState
from simulator.rules.detector import (
    Command,
    Event,
    MainsBack,
    MainsCut,
    Measured,
    Plate,
    SensorBroke,
    SensorReplaced,
    ValveReset,
    running,
    step,
)

PLATE = Plate(DetectorId("GD-0001"), "lpg", 10.0, 25.0, 50.0)
START_MS = 1_790_000_000_000
EVENTS: st.SearchStrategy[Event] = st.one_of(
    st.builds(Measured, st.floats(0, 100)),
    st.builds(Measured, st.floats(0, 100)),
    st.builds(Measured, st.floats(0, 100)),
    st.just(MainsCut()),
    st.just(MainsBack()),
    st.just(SensorBroke("sensor_open")),
    st.just(SensorReplaced()),
    st.just(ValveReset()),
    st.builds(Command, st.just("c"), st.sampled_from(["close_valve", "mute", "self_test"])),
)


@given(st.lists(st.tuples(EVENTS, st.integers(1, 5000)), max_size=120))
def test_a_detector_keeps_to_its_protocol(events: list[tuple[Event, int]]) -> None:
    state, now_ms, powered_on_seq = running(START_MS, first_report_ms=START_MS), START_MS, -1
    for event, pause_ms in events:
        now_ms += pause_ms
        before, done = state, step(state, event, now_ms, PLATE)
        state = done.state
        said = [one for one in done.effects if isinstance(one, Status)]
        if isinstance(event, MainsBack) and not before.powered:
            powered_on_seq = -1
        for status in said:
            assert status.seq == powered_on_seq + 1
            powered_on_seq += 1
            assert decode_status(encode_status(status)) == status
        assert state.powered or not done.effects
        assert not state.powered or done.wake_at_ms is not None
        if state.powered and (before.mode, before.valve) != (state.mode, state.valve):
            assert said, "a change of state is reported at once"
        if state.mode in {ReportedState.LOW, ReportedState.HIGH}:
            assert state.lel is not None
        if state.mode is ReportedState.FAULT:
            assert state.codes
        if before.valve is Valve.CLOSED and state.valve is Valve.OPEN:
            assert isinstance(event, ValveReset)
