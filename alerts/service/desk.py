"""The desk: takes the journal in, steps alarms and ladders, fills the outbox – one transaction for each turn.

Exactly once: the cursor moves in the same transaction as everything that follows from the entries before it.
After a kill at any instant the turn has happened wholly or not at all.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import tzinfo
from typing import Final

import structlog

from alerts.ports import Books, Lane, Registry, SpoiledError, Transaction
from alerts.rules.occasions import Ended
from alerts.service.casework import Casework, Guard, Moment
from alerts.service.folding import begin_blind, fold, is_noise, is_urgent, silences
from alerts.service.grouping import Grouping
from alerts.service.manning import Manning
from alerts.service.upkeep import Upkeep
from alerts.service.windows import Windows
from gascore.alarm import Alarm
from gascore.journal import Entry
from gascore.words import AlarmId

ENTRIES: Final = 10
"""Per lane and turn: the collector can't write while a turn lasts (up to 10 ms for each entry that concerns us)."""
SCANNED: Final[Mapping[Lane, int]] = {Lane.URGENT: 1_000, Lane.OTHERS: 100}
"""Entries looked at per lane and turn: enough to find a leak behind the power cut of a quarter; of the others
not many more than are taken, for they are read again when their turn comes."""
LADDERS: Final = 10
CLOCK_STEP_MS: Final = 1_000
"""A clock that went back by more was set."""
OWN_JOURNAL: Final = "system:alerts:journal"
"""An entry was skipped, or a ladder is stuck; open until the process is replaced by one that hopefully knows better."""
_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something of our own does not work since `since_ms`; `code` says why."""

    code: str
    since_ms: int


@dataclass(frozen=True, slots=True)
class Turned:
    """What a turn did.

    Attributes:
        cursor: the last journal entry up to which everything was taken in.
        more: there is more to do at once.
        wake_ms: when the next ladder is due.
        told: notices made.
        is_urgent: what there is more to do is about a leak or a person.
    """

    cursor: int
    more: bool
    wake_ms: int | None
    told: int
    is_urgent: bool = False


REST_MS: Final = 50
"""A turn with more to come is followed by a rest as long as itself, up to this: SQLite has one write lock and no
queue for it, and who has waited for long looks only every 100 ms (sqlite3.c, `sqliteDefaultBusyCallback`). Without
a rest, an outage of ten thousand detectors was seen to keep the collector out for over 10 s (`script/bench outage`)."""


def rest_ms(turned: Turned, took_ms: int) -> int:
    """How long to leave the write lock to others before the next turn, which took `took_ms`; leaks don't wait."""
    return 0 if turned.is_urgent else max(0, min(took_ms, REST_MS))


class _NotYet:
    """Nobody has read yet who is offline: silences that were held go on being held."""

    is_undecided = True

    def stands_for(self, alarm: Alarm) -> AlarmId | None:
        """As it was."""
        return alarm.inside


