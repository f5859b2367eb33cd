"""Group alarms and unstable connections at work: which alarm stands for a detector that is offline.

Decided in `alerts.rules.lost` and `alerts.rules.unstable`; this keeps the alarms in step with it, in bounded
portions, so that no transaction is long. What is remembered here follows from the open alarms alone: after a
start, and after a transaction that failed, it is read from them again.
"""

from collections import deque
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import structlog

from alerts.ports import Books, Groups, Member
from alerts.rules import unstable
from alerts.rules.lost import Lost, Register, Turn
from alerts.rules.occasions import Absorbed, Began, Ended, Numbers, StoodFor
from alerts.rules.outage import Because, Group, Span
from alerts.rules.outage import Limits as OutageLimits
from alerts.rules.unstable import Limits as UnstableLimits
from alerts.rules.words_of_texts import CALL
from alerts.service.casework import Casework, Moment
from alerts.service.upkeep import Limits as UpkeepLimits
from gascore.alarm import LISTED, QUIETED, Alarm, AlarmKind, Outage
from gascore.priority import priority_of
from gascore.words import AlarmId, DetectorId, Level

_log = structlog.get_logger()
PORTION: Final = 25
"""Alarms brought in step in one transaction."""
OPENED: Final = 10
"""Group alarms opened or ended in one transaction; a hundred gateways may die at once."""
COUNT_MS: Final = 5_000
"""A group alarm's numbers are written anew so often at most."""
REMEMBERED: Final = (AlarmKind.OUTAGE, AlarmKind.UNSTABLE, AlarmKind.OFFLINE)
SPACING_MS: Final = 250
"""Detectors that are still offline when their group's outage is over are told of one after the other."""


@dataclass(frozen=True, slots=True)
class Limits:
    """When many are a mass, when a connection is unstable, how long a single text waits for either.

    `shelve_ms`: for so long an alarm may be shelved at most. `call`: whom leaks' texts say to call from outside.
    """

    outage: OutageLimits = field(default_factory=OutageLimits)
    unstable: UnstableLimits = field(default_factory=UnstableLimits)
    hold_ms: int = 45_000
    shelve_ms: int = 8 * 3_600_000
    call: str = CALL
    upkeep: UpkeepLimits = field(default_factory=UpkeepLimits)


def offline_key(detector: DetectorId) -> str:
    """The key of a detector's offline alarm."""
    return f"detector:{detector}:{AlarmKind.OFFLINE.value}"


def unstable_key(detector: DetectorId) -> str:
    """The key of the alarm of its unstable connection."""
    return f"detector:{detector}:{AlarmKind.UNSTABLE.value}"


