"""Journal entry -> what it means for alarms. One function for each kind of event; others mean nothing here."""

from itertools import islice
from typing import Final

from alerts.rules.delivery import is_unreached
from alerts.rules.occasions import Began, Ended
from alerts.rules.receipts import receipt_of
from alerts.service.casework import Casework, Moment
from alerts.service.desk_window import serve
from alerts.service.forwarding import go_on
from alerts.service.grouping import Grouping, offline_key
from alerts.service.upkeep import answer_hazard
from gascore.alarm import ALARM_OF_CONDITION, AlarmKind, NoticeState
from gascore.hazard import UPKEEP, HazardRequested
from gascore.journal import (
    AlarmStepped,
    BlindBegan,
    BlindEnded,
    ConditionChanged,
    ConditionCleared,
    ConditionRaised,
    Entry,
    Event,
    FirstReport,
    KeyPressed,
    LedgerChanged,
    NoticeStepped,
    ReceiptReceived,
    ReplyReceived,
    ServiceStepped,
    SignedIn,
    TroubleBegan,
    TroubleEnded,
    UnknownLeak,
)
from gascore.operators import OperatorAnswered, OperatorRequested
from gascore.priority import priority_of
from gascore.windows import WindowBegan, WindowEnded, WindowSet
from gascore.words import Condition, DetectorId, Level, Priority

GROUPED_BY: Final = frozenset({"area", "site", "detector"})
"""Records of the ledger that say who belongs to which group."""
WHO_IS_TOLD: Final = frozenset({"policy", "roster"})
"""Records that say who is told; people and duties are looked at every minute (`alerts.service.manning`)."""


def fold(work: Casework, entry: Entry, grouping: Grouping) -> None:
    """Take one entry in."""
    # By a clock that was ahead of ours (another machine's, or ours before it was set back) it is still to come;
    # a ladder that starts then would keep people waiting.
    at_ms = min(entry.at_ms, work.now_ms)
    match entry.event:
        case ConditionRaised() | ConditionChanged() | ConditionCleared() as event:
            _of_a_detector(work, event, at_ms, grouping)
        case UnknownLeak() as event:
            _unknown_leak(work, event, at_ms)
        case BlindBegan() | BlindEnded() as event:
            _blind(work, event, at_ms)
        case TroubleBegan() | TroubleEnded() as event:
            _trouble(work, event, at_ms)
        case NoticeStepped(notice=notice) if notice.alarm is not None and is_unreached(notice):
            go_on(work, notice)
        case LedgerChanged() as event:
            _ledger_changed(work, event, grouping)
        case HazardRequested() as event:
            answer_hazard(work, event, at_ms)
        case event:
            serve(work, event, at_ms)


def _of_a_detector(
    work: Casework,
    event: ConditionRaised | ConditionChanged | ConditionCleared,
    at_ms: int,
    grouping: Grouping,
) -> None:
    match event:
        case ConditionRaised(condition=Condition.OFFLINE):
            _fell_silent(work, event, at_ms, grouping)
        case ConditionCleared(condition=condition, detector=detector):
            _cleared(work, event, at_ms)
            if condition is Condition.OFFLINE:
                grouping.back(detector, at_ms)
        case _:
            _condition(work, event, at_ms)


def _ledger_changed(work: Casework, event: LedgerChanged, grouping: Grouping) -> None:
    if event.entity in WHO_IS_TOLD:
        work.policies_changed = True
    else:
        grouping.needs_survey = True


def is_urgent(event: Event) -> bool:
    """Whether it never queues: about a leak, from a person, about a text that did not arrive, or about ourselves."""
    match event:
        case ConditionRaised() | ConditionChanged() | ConditionCleared():
            return event.condition is Condition.LEAK
        case NoticeStepped():
            return is_unreached(event.notice)
        case ReceiptReceived():
            receipt = receipt_of(event.status, event.code)
            return receipt is not None and receipt.state is NoticeState.UNDELIVERED
        case (
            UnknownLeak()
            | OperatorRequested()
            | HazardRequested()
            | ReplyReceived()
            | KeyPressed()
            | WindowSet()
        ):
            return True
        case BlindBegan() | BlindEnded() | TroubleBegan() | TroubleEnded():
            return True
        case _:
            return False


def is_noise(event: Event) -> bool:
    """Whether it means nothing for alarms, provided that it is not urgent: most of it is our own."""
    if isinstance(event, LedgerChanged):
        return event.entity not in GROUPED_BY | WHO_IS_TOLD
    return isinstance(event, _NOISE)


_NOISE: Final = (
    AlarmStepped,
    NoticeStepped,
    OperatorAnswered,
    FirstReport,
    ServiceStepped,
    SignedIn,
    WindowBegan,
    WindowEnded,
    *UPKEEP,
)


def key_of(detector: DetectorId, kind: AlarmKind) -> str:
    """The key of a detector's alarm."""
    return f"detector:{detector}:{kind.value}"


def _condition(work: Casework, event: ConditionRaised | ConditionChanged, at_ms: int) -> None:
    kind = ALARM_OF_CONDITION.get(event.condition)
    if kind is None:
        return
    place = work.places.of(event.detector)
    wrong = work.books.cases.of_key(key_of(event.detector, AlarmKind.WRONG_GAS))
    received_ms = event.sample.received_ms if event.sample else at_ms
    began = Began(
        id=work.books.cases.new_id(),
        key=key_of(event.detector, kind),
        kind=kind,
        priority=priority_of(kind, event.level, room=place.kind, wrong_gas=wrong is not None),
        since_ms=event.since_ms,
        received_ms=received_ms,
        level=event.level,
        lel=_worst(event),
        codes=(event.reason.value,) if kind is AlarmKind.TREND else event.codes,
        late=event.late,
        detector=event.detector,
        site=event.site,
        room=place.room,
    )
    cause_ms = received_ms if event.sample and not event.late else None
    work.happen(work.books.cases.of_key(began.key), began, Moment(at_ms, cause_ms))
    if kind is AlarmKind.WRONG_GAS:
        _now_untrustworthy(work, event.detector, at_ms)


