"""The instants of a ladder (`alerts.rules.ladder`): all from where it started, never from the tick before."""

from typing import Final

from msgspec.structs import replace

from alerts.rules.ladder_words import Ladder, Phase

CLEAR_HOLD_MS: Final = 15_000
"""More than one report interval of a detector in alarm (10 s in the demo; GB/T 45839-2025: at most 10 s)."""
REMIND_MS: Final = 300_000
"""So long before an answer expires who gave it is reminded; at most half of the time."""
EXPIRING: Final = frozenset({Phase.CLIMBING, Phase.ANSWERED})
"""Where an answer counts for a while only; in `CLIMBING` it is that of too few."""
_COMPUTED: Final = EXPIRING | {Phase.UNANSWERED}


def next_due(state: Ladder) -> int | None:
    """When the next rung or repeat of a ladder that climbs is due, from its start alone; None: never."""
    if not state.rungs:
        return None
    if state.rung + 1 < len(state.rungs):
        return state.started_ms + state.rungs[state.rung + 1].after_ms
    if state.phase is Phase.UNANSWERED:
        return None  # no gas, no repeats
    return state.started_ms + state.rungs[-1].after_ms + (state.repeats + 1) * state.chain.repeat_ms


def rung_by(state: Ladder, now_ms: int) -> int:
    """How far up it has to be by now, from its start alone; -1: nobody is to be told yet."""
    elapsed_ms = now_ms - state.started_ms
    return max((n for n, rung in enumerate(state.rungs) if rung.after_ms <= elapsed_ms), default=-1)


def repeats_by(state: Ladder, now_ms: int) -> int:
    """How many repeats everybody has to have had by now, from its start alone."""
    if not state.rungs:
        return 0
    return max(0, now_ms - state.started_ms - state.rungs[-1].after_ms) // state.chain.repeat_ms


def total_ms(state: Ladder) -> int:
    """How long after its start everybody has been told twice."""
    return state.rungs[-1].after_ms + state.chain.repeat_ms if state.rungs else 0


def is_expired(state: Ladder, now_ms: int) -> bool:
    """Whether it was answered, and nothing came of it in time."""
    return state.phase in EXPIRING and state.expires_ms is not None and state.expires_ms <= now_ms


def due_at(state: Ladder) -> Ladder:
    """The same, with the instant at which something is due; of a ladder that waits for something, as it was."""
    if state.phase not in _COMPUTED:
        return state
    found = [state.remind_ms, state.expires_ms] if state.phase in EXPIRING else []
    if state.phase is not Phase.ANSWERED:
        found.append(next_due(state))
    return replace(state, due_ms=min((one for one in found if one is not None), default=None))


def counts_from(state: Ladder, now_ms: int) -> Ladder:
    """The same, with answers that count from now on."""
    lasts_ms = state.chain.ack_expires_ms
    if not lasts_ms or not state.acks:
        return due_at(replace(state, expires_ms=None, remind_ms=None))
    expires_ms = now_ms + lasts_ms
    remind_ms = expires_ms - min(REMIND_MS, lasts_ms // 2)
    return due_at(replace(state, expires_ms=expires_ms, remind_ms=remind_ms))


def without_answers(state: Ladder) -> Ladder:
    """The same, but nobody has answered for it, and nobody has asked for more."""
    return replace(state, acks=(), expires_ms=None, remind_ms=None, hastened=-1)


def set_back(state: Ladder, by_ms: int) -> Ladder:
    """The same ladder after the clock was set back: what was due in a minute is still due in a minute."""
    return replace(
        state,
        started_ms=state.started_ms - by_ms,
        told_ms=state.told_ms - by_ms,
        due_ms=None if state.due_ms is None else state.due_ms - by_ms,
        expires_ms=None if state.expires_ms is None else state.expires_ms - by_ms,
        remind_ms=None if state.remind_ms is None else state.remind_ms - by_ms,
    )
