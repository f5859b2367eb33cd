"""Alarms and their ladders in SQL, and the one transaction in which alerts does everything.

`alarm.open_key` is unique: the database itself refuses a second open alarm of one key.
"""

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

import msgspec
from sqlalchemy import ColumnElement, Connection, Engine, Row, Select, bindparam, func, or_, select, update
from sqlalchemy.exc import InterfaceError, InternalError, OperationalError

from alerts.ports import Lane, SpoiledError, Transaction
from alerts.rules.casefile import CaseFile
from alerts.rules.ladder import Ladder
from alerts.rules.priority import RANKS, rank_of
from alerts.rules.stale import stale_from_ms
from gascore.alarm import Alarm, AlarmKind
from gascore.flood import Load
from gascore.journal import Entry, Event, StoreDownError
from gascore.windows import PlaceKind
from gascore.words import AlarmId, DetectorId, Priority
from gaswatch.stores.engine import reading, writing
from gaswatch.stores.hazards import SqlHazards, load_in, put_load_in
from gaswatch.stores.journal import after_in, append_in, lock
from gaswatch.stores.outbox import SqlNotices
from gaswatch.stores.schema import alarm, cursor, escalation
from gaswatch.stores.upsert import upsert
from gaswatch.stores.windows import SqlWindowFiles, within


class _Escalation(msgspec.Struct, frozen=True):
    """The body of an escalation's row."""

    ladder: Ladder
    worse_version: int


_encode: Final = msgspec.json.Encoder().encode
_alarm_of: Final = msgspec.json.Decoder(Alarm).decode
_escalation_of: Final = msgspec.json.Decoder(_Escalation).decode
_both: Final[Select[Any]] = select(alarm.c.body, escalation.c.body, escalation.c.alarm).join_from(
    alarm, escalation, alarm.c.id == escalation.c.alarm
)

# Put together once: doing so takes longer than running them, and the collector waits meanwhile.
_highest: Final = select(func.coalesce(func.max(alarm.c.id), 0))
_of_key: Final = _both.where(alarm.c.open_key == bindparam("wanted"))
_of_id: Final = _both.where(alarm.c.id == bindparam("wanted"))
_due: Final = (
    _both.where(escalation.c.rank == bindparam("rank"), escalation.c.due_ms <= bindparam("now_ms"))
    .order_by(escalation.c.due_ms)
    .limit(bindparam("limit"))
)
_last_of_key: Final = (
    select(alarm.c.body).where(alarm.c.key == bindparam("wanted")).order_by(alarm.c.id.desc()).limit(1)
)
_times: Final = select(func.count()).where(
    alarm.c.detector == bindparam("wanted"),
    alarm.c.kind == AlarmKind.OFFLINE.value,
    alarm.c.opened_ms >= bindparam("since_ms"),
    or_(alarm.c.inside.is_(None), alarm.c.inside == bindparam("other")),
)


class SqlCases:
    """Implements `alerts.ports.Cases`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._unreadable: list[AlarmId] = []

    def new_id(self) -> AlarmId:
        """The id of the next alarm."""
        return AlarmId(self._connection.execute(_highest).scalar_one() + 1)

    def of_key(self, key: str) -> CaseFile | None:
        """The open alarm of a key."""
        return _file(self._connection.execute(_of_key, {"wanted": key}).first())

    def of_id(self, alarm_id: AlarmId) -> CaseFile | None:
        """An alarm, open or closed."""
        return _file(self._connection.execute(_of_id, {"wanted": alarm_id}).first())

    def open_of(self, kinds: Collection[AlarmKind]) -> list[Alarm]:
        """All open alarms of these kinds, the oldest first."""
        return _open_of(self._connection, kinds)

    def last_of_key(self, key: str) -> Alarm | None:
        """The newest alarm of a key, open or closed."""
        body = self._connection.execute(_last_of_key, {"wanted": key}).scalar()
        return None if body is None else _readable(body)

    def covered(self, window: str | None = None) -> list[tuple[Priority, AlarmId]]:
        """The open alarms over which this maintenance window lies, None: any; with what they are worth."""
        return self._open(alarm.c.cover.is_not(None) if window is None else alarm.c.cover == window)

    def open_at(self, place: PlaceKind, at: str) -> list[tuple[Priority, AlarmId]]:
        """The open alarms of a detector, a room, a site, or an area with those below it; with what they are worth."""
        return self._open(within(place, at))

    def _open(self, wanted: ColumnElement[bool]) -> list[tuple[Priority, AlarmId]]:
        query = select(alarm.c.priority, alarm.c.id).where(alarm.c.closed_ms.is_(None), wanted)
        return [(Priority(priority), AlarmId(one)) for priority, one in self._connection.execute(query)]

    def times(self, detector: DetectorId, since_ms: int, stands_for: AlarmId | None) -> int:
        """How often a detector went offline since then on its own, or inside the alarm `stands_for`."""
        asked = {"wanted": detector, "since_ms": since_ms, "other": stands_for}
        return int(self._connection.execute(_times, asked).scalar_one())

    def due(self, now_ms: int, limit: int) -> list[CaseFile]:
        """Alarms whose ladder is due, by rank; of the same rank the longest overdue first."""
        found: list[CaseFile] = []
        for rank in RANKS:
            if len(found) < limit:
                asked = {"now_ms": now_ms, "rank": rank, "limit": limit - len(found)}
                rows = self._connection.execute(_due, asked).all()
                found += (file for row in rows if (file := self._readable(row)))
        return found

    def unreadable(self, until_ms: int) -> list[AlarmId]:
        """What `due` had to leave out; of it nothing changes but when it is looked at again."""
        found, self._unreadable = self._unreadable, []
        if found:
            later = update(escalation).where(escalation.c.alarm.in_(found))
            self._connection.execute(later.values(due_ms=until_ms))
        return found

    def _readable(self, row: Row[Any]) -> CaseFile | None:
        """One row that this version can't read must not keep all others from people."""
        try:
            return _file(row)
        except msgspec.MsgspecError:
            self._unreadable.append(AlarmId(row.alarm))
            return None

    def next_due_ms(self) -> int | None:
        """When the next ladder is due."""
        due_ms: int | None = self._connection.execute(select(func.min(escalation.c.due_ms))).scalar_one()
        return due_ms

    def put(self, file: CaseFile) -> None:
        """Store; a second open alarm of the same key raises IntegrityError: a defect, not an event."""
        one = file.alarm
        row = {
            "id": one.id,
            "key": one.key,
            "open_key": one.key if one.closed_ms is None else None,
            "kind": one.kind,
            "site": one.site,
            "detector": one.detector,
            "priority": one.priority,
            "opened_ms": one.opened_ms,
            "closed_ms": one.closed_ms,
            "inside": one.inside,
            "cover": one.cover.window if one.cover else None,
            "stale_from_ms": stale_from_ms(one),
            "body": _encode(one),
        }
        upsert(self._connection, alarm, [row])
        body = _encode(_Escalation(file.ladder, file.worse_version))
        upsert(
            self._connection,
            escalation,
            [
                {
                    "alarm": one.id,
                    "due_ms": file.due_ms,
                    "rank": rank_of(one.kind, one.priority),
                    "body": body,
                }
            ],
        )


