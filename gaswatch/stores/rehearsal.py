"""Tries an alarm out on the ledger and the open alarms as they are: nothing is written, nobody is told."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import tzinfo

import msgspec
from sqlalchemy import Connection, Engine, or_

from alerts.rules.changes import opened
from alerts.rules.occasions import Began
from alerts.rules.trial import group_over, quiet_of, unstable_over
from alerts.service.escalating import Escalating
from alerts.service.grouping import Grouping, Limits
from alerts.service.places import Places
from gascore.alarm import QUIETED, Alarm, AlarmKind, Cover, Suppression
from gascore.escalation import Staff
from gascore.priority import priority_of
from gascore.registry import Detector, Duty, Person, Room
from gascore.rehearsal import Quiet, Rehearsal, Then, Ways, rehearse
from gascore.windows import Window, time_at
from gascore.words import AlarmId, DetectorId, Level, SiteId
from gaswatch.stores import schema
from gaswatch.stores.desk import SqlTransaction
from gaswatch.stores.engine import reading
from gaswatch.stores.groups import SqlGroups
from gaswatch.stores.ledger_rows import columns_of, fetch_all, record_of
from gaswatch.stores.policies import rosters_in
from gaswatch.stores.registry import SqlRegistry

_STANDING = frozenset({AlarmKind.BLIND, AlarmKind.OUTAGE, AlarmKind.UNSTABLE})


@dataclass(frozen=True, slots=True)
class _Books:
    """What is stored besides the ledger. `last`: the newest alarm of the same key."""

    last: Alarm | None
    wrong_gas: bool
    standing: list[Alarm]
    windows: list[Window]

    def open_of(self, kind: AlarmKind) -> list[Alarm]:
        return [one for one in self.standing if one.kind is kind]


class SqlRehearsals:
    """Implements `dashboard.ports.Rehearsals`. `zone` is the town's; `ways`: asked whom the channels reach."""

    def __init__(
        self, engine: Engine, zone: tzinfo, limits: Limits | None = None, ways: Ways | None = None
    ) -> None:
        self._engine = engine
        self._zone = zone
        self._limits = limits or Limits()
        self._ways = ways
        self._registry = SqlRegistry(engine)
        self._groups = SqlGroups(engine)

    def rehearse(self, detector: DetectorId, kind: AlarmKind, level: Level, at_ms: int) -> Rehearsal | None:
        """Who would be told of such an alarm that starts at `at_ms`; None: no such detector in the ledger.

        Blocking. Raises `StoreDownError`.
        """
        found = self._registry.detector(detector)
        room = self._registry.room(found.room) if found else None
        if found is None or room is None:
            return None
        books = self._books(detector, kind)
        places = Places(self._registry, self._groups)
        began = _began(found, room, kind, level, at_ms, wrong_gas=books.wrong_gas)
        quiet = self._quiet(began, at_ms, books, places)
        alarm = opened(began, at_ms)
        other, hold_ms = self._explained(began, at_ms, books)
        if other is not None:
            quiet = (Quiet(Suppression.BY_DESIGN, alarm=other.id), *quiet)
        over_ms = max((one.until_ms for one in quiet if one.until_ms is not None), default=None)
        gas_test = next((one for one in quiet if one.suppression is Suppression.GAS_TEST), None)
        if gas_test is not None and over_ms is not None:
            cover = Cover(gas_test.window, gas_test.by, over_ms, gas_test.reason, gas_test=True)
            tested = msgspec.structs.replace(alarm, cover=cover)
            shown = self._tried(detector, tested, at_ms, at_ms)
            tried = self._tried(detector, alarm, at_ms, over_ms)
            then = Then(over_ms, tried.policy, tried.version, tried.repeat_s, tried.lines)
        else:
            shown = self._tried(detector, alarm, at_ms, at_ms + hold_ms if over_ms is None else over_ms)
            then = None
        return msgspec.structs.replace(
            shown,
            hold_s=hold_ms / 1000,
            quiet=quiet,
            then=then,
            open=books.last.id if books.last and books.last.closed_ms is None else None,
            blind=tuple(one.id for one in books.open_of(AlarmKind.BLIND)),
        )

    def _books(self, detector: DetectorId, kind: AlarmKind) -> _Books:
        with reading(self._engine) as connection:
            stored = SqlTransaction(connection)
            return _Books(
                last=stored.cases.last_of_key(_key(detector, kind)),
                wrong_gas=stored.cases.of_key(_key(detector, AlarmKind.WRONG_GAS)) is not None,
                standing=stored.cases.open_of(_STANDING),
                windows=[file.window for file in stored.windows.live()],
            )

    def _quiet(self, began: Began, at_ms: int, books: _Books, places: Places) -> tuple[Quiet, ...]:
        around = places.around(began.site, began.room, began.detector) if books.windows else frozenset()
        here = [window for window in books.windows if (window.place, window.at) in around]
        return quiet_of(began, at_ms, books.last, lambda now_ms: self._running(here, now_ms))

    def _running(self, windows: Collection[Window], now_ms: int) -> list[tuple[Window, Cover]]:
        spans = ((window, time_at(window, now_ms, self._zone)) for window in windows)
        return [
            (window, Cover(window.id, window.by, span[1], window.reason, window.gas_test))
            for window, span in spans
            if span is not None
        ]

    def _explained(self, began: Began, at_ms: int, books: _Books) -> tuple[Alarm | None, int]:
        """The alarm that would stand for it, and how long (ms) people wait for such an explanation to show."""
        if began.kind not in QUIETED or began.detector is None:
            return None, 0
        grouping = Grouping(self._groups, self._limits)
        member = grouping.member(began.detector)
        groups = [(one.kind.value, one.id) for one in member.groups] if member else []
        other = group_over(groups, books.open_of(AlarmKind.OUTAGE), at_ms)
        if began.kind is AlarmKind.UNSTABLE:
            return other, self._limits.hold_ms
        other = other or unstable_over(began.detector, books.open_of(AlarmKind.UNSTABLE))
        return other, grouping.hold_ms(began.detector)

    def _tried(self, detector: DetectorId, alarm: Alarm, at_ms: int, begin_ms: int) -> Rehearsal:
        """The ladder of an alarm of `at_ms` that begins at `begin_ms`."""
        places = Places(self._registry, self._groups)
        chain = Escalating(self._registry, places, self._zone, begin_ms).chain_of(alarm)
        with reading(self._engine) as connection:
            staff = staff_of(connection, alarm.site, self._zone)
        return Rehearsal(
            detector=detector,
            kind=alarm.kind,
            level=alarm.level,
            priority=alarm.priority,
            at_ms=at_ms,
            policy=chain.policy,
            version=chain.version,
            repeat_s=chain.repeat_s,
            ack_expires_s=chain.ack_expires_s,
            lines=rehearse(chain, staff, at_ms, begin_ms=begin_ms, ways=self._ways),
        )


