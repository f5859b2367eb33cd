"""Puts a ledger, or a part of one, on top of what is stored, and says what that changed."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, TypeVar

import msgspec
from sqlalchemy import Connection, insert

from gascore.canary import KEEPER, PREFIX, is_canary
from gascore.journal import LedgerChanged
from gascore.registry import Area, Detector, Duty, Ledger, Person, Room, Site, Supplier
from gascore.roster import Roster
from gascore.thresholds import Profile
from gaswatch.stores import schema
from gaswatch.stores.ledger_check import Known, LedgerError, check, parents_first
from gaswatch.stores.ledger_rows import TABLES, Record, entity_of, fetch, fetch_all, key_of, row_of
from gaswatch.stores.policies import put_policies, rosters_in
from gaswatch.stores.policy_check import people_of
from gaswatch.stores.upsert import upsert

_Named = TypeVar("_Named", Area, Supplier, Person, Site, Room, Detector, Profile, Roster)
_encode: Final = msgspec.json.Encoder(order="deterministic").encode


def put_in(connection: Connection, ledger: Ledger, *, by: str) -> list[LedgerChanged]:
    """Write what is new or different inside the caller's transaction; returns its entries, to be appended.

    Raises:
        LedgerError: the caller must roll back.
    """
    known = _known(connection, ledger)
    check(ledger, known)
    kinds: tuple[tuple[Sequence[Record], Mapping[str, Record]], ...] = (
        (parents_first(ledger.areas), known.areas),
        (ledger.profiles, known.profiles),
        (ledger.suppliers, known.suppliers),
        (ledger.people, known.people),
        (ledger.sites, known.sites),
        (ledger.rooms, known.rooms),
        (ledger.detectors, known.detectors),
        (ledger.duties, _known_duties(connection, ledger)),
    )
    changes = [change for records, before in kinds for change in _write(connection, records, before, by)]
    return changes + put_policies(connection, ledger, by=by)


def _known(connection: Connection, ledger: Ledger) -> Known:
    """What the ledger changes or refers to, and no more: one detector must not cost a million rows."""
    sites = {one.id for one in ledger.sites} | {one.site for one in ledger.rooms}
    sites |= {one.site for one in ledger.detectors}
    sites |= {one.site for one in ledger.duties if one.site is not None}
    rooms = {one.id for one in ledger.rooms} | {one.room for one in ledger.detectors}
    people = {one.id for one in ledger.people} | {one.person for one in ledger.duties}
    people |= people_of(ledger.policies, ledger.rosters)
    names = {one.id for one in ledger.detectors}
    numbers = {one.no for one in ledger.detectors}
    same_no = fetch(connection, Detector, schema.detector.c.no, numbers)
    return Known(
        areas=_by_id(fetch_all(connection, Area)),
        profiles=_by_id(fetch_all(connection, Profile)),
        suppliers=_by_id(fetch_all(connection, Supplier)),
        people=_by_id(fetch(connection, Person, schema.person.c.id, people)),
        sites=_by_id(fetch(connection, Site, schema.site.c.id, sites)),
        rooms=_by_id(fetch(connection, Room, schema.room.c.id, rooms)),
        detectors=_by_id(fetch(connection, Detector, schema.detector.c.id, names)),
        owners={one.no: one.id for one in same_no},
        rosters=_by_id(rosters_in(connection)) if ledger.policies else {},
    )


def _known_duties(connection: Connection, ledger: Ledger) -> dict[str, Duty]:
    people = {one.person for one in ledger.duties}
    return {key_of(one): one for one in fetch(connection, Duty, schema.duty.c.person, people)}


def _write(
    connection: Connection, records: Sequence[Record], known: Mapping[str, Record], by: str
) -> list[LedgerChanged]:
    changes: list[LedgerChanged] = []
    rows: list[dict[str, object]] = []
    done: set[str] = set()
    for record in records:
        key, row = key_of(record), row_of(record)
        before = known.get(key)
        if key in done or (before is not None and row_of(before) == row):
            continue
        if isinstance(record, Detector) and is_canary(key) and by != KEEPER:
            raise LedgerError(
                [f"detector {key}: ids beginning with {PREFIX!r} are for test leaks; take it out"]
            )
        done.add(key)
        rows.append(row)
        changes.append(
            LedgerChanged(
                entity=entity_of(type(record)),
                key=key,
                by=by,
                before=None if before is None else _encode(before).decode(),
                after=_encode(record).decode(),
            )
        )
    if rows and isinstance(records[0], Duty):
        connection.execute(insert(schema.duty), rows)
    elif rows:
        upsert(connection, TABLES[type(records[0])], rows)
    return changes


def _by_id(records: Iterable[_Named]) -> dict[str, _Named]:
    return {one.id: one for one in records}