class SqlTransaction:
    """Implements `alerts.ports.Transaction`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.cases = SqlCases(connection)
        self.notices = SqlNotices(connection)
        self.windows = SqlWindowFiles(connection)
        self.hazards = SqlHazards(connection)

    def cursor(self, lane: Lane) -> int:
        """The id of the last journal entry that this lane has read."""
        found = self._connection.execute(select(cursor.c.journal_id).where(cursor.c.name == lane)).scalar()
        return found or 0

    def entries(self, after: int, limit: int) -> list[Entry]:
        """The journal after a cursor."""
        return after_in(self._connection, after, limit)

    @contextmanager
    def attempt(self) -> Iterator[None]:
        """Undo what is done within, if it fails by our own defect; the store's errors end the transaction."""
        nested = self._connection.begin_nested()
        try:
            yield
        except (OperationalError, InterfaceError, InternalError, StoreDownError):
            raise
        except Exception as error:
            nested.rollback()
            raise SpoiledError(f"{type(error).__name__}: {error}") from error
        nested.commit()

    def move(self, lane: Lane, to: int) -> None:
        """The lane has read up to here."""
        upsert(self._connection, cursor, [{"name": lane, "journal_id": to}])

    def load(self) -> Load:
        """The newest annunciations and the flood that is on."""
        return load_in(self._connection)

    def put_load(self, load: Load) -> None:
        """Remember them."""
        put_load_in(self._connection, load)

    def append(self, events: Sequence[Event], at_ms: int) -> None:
        """Write to the journal."""
        append_in(self._connection, events, at_ms)


class SqlBooks:
    """Implements `alerts.ports.Books`. Raises `StoreDownError`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def open_of(self, kinds: Collection[AlarmKind]) -> list[Alarm]:
        """All open alarms of these kinds, the oldest first; no writer has to wait meanwhile."""
        with reading(self._engine) as connection:
            return _open_of(connection, kinds)

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """One write transaction, alone: on PostgreSQL the journal's lock is taken first, too."""
        with writing(self._engine) as connection:
            lock(connection)
            yield SqlTransaction(connection)


def _open_of(connection: Connection, kinds: Collection[AlarmKind]) -> list[Alarm]:
    wanted = alarm.c.closed_ms.is_(None) & alarm.c.kind.in_([kind.value for kind in kinds])
    bodies = connection.execute(select(alarm.c.body).where(wanted).order_by(alarm.c.id)).scalars()
    return [one for body in bodies if (one := _readable(body))]


def _readable(body: str) -> Alarm | None:
    """None: written by another version; the auditor says which one."""
    try:
        return _alarm_of(body)
    except msgspec.MsgspecError:
        return None


def _file(row: Sequence[Any] | None) -> CaseFile | None:
    if row is None:
        return None
    kept = _escalation_of(row[1])
    one = _alarm_of(row[0])
    return CaseFile(one, kept.worse_version, kept.ladder.of_now(one.kind))
