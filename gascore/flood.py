"""What an operator is shown counts as annunciated; more than ten of that in ten minutes is a flood.

ISA-18.2 / IEC 62682 (domain reference, section 4): a flood begins with more than 10 alarms for each operator
in 10 min and ends with fewer than 5. The first number is confirmed, the second one is widely quoted.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final, TypeAlias

import msgspec

from gascore.canary import is_canary
from gascore.journal import AlarmStep, AlarmStepped

MINUTE_MS: Final = 60_000
ANNOUNCING: Final = frozenset({AlarmStep.OPENED, AlarmStep.CAME_BACK, AlarmStep.WORSE, AlarmStep.ON_ITS_OWN})
"""The steps with which an alarm asks for somebody's attention, for the first time or anew."""
RELEASING: Final = frozenset({AlarmStep.UNSHELVED, AlarmStep.UNCOVERED})
"""The steps with which one that was kept silent does, unless somebody has answered or it is over."""


def is_annunciated(event: AlarmStepped) -> bool:
    """Whether an operator was shown it as something to act on.

    That is not what is shelved, in maintenance or grouped, and no canary's test leak.
    """
    alarm = event.alarm
    if alarm.is_silent or is_canary(alarm.detector):
        return False
    return event.step in ANNOUNCING or (event.step in RELEASING and alarm.active and alarm.acked_ms is None)


class FloodLimits(msgspec.Struct, frozen=True):
    """More than `begins` alarms in `window_ms` is a flood, until there are fewer than `ends`."""

    begins: int = 10
    ends: int = 5
    window_ms: int = 10 * MINUTE_MS

    @classmethod
    def of(cls, operators: int) -> "FloodLimits":
        """For so many operators who share the alarms; each of them can take ten."""
        return cls(begins=10 * operators, ends=5 * operators)


class Load(msgspec.Struct, frozen=True):
    """The newest annunciations (ms, as many as decide), and the flood that is on: its begin and its alarms."""

    times: tuple[int, ...] = ()
    began_ms: int | None = None
    alarms: int = 0


class Annunciated(msgspec.Struct, frozen=True):
    """An operator was shown one more."""


class Tick(msgspec.Struct, frozen=True):
    """Time passed."""


FloodEvent: TypeAlias = Annunciated | Tick


class FloodReason(StrEnum):
    """Because … – why it is a flood, or not any more."""

    BEGAN = "began"
    GOES_ON = "goes_on"
    ENDED = "ended"
    CALM = "calm"


class Flood(msgspec.Struct, frozen=True):
    """A flood that is over: from `since_ms` to `ended_ms`, with so many alarms."""

    since_ms: int
    ended_ms: int
    alarms: int


class FloodStep(msgspec.Struct, frozen=True):
    """What came of an event; `over` is the flood that ended with it."""

    state: Load
    reason: FloodReason
    over: Flood | None = None
    wake_at: int | None = None


_NEXT: Final[Mapping[tuple[bool, bool], FloodReason]] = {
    (False, False): FloodReason.CALM,
    (False, True): FloodReason.BEGAN,
    (True, True): FloodReason.GOES_ON,
    (True, False): FloodReason.ENDED,
}
"""(was a flood, is one) -> why."""


def step(state: Load, event: FloodEvent, now_ms: int, limits: FloodLimits) -> FloodStep:
    """Count on at `now_ms`. A clock that was set back makes no flood longer than its window."""
    new = (now_ms,) if isinstance(event, Annunciated) else ()
    begin_ms = now_ms - limits.window_ms
    recent = tuple(min(at_ms, now_ms) for at_ms in state.times if at_ms > begin_ms) + new
    was = state.began_ms is not None
    reason = _NEXT[was, len(recent) >= limits.ends if was else len(recent) > limits.begins]
    times = recent[-limits.begins - 1 :]
    match reason:
        case FloodReason.CALM:
            return FloodStep(Load(times), reason)
        case FloodReason.BEGAN:
            return FloodStep(Load(times, now_ms, len(recent)), reason, None, _wake_at(times, limits))
        case FloodReason.GOES_ON:
            after = Load(times, state.began_ms, state.alarms + len(new))
            return FloodStep(after, reason, None, _wake_at(times, limits))
        case FloodReason.ENDED:
            began_ms = now_ms if state.began_ms is None else state.began_ms
            ended_ms = max(began_ms, min(now_ms, _ended_at(state.times, limits, now_ms)))
            return FloodStep(Load(times), reason, Flood(began_ms, ended_ms, state.alarms))


def wake_at(state: Load, limits: FloodLimits) -> int | None:
    """When a flood is over if nothing more comes; None: there is none."""
    return None if state.began_ms is None else _wake_at(state.times, limits)


def _wake_at(times: tuple[int, ...], limits: FloodLimits) -> int:
    """When the first of the last `ends` annunciations has left the window."""
    return times[-limits.ends] + limits.window_ms


def _ended_at(times: tuple[int, ...], limits: FloodLimits, now_ms: int) -> int:
    """After a pause of ours a flood did not last until we looked."""
    return _wake_at(times, limits) if len(times) >= limits.ends else now_ms
