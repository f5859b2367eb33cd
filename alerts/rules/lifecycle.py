"""The life of one alarm: everything that changes an alarm is in `TRANSITIONS`, and nowhere else.

ISA-18.2's states (condition active or normal, acknowledged or not) with a latch beside them, as OPC UA
part 9 has it: a leak stays open, though normal and acknowledged, until a person closes it with a cause.
What is not a leak closes by itself when its condition ends.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum, StrEnum, auto
from typing import Final, TypeAlias

import msgspec

from gascore.alarm import QUIETED, Alarm, AlarmCause, AlarmKind, AlarmStatus, Outage
from gascore.journal import AlarmStep, AlarmStepped
from gascore.operators import Outcome
from gascore.words import AlarmId, DetectorId, Level, Priority, RoomId, SiteId

LATCHING: Final = frozenset({AlarmKind.LEAK, AlarmKind.UNKNOWN_LEAK})


@dataclass(frozen=True, slots=True)
class Began:
    """A condition holds. `id` is used when this opens an alarm; `lel` is %LEL; instants in ms."""

    id: AlarmId
    key: str
    kind: AlarmKind
    priority: Priority
    since_ms: int
    received_ms: int
    level: Level = Level.NONE
    lel: float | None = None
    codes: tuple[str, ...] = ()
    late: bool = False
    detector: DetectorId | None = None
    site: SiteId | None = None
    room: RoomId | None = None
    inside: AlarmId | None = None
    outage: Outage | None = None


@dataclass(frozen=True, slots=True)
class Ended:
    """The condition holds no more."""


@dataclass(frozen=True, slots=True)
class Absorbed:
    """Another alarm explains more and takes its place."""


@dataclass(frozen=True, slots=True)
class StoodFor:
    """From now on the alarm `other` stands for this one; None: it is on its own."""

    other: AlarmId | None


@dataclass(frozen=True, slots=True)
class Numbers:
    """What a group alarm counts, or how often a connection broke off (`count`).

    `worse`: so much more than when somebody answered for it that people are told again.
    """

    outage: Outage | None = None
    count: int | None = None
    worse: bool = False


@dataclass(frozen=True, slots=True)
class Ack:
    """Somebody takes responsibility, having seen `seen_version` (None: by text, without a version)."""

    by: str
    seen_version: int | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Close:
    """A person closes it and says why."""

    by: str
    cause: AlarmCause | None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Comment:
    """A person adds a remark."""

    by: str
    note: str


Event: TypeAlias = Began | Ended | Absorbed | StoodFor | Numbers | Ack | Close | Comment


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
    UNCHANGED = auto()
    ENDED_LATCHED = auto()
    ENDED = auto()
    ACK = auto()
    STALE_ACK = auto()
    CLOSE = auto()
    CLOSE_WITHOUT_CAUSE = auto()
    COMMENT = auto()
    ABSORBED = auto()
    STOOD_FOR = auto()
    ON_ITS_OWN = auto()
    NUMBERS = auto()


_UA, _UN = AlarmStatus.UNACKED_ACTIVE, AlarmStatus.UNACKED_NORMAL
_AA, _AN, _X = AlarmStatus.ACKED_ACTIVE, AlarmStatus.ACKED_NORMAL, AlarmStatus.CLOSED

TRANSITIONS: Final[Mapping[tuple[AlarmStatus | None, Cue], Why]] = {
    (None, Cue.BEGAN): AlarmStep.OPENED,
    (None, Cue.ENDED): Nothing.NOT_OPEN,
    (None, Cue.ACK): Outcome.NOT_FOUND,
    (None, Cue.CLOSE): Outcome.NOT_FOUND,
    (None, Cue.CLOSE_WITHOUT_CAUSE): Outcome.NOT_FOUND,
    (None, Cue.COMMENT): Outcome.NOT_FOUND,
    (_UA, Cue.WORSENED): AlarmStep.WORSE,
    (_UA, Cue.EASED): AlarmStep.LESS,
    (_UA, Cue.ENDED_LATCHED): AlarmStep.NORMAL,
    (_UA, Cue.ENDED): AlarmStep.CLOSED,
    (_UA, Cue.ACK): AlarmStep.ACKED,
    (_UA, Cue.STALE_ACK): Outcome.CHANGED_MEANWHILE,
    (_UA, Cue.CLOSE): Outcome.STILL_ACTIVE,
    (_UA, Cue.CLOSE_WITHOUT_CAUSE): Outcome.STILL_ACTIVE,
    (_UA, Cue.COMMENT): AlarmStep.COMMENTED,
    (_UA, Cue.ABSORBED): AlarmStep.CLOSED,
    (_UA, Cue.STOOD_FOR): AlarmStep.QUIETED,
    (_UA, Cue.ON_ITS_OWN): AlarmStep.ON_ITS_OWN,
    (_UA, Cue.NUMBERS): AlarmStep.COUNTED,
    (_UN, Cue.BEGAN): AlarmStep.CAME_BACK,
    (_UN, Cue.ACK): AlarmStep.ACKED,
    (_UN, Cue.STALE_ACK): Outcome.CHANGED_MEANWHILE,
    (_UN, Cue.CLOSE): Outcome.NOT_ACKED,
    (_UN, Cue.CLOSE_WITHOUT_CAUSE): Outcome.NOT_ACKED,
    (_UN, Cue.COMMENT): AlarmStep.COMMENTED,
    (_AA, Cue.WORSENED): AlarmStep.WORSE,
    (_AA, Cue.EASED): AlarmStep.LESS,
    (_AA, Cue.ENDED_LATCHED): AlarmStep.NORMAL,
    (_AA, Cue.ENDED): AlarmStep.CLOSED,
    (_AA, Cue.ACK): Outcome.ALREADY,
    (_AA, Cue.STALE_ACK): Outcome.ALREADY,
    (_AA, Cue.CLOSE): Outcome.STILL_ACTIVE,
    (_AA, Cue.CLOSE_WITHOUT_CAUSE): Outcome.STILL_ACTIVE,
    (_AA, Cue.COMMENT): AlarmStep.COMMENTED,
    (_AA, Cue.ABSORBED): AlarmStep.CLOSED,
    (_AA, Cue.STOOD_FOR): AlarmStep.QUIETED,
    (_AA, Cue.ON_ITS_OWN): AlarmStep.ON_ITS_OWN,
    (_AA, Cue.NUMBERS): AlarmStep.COUNTED,
    (_AN, Cue.BEGAN): AlarmStep.CAME_BACK,
    (_AN, Cue.ACK): Outcome.ALREADY,
    (_AN, Cue.STALE_ACK): Outcome.ALREADY,
    (_AN, Cue.CLOSE): AlarmStep.CLOSED,
    (_AN, Cue.CLOSE_WITHOUT_CAUSE): Outcome.CAUSE_MISSING,
    (_AN, Cue.COMMENT): AlarmStep.COMMENTED,
    (_X, Cue.ACK): Outcome.ALREADY,
    (_X, Cue.STALE_ACK): Outcome.ALREADY,
    (_X, Cue.CLOSE): Outcome.ALREADY,
    (_X, Cue.CLOSE_WITHOUT_CAUSE): Outcome.ALREADY,
    (_X, Cue.COMMENT): AlarmStep.COMMENTED,
}
"""State x cue -> the step, or why not. A pair without a row changes nothing (`Nothing.SAME`)."""


def step(state: Case | None, event: Event, now_ms: int) -> Step:
    """Change an alarm by an event at `now_ms`; without a change the same state object comes back."""
    cue = cue_of(state, event)
    reason = TRANSITIONS.get((state.alarm.status if state else None, cue), Nothing.SAME)
    if not isinstance(reason, AlarmStep):
        return Step(state, (), reason)
    alarm = _open(event, now_ms) if state is None else _changed(state.alarm, reason, event, now_ms)
    got_worse = reason in {AlarmStep.OPENED, AlarmStep.CAME_BACK, AlarmStep.WORSE}
    worse_version = alarm.version if state is None or got_worse else state.worse_version
    effect = AlarmStepped(
        alarm=alarm, step=reason, by=getattr(event, "by", None), note=getattr(event, "note", "")
    )
    return Step(Case(alarm, worse_version), (effect,), reason)


def cue_of(state: Case | None, event: Event) -> Cue:
    """What an event means for this alarm."""
    match event:
        case Began():
            return _cue_of_began(state.alarm if state else None, event)
        case Ended():
            return Cue.ENDED_LATCHED if state and state.alarm.latched else Cue.ENDED
        case Absorbed() | StoodFor() | Numbers():
            return _cue_of_grouping(state.alarm if state else None, event)
        case Ack():
            stale = state and event.seen_version is not None and event.seen_version < state.worse_version
            return Cue.STALE_ACK if stale else Cue.ACK
        case Close():
            # "It cleared" is what the service says of an alarm that nobody had to judge; a person says why.
            judged = event.cause not in {None, AlarmCause.CLEARED}
            return Cue.CLOSE if judged else Cue.CLOSE_WITHOUT_CAUSE
        case Comment():
            return Cue.COMMENT


def _cue_of_grouping(alarm: Alarm | None, event: Absorbed | StoodFor | Numbers) -> Cue:
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
        case Numbers(worse=True):
            return Cue.WORSENED
        case Numbers(outage, count):
            is_same = outage in {None, alarm.outage} and count in {None, alarm.count}
            return Cue.UNCHANGED if is_same else Cue.NUMBERS


def _cue_of_began(alarm: Alarm | None, event: Began) -> Cue:
    if alarm is None or not alarm.active:
        return Cue.BEGAN
    before, after = set(alarm.codes), set(event.codes)
    # Another fault is news; how we know of a wrong gas (ledger, its own message, both) is not.
    tells_more = alarm.kind is AlarmKind.FAULT and before != after
    if event.level > alarm.level or event.priority < alarm.priority or (tells_more and after - before):
        return Cue.WORSENED
    if event.level < alarm.level or tells_more:
        return Cue.EASED
    return Cue.UNCHANGED


def _open(event: Event, now_ms: int) -> Alarm:
    if not isinstance(event, Began):
        raise TypeError(f"TRANSITIONS opens an alarm on {type(event).__name__}")
    return Alarm(
        id=event.id,
        key=event.key,
        kind=event.kind,
        priority=event.priority,
        version=1,
        active=True,
        latched=event.kind in LATCHING,
        opened_ms=now_ms,
        changed_ms=now_ms,
        received_ms=event.received_ms,
        since_ms=event.since_ms,
        detector=event.detector,
        site=event.site,
        room=event.room,
        level=event.level,
        peak_level=event.level,
        peak_lel=event.lel,
        late=event.late,
        codes=event.codes,
        inside=event.inside if event.kind in QUIETED else None,
        outage=event.outage,
    )


def _changed(alarm: Alarm, reason: AlarmStep, event: Event, now_ms: int) -> Alarm:
    alarm = msgspec.structs.replace(alarm, version=alarm.version + 1, changed_ms=now_ms)
    return _CHANGES[reason](alarm, event)


def _back_or_other_level(alarm: Alarm, event: Event) -> Alarm:
    if not isinstance(event, Began):
        raise TypeError(f"TRANSITIONS changes a level on {type(event).__name__}")
    lels = [value for value in (alarm.peak_lel, event.lel) if value is not None]
    return msgspec.structs.replace(
        alarm,
        active=True,
        level=event.level,
        peak_level=max(alarm.peak_level, event.level),
        peak_lel=max(lels, default=None),
        # An open alarm never becomes less urgent: people were told that it is.
        priority=min(alarm.priority, event.priority),
        codes=event.codes,
    )


def _worse(alarm: Alarm, event: Event) -> Alarm:
    counts = isinstance(event, Numbers)
    changed = _counted(alarm, event) if counts else _back_or_other_level(alarm, event)
    return msgspec.structs.replace(changed, acked_by=None, acked_ms=None)


def _came_back(alarm: Alarm, event: Event) -> Alarm:
    changed = _worse(alarm, event)
    since_ms = event.since_ms if isinstance(event, Began) else alarm.since_ms
    return msgspec.structs.replace(changed, count=alarm.count + 1, since_ms=since_ms)


def _normal(alarm: Alarm, event: Event) -> Alarm:
    del event
    return msgspec.structs.replace(alarm, active=False, level=Level.NONE)


def _acked(alarm: Alarm, event: Event) -> Alarm:
    by, note = getattr(event, "by", None), getattr(event, "note", "")
    outage = alarm.outage and msgspec.structs.replace(alarm.outage, acked=alarm.outage.offline)
    return msgspec.structs.replace(
        alarm, acked_by=by, acked_ms=alarm.changed_ms, note=note or alarm.note, outage=outage
    )


def _closed(alarm: Alarm, event: Event) -> Alarm:
    closed = msgspec.structs.replace(_normal(alarm, event), closed_ms=alarm.changed_ms)
    if isinstance(event, Close):
        return msgspec.structs.replace(
            closed, closed_by=event.by, cause=event.cause, note=event.note or alarm.note
        )
    cause = AlarmCause.ABSORBED if isinstance(event, Absorbed) else AlarmCause.CLEARED
    return msgspec.structs.replace(closed, cause=cause)


def _stood_for(alarm: Alarm, event: Event) -> Alarm:
    return msgspec.structs.replace(alarm, inside=getattr(event, "other", None))


def _counted(alarm: Alarm, event: Event) -> Alarm:
    outage, count = getattr(event, "outage", None), getattr(event, "count", None)
    return msgspec.structs.replace(alarm, outage=outage or alarm.outage, count=count or alarm.count)


def _unchanged(alarm: Alarm, event: Event) -> Alarm:
    del event
    return alarm


_CHANGES: Final[Mapping[AlarmStep, Callable[[Alarm, Event], Alarm]]] = {
    AlarmStep.CAME_BACK: _came_back,
    AlarmStep.WORSE: _worse,
    AlarmStep.LESS: _back_or_other_level,
    AlarmStep.NORMAL: _normal,
    AlarmStep.ACKED: _acked,
    AlarmStep.CLOSED: _closed,
    AlarmStep.COMMENTED: _unchanged,
    AlarmStep.QUIETED: _stood_for,
    AlarmStep.ON_ITS_OWN: _stood_for,
    AlarmStep.COUNTED: _counted,
}
