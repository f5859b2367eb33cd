"""The quick way for normal messages says no more and no less than the slow way."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from collector.rules.conditions import CHECKS, Finding, wrong_gas
from collector.rules.judgement import at_worst
from collector.rules.page import Standing
from collector.rules.timing import Timing, place
from collector.rules.trend import follow
from collector.rules.watch import QUIET, Watch, _hear_slowly, hear
from gascore.wire import Status, Valve, decode_status
from gascore.words import Condition, ReportedState, SupplyGas
from support.collector_words import LIMITS, T0, a_payload, a_placed, a_status

fields = st.fixed_dictionaries(
    {"state": st.sampled_from([str(state) for state in ReportedState])},
    optional={
        "lel": st.floats(-5, 120),
        "co": st.floats(0, 500),
        "gas": st.sampled_from(["methane", "lpg", "methane+co", "?"]),
        "faults": st.lists(st.text(max_size=5), max_size=3).map(tuple),
        "batt": st.floats(-1, 101),
        "life": st.integers(-3, 3),
        "every": st.sampled_from([10.0, 20.0]),
        "valve": st.sampled_from(Valve),
        "seq": st.integers(0, 4),
        "ts": st.integers(T0 - 400_000, T0 + 400_000),
    },
)


figures = st.fixed_dictionaries(
    {},
    optional={
        "low_lel": st.floats(0.5, 60),
        "trend_lel": st.floats(0.5, 100),
        "trend_s": st.sampled_from([1.0, 600.0]),
        "rise_lel": st.floats(0.1, 100),
        "rise_s": st.sampled_from([1.0, 180.0]),
        "hysteresis": st.floats(0, 0.5),
        "methane_on_lpg_max": st.floats(1.75, 10),
        "commissioned_ms": st.sampled_from([None, 0]),
    },
)


@given(
    values=fields,
    declared=st.sampled_from([None, "methane", "lpg"]),
    supply=st.sampled_from(SupplyGas),
    figures=figures,
)
def test_what_the_quick_way_calls_quiet_no_check_finds_anything_in(
    values: dict[str, Any], declared: str | None, supply: SupplyGas, figures: dict[str, Any]
) -> None:
    placed = a_placed(supply_gas=supply, **figures)
    if isinstance(wrong_gas(placed, declared), Finding):
        return  # then the condition holds, and the quick way is not asked
    watch = Watch(
        placed, Standing(reported=True, declared=declared), 10.0, seq=1, seen=1, newest_ms=T0 - 10_000
    )
    before = watch.standing
    status = decode_status(a_payload(**values))
    assert isinstance(status, Status)
    if hear(watch, status, T0, flagged=False, limits=LIMITS) is not QUIET:
        return
    judged = at_worst(placed, status, status.gas or declared, T0)
    for check in CHECKS.values():
        assert not isinstance(check(placed, judged, None, LIMITS), Finding)
    assert follow(None, T0, judged.lel, placed.figures, held=False)[0] is None
    assert not isinstance(wrong_gas(placed, status.gas or declared), Finding)
    assert watch.standing is before


told = st.lists(
    st.tuples(
        st.sampled_from(["normal"] * 8 + ["low", "fault", "test"]),
        st.sampled_from([None, 0.4, 1.0, 1.9, 2.1, 4.4, 4.6, 5.0, 6.0, 9.0, 24.0, 26.0]),
        st.sampled_from([10_000, 10_000, 10_000, 30_000, 400_000]),
    ),
    min_size=3,
    max_size=60,
)


@given(messages=told, figures=figures, gas=st.sampled_from(["methane", "lpg"]))
def test_the_quick_way_and_the_slow_way_tell_the_same_story(
    messages: list[tuple[str, float | None, int]], figures: dict[str, Any], gas: str
) -> None:
    quick, slow = (Watch(a_placed(**figures), Standing(), 10.0) for _ in range(2))
    now_ms = T0
    for seq, (state, lel, pause_ms) in enumerate(messages, 1):
        now_ms += pause_ms
        status = a_status(state, lel=lel, seq=seq, ts=now_ms, gas=gas)
        by_quick = hear(quick, status, now_ms, flagged=False, limits=LIMITS)
        by_slow = _hear_slowly(slow, status, now_ms, flagged=False, limits=LIMITS)
        assert by_slow.effects == (() if by_quick is QUIET else by_quick.effects)
        assert quick.standing == slow.standing
        assert (quick.seq, quick.seen, quick.newest_ms) == (slow.seq, slow.seen, slow.newest_ms)


@given(messages=st.lists(fields, max_size=12))
def test_a_leak_that_is_reported_live_is_always_held_afterwards(messages: list[dict[str, Any]]) -> None:
    """Live: not the very message (number and instant) that was heard before, which is one that is sent again."""
    watch = Watch(a_placed(), Standing(), 10.0)
    heard: set[tuple[int, int]] = set()
    for step, values in enumerate(messages):
        status = decode_status(a_payload(**values))
        assert isinstance(status, Status)
        hear(watch, status, T0 + step * 10_000, flagged=False, limits=LIMITS)
        if status.state in {ReportedState.LOW, ReportedState.HIGH} and (status.seq, status.ts) not in heard:
            assert Condition.LEAK in watch.standing.held
        if status.seq is not None and status.ts is not None:
            heard.add((status.seq, status.ts))


@given(
    ts=st.none() | st.integers(0, 2 * T0),
    received_ms=st.integers(0, 2 * T0),
    newest_ms=st.integers(0, 2 * T0),
)
def test_a_message_is_never_measured_in_the_future_beyond_the_tolerance(
    ts: int | None, received_ms: int, newest_ms: int
) -> None:
    found = place(
        ts=ts,
        received_ms=received_ms,
        newest_ms=newest_ms,
        patience_ms=90_000,
        known=Timing(0),
        limits=LIMITS,
    )
    assert found.measured_ms <= received_ms + LIMITS.clock_tolerance_ms
    assert found.measured_ms in {ts, received_ms}
