"""The board of open alarms: a pure fold of journal entries to rows (docs/adr/0010).

Every entry about an alarm carries the whole alarm, so folding may start at any entry and again: an entry
folded twice changes nothing. Closed alarms leave the board.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Final, assert_never

import msgspec

from dashboard.rules.rows import Counts, NoticeRow, OutageRow, Row
from gascore.alarm import Alarm, AlarmKind, AlarmStatus, GroupKind, Notice, Outage, Suppression
from gascore.canary import is_canary
from gascore.hazard import AlarmChatters, FloodBegan, FloodEnded, HazardClosed, HazardOpened
from gascore.journal import (
    AlarmStep,
    AlarmStepped,
    ConditionChanged,
    ConditionCleared,
    ConditionRaised,
    Entry,
    Event,
    NoticeStepped,
    Sample,
    UnknownLeak,
)
from gascore.registry import Area, Person, Room, Site, Supplier
from gascore.words import AlarmId, Condition, DetectorId, NoticeId, PersonId, Priority, RoomId, SiteId

NOTICES_SHOWN: Final = 24
"""The newest notices of a row; a ladder that repeats for days would make it endless. All: the alarm's page."""
LEAKS: Final = frozenset({AlarmKind.LEAK, AlarmKind.UNKNOWN_LEAK})
MEASURED: Final = LEAKS | {AlarmKind.TREND}
"""The kinds whose rows show a concentration."""
_GAS: Final = frozenset({Condition.LEAK, Condition.TREND})
SILENT: Final = frozenset({Suppression.SHELVED, Suppression.MAINTENANCE})
"""Rows of which nobody is told for now; they are on the console, but neither urgent nor waiting for anybody."""
_TELLING_LEL: Final = 1.0
"""%LEL from which on a sample's rounding does not spoil the factor to the corrected reading."""


class Names(msgspec.Struct, frozen=True):
    """What of the ledger a row shows."""

    sites: Mapping[SiteId, Site] = {}
    rooms: Mapping[RoomId, Room] = {}
    people: Mapping[PersonId, Person] = {}
    areas: Mapping[str, Area] = {}
    suppliers: Mapping[str, Supplier] = {}


class Tracked(msgspec.Struct):
    """An alarm as far as it was folded; changed in place."""

    alarm: Alarm
    notices: dict[NoticeId, Notice]
    rung: int | None = None
    hazard_ms: int | None = None
    chatters: bool = False

    def fold(self, event: AlarmStepped | NoticeStepped | HazardOpened | HazardClosed | AlarmChatters) -> None:
        """Take one event of this alarm."""
        match event:
            case AlarmStepped(alarm=alarm, step=step, rung=rung):
                self.alarm = alarm
                if step is AlarmStep.ESCALATED:
                    self.rung = rung
            case NoticeStepped(notice=notice):
                self.notices[notice.id] = notice
            case HazardOpened(hazard=hazard):
                self.hazard_ms = hazard.deadline_ms
            case HazardClosed():
                self.hazard_ms = None
            case AlarmChatters():
                self.chatters = True
            case _:
                assert_never(event)


class Changes(msgspec.Struct, frozen=True):
    """What became different since the last look."""

    rows: tuple[Row, ...]
    gone: tuple[AlarmId, ...]

    def __bool__(self) -> bool:
        return bool(self.rows or self.gone)


