"""What the auditor looks at, in one read of the store; no writer waits for it."""

from typing import Any, Final

import msgspec
from sqlalchemy import Connection, Engine, Select, and_, func, or_, select

from alerts.ports import Lane
from alerts.rules.audit import Snapshot
from alerts.rules.delivery import Parcel
from alerts.rules.ladder import Ladder
from gascore.alarm import Alarm, AlarmKind, NoticeState
from gascore.service_status import ServiceStatus
from gascore.words import Priority
from gaswatch.stores.engine import reading
from gaswatch.stores.schema import alarm, cursor, escalation, journal, notice, service_status


class _Escalation(msgspec.Struct, frozen=True):
    """The part of an escalation's body that the audit needs."""

    ladder: Ladder


MOST: Final = 1_000
"""Rows of each kind in one look: one that is late is enough to find."""
OLD_MS: Final = 600_000
"""Notices that wait for longer are looked at even if their next try is to come: are they expired?"""
LOOKED: Final = "desk_ms"
"""The note in which the alerts service says when its desk last looked at the journal."""
_alarm_of: Final = msgspec.json.Decoder(Alarm).decode
_escalation_of: Final = msgspec.json.Decoder(_Escalation).decode
_parcel_of: Final = msgspec.json.Decoder(Parcel).decode
_status_of: Final = msgspec.json.Decoder(ServiceStatus).decode


class SqlAudit:
    """Implements `alerts.service.auditor.Auditable`. Raises `StoreDownError`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def look(self, now_ms: int) -> Snapshot:
        """Open alarms that are due or have no deadline, notices that should have left, and how far the desk is."""
        with reading(self._engine) as connection:
            words = {
                one.name: one for one in map(_status_of, connection.execute(_words).scalars()) if one.at_ms
            }
            alerts = words.get("alerts")
            looked = alerts.notes.get(LOOKED) if alerts else None
            return Snapshot(
                ladders=_ladders(connection, now_ms),
                notices=_notices(connection, now_ms),
                unread_ms=_unread(connection),
                spoke_ms={name: word.at_ms for name, word in words.items()},
                looked_ms=int(looked) if looked else None,
            )

    def open_troubles(self, prefix: str) -> set[str]:
        """The names of our own troubles that begin with `prefix` and hold."""
        key = f"system:trouble:{prefix}"
        query = select(alarm.c.body).where(
            alarm.c.open_key.startswith(key, autoescape=True), alarm.c.kind == AlarmKind.TROUBLE.value
        )
        with reading(self._engine) as connection:
            found = map(_alarm_of, connection.execute(query).scalars())
            return {one.key.removeprefix("system:trouble:") for one in found if one.active}


_words: Final = select(service_status.c.body)
_both: Final[Select[Any]] = select(alarm.c.body, escalation.c.body).join_from(
    alarm, escalation, alarm.c.id == escalation.c.alarm
)


def _ladders(connection: Connection, now_ms: int) -> tuple[tuple[Alarm, Ladder], ...]:
    overdue = _both.where(escalation.c.due_ms < now_ms).order_by(escalation.c.rank, escalation.c.due_ms)
    # Those inside a group rest by design, and may be ten thousand.
    without = _both.where(
        alarm.c.closed_ms.is_(None),
        escalation.c.due_ms.is_(None),
        alarm.c.inside.is_(None),
        alarm.c.priority < int(Priority.LOW),
    ).order_by(alarm.c.priority, alarm.c.id)
    rows = [*connection.execute(overdue.limit(MOST)), *connection.execute(without.limit(MOST))]
    return tuple((_alarm_of(row[0]), _escalation_of(row[1]).ladder) for row in rows)


def _notices(connection: Connection, now_ms: int) -> tuple[Parcel, ...]:
    old = and_(notice.c.state == NoticeState.PENDING, notice.c.created_ms < now_ms - OLD_MS)
    late = or_(notice.c.wake_ms < now_ms, old)
    query = select(notice.c.body).where(late).order_by(notice.c.urgency, notice.c.created_ms).limit(MOST)
    return tuple(map(_parcel_of, connection.execute(query).scalars()))


def _unread(connection: Connection) -> dict[str, int]:
    unread: dict[str, int] = {}
    for lane in Lane:
        read = connection.execute(select(cursor.c.journal_id).where(cursor.c.name == lane)).scalar() or 0
        first = select(func.min(journal.c.id)).where(journal.c.id > read).scalar_subquery()
        at_ms = connection.execute(select(journal.c.at_ms).where(journal.c.id == first)).scalar()
        if at_ms is not None:
            unread[lane.value] = at_ms
    return unread