class Desk:
    """Works for one process at a time; `watched` are the keys whose trouble is given to `turn`."""

    def __init__(self, books: Books, registry: Registry, zone: tzinfo, grouping: Grouping) -> None:
        self._books = books
        self._registry = registry
        self._zone = zone
        self._grouping = grouping
        self._windows = Windows(zone)
        self._manning = Manning()
        self._upkeep = Upkeep(grouping.limits.upkeep)
        self._skipped: Trouble | None = None
        self._turned_ms = 0

    def resume(self, last_ms: int) -> None:
        """After a start: the run before reckoned its deadlines by a clock that was at `last_ms` at its last word."""
        self._turned_ms = last_ms

    def turn(self, now_ms: int, watched: Mapping[str, Trouble | None] | None = None) -> Turned:
        """One transaction. `watched`: alarm key -> its trouble, or None when it works. Blocking.

        Raises:
            StoreDownError: nothing happened; try again.
        """
        # After a start, and after a turn that failed: to read who is offline can take seconds.
        if not self._grouping.is_loaded and now_ms >= self._turned_ms - CLOCK_STEP_MS:
            try:
                hurried = self._hurry(now_ms)
            except BaseException:
                self._upkeep.forget()
                self._windows.forget()
                raise
            if hurried.more:
                return hurried
        self._grouping.prepare(self._books)
        began = False
        try:
            with self._books.transaction() as books:
                began = True
                work = self._casework(books, now_ms)
                turned = self._work(work, watched or {})
        except BaseException:
            if began:
                self._grouping.forget()
                self._upkeep.forget()
            self._windows.forget()
            self._manning.forget()
            raise
        self._turned_ms = now_ms
        return turned

    def _casework(self, books: Transaction, now_ms: int) -> Casework:
        self._windows.begin(books, now_ms)
        work = Casework(books, self._registry, self._grouping.groups, self._zone, now_ms)
        work.windows = self._windows
        work.shelve_ms = self._grouping.limits.shelve_ms
        work.teller.call = self._grouping.limits.call
        return work

    def _hurry(self, now_ms: int) -> Turned:
        """The urgent lane and what is due; it needs nothing of the groups. `more`: texts can leave, or more waits."""
        with self._books.transaction() as books:
            work = self._casework(books, now_ms)
            more = self._read(work, Lane.URGENT)
            self._climb(work, _NotYet())
            self._upkeep.settle(work)
            work.finish()
            more = more or work.told > 0
            cursor = min(books.cursor(lane) for lane in Lane)
        self._turned_ms = now_ms
        return Turned(cursor, more, None, work.told, is_urgent=more)

    @property
    def needs_survey(self) -> bool:
        """The ledger has to be counted (again)."""
        return self._grouping.needs_survey

    def survey(self, now_ms: int) -> None:
        """Count the ledger; in another thread than `turn`, which must not wait for it. Raises `StoreDownError`."""
        self._grouping.survey(now_ms)

    def _work(self, work: Casework, watched: Mapping[str, Trouble | None]) -> Turned:
        grouping = self._grouping
        grouping.begin(work)
        if work.now_ms < self._turned_ms - CLOCK_STEP_MS:
            _log.warning("clock_set_back", by_ms=self._turned_ms - work.now_ms)
            work.set_back(self._turned_ms - work.now_ms)
            grouping.set_back()
            self._upkeep.forget()
        more_urgent = self._read(work, Lane.URGENT)
        grouping.is_behind = self._read(work, Lane.OTHERS)
        for key, trouble in {**watched, OWN_JOURNAL: self._skipped}.items():
            _watch(work, key, trouble)
        self._windows.settle(work)
        self._look_for_gaps(work)
        grouping.settle(work)
        ticked = self._climb(work, grouping)
        self._upkeep.settle(work)
        work.finish()
        more = (
            more_urgent
            or grouping.is_behind
            or grouping.has_more
            or self._windows.has_more
            or ticked == LADDERS
            or bool(work.events)
        )
        cursor = min(work.books.cursor(lane) for lane in Lane)
        wakes = (
            work.books.cases.next_due_ms(),
            grouping.wake_at(),
            self._upkeep.wake_at(),
            self._windows.wake_at(),
            self._manning.wake_at(),
        )
        wake_ms = min((at_ms for at_ms in wakes if at_ms is not None), default=None)
        return Turned(cursor, more, wake_ms, work.told, more_urgent)

    def _climb(self, work: Casework, guard: Guard) -> int:
        """Let the ladders that are due go on; returns how many were."""
        ticked, stuck = work.tick(LADDERS, guard)
        if stuck:
            self._skipped = Trouble("ladder_stuck", work.now_ms)
        return ticked

    def _look_for_gaps(self, work: Casework) -> None:
        """A record that nobody can make sense of must not keep leaks from people who are there."""
        try:
            with work.attempt():
                self._manning.settle(work)
        except SpoiledError:
            self._manning.forget()
            _log.exception("gaps_unknown")
            self._skipped = Trouble("ladder_stuck", work.now_ms)

    def _read(self, work: Casework, lane: Lane) -> bool:
        """Take in what is for this lane, up to `ENTRIES`; whether there is more."""
        start = cursor = work.books.cursor(lane)
        taken = 0
        scanned = SCANNED[lane]
        entries = work.books.entries(cursor, scanned)
        if lane is Lane.OTHERS:
            self._grouping.look_up(silences(entries, ENTRIES))
        for entry in entries:
            if is_urgent(entry.event) == (lane is Lane.URGENT):
                if taken == ENTRIES:
                    break
                before = len(work.events)
                if lane is Lane.URGENT or not is_noise(entry.event):
                    self._take_in(work, entry)
                taken += len(work.events) > before  # what means nothing to us costs nothing
            cursor = entry.id
        if cursor != start:
            work.books.move(lane, cursor)
        return bool(entries) and (len(entries) == scanned or cursor != entries[-1].id)

    def _take_in(self, work: Casework, entry: Entry) -> None:
        """One entry that we can't digest must not keep all later leaks from people."""
        try:
            with work.attempt():
                fold(work, entry, self._grouping)
        except SpoiledError:
            if not is_urgent(entry.event):  # what is, changes nothing of the groups
                self._grouping.forget()
                self._grouping.begin(work)
            _log.exception("entry_skipped", entry=entry.id)
            self._skipped = Trouble("entry_skipped", work.now_ms)


def _watch(work: Casework, key: str, trouble: Trouble | None) -> None:
    if trouble is not None:
        begin_blind(work, key, trouble.code, trouble.since_ms, work.now_ms)
        return
    file = work.books.cases.of_key(key)
    # What the collector itself has booked as blindness, it ends itself.
    if file is not None and set(file.alarm.codes) <= WATCHED_CODES:
        work.happen(file, Ended(), Moment(work.now_ms))


WATCHED_CODES: Final = frozenset(
    {"silent", "no_account", "account_refused", "provider_down", "entry_skipped", "ladder_stuck"}
)
"""Troubles that `alerts.service.watch` and the desk see."""
