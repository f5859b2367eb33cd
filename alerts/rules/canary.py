"""One canary: when its test leak is due, how far it has come, and how it is put away again.

What changes it is in `TRANSITIONS`, and nowhere else.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from enum import StrEnum
from typing import Final, TypeAlias

import msgspec
from msgspec.structs import replace

from gascore.words import AlarmId

AGAIN_MS: Final = 60_000
"""While its alarm is not closed yet, "no gas" is said and the closing asked for again so often."""
GIVE_UP_MS: Final = 900_000
"""A test leak that never became an alarm is forgotten after so long."""


class Phase(StrEnum):
    """Where a test leak stands."""

    IDLE = "idle"
    ON_ITS_WAY = "on_its_way"
    ENDING = "ending"
    """Measured; its alarm is to be closed."""


class Run(msgspec.Struct, frozen=True):
    """The state. Instants as in `gascore.canary.CanaryMeasured`; `wake_ms`: when to look next."""

    phase: Phase = Phase.IDLE
    sent_ms: int = 0
    journaled_ms: int | None = None
    opened_ms: int | None = None
    alarm: AlarmId | None = None
    handed_ms: int | None = None
    delivered_ms: int | None = None
    wake_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Due:
    """It is time; `within_ms`: so soon it must have arrived."""

    within_ms: int


@dataclass(frozen=True, slots=True)
class Left:
    """After a start: an alarm of the last test is open still."""

    alarm: AlarmId


@dataclass(frozen=True, slots=True)
class Journaled:
    """The collector saw the leak."""

    at_ms: int


@dataclass(frozen=True, slots=True)
class Opened:
    """It is an alarm."""

    alarm: AlarmId
    at_ms: int


@dataclass(frozen=True, slots=True)
class Handed:
    """The provider took the text."""

    at_ms: int


@dataclass(frozen=True, slots=True)
class Delivered:
    """It is on the phone."""

    at_ms: int


@dataclass(frozen=True, slots=True)
class Unsent:
    """The broker did not take the message; `why` says why."""

    why: str


@dataclass(frozen=True, slots=True)
class Normal:
    """The collector sees no gas any more."""


@dataclass(frozen=True, slots=True)
class Closed:
    """Its alarm is closed."""


@dataclass(frozen=True, slots=True)
class Tick:
    """Time passed."""


Event: TypeAlias = Due | Left | Journaled | Opened | Handed | Delivered | Unsent | Normal | Closed | Tick


@dataclass(frozen=True, slots=True)
class Leak:
    """Effect: the virtual detector says "high"."""


@dataclass(frozen=True, slots=True)
class NoGas:
    """Effect: it says "normal"."""


@dataclass(frozen=True, slots=True)
class Measured:
    """Effect: write down how far it came; `why` is empty when it arrived in time."""

    why: str = ""


@dataclass(frozen=True, slots=True)
class Missed:
    """Effect: write down that the one which is due was not even sent, and why."""

    why: str


@dataclass(frozen=True, slots=True)
class Answer:
    """Effect: acknowledge the alarm."""

    alarm: AlarmId


@dataclass(frozen=True, slots=True)
class Close:
    """Effect: close the alarm as a test."""

    alarm: AlarmId


Effect: TypeAlias = Leak | NoGas | Measured | Missed | Answer | Close


@dataclass(frozen=True, slots=True)
class Step:
    """What came of an event."""

    state: Run
    effects: tuple[Effect, ...] = ()


def step(state: Run, event: Event, now_ms: int) -> Step:
    """Change a run by an event at `now_ms`; a pair without a row changes nothing."""
    move = TRANSITIONS.get((state.phase, type(event)))
    return move(state, event, now_ms) if move else Step(state)


def _due(state: Run, event: Event, now_ms: int) -> Step:
    within_ms = event.within_ms if isinstance(event, Due) else 0
    del state
    return Step(Run(Phase.ON_ITS_WAY, sent_ms=now_ms, wake_ms=now_ms + within_ms), (Leak(),))


def _left(state: Run, event: Event, now_ms: int) -> Step:
    del state
    alarm = event.alarm if isinstance(event, Left) else None
    return Step(Run(Phase.ENDING, sent_ms=now_ms, alarm=alarm, wake_ms=now_ms))


def _passed(state: Run, event: Event, now_ms: int) -> Step:
    del now_ms
    match event:
        case Journaled(at_ms):
            return Step(replace(state, journaled_ms=at_ms))
        case Opened(alarm, at_ms):
            return Step(replace(state, alarm=alarm, opened_ms=at_ms))
        case Handed(at_ms):
            return Step(replace(state, handed_ms=at_ms))
        case _:
            return Step(state)


def _delivered(state: Run, event: Event, now_ms: int) -> Step:
    at_ms = event.at_ms if isinstance(event, Delivered) else now_ms
    return _end(replace(state, delivered_ms=at_ms), Measured(), now_ms)


def _unsent(state: Run, event: Event, now_ms: int) -> Step:
    why = event.why if isinstance(event, Unsent) else ""
    return _end(state, Measured(f"not sent: {why}"), now_ms)


def _too_late(state: Run, event: Event, now_ms: int) -> Step:
    del event
    if state.wake_ms is None or now_ms < state.wake_ms:
        return Step(state)
    stations = (
        (state.journaled_ms, "not in the journal"),
        (state.opened_ms, "no alarm"),
        (state.handed_ms, "not handed over"),
        (state.delivered_ms, "no receipt"),
    )
    return _end(state, Measured(next(why for at_ms, why in stations if at_ms is None)), now_ms)


def _end(state: Run, measured: Measured, now_ms: int) -> Step:
    ending = replace(state, phase=Phase.ENDING, wake_ms=now_ms + AGAIN_MS)
    answer = () if state.alarm is None else (Answer(state.alarm),)
    return Step(ending, (measured, NoGas(), *answer))


def _late_alarm(state: Run, event: Event, now_ms: int) -> Step:
    if not isinstance(event, Opened):
        return Step(state)
    return Step(replace(state, alarm=event.alarm, wake_ms=now_ms + AGAIN_MS), (NoGas(), Answer(event.alarm)))


def _normal(state: Run, event: Event, now_ms: int) -> Step:
    del event, now_ms
    return Step(state, () if state.alarm is None else (Close(state.alarm),))


def _again(state: Run, event: Event, now_ms: int) -> Step:
    del event
    if state.wake_ms is None or now_ms < state.wake_ms:
        return Step(state)
    if state.alarm is None:
        is_over = now_ms - state.sent_ms > GIVE_UP_MS
        return Step(Run() if is_over else replace(state, wake_ms=now_ms + AGAIN_MS), (NoGas(),))
    later = replace(state, wake_ms=now_ms + AGAIN_MS)
    return Step(later, (NoGas(), Answer(state.alarm), Close(state.alarm)))


def _not_over(state: Run, event: Event, now_ms: int) -> Step:
    """One that can't be put away would else keep all later ones from being sent, and nobody would hear of it."""
    within_ms = event.within_ms if isinstance(event, Due) else 0
    is_fresh = now_ms - state.sent_ms <= within_ms + AGAIN_MS  # or we have only just started
    return Step(state, () if is_fresh else (Missed("the last one has not ended"),))


