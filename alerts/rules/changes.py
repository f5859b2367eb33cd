"""What each step of an alarm's life does to its facts; which step it is, `alerts.rules.lifecycle` decides."""

from collections.abc import Callable, Mapping
from typing import Final

import msgspec

from alerts.rules.occasions import Absorbed, Began, Close, Event, Numbers, Shelve
from alerts.rules.suppression import may_cover, may_shelve
from gascore.alarm import LEAKS, QUIETED, Alarm, AlarmCause, Outage, Shelf
from gascore.journal import AlarmStep
from gascore.words import Level


def opened(event: Event, now_ms: int) -> Alarm:
    """The alarm that a condition opens."""
    if not isinstance(event, Began):
        raise TypeError(f"TRANSITIONS opens an alarm on {type(event).__name__}")
    return Alarm(
        id=event.id,
        key=event.key,
        kind=event.kind,
        priority=event.priority,
        version=1,
        active=True,
        latched=event.kind in LEAKS,
        opened_ms=now_ms,
        changed_ms=now_ms,
        received_ms=event.received_ms,
        since_ms=event.since_ms,
        detector=event.detector,
        site=event.site,
        room=event.room,
        level=event.level,
        peak_level=event.level,
        told_level=event.level,
        peak_lel=event.lel,
        late=event.late,
        codes=event.codes,
        inside=event.inside if event.kind in QUIETED else None,
        outage=event.outage,
        first_level=event.level,
        last_ms=now_ms,
        # Whatever asks for it: the rules say again what can be covered or shelved at all.
        cover=event.cover if event.cover and may_cover(event.kind, event.priority, event.cover) else None,
        shelf=event.shelf if may_shelve(event.kind) else None,
    )


def changed(alarm: Alarm, reason: AlarmStep, event: Event, now_ms: int) -> Alarm:
    """The alarm after a step."""
    alarm = msgspec.structs.replace(alarm, version=alarm.version + 1, changed_ms=now_ms)
    return _CHANGES[reason](alarm, event)


def _back_or_other_level(alarm: Alarm, event: Event) -> Alarm:
    if not isinstance(event, Began):
        raise TypeError(f"TRANSITIONS changes a level on {type(event).__name__}")
    # An open alarm never becomes less urgent: people were told that it is.
    priority = min(alarm.priority, event.priority)
    return msgspec.structs.replace(
        alarm,
        last_ms=alarm.changed_ms,
        active=True,
        level=event.level,
        peak_level=max(alarm.peak_level, event.level),
        told_level=max(alarm.news_level, event.level),
        peak_lel=_peak(alarm, event),
        priority=priority,
        codes=event.codes,
        cover=alarm.cover if alarm.cover and may_cover(alarm.kind, priority, alarm.cover) else None,
    )


def _worse(alarm: Alarm, event: Event) -> Alarm:
    counts = isinstance(event, Numbers)
    changed = _counted(alarm, event) if counts else _back_or_other_level(alarm, event)
    return msgspec.structs.replace(changed, shelf=None, **_UNACKED)


def _came_back(alarm: Alarm, event: Event) -> Alarm:
    changed = _worse(alarm, event)
    since_ms = event.since_ms if isinstance(event, Began) else alarm.since_ms
    # What was answered is another matter now: it gets worse as if it had begun with this level.
    told = changed.level if alarm.acked_ms is not None else changed.told_level
    return msgspec.structs.replace(changed, count=alarm.count + 1, since_ms=since_ms, told_level=told)


def _normal(alarm: Alarm, event: Event) -> Alarm:
    last_ms = alarm.changed_ms if alarm.active else alarm.last_ms
    return msgspec.structs.replace(
        alarm, active=False, level=Level.NONE, last_ms=last_ms, peak_lel=_peak(alarm, event)
    )


def _peak(alarm: Alarm, event: Event) -> float | None:
    lels = (alarm.peak_lel, getattr(event, "lel", None))
    return max((lel for lel in lels if lel is not None), default=None)


