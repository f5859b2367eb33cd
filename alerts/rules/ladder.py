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

from alerts.rules.ladder_times import (
    CLEAR_HOLD_MS,
    counts_from,
    due_at,
    is_expired,
    next_due,
    repeats_by,
    rung_by,
    set_back,
    total_ms,
    without_answers,
)
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
    Resume,
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
    "Resume",
    "Start",
    "Step",
    "Tell",
    "Tick",
    "Unreached",
    "is_expired",
    "set_back",
]


def step(state: Ladder, event: Event, now_ms: int) -> Step:
    """Change a ladder by an event at `now_ms`; a pair without a row changes nothing."""
    move = TRANSITIONS.get((state.phase, type(event)))
    return move(state, event, now_ms) if move else Step(state, (), Because.NOT_DUE)


def _start(state: Ladder, event: Event, now_ms: int) -> Step:
    if not isinstance(event, Start):
        raise TypeError(f"TRANSITIONS starts a ladder on {type(event).__name__}")
    if _waits_for_answers(state, now_ms) and not event.anew:
        return _told_again(state, event, now_ms)
    return _begun(state, event, (), now_ms)


def _waits_for_answers(state: Ladder, now_ms: int) -> bool:
    """Whether nobody, or too few, answered what people were told of before."""
    if state.phase in {Phase.CLIMBING, Phase.CLEARING, Phase.UNANSWERED}:
        return True
    too_few = 0 < len(state.acks) < state.acks_needed
    if state.phase is Phase.CLEARING_ANSWERED:
        return too_few
    # One answer was enough for what was over; it is back soon enough to be the same matter.
    return state.phase is Phase.DONE and too_few and now_ms - state.started_ms <= total_ms(state)


def _begun(state: Ladder, event: Start, acks: tuple[str, ...], now_ms: int) -> Step:
    """From the first rung; `acks`: they have answered already, but others must, too."""
    again = state.phase is not Phase.IDLE
    reason = Because.STARTED_AGAIN if again else Because.STARTED
    fresh = Ladder(phase=Phase.CLIMBING, chain=event.chain, started_ms=now_ms, told_ms=now_ms, acks=acks)
    if not fresh.rungs or fresh.rungs[0].after_ms:
        return Step(counts_from(fresh, now_ms), (), reason)
    told = counts_from(msgspec.structs.replace(fresh, rung=0), now_ms)
    return Step(told, (Tell(event.purpose, fresh.rungs[:1], rung=0, told=again, acked=acks),), reason)


def _told_again(state: Ladder, event: Start, now_ms: int) -> Step:
    """All up to where it has come, or must have come by now, are told; and it climbs on from its first start."""
    again = msgspec.structs.replace(
        without_answers(state), phase=Phase.CLIMBING, chain=event.chain, told_ms=now_ms
    )
    last = len(again.rungs) - 1
    again = msgspec.structs.replace(again, rung=max(min(state.rung, last), rung_by(again, now_ms)))
    same = event.chain == state.chain
    repeats = max(repeats_by(again, now_ms), state.repeats if same else 0) if again.rung == last else 0
    again = due_at(msgspec.structs.replace(again, repeats=repeats))
    if again.rung < 0:
        return Step(again, (), Because.STARTED_AGAIN)
    tell = Tell(event.purpose, again.rungs[: again.rung + 1], again.rung, again.told_again, told=True)
    return Step(again, (tell,), Because.STARTED_AGAIN)


def _resume(state: Ladder, event: Event, now_ms: int) -> Step:
    """It was answered before nobody was told any more, or meanwhile."""
    if not isinstance(event, Resume):
        raise TypeError(f"TRANSITIONS resumes a ladder on {type(event).__name__}")
    acks = state.acks or ((event.by,) if event.by else ())
    quiet = msgspec.structs.replace(state, chain=event.chain, acks=acks)
    if len(acks) < quiet.acks_needed:
        return _begun(state, Start(event.chain), acks, now_ms)
    answered = msgspec.structs.replace(quiet, phase=Phase.ANSWERED)
    return Step(counts_from(answered, now_ms), (), Because.ANSWERED)