def _closed(state: Run, event: Event, now_ms: int) -> Step:
    del state, event, now_ms
    return Step(Run())


TRANSITIONS: Final[Mapping[tuple[Phase, type], Callable[[Run, Event, int], Step]]] = {
    (Phase.IDLE, Due): _due,
    (Phase.IDLE, Left): _left,
    (Phase.ON_ITS_WAY, Journaled): _passed,
    (Phase.ON_ITS_WAY, Opened): _passed,
    (Phase.ON_ITS_WAY, Handed): _passed,
    (Phase.ON_ITS_WAY, Delivered): _delivered,
    (Phase.ON_ITS_WAY, Unsent): _unsent,
    (Phase.ON_ITS_WAY, Tick): _too_late,
    (Phase.ENDING, Due): _not_over,
    (Phase.ENDING, Opened): _late_alarm,
    (Phase.ENDING, Normal): _normal,
    (Phase.ENDING, Closed): _closed,
    (Phase.ENDING, Tick): _again,
}
"""Phase x event -> the move."""


def next_ms(now_ms: int, at: str, every_ms: int, zone: tzinfo) -> int:
    """The first instant after `now_ms` of a schedule that has one at `at` ("HH:MM") of today, and one every so often."""
    hour, minute = map(int, at.split(":"))
    today = datetime.fromtimestamp(now_ms / 1000, zone).replace(
        hour=hour, minute=minute, second=0, microsecond=0
    )
    first_ms = round(today.timestamp() * 1000)
    return first_ms + ((now_ms - first_ms) // every_ms + 1) * every_ms
