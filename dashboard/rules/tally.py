"""Counts what a period's alarm steps say: a fold, given entries in the order of their instants."""

from collections import Counter, deque
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta, tzinfo
from typing import Final

import msgspec

from dashboard.rules.kpi import HOUR_MS, TOP, Frequent, Response, Tallied, times_of
from gascore.alarm import Alarm
from gascore.canary import is_canary
from gascore.flood import (
    MINUTE_MS,
    Annunciated,
    Flood,
    FloodLimits,
    Load,
    Tick,
    is_annunciated,
    step,
    wake_at,
)
from gascore.journal import AlarmStep, AlarmStepped
from gascore.words import AlarmId, AreaId, SiteId

LEAD_MS: Final = HOUR_MS
"""So long before the period the fold begins: a flood or a chattering may be on when the period begins."""
STALE_MS: Final = 24 * HOUR_MS
"""ISA-18.2: active for more than a day."""
CHATTER: Final = 3
"""Set so often within a minute is chattering (ISA-18.2, confirmed)."""
FLEETING_MS: Final = 10_000
""""Seconds" in the standard; so many here."""
_TEN_MS: Final = 10 * MINUTE_MS
_SET: Final = frozenset({AlarmStep.OPENED, AlarmStep.CAME_BACK})


class Scope(msgspec.Struct, frozen=True):
    """What is asked for: from `from_ms` until just before `until_ms`; `operators` share the alarms."""

    from_ms: int
    until_ms: int
    operators: int = 1
    stale_ms: int = STALE_MS


