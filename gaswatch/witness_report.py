"""What a run came to: a summary out of the journal and the status board, and what of the story is missing. Pure."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import ceil
from typing import Final

from alerts.rules.bundle import bundled_in
from gascore.alarm import ALARM_OF_CONDITION, Alarm, AlarmKind, Notice, NoticePurpose, NoticeState
from gascore.canary import is_canary
from gascore.journal import (
    AlarmStepped,
    ConditionChanged,
    ConditionCleared,
    ConditionRaised,
    Entry,
    NoticeStepped,
    ServiceStep,
    ServiceStepped,
)
from gascore.service_status import LATENCY_BOUNDS_S, Histogram, ServiceStatus
from gascore.words import DetectorId, Level, NoticeId
from simulator.rules.story import Expectation

_TOLD: Final = {NoticeState.HANDED_OVER, NoticeState.DELIVERED}
SILENT_MS: Final = 10_000
"""Services speak every second."""
SETTLES_S: Final = 15.0
"""Start-up, and the way from an incident to the journal: an expectation is checked this long after it is due."""


@dataclass
class Seen:
    """A fold over the journal: all of it for what is open, the run's own part for what is counted."""

    start_id: int
    alarms: dict[int, Alarm] = field(default_factory=dict)
    stepped: set[int] = field(default_factory=set)
    notices: dict[int, Notice] = field(default_factory=dict)
    run_notices: set[int] = field(default_factory=set)
    worst: dict[tuple[DetectorId, AlarmKind], Level] = field(default_factory=dict)
    """Raised in this run, or still active from before; the worst level of this run."""
    carried: set[tuple[DetectorId, AlarmKind]] = field(default_factory=set)
    """Still active from before: what ends in this run without having been raised in it says nothing of it."""
    raised: set[tuple[DetectorId, AlarmKind]] = field(default_factory=set)
    """Raised in this run: alarm and notice must be of this run, too."""
    crashes: Counter[str] = field(default_factory=Counter)

    def add(self, entry: Entry) -> None:
        """Take the next entry."""
        is_ours = entry.id > self.start_id
        match entry.event:
            case ConditionRaised() | ConditionChanged() as event:
                self._condition(event, is_ours=is_ours)
            case ConditionCleared() as event:
                self._cleared(event)
            case AlarmStepped(alarm=alarm) if not is_canary(alarm.detector):
                self.alarms[alarm.id] = alarm
                self.stepped |= {alarm.id} if is_ours else set()
            case NoticeStepped(notice=notice):
                self.notices[notice.id] = notice
                self.run_notices |= {notice.id} if is_ours else set()
            case ServiceStepped(step=ServiceStep.CRASHED) as event if is_ours:
                self.crashes[event.service] += 1
            case _:
                return

    def _condition(self, event: ConditionRaised | ConditionChanged, *, is_ours: bool) -> None:
        kind = ALARM_OF_CONDITION.get(event.condition)
        if kind is None:
            return
        key = (event.detector, kind)
        if not is_ours:
            self.carried.add(key)
        elif isinstance(event, ConditionRaised):
            self.raised.add(key)
        self.worst[key] = max(self.worst.get(key, Level.NONE), event.level)

    def _cleared(self, event: ConditionCleared) -> None:
        kind = ALARM_OF_CONDITION.get(event.condition)
        if kind is not None and (event.detector, kind) in self.carried:
            self.carried.remove((event.detector, kind))
            del self.worst[event.detector, kind]

    def of_run(self) -> list[Alarm]:
        """The alarms that were open in this run."""
        return [one for one in self.alarms.values() if one.id in self.stepped or one.closed_ms is None]

    def told(self, alarm: Alarm) -> list[Notice]:
        """The notices about an alarm that a provider took; in this run, if it was raised in this run."""
        fresh = (alarm.detector, alarm.kind) in self.raised
        return [
            one
            for one in self.notices.values()
            if one.alarm == alarm.id and self._went(one) and (one.id in self.run_notices or not fresh)
        ]

    def _went(self, notice: Notice) -> bool:
        """A provider took it, or the notice that says the same for several alarms."""
        lead = bundled_in(notice.code)
        carrier = notice if lead is None else self.notices.get(NoticeId(lead))
        return carrier is not None and carrier.state in _TOLD


@dataclass(frozen=True)
class Screen:
    """What the console's live stream showed: which alarms, and how long each took from its message, ms."""

    alarms: Collection[int]
    delays_ms: Sequence[int]


@dataclass(frozen=True)
class Report:
    """The summary, and whether everything was as it must be."""

    text: str
    is_good: bool


def missing(
    expected: Sequence[Expectation], seen: Seen, shown: Collection[int] | None, ran_s: float
) -> list[str]:
    """What of the story should have been seen by now and was not, a line each; `shown`: alarms on the console."""
    alarms = {one.key: one for one in seen.of_run()}
    lines: list[str] = []
    for one in due(expected, ran_s):
        name = f"{one.kind} of {one.detector}"
        worst = seen.worst.get((one.detector, one.kind))
        alarm = alarms.get(f"detector:{one.detector}:{one.kind}")
        if worst is None:
            lines.append(f"{name}: not noticed (due after {one.by_s:.0f} s)")
        elif worst < one.level:
            lines.append(f"{name}: only {worst.name.lower()}, not {one.level.name.lower()}")
        if alarm is None or ((one.detector, one.kind) in seen.raised and alarm.id not in seen.stepped):
            lines.append(f"{name}: no alarm in the journal")
            continue
        # Inside another alarm it is silent: that one is shown, and people are told of it.
        visible = alarm if alarm.inside is None else seen.alarms.get(alarm.inside, alarm)
        if shown is not None and visible.id not in shown:
            lines.append(f"{name}: alarm {visible.id} never came to the console")
        if not seen.told(visible):
            lines.append(f"{name}: nobody was told (no notice of alarm {visible.id} was handed over)")
        if one.clears_by_s is not None and one.clears_by_s + SETTLES_S <= ran_s and alarm.active:
            lines.append(f"{name}: not over (due after {one.clears_by_s:.0f} s)")
    return lines