def _hold(state: Ladder, event: Event, now_ms: int) -> Step:
    """Who was told before goes on being told at the old instants; who was not, is not told yet."""
    if not isinstance(event, Hold):
        raise TypeError(f"TRANSITIONS holds a ladder on {type(event).__name__}")
    if state.rung >= 0:
        return Step(due_at(msgspec.structs.replace(state, phase=Phase.CLIMBING)), (), Because.BACK_IN_HOLD)
    held = Ladder(
        phase=Phase.HELD, chain=event.chain, started_ms=now_ms, due_ms=now_ms + event.hold_ms, acks=state.acks
    )
    return Step(held, (), Because.HELD)


def _start_if_due(state: Ladder, event: Event, now_ms: int) -> Step:
    if state.due_ms is not None and now_ms < state.due_ms:
        return Step(state, (), Because.NOT_DUE)
    del event
    return _begun(Ladder(), Start(state.chain), state.acks, now_ms)


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
    climbing = due_at(msgspec.structs.replace(state, phase=Phase.CLIMBING))
    done = _climb(climbing, event, now_ms)
    return Step(done.state, done.effects, Because.BACK_IN_HOLD)


def _climb_and_remind(state: Ladder, event: Event, now_ms: int) -> Step:
    """Where others must answer, too, who has answered is reminded as well."""
    climbed = _climb(state, event, now_ms)
    reminded = _remind(climbed.state, event, now_ms)
    if not reminded.effects:
        return climbed
    reason = climbed.reason if climbed.effects else reminded.reason
    return Step(reminded.state, (*climbed.effects, *reminded.effects), reason)


def _climb(state: Ladder, event: Event, now_ms: int) -> Step:
    del event
    rungs = state.rungs
    up = max(state.rung, rung_by(state, now_ms))
    told = rungs[state.rung + 1 : up + 1]
    climbed = msgspec.structs.replace(state, rung=up)
    is_over = state.phase is Phase.UNANSWERED
    reason, purpose = Because.CLIMBED_AFTER if is_over else Because.CLIMBED, NoticePurpose.RAISED
    if up == len(rungs) - 1 and rungs and not is_over:
        repeats = repeats_by(state, now_ms)
        if repeats > state.repeats:
            climbed = msgspec.structs.replace(climbed, repeats=repeats)
            told, reason, purpose = rungs, Because.REPEATED, NoticePurpose.REPEAT
    climbed = due_at(climbed)
    if not told:
        return Step(climbed, (), Because.NOT_DUE)
    tell = Tell(purpose, told, climbed.rung, climbed.told_again, acked=climbed.acks)
    return Step(climbed, (tell,), reason)


def _unreached(state: Ladder, event: Event, now_ms: int) -> Step:
    del now_ms
    up = state.rung + 1
    if not isinstance(event, Unreached) or event.rung != state.rung or up >= len(state.rungs):
        # The last rung is repeated at its time; asking a dead number at once again helps nobody.
        return Step(state, (), Because.NOT_DUE)
    if state.phase is Phase.ANSWERED and state.hastened != state.rung:
        return Step(state, (), Because.NOT_DUE)  # somebody answers for it, and nobody has asked for more
    hastened = up if state.hastened == state.rung else state.hastened
    told = due_at(msgspec.structs.replace(state, rung=up, hastened=hastened))
    tell = Tell(NoticePurpose.RAISED, state.rungs[up : up + 1], up, acked=state.acks)
    return Step(told, (tell,), Because.UNREACHED)


def _hasten(state: Ladder, event: Event, now_ms: int) -> Step:
    """Who answers for it goes on answering: the phase stays."""
    del event
    if not state.rungs:
        return Step(state, (), Because.NOT_DUE)
    if state.phase is Phase.HELD:
        held = Ladder(
            phase=Phase.CLIMBING, chain=state.chain, started_ms=now_ms, told_ms=now_ms, acks=state.acks
        )
        state = counts_from(held, now_ms)
    up = state.rung + 1
    if up < len(state.rungs):
        hastened = msgspec.structs.replace(state, rung=up, hastened=up)
        tell = Tell(NoticePurpose.RAISED, state.rungs[up : up + 1], up, acked=state.acks)
    else:
        hastened = msgspec.structs.replace(state, hastes=state.hastes + 1, hastened=state.rung)
        tell = Tell(NoticePurpose.REPEAT, state.rungs, state.rung, hastened.told_again, acked=state.acks)
    return Step(due_at(hastened), (tell,), Because.HASTENED)


