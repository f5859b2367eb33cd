"""Nobody who reports is ever called offline, however we were blind; and nobody who is silent is overlooked."""

from hypothesis import given
from hypothesis import strategies as st

from collector.rules.judgement import FellSilent
from collector.rules.page import Standing
from collector.rules.supervision import TICK_MS, Supervisor
from collector.rules.watch import Watch, silence_ms
from support.collector_words import LIMITS, T0, a_placed

HOUR_MS = 3_600_000
spells = st.lists(st.tuples(st.integers(0, HOUR_MS), st.integers(1_000, HOUR_MS // 2)), max_size=4)
intervals = st.sampled_from([1.0, 10.0, 60.0, 300.0])


def is_in(spells: list[tuple[int, int]], at_ms: int) -> bool:
    return any(T0 + begin <= at_ms < T0 + begin + length for begin, length in spells)


def a_watch(no: int, every_s: float) -> Watch:
    return Watch(a_placed(f"D{no}", no, every_s=every_s), Standing(reported=True), every_s)


@given(spells=spells, every_s=intervals, phase=st.floats(0, 1), no=st.integers(1, 1_000_000))
def test_whoever_reports_in_time_is_never_offline_whatever_we_missed(
    spells: list[tuple[int, int]], every_s: float, phase: float, no: int
) -> None:
    supervisor, watch = Supervisor(LIMITS, T0), a_watch(no, every_s)
    supervisor.arm(watch, T0)
    every_ms = int(every_s * 1000)
    reports = {T0 + int(phase * every_ms) + step * every_ms for step in range(2 * HOUR_MS // every_ms)}
    looks = set(range(T0, T0 + 2 * HOUR_MS, max(every_ms // 3, 5_000)))
    blind = False
    for now_ms in sorted(reports | looks):
        was_blind, blind = blind, is_in(spells, now_ms)
        if was_blind and not blind:
            supervisor.restart(now_ms)
        if blind:
            continue
        if now_ms in reports:
            watch.heard_ms = now_ms
            supervisor.arm(watch, now_ms)
        assert supervisor.expired(now_ms, 10) == ([], False)


@given(
    spells=spells,
    every_s=intervals,
    last_ms=st.integers(0, HOUR_MS),
    no=st.integers(1, 1_000_000),
)
def test_whoever_falls_silent_is_noticed_once_and_in_time(
    spells: list[tuple[int, int]], every_s: float, last_ms: int, no: int
) -> None:
    supervisor, watch = Supervisor(LIMITS, T0), a_watch(no, every_s)
    supervisor.arm(watch, T0)
    back_ms = max([T0, *(T0 + begin + length for begin, length in spells)])
    watch.heard_ms = T0 + last_ms
    supervisor.restart(back_ms)
    spread_ms = int(every_s * 1000)
    if watch.heard_ms >= back_ms:  # the first time since then that it was heard
        supervisor.arm(watch, watch.heard_ms)
        spread_ms = 0
    seeing_ms = max(watch.heard_ms, back_ms)
    end_ms = seeing_ms + spread_ms + silence_ms(every_s, LIMITS) + TICK_MS
    noticed: list[int] = []
    # What the loop does: it looks when the wheel says so.
    while (wake_ms := supervisor.wake_at()) is not None and wake_ms <= end_ms:
        missed, more = supervisor.expired(wake_ms, 10)
        assert not more
        for found, event in missed:
            assert found is watch
            assert isinstance(event, FellSilent)
            assert event.since_ms <= wake_ms
            noticed.append(wake_ms)
    assert len(noticed) == 1
    assert noticed[0] >= seeing_ms + silence_ms(every_s, LIMITS)