def _acked(alarm: Alarm, event: Event) -> Alarm:
    by, note = getattr(event, "by", None), getattr(event, "note", "")
    return msgspec.structs.replace(
        alarm,
        acked_by=by,
        acked_ms=alarm.changed_ms,
        recorded_by=getattr(event, "recorded_by", None),
        owner=alarm.owner or by,
        note=note or alarm.note,
        outage=_seen(alarm),
    )


def _seen(alarm: Alarm) -> Outage | None:
    """A person has judged it as it is now: what comes on top of that may be another matter."""
    return alarm.outage and msgspec.structs.replace(alarm.outage, acked=alarm.outage.offline)


def _closed(alarm: Alarm, event: Event) -> Alarm:
    closed = msgspec.structs.replace(_normal(alarm, event), closed_ms=alarm.changed_ms)
    if isinstance(event, Close):
        return msgspec.structs.replace(
            closed,
            closed_by=event.by,
            cause=event.cause,
            trigger=event.trigger if event.cause is AlarmCause.FALSE_ALARM else None,
            note=event.note or alarm.note,
        )
    cause = AlarmCause.ABSORBED if isinstance(event, Absorbed) else AlarmCause.CLEARED
    return msgspec.structs.replace(closed, cause=cause)


def _stood_for(alarm: Alarm, event: Event) -> Alarm:
    return msgspec.structs.replace(alarm, inside=getattr(event, "other", None))


def _counted(alarm: Alarm, event: Event) -> Alarm:
    outage, count = getattr(event, "outage", None), getattr(event, "count", None)
    return msgspec.structs.replace(
        alarm, outage=outage or alarm.outage, count=count or alarm.count, peak_lel=_peak(alarm, event)
    )


def _shelved(alarm: Alarm, event: Event) -> Alarm:
    if not isinstance(event, Shelve) or event.until_ms is None:
        raise TypeError(f"TRANSITIONS shelves on {type(event).__name__}")
    shelf = Shelf(event.by, event.until_ms, event.note)
    return msgspec.structs.replace(alarm, shelf=shelf, outage=_seen(alarm))


def _unshelved(alarm: Alarm, event: Event) -> Alarm:
    del event
    return msgspec.structs.replace(alarm, shelf=None)


def _covered(alarm: Alarm, event: Event) -> Alarm:
    return msgspec.structs.replace(alarm, cover=getattr(event, "cover", None))


def _uncovered(alarm: Alarm, event: Event) -> Alarm:
    """A leak that outlives the gas test is a leak that nobody but the operators has heard of."""
    uncovered = _covered(alarm, event)
    is_news = alarm.kind in LEAKS and alarm.active
    return msgspec.structs.replace(uncovered, **_UNACKED) if is_news else uncovered


def _taken(alarm: Alarm, event: Event) -> Alarm:
    return msgspec.structs.replace(alarm, owner=getattr(event, "by", None))


def _unacked(alarm: Alarm, event: Event) -> Alarm:
    del event
    return msgspec.structs.replace(alarm, **_UNACKED)


def _unchanged(alarm: Alarm, event: Event) -> Alarm:
    del event
    return alarm


_CHANGES: Final[Mapping[AlarmStep, Callable[[Alarm, Event], Alarm]]] = {
    AlarmStep.CAME_BACK: _came_back,
    AlarmStep.WORSE: _worse,
    AlarmStep.LESS: _back_or_other_level,
    AlarmStep.MORE: _back_or_other_level,
    AlarmStep.NORMAL: _normal,
    AlarmStep.ACKED: _acked,
    AlarmStep.CLOSED: _closed,
    AlarmStep.COMMENTED: _unchanged,
    AlarmStep.QUIETED: _stood_for,
    AlarmStep.ON_ITS_OWN: _stood_for,
    AlarmStep.COUNTED: _counted,
    AlarmStep.SHELVED: _shelved,
    AlarmStep.UNSHELVED: _unshelved,
    AlarmStep.COVERED: _covered,
    AlarmStep.UNCOVERED: _uncovered,
    AlarmStep.TAKEN: _taken,
    AlarmStep.HASTENED: _unchanged,
    AlarmStep.ACK_EXPIRED: _unacked,
}
_UNACKED: Final = {"acked_by": None, "acked_ms": None, "recorded_by": None}
