"""Gas in a room: two well-mixed zones, one above the other (reference: domain 8.1 and 8.2).

In each zone dC/dt = Qg/V·(100 - C) - Qa/V·C, C in vol%, and the zones exchange air. Heavy gas is released
into the lower zone, light gas into the upper one. Flows are m³/s, volumes m³.
"""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from gascore.words import SupplyGas

LEL_VOL_PERCENT: Final[dict[SupplyGas, float]] = {
    SupplyGas.NATURAL_GAS: 5.0,
    SupplyGas.MINE_GAS: 5.0,  # as methane in the room's air (domain 1.1)
    SupplyGas.LPG: 1.9,  # n-butane; propane 2.1, i-butane 1.8 (domain 1.1)
    SupplyGas.COAL_GAS: 5.0,
    SupplyGas.BIOGAS: 5.0,  # as methane
}
"""Lower explosive limit of the burning part, vol% in air (domain 1.1)."""

HEAVY: Final = frozenset({SupplyGas.LPG})
"""Gases that sink (relative density above 1; domain 1.1)."""

_SECONDS_PER_HOUR: Final = 3600.0
_FULL: Final = 100.0
_MAX_STEP_S: Final = 0.5
"""The explicit scheme stays stable and within a few per mille while a zone's time constant is above 5 s."""


class Zone(StrEnum):
    """Where gas is, and where a detector hangs (CJJ/T 146-2011: 0.3 m from the ceiling or the floor)."""

    LOWER = "lower"
    UPPER = "upper"


class Draught(StrEnum):
    """How a room is ventilated."""

    IDLE = "idle"
    NORMAL = "normal"
    FAN = "fan"
    """The emergency fan runs."""


@dataclass(frozen=True, slots=True)
class RoomPhysics:
    """What decides how gas spreads in one room.

    Attributes:
        volume_m3: of the whole room (domain 8.3: kitchen 30-60, cylinder room 8-25).
        lower_share: the lower zone's part of the volume, 0.2-0.4 (domain 8.2).
        exchange_per_h: air of the lower zone exchanged with the upper one, 2-10 an hour (domain 8.2).
        ach: air changes an hour for each draught (domain 8.3: idle 0.3-3, hood 6-15, fan 12-24).
        gas: what the room is supplied with.
        methane_share: methane in the pipe, for mine gas 0.30-0.95 (domain 8.3), else 1.
    """

    gas: SupplyGas
    volume_m3: float
    lower_share: float
    exchange_per_h: float
    ach: dict[Draught, float]
    methane_share: float = 1.0

    @property
    def source(self) -> Zone:
        """The zone into which this gas is released."""
        return Zone.LOWER if self.gas in HEAVY else Zone.UPPER

    def zone_m3(self, zone: Zone) -> float:
        """Volume of one zone."""
        share = self.lower_share if zone is Zone.LOWER else 1 - self.lower_share
        return self.volume_m3 * share


@dataclass(frozen=True, slots=True)
class Air:
    """How much burning gas is in each zone, vol%, and the account of where it went, m³ of pure gas."""

    lower: float = 0.0
    upper: float = 0.0
    released_m3: float = 0.0
    vented_m3: float = 0.0

    def of(self, zone: Zone) -> float:
        """Concentration in one zone, vol%."""
        return self.lower if zone is Zone.LOWER else self.upper


def lel(room: RoomPhysics, air: Air, zone: Zone) -> float:
    """True concentration in a zone in %LEL; may exceed 100."""
    return _FULL * air.of(zone) / LEL_VOL_PERCENT[room.gas]


def stored_m3(room: RoomPhysics, air: Air) -> float:
    """Pure gas that is in the room now, m³."""
    return sum(air.of(zone) / _FULL * room.zone_m3(zone) for zone in Zone)


def step(room: RoomPhysics, air: Air, *, leak_m3_h: float, draught: Draught, dt_s: float) -> Air:
    """The air after `dt_s` seconds of a leak of `leak_m3_h` m³ of supply gas an hour."""
    if leak_m3_h <= 0 and air.lower < _CLEAN and air.upper < _CLEAN:
        return air
    parts = max(1, round(dt_s / _MAX_STEP_S + 0.499))
    for _ in range(parts):
        air = _small_step(room, air, leak_m3_h / _SECONDS_PER_HOUR, draught, dt_s / parts)
    return air


_CLEAN: Final = 1e-7
"""vol%: below this nothing is stepped, so that a town of clean rooms costs nothing."""


def _small_step(room: RoomPhysics, air: Air, leak: float, draught: Draught, dt_s: float) -> Air:
    pure = leak * room.methane_share
    lower_m3, upper_m3 = room.zone_m3(Zone.LOWER), room.zone_m3(Zone.UPPER)
    low_out, up_out = _exhaust(room, draught)
    in_lower = room.source is Zone.LOWER
    # The released volume pushes as much of its zone's mixture out of the room: the (100 - C) of 8.1.
    low_out += leak if in_lower else 0.0
    up_out += 0.0 if in_lower else leak
    mixed = room.exchange_per_h / _SECONDS_PER_HOUR * lower_m3 * (air.upper - air.lower)
    low_vented, up_vented = low_out * air.lower, up_out * air.upper
    lower = air.lower + dt_s / lower_m3 * ((_FULL * pure if in_lower else 0.0) - low_vented + mixed)
    upper = air.upper + dt_s / upper_m3 * ((0.0 if in_lower else _FULL * pure) - up_vented - mixed)
    return replace(
        air,
        lower=lower,
        upper=upper,
        released_m3=air.released_m3 + pure * dt_s,
        vented_m3=air.vented_m3 + (low_vented + up_vented) / _FULL * dt_s,
    )


def _exhaust(room: RoomPhysics, draught: Draught) -> tuple[float, float]:
    """m³/s drawn from the lower and from the upper zone. The emergency fan draws where the gas collects."""
    flow = room.ach[draught] * room.volume_m3 / _SECONDS_PER_HOUR
    if draught is Draught.FAN:
        return (flow, 0.0) if room.source is Zone.LOWER else (0.0, flow)
    return flow * room.lower_share, flow * (1 - room.lower_share)
