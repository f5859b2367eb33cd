"""The two-zone room keeps its gas, and agrees with the reference's table."""

import pytest

from gascore.words import SupplyGas
from simulator.rules.plume import Air, Draught, RoomPhysics, Zone, lel, step, stored_m3

ACH = {Draught.IDLE: 0.5, Draught.NORMAL: 3.0, Draught.FAN: 12.0}


def minutes_to(room: RoomPhysics, zone: Zone, threshold: float, *, leak_m3_h: float) -> float:
    air, seconds = Air(), 0
    while lel(room, air, zone) < threshold:
        air = step(room, air, leak_m3_h=leak_m3_h, draught=Draught.NORMAL, dt_s=1.0)
        seconds += 1
        assert seconds < 7200
    return seconds / 60


@pytest.mark.parametrize(
    ("zone", "threshold", "minutes"),
    [
        (Zone.LOWER, 10, 0.8),
        (Zone.LOWER, 25, 2.2),
        (Zone.LOWER, 50, 5.5),
        (Zone.LOWER, 100, 23),
        (Zone.UPPER, 10, 8),
        (Zone.UPPER, 25, 17),
        (Zone.UPPER, 50, 46),
    ],
)
def test_a_hose_off_in_a_kitchen_takes_as_long_as_the_reference_says(
    zone: Zone, threshold: float, minutes: float
) -> None:
    kitchen = RoomPhysics(SupplyGas.LPG, 45.0, 0.3, 6.0, ACH)
    assert minutes_to(kitchen, zone, threshold, leak_m3_h=2.0) == pytest.approx(minutes, rel=0.1)


def test_a_methane_leak_is_seen_at_the_ceiling_long_before_the_floor() -> None:
    kitchen = RoomPhysics(SupplyGas.NATURAL_GAS, 45.0, 0.3, 6.0, ACH)
    at_ceiling = minutes_to(kitchen, Zone.UPPER, 25, leak_m3_h=6.0)
    assert at_ceiling < minutes_to(kitchen, Zone.LOWER, 25, leak_m3_h=6.0)


def test_lean_mine_gas_fills_a_room_more_slowly_than_pure_methane() -> None:
    lean = RoomPhysics(SupplyGas.MINE_GAS, 45.0, 0.3, 6.0, ACH, methane_share=0.5)
    pure = RoomPhysics(SupplyGas.MINE_GAS, 45.0, 0.3, 6.0, ACH)
    assert minutes_to(lean, Zone.UPPER, 10, leak_m3_h=4.0) > minutes_to(pure, Zone.UPPER, 10, leak_m3_h=4.0)


def test_a_clean_room_stays_as_it_is() -> None:
    kitchen = RoomPhysics(SupplyGas.LPG, 45.0, 0.3, 6.0, ACH)
    air = Air()
    assert step(kitchen, air, leak_m3_h=0.0, draught=Draught.IDLE, dt_s=60.0) is air
    assert stored_m3(kitchen, air) == 0
