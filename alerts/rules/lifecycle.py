"""The life of one alarm: everything that changes an alarm is in `TRANSITIONS`, and nowhere else.

ISA-18.2's states (condition active or normal, acknowledged or not) with a latch beside them, as OPC UA
part 9 has it: a leak stays open, though normal and acknowledged, until a person closes it with a cause.
What is not a leak closes by itself when its condition ends.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, StrEnum, auto
from typing import Final, TypeAlias

from alerts.rules.changes import changed, opened
from alerts.rules.occasions import (
    Absorbed,
    Ack,
    AckExpired,
    Began,
    Close,
    Comment,
    Covered,
    Ended,
    Event,
    Hasten,
    Numbers,
    Shelve,
    StoodFor,
    Take,
    Unshelve,
)
from alerts.rules.suppression import may_cover, may_shelve
from gascore.alarm import QUIETED, Alarm, AlarmCause, AlarmKind, AlarmStatus, Cover, FalseTrigger
from gascore.journal import AlarmStep, AlarmStepped
from gascore.operators import Outcome


@dataclass(frozen=True, slots=True)
class Case:
    """An alarm, and the version at which it last got worse: an older acknowledgement is out of date."""

    alarm: Alarm
    worse_version: int = 1


class Nothing(StrEnum):
    """Because … – why an event changed nothing."""

    SAME = "same"
    """it says what is known."""
    NOT_OPEN = "not_open"
    """no such alarm is open."""


Why: TypeAlias = AlarmStep | Outcome | Nothing


@dataclass(frozen=True, slots=True)
class Step:
    """What came of an event: an alarm never waits for an instant, so `wake_at` is always None."""

    state: Case | None
    effects: tuple[AlarmStepped, ...]
    reason: Why
    wake_at: None = None

    @property
    def outcome(self) -> Outcome:
        """The same as an answer to a person."""
        return self.reason if isinstance(self.reason, Outcome) else Outcome.DONE


class Cue(Enum):
    """An event in the light of the alarm that it meets."""

    BEGAN = auto()
    WORSENED = auto()
    EASED = auto()
    RISEN = auto()
    UNCHANGED = auto()
    ENDED_LATCHED = auto()
    ENDED = auto()
    ACK = auto()
    STALE_ACK = auto()
    CLOSE = auto()
    CLOSE_WITHOUT_CAUSE = auto()
    COMMENT = auto()
    CLOSE_WITHOUT_TRIGGER = auto()
    CLOSE_WITHOUT_WORDS = auto()
    SHELVE = auto()
    SHELVE_A_LEAK = auto()
    SHELVE_WITHOUT_WORDS = auto()
    SHELVE_WITHOUT_END = auto()
    UNSHELVE = auto()
    UNSHELVE_WHAT_IS_NOT = auto()
    COVER = auto()
    UNCOVER = auto()
    TAKE = auto()
    TAKE_AGAIN = auto()
    TAKE_FROM_ANOTHER = auto()
    HASTEN = auto()
    ABSORBED = auto()
    STOOD_FOR = auto()
    ON_ITS_OWN = auto()
    NUMBERS = auto()
    ACK_EXPIRED = auto()


Request: TypeAlias = Close | Comment | Shelve | Unshelve | Take | Hasten
_UA, _UN = AlarmStatus.UNACKED_ACTIVE, AlarmStatus.UNACKED_NORMAL
_AA, _AN, _X = AlarmStatus.ACKED_ACTIVE, AlarmStatus.ACKED_NORMAL, AlarmStatus.CLOSED

_ASKED: Final[Mapping[Cue, Why]] = {
    Cue.COMMENT: AlarmStep.COMMENTED,
    Cue.SHELVE: AlarmStep.SHELVED,
    Cue.SHELVE_A_LEAK: Outcome.NEVER_SHELVED,
    Cue.SHELVE_WITHOUT_WORDS: Outcome.NOTE_MISSING,
    Cue.SHELVE_WITHOUT_END: Outcome.BAD_END,
    Cue.UNSHELVE: AlarmStep.UNSHELVED,
    Cue.UNSHELVE_WHAT_IS_NOT: Outcome.NOT_SHELVED,
    Cue.TAKE: AlarmStep.TAKEN,
    Cue.TAKE_AGAIN: Outcome.ALREADY,
    Cue.TAKE_FROM_ANOTHER: Outcome.OWNED,
    Cue.HASTEN: AlarmStep.HASTENED,
    Cue.COVER: AlarmStep.COVERED,
    Cue.UNCOVER: AlarmStep.UNCOVERED,
}
"""The same whatever the condition and the acknowledgement of an open alarm are."""
_CLOSING: Final = (Cue.CLOSE, Cue.CLOSE_WITHOUT_CAUSE, Cue.CLOSE_WITHOUT_TRIGGER, Cue.CLOSE_WITHOUT_WORDS)
_ASKING: Final = (*_CLOSING, Cue.ACK, *(cue for cue in _ASKED if cue not in {Cue.COVER, Cue.UNCOVER}))

TRANSITIONS: Final[Mapping[tuple[AlarmStatus | None, Cue], Why]] = {
    **{(None, cue): Outcome.NOT_FOUND for cue in _ASKING},
    **{(state, cue): why for state in (_UA, _UN, _AA, _AN) for cue, why in _ASKED.items()},
    **{(state, cue): Outcome.STILL_ACTIVE for state in (_UA, _AA) for cue in _CLOSING},
    **{(_UN, cue): Outcome.NOT_ACKED for cue in _CLOSING},
    **{(_X, cue): Outcome.ALREADY for cue in _ASKING},
    (None, Cue.BEGAN): AlarmStep.OPENED,
    (None, Cue.ENDED): Nothing.NOT_OPEN,
    (_UA, Cue.WORSENED): AlarmStep.WORSE,
    (_UA, Cue.EASED): AlarmStep.LESS,
    (_UA, Cue.RISEN): AlarmStep.MORE,
    (_UA, Cue.ENDED_LATCHED): AlarmStep.NORMAL,
    (_UA, Cue.ENDED): AlarmStep.CLOSED,
    (_UA, Cue.ACK): AlarmStep.ACKED,
    (_UA, Cue.STALE_ACK): Outcome.CHANGED_MEANWHILE,
    (_UA, Cue.ABSORBED): AlarmStep.CLOSED,
    (_UA, Cue.STOOD_FOR): AlarmStep.QUIETED,
    (_UA, Cue.ON_ITS_OWN): AlarmStep.ON_ITS_OWN,
    (_UA, Cue.NUMBERS): AlarmStep.COUNTED,
    (_UN, Cue.BEGAN): AlarmStep.CAME_BACK,
    (_UN, Cue.ACK): AlarmStep.ACKED,
    (_UN, Cue.STALE_ACK): Outcome.CHANGED_MEANWHILE,
    (_AA, Cue.WORSENED): AlarmStep.WORSE,
    (_AA, Cue.EASED): AlarmStep.LESS,
    (_AA, Cue.RISEN): AlarmStep.MORE,
    (_AA, Cue.ENDED_LATCHED): AlarmStep.NORMAL,
    (_AA, Cue.ENDED): AlarmStep.CLOSED,
    (_AA, Cue.ACK): Outcome.ALREADY,
    (_AA, Cue.STALE_ACK): Outcome.ALREADY,
    (_AA, Cue.ABSORBED): AlarmStep.CLOSED,
    (_AA, Cue.STOOD_FOR): AlarmStep.QUIETED,
    (_AA, Cue.ON_ITS_OWN): AlarmStep.ON_ITS_OWN,
    (_AA, Cue.NUMBERS): AlarmStep.COUNTED,
    (_AA, Cue.ACK_EXPIRED): AlarmStep.ACK_EXPIRED,
    (_AN, Cue.BEGAN): AlarmStep.CAME_BACK,
    (_AN, Cue.ACK): Outcome.ALREADY,
    (_AN, Cue.STALE_ACK): Outcome.ALREADY,
    (_AN, Cue.CLOSE): AlarmStep.CLOSED,
    (_AN, Cue.CLOSE_WITHOUT_CAUSE): Outcome.CAUSE_MISSING,
    (_AN, Cue.CLOSE_WITHOUT_TRIGGER): Outcome.TRIGGER_MISSING,
    (_AN, Cue.CLOSE_WITHOUT_WORDS): Outcome.NOTE_MISSING,
    (_X, Cue.STALE_ACK): Outcome.ALREADY,
    (_X, Cue.COMMENT): AlarmStep.COMMENTED,
}
"""State x cue -> the step, or why not. A pair without a row changes nothing (`Nothing.SAME`)."""


_NEWS: Final = frozenset({AlarmStep.OPENED, AlarmStep.CAME_BACK, AlarmStep.WORSE})


def step(state: Case | None, event: Event, now_ms: int) -> Step:
    """Change an alarm by an event at `now_ms`; without a change the same state object comes back."""
    cue = cue_of(state, event, now_ms)
    reason = TRANSITIONS.get((state.alarm.standing if state else None, cue), Nothing.SAME)
    if not isinstance(reason, AlarmStep):
        return Step(state, (), reason)
    alarm = opened(event, now_ms) if state is None else changed(state.alarm, reason, event, now_ms)
    # What takes an acknowledgement away is news to who gave it.
    is_news = (
        state is None or reason in _NEWS or (state.alarm.acked_ms is not None and alarm.acked_ms is None)
    )
    worse_version = alarm.version if state is None or is_news else state.worse_version
    effect = AlarmStepped(
        alarm=alarm, step=reason, by=getattr(event, "by", None), note=getattr(event, "note", "")
    )
    return Step(Case(alarm, worse_version), (effect,), reason)


def cue_of(state: Case | None, event: Event, now_ms: int) -> Cue:
    """What an event means for this alarm."""
    alarm = state.alarm if state else None
    match event:
        case Began():
            return _cue_of_began(alarm, event)
        case Ended():
            return Cue.ENDED_LATCHED if alarm and alarm.latched else Cue.ENDED
        case Absorbed() | StoodFor() | Numbers() | Covered():
            return _cue_of_surroundings(alarm, event)
        case Ack():
            stale = state and event.seen_version is not None and event.seen_version < state.worse_version
            return Cue.STALE_ACK if stale else Cue.ACK
        case AckExpired():
            return Cue.ACK_EXPIRED
        case _:
            return _cue_of_request(alarm, event, now_ms)


def _cue_of_request(alarm: Alarm | None, event: Request, now_ms: int) -> Cue:
    match event:
        case Close():
            return _cue_of_close(event)
        case Comment():
            return Cue.COMMENT
        case Shelve():
            return _cue_of_shelve(alarm, event, now_ms)
        case Unshelve():
            return Cue.UNSHELVE if alarm and alarm.shelf else Cue.UNSHELVE_WHAT_IS_NOT
        case Take():
            return _cue_of_take(alarm, event)
        case Hasten():
            return Cue.HASTEN


def _cue_of_take(alarm: Alarm | None, event: Take) -> Cue:
    owner = alarm.owner if alarm else None
    if owner == event.by:
        return Cue.TAKE_AGAIN
    return Cue.TAKE if owner is None or event.take_over else Cue.TAKE_FROM_ANOTHER


def _cue_of_close(event: Close) -> Cue:
    # "It cleared" is what the service says of an alarm that nobody had to judge; a person says why.
    if event.cause in {None, AlarmCause.CLEARED, AlarmCause.ABSORBED}:
        return Cue.CLOSE_WITHOUT_CAUSE
    is_false = event.cause is AlarmCause.FALSE_ALARM
    if is_false and event.trigger is None:
        return Cue.CLOSE_WITHOUT_TRIGGER
    says_other = event.cause is AlarmCause.OTHER or (is_false and event.trigger is FalseTrigger.OTHER)
    return Cue.CLOSE_WITHOUT_WORDS if says_other and not event.note.strip() else Cue.CLOSE


def _cue_of_shelve(alarm: Alarm | None, event: Shelve, now_ms: int) -> Cue:
    if alarm is not None and not may_shelve(alarm.kind):
        return Cue.SHELVE_A_LEAK
    if not event.note.strip():
        return Cue.SHELVE_WITHOUT_WORDS
    if event.until_ms is None or not now_ms < event.until_ms <= now_ms + event.longest_ms:
        return Cue.SHELVE_WITHOUT_END
    return Cue.SHELVE


def _cue_of_cover(alarm: Alarm, cover: Cover | None) -> Cue:
    if cover == alarm.cover:
        return Cue.UNCHANGED
    if cover is None:
        return Cue.UNCOVER
    return Cue.COVER if may_cover(alarm.kind, alarm.priority, cover) else Cue.UNCHANGED


def _cue_of_surroundings(alarm: Alarm | None, event: Absorbed | StoodFor | Numbers | Covered) -> Cue:
    if alarm is None:
        return Cue.UNCHANGED
    match event:
        case Absorbed():
            return Cue.ABSORBED if alarm.kind is AlarmKind.OUTAGE else Cue.UNCHANGED
        case StoodFor(other):
            # Whatever asks for it: only these kinds are ever silent inside another alarm, never a leak.
            if other == alarm.inside or alarm.kind not in QUIETED:
                return Cue.UNCHANGED
            return Cue.ON_ITS_OWN if other is None else Cue.STOOD_FOR
        case Covered(cover):
            return _cue_of_cover(alarm, cover)
        case Numbers():
            return _cue_of_numbers(alarm, event)


def _cue_of_numbers(alarm: Alarm, event: Numbers) -> Cue:
    if event.worse:
        return Cue.WORSENED
    is_same = event.outage in {None, alarm.outage} and event.count in {None, alarm.count}
    return Cue.UNCHANGED if is_same else Cue.NUMBERS


def _cue_of_began(alarm: Alarm | None, event: Began) -> Cue:
    if alarm is None or not alarm.active:
        return Cue.BEGAN
    before, after = set(alarm.codes), set(event.codes)
    # Another fault is news; how we know of a wrong gas (ledger, its own message, both) is not.
    tells_more = alarm.kind is AlarmKind.FAULT and before != after
    if event.level > alarm.news_level or event.priority < alarm.priority or (tells_more and after - before):
        return Cue.WORSENED
    if event.level > alarm.level:
        return Cue.RISEN
    if event.level < alarm.level or tells_more:
        return Cue.EASED
    # More gas at the same level takes nobody's acknowledgement away, but what people are told next says it.
    is_more = event.lel is not None and event.lel > (alarm.peak_lel or 0.0)
    return Cue.NUMBERS if is_more else Cue.UNCHANGED