def _answered(state: Ladder, event: Event, now_ms: int) -> Step:
    """As long as others must answer, too, it climbs on."""
    joined = msgspec.structs.replace(_joined(state, event), hastened=-1)
    if len(joined.acks) < joined.acks_needed:
        return Step(counts_from(joined, now_ms), (), Because.ANSWERED_BY_TOO_FEW)
    answered = msgspec.structs.replace(joined, phase=Phase.ANSWERED)
    return Step(counts_from(answered, now_ms), (), Because.ANSWERED)


def _answered_in_hold(state: Ladder, event: Event, now_ms: int) -> Step:
    """No gas any more: one is enough."""
    del now_ms
    joined = _joined(state, event)
    return Step(msgspec.structs.replace(joined, phase=Phase.CLEARING_ANSWERED), (), Because.ANSWERED)


def _answered_quietly(state: Ladder, event: Event, now_ms: int) -> Step:
    """Nobody is told; who answered is known when nothing keeps it silent any more."""
    del now_ms
    return Step(_joined(state, event), (), Because.ANSWERED)


def _joined(state: Ladder, event: Event) -> Ladder:
    by = event.by if isinstance(event, Answered) else ""
    return state if by in state.acks else msgspec.structs.replace(state, acks=(*state.acks, by))


def _progress(state: Ladder, event: Event, now_ms: int) -> Step:
    """A comment, another answer, anything a person does: the time begins anew."""
    if isinstance(event, Answered):
        state = msgspec.structs.replace(_joined(state, event), hastened=-1)
    return Step(counts_from(state, now_ms), (), Because.PROGRESS)


def _remind(state: Ladder, event: Event, now_ms: int) -> Step:
    """Who has answered hears that more is expected, before others are told again."""
    del event
    if state.remind_ms is None or now_ms < state.remind_ms:
        return Step(due_at(state), (), Because.NOT_DUE)
    reminded = due_at(msgspec.structs.replace(state, remind_ms=None, reminders=state.reminders + 1))
    tell = Tell(NoticePurpose.REPEAT, (), state.rung, reminded.reminders, acked=state.acks, remind=True)
    return Step(reminded, (tell,), Because.REMINDED)


def _expire(state: Ladder, event: Event, now_ms: int) -> Step:
    """On from where it was: the next rung, or repeat, is due now, and those after it as far apart as ever.

    Where it has climbed all the time, because others must answer, too, it only goes on.
    """
    again = msgspec.structs.replace(without_answers(state), phase=Phase.CLIMBING)
    due_ms = next_due(again)
    if state.phase is Phase.ANSWERED and due_ms is not None:
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
    on = due_at(msgspec.structs.replace(state, phase=Phase.UNANSWERED))
    return Step(on, cleared.effects, Because.CLEARED)


def _end(state: Ladder, event: Event, now_ms: int) -> Step:
    """Nobody has to be told anything more."""
    del now_ms
    reason = Because.CLOSED
    if isinstance(event, Answered):
        state, reason = _joined(state, event), Because.ANSWERED
    return Step(msgspec.structs.replace(state, phase=Phase.DONE, due_ms=None), (), reason)


def _clear(state: Ladder, event: Event, now_ms: int) -> Step:
    del event, now_ms
    done = msgspec.structs.replace(state, phase=Phase.DONE, due_ms=None)
    tell = Tell(NoticePurpose.CLEARED, (), state.rung, state.repeats, told=True)
    return Step(done, (tell,), Because.CLOSED)


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
    (Phase.QUIET, Answered): _answered_quietly,
    (Phase.QUIET, Resume): _resume,
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
    (Phase.CLIMBING, Tick): _climb_and_remind,
    (Phase.CLIMBING, Progress): _progress,
    (Phase.CLIMBING, Expired): _expire,
    (Phase.CLIMBING, Unreached): _unreached,
    (Phase.CLIMBING, Answered): _answered,
    (Phase.CLIMBING, Over): _over,
    (Phase.CLIMBING, Closed): _clear,
    (Phase.ANSWERED, Tick): _remind,
    (Phase.ANSWERED, Answered): _progress,
    (Phase.ANSWERED, Progress): _progress,
    (Phase.ANSWERED, Expired): _expire,
    (Phase.ANSWERED, Unreached): _unreached,
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
