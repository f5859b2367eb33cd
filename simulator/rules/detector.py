"""A detector as a machine: `step(state, event, now_ms, plate) -> Step`; what it measures comes as an event.

It warms up, alarms at its set points with hysteresis, runs the fan and closes the valve on a high alarm,
says so at once and otherwise reports every `every_s` seconds. Time passes by `Measured`, at least once a
second while it has power.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Final, Literal, TypeAlias

import msgspec

from gascore.wire import Ack, Fan, Power, Status, Valve
from gascore.words import DetectorId, ReportedState

WARM_UP_S: Final = 60.0
"""Domain 8.3: 60 s (semiconductor 30-180, catalytic 20-60)."""
HYSTERESIS_LEL: Final = 5.0
"""%LEL below a set point at which its level ends; our choice, wider than the noise."""
VALVE_DELAY_S: Final = 3.0
"""From the high alarm to the closed valve; at most 30 s are allowed (domain 8.3)."""
FAN_RUN_ON_S: Final = 60.0
"""The fan goes on for so long after the gas has gone; our choice."""
SELF_TEST_S: Final = 5.0

_MODES: Final = (ReportedState.NORMAL, ReportedState.LOW, ReportedState.HIGH)
_LEVELS: Final = {mode: level for level, mode in enumerate(_MODES)}


@dataclass(frozen=True, slots=True)
class Plate:
    """What is fixed: the nameplate and what is wired to it. Set points in %LEL."""

    id: DetectorId
    gas: str
    every_s: float
    low_lel: float
    high_lel: float
    firmware: str = "2.1.0"
    rssi: float = -67.0
    life_ends_ms: int | None = None


@dataclass(frozen=True, slots=True)
class State:
    """What changes.

    Attributes:
        powered: it has mains.
        mode: as reported.
        seq: of the newest status since power-on.
        lel: as displayed; None when it has no valid value.
        warm_ms: when the warm-up ends.
        due_ms: when the next report is due.
        codes: fault codes; any means that the sensor does not work.
        closing_ms, fan_off_ms, test_ends_ms: when the valve will be closed, the fan off, the test over.
    """

    powered: bool
    mode: ReportedState
    seq: int
    lel: float | None
    warm_ms: int
    due_ms: int
    valve: Valve = Valve.OPEN
    fan: Fan = Fan.OFF
    codes: tuple[str, ...] = ()
    closing_ms: int | None = None
    fan_off_ms: int | None = None
    test_ends_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Measured:
    """The sensor shows `lel` %LEL now."""

    lel: float


@dataclass(frozen=True, slots=True)
class MainsCut:
    """The power goes away: it falls silent in the middle of whatever it did."""


@dataclass(frozen=True, slots=True)
class MainsBack:
    """The power is back: it starts anew."""


@dataclass(frozen=True, slots=True)
class SensorBroke:
    """The sensor gives no valid value any more."""

    code: str


@dataclass(frozen=True, slots=True)
class SensorReplaced:
    """A repairer put in a new one; it warms up."""


@dataclass(frozen=True, slots=True)
class ValveReset:
    """A person at the valve opened it by hand; nothing else can (domain 8.3)."""


class Command(msgspec.Struct, frozen=True):
    """The payload of the topic `cmd` (docs/protocol.md); void after `until`, ms."""

    id: str
    do: Literal["close_valve", "mute", "self_test"]
    until: int | None = None


Event: TypeAlias = Measured | MainsCut | MainsBack | SensorBroke | SensorReplaced | ValveReset | Command
Effect: TypeAlias = Status | Ack


class Reason(StrEnum):
    """Why a step did what it did."""

    NOTHING = "nothing"
    REPORT_DUE = "report_due"
    WARMED_UP = "warmed_up"
    GAS_ROSE = "gas_rose"
    GAS_FELL = "gas_fell"
    VALVE_CLOSED = "valve_closed"
    FAN_STOPPED = "fan_stopped"
    TEST_ENDED = "test_ended"
    POWER_LOST = "power_lost"
    POWERED_ON = "powered_on"
    SENSOR_BROKE = "sensor_broke"
    SENSOR_REPLACED = "sensor_replaced"
    VALVE_OPENED = "valve_opened"
    OBEYED = "obeyed"
    TOO_LATE = "too_late"
    """A command came after its `until`."""


@dataclass(frozen=True, slots=True)
class Step:
    """The new state, what to send, why, and when to look again (ms; None: only an event can change it)."""

    state: State
    effects: tuple[Effect, ...]
    reason: Reason
    wake_at_ms: int | None


def running(now_ms: int, *, first_report_ms: int) -> State:
    """A detector that has been on for long, as when the town starts to be played."""
    return State(True, ReportedState.NORMAL, -1, 0.0, now_ms, first_report_ms)


def step(state: State, event: Event, now_ms: int, plate: Plate) -> Step:
    """Apply one event. Without power only `MainsBack` and what hands do to it have an effect."""
    changed, answers, reason = ON[type(event)](state, event, now_ms, plate)
    if not changed.powered:
        return Step(changed, (), reason, None)
    timed, why = _pass_time(changed, now_ms)
    reason = reason if reason is not Reason.NOTHING else why
    loud = reason not in {Reason.NOTHING, Reason.TOO_LATE} or now_ms >= timed.due_ms
    if loud and reason is Reason.NOTHING:
        reason = Reason.REPORT_DUE
    if not loud:
        return Step(timed, answers, reason, _next(timed))
    said = replace(timed, seq=timed.seq + 1, due_ms=_next_due(timed, now_ms, plate))
    return Step(said, (*answers, _status(said, now_ms, plate)), reason, _next(said))


def decode_command(payload: bytes) -> Command | None:
    """Read a `cmd` payload; None when it is none: a detector ignores what it can't read."""
    try:
        return _decode_command(payload)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


