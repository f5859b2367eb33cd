"""Who is offline, and which group alarm stands for whom. Pure; changed in place, since it can be a whole city.

A fold over "went" and "back": the same events in the same order give the same groups, whoever folds them and
however often it is begun anew from those that are offline (alarms say so) and the groups that are out.
"""

from bisect import bisect_left, bisect_right, insort
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

from alerts.rules.outage import SITES, Because, Counted, Group, Limits, Phase, Span, State, Step, step
from gascore.alarm import GroupKind
from gascore.words import DetectorId, SiteId

_RANK: Final = {kind: rank for rank, kind in enumerate(GroupKind)}
_QUIET: Final = State()
LOOK_MS: Final = 5_000
"""So long after the first of them detectors are looked at together: the more are known, the better they can be
explained; and a look at a whole city costs more than one detector."""


@dataclass(frozen=True, slots=True)
class Lost:
    """A detector that is offline since `since_ms`; `groups`: the most telling first, areas from narrow to wide."""

    detector: DetectorId
    site: SiteId
    groups: tuple[Group, ...]
    since_ms: int


@dataclass(frozen=True, slots=True)
class Turn:
    """What became of a group. `burst_ms`: when a burst began, `absorbed`: whose place it takes. OVER: who is `left`."""

    group: Group
    reason: Because
    state: State
    counted: Counted
    burst_ms: int | None = None
    absorbed: tuple[Group, ...] = ()
    left: tuple[DetectorId, ...] = ()