class Board:
    """Open alarms by id; `take` hands out what changed since it was last called."""

    def __init__(self, names: Names | None = None) -> None:
        self.names = names or Names()
        """As `rename` was last told."""
        self._open: dict[AlarmId, Tracked] = {}
        self._lel: dict[DetectorId, float] = {}
        self._most: dict[DetectorId, float] = {}
        self._factor: dict[DetectorId, float] = {}
        self._watched: dict[DetectorId, set[AlarmId]] = {}
        self._dirty: set[AlarmId] = set()
        self._gone: set[AlarmId] = set()
        self._flood_ms: int | None = None

    def rename(self, names: Names) -> None:
        """The ledger changed: every row may read differently."""
        self.names = names
        self._dirty.update(one for one, tracked in self._open.items() if tracked.alarm.inside is None)

    def fold(self, entries: Iterable[Entry]) -> None:
        """Take entries in the journal's order; those that don't concern the board are passed over."""
        for entry in entries:
            match entry.event:
                case AlarmStepped() as event:
                    self._alarm(event)
                case NoticeStepped(notice=notice) as event if notice.alarm in self._open:
                    self._open[notice.alarm].fold(event)
                    if self._open[notice.alarm].alarm.inside is None:
                        self._dirty.add(notice.alarm)
                case ConditionRaised() | ConditionChanged() | ConditionCleared() as event:
                    if event.sample is not None:
                        self._sampled(event.detector, event.sample, is_gas=event.condition in _GAS)
                case UnknownLeak(detector=detector, sample=sample):
                    self._measured(detector, sample.lel)
                case event:
                    self._told_more(event)

    def take(self) -> Changes:
        """Rows that are new or different and alarms that are gone since the last call."""
        rows = tuple(self.row(self._open[one]) for one in sorted(self._dirty))
        changes = Changes(rows, tuple(sorted(self._gone)))
        self._dirty.clear()
        self._gone.clear()
        return changes

    def rows(self) -> tuple[Row, ...]:
        """All rows in the order in which somebody should look at them; not those inside another alarm."""
        shown = (one for one in self._open.values() if one.alarm.inside is None)
        return tuple(sorted(map(self.row, shown), key=urgency))

    def rows_of(self, detector: DetectorId) -> tuple[Row, ...]:
        """All rows of a detector, those inside another alarm too."""
        mine = (one for one in self._open.values() if one.alarm.detector == detector)
        return tuple(sorted(map(self.row, mine), key=urgency))

    def rows_at(self, site: SiteId) -> tuple[Row, ...]:
        """All rows of a site, those inside another alarm too."""
        mine = (one for one in self._open.values() if one.alarm.site == site)
        return tuple(sorted(map(self.row, mine), key=urgency))

    def newest(self) -> list[Tracked]:
        """All open alarms, the newest first."""
        return sorted(self._open.values(), key=lambda one: -one.alarm.id)

    def leaking(self) -> tuple[DetectorId, ...]:
        """The detectors of open leaks and trends, whose measurement is worth a look between two entries."""
        return tuple(self._watched)

    def measure(self, lel: Mapping[DetectorId, float]) -> None:
        """What detectors measure now, %LEL; of no interest where no leak is open."""
        for detector, value in lel.items():
            if detector in self._watched and self._lel.get(detector) != value:
                self._measured(detector, value)

    def lel(self, alarm: Alarm) -> float | None:
        """The newest known %LEL behind an open leak or trend; None for other alarms."""
        if alarm.kind not in MEASURED or alarm.detector is None or alarm.id not in self._open:
            return None
        return self._lel.get(alarm.detector)

    def counts(self, detectors: Mapping[str, int]) -> Counts:
        """Open alarms by priority; `detectors` (per protection state) is passed through."""
        shown = [one.alarm for one in self._open.values() if one.alarm.inside is None]
        loud = [one for one in shown if not one.is_silent]
        by_priority = Counter(one.priority for one in loud)
        unacked = sum(not one.is_answered for one in loud)
        inside = len(self._open) - len(shown)
        return Counts(
            {str(int(one)): by_priority[one] for one in Priority},
            unacked,
            dict(detectors),
            inside,
            hazards=sum(one.hazard_ms is not None for one in self._open.values()),
            flood_ms=self._flood_ms,
            silent=len(shown) - len(loud),
        )

    def _told_more(self, event: Event) -> None:
        """What alerts says of the alarms as a whole."""
        match event:
            case FloodBegan(since_ms=since_ms):
                self._flood_ms = since_ms
                return
            case FloodEnded():
                self._flood_ms = None
                return
            case HazardOpened(hazard=hazard) | HazardClosed(hazard=hazard):
                alarm = hazard.alarm
            case AlarmChatters(alarm=alarm):
                pass
            case _:
                return
        tracked = self._open.get(alarm)
        if tracked is not None:
            tracked.fold(event)
            if tracked.alarm.inside is None:
                self._dirty.add(alarm)

    def _alarm(self, event: AlarmStepped) -> None:
        if is_canary(event.alarm.detector):
            return  # a test, for its phone alone
        alarm = event.alarm
        if alarm.status is AlarmStatus.CLOSED:
            self._dirty.discard(alarm.id)
            known = self._open.pop(alarm.id, None)
            if known is not None and known.alarm.inside is None:
                self._gone.add(alarm.id)
            if alarm.kind in MEASURED and alarm.detector is not None:
                self._unwatch(alarm.detector, alarm.id)
            return
        tracked = self._open.setdefault(alarm.id, Tracked(alarm, {}))
        was_shown = tracked.alarm.inside is None
        tracked.fold(event)
        if alarm.kind in MEASURED and alarm.detector is not None:
            self._watched.setdefault(alarm.detector, set()).add(alarm.id)
        if alarm.inside is not None:
            # Thousands of them in an outage: the console has the alarm that stands for them.
            self._dirty.discard(alarm.id)
            if was_shown:
                self._gone.add(alarm.id)
            return
        self._gone.discard(alarm.id)
        self._dirty.add(alarm.id)

    def _unwatch(self, detector: DetectorId, alarm: AlarmId) -> None:
        watching = self._watched.get(detector, set())
        watching.discard(alarm)
        if not watching:
            for known in (self._watched, self._lel, self._most, self._factor):
                known.pop(detector, None)

    def _sampled(self, detector: DetectorId, sample: Sample, *, is_gas: bool) -> None:
        if sample.lel is not None and sample.lel >= _TELLING_LEL:
            if sample.corrected_lel is None:
                self._factor.pop(detector, None)
            else:
                self._factor[detector] = sample.corrected_lel / sample.lel
        if is_gas:
            self._measured(detector, sample.lel)

    def _measured(self, detector: DetectorId, lel: float | None) -> None:
        if lel is None:
            return
        self._lel[detector] = lel
        if watching := self._watched.get(detector):
            self._most[detector] = max(lel, self._most.get(detector, lel))
            self._dirty.update(watching)

    def row(self, tracked: Tracked) -> Row:
        """An alarm, open or closed, with what its detector measures now while it is open."""
        alarm = tracked.alarm
        factor = None if alarm.detector is None else self._factor.get(alarm.detector)
        lel = self.lel(alarm)
        most = None if lel is None or alarm.detector is None else self._most.get(alarm.detector, lel)
        return row_of(tracked, self.names, lel, factor, most)


