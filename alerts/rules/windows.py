"""When a maintenance window begins, reminds and ends: one step at a time, whatever was missed meanwhile.

After a pause of ours every time that lay in it is booked with its real instants, though nobody was kept from
anything in it: what counts as maintenance in the uptime figures does not depend on whether we were running.
"""

from dataclasses import dataclass
from datetime import tzinfo
from enum import StrEnum
from typing import Final, TypeAlias

import msgspec

from gascore.windows import Span, Window, next_time, time_at, times

REMIND_MS: Final = 900_000
"""So long before the end who answers for it is reminded; of a time shorter than twice that, at its half."""


class Phase(StrEnum):
    """Where a window stands."""

    RESTING = "resting"
    RUNNING = "running"


class State(msgspec.Struct, frozen=True):
    """The saved state.

    Attributes:
        since_ms, until_ms: of the present time, or of the last one (`until_ms`: when it ended).
        reminded: its person has been told that it will end.
    """

    phase: Phase = Phase.RESTING
    since_ms: int = 0
    until_ms: int = 0
    reminded: bool = False


class WindowFile(msgspec.Struct, frozen=True):
    """A window and where it stands, as stored."""

    window: Window
    state: State = State()


@dataclass(frozen=True, slots=True)
class Began:
    """It lies over its place since `since_ms`."""

    since_ms: int
    until_ms: int


@dataclass(frozen=True, slots=True)
class Ended:
    """It lay over its place."""

    since_ms: int
    ended_ms: int


@dataclass(frozen=True, slots=True)
class Remind:
    """Tell who answers for it that it ends at `until_ms`."""

    until_ms: int


Effect: TypeAlias = Began | Ended | Remind


class Because(StrEnum):
    """Because … – what happened to a window."""

    SAME = "same"
    BEGAN = "began"
    MOVED = "moved"
    """it ends at another instant than was said."""
    REMINDED = "reminded"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class Step:
    """What came of looking at a window; nothing happens before `wake_at` unless somebody changes it."""

    state: State
    effects: tuple[Effect, ...]
    reason: Because
    wake_at: int | None


def step(file: WindowFile, now_ms: int, zone: tzinfo) -> Step:
    """Look at a window at `now_ms`."""
    state, reason = file.state, Because.SAME
    effects: list[Effect] = []
    if state.phase is Phase.RUNNING:
        state, effects, reason = _running(file.window, state, now_ms, zone)
    if state.phase is Phase.RESTING:
        state, begun = _resting(file.window, state, now_ms, zone)
        effects += begun
        reason = Because.BEGAN if state.phase is Phase.RUNNING else Because.ENDED if begun else reason
    return Step(state, tuple(effects), reason, _wake_at(file.window, state, now_ms, zone))


def as_set(file: WindowFile, set_ms: int) -> WindowFile:
    """Somebody made or changed it at `set_ms`: as it is now, it holds from then on at the earliest.

    To end it changes nothing of what has been, and what runs ends or goes on by `step`.
    """
    state = file.state
    if file.window.over_ms is not None or state.phase is Phase.RUNNING or state.until_ms >= set_ms:
        return file
    return WindowFile(file.window, msgspec.structs.replace(state, until_ms=set_ms))


def _running(window: Window, state: State, now_ms: int, zone: tzinfo) -> tuple[State, list[Effect], Because]:
    # Its begin has been said; somebody may have changed when it ends, or that it holds at all.
    span = time_at(window, state.since_ms, zone)
    until_ms = span[1] if span else min(now_ms, window.last_ms)
    if until_ms <= now_ms:
        ended_ms = max(until_ms, state.since_ms)
        over = State(Phase.RESTING, state.since_ms, ended_ms)
        return over, [Ended(state.since_ms, ended_ms)], Because.ENDED
    moved = msgspec.structs.replace(
        state, until_ms=until_ms, reminded=state.reminded and until_ms <= state.until_ms
    )
    if not moved.reminded and now_ms >= _remind_at(moved):
        reminded = msgspec.structs.replace(moved, reminded=True)
        return reminded, [Remind(until_ms)], Because.REMINDED
    return moved, [], Because.SAME if moved == state else Because.MOVED


def _resting(window: Window, state: State, now_ms: int, zone: tzinfo) -> tuple[State, list[Effect]]:
    effects: list[Effect] = []
    for since_ms, until_ms in _after(window, state.until_ms, now_ms, zone):
        effects.append(Began(since_ms, until_ms))
        if until_ms > now_ms:
            return State(Phase.RUNNING, since_ms, until_ms), effects
        effects.append(Ended(since_ms, until_ms))
        state = State(Phase.RESTING, since_ms, until_ms)
    return state, effects


def _after(window: Window, after_ms: int, now_ms: int, zone: tzinfo) -> list[Span]:
    """The times until now, without what was booked already."""
    found = times(window, max(after_ms, window.from_ms), now_ms + 1, zone)
    return [(max(since_ms, after_ms), until_ms) for since_ms, until_ms in found if until_ms > after_ms]


def _remind_at(state: State) -> int:
    return max(state.until_ms - REMIND_MS, (state.since_ms + state.until_ms) // 2)


def _wake_at(window: Window, state: State, now_ms: int, zone: tzinfo) -> int | None:
    if state.phase is Phase.RUNNING:
        return state.until_ms if state.reminded else min(state.until_ms, max(_remind_at(state), now_ms + 1))
    coming = next_time(window, now_ms, zone)
    return coming[0] if coming else None
