"""Hazards in SQL: for the desk inside its transaction, and for the dashboard as a list."""

from typing import Final

import msgspec
from sqlalchemy import ColumnElement, Connection, Engine, and_, exists, func, or_, select, true

from dashboard.ports import HazardQuery, HazardsPage
from gascore.alarm import Alarm
from gascore.flood import Load
from gascore.hazard import Hazard
from gascore.words import AlarmId
from gaswatch.stores.engine import reading
from gaswatch.stores.schema import alarm, alarm_load, hazard
from gaswatch.stores.upsert import upsert

_encode: Final = msgspec.json.Encoder().encode
_alarm_of: Final = msgspec.json.Decoder(Alarm).decode
_hazard_of: Final = msgspec.json.Decoder(Hazard).decode
_load_of: Final = msgspec.json.Decoder(Load).decode
_LOAD: Final = "alarms"


class SqlHazards:
    """Implements `alerts.ports.Hazards`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def new_id(self) -> int:
        """The number of the next hazard."""
        newest = select(func.coalesce(func.max(hazard.c.id), 0))
        return int(self._connection.execute(newest).scalar_one()) + 1

    def of_id(self, wanted: int) -> Hazard | None:
        """A hazard, open or closed."""
        body = self._connection.execute(select(hazard.c.body).where(hazard.c.id == wanted)).scalar()
        return None if body is None else _hazard_of(body)

    def open_of(self, wanted: AlarmId) -> Hazard | None:
        """The open hazard that an alarm became."""
        query = select(hazard.c.body).where(hazard.c.alarm == wanted, hazard.c.closed_ms.is_(None))
        body = self._connection.execute(query).scalar()
        return None if body is None else _hazard_of(body)

    def stale(self, before_ms: int, limit: int) -> list[Alarm]:
        """Alarms since before then that are no hazard, nor were one since then; the oldest first."""
        query = (
            select(alarm.c.body)
            .where(alarm.c.stale_from_ms <= before_ms, ~_is_hazard(before_ms))
            .order_by(alarm.c.stale_from_ms)
            .limit(limit)
        )
        return [_alarm_of(body) for body in self._connection.execute(query).scalars()]

    def oldest_ms(self, before_ms: int) -> int | None:
        """Since when the oldest one counts that is no hazard: of its opening, or of the end of its last hazard."""
        waiting = select(func.min(alarm.c.stale_from_ms)).where(
            alarm.c.stale_from_ms.is_not(None), ~_is_hazard(before_ms)
        )
        again = select(func.min(hazard.c.closed_ms)).where(hazard.c.closed_ms > before_ms)
        found = (self._connection.execute(query).scalar() for query in (waiting, again))
        return min((at_ms for at_ms in found if at_ms is not None), default=None)

    def put(self, one: Hazard) -> None:
        """Store; the store itself refuses a second open hazard of an alarm."""
        row = {
            "id": one.id,
            "alarm": one.alarm,
            "open_alarm": one.alarm if one.closed_ms is None else None,
            "kind": one.kind,
            "site": one.site,
            "detector": one.detector,
            "deadline_ms": one.deadline_ms,
            "closed_ms": one.closed_ms,
            "body": _encode(one),
        }
        upsert(self._connection, hazard, [row])


def _is_hazard(before_ms: int) -> ColumnElement[bool]:
    since = or_(hazard.c.closed_ms.is_(None), hazard.c.closed_ms > before_ms)
    return exists().where(and_(hazard.c.alarm == alarm.c.id, since))


def load_in(connection: Connection) -> Load:
    """The newest annunciations and the flood that is on; nothing at first."""
    body = connection.execute(select(alarm_load.c.body).where(alarm_load.c.name == _LOAD)).scalar()
    return Load() if body is None else _load_of(body)


def put_load_in(connection: Connection, load: Load) -> None:
    """Remember them."""
    upsert(connection, alarm_load, [{"name": _LOAD, "body": _encode(load)}])


class SqlHazardList:
    """Implements `dashboard.ports.Hazards`. Blocking; raises `StoreDownError`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def page(self, query: HazardQuery, now_ms: int) -> HazardsPage:
        """The newest first."""
        wanted = select(hazard.c.body).where(_asked(query, now_ms)).order_by(hazard.c.id.desc())
        with reading(self._engine) as connection:
            bodies = connection.execute(wanted.limit(query.limit + 1)).scalars().all()
        found = tuple(map(_hazard_of, bodies[: query.limit]))
        return HazardsPage(found, found[-1].id if len(bodies) > query.limit else None)

    def hazard(self, wanted: int) -> Hazard | None:
        """One hazard."""
        with reading(self._engine) as connection:
            return SqlHazards(connection).of_id(wanted)


def _asked(query: HazardQuery, now_ms: int) -> ColumnElement[bool]:
    is_open = hazard.c.closed_ms.is_(None)
    asked: list[ColumnElement[bool]] = [true()]
    if query.is_open is not None:
        asked.append(is_open if query.is_open else ~is_open)
    if query.before is not None:
        asked.append(hazard.c.id < query.before)
    if query.site is not None:
        asked.append(hazard.c.site == query.site)
    if query.detector is not None:
        asked.append(hazard.c.detector == query.detector)
    if query.overdue:
        asked.append(is_open & (hazard.c.deadline_ms < now_ms))
    return and_(*asked)
