"""Escalation: who is told next, and when. What the ladder does is in `TRANSITIONS`, and nowhere else.

Everything is computed from the instant at which the ladder started, never from the tick before: after a
pause of any length whoever is due is told once, in one step, and the next instant is the same as if there
had been no pause. Bad news goes out at once; "it is over" waits `CLEAR_HOLD_MS`, so that a value that
hovers around the set point does not tell people "leak", "over", "leak" every few seconds. A leak that is over
and that nobody has answered climbs on to its last rung, without repeats: no gas any more, but somebody must
take responsibility for why there was some.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, TypeAlias

import msgspec

from alerts.rules.plans import PLANS, Plan
from gascore.alarm import NoticePurpose
from gascore.registry import Role

CLEAR_HOLD_MS: Final = 15_000
"""More than one report interval of a detector in alarm (10 s in the demo; GB/T 45839-2025: at most 10 s)."""


class Phase(StrEnum):
    """Where a ladder stands."""

    IDLE = "idle"
    """Not started."""
    HELD = "held"
    """Starts after a short while, if it is not over or explained by then."""
    QUIET = "quiet"
    """Another alarm stands for it: nobody is told."""
    CLIMBING = "climbing"
    ANSWERED = "answered"
    """Somebody took responsibility."""
    CLEARING = "clearing"
    """Over, unanswered; the people will be told after the hold."""
    CLEARING_ANSWERED = "clearing_answered"
    """Over, answered; the people will be told after the hold."""
    UNANSWERED = "unanswered"
    """Over, and the people know; but nobody took responsibility, so those further up are told."""
    DONE = "done"


class Ladder(msgspec.Struct, frozen=True):
    """The saved state. `rung` is the last one told (-1: none), `repeats` how many repeats were told."""

    phase: Phase = Phase.IDLE
    plan: str = "nobody"
    started_ms: int = 0
    rung: int = -1
    repeats: int = 0
    due_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Start:
    """The alarm opened, came back or got worse: from the first rung (again), by this plan."""

    plan: Plan
    purpose: NoticePurpose = NoticePurpose.RAISED


@dataclass(frozen=True, slots=True)
class Hold:
    """The alarm opened, or stands on its own again: start by this plan, but only after `hold_ms`."""

    plan: Plan
    hold_ms: int


@dataclass(frozen=True, slots=True)
class Hush:
    """Another alarm stands for this one; `plan` is the one by which it may go on some day."""

    plan: Plan


@dataclass(frozen=True, slots=True)
class Drop:
    """The alarm is closed because another one has taken its place: those who were told hear of that one."""


@dataclass(frozen=True, slots=True)
class Tick:
    """Time passed."""


@dataclass(frozen=True, slots=True)
class Answered:
    """Somebody took responsibility."""


@dataclass(frozen=True, slots=True)
class Over:
    """The condition ended; the alarm stays open."""


@dataclass(frozen=True, slots=True)
class Closed:
    """The alarm is closed."""


@dataclass(frozen=True, slots=True)
class Unreached:
    """Nobody of the rung could be told (refused, no number, no such person): don't wait for the next one."""

    rung: int


Event: TypeAlias = Start | Hold | Hush | Drop | Tick | Answered | Over | Closed | Unreached


@dataclass(frozen=True, slots=True)
class Tell:
    """Tell these roles; with `told` everybody who was told before, too. `rung` counts from 0."""

    purpose: NoticePurpose
    roles: frozenset[Role]
    rung: int
    repeat: int = 0
    told: bool = False


class Because(StrEnum):
    """Because … – why the ladder did what it did."""

    STARTED = "started"
    STARTED_AGAIN = "started_again"
    CLIMBED = "climbed"
    REPEATED = "repeated"
    UNREACHED = "unreached"
    """the ones before could not be reached."""
    ANSWERED = "answered"
    OVER = "over"
    BACK_IN_HOLD = "back_in_hold"
    """it came back before anybody was told that it was over."""
    CLEARED = "cleared"
    CLIMBED_AFTER = "climbed_after"
    """it is over, and nobody has answered."""
    CLOSED = "closed"
    HELD = "held"
    HUSHED = "hushed"
    DROPPED = "dropped"
    NOT_DUE = "not_due"


@dataclass(frozen=True, slots=True)
class Step:
    """What came of an event; nothing happens before `wake_at` unless something else does."""

    state: Ladder
    effects: tuple[Tell, ...]
    reason: Because

    @property
    def wake_at(self) -> int | None:
        """When the next step is due, ms."""
        return self.state.due_ms


def step(state: Ladder, event: Event, now_ms: int) -> Step:
    """Change a ladder by an event at `now_ms`; a pair without a row changes nothing."""
    move = TRANSITIONS.get((state.phase, type(event)))
    return move(state, event, now_ms) if move else Step(state, (), Because.NOT_DUE)