def urgency(row: Row) -> tuple[bool, bool, bool, int, int, int]:
    """Sort key: hazards last, before them what is silent; unacknowledged first, by priority, the newest."""
    return (
        row.hazard_ms is not None,
        row.suppression in SILENT,
        row.acked_ms is not None,
        int(row.priority),
        -row.opened_ms,
        -row.id,
    )


def row_of(
    tracked: Tracked,
    names: Names,
    lel: float | None = None,
    factor: float | None = None,
    most: float | None = None,
) -> Row:
    """An alarm, open or closed, as people see it; what the ledger no longer knows reads "".

    Between two entries about a leak more may be measured than its journaled peak (`most`): then that is the peak.
    `factor`: true %LEL / shown %LEL at most, of a detector in another gas than its own.
    """
    alarm = tracked.alarm
    site = None if alarm.site is None else names.sites.get(alarm.site)
    room = None if alarm.room is None else names.rooms.get(alarm.room)
    hidden = alarm.shelf or alarm.cover
    newest = sorted(tracked.notices.values(), key=lambda one: one.id)[-NOTICES_SHOWN:]
    return Row(
        id=alarm.id,
        version=alarm.version,
        status=alarm.status,
        kind=alarm.kind,
        priority=alarm.priority,
        level=alarm.level,
        peak_level=alarm.peak_level,
        lel=lel,
        peak_lel=max((one for one in (alarm.peak_lel, most) if one is not None), default=None),
        detector=alarm.detector,
        site=alarm.site,
        site_name="" if site is None else site.name,
        site_name_en="" if site is None else site.name_en,
        room_name="" if room is None else room.name,
        room_name_en="" if room is None else room.name_en,
        address="" if site is None else site.address,
        supply_gas=None if room is None else room.supply_gas,
        opened_ms=alarm.opened_ms,
        changed_ms=alarm.changed_ms,
        since_ms=alarm.since_ms,
        received_ms=alarm.received_ms,
        acked_by=alarm.acked_by,
        acked_ms=alarm.acked_ms,
        count=alarm.count,
        late=alarm.late,
        codes=alarm.codes,
        notices=tuple(notice_row(one, names) for one in newest),
        rung=tracked.rung,
        inside=alarm.inside,
        hazard_ms=tracked.hazard_ms,
        chatters=tracked.chatters,
        corrected_lel=None if lel is None or factor is None else round(lel * factor, 1),
        outage=None if alarm.outage is None else outage_row(alarm.outage, names),
        suppression=alarm.suppression,
        suppressed_until_ms=hidden.until_ms if hidden else None,
        suppressed_by=hidden.by if hidden else "",
        suppressed_reason=hidden.reason if hidden else "",
        owner=alarm.owner,
        loud=alarm.is_loud,
        acks_missing=alarm.acks_missing,
        ack_expires_ms=alarm.ack_expires_ms,
    )


def outage_row(outage: Outage, names: Names) -> OutageRow:
    """A group as people see it; a gateway has no name but its id."""
    found: Area | Supplier | None = None
    if outage.kind is GroupKind.AREA:
        found = names.areas.get(outage.id)
    elif outage.kind is GroupKind.SUPPLIER:
        found = names.suppliers.get(outage.id)
    return OutageRow(
        outage.kind,
        outage.id,
        outage.id if found is None else found.name,
        outage.id if found is None else found.name_en,
        outage.offline,
        outage.most,
        outage.size,
        outage.listed,
    )


def notice_row(notice: Notice, names: Names) -> NoticeRow:
    """A notice as people see it; somebody who left the ledger has no name."""
    person = None if notice.person is None else names.people.get(notice.person)
    return NoticeRow(
        id=notice.id,
        person_name="" if person is None else person.name,
        role=notice.role,
        channel=notice.channel,
        purpose=notice.purpose,
        state=notice.state,
        at_ms=notice.final_ms or notice.handed_ms or notice.created_ms,
        person=notice.person,
    )
