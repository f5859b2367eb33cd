"""Thresholds make the service more careful, delays only make an end come later; nothing delays a leak."""

from itertools import count
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from collector.rules.conditions import Finding, Held, leak
from collector.rules.supervision import TICK_MS, Supervisor
from collector.rules.watch import Watch, apply, hear
from gascore.compat import parse_target
from gascore.journal import Reason
from gascore.thresholds import DEFAULTS, FIGURES, Profile, Resolver
from gascore.words import AreaId, Condition, Level, ReportedState, SupplyGas
from support.collector_words import LIMITS, T0, a_placed, a_standing, a_status

lels = st.one_of(st.none(), st.floats(0, 100))
steps = st.tuples(st.sampled_from([*ReportedState, ReportedState.NORMAL]), lels, st.booleans())
set_points = st.tuples(st.floats(0.5, 100), st.floats(0.5, 100)).map(sorted)


class Room:
    """A watch with its wheel: since when it leaks, and when that ended."""

    def __init__(self, **placed: Any) -> None:  # noqa: ANN401 -- the fields of Placed, and its figures
        self.watch = Watch(a_placed(**placed), a_standing(), 10.0)
        self.supervisor = Supervisor(LIMITS, T0 - 3_600_000)
        self.now_ms = T0
        self._seq = count(1)

    def takes(self, state: ReportedState, lel: float | None, *, arrives: bool) -> None:
        """Ten seconds, and a message at the end of them if it arrives."""
        for _ in range(4):
            self.now_ms += 2_500
            for watch, event in self.supervisor.expired(self.now_ms, 10)[0]:
                apply(watch, event, LIMITS)
                self.supervisor.arm(watch, self.now_ms)
        seq = next(self._seq)
        if arrives:
            status = a_status(str(state), lel=lel, seq=seq, ts=self.now_ms)
            hear(self.watch, status, self.now_ms, flagged=False, limits=LIMITS)
            self.supervisor.arm(self.watch, self.now_ms)

    @property
    def leak(self) -> Held | None:
        return self.watch.standing.held.get(Condition.LEAK)


@given(story=st.lists(steps, max_size=40), delay_s=st.sampled_from([5.0, 30.0, 70.0]))
def test_a_delay_never_ends_a_leak_earlier_nor_begins_it_later(
    story: list[tuple[ReportedState, float | None, bool]], delay_s: float
) -> None:
    at_once, slowly = Room(clear_delay_s=0.0), Room(clear_delay_s=delay_s)
    over_ms: int | None = None
    for state, lel, arrives in story:
        held_before = slowly.leak is not None
        at_once.takes(state, lel, arrives=arrives)
        slowly.takes(state, lel, arrives=arrives)
        if at_once.leak is not None:
            over_ms = None
            assert slowly.leak is not None
            assert slowly.leak.level >= at_once.leak.level
        elif over_ms is None:
            over_ms = at_once.now_ms
        if held_before and slowly.leak is None and over_ms is not None:
            assert slowly.now_ms - over_ms >= delay_s * 1000 - TICK_MS


@given(
    points=set_points,
    lower=st.floats(0, 1),
    lel=lels,
    state=st.sampled_from(ReportedState),
    held=st.sampled_from(Level),
)
def test_lower_set_points_never_find_less(
    points: list[float], lower: float, lel: float | None, state: ReportedState, held: Level
) -> None:
    def level(low: float, high: float) -> Level:
        before = Held(T0, Reason.REPORTED_STATE, held) if held else None
        found = leak(a_placed(low_lel=low, high_lel=high), a_status(str(state), lel=lel), before, LIMITS)
        return found.level if isinstance(found, Finding) else Level.NONE

    low, high = points
    assert level(low * (1 - lower / 2), high * (1 - lower / 2)) >= level(low, high)
    said = {ReportedState.LOW: Level.LOW, ReportedState.HIGH: Level.HIGH}.get(state, Level.NONE)
    assert level(100.0, 100.0) >= said


@given(
    lel=st.floats(0, 100),
    target=st.sampled_from(["methane", "lpg", "co", "methane+co", None]),
    gas=st.sampled_from(["methane", "lpg", None]),
    supply=st.sampled_from(SupplyGas),
)
def test_a_corrected_reading_never_makes_a_leak_smaller(
    lel: float, target: str | None, gas: str | None, supply: SupplyGas
) -> None:
    def level(kind: str | None, declared: str | None) -> Level:
        placed = a_placed(supply_gas=supply, target=parse_target(kind))
        watch = Watch(placed, a_standing(), 10.0)
        hear(watch, a_status(lel=lel, gas=declared, ts=T0), T0, flagged=False, limits=LIMITS)
        held = watch.standing.held.get(Condition.LEAK)
        return held.level if held else Level.NONE

    assert level(target, gas) >= level(None, None)


profiles = st.lists(
    st.builds(
        Profile,
        id=st.uuids().map(str),
        model=st.sampled_from([None, "M1", "M2"]),
        area=st.sampled_from([None, *map(AreaId, ("city", "town", "grid"))]),
        low_lel=st.none() | st.floats(1, 100),
        high_lel=st.none() | st.floats(1, 100),
        clear_delay_s=st.none() | st.floats(0, 100),
    ),
    max_size=8,
    unique_by=lambda one: (one.model, one.area),
)


@given(found=profiles, model=st.sampled_from(["M1", "M2", "M3"]), own=st.none() | st.floats(1, 100))
def test_every_figure_comes_from_one_profile_that_applies_or_is_the_default(
    found: list[Profile], model: str, own: float | None
) -> None:
    parents = {AreaId("city"): None, AreaId("town"): AreaId("city"), AreaId("grid"): AreaId("town")}
    resolved = Resolver(found, parents, DEFAULTS).of(model, AreaId("town"), own, None)
    applying = [one for one in found if one.model in {None, model} and one.area in {None, "city", "town"}]
    words = {name: [getattr(one, name) for one in applying] for name in FIGURES}
    assert resolved.clear_delay_s in (*words["clear_delay_s"], DEFAULTS.clear_delay_s)
    assert resolved.high_lel in (*words["high_lel"], DEFAULTS.high_lel)
    assert resolved.low_lel <= resolved.high_lel
    if own is not None:
        assert resolved.low_lel == min(own, resolved.high_lel)
    assert resolved == msgspec.structs.replace(resolved)
