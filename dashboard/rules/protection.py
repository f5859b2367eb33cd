"""Which protection state a detector was in at each instant: a pure fold of the journal.

The ledger, our own blindness, the first report and the conditions each claim stretches of time; at
every instant the first claim in the order of `Protection` wins, and where nothing is claimed the
detector protects. A cleared condition tells its whole stretch (`since_ms` to `ended_ms`), a raised one
holds from its `since_ms` until it is cleared: so neither the order of the entries nor a late, doubled
or missing one can make an instant count twice or not at all (docs/adr/0012).
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final, TypeAlias

import msgspec

from gascore.registry import Detector
from gascore.windows import PlaceKind
from gascore.words import Condition, DetectorId, Protection, SiteId

Span: TypeAlias = tuple[int, int]
"""From the first instant to the one after the last, ms."""
Piece: TypeAlias = tuple[int, int, int]
"""A span and the rank of the state that it was in."""
Edge: TypeAlias = int
"""Where a claim begins or ends: the instant, the rank and which of both, in one number that sorts by instant."""

ORDER: Final = tuple(Protection)
PROTECTED: Final = len(ORDER) - 1
RANK: Final[Mapping[Protection, int]] = {state: rank for rank, state in enumerate(ORDER)}
"""The smaller rank wins."""
NEVER_MS: Final = 2**62
"""The end of what has not ended."""
ALWAYS_MS: Final = -(2**62)
"""The begin of what had no begin."""

PROTECTION_OF: Final[Mapping[Condition, Protection]] = {
    Condition.OFFLINE: Protection.OFFLINE,
    Condition.NEVER_REPORTED: Protection.OFFLINE,
    Condition.TESTING: Protection.MAINTENANCE,
    Condition.SHIELDED: Protection.MAINTENANCE,
    Condition.FAULT: Protection.FAULT,
    Condition.WARMING_UP: Protection.WARMING_UP,
    Condition.WRONG_GAS: Protection.UNFIT,
    Condition.WRONG_POSITION: Protection.UNFIT,
    Condition.END_OF_LIFE: Protection.UNFIT,
    Condition.VERIFICATION_DUE: Protection.UNFIT,
}
"""What a condition takes away. The others (a leak, a low battery …) leave a detector protecting."""
RANK_OF: Final[Mapping[Condition, int]] = {
    condition: RANK[state] for condition, state in PROTECTION_OF.items()
}


def protection(
    conditions: Iterable[Condition], *, required: bool, monitored: bool, reported: bool
) -> Protection:
    """The state of one detector now, from what holds now.

    Args:
        conditions: its active conditions.
        required: it is commissioned and not retired.
        monitored: we can see (no blindness).
        reported: it has reported at least once.

    >>> protection([Condition.LEAK, Condition.WRONG_GAS], required=True, monitored=True, reported=True)
    <Protection.UNFIT: 'unfit'>
    """
    if not required:
        return Protection.NOT_REQUIRED
    if not monitored:
        return Protection.UNMONITORED
    if not reported:
        return Protection.OFFLINE
    return ORDER[min((RANK_OF[one] for one in conditions if one in RANK_OF), default=PROTECTED)]


class Said(msgspec.Struct, frozen=True, gc=False):
    """What matters here of a condition's entry; a stored body decodes to it directly.

    `ended_ms` is None in `ConditionRaised` and `ConditionChanged`: it holds until further notice.
    """

    detector: DetectorId
    condition: Condition
    since_ms: int
    ended_ms: int | None = None


OpenConditions: TypeAlias = dict[tuple[DetectorId, Condition], int]
"""Conditions that were raised and not cleared since, with their `since_ms`."""


_LOWEST: Final = tuple((bits & -bits).bit_length() - 1 for bits in range(1 << len(ORDER)))
"""For each set of held ranks, as bits, the one that wins."""


def claim(since_ms: int, ended_ms: int, rank: int) -> tuple[Edge, ...]:
    """The edges of one claim; none when it ends before it begins."""
    if since_ms >= ended_ms:
        return ()
    return since_ms << 4 | rank << 1 | 1, ended_ms << 4 | rank << 1


class ConditionFold:
    """Folds condition entries, in the journal's order, to what was claimed inside a period.

    A clear counts for what it says itself, whether its raise was seen or not; saying it twice changes
    nothing. A condition raised twice holds since the earlier instant.
    """

    def __init__(self, *, from_ms: int, to_ms: int) -> None:
        self.still_open: OpenConditions = {}
        self._closed: defaultdict[DetectorId, list[Edge]] = defaultdict(list)
        self._from_ms = from_ms
        self._to_ms = to_ms

    def go_on(self, still_open: OpenConditions) -> None:
        """Take over what an earlier fold, of all the entries until here, left open."""
        self.still_open = dict(still_open)

    def add(self, entries: Iterable[Said]) -> None:
        """Fold the next entries."""
        ranks, still_open, closed = RANK_OF, self.still_open, self._closed
        from_ms, to_ms = self._from_ms, self._to_ms
        for entry in entries:
            rank = ranks.get(entry.condition)
            if rank is None:
                continue
            since_ms, ended_ms = entry.since_ms, entry.ended_ms
            if ended_ms is None:
                key = (entry.detector, entry.condition)
                still_open[key] = min(still_open.get(key, since_ms), since_ms)
                continue
            if still_open:
                still_open.pop((entry.detector, entry.condition), None)
            if ended_ms > from_ms and since_ms < to_ms:
                closed[entry.detector] += claim(since_ms, ended_ms, rank)

    def edges(self) -> dict[DetectorId, list[Edge]]:
        """What each detector's conditions claim, in any order; the open ones end at `NEVER_MS`. Call it last."""
        for (detector, condition), since_ms in self.still_open.items():
            self._closed[detector] += claim(since_ms, NEVER_MS, RANK_OF[condition])
        return self._closed