class Grouping:
    """One desk's. Used by one thread, but for `survey`."""

    def __init__(self, groups: Groups, limits: Limits) -> None:
        self.groups = groups
        self.limits = limits
        self.needs_survey = True
        """The ledger changed, or was never counted."""
        self.is_behind = False
        """More of the journal is waiting to be taken in."""
        self._sizes: Mapping[Group, int] = {}
        self._has_counted = False
        self._is_new = False
        self._is_loaded = False
        self._register = Register(limits.outage)
        self._alarms: dict[Group, AlarmId] = {}
        self._said: dict[Group, int] = {}
        self._said_ms: dict[Group, int] = {}
        self._unstable: dict[DetectorId, tuple[AlarmId, unstable.State]] = {}
        self._turns: deque[Turn] = deque()
        self._queue: dict[DetectorId, None] = {}
        self._released = 0
        self._members: dict[DetectorId, Member] = {}

    def survey(self, now_ms: int) -> None:
        """Count the ledger; thread-safe, and without a transaction. Raises `StoreDownError`."""
        self.needs_survey = False
        try:
            self._sizes = self.groups.sizes(now_ms)
        except BaseException:
            self.needs_survey = True
            raise
        self._is_new = self._has_counted = True

    @property
    def is_loaded(self) -> bool:
        """What is open is remembered."""
        return self._is_loaded

    def forget(self) -> None:
        """A transaction failed: what is remembered may be more than what is stored."""
        self._is_loaded = False

    def prepare(self, books: Books) -> None:
        """Before a transaction: read what is open, if that is not remembered. Raises `StoreDownError`.

        Nobody else changes alarms, so that it is the same in the transaction; but there a writer would wait for it.
        """
        if not self._is_loaded:
            self._load(books.open_of(REMEMBERED))

    def begin(self, work: Casework) -> None:
        """At the begin of each transaction, and within it when something was undone."""
        self._members.clear()
        if not self._is_loaded:
            self._load(work.books.cases.open_of(REMEMBERED))
        elif self._is_new:
            self._register.survey(self._sizes)
        self._is_new = False

    def look_up(self, detectors: Collection[DetectorId]) -> None:
        """These are about to be asked for: one query instead of many."""
        missing = [one for one in detectors if one not in self._members]
        if missing:
            self._members |= self.groups.members(missing)

    def member(self, detector: DetectorId) -> Member | None:
        """Where it hangs and what it has in common with others; None: it is not in the ledger."""
        self.look_up((detector,))
        return self._members.get(detector)

    def hold_ms(self, detector: DetectorId) -> int:
        """How long the first text of its silence waits for a group to show.

        Detectors that report rarely are noticed one after the other, over one interval.
        """
        member = self._members.get(detector)
        rare_ms = min(round(member.every_s * 500), self.limits.outage.window_ms) if member else 0
        return max(self.limits.hold_ms, rare_ms)

    def went(self, work: Casework, detector: DetectorId, since_ms: int, at_ms: int) -> AlarmId | None:
        """It is about to be booked as offline: returns the alarm that stands for it, if one does."""
        member = self.member(detector)
        if member is not None:
            self._register.went(Lost(detector, member.site, member.groups, min(since_ms, at_ms)))
        if (group := self._group_of(detector)) is None:
            self._broke_off(work, detector, member, at_ms)
        return group or self._stands_for(detector)

    def back(self, detector: DetectorId, at_ms: int) -> None:
        """It is not offline any more."""
        self._register.back(detector)
        if detector in self._unstable:
            alarm, state = self._unstable.pop(detector)
            done = unstable.step(state, unstable.CameBack(), at_ms, self.limits.unstable)
            self._unstable[detector] = alarm, done.state  # moved to the end: the calmest comes first
            self._queue[detector] = None

    def stands_for(self, alarm: Alarm) -> AlarmId | None:
        """The alarm that should stand for this one now."""
        if alarm.detector is None or alarm.kind not in QUIETED:
            return None
        is_offline = alarm.kind is AlarmKind.OFFLINE
        return self._stands_for(alarm.detector) if is_offline else self._group_of(alarm.detector)

    def settle(self, work: Casework) -> None:
        """Open and end group alarms, and bring a portion of the single ones in step."""
        self._turns.extend(self._register.decide(work.now_ms))
        for _ in range(min(len(self._turns), OPENED)):
            self._turn(work, self._turns.popleft())
        self._count(work)
        self._calm_down(work)
        for detector in list(self._queue)[:PORTION]:
            del self._queue[detector]
            self._bring_in_step(work, detector)
        if not self._queue:
            self._released = 0

    @property
    def has_more(self) -> bool:
        """Whether groups wait to be opened, or single alarms to be brought in step."""
        return bool(self._queue or self._turns)

    @property
    def is_undecided(self) -> bool:
        """Whether it is too early to say that nothing explains a silence."""
        return self.is_behind or not self._has_counted or bool(self._turns)

    def wake_at(self) -> int | None:
        """When `settle` is to be called even if nothing happens."""
        wakes = [self._register.wake_at()]
        if self._unstable:
            _, state = next(iter(self._unstable.values()))
            wakes.append(state.changed_ms + self.limits.unstable.calm_ms)
        wakes += [
            self._said_ms[group] + COUNT_MS
            for group in self._alarms
            if self._register.counted(group).offline != self._said.get(group)
        ]
        return min((at_ms for at_ms in wakes if at_ms is not None), default=None)

    def set_back(self) -> None:
        """The clock was set back."""
        self._register.set_back()
        self._said_ms = dict.fromkeys(self._said_ms, 0)

    # --- within ------------------------------------------------------------------------------------

    def _load(self, alarms: Sequence[Alarm]) -> None:
        """From the open alarms."""
        register = self._register = Register(self.limits.outage)
        register.survey(self._sizes)
        groups = {Group(one.outage.kind, one.outage.id): one for one in alarms if one.outage}
        self._alarms = {group: one.id for group, one in groups.items()}
        self._said = {group: one.outage.offline for group, one in groups.items() if one.outage}
        self._said_ms = dict.fromkeys(groups, 0)
        calm = sorted(alarms, key=lambda one: one.changed_ms)
        self._turns.clear()
        self._unstable = {
            one.detector: (one.id, unstable.State(unstable.Phase.UNSTABLE, one.changed_ms))
            for one in calm
            if one.kind is AlarmKind.UNSTABLE and one.detector
        }
        lost = {one.detector: one for one in alarms if one.kind is AlarmKind.OFFLINE and one.detector}
        newest_ms: dict[AlarmId, int] = {}
        for one in lost.values():
            if one.inside is not None:
                since_ms = min(one.since_ms, one.opened_ms)
                newest_ms[one.inside] = max(since_ms, newest_ms.get(one.inside, 0))
        for detector, member in self.groups.members(lost.keys()).items():
            since_ms = min(lost[detector].since_ms, lost[detector].opened_ms)
            register.went(Lost(detector, member.site, member.groups, since_ms))
        for group, one in groups.items():
            register.resume(group, one.since_ms, self._spans(one, newest_ms.get(one.id, 0)))
        self._queue = {
            one.detector: None for one in alarms if one.detector and self.stands_for(one) != one.inside
        }
        self._is_loaded = True

    def _spans(self, alarm: Alarm, newest_ms: int) -> tuple[Span, ...]:
        """As the alarm says; its numbers are written every few seconds, and somebody may have gone since then."""
        window_ms = self.limits.outage.window_ms
        said = alarm.outage.spans if alarm.outage else ()
        *others, (begin_ms, until_ms) = said or ((alarm.since_ms, alarm.since_ms + window_ms),)
        return (*others, (begin_ms, max(until_ms, newest_ms)))

    def _group_of(self, detector: DetectorId) -> AlarmId | None:
        lost = self._register.find(detector)
        group = self._register.stands_for(lost) if lost else None
        return self._alarms.get(group) if group else None

    def _stands_for(self, detector: DetectorId) -> AlarmId | None:
        if (group := self._group_of(detector)) is not None:
            return group
        own = self._unstable.get(detector)
        return own[0] if own else None

    def _broke_off(self, work: Casework, detector: DetectorId, member: Member | None, at_ms: int) -> None:
        known = self._unstable.pop(detector, None)
        alarm, state = known or (None, unstable.State())
        limits = self.limits.unstable
        times = 1 + work.books.cases.times(detector, at_ms - limits.window_ms, alarm)
        done = unstable.step(state, unstable.BrokeOff(times), at_ms, limits)
        if done.reason is unstable.Because.SAME:
            return
        if alarm is None:
            alarm = work.books.cases.new_id()
            began = Began(
                id=alarm,
                key=unstable_key(detector),
                kind=AlarmKind.UNSTABLE,
                priority=priority_of(AlarmKind.UNSTABLE, Level.NONE, room=None, wrong_gas=False),
                since_ms=at_ms,
                received_ms=at_ms,
                detector=detector,
                site=member.site if member else None,
                room=member.room if member else None,
            )
            work.happen(None, began, Moment(at_ms, wait_ms=self.limits.hold_ms))
            _log.info("unstable_connection", detector=detector, times=times)
        if (file := work.books.cases.of_id(alarm)) is not None:
            count = times if known is None else file.alarm.count + 1
            work.happen(file, Numbers(count=count), Moment(at_ms))
        self._unstable[detector] = alarm, done.state

    def _calm_down(self, work: Casework) -> None:
        for detector, (alarm, state) in list(self._unstable.items()):
            done = unstable.step(state, unstable.Tick(), work.now_ms, self.limits.unstable)
            if done.reason is not unstable.Because.OVER:
                return  # the calmest comes first
            del self._unstable[detector]
            work.happen(work.books.cases.of_id(alarm), Ended(), Moment(work.now_ms))
            self._queue[detector] = None

    def _turn(self, work: Casework, turn: Turn) -> None:
        match turn.reason:
            case Because.BEGAN:
                self._open(work, turn)
            case Because.WORSE_AGAIN if turn.burst_ms is not None:
                self._absorb(work, turn)
                is_news = self.limits.outage.is_news(self._register.spans(turn.group))
                self._say(work, turn.group, self._alarms[turn.group], is_news=is_news)
                self._queue |= self._who(turn)
            case Because.OVER:
                self._end(work, turn.group, Ended())
                self._queue |= dict.fromkeys(turn.left)
            case _:
                pass

    def _open(self, work: Casework, turn: Turn) -> None:
        self._absorb(work, turn)
        alarm = work.books.cases.new_id()
        outage = self._outage(turn.group)
        began = Began(
            id=alarm,
            key=turn.group.key,
            kind=AlarmKind.OUTAGE,
            priority=priority_of(AlarmKind.OUTAGE, Level.NONE, room=None, wrong_gas=False),
            since_ms=turn.state.began_ms,
            received_ms=work.now_ms,
            outage=outage,
        )
        work.happen(None, began, Moment(work.now_ms))
        self._alarms[turn.group] = alarm
        self._said_ms[turn.group], self._said[turn.group] = work.now_ms, outage.offline
        self._queue |= self._who(turn)

    def _absorb(self, work: Casework, turn: Turn) -> None:
        for other in turn.absorbed:
            self._end(work, other, Absorbed())

    def _who(self, turn: Turn) -> dict[DetectorId, None]:
        """Whom the group stands for from now on."""
        begin_ms = turn.burst_ms or 0
        members = self._register.members(turn.group)
        return dict.fromkeys(one.detector for one in members if one.since_ms >= begin_ms)

    def _end(self, work: Casework, group: Group, event: Ended | Absorbed) -> None:
        alarm = self._alarms.pop(group, None)
        self._said_ms.pop(group, None)
        self._said.pop(group, None)
        if alarm is not None and (file := work.books.cases.of_id(alarm)) is not None:
            work.happen(file, event, Moment(work.now_ms))

    def _outage(self, group: Group, before: Outage | None = None) -> Outage:
        counted = self._register.counted(group)
        listed: list[DetectorId] = []
        for one in self._register.members(group):
            listed.append(one.detector)
            if len(listed) == LISTED:
                break
        return Outage(
            kind=group.kind,
            id=group.id,
            offline=counted.offline,
            most=max(before.most if before else 0, counted.offline),
            size=counted.size,
            listed=tuple(listed),
            acked=before.acked if before else 0,
            spans=self._register.spans(group),
        )

    def _count(self, work: Casework) -> None:
        """Keep the numbers of group alarms fresh, though not with every detector."""
        for group, alarm in self._alarms.items():
            offline = self._register.counted(group).offline
            waited_ms = work.now_ms - self._said_ms[group]
            if offline == self._said.get(group) or 0 <= waited_ms < COUNT_MS:
                continue
            self._say(work, group, alarm)

    def _say(self, work: Casework, group: Group, alarm: AlarmId, *, is_news: bool = False) -> None:
        self._said_ms[group], self._said[group] = work.now_ms, self._register.counted(group).offline
        file = work.books.cases.of_id(alarm)
        if file is None or (before := file.alarm.outage) is None:
            return
        outage = self._outage(group, before)
        is_judged = file.alarm.acked_ms is not None or file.alarm.shelf is not None
        worse = is_news or self.limits.outage.has_grown(before.acked, outage.offline, outage.size)
        work.happen(file, Numbers(outage, worse=worse and is_judged), Moment(work.now_ms))

    def _bring_in_step(self, work: Casework, detector: DetectorId) -> None:
        for key, other in (
            (offline_key(detector), self._stands_for(detector)),
            (unstable_key(detector), self._group_of(detector)),
        ):
            file = work.books.cases.of_key(key)
            if file is None or file.alarm.inside == other:
                continue
            self._released += other is None
            wait_ms = self.limits.hold_ms + self._released * SPACING_MS
            work.happen(file, StoodFor(other), Moment(work.now_ms, wait_ms=wait_ms))
