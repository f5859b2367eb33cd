"""Whatever the journal holds: every instant is in exactly one state, and a slow, obvious reading agrees."""

from dataclasses import dataclass, field
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from dashboard.rules.business_hours import OpenTime
from dashboard.rules.protection import (
    ORDER,
    RANK_OF,
    Blind,
    ConditionFold,
    DetectorHistory,
    Said,
    Span,
    blind_spans,
    merged,
    state_at,
    timeline,
)
from dashboard.rules.uptime import whole_seconds
from gascore.words import Condition, DetectorId, Protection

D = DetectorId("D1")
FROM, TO = 20, 100

instants = st.integers(min_value=0, max_value=120)
"""Events reach beyond the period on both sides; nothing keeps them in order: clocks go back."""
conditions = st.sampled_from(Condition)
ends = st.none() | instants
said = st.lists(st.builds(Said, st.just(D), conditions, instants, ends), max_size=14)
"""Raises and clears in any order: twice, without each other, ending before they begin."""
blinds = st.lists(
    st.builds(Blind, st.sampled_from(["link", "collector"]), st.sampled_from(["a", "b"]), instants, ends),
    max_size=5,
)
spans = st.lists(st.tuples(instants, instants), max_size=4)


@dataclass(frozen=True)
class World:
    said: list[Said]
    blind: list[Blind]
    required: list[Span]
    first_report_ms: int | None
    split: int = field(default=60)

    def history(self, from_ms: int = FROM, to_ms: int = TO) -> DetectorHistory:
        fold = ConditionFold(from_ms=from_ms, to_ms=to_ms)
        fold.add(self.said)
        return DetectorHistory(D, merged(self.required), self.first_report_ms, fold.edges().get(D, []))


worlds = st.builds(
    World, said, blinds, spans, st.none() | instants, st.integers(min_value=FROM + 1, max_value=TO - 1)
)


def slow_state(world: World, at_ms: int) -> Protection:
    """What the words say, read one instant at a time."""
    if not any(since <= at_ms < ended for since, ended in world.required):
        return Protection.NOT_REQUIRED
    for index, blind in enumerate(world.blind):
        later = [
            one for one in world.blind[index + 1 :] if (one.scope, one.name) == (blind.scope, blind.name)
        ]
        over = any(one.ended_ms is not None for one in later)
        if holds(blind.since_ms, blind.ended_ms, at_ms, over=over):
            return Protection.UNMONITORED
    if world.first_report_ms is None or at_ms < world.first_report_ms:
        return Protection.OFFLINE
    ranks = [len(ORDER) - 1]
    for index, entry in enumerate(world.said):
        later_said = [one for one in world.said[index + 1 :] if one.condition == entry.condition]
        over = any(one.ended_ms is not None for one in later_said)
        if entry.condition in RANK_OF and holds(entry.since_ms, entry.ended_ms, at_ms, over=over):
            ranks.append(RANK_OF[entry.condition])
    return ORDER[min(ranks)]


def holds(since_ms: int, ended_ms: int | None, at_ms: int, *, over: bool) -> bool:
    """A clear tells its stretch; a raise holds until further notice unless a later clear told the stretch."""
    if ended_ms is not None:
        return since_ms <= at_ms < ended_ms
    return since_ms <= at_ms and not over


@given(worlds)
def test_every_instant_is_in_the_one_state_that_a_slow_reading_finds(world: World) -> None:
    found = timeline(world.history(), blind_spans(world.blind), from_ms=FROM, to_ms=TO)

    assert found[0].since_ms == FROM
    assert found[-1].ended_ms == TO
    for before, after in pairwise(found):
        assert before.ended_ms == after.since_ms
        assert before.state != after.state
    for stretch in found:
        for at_ms in range(stretch.since_ms, stretch.ended_ms):
            assert stretch.state == slow_state(world, at_ms)


@given(worlds)
def test_a_period_in_two_parts_is_the_whole_period(world: World) -> None:
    def total(from_ms: int, to_ms: int) -> list[int]:
        sums = [0] * len(ORDER)
        history, blind = world.history(from_ms, to_ms), blind_spans(world.blind)
        for stretch in timeline(history, blind, from_ms=from_ms, to_ms=to_ms):
            sums[ORDER.index(stretch.state)] += stretch.ended_ms - stretch.since_ms
        return sums

    parts = zip(total(FROM, world.split), total(world.split, TO), strict=True)
    assert [one + other for one, other in parts] == total(FROM, TO)


@given(worlds)
def test_the_state_at_an_instant_is_the_timelines(world: World) -> None:
    at_ms = world.split
    assert state_at(world.history(), blind_spans(world.blind), at_ms) == slow_state(world, at_ms)


@given(worlds, st.integers(min_value=0, max_value=14))
def test_a_fold_that_goes_on_from_a_checkpoint_claims_the_same(world: World, cut: int) -> None:
    """The clears before the checkpoint, what it has open, and the rest: as `SqlHistory` reads them."""
    early, rest = world.said[:cut], world.said[cut:]
    checkpoint = ConditionFold(from_ms=FROM, to_ms=TO)
    checkpoint.add(early)
    resumed = ConditionFold(from_ms=FROM, to_ms=TO)
    resumed.add(one for one in early if one.ended_ms is not None)
    resumed.go_on(checkpoint.still_open)
    resumed.add(rest)

    assert sorted(resumed.edges().get(D, [])) == sorted(world.history().conditions)


@given(st.lists(st.integers(min_value=0, max_value=50_000), min_size=8, max_size=8))
def test_whole_seconds_add_up_and_are_less_than_a_second_off(parts_ms: list[int]) -> None:
    seconds = whole_seconds(parts_ms)

    assert sum(seconds) == sum(parts_ms) // 1000
    assert all(abs(one * 1000 - part) < 1000 for one, part in zip(seconds, parts_ms, strict=True))


@given(spans, instants, instants)
def test_open_time_counts_each_open_instant_once(opened: list[Span], one: int, other: int) -> None:
    from_ms, to_ms = sorted((one, other))
    open_time = OpenTime(merged(opened))

    counted = open_time.before(to_ms) - open_time.before(from_ms)

    assert counted == sum(any(a <= at_ms < b for a, b in opened) for at_ms in range(from_ms, to_ms))
