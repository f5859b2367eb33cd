"""Escalation: who is told next, and when. What the ladder does is in `TRANSITIONS`, and nowhere else.

Everything is computed from the instant at which the ladder started, never from the tick before: after a
pause of any length whoever is due is told once, in one step, and the next instant is the same as if there
had been no pause. Bad news goes out at once; "it is over" waits `CLEAR_HOLD_MS`, so that a value that
hovers around the set point does not tell people "leak", "over", "leak" every few seconds. A leak that is over
and that nobody has answered climbs on to its last rung, without repeats: no gas any more, but somebody must
take responsibility for why there was some. An answer that nothing follows counts for a while only: then the
ladder climbs on from where it was.
"""

from collections.abc import Callable, Mapping
from typing import Final, TypeAlias

import msgspec

from alerts.rules.ladder_words import (
    Answered,
    Because,
    Closed,
    Drop,
    Event,
    Expired,
    Hasten,
    Hold,
    Hush,
    Ladder,
    Over,
    Phase,
    Progress,
    Start,
    Step,
    Tell,
    Tick,
    Unreached,
)
from gascore.alarm import NoticePurpose

__all__ = [
    "Answered",
    "Because",
    "Closed",
    "Drop",
    "Event",
    "Expired",
    "Hasten",
    "Hold",
    "Hush",
    "Ladder",
    "Over",
    "Phase",
    "Progress",
    "Start",
    "Step",
    "Tell",
    "Tick",
    "Unreached",
]

CLEAR_HOLD_MS: Final = 15_000
"""More than one report interval of a detector in alarm (10 s in the demo; GB/T 45839-2025: at most 10 s)."""
REMIND_MS: Final = 300_000
"""So long before an answer expires who gave it is reminded; at most half of the time."""


def step(state: Ladder, event: Event, now_ms: int) -> Step:
    """Change a ladder by an event at `now_ms`; a pair without a row changes nothing."""
    move = TRANSITIONS.get((state.phase, type(event)))
    return move(state, event, now_ms) if move else Step(state, (), Because.NOT_DUE)


def next_due(state: Ladder) -> int | None:
    """When the next rung or repeat of a ladder that climbs is due, from its start alone; None: never."""
    if not state.rungs:
        return None
    if state.rung + 1 < len(state.rungs):
        return state.started_ms + state.rungs[state.rung + 1].after_ms
    if state.phase is Phase.UNANSWERED:
        return None  # no gas, no repeats
    return state.started_ms + state.rungs[-1].after_ms + (state.repeats + 1) * state.chain.repeat_ms


def is_expired(state: Ladder, now_ms: int) -> bool:
    """Whether it was answered, and nothing came of it in time."""
    return state.phase is Phase.ANSWERED and state.expires_ms is not None and state.expires_ms <= now_ms


def set_back(state: Ladder, by_ms: int) -> Ladder:
    """The same ladder after the clock was set back: what was due in a minute is still due in a minute."""
    return msgspec.structs.replace(
        state,
        started_ms=state.started_ms - by_ms,
        due_ms=None if state.due_ms is None else state.due_ms - by_ms,
        expires_ms=None if state.expires_ms is None else state.expires_ms - by_ms,
    )


def _start(state: Ladder, event: Event, now_ms: int) -> Step:
    if not isinstance(event, Start):
        raise TypeError(f"TRANSITIONS starts a ladder on {type(event).__name__}")
    again = state.phase is not Phase.IDLE
    reason = Because.STARTED_AGAIN if again else Because.STARTED
    fresh = Ladder(phase=Phase.CLIMBING, chain=event.chain, started_ms=now_ms)
    if not fresh.rungs or fresh.rungs[0].after_ms:
        return Step(_due_at(fresh), (), reason)
    told = _due_at(msgspec.structs.replace(fresh, rung=0))
    return Step(told, (Tell(event.purpose, fresh.rungs[:1], rung=0, told=again),), reason)


def _hold(state: Ladder, event: Event, now_ms: int) -> Step:
    """Who was told before goes on being told at the old instants; who was not, is not told yet."""
    if not isinstance(event, Hold):
        raise TypeError(f"TRANSITIONS holds a ladder on {type(event).__name__}")
    if state.rung >= 0:
        return Step(_due_at(msgspec.structs.replace(state, phase=Phase.CLIMBING)), (), Because.BACK_IN_HOLD)
    held = Ladder(
        phase=Phase.HELD, chain=event.chain, started_ms=now_ms, due_ms=now_ms + event.hold_ms, acks=state.acks
    )
    return Step(held, (), Because.HELD)