def _worst(event: ConditionRaised | ConditionChanged) -> float | None:
    peak = event.peak_lel if isinstance(event, ConditionChanged) else None
    return peak if peak is not None or event.sample is None else event.sample.lel


def silences(entries: list[Entry], limit: int) -> list[DetectorId]:
    """The first detectors that went offline in these entries."""
    found = (
        entry.event.detector
        for entry in entries
        if isinstance(entry.event, ConditionRaised) and entry.event.condition is Condition.OFFLINE
    )
    return list(islice(found, limit))


def _fell_silent(work: Casework, event: ConditionRaised, at_ms: int, grouping: Grouping) -> None:
    key = offline_key(event.detector)
    if work.books.cases.of_key(key) is not None:
        return
    inside = grouping.went(work, event.detector, event.since_ms, at_ms)
    member = grouping.member(event.detector)
    began = Began(
        id=work.books.cases.new_id(),
        key=key,
        kind=AlarmKind.OFFLINE,
        priority=priority_of(AlarmKind.OFFLINE, Level.NONE, room=None, wrong_gas=False),
        since_ms=event.since_ms,
        received_ms=event.sample.received_ms if event.sample else at_ms,
        detector=event.detector,
        site=event.site,
        room=member.room if member else None,
        inside=inside,
    )
    # Counted from now: after a pause of ours the others of its group may be the next entries.
    wait_ms = work.now_ms - at_ms + grouping.hold_ms(event.detector)
    work.happen(None, began, Moment(at_ms, wait_ms=wait_ms))


def _now_untrustworthy(work: Casework, detector: DetectorId, at_ms: int) -> None:
    """The leak that it reports may be far bigger than it says."""
    file = work.books.cases.of_key(key_of(detector, AlarmKind.LEAK))
    if file is None or not file.alarm.active:
        return
    alarm = file.alarm
    began = Began(
        id=alarm.id,
        key=alarm.key,
        kind=alarm.kind,
        priority=Priority.URGENT,
        since_ms=alarm.since_ms,
        received_ms=alarm.received_ms,
        level=alarm.level,
        codes=alarm.codes,
    )
    work.happen(file, began, Moment(at_ms))


def _cleared(work: Casework, event: ConditionCleared, at_ms: int) -> None:
    kind = ALARM_OF_CONDITION.get(event.condition)
    if kind is not None:
        file = work.books.cases.of_key(key_of(event.detector, kind))
        work.happen(file, Ended(event.peak_lel), Moment(at_ms))


def _unknown_leak(work: Casework, event: UnknownLeak, at_ms: int) -> None:
    key = f"unknown:{event.detector}:{Condition.LEAK.value}"
    file = work.books.cases.of_key(key)
    if event.level is Level.NONE:
        work.happen(file, Ended(), Moment(at_ms))
        return
    began = Began(
        id=work.books.cases.new_id(),
        key=key,
        kind=AlarmKind.UNKNOWN_LEAK,
        priority=priority_of(AlarmKind.UNKNOWN_LEAK, event.level, room=None, wrong_gas=False),
        since_ms=event.sample.received_ms,
        received_ms=event.sample.received_ms,
        level=event.level,
        lel=event.sample.lel,
        detector=event.detector,
    )
    work.happen(file, began, Moment(at_ms, event.sample.received_ms))


def _blind(work: Casework, event: BlindBegan | BlindEnded, at_ms: int) -> None:
    key = f"system:{event.scope.value}:{event.name}"
    if isinstance(event, BlindBegan):
        begin_blind(work, key, event.reason, event.since_ms, at_ms)
    else:
        work.happen(work.books.cases.of_key(key), Ended(), Moment(at_ms))


def begin_blind(work: Casework, key: str, code: str, since_ms: int, at_ms: int) -> None:
    """Something of our own is down; a second word on it is no news."""
    if work.books.cases.of_key(key) is not None:
        return
    began = Began(
        id=work.books.cases.new_id(),
        key=key,
        kind=AlarmKind.BLIND,
        priority=priority_of(AlarmKind.BLIND, Level.NONE, room=None, wrong_gas=False),
        since_ms=since_ms,
        received_ms=at_ms,
        codes=(code,),
    )
    work.happen(None, began, Moment(at_ms))


def _trouble(work: Casework, event: TroubleBegan | TroubleEnded, at_ms: int) -> None:
    file = work.books.cases.of_key(f"system:trouble:{event.name}")
    if isinstance(event, TroubleEnded):
        work.happen(file, Ended(), Moment(at_ms))
        return
    began = Began(
        id=work.books.cases.new_id(),
        key=f"system:trouble:{event.name}",
        kind=AlarmKind.TROUBLE,
        priority=priority_of(AlarmKind.TROUBLE, Level.NONE, room=None, wrong_gas=False),
        since_ms=event.since_ms,
        received_ms=at_ms,
        codes=(*event.name.split(), event.detail),
    )
    work.happen(file, began, Moment(at_ms))
