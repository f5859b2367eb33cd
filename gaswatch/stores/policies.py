"""Escalation policies and rosters in SQL: a changed policy is a new version, the old ones are kept."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, TypeVar

import msgspec
from sqlalchemy import Connection, Row, func, insert, select

from gascore.journal import LedgerChanged
from gascore.policy import Policy
from gascore.registry import Ledger
from gascore.roster import Roster
from gaswatch.stores.schema import policy, roster
from gaswatch.stores.upsert import upsert

_encode: Final = msgspec.json.Encoder(order="deterministic").encode
_policy_of: Final = msgspec.json.Decoder(Policy).decode
_roster_of: Final = msgspec.json.Decoder(Roster).decode
_newest: Final = (
    select(policy.c.id, func.max(policy.c.version).label("version")).group_by(policy.c.id).subquery()
)
_policies: Final = (
    select(policy.c.id, policy.c.version, policy.c.body)
    .join(_newest, (policy.c.id == _newest.c.id) & (policy.c.version == _newest.c.version))
    .order_by(policy.c.id)
)
_rosters: Final = select(roster.c.id, roster.c.body).order_by(roster.c.id)
_T = TypeVar("_T", Policy, Roster)


def policies_in(connection: Connection) -> tuple[Policy, ...]:
    """Every policy in its newest version, by id.

    One that this version can't read is left out, so that its alarms go by the built-in one; the auditor says so
    (`unreadable_in`). A leak must not wait for somebody who mends the ledger.
    """
    return tuple(one for _, one in _each(connection.execute(_policies), _policy_of) if one)


def rosters_in(connection: Connection) -> tuple[Roster, ...]:
    """Every roster, by id; one that can't be read is left out: a step that asks for it is told to nobody."""
    return tuple(one for _, one in _each(connection.execute(_rosters), _roster_of) if one)


def unreadable_in(connection: Connection) -> Iterator[str]:
    """What was left out of both, such as "policy night"."""
    yield from (f"policy {key}" for key, one in _each(connection.execute(_policies), _policy_of) if not one)
    yield from (f"roster {key}" for key, one in _each(connection.execute(_rosters), _roster_of) if not one)


def _each(rows: Iterable[Row[Any]], read: Callable[[str], _T]) -> Iterator[tuple[str, _T | None]]:
    for row in rows:
        try:
            yield row.id, read(row.body)
        except msgspec.MsgspecError:
            yield row.id, None


def put_policies(connection: Connection, ledger: Ledger, *, by: str) -> list[LedgerChanged]:
    """Write what is new or different; what the file says of a policy's version is left alone."""
    rosters = {one.id: one for one in rosters_in(connection)}
    new_rosters = [one for one in ledger.rosters if rosters.get(one.id) != one]
    upsert(connection, roster, [{"id": one.id, "body": _encode(one)} for one in new_rosters])
    policies = {one.id: one for one in policies_in(connection)}
    versions = {row.id: row.version for row in connection.execute(_policies)}
    new_policies = [
        one
        for given in ledger.policies
        if (one := _next(given, policies.get(given.id), versions.get(given.id, 0)))
    ]
    if new_policies:
        rows = [{"id": one.id, "version": one.version, "body": _encode(one)} for one in new_policies]
        connection.execute(insert(policy), rows)
    return [*_changes("roster", new_rosters, rosters, by), *_changes("policy", new_policies, policies, by)]


def _next(given: Policy, before: Policy | None, version: int) -> Policy | None:
    """What to store after `version`; None: nothing has changed."""
    if before == msgspec.structs.replace(given, version=version):
        return None
    return msgspec.structs.replace(given, version=version + 1)


def _changes(entity: str, records: Sequence[_T], known: Mapping[str, _T], by: str) -> list[LedgerChanged]:
    return [
        LedgerChanged(
            entity=entity,
            key=one.id,
            by=by,
            before=_encode(known[one.id]).decode() if one.id in known else None,
            after=_encode(one).decode(),
        )
        for one in records
    ]