def staff_of(connection: Connection, site: SiteId | None, zone: tzinfo) -> Staff:
    """Who can be told of an alarm at a site; None: of one without a site."""
    people = {one.id: one for one in fetch_all(connection, Person)}
    rosters = {one.id: one for one in rosters_in(connection)}
    duties = [(duty.role, people[duty.person]) for duty in _duties(connection, site)]
    return Staff(duties, people.get, rosters.get, zone)


def _duties(connection: Connection, site: SiteId | None) -> list[Duty]:
    everywhere = schema.duty.c.site.is_(None)
    mine = or_(everywhere, schema.duty.c.site == site)
    query = columns_of(Duty).where(mine).order_by(None).order_by(everywhere, schema.duty.c.id)
    return [record_of(Duty, row) for row in connection.execute(query)]


def _began(
    detector: Detector, room: Room, kind: AlarmKind, level: Level, at_ms: int, *, wrong_gas: bool
) -> Began:
    return Began(
        id=AlarmId(0),
        key=_key(detector.id, kind),
        kind=kind,
        priority=priority_of(kind, level, room=room.kind, wrong_gas=wrong_gas),
        since_ms=at_ms,
        received_ms=at_ms,
        level=level,
        detector=detector.id,
        site=detector.site,
        room=detector.room,
    )


def _key(detector: DetectorId, kind: AlarmKind) -> str:
    return f"detector:{detector}:{kind.value}"