class Blind(msgspec.Struct, frozen=True, gc=False):
    """What matters here of `BlindBegan` and `BlindEnded`; `ended_ms` is None in the former."""

    scope: str
    name: str
    since_ms: int
    ended_ms: int | None = None


def blind_spans(entries: Iterable[Blind]) -> list[Span]:
    """When we could not see, merged and in order; open blindness ends at `NEVER_MS`. `entries` in order."""
    spans: list[Span] = []
    still_open: dict[tuple[str, str], int] = {}
    for entry in entries:
        key = (entry.scope, entry.name)
        if entry.ended_ms is None:
            still_open[key] = min(still_open.get(key, entry.since_ms), entry.since_ms)
        else:
            still_open.pop(key, None)
            spans.append((entry.since_ms, entry.ended_ms))
    return merged([*spans, *((since_ms, NEVER_MS) for since_ms in still_open.values())])


class Maintained(msgspec.Struct, frozen=True, gc=False):
    """What matters here of `WindowBegan` and `WindowEnded`; `ended_ms` is None in the former."""

    window: str
    place: PlaceKind
    at: str
    since_ms: int
    ended_ms: int | None = None


def window_spans(entries: Iterable[Maintained]) -> dict[tuple[PlaceKind, str], list[Span]]:
    """When maintenance windows lay over places, merged and in order; `entries` in order.

    A window that runs ends at `NEVER_MS`: its end, when it comes, says when that was.
    """
    found: defaultdict[tuple[PlaceKind, str], list[Span]] = defaultdict(list)
    running: dict[str, Maintained] = {}
    for entry in entries:
        if entry.ended_ms is None:
            running[entry.window] = entry
        else:
            running.pop(entry.window, None)
            found[entry.place, entry.at].append((entry.since_ms, entry.ended_ms))
    for entry in running.values():
        found[entry.place, entry.at].append((entry.since_ms, NEVER_MS))
    return {place: merged(spans) for place, spans in found.items()}


class Registered(msgspec.Struct, frozen=True):
    """The ledger's record of a detector as written at `at_ms`; `record` None: it was removed."""

    at_ms: int
    record: Detector | None


def service_spans(versions: Sequence[Registered]) -> dict[SiteId, list[Span]]:
    """When the detector was required, per site, from every version of its record, oldest first.

    The dates in a record hold for the past, too (a late correction corrects), except that a new term
    of service, one that begins after the last one's retirement, leaves the earlier terms alone. A
    record that is removed, or loses its commissioning, ends the term when that was written. Moving to
    another site takes effect when it was written: a record has no date for that.
    """
    terms: list[Span] = []
    placed: list[tuple[int, SiteId]] = []
    for version in versions:
        record = version.record
        if record is None or record.commissioned_ms is None:
            if terms:
                terms[-1] = (terms[-1][0], min(terms[-1][1], version.at_ms))
        else:
            retired_ms = NEVER_MS if record.retired_ms is None else record.retired_ms
            if terms and record.commissioned_ms < terms[-1][1]:
                terms.pop()
            terms.append((record.commissioned_ms, retired_ms))
        if record is not None and (not placed or placed[-1][1] != record.site):
            placed.append((version.at_ms if placed else ALWAYS_MS, record.site))
    required = merged(terms)
    found: dict[SiteId, list[Span]] = {}
    ends = [since_ms for since_ms, _ in placed[1:]] + [NEVER_MS]
    for (since_ms, site), ended_ms in zip(placed, ends, strict=True):
        found.setdefault(site, []).extend(clipped(required, since_ms, ended_ms))
    return {site: merged(spans) for site, spans in found.items()}


