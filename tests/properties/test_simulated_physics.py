"""The simulated room keeps its gas, and the sensor only ever moves towards the truth."""

from hypothesis import given
from hypothesis import strategies as st

from gascore.words import SupplyGas
from simulator.rules.plume import Air, Draught, RoomPhysics, Zone, step, stored_m3
from simulator.rules.sensor import SensorTraits, follow, shown

ROOMS = st.builds(
    RoomPhysics,
    gas=st.sampled_from(SupplyGas),
    volume_m3=st.floats(8, 60),
    lower_share=st.floats(0.2, 0.4),
    exchange_per_h=st.floats(2, 20),
    ach=st.fixed_dictionaries(
        {
            Draught.IDLE: st.floats(0.3, 3),
            Draught.NORMAL: st.floats(3, 15),
            Draught.FAN: st.floats(12, 24),
        }
    ),
    methane_share=st.floats(0.3, 1),
)
PHASES = st.lists(
    st.tuples(st.floats(0, 12), st.sampled_from(Draught), st.integers(1, 900)), min_size=1, max_size=6
)


@given(ROOMS, PHASES)
def test_what_was_released_is_in_the_room_or_was_vented(
    room: RoomPhysics, phases: list[tuple[float, Draught, int]]
) -> None:
    air = Air()
    for leak_m3_h, draught, seconds in phases:
        air = step(room, air, leak_m3_h=leak_m3_h, draught=draught, dt_s=float(seconds))
        balance = air.released_m3 - air.vented_m3 - stored_m3(room, air)
        assert abs(balance) <= 1e-9 + 1e-6 * air.released_m3
        assert 0 <= air.lower <= 100
        assert 0 <= air.upper <= 100


@given(ROOMS, st.floats(0.1, 12))
def test_more_gas_leaks_to_no_lower_concentration(room: RoomPhysics, leak_m3_h: float) -> None:
    little, much = Air(), Air()
    for _ in range(60):
        little = step(room, little, leak_m3_h=leak_m3_h, draught=Draught.NORMAL, dt_s=5.0)
        much = step(room, much, leak_m3_h=leak_m3_h * 1.5, draught=Draught.NORMAL, dt_s=5.0)
    assert all(much.of(zone) >= little.of(zone) for zone in Zone)


@given(ROOMS, st.integers(60, 600))
def test_a_room_without_a_leak_only_loses_gas(room: RoomPhysics, seconds: int) -> None:
    air = step(room, Air(), leak_m3_h=6.0, draught=Draught.IDLE, dt_s=300.0)
    before = stored_m3(room, air)
    after = stored_m3(room, step(room, air, leak_m3_h=0.0, draught=Draught.FAN, dt_s=float(seconds)))
    assert 0 <= after < before


@given(st.floats(0, 200), st.floats(0, 200), st.floats(4, 26), st.lists(st.floats(0.1, 30), max_size=20))
def test_a_sensor_comes_ever_closer_and_never_overshoots(
    start: float, truth: float, tau_s: float, steps: list[float]
) -> None:
    value = start
    for dt_s in steps:
        closer = follow(value, truth, tau_s=tau_s, dt_s=dt_s)
        assert abs(truth - closer) <= abs(truth - value)
        assert min(start, truth) - 1e-9 <= closer <= max(start, truth) + 1e-9
        value = closer


@given(st.floats(0, 500), st.floats(-6, 6), st.integers(0, 10**12), st.sampled_from([0.1, 1.0]))
def test_a_display_stays_within_its_range(true: float, noise: float, age_ms: int, quantum: float) -> None:
    value = shown(SensorTraits(quantum=quantum, zero_per_month=0.5), true, age_ms=age_ms, noise=noise)
    assert 0 <= value <= 100
    assert abs(value / quantum - round(value / quantum)) < 1e-6
