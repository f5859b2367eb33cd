"""Detectors with their rooms, as the collector needs them: all of them, or those that a change can concern."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from functools import cache
from typing import Any, Final, TypeAlias, TypeVar

from sqlalchemy import Column, Connection, Row, Select, select

from collector.ports import Changed
from gascore.compat import parse_target
from gascore.registry import Placed
from gascore.thresholds import Thresholds
from gascore.words import AreaId, RoomId, RoomKind, SiteId, SupplyGas
from gaswatch.stores import schema

_ROWS_AT_ONCE: Final = 10_000
_IN_AT_ONCE: Final = 1_000
_MOST: Final = 5_000
"""Of more rooms or detectors, all are read: a detector is not found by its room without looking at every one."""
_NAMED: Final = frozenset({"detector", "room", "site"})
"""These concern their own detectors; anything else (an area, a profile) can concern every one."""
_SHARED_MOST: Final = 10_000

_one, _room, _site = schema.detector.c, schema.room.c, schema.site.c
_DETECTORS: Final = select(
    _one.no,
    _one.id,
    _one.room,
    _one.model,
    _one.target,
    _one.every_s,
    _one.low_lel,
    _one.high_lel,
    _one.commissioned_ms,
    _one.retired_ms,
).order_by(_one.no)
_ROOMS: Final = select(_room.id, _room.site, _site.area, _room.kind, _room.supply_gas).join_from(
    schema.room, schema.site, _room.site == _site.id
)
# A dictionary, not the enum's own call: that one is most of the time that a room takes.
_KINDS: Final = {one.value: one for one in RoomKind}
_GASES: Final = {one.value: one for one in SupplyGas}
_Place: TypeAlias = tuple[SiteId, RoomId, AreaId, RoomKind, SupplyGas]
FiguresOf: TypeAlias = Callable[[str, AreaId, float | None, float | None], Thresholds]
"""The thresholds of a model in an area, with set points of its own."""
_T = TypeVar("_T")


class _Shared(dict[_T, _T]):
    """Equal values as one object, as long as there are few: a million detectors have dates and set points in common."""

    def __missing__(self, key: _T) -> _T:
        if len(self) < _SHARED_MOST:
            self[key] = key
        return key


def placed_in(connection: Connection, changed: Changed | None, figures_of: FiguresOf) -> Iterator[Placed]:
    """By number; see `collector.ports.Registry.placed`."""
    found = None if changed is None else _concerned(connection, changed)
    places = _places(connection, None if found is None else {row.room for row in found})
    rows: Iterable[Any] = (
        connection.execution_options(yield_per=_ROWS_AT_ONCE).execute(_DETECTORS) if found is None else found
    )
    target_of, numbers, dates = cache(parse_target), _Shared[float](), _Shared[int | None]()
    for no, key, room, model, target, every_s, low_lel, high_lel, commissioned_ms, retired_ms in rows:
        site, at, area, kind, gas = places[room]
        yield Placed(
            no,
            key,
            site,
            at,
            area,
            kind,
            gas,
            target_of(target),
            numbers[every_s],
            dates[commissioned_ms],
            dates[retired_ms],
            figures_of(model, area, low_lel, high_lel),
        )


def _places(connection: Connection, wanted: Collection[str] | None) -> Mapping[str, _Place]:
    """Rooms by id; None: all of them."""
    # Looked up here, not joined in SQL: the detectors of a room share its strings that way.
    names = _Shared[Any]()
    rows: Iterable[Any] = (
        connection.execute(_ROOMS) if wanted is None else _among(connection, _ROOMS, _room.id, wanted)
    )
    return {
        key: (names[site], key, names[area], _KINDS[kind], _GASES[gas]) for key, site, area, kind, gas in rows
    }


def _concerned(connection: Connection, changed: Changed) -> list[Row[Any]] | None:
    """The rows of the detectors that these records can concern; None: it may be any."""
    names = changed.get("detector", ())
    rooms = set(changed.get("room", ()))
    sites = changed.get("site", ())
    if changed.keys() - _NAMED or max(len(names), len(rooms), len(sites)) > _MOST:
        return None
    rooms.update(key for (key,) in _among(connection, select(_room.id), _room.site, sites))
    if len(rooms) > _MOST:
        return None
    found = {row.no: row for row in _among(connection, _DETECTORS, _one.id, names)}
    found |= {row.no: row for row in _among(connection, _DETECTORS, _one.room, rooms)}
    return [found[no] for no in sorted(found)]


def _among(
    connection: Connection, query: Select[Any], column: Column[Any], wanted: Collection[str]
) -> Iterator[Row[Any]]:
    """The rows whose `column` is one of `wanted`."""
    values = list(wanted)
    for start in range(0, len(values), _IN_AT_ONCE):
        yield from connection.execute(query.where(column.in_(values[start : start + _IN_AT_ONCE])))