def current(statuses: Mapping[str, ServiceStatus], now_ms: int) -> dict[str, ServiceStatus]:
    """The words that are of now: one of an earlier run, or of a service that died, proves nothing."""
    return {name: one for name, one in statuses.items() if now_ms - one.at_ms <= SILENT_MS}


def due(expected: Sequence[Expectation], ran_s: float) -> list[Expectation]:
    """What must have been seen after `ran_s` seconds."""
    return [one for one in expected if one.by_s + SETTLES_S <= ran_s]


def report(
    seen: Seen,
    statuses: Mapping[str, ServiceStatus],
    expected: Sequence[Expectation],
    screen: Screen | None,
    ran_s: float,
) -> Report:
    """The summary of a run of `ran_s` seconds; `screen` None: the live stream never came."""
    problems = missing(expected, seen, screen.alarms if screen else None, ran_s)
    if screen is None:
        problems.append("the console's live stream never came")
    lines = [f"\nsummary after {ran_s:.0f} s"]
    collector = statuses.get("collector")
    if collector is None:
        problems.append("the collector says nothing")
    else:
        counts = collector.messages
        lines += [
            _line("detectors", _counted(collector.states)),
            _line(
                "messages",
                f"received {counts.received} = stored {counts.stored} + quarantined {counts.quarantined} + "
                f"rejected {counts.rejected} + duplicate {counts.duplicate} + pending {counts.pending}",
            ),
        ]
        if counts.residual or not counts.received:
            problems.append(
                f"conservation of messages: received {counts.received}, {counts.residual} unaccounted for"
            )
        if counts.rejected:
            lines.append(_line("rejected", _counted(collector.rejected_by)))
    lines += _alarm_lines(seen)
    lines.append(
        _line("notices", _counted(Counter(str(seen.notices[one].state) for one in seen.run_notices)))
    )
    if seen.crashes:
        lines.append(_line("crashes", _counted(seen.crashes)))
    lines += [
        _line("latency", "from the receipt of the message, p50 / p99 of n"),
        _line("  journal", _bounds(collector.latency.get("journal") if collector else None)),
        _line("  screen", _quantiles(screen.delays_ms if screen else ())),
        _line("  provider", _quantiles(_to_provider_ms(seen))),
    ]
    checked = due(expected, ran_s)
    later = len(expected) - len(checked)
    lines.append(
        _line(
            "story", f"{len(checked)} alarms expected" + (f", {later} more were not due yet" if later else "")
        )
    )
    if not checked:
        problems.append("no part of the story was due: run longer")
    lines += [f"  MISSING   {one}" for one in problems]
    lines.append("  all as expected" if not problems else f"  {len(problems)} things are not as expected")
    return Report("\n".join(lines) + "\n", is_good=not problems)


def _alarm_lines(seen: Seen) -> list[str]:
    by_kind: dict[str, Counter[str]] = {}
    for alarm in seen.of_run():
        by_kind.setdefault(str(alarm.kind), Counter())[str(alarm.status)] += 1
    if not by_kind:
        return [_line("alarms", "none")]
    return [
        _line("alarms" if number == 0 else "", f"{kind:<14} {_counted(states)}")
        for number, (kind, states) in enumerate(sorted(by_kind.items()))
    ]


def _to_provider_ms(seen: Seen) -> list[int]:
    """Of those who were told first: the others were told later on purpose."""
    notices = (seen.notices[one] for one in seen.run_notices)
    return [
        one.handed_ms - one.received_ms
        for one in notices
        if one.handed_ms is not None
        and one.received_ms is not None
        and one.step == 0
        and one.purpose in {NoticePurpose.RAISED, NoticePurpose.WORSE}
    ]


def _line(name: str, text: str) -> str:
    return f"  {name:<10} {text}"


def _counted(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {number}" for name, number in sorted(counts.items()) if number) or "none"


def _bounds(histogram: Histogram | None) -> str:
    """Of a histogram only the bucket is known: its upper bound is said. Counted after the commit."""
    if histogram is None or not histogram.total:
        return "nothing to measure"
    bounds = [
        next(
            (
                f"at most {bound * 1000:.0f} ms"
                for bound, count in zip(LATENCY_BOUNDS_S, histogram.counts, strict=True)
                if count >= ceil(histogram.total * share)
            ),
            "over 60 s",
        )
        for share in (0.5, 0.99)
    ]
    return f"{bounds[0]} / {bounds[1]} of {histogram.total}"


def _quantiles(values: Iterable[int]) -> str:
    """Nearest rank.

    >>> _quantiles([30, 10, 20])
    '20 ms / 30 ms of 3'
    """
    ranked = sorted(values)
    if not ranked:
        return "nothing to measure"
    middle, last = (ranked[ceil(len(ranked) * share) - 1] for share in (0.5, 0.99))
    return f"{middle} ms / {last} ms of {len(ranked)}"