class DetectorHistory(msgspec.Struct, frozen=True):
    """All that decides about one detector.

    Attributes:
        required: when it was required (at the site in question), merged and in order.
        first_report_ms: receipt of its first message ever; None: it never reported.
        conditions: the edges of what its conditions claim, in any order.
    """

    detector: DetectorId
    required: Sequence[Span]
    first_report_ms: int | None
    conditions: Sequence[Edge]


class Stretch(msgspec.Struct, frozen=True):
    """A detector was in `state` from `since_ms` until just before `ended_ms`."""

    since_ms: int
    ended_ms: int
    state: Protection


def timeline(history: DetectorHistory, blind: Sequence[Span], *, from_ms: int, to_ms: int) -> list[Stretch]:
    """The detector's states from `from_ms` until just before `to_ms`: no gap, no overlap, neighbours differ."""
    found: list[Stretch] = []
    for since_ms, ended_ms, rank in pieces(history, blind, from_ms=from_ms, to_ms=to_ms):
        state = ORDER[rank]
        begun_ms = found.pop().since_ms if found and found[-1].state is state else since_ms
        found.append(Stretch(begun_ms, ended_ms, state))
    return found


def state_at(history: DetectorHistory, blind: Sequence[Span], at_ms: int) -> Protection:
    """The detector's state at one instant: the same arithmetic as `timeline`."""
    return timeline(history, blind, from_ms=at_ms, to_ms=at_ms + 1)[0].state


def pieces(history: DetectorHistory, blind: Sequence[Span], *, from_ms: int, to_ms: int) -> Iterator[Piece]:
    """The period cut wherever a claim begins or ends, in order; neighbours may be in the same state."""
    edges = list(history.conditions)
    not_required_since_ms = ALWAYS_MS
    for since_ms, ended_ms in history.required:
        edges += claim(not_required_since_ms, since_ms, RANK[Protection.NOT_REQUIRED])
        not_required_since_ms = ended_ms
    edges += claim(not_required_since_ms, NEVER_MS, RANK[Protection.NOT_REQUIRED])
    for since_ms, ended_ms in blind:
        edges += claim(since_ms, ended_ms, RANK[Protection.UNMONITORED])
    reported_ms = NEVER_MS if history.first_report_ms is None else history.first_report_ms
    edges += claim(ALWAYS_MS, reported_ms, RANK[Protection.OFFLINE])
    edges.sort()
    return _sweep(edges, from_ms=from_ms, to_ms=to_ms)


def _sweep(edges: Iterable[Edge], *, from_ms: int, to_ms: int) -> Iterator[Piece]:
    """Count for each rank how many claims hold; the lowest rank that is held wins."""
    held = [0] * len(ORDER)
    bits = 1 << PROTECTED
    begun_ms = from_ms
    for edge in edges:
        at_ms = edge >> 4
        if at_ms > begun_ms:
            if at_ms >= to_ms:
                break
            yield begun_ms, at_ms, _LOWEST[bits]
            begun_ms = at_ms
        rank = edge >> 1 & 7
        if edge & 1:
            held[rank] += 1
            bits |= 1 << rank
        else:
            held[rank] -= 1
            if not held[rank]:
                bits ^= 1 << rank
    if begun_ms < to_ms:
        yield begun_ms, to_ms, _LOWEST[bits]


def merged(spans: Iterable[Span]) -> list[Span]:
    """The same instants as disjoint spans in order; empty and backward spans vanish."""
    found: list[Span] = []
    for since_ms, ended_ms in sorted(span for span in spans if span[0] < span[1]):
        if found and since_ms <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], ended_ms))
        else:
            found.append((since_ms, ended_ms))
    return found


def clipped(spans: Iterable[Span], from_ms: int, to_ms: int) -> list[Span]:
    """The part of `spans` inside the period."""
    inside = ((max(since_ms, from_ms), min(ended_ms, to_ms)) for since_ms, ended_ms in spans)
    return [span for span in inside if span[0] < span[1]]
