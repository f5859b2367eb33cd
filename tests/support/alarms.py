"""Alarms and entries as the journal has them, for whoever folds them."""

import msgspec

from alerts.rules.letters import Letter
from gascore.alarm import Alarm, AlarmCause, AlarmKind, Notice, NoticePurpose, NoticeState
from gascore.journal import AlarmStep, AlarmStepped, ConditionRaised, Entry, Event, Reason, Sample
from gascore.words import (
    AlarmId,
    Condition,
    DetectorId,
    Language,
    Level,
    NoticeId,
    PersonId,
    Priority,
    ReportedState,
    RoomId,
    SiteId,
)

NOW_MS = 1_790_000_000_000


def a_leak(number: int = 1, *, received_ms: int = NOW_MS, detector: str = "d1") -> Alarm:
    """A fresh low leak at site S1."""
    return Alarm(
        id=AlarmId(number),
        key=f"detector:{detector}:leak",
        kind=AlarmKind.LEAK,
        priority=Priority.HIGH,
        version=1,
        active=True,
        latched=True,
        opened_ms=received_ms + 20,
        changed_ms=received_ms + 20,
        received_ms=received_ms,
        since_ms=received_ms,
        detector=DetectorId(detector),
        site=SiteId("S1"),
        room=RoomId("S1-kitchen"),
        level=Level.LOW,
        peak_level=Level.LOW,
        peak_lel=26.0,
    )


def later(alarm: Alarm, **changes: object) -> Alarm:
    """The same alarm one version on."""
    return msgspec.structs.replace(alarm, version=alarm.version + 1, **changes)


def acked(alarm: Alarm, by: str = "operator") -> Alarm:
    return later(alarm, acked_by=by, acked_ms=alarm.changed_ms + 1000)


def closed(alarm: Alarm, by: str = "operator") -> Alarm:
    return later(
        alarm,
        active=False,
        level=Level.NONE,
        closed_by=by,
        closed_ms=alarm.changed_ms + 2000,
        cause=AlarmCause.FALSE_ALARM,
    )


def stepped(alarm: Alarm, step: AlarmStep = AlarmStep.OPENED, *, rung: int | None = None) -> AlarmStepped:
    return AlarmStepped(alarm=alarm, step=step, rung=rung)


def a_notice(number: int, alarm: Alarm, state: NoticeState = NoticeState.PENDING) -> Notice:
    return Notice(
        id=NoticeId(number),
        alarm=alarm.id,
        person=PersonId("p1"),
        role="owner",
        step=0,
        channel="sms",
        purpose=NoticePurpose.RAISED,
        state=state,
        created_ms=NOW_MS,
    )


def raised(lel: float, *, detector: str = "d1") -> ConditionRaised:
    return ConditionRaised(
        detector=DetectorId(detector),
        site=SiteId("S1"),
        condition=Condition.LEAK,
        since_ms=NOW_MS,
        reason=Reason.REPORTED_STATE,
        level=Level.LOW,
        sample=Sample(received_ms=NOW_MS, state=ReportedState.LOW, lel=lel),
    )


def entries(*events: Event, first_id: int = 1) -> list[Entry]:
    return [Entry(number, NOW_MS, event) for number, event in enumerate(events, first_id)]


def a_letter(address: str = "+8610000000001", text: str = "【燃气监管】试") -> Letter:
    """As the courier hands one to a channel."""
    return Letter(
        notice=NoticeId(1),
        address=address,
        text=text,
        language=Language.ZH,
        urgency=Priority.URGENT,
        valid_ms=300_000,
        since_ms=NOW_MS,
    )