class Register:
    """All that are offline, by group; `sizes` is how many detectors each group has in service."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.sizes: Mapping[Group, int] = {}
        self._lost: dict[DetectorId, Lost] = {}
        self._since: dict[Group, list[tuple[int, DetectorId]]] = {}
        self._states: dict[Group, State] = {}
        self._spans: dict[Group, tuple[Span, ...]] = {}
        """Of a group that is out: who went within one of these, belongs to it. A later silence is its own."""
        self._touched: dict[Group, tuple[int, int] | None] = {}
        """Groups to be looked at, with the earliest and the latest instant at which one more of them went."""
        self._wakes: dict[Group, int] = {}
        self._look_ms: int | None = None

    def __len__(self) -> int:
        return len(self._lost)

    def went(self, one: Lost) -> None:
        """A detector went offline; a second word on it changes nothing."""
        if one.detector in self._lost:
            return
        self._lost[one.detector] = one
        entry = (one.since_ms, one.detector)  # shared: it can be a whole city
        for group in one.groups:
            insort(self._since.setdefault(group, []), entry)
            first_ms, last_ms = self._touched.get(group) or (one.since_ms, one.since_ms)
            self._touched[group] = min(first_ms, one.since_ms), max(last_ms, one.since_ms)
            if group in self._spans:
                self._prolong(group, one.since_ms)

    def back(self, detector: DetectorId) -> None:
        """It is not offline any more."""
        one = self._lost.pop(detector, None)
        for group in one.groups if one else ():
            since = self._since[group]
            del since[bisect_left(since, (one.since_ms, detector) if one else (0, detector))]
            if not since:
                del self._since[group]
            self._touched.setdefault(group, None)

    def resume(self, group: Group, began_ms: int, spans: tuple[Span, ...] = ()) -> None:
        """This group was out when we began; its alarm says so, and who went when."""
        self._states[group] = State(Phase.OUT, began_ms)
        self._spans[group] = spans or ((began_ms, began_ms + self.limits.window_ms),)
        self._touched.setdefault(group, None)

    def survey(self, sizes: Mapping[Group, int]) -> None:
        """The ledger has been counted (again)."""
        self.sizes = sizes
        for group, since in self._since.items():
            self._touched[group] = since[0][0], since[-1][0]
        for group in self._states:
            self._touched.setdefault(group, None)

    def find(self, detector: DetectorId) -> Lost | None:
        """Whether and since when a detector is offline."""
        return self._lost.get(detector)

    def all(self) -> tuple[Lost, ...]:
        """Everyone who is offline."""
        return tuple(self._lost.values())

    def out(self) -> tuple[Group, ...]:
        """The groups that are out."""
        return tuple(self._states)

    def spans(self, group: Group) -> tuple[Span, ...]:
        """From when to when those went that belong to a group that is out; the earliest first."""
        return self._spans.get(group, ())

    def members(self, group: Group) -> Iterator[Lost]:
        """Who of a group that is out is offline and belongs to the outage, the first to go first."""
        since = self._since.get(group, [])
        for span in self.spans(group):
            for at in _within(since, span):
                yield self._lost[since[at][1]]

    def counted(self, group: Group) -> Counted:
        """How many they are."""
        offline = sum(self._count(group, *span) for span in self.spans(group))
        return Counted(self.sizes.get(group, 0), offline)

    def stands_for(self, one: Lost) -> Group | None:
        """The group that is out and explains why this detector is offline; the most telling one."""
        return next((group for group in one.groups if self._belongs(one, group)), None)

    def decide(self, now_ms: int) -> list[Turn]:
        """Look at every group in which something happened or whose calm may be long enough."""
        if self._touched and self._look_ms is None:
            self._look_ms = now_ms + LOOK_MS
        due = {group for group, at_ms in self._wakes.items() if at_ms <= now_ms}
        is_time = self._look_ms is not None and not 0 < self._look_ms - now_ms <= LOOK_MS
        if is_time:
            due |= self._touched.keys()
            for group in self._touched.keys() & self._states.keys():
                self._stretch(group)
        turns = [turn for group in sorted(due & self._states.keys()) for turn in self._look(group, now_ms)]
        if is_time:
            turns += _lasting(list(self._explain(now_ms)))
            self._touched.clear()
            self._look_ms = None
        return turns

    def wake_at(self) -> int | None:
        """When `decide` is to be called even if nothing happens."""
        wakes = [*self._wakes.values(), *(() if self._look_ms is None else (self._look_ms,))]
        return min(wakes, default=None)

    def set_back(self) -> None:
        """The clock was set back: every calm counts anew from the next look."""
        for group in self._wakes:
            self._states[group] = State(Phase.OUT, self._states[group].began_ms)
            self._touched.setdefault(group, None)
        self._wakes.clear()

    def _belongs(self, one: Lost, group: Group) -> bool:
        return any(begin_ms <= one.since_ms <= until_ms for begin_ms, until_ms in self._spans.get(group, ()))

    def _count(self, group: Group, first_ms: int, last_ms: int) -> int:
        return len(_within(self._since.get(group, []), (first_ms, last_ms)))

    def _stretch(self, group: Group) -> None:
        """Everyone who goes lets a burst last a window longer, while more than a few go within a window."""
        width_ms = self.limits.window_ms
        since = self._since.get(group, [])
        while True:
            until_ms = self._spans[group][-1][1]
            latest = reversed(_within(since, (until_ms - width_ms + 1, until_ms)))
            if not any(self._prolong(group, since[at][0]) for at in latest):
                return

    def _prolong(self, group: Group, went_ms: int) -> bool:
        """By one who went then; whether that changed anything."""
        width_ms, size = self.limits.window_ms, self.sizes.get(group, 0)
        *others, (begin_ms, until_ms) = self._spans[group]
        if not size or not until_ms - width_ms < went_ms <= until_ms:
            return False
        if self.limits.is_few(self._count(group, went_ms - width_ms, went_ms), size):
            return False
        self._spans[group] = (*others, (begin_ms, went_ms + width_ms))
        return True

    def _look(self, group: Group, now_ms: int) -> Iterator[Turn]:
        """At a group that is out."""
        counted = self.counted(group)
        if not self.sizes:
            return  # nobody has counted the ledger: it is too early to say what few is
        done = step(self._states[group], counted, now_ms, self.limits)
        left = tuple(one.detector for one in self.members(group)) if done.reason is Because.OVER else ()
        self._keep(group, done)
        if done.reason is not Because.SAME:
            yield Turn(group, done.reason, done.state, counted, left=left)

    def _explain(self, now_ms: int) -> Iterator[Turn]:
        """The best explanation first: the group that is hit most completely; then what it leaves unexplained."""
        waiting = {group: news for group, news in self._touched.items() if news}
        bursts = {group: burst for group, news in waiting.items() if (burst := self._burst(group, news))}
        best = [(self._how_well(group, burst[1]), group) for group, burst in bursts.items()]
        best.sort()
        stale: set[Group] = set()
        while best:
            _, group = best.pop()
            if group in stale:
                # What another one explains by now is no more of this: it can only explain less than it did.
                stale.remove(group)
                if (burst := self._burst(group, waiting[group])) is not None:
                    bursts[group] = burst
                    insort(best, (self._how_well(group, burst[1]), group))
                continue
            turn, near = self._begin(group, *bursts[group], now_ms)
            yield turn
            stale |= near

    def _begin(self, group: Group, burst: Span, count: int, now_ms: int) -> tuple[Turn, set[Group]]:
        """A burst is the group's; returns also all groups of those that went."""
        began_ms, last_ms = burst
        counted = Counted(self.sizes[group], count, began_ms)
        done = step(self._states.get(group, _QUIET), counted, now_ms, self.limits)
        self._keep(group, done)
        before = self.spans(group)
        lasting = (span for span in before[:-1] if self._count(group, *span))
        self._spans[group] = (*lasting, *before[-1:], (began_ms, last_ms + self.limits.window_ms))
        self._stretch(group)
        near = {other for one in self._newest(group) for other in one.groups}
        absorbed = tuple(self._absorbed_by(group, near))
        for other in absorbed:
            self._forget(other)
        return Turn(group, done.reason, done.state, counted, began_ms, absorbed), near

    def _newest(self, group: Group) -> Iterator[Lost]:
        """Who belongs to its newest burst."""
        since = self._since.get(group, [])
        for at in _within(since, self._spans[group][-1]):
            yield self._lost[since[at][1]]

    def _forget(self, group: Group) -> None:
        self._wakes.pop(group, None)
        self._states.pop(group, None)
        self._spans.pop(group, None)

    def _how_well(self, group: Group, count: int) -> tuple[float, int, int, str]:
        """The larger, the better it explains: the share that is hit, then how many it explains."""
        return count / self.sizes[group], self.sizes[group], -_RANK[group.kind], group.id

    def _keep(self, group: Group, done: Step) -> None:
        if done.state.phase is Phase.QUIET:
            self._forget(group)
            return
        self._states[group] = done.state
        self._wakes.pop(group, None)
        if done.wake_at is not None:
            self._wakes[group] = done.wake_at

    def _burst(self, group: Group, news: Span) -> tuple[Span, int] | None:
        """A window, about the news, in which enough of the group went, and how many it were.

        Of a group that is out: after all that belongs to it.
        """
        size = self.sizes.get(group, 0)
        width_ms, enough = self.limits.window_ms, self.limits.enough(size)
        since = self._since.get(group, [])
        after_ms = max((until_ms + 1 for _, until_ms in self.spans(group)), default=0)
        about = _within(since, (max(news[0] - width_ms, after_ms), news[1] + width_ms))
        if not size or len(about) < enough:
            return None
        found = [self._lost[since[at][1]] for at in about]
        if self._is_within(group, found[0], found[-1]):
            return None
        found = [one for one in found if not self._is_explained(one, group)]
        burst = _fullest(found, width_ms)
        if len(burst) < enough or not self._is_cause(group, burst):
            return None
        return (burst[0].since_ms, burst[-1].since_ms), len(burst)

    def _is_within(self, group: Group, first: Lost, last: Lost) -> bool:
        """Whether the group is part of an area that explains all from `first` to `last`: then there is nothing to find.

        Saves asking `_is_explained` of each of them.
        """
        if group.kind is not GroupKind.AREA:
            return False
        wider = first.groups[first.groups.index(group) + 1 :]
        spans = [span for one in wider if one.kind is group.kind for span in self.spans(one)]
        return any(begin <= first.since_ms and last.since_ms <= until for begin, until in spans)

    def _is_cause(self, group: Group, burst: list[Lost]) -> bool:
        """Whether it is the group that these have in common, not one site or one part of it."""
        if len({one.site for one in burst}) < SITES:
            return False
        if group.kind is not GroupKind.AREA:
            return True
        worst, most = Counter(self._part(one, group) for one in burst).most_common(1)[0]
        if worst is None:
            return True
        # An area is at fault only if it would be without its worst part: else that part is.
        part = self.sizes.get(worst, 0) if worst.kind is GroupKind.AREA else most
        rest = len(burst) - most
        return rest >= self.limits.enough(self.sizes[group] - part)

    def _is_explained(self, one: Lost, group: Group) -> bool:
        """Whether another group stands for it already; to an area only a wider one matters, the others are parts."""
        other = self.stands_for(one)
        if other is None:
            return False
        if group.kind is GroupKind.AREA:
            return other.kind is GroupKind.AREA and one.groups.index(other) > one.groups.index(group)
        return True

    def _part(self, one: Lost, area: Group) -> Group | None:
        """What in an area explains it: another kind of group, or the area just below; None: it is in `area` itself."""
        other = self.stands_for(one)
        if other is not None and other.kind is not GroupKind.AREA:
            return other
        at = one.groups.index(area)
        below = one.groups[at - 1] if at else None
        return below if below is not None and below.kind is GroupKind.AREA else None

    def _absorbed_by(self, group: Group, near: set[Group]) -> Iterator[Group]:
        for other in sorted(near & self._states.keys() - {group}):
            members = list(self.members(other))
            if members and all(group in one.groups and self._belongs(one, group) for one in members):
                yield other


def _fullest(found: list[Lost], width_ms: int) -> list[Lost]:
    """The window of this width in which most went; `found` is in the order of time."""
    first, best, most = 0, 0, 0
    for last, one in enumerate(found):
        while one.since_ms - found[first].since_ms > width_ms:
            first += 1
        if last + 1 - first > most:
            best, most = first, last + 1 - first
    return found[best : best + most]


def _within(since: list[tuple[int, DetectorId]], span: Span) -> range:
    """The places of those who went in this span."""
    begin = bisect_left(since, (span[0], DetectorId("")))
    return range(begin, bisect_right(since, (span[1], DetectorId("\U0010ffff"))))


def _lasting(turns: list[Turn]) -> list[Turn]:
    """Without the groups that began and were absorbed in the same look: nobody needs to know of them."""
    lasting: dict[Group, Turn] = {}
    for turn in turns:
        absorbed: list[Group] = []
        for other in turn.absorbed:
            passing = lasting.pop(other, None)
            absorbed += passing.absorbed if passing else ()
            if passing is None or passing.reason is not Because.BEGAN:
                absorbed.append(other)
        lasting[turn.group] = replace(turn, absorbed=tuple(absorbed))
    return list(lasting.values())
