"""The collector between a real mosquitto and real stores, in this process and in its own."""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TypeVar

import aiomqtt
import pytest

from collector.service import Collector
from gascore.clock import Clock
from gascore.journal import (
    BlindBegan,
    BlindEnded,
    ConditionCleared,
    ConditionRaised,
    FirstReport,
    Reason,
    UnknownLeak,
)
from gascore.words import Condition
from gaswatch.clock import SystemClock
from support.broker import Broker, a_mosquitto
from support.clock import ShiftedClock
from support.collector_site import CollectorSite, a_connection_with_a_will, collecting, publish
from support.waiting import until

pytestmark = pytest.mark.integration
EventT = TypeVar("EventT")
NAMES = [f"D{no}" for no in range(1, 21)]


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    with a_mosquitto(tmp_path) as running:
        yield running


@pytest.fixture
def site(tmp_path: Path, broker: Broker) -> Iterator[CollectorSite]:
    found = CollectorSite(tmp_path, broker, NAMES)
    yield found
    found.close()


def of(site: CollectorSite, kind: type[EventT]) -> list[EventT]:
    return [entry.event for entry in site.entries() if isinstance(entry.event, kind)]


async def test_what_detectors_say_is_in_journal_and_time_series_and_adds_up(site: CollectorSite) -> None:
    now_ms = SystemClock().now_ms()
    async with collecting(site) as collector, aiomqtt.Client("127.0.0.1", site.broker.port) as client:
        for name in NAMES:
            await publish(client, name, 1, now_ms)
        await publish(client, "D1", 2, now_ms + 1, "high", 72.0)
        await publish(client, "D1", 3, now_ms + 2)
        await publish(client, "X1", 1, now_ms, "low", 30.0)
        await client.publish("gas/1/D2/status", b"{", qos=1)
        await client.publish("gas/1/D3/online", b"0", qos=1, retain=True)
        await until(lambda: collector.status().messages.received >= 25)
        await until(lambda: collector.status().messages.pending == 0)
        counts = collector.status().messages
        assert counts.residual == 0
        assert (counts.stored, counts.quarantined, counts.rejected, counts.duplicate) == (23, 1, 1, 0)
    assert len(of(site, FirstReport)) == 20
    [unknown] = of(site, UnknownLeak)
    assert unknown.detector == "X1"
    kinds = [
        (one.event.detector, one.event.condition, type(one.event))
        for one in site.entries()
        if isinstance(one.event, ConditionRaised | ConditionCleared)
    ]
    assert kinds == [
        ("D1", Condition.LEAK, ConditionRaised),
        ("D1", Condition.LEAK, ConditionCleared),
    ]
    assert site.readings(1) == [now_ms, now_ms + 1, now_ms + 2]
    assert site.readings(20) == [now_ms]
    status = site.status
    assert status is not None
    assert status.messages.residual == 0


async def test_a_broker_that_dies_and_comes_back_is_one_blindness_and_loses_nothing(
    site: CollectorSite,
) -> None:
    now_ms = SystemClock().now_ms()
    async with collecting(site) as collector:
        async with aiomqtt.Client("127.0.0.1", site.broker.port) as client:
            await publish(client, "D1", 1, now_ms)
        await until(lambda: collector.status().messages.stored == 1)
        site.broker.stop(kill=True)
        await until(lambda: of(site, BlindBegan), what="blindness")
        assert collector.status().states["unmonitored"] == 20
        site.broker.start()
        await until(lambda: of(site, BlindEnded), within_s=20, what="sight")
        async with aiomqtt.Client("127.0.0.1", site.broker.port) as client:
            await publish(client, "D1", 2, now_ms + 1, "high", 60.0)
        await until(lambda: of(site, ConditionRaised))
    assert site.readings(1) == [now_ms, now_ms + 1]
    assert [one.condition for one in of(site, ConditionRaised)] == [Condition.LEAK]


