"""Who is offline, and which group alarm stands for whom. Pure; changed in place, since it can be a whole city.

A fold over "went" and "back": the same events in the same order give the same groups, whoever folds them and
however often it is begun anew from those that are offline (alarms say so) and the groups that are out.
"""

from bisect import bisect_left, bisect_right, insort
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

from alerts.rules.outage import SITES, Because, Counted, Group, Limits, Phase, State, Step, step
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
    """What became of a group. BEGAN: `absorbed` are the groups whose place it takes. OVER: who is `left`."""

    group: Group
    reason: Because
    state: State
    counted: Counted
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

    def back(self, detector: DetectorId) -> None:
        """It is not offline any more."""
        one = self._lost.pop(detector, None)
        for group in one.groups if one else ():
            since = self._since[group]
            del since[bisect_left(since, (one.since_ms, detector) if one else (0, detector))]
            if not since:
                del self._since[group]
            self._touched.setdefault(group, None)

    def resume(self, group: Group, began_ms: int) -> None:
        """This group was out when we began; its alarm says so."""
        self._states[group] = State(Phase.OUT, began_ms)
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

    def members(self, group: Group) -> Iterator[Lost]:
        """Who of a group that is out is offline and belongs to the outage, the first to go first."""
        since = self._since.get(group, [])
        for _, detector in since[self._begin(group, since) :]:
            yield self._lost[detector]

    def counted(self, group: Group) -> Counted:
        """How many they are."""
        since = self._since.get(group, [])
        return Counted(self.sizes.get(group, 0), len(since) - self._begin(group, since))

    def stands_for(self, one: Lost) -> Group | None:
        """The group that is out and explains why this detector is offline; the most telling one."""
        for group in one.groups:
            state = self._states.get(group)
            if state is not None and one.since_ms >= state.began_ms:
                return group
        return None

    def decide(self, now_ms: int) -> list[Turn]:
        """Look at every group in which something happened or whose calm may be long enough."""
        if self._touched and self._look_ms is None:
            self._look_ms = now_ms + LOOK_MS
        due = {group for group, at_ms in self._wakes.items() if at_ms <= now_ms}
        is_time = self._look_ms is not None and not 0 < self._look_ms - now_ms <= LOOK_MS
        if is_time:
            due |= self._touched.keys()
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

    def _begin(self, group: Group, since: list[tuple[int, DetectorId]]) -> int:
        state = self._states.get(group)
        return len(since) if state is None else bisect_left(since, (state.began_ms, DetectorId("")))

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
        waiting = {group: news for group, news in self._touched.items() if news and group not in self._states}
        while waiting:
            bursts = {group: burst for group, news in waiting.items() if (burst := self._burst(group, news))}
            if not bursts:
                return
            group = max(bursts, key=lambda one: self._how_well(one, bursts[one][1]))
            began_ms, count = bursts[group]
            waiting = {other: waiting[other] for other in bursts if other != group}
            counted = Counted(self.sizes[group], count, began_ms)
            done = step(_QUIET, counted, now_ms, self.limits)
            self._keep(group, done)
            absorbed = tuple(self._absorbed_by(group))
            for other in absorbed:
                del self._states[other]
                self._wakes.pop(other, None)
            yield Turn(group, done.reason, done.state, counted, absorbed)

    def _how_well(self, group: Group, count: int) -> tuple[float, int, int, str]:
        """The larger, the better it explains: the share that is hit, then how many it explains."""
        return count / self.sizes[group], self.sizes[group], -_RANK[group.kind], group.id

    def _keep(self, group: Group, done: Step) -> None:
        self._wakes.pop(group, None)
        if done.wake_at is not None:
            self._wakes[group] = done.wake_at
        if done.state.phase is Phase.QUIET:
            self._states.pop(group, None)
        else:
            self._states[group] = done.state

    def _burst(self, group: Group, news: tuple[int, int]) -> tuple[int, int] | None:
        """The begin of a window, about the news, in which enough of the group went, and how many it were."""
        size = self.sizes.get(group, 0)
        width_ms, enough = self.limits.window_ms, self.limits.enough(size)
        since = self._since.get(group, [])
        begin = bisect_left(since, (news[0] - width_ms, DetectorId("")))
        end = bisect_right(since, (news[1] + width_ms, DetectorId("\U0010ffff")))
        if not size or end - begin < enough or self._is_within(group, self._lost[since[begin][1]]):
            return None
        found = [self._lost[one] for _, one in since[begin:end]]
        found = [one for one in found if not self._is_explained(one, group)]
        burst = _fullest(found, width_ms)
        if len(burst) < enough or not self._is_cause(group, burst):
            return None
        return burst[0].since_ms, len(burst)

    def _is_within(self, group: Group, first: Lost) -> bool:
        """Whether the group is part of an area that is out since before `first` went: then there is nothing to find.

        Saves asking `_is_explained` of each of them.
        """
        if group.kind is not GroupKind.AREA:
            return False
        wider = first.groups[first.groups.index(group) + 1 :]
        began = [
            self._states[one].began_ms for one in wider if one in self._states and one.kind is group.kind
        ]
        return any(began_ms <= first.since_ms for began_ms in began)

    def _is_cause(self, group: Group, burst: list[Lost]) -> bool:
        """Whether it is the group that these have in common, not one site or one part of it."""
        if group.kind is GroupKind.GATEWAY:
            return True
        if len({one.site for one in burst}) < SITES:
            return False
        if group.kind is GroupKind.SUPPLIER:
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

    def _absorbed_by(self, group: Group) -> Iterator[Group]:
        began_ms = self._states[group].began_ms
        for other in list(self._states):
            members = list(self.members(other)) if other != group else []
            if members and all(group in one.groups and one.since_ms >= began_ms for one in members):
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


def _lasting(began: list[Turn]) -> list[Turn]:
    """Without the groups that another one has absorbed in the same look: nobody needs to know of them."""
    passing = {turn.group for turn in began} & {other for turn in began for other in turn.absorbed}
    return [
        replace(turn, absorbed=tuple(other for other in turn.absorbed if other not in passing))
        for turn in began
        if turn.group not in passing
    ]