def _start_if_due(state: Ladder, event: Event, now_ms: int) -> Step:
    if state.due_ms is not None and now_ms < state.due_ms:
        return Step(state, (), Because.NOT_DUE)
    del event
    started = _start(Ladder(), Start(state.chain), now_ms)
    kept = msgspec.structs.replace(started.state, acks=state.acks)
    return Step(kept, started.effects, started.reason)


def _hush(state: Ladder, event: Event, now_ms: int) -> Step:
    del now_ms
    chain = event.chain if isinstance(event, Hush) else state.chain
    return Step(
        msgspec.structs.replace(state, phase=Phase.QUIET, chain=chain, due_ms=None), (), Because.HUSHED
    )


def _drop(state: Ladder, event: Event, now_ms: int) -> Step:
    del event, now_ms
    return Step(msgspec.structs.replace(state, phase=Phase.DONE, due_ms=None), (), Because.DROPPED)


def _back(state: Ladder, event: Event, now_ms: int) -> Step:
    """People still think that it leaks, and nobody has answered: go on as if it had never been over."""
    started = isinstance(event, Start) and (
        event.purpose is NoticePurpose.WORSE or event.chain.policy != state.chain.policy
    )
    if started:
        return _start(state, event, now_ms)
    climbing = _due_at(msgspec.structs.replace(state, phase=Phase.CLIMBING))
    done = _climb(climbing, event, now_ms)
    return Step(done.state, done.effects, Because.BACK_IN_HOLD)


