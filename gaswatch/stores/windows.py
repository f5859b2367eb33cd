"""Maintenance windows in SQL: people change the window, alerts keeps where it stands."""

from typing import Any, Final

import msgspec
from sqlalchemy import ColumnElement, Connection, Engine, select, update

from alerts.rules.windows import State, WindowFile
from gascore.windows import PlaceKind, Window, WindowSet
from gascore.words import AreaId
from gaswatch.stores.engine import reading, writing
from gaswatch.stores.journal import append_in, lock
from gaswatch.stores.schema import alarm, area, detector, maintenance_window, site
from gaswatch.stores.upsert import upsert

_encode: Final = msgspec.json.Encoder(order="deterministic").encode
_window_of: Final = msgspec.json.Decoder(Window).decode
_state_of: Final = msgspec.json.Decoder(State).decode
_one: Final = maintenance_window.c


class SqlWindowFiles:
    """Implements `alerts.ports.WindowFiles`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def live(self) -> list[WindowFile]:
        """Those that are not over; who ends first is first."""
        query = select(_one.body, _one.state).where(_one.is_over.is_(False)).order_by(_one.last_ms, _one.id)
        return [
            WindowFile(_window_of(body), State() if state is None else _state_of(state))
            for body, state in self._connection.execute(query)
        ]

    def put(self, file: WindowFile, *, is_over: bool) -> None:
        """Keep where a window stands."""
        query = update(maintenance_window).where(_one.id == file.window.id)
        self._connection.execute(query.values(is_over=is_over, state=_encode(file.state)))


class SqlWindows:
    """Implements `dashboard.ports.Windows`. Blocking; raises `StoreDownError`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def live(self, since_ms: int) -> list[Window]:
        """Those that may hold at or after an instant; who ends first is first."""
        query = select(_one.body).where(_one.last_ms > since_ms).order_by(_one.last_ms, _one.id)
        with reading(self._engine) as connection:
            return [_window_of(body) for body in connection.execute(query).scalars()]

    def window(self, key: str) -> Window | None:
        """One window, over or not."""
        with reading(self._engine) as connection:
            body = connection.scalar(select(_one.body).where(_one.id == key))
        return None if body is None else _window_of(body)

    def put(self, window: Window, by: str, at_ms: int) -> None:
        """Make or change a window, with its journal entry in the same transaction."""
        with writing(self._engine) as connection:
            lock(connection)
            row = {"id": window.id, "last_ms": window.last_ms, "body": _encode(window), "is_over": False}
            upsert(connection, maintenance_window, [row])
            append_in(connection, [WindowSet(window=window, by=by)], at_ms)


def within(place: PlaceKind, at: str) -> ColumnElement[bool]:
    """Which alarms lie in a place."""
    match place:
        case PlaceKind.DETECTOR:
            return alarm.c.detector == at
        case PlaceKind.ROOM:
            return alarm.c.detector.in_(select(detector.c.id).where(detector.c.room == at))
        case PlaceKind.SITE:
            return alarm.c.site == at
        case PlaceKind.AREA:
            return alarm.c.site.in_(select(site.c.id).where(site.c.area.in_(select(below(AreaId(at)).c.id))))


def below(top: AreaId) -> Any:  # noqa: ANN401 -- SQLAlchemy's CTE of one column
    """An area with all areas below it, as a query with the column `id`."""
    found = select(area.c.id).where(area.c.id == top).cte("below", recursive=True)
    return found.union(select(area.c.id).where(area.c.parent == found.c.id))
