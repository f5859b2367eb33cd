"""Applies events to alarms and their ladders inside one transaction, and collects what the journal gets."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import tzinfo
from typing import Final, Protocol

import msgspec
import structlog

from alerts.ports import Groups, Registry, SpoiledError, Transaction
from alerts.rules import ladder, lifecycle, occasions, sending
from alerts.rules.bundle import bundled_in
from alerts.rules.casefile import CaseFile
from alerts.rules.delivery import is_unreached
from alerts.rules.following import HUSHING, ladder_event
from alerts.rules.gaps import codes_of
from alerts.rules.ladder import Hold, Tell, Tick, Unreached
from alerts.rules.suppression import NEVER_HANDED_ON, shelf_left
from alerts.service.bundling import carrying
from alerts.service.escalating import Escalating
from alerts.service.places import Places
from alerts.service.telling import Reach, Teller
from gascore.alarm import Alarm, AlarmKind, ChannelKind, Cover, NoticePurpose, NoticeState
from gascore.canary import is_canary
from gascore.escalation import Gap
from gascore.journal import AlarmStep, AlarmStepped, Event
from gascore.operators import Outcome
from gascore.plans import NO_DUTY
from gascore.words import AlarmId, Priority, SiteId

_log = structlog.get_logger()
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


class Covers(Protocol):
    """Which maintenance window lies over what. Implementation: `alerts.service.windows`."""

    def cover_of(self, places: Places, began: occasions.Began, now_ms: int) -> Cover | None:
        """The window that lies over an alarm which is about to open."""
        ...

    def cover_now(self, places: Places, alarm: Alarm, now_ms: int) -> Cover | None:
        """The window that lies over an open alarm now."""
        ...

    def changed(self, books: Transaction, window: str, set_ms: int, now_ms: int) -> None:
        """Somebody changed a window at `set_ms`."""
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
        self.escalating = Escalating(registry, self.places, zone, now_ms)
        self.teller = Teller(books.notices, registry, self.escalating)
        self.events: list[Event] = []
        self.told = 0
        self.registry = registry
        self.windows: Covers | None = None
        self.policies_changed = False
        self.shelve_ms = 0

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

    def happen(self, file: CaseFile | None, event: occasions.Event, moment: Moment) -> lifecycle.Step:
        """Change an alarm; its ladder follows."""
        if file is None and isinstance(event, occasions.Began):
            event = self._in_its_place(event)
        done = lifecycle.step(file.case if file else None, event, moment.at_ms)
        if done.state is None or not done.effects:
            if file is not None and isinstance(event, occasions.Ack) and done.reason is Outcome.ALREADY:
                return self._joins(file, event, moment) or done
            return done
        changed = file.with_case(done.state) if file else CaseFile(done.state.alarm, done.state.worse_version)
        step = done.effects[0].step
        _log.info("alarm", alarm=changed.alarm.id, key=changed.alarm.key, reason=step.value)
        follow = ladder_event(
            file.alarm if file else None,
            changed.alarm,
            step,
            moment.wait_ms,
            self.escalating.chain_of,
            _who(event),
        )
        changed = self._follow(changed, follow, done.effects[0], moment)
        if step is AlarmStep.ACKED and changed.alarm.is_answered:
            self._withdraw(changed.alarm, {NoticePurpose.REPEAT})
        elif step in HUSHING and changed.alarm.is_silent and changed.ladder.rung >= 0:
            self._withdraw(changed.alarm, {NoticePurpose.RAISED, NoticePurpose.REPEAT})
        elif step is AlarmStep.CLOSED:
            self._withdraw(changed.alarm, {NoticePurpose.RAISED, NoticePurpose.WORSE, NoticePurpose.REPEAT})
            self.books.notices.forget_codes(changed.alarm.id)
        return done

    def window_changed(self, window: str, set_ms: int) -> None:
        """Somebody made, changed or ended a maintenance window."""
        if self.windows:
            self.windows.changed(self.books, window, set_ms, self.now_ms)

    def _in_its_place(self, began: occasions.Began) -> occasions.Began:
        """With what lies over the place already, and what is left of the shelf of its last alarm."""
        is_handed_on = began.kind not in NEVER_HANDED_ON
        before = self.books.cases.last_of_key(began.key) if is_handed_on else None
        shelf = shelf_left(before, began, self.now_ms)
        cover = self.windows.cover_of(self.places, began, self.now_ms) if self.windows else None
        return replace(began, cover=cover, shelf=shelf)

    def climb(self, file: CaseFile, event: ladder.Event, moment: Moment) -> CaseFile:
        """Change a ladder and tell whom it names; where nobody is there, the next ones at once."""
        done = ladder.step(file.ladder, event, moment.at_ms)
        if done.state is not file.ladder:
            file = file.with_ladder(done.state)
            self.books.cases.put(file)
        for tell in done.effects:
            self._tell(file, tell, moment)
        return file

    def _follow(
        self, file: CaseFile, event: ladder.Event | None, stepped: AlarmStepped, moment: Moment
    ) -> CaseFile:
        """The same for an alarm that changed itself: it is stored before the notices, which refer to it.

        What the journal says of it has what the ladder knows of answers.
        """
        done = ladder.step(file.ladder, event, moment.at_ms) if event else None
        if done:
            file = file.with_ladder(done.state)
        self.books.cases.put(file)
        self.events.append(msgspec.structs.replace(stepped, alarm=file.alarm))
        for tell in done.effects if done else ():
            self._tell(file, tell, moment)
        return file

    def tick(self, limit: int, guard: Guard) -> tuple[int, list[AlarmId]]:
        """Let every ladder that is due go on; returns how many were, and which of them could not.

        One that we can't climb is put off: it must not keep the others from people.
        """
        due = self.books.cases.due(self.now_ms, limit)
        stuck = self.books.cases.unreadable(self.now_ms + STUCK_MS)
        count = len(due) + len(stuck)
        for alarm in stuck:
            _log.error("alarm_unreadable", alarm=alarm, do="start the version that wrote it")
        for file in due:
            try:
                with self.attempt():
                    self._go_on(file, guard)
            except SpoiledError:
                _log.exception("ladder_stuck", alarm=file.alarm.id)
                stuck.append(file.alarm.id)
                later = msgspec.structs.replace(file.ladder, due_ms=self.now_ms + STUCK_MS)
                self.books.cases.put(file.with_ladder(later))
        return count, stuck

    def _go_on(self, file: CaseFile, guard: Guard) -> None:
        """What kept it silent and is over is taken away; what was held starts only if nothing explains its alarm."""
        shelf, cover = file.alarm.shelf, file.alarm.cover
        if shelf is not None and shelf.until_ms <= self.now_ms:
            self.happen(file, occasions.Unshelve(), Moment(self.now_ms))
            return
        if cover is not None and cover.until_ms <= self.now_ms:
            now = self.windows.cover_now(self.places, file.alarm, self.now_ms) if self.windows else None
            self.happen(file, occasions.Covered(now), Moment(self.now_ms))
            return
        if file.alarm.codes[:1] == (NO_DUTY,) and self.escalating.is_manned(file.alarm.codes[1]):
            self.happen(file, occasions.Ended(), Moment(self.now_ms))
            return
        if ladder.is_expired(file.ladder, self.now_ms):
            self._ack_expires(file)
            return
        if file.ladder.phase is ladder.Phase.HELD:
            other = guard.stands_for(file.alarm)
            if other not in {None, file.alarm.inside}:
                self.happen(file, occasions.StoodFor(other), Moment(self.now_ms))
                return
            if guard.is_undecided:
                again = Hold(self.escalating.chain_of(file.alarm), UNDECIDED_MS)
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
            carrying(self.books.notices, parcel.notice)
            for parcel in self.books.notices.of_alarm(alarm)
            if parcel.notice.step == file.ladder.rung
            and parcel.notice.created_ms >= max(file.ladder.started_ms, file.ladder.told_ms)
            and parcel.reply_code is not None  # who is not asked to answer is told, but does not count
            and parcel.notice.channel != ChannelKind.CONSOLE
            and (parcel.notice.state is not NoticeState.SUPERSEDED or bundled_in(parcel.notice.code))
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
        if tell.purpose is not NoticePurpose.CLEARED and not tell.remind:
            file = self._shout(file, tell)
        reach = self.teller.tell(file.alarm, tell, self.now_ms, moment.cause_ms)
        self.told += reach.told
        if tell.purpose is NoticePurpose.CLEARED:
            return
        if tell.remind:
            # Who acknowledged at the console has no number here: the board shows when that expires.
            if reach.told:
                self.events.append(AlarmStepped(alarm=file.alarm, step=AlarmStep.REMINDED))
            return
        if reach.told and (tell.rung > 0 or tell.repeat):
            step = AlarmStepped(alarm=file.alarm, step=AlarmStep.ESCALATED, rung=tell.rung)
            self.events.append(step)
        self._duty(file, reach)
        if not reach.asked and not reach.knew:
            file = self._nobody(file, tell)
        elif not reach.is_unmanned:
            return
        self.climb(file, Unreached(tell.rung), Moment(self.now_ms))

    def _nobody(self, file: CaseFile, tell: Tell) -> CaseFile:
        """Nobody of this step could be told; if none is left, the board is all that there is."""
        _log.warning("nobody_to_tell", alarm=file.alarm.id, rung=tell.rung)
        self.events.append(AlarmStepped(alarm=file.alarm, step=AlarmStep.NOBODY_TOLD, rung=max(tell.rung, 0)))
        is_last = tell.rung == len(file.ladder.rungs) - 1
        is_needed = (is_last and file.alarm.latched) or file.alarm.acks_missing
        return self._loudly(file) if is_needed else file

    def _joins(self, file: CaseFile, ack: occasions.Ack, moment: Moment) -> lifecycle.Step | None:
        """One more who takes responsibility; where several must, the ladder waits for it. None: nobody new."""
        if file.alarm.closed_ms is not None:
            return None
        is_one_more = _who(ack) not in file.ladder.acks
        joined = self.climb(file, ladder.Answered(_who(ack)), moment)
        if joined.alarm.is_answered and not file.alarm.is_answered:
            self._withdraw(joined.alarm, {NoticePurpose.REPEAT})
        if not is_one_more:
            return None
        stepped = AlarmStepped(alarm=joined.alarm, step=AlarmStep.ALSO_ACKED, by=ack.by)
        self.events.append(stepped)
        # Who was not missing is told that somebody has it already.
        return lifecycle.Step(joined.case, (stepped,), stepped.step) if file.alarm.acks_missing else None

    def _ack_expires(self, file: CaseFile) -> None:
        """What nobody is told of at present goes on counting as answered."""
        if file.alarm.acked_ms is None or not file.alarm.active or file.alarm.is_silent:
            self.climb(file, ladder.Progress(), Moment(self.now_ms))
        else:
            self.happen(file, occasions.AckExpired(), Moment(self.now_ms))

    def _duty(self, file: CaseFile, reach: Reach) -> None:
        """Of the built-in policies few towns have every role; who is named in one's own is expected to be there."""
        is_own = file.ladder.chain.version > 0 and not is_canary(file.alarm.detector)
        for gap in reach.gaps:
            if is_own:
                self.lacks(gap, file.alarm.site)
        for roster in sorted(reach.manned):
            self.roster_is_manned(roster)

    def lacks(self, gap: Gap, site: SiteId | None) -> None:
        """Who can't be told is told to the operators, once for each cause; `alerts.service.manning` ends it."""
        codes = codes_of(gap, site)
        key = f"system:trouble:{codes[0]} {codes[1]}"
        if self.books.cases.of_key(key) is None:
            began = occasions.Began(
                id=self.books.cases.new_id(),
                key=key,
                kind=AlarmKind.TROUBLE,
                priority=Priority.MEDIUM,
                since_ms=self.now_ms,
                received_ms=self.now_ms,
                codes=codes,
            )
            self.happen(None, began, Moment(self.now_ms))

    def roster_is_manned(self, roster: str) -> None:
        """Somebody is on duty (again), if the ledger says so."""
        file = self.books.cases.of_key(f"system:trouble:{NO_DUTY} {roster}")
        if file is not None and self.escalating.is_manned(roster):
            self.happen(file, occasions.Ended(), Moment(self.now_ms))

    def _shout(self, file: CaseFile, tell: Tell) -> CaseFile:
        """Nobody answered until the last step: the board says so, loudly."""
        is_last = tell.rung == len(file.ladder.rungs) - 1 and bool(tell.rung or tell.repeat)
        asked = any(ChannelKind.CONSOLE in rung.channels for rung in tell.rungs)
        return self._loudly(file) if asked or (is_last and file.alarm.latched) else file

    def _loudly(self, file: CaseFile) -> CaseFile:
        """Journaled, for the board is a fold: it may be the only one who is told."""
        if file.alarm.unanswered or file.alarm.is_answered:
            return file
        loud = file.with_case(
            lifecycle.Case(msgspec.structs.replace(file.alarm, unanswered=True), file.worse_version)
        )
        self.books.cases.put(loud)
        self.events.append(AlarmStepped(alarm=loud.alarm, step=AlarmStep.LOUD))
        return loud

    def _withdraw(self, alarm: Alarm, purposes: set[NoticePurpose]) -> None:
        parcels = self.books.notices.of_alarm(alarm.id)
        self.teller.withdraw([p for p in parcels if p.notice.purpose in purposes], self.now_ms)


_REACHING: Final = frozenset({ladder.Phase.CLIMBING, ladder.Phase.UNANSWERED, ladder.Phase.ANSWERED})
"""The phases in which a rung that can't be reached may send the ladder on; what was answered, if somebody asked."""


def _who(event: occasions.Event) -> str:
    """A person's id if it is known, else a user's name."""
    return getattr(event, "person", None) or getattr(event, "by", None) or ""