def _climb(state: Ladder, event: Event, now_ms: int) -> Step:
    del event
    rungs = state.rungs
    elapsed = now_ms - state.started_ms
    due = [n for n, rung in enumerate(rungs) if n > state.rung and rung.after_ms <= elapsed]
    told = tuple(rungs[n] for n in due)
    climbed = msgspec.structs.replace(state, rung=max(due, default=state.rung))
    is_over = state.phase is Phase.UNANSWERED
    reason, purpose = Because.CLIMBED_AFTER if is_over else Because.CLIMBED, NoticePurpose.RAISED
    if climbed.rung == len(rungs) - 1 and rungs and not is_over:
        repeats = max(state.repeats, (elapsed - rungs[-1].after_ms) // state.chain.repeat_ms)
        if repeats > state.repeats:
            climbed = msgspec.structs.replace(climbed, repeats=repeats)
            told, reason, purpose = rungs, Because.REPEATED, NoticePurpose.REPEAT
    climbed = _due_at(climbed)
    if not told:
        return Step(climbed, (), Because.NOT_DUE)
    tell = Tell(purpose, told, climbed.rung, climbed.repeats, acked=climbed.acks)
    return Step(climbed, (tell,), reason)


def _unreached(state: Ladder, event: Event, now_ms: int) -> Step:
    del now_ms
    up = state.rung + 1
    if not isinstance(event, Unreached) or event.rung != state.rung or up >= len(state.rungs):
        # The last rung is repeated at its time; asking a dead number at once again helps nobody.
        return Step(state, (), Because.NOT_DUE)
    told = _due_at(msgspec.structs.replace(state, rung=up))
    tell = Tell(NoticePurpose.RAISED, state.rungs[up : up + 1], up, acked=state.acks)
    return Step(told, (tell,), Because.UNREACHED)


def _hasten(state: Ladder, event: Event, now_ms: int) -> Step:
    """Who answers for it goes on answering: the phase stays."""
    del event
    if not state.rungs:
        return Step(state, (), Because.NOT_DUE)
    if state.phase is Phase.HELD:
        state = Ladder(phase=Phase.CLIMBING, chain=state.chain, started_ms=now_ms, acks=state.acks)
    up = state.rung + 1
    if up < len(state.rungs):
        hastened = msgspec.structs.replace(state, rung=up)
        tell = Tell(NoticePurpose.RAISED, state.rungs[up : up + 1], up, acked=state.acks)
    else:
        hastened = msgspec.structs.replace(state, repeats=state.repeats + 1)
        tell = Tell(NoticePurpose.REPEAT, state.rungs, state.rung, repeat=hastened.repeats, acked=state.acks)
    is_climbing = state.phase in {Phase.CLIMBING, Phase.UNANSWERED}
    return Step(_due_at(hastened) if is_climbing else hastened, (tell,), Because.HASTENED)


def _answered(state: Ladder, event: Event, now_ms: int) -> Step:
    """As long as others must answer, too, it climbs on."""
    joined = _joined(state, event)
    if len(joined.acks) < joined.acks_needed:
        return Step(joined, (), Because.ANSWERED_BY_TOO_FEW)
    answered = msgspec.structs.replace(joined, phase=Phase.ANSWERED, due_ms=None)
    return Step(_counts_from(answered, now_ms), (), Because.ANSWERED)


def _answered_in_hold(state: Ladder, event: Event, now_ms: int) -> Step:
    del now_ms
    joined = _joined(state, event)
    if len(joined.acks) < joined.acks_needed:
        return Step(joined, (), Because.ANSWERED_BY_TOO_FEW)
    return Step(msgspec.structs.replace(joined, phase=Phase.CLEARING_ANSWERED), (), Because.ANSWERED)


def _joined(state: Ladder, event: Event) -> Ladder:
    by = event.by if isinstance(event, Answered) else ""
    return state if by in state.acks else msgspec.structs.replace(state, acks=(*state.acks, by))


def _progress(state: Ladder, event: Event, now_ms: int) -> Step:
    """A comment, another answer, anything a person does: the time begins anew."""
    return Step(
        _counts_from(_joined(state, event) if isinstance(event, Answered) else state, now_ms),
        (),
        Because.PROGRESS,
    )


def _counts_from(state: Ladder, now_ms: int) -> Ladder:
    lasts_ms = state.chain.ack_expires_ms
    if not lasts_ms:
        return state
    expires_ms = now_ms + lasts_ms
    return msgspec.structs.replace(
        state, expires_ms=expires_ms, due_ms=expires_ms - min(REMIND_MS, lasts_ms // 2)
    )


def _remind(state: Ladder, event: Event, now_ms: int) -> Step:
    """Who has answered hears that more is expected, before others are told again."""
    del event
    if state.expires_ms is None or state.due_ms == state.expires_ms:
        return Step(state, (), Because.NOT_DUE)
    if state.due_ms is not None and now_ms < state.due_ms:
        return Step(state, (), Because.NOT_DUE)
    reminded = msgspec.structs.replace(state, due_ms=state.expires_ms, reminders=state.reminders + 1)
    tell = Tell(NoticePurpose.REPEAT, (), state.rung, reminded.reminders, acked=state.acks, remind=True)
    return Step(reminded, (tell,), Because.REMINDED)


def _expire(state: Ladder, event: Event, now_ms: int) -> Step:
    """On from where it was: the next rung, or repeat, is due now, and those after it as far apart as ever."""
    again = msgspec.structs.replace(state, phase=Phase.CLIMBING, acks=(), expires_ms=None)
    due_ms = next_due(again)
    if due_ms is not None:
        again = msgspec.structs.replace(again, started_ms=again.started_ms + now_ms - due_ms)
    climbed = _climb(again, event, now_ms)
    return Step(climbed.state, climbed.effects, Because.ACK_EXPIRED)


def _over(state: Ladder, event: Event, now_ms: int) -> Step:
    del event
    answered = state.phase is Phase.ANSWERED or bool(state.acks)  # no gas any more: one is enough
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
    tell = Tell(NoticePurpose.CLEARED, (), state.rung, state.repeats, told=True)
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
    (Phase.HELD, Hasten): _hasten,
    (Phase.CLIMBING, Hasten): _hasten,
    (Phase.ANSWERED, Hasten): _hasten,
    (Phase.CLEARING, Hasten): _hasten,
    (Phase.CLEARING_ANSWERED, Hasten): _hasten,
    (Phase.UNANSWERED, Hasten): _hasten,
    (Phase.ANSWERED, Hush): _hush,
    (Phase.CLIMBING, Drop): _drop,
    (Phase.ANSWERED, Drop): _drop,
    (Phase.CLIMBING, Start): _start,
    (Phase.CLIMBING, Tick): _climb,
    (Phase.CLIMBING, Unreached): _unreached,
    (Phase.CLIMBING, Answered): _answered,
    (Phase.CLIMBING, Over): _over,
    (Phase.CLIMBING, Closed): _clear,
    (Phase.ANSWERED, Tick): _remind,
    (Phase.ANSWERED, Answered): _progress,
    (Phase.ANSWERED, Progress): _progress,
    (Phase.ANSWERED, Expired): _expire,
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