_decode_command: Final = msgspec.json.Decoder(Command).decode
_Change: TypeAlias = tuple[State, tuple[Effect, ...], Reason]


def _measured(state: State, event: Measured, now_ms: int, plate: Plate) -> _Change:
    if not state.powered:
        return state, (), Reason.NOTHING
    if state.codes:
        return replace(state, lel=None), (), Reason.NOTHING
    if now_ms < state.warm_ms:
        return replace(state, lel=None, mode=ReportedState.WARMUP), (), Reason.NOTHING
    return _judge(state, event.lel, now_ms, plate)


def _judge(state: State, lel: float, now_ms: int, plate: Plate) -> _Change:
    before = _LEVELS.get(state.mode, 0)
    level = _level(lel, before, plate)
    if state.mode is ReportedState.TEST and level == 0:  # gas that is there wins over a test
        return replace(state, lel=lel), (), Reason.NOTHING
    changed = replace(state, lel=lel, mode=_MODES[level])
    if level > before:
        return _alarm(changed, now_ms), (), Reason.GAS_ROSE
    if level < before:
        off_ms = now_ms + round(FAN_RUN_ON_S * 1000) if level == 0 and state.fan is Fan.ON else None
        return replace(changed, fan_off_ms=off_ms), (), Reason.GAS_FELL
    return changed, (), Reason.WARMED_UP if state.mode is ReportedState.WARMUP else Reason.NOTHING


def _level(lel: float, before: int, plate: Plate) -> int:
    for number, set_point in ((2, plate.high_lel), (1, plate.low_lel)):
        if lel >= set_point or (before >= number and lel >= set_point - HYSTERESIS_LEL):
            return number
    return 0


def _alarm(state: State, now_ms: int) -> State:
    """What a high alarm sets off; a low one only keeps the fan on that already runs."""
    if state.mode is ReportedState.LOW:
        return replace(state, fan_off_ms=None, test_ends_ms=None)
    if state.mode is not ReportedState.HIGH:
        return state
    return _closing(replace(state, fan=Fan.ON, fan_off_ms=None, test_ends_ms=None), now_ms)


def _closing(state: State, now_ms: int) -> State:
    if state.valve is not Valve.OPEN or state.closing_ms is not None:
        return state
    return replace(state, closing_ms=now_ms + round(VALVE_DELAY_S * 1000))


def _cut(state: State, event: MainsCut, now_ms: int, plate: Plate) -> _Change:
    del event, now_ms, plate
    return replace(state, powered=False, closing_ms=None), (), Reason.POWER_LOST


