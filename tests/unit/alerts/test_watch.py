"""Who is silent can't say so himself."""

from typing import Final

from alerts.service.desk import Trouble
from alerts.service.latency import Latency
from alerts.service.watch import AUDITOR, CHANNELS, COLLECTOR, watch
from gascore.service_status import LATENCY_BOUNDS_S, ServiceStatus

T: Final = 1_790_000_000_000
WELL: Final[dict[str, Trouble | None]] = {"a": None}


def said(at_ms: int) -> dict[str, ServiceStatus]:
    return {"collector": ServiceStatus(name="collector", pid=1, started_ms=T, at_ms=at_ms)}


def test_a_collector_that_spoke_within_ten_seconds_is_well() -> None:
    assert watch(said(T), WELL, started_ms=T, now_ms=T + 10_000) == {
        COLLECTOR: None,
        CHANNELS: None,
        "system:alerts:a": None,
    }


def test_a_collector_that_is_silent_for_longer_is_trouble_since_its_last_word() -> None:
    found = watch(said(T + 500), WELL, started_ms=T, now_ms=T + 10_501)
    assert found[COLLECTOR] == Trouble("silent", T + 500)


def test_a_collector_that_never_spoke_is_given_time_from_our_own_start() -> None:
    assert watch({}, WELL, started_ms=T, now_ms=T + 9_000)[COLLECTOR] is None
    assert watch({}, WELL, started_ms=T, now_ms=T + 11_000)[COLLECTOR] == Trouble("silent", T)
    stale = said(T - 3_600_000)
    assert watch(stale, WELL, started_ms=T, now_ms=T + 9_000)[COLLECTOR] is None


def test_a_word_from_before_the_clock_was_set_back_does_not_hide_a_silent_collector() -> None:
    before = said(T + 3_600_000)
    assert watch(before, WELL, started_ms=T, now_ms=T + 9_000)[COLLECTOR] is None
    assert watch(before, WELL, started_ms=T, now_ms=T + 11_000)[COLLECTOR] == Trouble("silent", T)


def test_a_collector_on_a_machine_whose_clock_is_a_little_ahead_is_well() -> None:
    assert watch(said(T + 25_000), WELL, started_ms=T, now_ms=T + 20_000)[COLLECTOR] is None


def test_the_trouble_of_each_provider_is_an_alarm_of_its_own() -> None:
    trouble = Trouble("provider_down", T)
    watched = watch(said(T), {"a": trouble, "b": None}, started_ms=T, now_ms=T)
    assert (watched["system:alerts:a"], watched["system:alerts:b"]) == (trouble, None)


def test_where_no_provider_is_set_up_that_is_the_trouble() -> None:
    assert watch(said(T), {}, started_ms=T, now_ms=T)[CHANNELS] == Trouble("no_account", T)
    assert watch(said(T), WELL, started_ms=T, now_ms=T)[CHANNELS] is None


def test_latency_counts_up_to_each_bound() -> None:
    latency = Latency()
    for seconds in (0.005, 0.01, 0.3, 100.0):
        latency.add(seconds)
    shown = latency.histogram
    assert shown.total == 4
    assert dict(zip(LATENCY_BOUNDS_S, shown.counts, strict=True))[0.01] == 2
    assert shown.counts[-1] == 3


def test_an_auditor_that_fell_silent_is_trouble_and_one_that_never_ran_is_none() -> None:
    there = said(T) | {"auditor": ServiceStatus(name="auditor", pid=2, started_ms=T, at_ms=T)}
    assert AUDITOR not in watch(said(T), WELL, started_ms=T, now_ms=T)
    assert watch(there, WELL, started_ms=T, now_ms=T + 60_000)[AUDITOR] is None
    assert watch(there, WELL, started_ms=T, now_ms=T + 60_001)[AUDITOR] == Trouble("silent", T)