def next_due(state: Ladder) -> int | None:
    """When the next rung or repeat of a ladder that climbs is due, from its start alone; None: never."""
    plan = PLANS[state.plan]
    if not plan.rungs:
        return None
    if state.rung + 1 < len(plan.rungs):
        return state.started_ms + plan.rungs[state.rung + 1].after_ms
    if state.phase is Phase.UNANSWERED:
        return None  # no gas, no repeats
    return state.started_ms + plan.rungs[-1].after_ms + (state.repeats + 1) * plan.repeat_ms


def set_back(state: Ladder, by_ms: int) -> Ladder:
    """The same ladder after the clock was set back: what was due in a minute is still due in a minute."""
    due_ms = None if state.due_ms is None else state.due_ms - by_ms
    return msgspec.structs.replace(state, started_ms=state.started_ms - by_ms, due_ms=due_ms)


def _start(state: Ladder, event: Event, now_ms: int) -> Step:
    if not isinstance(event, Start):
        raise TypeError(f"TRANSITIONS starts a ladder on {type(event).__name__}")
    again = state.phase is not Phase.IDLE
    reason = Because.STARTED_AGAIN if again else Because.STARTED
    fresh = Ladder(phase=Phase.CLIMBING, plan=event.plan.name, started_ms=now_ms)
    if not event.plan.rungs or event.plan.rungs[0].after_ms:
        return Step(_due_at(fresh), (), reason)
    first = event.plan.rungs[0]
    told = _due_at(msgspec.structs.replace(fresh, rung=0))
    return Step(told, (Tell(event.purpose, first.roles, rung=0, told=again),), reason)


def _hold(state: Ladder, event: Event, now_ms: int) -> Step:
    """Who was told before goes on being told at the old instants; who was not, is not told yet."""
    if not isinstance(event, Hold):
        raise TypeError(f"TRANSITIONS holds a ladder on {type(event).__name__}")
    if state.rung >= 0:
        return Step(_due_at(msgspec.structs.replace(state, phase=Phase.CLIMBING)), (), Because.BACK_IN_HOLD)
    held = Ladder(phase=Phase.HELD, plan=event.plan.name, started_ms=now_ms, due_ms=now_ms + event.hold_ms)
    return Step(held, (), Because.HELD)


def _start_if_due(state: Ladder, event: Event, now_ms: int) -> Step:
    if state.due_ms is not None and now_ms < state.due_ms:
        return Step(state, (), Because.NOT_DUE)
    del event
    return _start(Ladder(), Start(PLANS[state.plan]), now_ms)


def _hush(state: Ladder, event: Event, now_ms: int) -> Step:
    del now_ms
    plan = event.plan.name if isinstance(event, Hush) else state.plan
    return Step(msgspec.structs.replace(state, phase=Phase.QUIET, plan=plan, due_ms=None), (), Because.HUSHED)


def _drop(state: Ladder, event: Event, now_ms: int) -> Step:
    del event, now_ms
    return Step(msgspec.structs.replace(state, phase=Phase.DONE, due_ms=None), (), Because.DROPPED)


def _back(state: Ladder, event: Event, now_ms: int) -> Step:
    """People still think that it leaks, and nobody has answered: go on as if it had never been over."""
    started = isinstance(event, Start) and (
        event.purpose is NoticePurpose.WORSE or event.plan.name != state.plan
    )
    if started:
        return _start(state, event, now_ms)
    climbing = _due_at(msgspec.structs.replace(state, phase=Phase.CLIMBING))
    done = _climb(climbing, event, now_ms)
    return Step(done.state, done.effects, Because.BACK_IN_HOLD)


