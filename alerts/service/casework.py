"""Applies events to alarms and their ladders inside one transaction, and collects what the journal gets."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import tzinfo
from typing import Final, Protocol

import msgspec
import structlog

from alerts.ports import Groups, Registry, SpoiledError, Transaction
from alerts.rules import ladder, lifecycle, sending
from alerts.rules.casefile import CaseFile
from alerts.rules.delivery import is_unreached
from alerts.rules.ladder import Answered, Closed, Drop, Hold, Hush, Over, Start, Tell, Tick, Unreached
from alerts.rules.plans import plan_for
from alerts.service.places import Places
from alerts.service.telling import Teller
from gascore.alarm import QUIETED, Alarm, AlarmCause, NoticePurpose, NoticeState
from gascore.journal import AlarmStep, AlarmStepped, Event
from gascore.words import AlarmId

_log = structlog.get_logger()
_PURPOSE: Final[Mapping[AlarmStep, NoticePurpose]] = {
    AlarmStep.OPENED: NoticePurpose.RAISED,
    AlarmStep.CAME_BACK: NoticePurpose.RAISED,
    AlarmStep.WORSE: NoticePurpose.WORSE,
}
UNDECIDED_MS: Final = 5_000
"""How much longer a held alarm waits while the journal behind it has not been taken in."""
STUCK_MS: Final = 60_000
"""When a ladder that we can't climb is tried again: by then our process may be another one."""
_EVER_MS: Final = 1 << 62
_ALL: Final = 1 << 31


class Guard(Protocol):
    """Asked before anybody is told of an alarm that was held. Implementation: `alerts.service.grouping`."""

    @property
    def is_undecided(self) -> bool:
        """Too much is waiting to be taken in to say what explains what."""
        ...

    def stands_for(self, alarm: Alarm) -> AlarmId | None:
        """The alarm that stands for this one."""
        ...


@dataclass(frozen=True, slots=True)
class Moment:
    """When something happened, and when the message behind it was received (None: no message).

    `wait_ms`: people are told so much later, of what may have an explanation until then.
    """

    at_ms: int
    cause_ms: int | None = None
    wait_ms: int = 0


