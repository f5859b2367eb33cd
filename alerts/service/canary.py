"""Sends canaries on their way, follows them through the journal, writes down how long it took, puts them away."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import tzinfo
from typing import Final, Protocol

import structlog

from alerts.ports import Books
from alerts.rules import canary
from alerts.rules.canary import Run, step
from gascore.alarm import AlarmCause, AlarmKind, Notice, NoticeState
from gascore.canary import CanaryMeasured
from gascore.journal import (
    AlarmStep,
    AlarmStepped,
    ConditionRaised,
    Event,
    Journal,
    NoticeStepped,
    TroubleBegan,
    TroubleEnded,
)
from gascore.operators import OperatorAction, OperatorRequested
from gascore.words import AlarmId, AreaId, DetectorId

_log = structlog.get_logger()
SETTLE_MS: Final = 5_000
"""After a start the broker may only just be reading that our detectors may come in."""
TROUBLE: Final = "canary {}"
BY: Final = "canary"
ENTRIES: Final = 1_000


class Voice(Protocol):
    """Speaks as a virtual detector. Implementation: `alerts.adapters.canary_mqtt.MqttVoice`."""

    def say(self, detector: DetectorId, *, leak: bool, now_ms: int) -> str | None:
        """One message; None: the broker has taken it, else why not. Never raises; returns within 20 s."""
        ...


class Troubles(Protocol):
    """Which troubles hold. Implementation: `gaswatch.stores.audit.SqlAudit`."""

    def open_troubles(self, prefix: str) -> set[str]:
        """The names of our own troubles that begin so and hold."""
        ...


@dataclass(frozen=True, slots=True)
class Times:
    """When test leaks are sent (every so often, one of them at `at`, "HH:MM"), and how soon they must arrive, ms."""

    at: str
    every_ms: int
    within_ms: int
    zone: tzinfo


@dataclass(frozen=True, slots=True)
class CanaryParts:
    """What canaries work with. `areas`: detector -> its area. `prepare`: puts them into the ledger."""

    areas: dict[DetectorId, AreaId]
    prepare: Callable[[int], None]
    voice: Voice
    books: Books
    journal: Journal
    troubles: Troubles
    times: Times
    new_id: Callable[[], str]


class Canaries:
    """All canaries of one process. Blocking; one thread."""

    def __init__(self, parts: CanaryParts) -> None:
        self._parts = parts
        self._runs: dict[DetectorId, Run] = {}
        self._next_ms = 0
        self._cursor = 0
        self._wrong: set[str] = set()
        self.last: dict[AreaId, CanaryMeasured] = {}

    def go(self, now_ms: int) -> None:
        """One look. Raises `StoreDownError`: it goes on at the next one."""
        if not self._runs:
            self._begin(now_ms)
        self._follow()
        is_due = now_ms >= self._next_ms
        if is_due:
            self._next_ms = self._after(now_ms)
        for detector in self._parts.areas:
            if is_due:
                self._happen(detector, canary.Due(self._parts.times.within_ms), now_ms)
            self._happen(detector, canary.Tick(), now_ms)

    def notes(self) -> dict[str, str]:
        """For the system page: of each area, how long the last test leak took, or where it stayed."""
        return {f"canary {area}": _words(one) for area, one in self.last.items()}

    def _begin(self, now_ms: int) -> None:
        parts = self._parts
        parts.prepare(now_ms)
        left = [one for one in parts.books.open_of([AlarmKind.LEAK]) if one.detector in parts.areas]
        self._wrong = parts.troubles.open_troubles(TROUBLE.format(""))
        self._cursor = parts.journal.last_id()
        self._next_ms = self._after(now_ms + SETTLE_MS)
        self._runs = dict.fromkeys(parts.areas, Run())
        for alarm in left:
            if alarm.detector is not None:
                self._happen(alarm.detector, canary.Left(alarm.id), now_ms)

    def _after(self, now_ms: int) -> int:
        times = self._parts.times
        return canary.next_ms(now_ms, times.at, times.every_ms, times.zone)

    def _follow(self) -> None:
        """Nothing of the journal concerns us while all are idle."""
        if all(run.phase is canary.Phase.IDLE for run in self._runs.values()):
            self._cursor = self._parts.journal.last_id()
            return
        while entries := self._parts.journal.after(self._cursor, ENTRIES):
            for entry in entries:
                self._take_in(entry.event, entry.at_ms)
                self._cursor = entry.id

    def _take_in(self, event: Event, at_ms: int) -> None:
        match event:
            case ConditionRaised(detector=detector) if detector in self._runs:
                self._happen(detector, canary.Journaled(at_ms), at_ms)
            case AlarmStepped(alarm=alarm, step=change) if alarm.detector in self._runs:
                happened = _of_alarm(alarm.id, change, at_ms)
                if happened is not None and alarm.kind is AlarmKind.LEAK and alarm.detector is not None:
                    self._happen(alarm.detector, happened, at_ms)
            case NoticeStepped(notice=notice) if notice.alarm is not None:
                for detector, run in self._runs.items():
                    if run.alarm == notice.alarm:
                        self._of_notice(detector, notice, at_ms)
                        break
            case _:
                pass

    def _of_notice(self, detector: DetectorId, notice: Notice, at_ms: int) -> None:
        if notice.state is NoticeState.HANDED_OVER and notice.overdue_ms is None:
            self._happen(detector, canary.Handed(at_ms), at_ms)
        elif notice.state is NoticeState.DELIVERED:
            self._happen(detector, canary.Delivered(at_ms), at_ms)

    def _happen(self, detector: DetectorId, event: canary.Event, now_ms: int) -> None:
        done = step(self._runs[detector], event, now_ms)
        self._runs[detector] = done.state
        for effect in done.effects:
            self._do(detector, effect, now_ms)

    def _do(self, detector: DetectorId, effect: canary.Effect, now_ms: int) -> None:
        match effect:
            case canary.Leak():
                why = self._parts.voice.say(detector, leak=True, now_ms=now_ms)
                if why is not None:
                    self._happen(detector, canary.Unsent(why), now_ms)
            case canary.NoGas():
                self._parts.voice.say(detector, leak=False, now_ms=now_ms)  # and again in a minute
            case canary.Measured(why):
                self._measured(detector, self._runs[detector], why, now_ms)
            case canary.Missed(why):
                self._measured(detector, Run(sent_ms=now_ms), why, now_ms)
            case canary.Answer(alarm):
                self._ask(alarm, OperatorAction.ACK, None, now_ms)
            case canary.Close(alarm):
                self._ask(alarm, OperatorAction.CLOSE, AlarmCause.TEST, now_ms)

    def _ask(self, alarm: AlarmId, action: OperatorAction, cause: AlarmCause | None, now_ms: int) -> None:
        asked = OperatorRequested(
            request=self._parts.new_id(), alarm=alarm, action=action, by=BY, cause=cause, note=""
        )
        self._parts.journal.append([asked], now_ms)

    def _measured(self, detector: DetectorId, run: Run, why: str, now_ms: int) -> None:
        area = self._parts.areas[detector]
        measured = CanaryMeasured(
            area=area,
            detector=detector,
            sent_ms=run.sent_ms,
            ok=not why,
            alarm=run.alarm,
            journaled_ms=run.journaled_ms,
            opened_ms=run.opened_ms,
            handed_ms=run.handed_ms,
            delivered_ms=run.delivered_ms,
            why=why,
        )
        events: list[Event] = [measured]
        name = TROUBLE.format(area)
        if why and name not in self._wrong:
            events.append(TroubleBegan(name=name, since_ms=run.sent_ms, detail=why))
        elif not why and name in self._wrong:
            events.append(TroubleEnded(name=name, since_ms=run.sent_ms, ended_ms=now_ms))
        self._parts.journal.append(events, now_ms)
        self._wrong = self._wrong | {name} if why else self._wrong - {name}
        self.last[area] = measured
        _log.info("canary", area=area, result=_words(measured))


def _of_alarm(alarm: AlarmId, change: AlarmStep, at_ms: int) -> canary.Event | None:
    match change:
        case AlarmStep.OPENED | AlarmStep.CAME_BACK:
            return canary.Opened(alarm, at_ms)
        case AlarmStep.NORMAL:
            return canary.Normal()
        case AlarmStep.CLOSED:
            return canary.Closed()
        case _:
            return None


def _words(one: CanaryMeasured) -> str:
    return one.why if one.took_ms is None else f"{one.took_ms / 1000:.1f} s"
