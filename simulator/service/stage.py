"""The town in motion: rooms, sensors, detectors and the story, second by second. No I/O, no clock."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from gascore.compat import format_target
from gascore.registry import Detector
from gascore.thresholds import DEFAULTS
from gascore.wire import Ack, Fan, Status, Valve
from gascore.words import DetectorId, RoomId, RoomKind
from simulator.rules import detector as machine
from simulator.rules.detector import Command, Event, MainsBack, MainsCut, Measured, Plate, SensorBroke
from simulator.rules.plume import Air, Draught, RoomPhysics, Zone, lel
from simulator.rules.plume import step as move_air
from simulator.rules.sensor import SensorTraits, follow, response_to, shown
from simulator.rules.story import Incident, IncidentKind, Story
from simulator.rules.town import Town

TICK_MS: Final = 1000
LIFE_MS: Final = 3 * 365 * 86_400_000
"""Life of a sensor: three years (CJJ/T 146-2011; catalytic ones)."""
_LONG_MS: Final = 10_000
"""After a longer pause (a suspended machine) the town is moved in one stride."""


@dataclass(frozen=True, slots=True)
class Said:
    """A detector sends something."""

    detector: DetectorId
    what: Status | Ack


@dataclass(frozen=True, slots=True)
class Power:
    """A detector's mains went or came; its connection has to follow."""

    detector: DetectorId
    on: bool


@dataclass(slots=True)
class _Unit:
    """One detector at its place."""

    plate: Plate
    traits: SensorTraits
    zone: Zone
    calibrated_ms: int
    state: machine.State
    lagged: float = 0.0


@dataclass(slots=True)
class _RoomNow:
    """One room, its air and the units in it."""

    physics: RoomPhysics
    draught: Draught
    units: list[_Unit]
    air: Air
    leak_m3_h: float = 0.0


class Stage:
    """Plays a story in a town from `start_ms` on; the same seed and the same ticks play the same play."""

    def __init__(self, town: Town, story: Story, *, start_ms: int, chance: random.Random) -> None:
        self._chance = chance
        self._start_ms = start_ms
        self._at_ms = start_ms
        self._pending = sorted(story.incidents, key=lambda one: one.at_s)
        self._units: dict[DetectorId, _Unit] = {}
        count = len(town.ledger.detectors)
        for index, one in enumerate(town.ledger.detectors):
            # Each has its own beat, so that a town's reports come evenly.
            first_ms = start_ms + round(one.every_s * 1000 * (index + 0.5) / count)
            self._units[one.id] = self._unit(town, one, first_ms)
        self._rooms: dict[RoomId, _RoomNow] = {}
        for room in town.ledger.rooms:
            idle = room.kind is RoomKind.CYLINDER_ROOM
            units = [self._units[one.id] for one in town.detectors_in(room.id)]
            draught = Draught.IDLE if idle else Draught.NORMAL
            self._rooms[room.id] = _RoomNow(town.physics[room.id], draught, units, Air())

    def advance(self, now_ms: int) -> list[Said | Power]:
        """Move everything to `now_ms`; returns what was said and which connections changed, in order."""
        done: list[Said | Power] = []
        while self._at_ms < now_ms:
            left_ms = now_ms - self._at_ms
            stride_ms = left_ms if left_ms > _LONG_MS else min(left_ms, TICK_MS)
            self._at_ms += stride_ms
            done += self._happen()
            for room in self._rooms.values():
                done += self._move(room, stride_ms / 1000)
        return done

    def order(self, detector: DetectorId, command: Command, now_ms: int) -> list[Said]:
        """A command reached a detector; a detector that is not of this town answers nothing."""
        unit = self._units.get(detector)
        return [] if unit is None else list(_step(unit, command, max(now_ms, self._at_ms)))

    def air(self, room: RoomId) -> Air:
        """The air of a room now."""
        return self._rooms[room].air

    def state(self, detector: DetectorId) -> machine.State:
        """A detector's state now."""
        return self._units[detector].state

    def alive(self) -> int:
        """How many detectors have power."""
        return sum(unit.state.powered for unit in self._units.values())

    def _unit(self, town: Town, one: Detector, first_ms: int) -> _Unit:
        calibrated_ms = one.accepted_ms or self._start_ms
        gas = town.physics[one.room].gas
        target = one.target or frozenset()
        plate = Plate(
            id=one.id,
            gas=format_target(one.target) or "",
            every_s=one.every_s,
            low_lel=DEFAULTS.low_lel if one.low_lel is None else one.low_lel,
            high_lel=DEFAULTS.high_lel if one.high_lel is None else one.high_lel,
            rssi=float(self._chance.randint(-88, -52)),
            life_ends_ms=calibrated_ms + LIFE_MS,
        )
        traits = SensorTraits(
            response=response_to(gas, target) if target else 1.0,
            tau_s=self._chance.uniform(8.0, 13.0),
            noise=self._chance.uniform(0.1, 0.4),
            zero_per_month=self._chance.uniform(-0.15, 0.25),
            gain_per_month=self._chance.uniform(-0.012, -0.006),
        )
        state = machine.running(self._start_ms, first_report_ms=first_ms)
        return _Unit(plate, traits, town.mounted[one.id], calibrated_ms, state)

    def _happen(self) -> Iterator[Said | Power]:
        while self._pending and self._start_ms + self._pending[0].at_s * 1000 <= self._at_ms:
            yield from self._incident(self._pending.pop(0))

    def _incident(self, incident: Incident) -> Iterator[Said | Power]:
        match incident.kind:
            case IncidentKind.LEAK:
                if incident.room is not None:
                    self._rooms[incident.room].leak_m3_h = incident.leak_m3_h
            case IncidentKind.MAINS_CUT:
                yield from self._each(incident.detectors, MainsCut())
            case IncidentKind.MAINS_BACK:
                yield from self._each(incident.detectors, MainsBack())
            case IncidentKind.SENSOR_FAILS:
                yield from self._each(incident.detectors, SensorBroke(incident.code))

    def _each(self, detectors: Sequence[DetectorId], event: Event) -> Iterator[Said | Power]:
        for each in detectors:
            unit = self._units[each]
            before = unit.state.powered
            said = list(_step(unit, event, self._at_ms))
            if unit.state.powered != before:
                yield Power(each, unit.state.powered)
            yield from said

    def _move(self, room: _RoomNow, dt_s: float) -> Iterator[Said]:
        open_ = all(unit.state.valve is Valve.OPEN for unit in room.units)
        fan = any(unit.state.powered and unit.state.fan is Fan.ON for unit in room.units)
        room.air = move_air(
            room.physics,
            room.air,
            leak_m3_h=room.leak_m3_h if open_ else 0.0,
            draught=Draught.FAN if fan else room.draught,
            dt_s=dt_s,
        )
        for unit in room.units:
            true_lel = lel(room.physics, room.air, unit.zone)
            unit.lagged = follow(unit.lagged, true_lel, tau_s=unit.traits.tau_s, dt_s=dt_s)
            age_ms = self._at_ms - unit.calibrated_ms
            noise = self._chance.gauss(0.0, 1.0)
            yield from _step(
                unit, Measured(shown(unit.traits, unit.lagged, age_ms=age_ms, noise=noise)), self._at_ms
            )


def _step(unit: _Unit, event: Event, now_ms: int) -> Iterator[Said]:
    done = machine.step(unit.state, event, now_ms, unit.plate)
    unit.state = done.state
    for effect in done.effects:
        yield Said(unit.plate.id, effect)