class Casework:
    """One transaction's work; `events` is what is to be appended to the journal at its end."""

    def __init__(
        self, books: Transaction, registry: Registry, groups: Groups, zone: tzinfo, now_ms: int
    ) -> None:
        self.books = books
        self.now_ms = now_ms
        self.places = Places(registry, groups)
        self.teller = Teller(books.notices, registry, self.places, zone)
        self.events: list[Event] = []
        self.told = 0

    @contextmanager
    def attempt(self) -> Iterator[None]:
        """All that is done within, or nothing of it. Raises `SpoiledError`."""
        events, stepped, told = len(self.events), len(self.teller.stepped), self.told
        try:
            with self.books.attempt():
                yield
        except SpoiledError:
            del self.events[events:], self.teller.stepped[stepped:]
            self.told = told
            raise

    def happen(self, file: CaseFile | None, event: lifecycle.Event, moment: Moment) -> lifecycle.Step:
        """Change an alarm; its ladder follows."""
        done = lifecycle.step(file.case if file else None, event, moment.at_ms)
        if done.state is None or not done.effects:
            return done
        changed = file.with_case(done.state) if file else CaseFile(done.state.alarm, done.state.worse_version)
        self.events.extend(done.effects)
        step = done.effects[0].step
        _log.info("alarm", alarm=changed.alarm.id, key=changed.alarm.key, reason=step.value)
        follow = _ladder_event(file.alarm if file else None, changed.alarm, step, moment)
        if follow is None:
            self.books.cases.put(changed)
        else:
            self.climb(changed, follow, moment, changed=True)
        if step is AlarmStep.ACKED:
            self._withdraw(changed.alarm, {NoticePurpose.REPEAT})
        elif step is AlarmStep.QUIETED and changed.ladder.rung >= 0:  # else nobody was told yet
            self._withdraw(changed.alarm, {NoticePurpose.RAISED, NoticePurpose.REPEAT})
        elif step is AlarmStep.CLOSED:
            self._withdraw(changed.alarm, {NoticePurpose.RAISED, NoticePurpose.WORSE, NoticePurpose.REPEAT})
            self.books.notices.forget_codes(changed.alarm.id)
        return done

    def climb(self, file: CaseFile, event: ladder.Event, moment: Moment, *, changed: bool = False) -> None:
        """Change a ladder and tell whom it names; where nobody is there, the next ones at once.

        `changed`: the alarm itself is not stored yet. Notices refer to it, so it is stored before them.
        """
        done = ladder.step(file.ladder, event, moment.at_ms)
        if changed or done.state is not file.ladder:
            file = file.with_ladder(done.state)
            self.books.cases.put(file)
        for tell in done.effects:
            self._tell(file, tell, moment)

    def tick(self, limit: int, guard: Guard) -> tuple[int, list[AlarmId]]:
        """Let every ladder that is due go on; returns how many were, and which of them could not.

        One that we can't climb is put off: it must not keep the others from people.
        """
        due = self.books.cases.due(self.now_ms, limit)
        stuck: list[AlarmId] = []
        for file in due:
            try:
                with self.attempt():
                    self._go_on(file, guard)
            except SpoiledError:
                _log.exception("ladder_stuck", alarm=file.alarm.id)
                stuck.append(file.alarm.id)
                later = msgspec.structs.replace(file.ladder, due_ms=self.now_ms + STUCK_MS)
                self.books.cases.put(file.with_ladder(later))
        return len(due), stuck

    def _go_on(self, file: CaseFile, guard: Guard) -> None:
        """A ladder that was held starts only if nothing else explains its alarm by now."""
        if file.ladder.phase is ladder.Phase.HELD:
            other = guard.stands_for(file.alarm)
            if other not in {None, file.alarm.inside}:
                self.happen(file, lifecycle.StoodFor(other), Moment(self.now_ms))
                return
            if guard.is_undecided:
                again = Hold(plan_for(file.alarm.kind, file.alarm.priority), UNDECIDED_MS)
                self.climb(file, again, Moment(self.now_ms))
                return
        self.climb(file, Tick(), Moment(self.now_ms))

    def set_back(self, by_ms: int) -> None:
        """The clock was set back: else no ladder would climb and no text leave until it is that late again."""
        for file in self.books.cases.due(_EVER_MS, _ALL):
            self.books.cases.put(file.with_ladder(ladder.set_back(file.ladder, by_ms)))
        for parcel in self.books.notices.due(_EVER_MS, _ALL):
            self.books.notices.put(sending.set_back(parcel, by_ms))

    def check_reached(self, alarm: AlarmId) -> None:
        """After a notice failed: if nobody of the rung can be told, go on to the next one at once."""
        file = self.books.cases.of_id(alarm)
        if file is None or file.ladder.phase not in _REACHING:
            return
        notices = [
            parcel.notice
            for parcel in self.books.notices.of_alarm(alarm)
            if parcel.notice.step == file.ladder.rung
            and parcel.notice.created_ms >= file.ladder.started_ms
            and parcel.notice.purpose is not NoticePurpose.ANSWER
            and parcel.notice.state is not NoticeState.SUPERSEDED
        ]
        if notices and all(map(is_unreached, notices)):
            _log.warning("rung_not_reached", alarm=alarm, rung=file.ladder.rung)
            self.climb(file, Unreached(file.ladder.rung), Moment(self.now_ms))

    def finish(self) -> None:
        """Append everything to the journal."""
        self.events.extend(self.teller.stepped)
        if self.events:
            self.books.append(self.events, self.now_ms)

    def _tell(self, file: CaseFile, tell: Tell, moment: Moment) -> None:
        reach = self.teller.tell(file.alarm, tell, self.now_ms, moment.cause_ms)
        self.told += reach.told
        if tell.purpose is NoticePurpose.CLEARED:
            return
        if reach.told and (tell.rung > 0 or tell.repeat):
            step = AlarmStepped(alarm=file.alarm, step=AlarmStep.ESCALATED, rung=tell.rung)
            self.events.append(step)
        if not reach.told and not reach.knew:
            _log.warning("nobody_to_tell", alarm=file.alarm.id, rung=tell.rung)
            self.climb(file, Unreached(tell.rung), Moment(self.now_ms))

    def _withdraw(self, alarm: Alarm, purposes: set[NoticePurpose]) -> None:
        parcels = self.books.notices.of_alarm(alarm.id)
        self.teller.withdraw([p for p in parcels if p.notice.purpose in purposes], self.now_ms)


_OPENING: Final = frozenset({AlarmStep.OPENED, AlarmStep.QUIETED, AlarmStep.ON_ITS_OWN})
_REACHING: Final = frozenset({ladder.Phase.CLIMBING, ladder.Phase.UNANSWERED})
"""The phases in which a rung that can't be reached sends the ladder on."""


def _ladder_event(before: Alarm | None, alarm: Alarm, step: AlarmStep, moment: Moment) -> ladder.Event | None:
    if alarm.kind in QUIETED and step in _OPENING:
        plan = plan_for(alarm.kind, alarm.priority)
        return Hold(plan, moment.wait_ms) if alarm.inside is None else Hush(plan)
    if step in _PURPOSE:
        # Back and higher than ever is news also to those who have not heard yet that it was over.
        higher = before is not None and alarm.peak_level > before.peak_level
        purpose = NoticePurpose.WORSE if higher else _PURPOSE[step]
        return Start(plan_for(alarm.kind, alarm.priority), purpose)
    if step is AlarmStep.ACKED:
        return Answered()
    if step is AlarmStep.NORMAL:
        return Over()
    if step is AlarmStep.CLOSED:
        return Drop() if alarm.cause is AlarmCause.ABSORBED else Closed()
    return None