def _climb(state: Ladder, event: Event, now_ms: int) -> Step:
    del event
    plan = PLANS[state.plan]
    elapsed = now_ms - state.started_ms
    due = [n for n, rung in enumerate(plan.rungs) if n > state.rung and rung.after_ms <= elapsed]
    roles = frozenset().union(*(plan.rungs[n].roles for n in due))
    climbed = msgspec.structs.replace(state, rung=max(due, default=state.rung))
    is_over = state.phase is Phase.UNANSWERED
    reason, purpose = Because.CLIMBED_AFTER if is_over else Because.CLIMBED, NoticePurpose.RAISED
    if climbed.rung == len(plan.rungs) - 1 and plan.rungs and not is_over:
        repeats = max(state.repeats, (elapsed - plan.rungs[-1].after_ms) // plan.repeat_ms)
        if repeats > state.repeats:
            climbed = msgspec.structs.replace(climbed, repeats=repeats)
            roles, reason, purpose = plan.everybody, Because.REPEATED, NoticePurpose.REPEAT
    climbed = _due_at(climbed)
    if not roles:
        return Step(climbed, (), Because.NOT_DUE)
    return Step(climbed, (Tell(purpose, roles, climbed.rung, climbed.repeats),), reason)


def _unreached(state: Ladder, event: Event, now_ms: int) -> Step:
    del now_ms
    plan = PLANS[state.plan]
    up = state.rung + 1
    if not isinstance(event, Unreached) or event.rung != state.rung or up >= len(plan.rungs):
        # The last rung is repeated at its time; asking a dead number at once again helps nobody.
        return Step(state, (), Because.NOT_DUE)
    told = _due_at(msgspec.structs.replace(state, rung=up))
    return Step(told, (Tell(NoticePurpose.RAISED, plan.rungs[up].roles, up),), Because.UNREACHED)


def _answered(state: Ladder, event: Event, now_ms: int) -> Step:
    del event, now_ms
    return Step(msgspec.structs.replace(state, phase=Phase.ANSWERED, due_ms=None), (), Because.ANSWERED)


def _answered_in_hold(state: Ladder, event: Event, now_ms: int) -> Step:
    del event, now_ms
    return Step(msgspec.structs.replace(state, phase=Phase.CLEARING_ANSWERED), (), Because.ANSWERED)


def _over(state: Ladder, event: Event, now_ms: int) -> Step:
    del event
    answered = state.phase is Phase.ANSWERED
    phase = Phase.CLEARING_ANSWERED if answered else Phase.CLEARING
    return Step(msgspec.structs.replace(state, phase=phase, due_ms=now_ms + CLEAR_HOLD_MS), (), Because.OVER)


def _clear_if_due(state: Ladder, event: Event, now_ms: int) -> Step:
    if state.due_ms is not None and now_ms < state.due_ms:
        return Step(state, (), Because.NOT_DUE)
    cleared = _clear(state, event, now_ms)
    if state.phase is Phase.CLEARING_ANSWERED:
        return Step(cleared.state, cleared.effects, Because.CLEARED)
    on = _due_at(msgspec.structs.replace(state, phase=Phase.UNANSWERED))
    return Step(on, cleared.effects, Because.CLEARED)


def _end(state: Ladder, event: Event, now_ms: int) -> Step:
    """Nobody has to be told anything more."""
    reason = Because.ANSWERED if isinstance(event, Answered) else Because.CLOSED
    del now_ms
    return Step(msgspec.structs.replace(state, phase=Phase.DONE, due_ms=None), (), reason)


def _clear(state: Ladder, event: Event, now_ms: int) -> Step:
    del event, now_ms
    done = msgspec.structs.replace(state, phase=Phase.DONE, due_ms=None)
    tell = Tell(NoticePurpose.CLEARED, frozenset(), state.rung, state.repeats, told=True)
    return Step(done, (tell,), Because.CLOSED)


def _due_at(state: Ladder) -> Ladder:
    return msgspec.structs.replace(state, due_ms=next_due(state))


_Move: TypeAlias = Callable[[Ladder, Event, int], Step]

TRANSITIONS: Final[Mapping[tuple[Phase, type], _Move]] = {
    (Phase.IDLE, Start): _start,
    (Phase.IDLE, Hold): _hold,
    (Phase.IDLE, Hush): _hush,
    (Phase.HELD, Start): _start,
    (Phase.HELD, Tick): _start_if_due,
    (Phase.HELD, Hold): _hold,
    (Phase.HELD, Hush): _hush,
    (Phase.HELD, Drop): _drop,
    (Phase.HELD, Answered): _answered,
    (Phase.HELD, Closed): _drop,
    (Phase.QUIET, Start): _start,
    (Phase.QUIET, Hold): _hold,
    (Phase.QUIET, Drop): _drop,
    (Phase.QUIET, Answered): _answered,
    (Phase.QUIET, Closed): _clear,
    (Phase.CLIMBING, Hush): _hush,
    (Phase.CLIMBING, Drop): _drop,
    (Phase.ANSWERED, Drop): _drop,
    (Phase.CLIMBING, Start): _start,
    (Phase.CLIMBING, Tick): _climb,
    (Phase.CLIMBING, Unreached): _unreached,
    (Phase.CLIMBING, Answered): _answered,
    (Phase.CLIMBING, Over): _over,
    (Phase.CLIMBING, Closed): _clear,
    (Phase.ANSWERED, Start): _start,
    (Phase.ANSWERED, Over): _over,
    (Phase.ANSWERED, Closed): _clear,
    (Phase.CLEARING, Start): _back,
    (Phase.CLEARING, Tick): _clear_if_due,
    (Phase.CLEARING, Answered): _answered_in_hold,
    (Phase.CLEARING, Closed): _clear,
    (Phase.CLEARING_ANSWERED, Start): _start,
    (Phase.CLEARING_ANSWERED, Tick): _clear_if_due,
    (Phase.CLEARING_ANSWERED, Closed): _clear,
    (Phase.UNANSWERED, Start): _start,
    (Phase.UNANSWERED, Tick): _climb,
    (Phase.UNANSWERED, Unreached): _unreached,
    (Phase.UNANSWERED, Answered): _end,
    (Phase.UNANSWERED, Closed): _end,
    (Phase.DONE, Start): _start,
}
"""Phase x event -> the move."""
