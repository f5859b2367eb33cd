"""When a connection is unstable: a detector that goes offline again and again is told of once, not each time.

Chattering is three times a minute for a process alarm (ISA-18.2); a silence needs a minute and more to be noticed,
so here it is a number within half an hour (docs/adr/0017).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, TypeAlias


@dataclass(frozen=True, slots=True)
class Limits:
    """`times` offline within `window_ms` is unstable; over after `calm_ms` without any change."""

    times: int = 3
    window_ms: int = 1_800_000
    calm_ms: int = 1_800_000


class Phase(StrEnum):
    """How a detector's connection is."""

    STEADY = "steady"
    UNSTABLE = "unstable"


@dataclass(frozen=True, slots=True)
class State:
    """`changed_ms`: when it last went or came back."""

    phase: Phase = Phase.STEADY
    changed_ms: int = 0


@dataclass(frozen=True, slots=True)
class BrokeOff:
    """It went offline, for the `times`-th time within the window."""

    times: int


@dataclass(frozen=True, slots=True)
class CameBack:
    """It is heard again."""


@dataclass(frozen=True, slots=True)
class Tick:
    """Time passed."""


Event: TypeAlias = BrokeOff | CameBack | Tick


class Because(StrEnum):
    """Because … – why a connection counts as it does."""

    BEGAN = "began"
    AGAIN = "again"
    MOVED = "moved"
    """a change, so the calm counts anew."""
    OVER = "over"
    SAME = "same"


@dataclass(frozen=True, slots=True)
class Step:
    """What came of an event."""

    state: State
    reason: Because
    wake_at: int | None = None


_NEXT: Final[Mapping[Because, Phase]] = {
    Because.BEGAN: Phase.UNSTABLE,
    Because.AGAIN: Phase.UNSTABLE,
    Because.MOVED: Phase.UNSTABLE,
    Because.OVER: Phase.STEADY,
}


def step(state: State, event: Event, now_ms: int, limits: Limits) -> Step:
    """Change what is thought of a connection at `now_ms`."""
    reason = _reason(state, event, now_ms, limits)
    if reason is Because.SAME:
        return Step(state, reason, _wake_at(state, limits))
    after = State(_NEXT[reason], now_ms)
    return Step(after, reason, _wake_at(after, limits))


def _reason(state: State, event: Event, now_ms: int, limits: Limits) -> Because:
    if state.phase is Phase.STEADY:
        began = isinstance(event, BrokeOff) and event.times >= limits.times
        return Because.BEGAN if began else Because.SAME
    match event:
        case BrokeOff():
            return Because.AGAIN
        case CameBack():
            return Because.MOVED
        case Tick():
            # A clock that was set back must not make the calm longer than it is.
            return Because.OVER if abs(now_ms - state.changed_ms) >= limits.calm_ms else Because.SAME


def _wake_at(state: State, limits: Limits) -> int | None:
    return state.changed_ms + limits.calm_ms if state.phase is Phase.UNSTABLE else None
