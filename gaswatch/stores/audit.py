"""What the auditor looks at, in one read of the store; no writer waits for it."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Final, TypeAlias, TypeVar

import msgspec
from sqlalchemy import Connection, Engine, Select, and_, func, or_, select

from alerts.ports import Lane
from alerts.rules.audit import Snapshot
from alerts.rules.delivery import Parcel
from alerts.rules.ladder import Ladder
from gascore.alarm import LEAKS, Alarm, AlarmKind, NoticeState
from gascore.service_status import ServiceStatus
from gascore.words import Priority
from gaswatch.stores.engine import reading
from gaswatch.stores.policies import unreadable_in
from gaswatch.stores.schema import alarm, cursor, escalation, journal, notice, service_status


class _Escalation(msgspec.Struct, frozen=True):
    """The part of an escalation's body that the audit needs."""

    ladder: Ladder


MOST: Final = 1_000
"""Rows of each kind in one look: one that is late is enough to find."""
OLD_MS: Final = 600_000
"""Notices that wait for longer are looked at even if their next try is to come: are they expired?"""
FAR_MS: Final = 60_000
"""Leaks whose next deadline is further away are looked at: can it be so far?"""
LOOKED: Final = "desk_ms"
"""The note in which the alerts service says when its desk last looked at the journal."""
TEXTS: Final = "texts"
"""The note in which it says whether a provider of texts or calls works."""
CANARY: Final = "canary "
"""The names of the troubles of test leaks begin so; the area follows."""
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
            notes = words["alerts"].notes if "alerts" in words else {}
            looked = notes.get(LOOKED)
            unreadable = list(unreadable_in(connection))
            return Snapshot(
                ladders=_ladders(connection, now_ms, unreadable),
                notices=_notices(connection, now_ms, unreadable),
                unread_ms=_unread(connection),
                spoke_ms={name: word.at_ms for name, word in words.items()},
                looked_ms=int(looked) if looked else None,
                unreadable=tuple(dict.fromkeys(unreadable)),
                texts=notes.get(TEXTS),
                canaries=tuple(sorted(one.removeprefix(CANARY) for one in _open(connection, CANARY))),
            )

    def open_troubles(self, prefix: str) -> set[str]:
        """The names of our own troubles that begin with `prefix` and hold."""
        with reading(self._engine) as connection:
            return _open(connection, prefix)


_words: Final = select(service_status.c.body)
_both: Final[Select[Any]] = select(alarm.c.id, alarm.c.body, escalation.c.body).join_from(
    alarm, escalation, alarm.c.id == escalation.c.alarm, isouter=True
)
_T = TypeVar("_T")
_Row: TypeAlias = Sequence[Any]


def _open(connection: Connection, prefix: str) -> set[str]:
    """Of an alarm of this kind that can't be read nobody knows whether it is over: it is no trouble of ours."""
    query = select(alarm.c.id, alarm.c.body).where(
        alarm.c.open_key.startswith(f"system:trouble:{prefix}", autoescape=True),
        alarm.c.kind == AlarmKind.TROUBLE.value,
    )
    found = _readable(connection.execute(query).all(), "alarm", lambda row: _alarm_of(row[1]), [])
    return {one.key.removeprefix("system:trouble:") for one in found if one.active}


def _readable(
    rows: Iterable[_Row], kind: str, read: Callable[[_Row], _T], unreadable: list[str]
) -> Iterator[_T]:
    """What can be read; the others are put down by their ids."""
    for row in rows:
        try:
            one = read(row)
        except msgspec.MsgspecError:
            unreadable.append(f"{kind} {row[0]}")
        else:
            yield one


def _file(row: _Row) -> tuple[Alarm, Ladder]:
    """An alarm without an escalation has a ladder that never started."""
    one = _alarm_of(row[1])
    return one, Ladder() if row[2] is None else _escalation_of(row[2]).ladder


def _ladders(connection: Connection, now_ms: int, unreadable: list[str]) -> tuple[tuple[Alarm, Ladder], ...]:
    overdue = _both.where(escalation.c.due_ms < now_ms).order_by(escalation.c.rank, escalation.c.due_ms)
    # Those inside a group rest by design, and may be ten thousand.
    without = _both.where(
        alarm.c.closed_ms.is_(None),
        escalation.c.due_ms.is_(None),
        alarm.c.inside.is_(None),
        alarm.c.priority < int(Priority.LOW),
    ).order_by(alarm.c.priority, alarm.c.id)
    far = _both.where(
        alarm.c.closed_ms.is_(None),
        alarm.c.kind.in_([kind.value for kind in LEAKS]),
        escalation.c.due_ms > now_ms + FAR_MS,
    ).order_by(escalation.c.due_ms.desc())
    rows = (row for query in (overdue, without, far) for row in connection.execute(query.limit(MOST)))
    return tuple(_readable(rows, "alarm", _file, unreadable))


def _notices(connection: Connection, now_ms: int, unreadable: list[str]) -> tuple[Parcel, ...]:
    old = and_(notice.c.state == NoticeState.PENDING, notice.c.created_ms < now_ms - OLD_MS)
    late = or_(notice.c.wake_ms < now_ms, old)
    query = select(notice.c.id, notice.c.body).where(late)
    rows = connection.execute(query.order_by(notice.c.urgency, notice.c.created_ms).limit(MOST)).all()
    return tuple(_readable(rows, "notice", lambda row: _parcel_of(row[1]), unreadable))


def _unread(connection: Connection) -> dict[str, int]:
    unread: dict[str, int] = {}
    for lane in Lane:
        read = connection.execute(select(cursor.c.journal_id).where(cursor.c.name == lane)).scalar() or 0
        first = select(func.min(journal.c.id)).where(journal.c.id > read).scalar_subquery()
        at_ms = connection.execute(select(journal.c.at_ms).where(journal.c.id == first)).scalar()
        if at_ms is not None:
            unread[lane.value] = at_ms
    return unread
