"""What a step of an alarm's life means for its ladder."""

from collections.abc import Callable, Mapping
from typing import Final, TypeAlias

from alerts.rules.ladder_words import (
    Answered,
    Closed,
    Drop,
    Event,
    Expired,
    Hasten,
    Hold,
    Hush,
    Over,
    Progress,
    Resume,
    Start,
)
from gascore.alarm import QUIETED, Alarm, AlarmCause, NoticePurpose
from gascore.journal import AlarmStep
from gascore.policy import Chain

ChainOf: TypeAlias = Callable[[Alarm], Chain]
"""Who is told of an alarm, and when, as things are now."""
_PURPOSE: Final[Mapping[AlarmStep, NoticePurpose]] = {
    AlarmStep.OPENED: NoticePurpose.RAISED,
    AlarmStep.CAME_BACK: NoticePurpose.RAISED,
    AlarmStep.WORSE: NoticePurpose.WORSE,
}
HUSHING: Final = frozenset({AlarmStep.QUIETED, AlarmStep.SHELVED, AlarmStep.COVERED})
"""From then on nobody is told any more."""
_RELEASING: Final = frozenset({AlarmStep.ON_ITS_OWN, AlarmStep.UNSHELVED, AlarmStep.UNCOVERED})
_ANSWERING: Final = frozenset({AlarmStep.ACKED, AlarmStep.ALSO_ACKED})
_PLAIN: Final[Mapping[AlarmStep, Event]] = {
    AlarmStep.NORMAL: Over(),
    AlarmStep.COMMENTED: Progress(),
    AlarmStep.TAKEN: Progress(),
    AlarmStep.ACK_EXPIRED: Expired(),
    AlarmStep.HASTENED: Hasten(),
}


def ladder_event(
    before: Alarm | None, after: Alarm, step: AlarmStep, wait_ms: int, chain_of: ChainOf, by: str = ""
) -> Event | None:
    """What to tell the ladder; None: nothing.

    `before` is None when it opens. What may have an explanation waits `wait_ms` for it. `by`: who answers, a
    person's id or a user's name.
    """
    if step is AlarmStep.CLOSED:
        return Drop() if after.cause is AlarmCause.ABSORBED else Closed()
    if after.is_silent:
        return _silent(after, step, chain_of, by)
    if step in _RELEASING:
        return _released(after, step, wait_ms, chain_of)
    if step in _PURPOSE:
        return _told(before, after, step, wait_ms, chain_of)
    return Answered(by) if step in _ANSWERING else _PLAIN.get(step)


def _silent(after: Alarm, step: AlarmStep, chain_of: ChainOf, by: str) -> Event | None:
    """Nobody is told, whatever happens to it: the rest follows when nothing keeps it silent any more."""
    if step in _ANSWERING:
        return Answered(by)
    is_news = step in _PURPOSE or step in HUSHING or step in _RELEASING
    return Hush(chain_of(after)) if is_news else None


def _told(before: Alarm | None, after: Alarm, step: AlarmStep, wait_ms: int, chain_of: ChainOf) -> Event:
    if after.kind in QUIETED and step is AlarmStep.OPENED:
        return Hold(chain_of(after), wait_ms)
    # Back and higher than ever is news also to those who have not heard yet that it was over.
    higher = before is not None and after.peak_level > before.peak_level
    purpose = NoticePurpose.WORSE if higher else _PURPOSE[step]
    return Start(chain_of(after), purpose)


def _released(after: Alarm, step: AlarmStep, wait_ms: int, chain_of: ChainOf) -> Event | None:
    """Nothing keeps it silent any more: what still holds, and nobody answers for, starts from the first rung.

    Also a leak that outlives its gas test, of which the operators alone were told.
    """
    if after.acked_ms is not None:
        return Resume(chain_of(after), after.acked_by or "")
    if not after.active:
        return None  # only a leak outlives its condition, and its operators are being told
    if after.kind in QUIETED and step is AlarmStep.ON_ITS_OWN:
        return Hold(chain_of(after), wait_ms)
    return Start(chain_of(after), anew=True)