def _back(state: State, event: MainsBack, now_ms: int, plate: Plate) -> _Change:
    del event, plate
    if state.powered:
        return state, (), Reason.NOTHING
    warm_ms = now_ms + round(WARM_UP_S * 1000)
    mode = ReportedState.FAULT if state.codes else ReportedState.WARMUP
    fresh = State(True, mode, -1, None, warm_ms, now_ms, valve=state.valve, codes=state.codes)
    return fresh, (), Reason.POWERED_ON


def _broke(state: State, event: SensorBroke, now_ms: int, plate: Plate) -> _Change:
    del now_ms, plate
    broken = replace(state, mode=ReportedState.FAULT, lel=None, codes=(event.code,), test_ends_ms=None)
    return broken, (), Reason.SENSOR_BROKE


def _replaced(state: State, event: SensorReplaced, now_ms: int, plate: Plate) -> _Change:
    del event, plate
    warm_ms = now_ms + round(WARM_UP_S * 1000)
    whole = replace(state, mode=ReportedState.WARMUP, lel=None, codes=(), warm_ms=warm_ms, test_ends_ms=None)
    return whole, (), Reason.SENSOR_REPLACED


def _opened(state: State, event: ValveReset, now_ms: int, plate: Plate) -> _Change:
    del event, now_ms, plate
    return replace(state, valve=Valve.OPEN, closing_ms=None), (), Reason.VALVE_OPENED


def _ordered(state: State, event: Command, now_ms: int, plate: Plate) -> _Change:
    del plate
    if not state.powered:
        return state, (), Reason.NOTHING
    if event.until is not None and now_ms > event.until:
        return state, (Ack(id=event.id, ok=False, valve=state.valve),), Reason.TOO_LATE
    done, ok = state, True
    if event.do == "close_valve":
        done = replace(state, valve=Valve.CLOSED, closing_ms=None)
    elif event.do == "self_test":
        ok = state.mode is ReportedState.NORMAL
        if ok:
            ends_ms = now_ms + round(SELF_TEST_S * 1000)
            done = replace(state, mode=ReportedState.TEST, test_ends_ms=ends_ms)
    return done, (Ack(id=event.id, ok=ok, valve=done.valve),), Reason.OBEYED


ON: Final[Mapping[type[Event], Callable[[State, Any, int, Plate], _Change]]] = {
    Measured: _measured,
    MainsCut: _cut,
    MainsBack: _back,
    SensorBroke: _broke,
    SensorReplaced: _replaced,
    ValveReset: _opened,
    Command: _ordered,
}
"""Which event does what; the whole machine."""


def _pass_time(state: State, now_ms: int) -> tuple[State, Reason]:
    if state.closing_ms is not None and now_ms >= state.closing_ms:
        return replace(state, valve=Valve.CLOSED, closing_ms=None), Reason.VALVE_CLOSED
    if state.fan_off_ms is not None and now_ms >= state.fan_off_ms:
        return replace(state, fan=Fan.OFF, fan_off_ms=None), Reason.FAN_STOPPED
    if state.test_ends_ms is not None and now_ms >= state.test_ends_ms:
        return replace(state, mode=ReportedState.NORMAL, test_ends_ms=None), Reason.TEST_ENDED
    return state, Reason.NOTHING


def _next_due(state: State, now_ms: int, plate: Plate) -> int:
    """On its own beat; a report out of turn (state change) does not shift the beat."""
    every_ms = round(plate.every_s * 1000)
    if now_ms < state.due_ms:
        return state.due_ms
    return state.due_ms + ((now_ms - state.due_ms) // every_ms + 1) * every_ms


def _next(state: State) -> int:
    times = (state.due_ms, state.closing_ms, state.fan_off_ms, state.test_ends_ms)
    return min(each for each in times if each is not None)


def _status(state: State, now_ms: int, plate: Plate) -> Status:
    life = None if plate.life_ends_ms is None else max(0, (plate.life_ends_ms - now_ms) // 86_400_000)
    return Status(
        state=state.mode,
        ts=now_ms,
        seq=state.seq,
        lel=state.lel,
        gas=plate.gas,
        faults=state.codes,
        rssi=plate.rssi,
        power=Power.MAINS,
        valve=state.valve,
        fan=state.fan,
        life=life,
        fw=plate.firmware,
        every=plate.every_s,
    )