class Tally:
    """One period's. `begin` with what was open at `from_ms - LEAD_MS`, then `take` the steps since."""

    def __init__(self, scope: Scope, areas: Mapping[SiteId, AreaId], zone: tzinfo) -> None:
        self._scope = scope
        self._areas = areas
        self._zone = zone
        self._rates = {MINUTE_MS: Counter[int](), _TEN_MS: Counter[int](), HOUR_MS: Counter[int]()}
        self._priorities: Counter[str] = Counter()
        self._kinds: Counter[str] = Counter()
        self._places: Counter[str] = Counter()
        self._keys: Counter[str] = Counter()
        self._samples: dict[str, Alarm] = {}
        self._floods = _Floods(scope)
        self._chatter = _Chatter(scope)
        self._stale = _Stale(scope, zone)
        self._acked: dict[str, list[int]] = {}
        self._closed: dict[str, list[int]] = {}
        self._shown: dict[AlarmId, int] = {}
        """Since when an alarm waits for an answer."""

    def begin(self, open_: Iterable[Alarm]) -> None:
        """These were open just before the fold begins."""
        for alarm in open_:
            if is_canary(alarm.detector):
                continue
            self._stale.see(alarm, max(alarm.opened_ms, alarm.since_ms))
            if alarm.acked_ms is None:
                self._shown[alarm.id] = alarm.opened_ms

    def take(self, at_ms: int, event: AlarmStepped) -> None:
        """One step, at or after the fold's begin; a test leak asks nothing of an operator."""
        alarm = event.alarm
        if is_canary(alarm.detector):
            return
        shown = is_annunciated(event)
        if shown:
            self._annunciated(at_ms, alarm)
        self._chatter.see(at_ms, event, is_set=shown and event.step in _SET)
        self._stale.see(alarm, at_ms)
        if event.step is AlarmStep.ACKED:
            self._answered(self._acked, alarm, at_ms, self._shown.pop(alarm.id, None))
        elif event.step is AlarmStep.CLOSED:
            self._shown.pop(alarm.id, None)
            self._answered(self._closed, alarm, at_ms, alarm.opened_ms)

    def result(self) -> Tallied:
        """What was counted; call it once, at the end."""
        self._floods.end()
        scope = self._scope
        total = sum(self._keys.values())
        top = tuple(
            Frequent(key, one.kind, count, count / total, one.detector, one.site)
            for key, count in sorted(self._keys.items(), key=lambda each: (-each[1], each[0]))[:TOP]
            for one in (self._samples[key],)
        )
        by_day = self._stale.by_day()
        return Tallied(
            from_ms=scope.from_ms,
            until_ms=scope.until_ms,
            annunciated=total,
            by_priority=dict(sorted(self._priorities.items())),
            by_kind=dict(sorted(self._kinds.items())),
            by_area=dict(sorted(self._places.items())),
            peak_hour=self._peak(HOUR_MS),
            peak_ten_minutes=self._peak(_TEN_MS),
            peak_minute=self._peak(MINUTE_MS),
            peak_ms=self._peak_ms(),
            floods=self._floods.count,
            flood_ms=self._floods.long_ms,
            top=top,
            chattering=len(self._chatter.keys),
            chattering_keys=tuple(sorted(self._chatter.keys))[:TOP],
            fleeting=self._chatter.fleeting(),
            stale_now=self._stale.at_end(),
            stale_by_day=by_day,
            response=self._response(),
        )

    def _annunciated(self, at_ms: int, alarm: Alarm) -> None:
        self._floods.annunciated(at_ms)
        self._shown[alarm.id] = at_ms
        if at_ms < self._scope.from_ms:
            return
        for width_ms, bins in self._rates.items():
            bins[at_ms // width_ms] += 1
        self._priorities[str(int(alarm.priority))] += 1
        self._kinds[alarm.kind.value] += 1
        self._keys[alarm.key] += 1
        self._samples[alarm.key] = alarm
        area = self._areas.get(alarm.site) if alarm.site else None
        self._places[area or ""] += 1

    def _answered(self, into: dict[str, list[int]], alarm: Alarm, at_ms: int, since_ms: int | None) -> None:
        if since_ms is None or at_ms < self._scope.from_ms:
            return
        for name in (str(int(alarm.priority)), "all"):
            into.setdefault(name, []).append(max(0, at_ms - since_ms))

    def _peak(self, width_ms: int) -> int:
        return max(self._rates[width_ms].values(), default=0)

    def _peak_ms(self) -> int | None:
        hours = self._rates[HOUR_MS]
        return (
            min((hour for hour, count in hours.items() if count == self._peak(HOUR_MS)), default=0) * HOUR_MS
            or None
        )

    def _response(self) -> Mapping[str, Response]:
        names = sorted({*self._acked, *self._closed})
        return {
            name: Response(times_of(self._acked.get(name, [])), times_of(self._closed.get(name, [])))
            for name in names
        }


class _Floods:
    """How long there was a flood within the period."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        self._limits = FloodLimits.of(scope.operators)
        self._load = Load()
        self.count = 0
        self.long_ms = 0

    def annunciated(self, at_ms: int) -> None:
        self._catch_up(at_ms)
        self._load = step(self._load, Annunciated(), at_ms, self._limits).state

    def end(self) -> None:
        self._catch_up(self._scope.until_ms)
        if self._load.began_ms is not None:
            self._add(Flood(self._load.began_ms, self._scope.until_ms, self._load.alarms))

    def _catch_up(self, at_ms: int) -> None:
        due_ms = wake_at(self._load, self._limits)
        if due_ms is not None and due_ms <= at_ms:
            done = step(self._load, Tick(), due_ms, self._limits)
            self._load = done.state
            if done.over is not None:
                self._add(done.over)

    def _add(self, flood: Flood) -> None:
        inside_ms = min(flood.ended_ms, self._scope.until_ms) - max(flood.since_ms, self._scope.from_ms)
        if inside_ms > 0:
            self.count += 1
            self.long_ms += inside_ms


class _Chatter:
    """Which alarms are set again and again within a minute, and which are over within seconds, once."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        self._sets: dict[str, deque[int]] = {}
        self._brief: dict[str, int] = {}
        self._fleeting = 0
        self.keys: set[str] = set()

    def see(self, at_ms: int, event: AlarmStepped, *, is_set: bool) -> None:
        key = event.alarm.key
        if is_set:
            sets = self._sets.setdefault(key, deque(maxlen=CHATTER))
            sets.append(at_ms)
            if len(sets) == CHATTER and at_ms - sets[0] <= MINUTE_MS and at_ms >= self._scope.from_ms:
                self.keys.add(key)
            over_ms = self._brief.pop(key, None)
            self._fleeting += over_ms is not None and at_ms - over_ms > MINUTE_MS
        elif not event.alarm.active and event.step in _OVER:
            sets = self._sets.get(key, deque())
            if sets and at_ms - sets[-1] <= FLEETING_MS and self._is_alone(sets, at_ms):
                self._brief[key] = at_ms

    def fleeting(self) -> int:
        return self._fleeting + len(self._brief)

    def _is_alone(self, sets: deque[int], at_ms: int) -> bool:
        """It had not come within the minute before either."""
        before = [one for one in sets if at_ms - one <= MINUTE_MS]
        return len(before) == 1 and at_ms >= self._scope.from_ms


_OVER: Final = frozenset({AlarmStep.NORMAL, AlarmStep.CLOSED})


class _Stale:
    """Which alarms were active for long, and on how many days at once."""

    def __init__(self, scope: Scope, zone: tzinfo) -> None:
        self._scope = scope
        self._zone = zone
        self._since: dict[AlarmId, int] = {}
        self._spans: list[tuple[int, int]] = []

    def see(self, alarm: Alarm, at_ms: int) -> None:
        if alarm.active and not alarm.is_silent:
            self._since.setdefault(alarm.id, at_ms)
        elif (since_ms := self._since.pop(alarm.id, None)) is not None:
            self._add(since_ms, at_ms)

    def at_end(self) -> int:
        return sum(
            self._scope.until_ms - since_ms > self._scope.stale_ms for since_ms in self._since.values()
        )

    def by_day(self) -> Mapping[str, int]:
        """The days of the town on which there was any, with the number of alarms."""
        for since_ms in self._since.values():
            self._add(since_ms, self._scope.until_ms)
        days: Counter[str] = Counter()
        for begin_ms, end_ms in self._spans:
            days.update(_days(begin_ms, end_ms, self._zone))
        return dict(sorted(days.items()))

    def _add(self, since_ms: int, until_ms: int) -> None:
        begin_ms = max(since_ms + self._scope.stale_ms, self._scope.from_ms)
        if until_ms > begin_ms:
            self._spans.append((begin_ms, until_ms))


def _days(begin_ms: int, end_ms: int, zone: tzinfo) -> Iterator[str]:
    day = datetime.fromtimestamp(begin_ms / 1000, zone).date()
    last = datetime.fromtimestamp((end_ms - 1) / 1000, zone).date()
    while day <= last:
        yield day.isoformat()
        day += timedelta(days=1)
