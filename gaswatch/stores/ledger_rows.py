"""How the ledger's records lie in their tables, one line of `TABLES` for each kind of record."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any, Final, TypeAlias, TypeVar, cast

import msgspec
from sqlalchemy import Column, Connection, Select, Table, select

from gascore.compat import format_target
from gascore.registry import Area, Detector, Duty, Person, Room, Site, Supplier
from gascore.thresholds import Profile
from gaswatch.stores import schema

Record: TypeAlias = Area | Supplier | Person | Site | Room | Detector | Duty | Profile
RecordT = TypeVar("RecordT", Area, Supplier, Person, Site, Room, Detector, Duty, Profile)

TABLES: Final[Mapping[type[Record], Table]] = {
    Area: schema.area,
    Profile: schema.profile,
    Supplier: schema.supplier,
    Person: schema.person,
    Site: schema.site,
    Room: schema.room,
    Detector: schema.detector,
    Duty: schema.duty,
}
"""In the order of writing: what is referred to comes first."""

_ALL_FROM: Final = 20_000
"""From so many wanted records on, the whole table is read."""
_IN_AT_ONCE: Final = 1_000


def entity_of(kind: type[Record]) -> str:
    """What the journal calls this kind of record, such as "area" or "detector"."""
    return kind.__name__.lower()


def key_of(record: Record) -> str:
    """What the journal calls this record."""
    if isinstance(record, Duty):
        return f"{record.person}/{record.role}/{record.site or '*'}"
    return record.id


def row_of(record: Record) -> dict[str, object]:
    """The columns of a record; equal rows are equal records."""
    row = cast("dict[str, object]", msgspec.to_builtins(record))
    if isinstance(record, Detector):
        row["target"] = format_target(record.target)
    return row


def columns_of(kind: type[Record]) -> Select[Any]:
    """The query that `record_of` reads the rows of, in the order of the primary key."""
    table = TABLES[kind]
    return select(*(table.c[name] for name in kind.__struct_fields__)).order_by(*table.primary_key)


def record_of(kind: type[RecordT], row: Iterable[object]) -> RecordT:
    """The inverse of `row_of`, from a row of `columns_of`."""
    values = dict(zip(kind.__struct_fields__, row, strict=True))
    if kind is Detector:
        target = cast("str | None", values["target"])
        values["target"] = target.split("+") if target else None
    return msgspec.convert(values, kind)


def fetch_all(connection: Connection, kind: type[RecordT]) -> list[RecordT]:
    """Every record of a kind, in the order of its primary key."""
    return [record_of(kind, row) for row in connection.execute(columns_of(kind))]


def fetch(
    connection: Connection, kind: type[RecordT], column: Column[object], wanted: Collection[object]
) -> list[RecordT]:
    """The records whose `column` is one of `wanted`."""
    if len(wanted) >= _ALL_FROM:
        return [record for record in fetch_all(connection, kind) if getattr(record, column.name) in wanted]
    values = list(wanted)
    found: list[RecordT] = []
    for start in range(0, len(values), _IN_AT_ONCE):
        query = columns_of(kind).where(column.in_(values[start : start + _IN_AT_ONCE]))
        found.extend(record_of(kind, row) for row in connection.execute(query))
    return found
