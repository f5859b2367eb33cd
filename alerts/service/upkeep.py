"""Looks after the alarms as a whole: floods, chattering, and what has been active for too long (docs/adr/0026).

Comes last in each of the desk's transactions and sees what it did; what follows is part of the same one. What is
remembered here is only a short cut: it is read again after a start and after a transaction that failed. But the
last minute of what was set is not kept: after a restart an alarm is flagged as chattering a little later.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import structlog
from msgspec.structs import replace

from alerts.rules import chatter, stale
from alerts.rules.bundle import CHATTERS
from alerts.rules.delivery import PutOff
from alerts.rules.sending import step
from alerts.rules.stale import Limits as StaleLimits
from alerts.service.casework import Casework
from gascore import flood
from gascore.alarm import LEAKS, Alarm, NoticePurpose, NoticeState
from gascore.flood import FloodLimits, Load
from gascore.hazard import AlarmChatters, FloodBegan, FloodEnded, Hazard, HazardRequested
from gascore.journal import AlarmStep, AlarmStepped, NoticeStepped
from gascore.operators import OperatorAnswered, Outcome

_log = structlog.get_logger()
PORTION: Final = 10
"""Hazards opened in one transaction."""
SETS: Final = frozenset({AlarmStep.OPENED, AlarmStep.CAME_BACK})
COUNTS: Final = frozenset({AlarmStep.OPENED, AlarmStep.ON_ITS_OWN, AlarmStep.UNSHELVED, AlarmStep.UNCOVERED})
REMEMBERED: Final = 10_000
"""Keys whose newest settings are kept; beyond that those of the last minute alone."""


@dataclass(frozen=True, slots=True)
class Limits:
    """When it is a flood, and when an alarm is a hazard."""

    flood: FloodLimits = field(default_factory=FloodLimits)
    stale: StaleLimits = field(default_factory=StaleLimits)


class Upkeep:
    """One desk's; used by one thread."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._load: Load | None = None
        self._look_ms = 0
        self._sets: dict[str, tuple[int, ...]] = {}

    def forget(self) -> None:
        """A transaction failed, or the clock was set: read again what is stored."""
        self._load, self._look_ms = None, 0
        self._sets.clear()

    def wake_at(self) -> int | None:
        """When there is something to do though nothing happens."""
        flood_ms = None if self._load is None else flood.wake_at(self._load, self._limits.flood)
        return min((at_ms for at_ms in (flood_ms, self._look_ms) if at_ms), default=None)

    def settle(self, work: Casework) -> None:
        """Draw the conclusions from this transaction's steps, and from the time."""
        steps = [event for event in work.events if isinstance(event, AlarmStepped)]
        self._count(work, steps)
        for event in steps:
            self._chatters(work, event)
            self._follow(work, event)
        self._convert(work)

    def _count(self, work: Casework, steps: list[AlarmStepped]) -> None:
        limits = self._limits.flood
        before = self._load or work.books.load()
        load = before
        shown = sum(map(flood.is_annunciated, steps))
        events: list[flood.FloodEvent] = [flood.Annunciated()] * shown
        for one in [flood.Tick(), *events]:
            done = flood.step(load, one, work.now_ms, limits)
            load = done.state
            if done.reason is flood.FloodReason.BEGAN:
                _log.warning("flood_began", alarms=load.alarms)
                work.events.append(FloodBegan(since_ms=work.now_ms, alarms=load.alarms))
            if done.over is not None:
                _log.info("flood_ended", alarms=done.over.alarms)
                over = done.over
                ended = FloodEnded(since_ms=over.since_ms, ended_ms=over.ended_ms, alarms=over.alarms)
                work.events.append(ended)
        if shown or load.began_ms != before.began_ms:
            work.books.put_load(load)
        self._load = load

    def _chatters(self, work: Casework, event: AlarmStepped) -> None:
        alarm = event.alarm
        if event.step not in SETS or alarm.is_silent:
            return
        if len(self._sets) > REMEMBERED:
            since_ms = work.now_ms - chatter.WINDOW_MS
            self._sets = {key: times for key, times in self._sets.items() if times[-1] > since_ms}
        times = self._sets[alarm.key] = chatter.seen(self._sets.get(alarm.key, ()), alarm.changed_ms)
        if not chatter.chatters(times):
            return
        _log.warning("alarm_chatters", alarm=alarm.id, key=alarm.key)
        work.events.append(AlarmChatters(alarm=alarm.id, detector=alarm.detector, site=alarm.site))
        if alarm.kind not in LEAKS:
            self._merge(work, alarm)

    def _merge(self, work: Casework, alarm: Alarm) -> None:
        """Its text waits; if it is over by then, the text is withdrawn as always. The first ones were told."""
        for parcel in work.books.notices.of_alarm(alarm.id):
            notice = parcel.notice
            if notice.purpose is NoticePurpose.RAISED and notice.state is NoticeState.PENDING:
                calm = step(parcel, PutOff(work.now_ms + chatter.CALM_MS, CHATTERS), work.now_ms).state
                late = replace(calm, expires_ms=parcel.expires_ms + chatter.CALM_MS)
                work.books.notices.put(late)
                if late.notice != notice:
                    work.teller.stepped.append(NoticeStepped(notice=late.notice, site=late.site))

    def _follow(self, work: Casework, event: AlarmStepped) -> None:
        """A hazard ends with its alarm, and while another alarm stands for that."""
        alarm = event.alarm
        if alarm.kind not in stale.HAZARDOUS:
            return
        if event.step in COUNTS:
            self._look_ms = min(self._look_ms, alarm.opened_ms + self._limits.stale.after_ms)
        if event.step is AlarmStep.CLOSED:
            self._step(work, work.books.hazards.open_of(alarm.id), stale.Over())
        elif event.step is AlarmStep.QUIETED:
            self._step(work, work.books.hazards.open_of(alarm.id), stale.Explained())

    def _convert(self, work: Casework) -> None:
        if work.now_ms < self._look_ms:
            return
        limits = self._limits.stale
        hazards = work.books.hazards
        for alarm in hazards.stale(work.now_ms - limits.after_ms, PORTION):
            self._step(work, None, stale.Stale(hazards.new_id(), alarm))
        oldest_ms = hazards.oldest_ms(work.now_ms - limits.after_ms)
        self._look_ms = max(work.now_ms, limits.after_ms + (work.now_ms if oldest_ms is None else oldest_ms))

    def _step(self, work: Casework, hazard: Hazard | None, event: stale.Event) -> stale.Step:
        done = stale.step(hazard, event, work.now_ms, self._limits.stale)
        if done.state is not None and done.effects:
            _log.info("hazard", hazard=done.state.id, alarm=done.state.alarm, reason=done.reason.value)
            work.books.hazards.put(done.state)
            work.events.extend(done.effects)
        return done


_OUTCOMES: Final[Mapping[stale.Because, Outcome]] = {
    stale.Because.BY_HAND: Outcome.DONE,
    stale.Because.NO_NOTE: Outcome.NOTE_MISSING,
    stale.Because.NOT_OPEN: Outcome.ALREADY,
}


def answer_hazard(work: Casework, event: HazardRequested, at_ms: int) -> None:
    """An operator closes a hazard. If the alarm stays, it is a hazard again after as long as before."""
    hazard = work.books.hazards.of_id(event.hazard)
    outcome = Outcome.NOT_FOUND
    if hazard is not None:
        asked = stale.CloseByHand(event.by, event.note)
        done = stale.step(hazard, asked, at_ms, stale.Limits())
        outcome = _OUTCOMES[done.reason]
        if done.state is not None and done.effects:
            work.books.hazards.put(done.state)
            work.events.extend(done.effects)
    work.events.append(OperatorAnswered(request=event.request, alarm=event.alarm, outcome=outcome))
