"""Who is silent can't say so himself."""

from typing import Final

from alerts.service.desk import Trouble
from alerts.service.latency import Latency
from alerts.service.watch import COLLECTOR, SMS, watch
from gascore.service_status import LATENCY_BOUNDS_S, ServiceStatus

T: Final = 1_790_000_000_000


def said(at_ms: int) -> dict[str, ServiceStatus]:
    return {"collector": ServiceStatus(name="collector", pid=1, started_ms=T, at_ms=at_ms)}


def test_a_collector_that_spoke_within_ten_seconds_is_well() -> None:
    assert watch(said(T), None, started_ms=T, now_ms=T + 10_000) == {COLLECTOR: None, SMS: None}


def test_a_collector_that_is_silent_for_longer_is_trouble_since_its_last_word() -> None:
    found = watch(said(T + 500), None, started_ms=T, now_ms=T + 10_501)
    assert found[COLLECTOR] == Trouble("silent", T + 500)


def test_a_collector_that_never_spoke_is_given_time_from_our_own_start() -> None:
    assert watch({}, None, started_ms=T, now_ms=T + 9_000)[COLLECTOR] is None
    assert watch({}, None, started_ms=T, now_ms=T + 11_000)[COLLECTOR] == Trouble("silent", T)
    stale = said(T - 3_600_000)
    assert watch(stale, None, started_ms=T, now_ms=T + 9_000)[COLLECTOR] is None


def test_a_word_from_before_the_clock_was_set_back_does_not_hide_a_silent_collector() -> None:
    before = said(T + 3_600_000)
    assert watch(before, None, started_ms=T, now_ms=T + 9_000)[COLLECTOR] is None
    assert watch(before, None, started_ms=T, now_ms=T + 11_000)[COLLECTOR] == Trouble("silent", T)


def test_a_collector_on_a_machine_whose_clock_is_a_little_ahead_is_well() -> None:
    assert watch(said(T + 25_000), None, started_ms=T, now_ms=T + 20_000)[COLLECTOR] is None


def test_trouble_with_texts_is_passed_on() -> None:
    trouble = Trouble("no_account", T)
    assert watch(said(T), trouble, started_ms=T, now_ms=T)[SMS] is trouble


def test_latency_counts_up_to_each_bound() -> None:
    latency = Latency()
    for seconds in (0.005, 0.01, 0.3, 100.0):
        latency.add(seconds)
    shown = latency.histogram
    assert shown.total == 4
    assert dict(zip(LATENCY_BOUNDS_S, shown.counts, strict=True))[0.01] == 2
    assert shown.counts[-1] == 3