async def test_a_detector_whose_connection_breaks_and_does_not_come_back_is_offline_in_seconds(
    site: CollectorSite,
) -> None:
    clock = ShiftedClock()
    async with (
        aiomqtt.Client("127.0.0.1", site.broker.port) as client,
        collecting(site, clock) as collector,
    ):
        for step in range(1, 6):  # not so far at once that the collector would call it a stall
            clock.shift(8_000)
            await publish(client, "D1", step, clock.now_ms())
            await publish(client, "D2", step, clock.now_ms())
            await until(partial(has_stored, collector, 2 * step))
            await until(partial(has_looked, clock, clock.now_ms()), what="a look at the deadlines")
        with a_connection_with_a_will(site.broker, "D1"):
            pass
        with a_connection_with_a_will(site.broker, "D2"):
            pass
        await publish(client, "D1", 6, clock.now_ms())
        await until(lambda: of(site, ConditionRaised), what="the will")
        await publish(client, "D2", 6, clock.now_ms())
        await until(lambda: of(site, ConditionCleared), what="the return")
    found = [(one.detector, one.condition, one.reason) for one in of(site, ConditionRaised)]
    assert found == [("D2", Condition.OFFLINE, Reason.LAST_WILL)]


async def test_killed_twice_in_mid_stream_it_loses_nothing_and_tells_no_leak_twice(
    site: CollectorSite,
) -> None:
    start_ms = SystemClock().now_ms()
    enough = asyncio.Event()

    async def stream() -> int:
        """Everybody reports, round after round, and leaks in two of twenty; returns how many rounds."""
        seq = 0
        async with aiomqtt.Client("127.0.0.1", site.broker.port) as client:
            while not enough.is_set() or seq % 20:
                seq += 1
                # Not so far ahead that a leak sent again could not be recognised (`sequence.WINDOW`).
                await until(has_more(site, seq - 40), within_s=60, what="the collector")
                state, lel = ("high", 60.0) if seq % 20 in {5, 6} else ("normal", 1.0)
                for name in NAMES:
                    await publish(client, name, seq, start_ms + seq, state, lel)
        return seq

    process = site.start()
    await until(lambda: site.is_served_by(process), within_s=30, what="the start")
    streaming = asyncio.create_task(stream())
    for _ in range(2):
        stored = len(site.readings(1))
        await until(has_more(site, stored + 5), within_s=30, what="some readings")
        process.kill()
        process.wait(10)
        process = site.start()
        await until(partial(site.is_served_by, process), within_s=30, what="the next start")
    enough.set()
    rounds = await asyncio.wait_for(streaming, 60)
    expected = [start_ms + seq for seq in range(1, rounds + 1)]
    await until(
        lambda: all(site.readings(no) == expected for no in range(1, 21)), within_s=30, what="every reading"
    )
    process.terminate()
    assert process.wait(20) == 0, site.log[-3000:]

    changes = Counter(
        (str(one.event.detector), type(one.event).__name__)
        for one in site.entries()
        if isinstance(one.event, ConditionRaised | ConditionCleared)
    )
    leaks = rounds // 20
    assert changes == {
        (name, kind): leaks for name in NAMES for kind in ("ConditionRaised", "ConditionCleared")
    }
    assert len(of(site, FirstReport)) == 20
    reasons = Counter(one.reason for one in of(site, BlindBegan))
    assert reasons == {"ended without a word": 2, "stopped": 1}
    status = site.status
    assert status is not None
    assert status.messages.residual == 0
    assert status.messages.pending == 0


def has_more(site: CollectorSite, number: int) -> Callable[[], bool]:
    return lambda: len(site.readings(1)) >= number


def has_stored(collector: Collector, number: int) -> bool:
    return collector.status().messages.stored == number


def has_looked(clock: Clock, since_ms: int) -> bool:
    """It looks at the deadlines twice a second."""
    return clock.now_ms() > since_ms + 600
