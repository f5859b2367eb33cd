"""The load generator against a real mosquitto: every message is accounted for, whatever the broker does."""

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import aiomqtt
import pytest

from gascore.wire import Status, decode_status, parse_topic
from gascore.words import DetectorId, ReportedState
from gaswatch.clock import SystemClock
from simulator.adapters.flood import Flood, Plan
from simulator.adapters.flood_line import RefusedError
from simulator.rules.flood import HIGH, Sent
from support.broker import Broker, a_mosquitto
from support.waiting import until

pytestmark = pytest.mark.integration
DETECTORS = tuple(DetectorId(f"GD-{no:04}") for no in range(50))


def plan_for(broker: Broker, **changes: object) -> Plan:
    given = {"detectors": DETECTORS, "rates": ((1.0, 2000.0),), "connections": 3} | changes
    return Plan("127.0.0.1", broker.port, **given)  # type: ignore[arg-type]  # the test's own words


async def hear_all(broker: Broker, heard: dict[str, list[Status]], ready: asyncio.Event) -> None:
    async with aiomqtt.Client("127.0.0.1", broker.port, identifier="ear", clean_session=False) as client:
        await client.subscribe("gas/1/+/status", qos=1)
        ready.set()
        async for message in client.messages:
            found = parse_topic(str(message.topic))
            assert found is not None
            status = decode_status(bytes(message.payload))
            assert isinstance(status, Status), status
            heard[found[0]].append(status)


async def test_each_detector_counts_on_by_one_and_the_broker_has_taken_over_all(tmp_path: Path) -> None:
    with a_mosquitto(tmp_path) as broker:
        heard: dict[str, list[Status]] = defaultdict(list)
        ready = asyncio.Event()
        listening = asyncio.create_task(hear_all(broker, heard, ready))
        await ready.wait()
        plan = plan_for(broker, leak_every_s=0.25, leaking=(7, 8))
        flood = Flood(plan, SystemClock())
        report = await flood.run()
        assert report.sent == report.acknowledged == sum(flood.seqs) >= 2000
        await until(lambda: sum(map(len, heard.values())) == report.sent, within_s=10, what="all of it")
        listening.cancel()
        for no, detector in enumerate(DETECTORS):
            assert [one.seq for one in heard[detector]] == list(range(1, flood.seqs[no] + 1))
        high = {name for name, all_ in heard.items() for one in all_ if one.state is ReportedState.HIGH}
        assert high == {"GD-0007", "GD-0008"}


async def test_what_a_killed_broker_had_not_taken_over_is_sent_again_in_order(tmp_path: Path) -> None:
    with a_mosquitto(tmp_path) as broker:
        taken: list[Sent] = []

        def took(batch: Sequence[Sent]) -> None:
            taken.extend(batch)

        flood = Flood(plan_for(broker), SystemClock(), acked=took)
        running = asyncio.create_task(flood.run())
        await until(lambda: flood.report.acknowledged > 500, within_s=10, what="the load")
        broker.stop(kill=True)
        broker.start()
        report = await running
        assert report.lost_connections >= 3
        assert report.acknowledged == report.sent == sum(flood.seqs)
        by_detector: dict[int, list[int]] = defaultdict(list)
        for one in taken:
            by_detector[one.who].append(one.seq)
        assert all(seqs == list(range(1, len(seqs) + 1)) for seqs in by_detector.values())


async def test_a_leak_lasts_for_some_messages_and_the_load_can_be_ended_early(tmp_path: Path) -> None:
    with a_mosquitto(tmp_path) as broker:
        taken: list[Sent] = []
        plan = plan_for(
            broker, rates=((600.0, 2000.0),), leak_every_s=600.0, leaking=(7,), leak_messages=3, every_s=5
        )
        flood = Flood(plan, SystemClock(), acked=taken.extend)
        running = asyncio.create_task(flood.run())
        await until(lambda: flood.seqs[7] >= 6, within_s=10, what="the end of the leak")
        flood.finish()
        report = await running
        assert report.acknowledged == report.sent == len(taken)
        levels = [one.level for one in sorted(taken, key=lambda one: one.seq) if one.who == 7]
        assert levels[:6] == [0, HIGH, HIGH, HIGH, 0, 0] or levels[:6] == [HIGH, HIGH, HIGH, 0, 0, 0]
        assert {one.who for one in taken if one.level} == {7}


async def test_a_broker_that_refuses_ends_the_load_with_its_reason(tmp_path: Path) -> None:
    with a_mosquitto(tmp_path, users={"load": "right"}) as broker:
        flood = Flood(plan_for(broker, user="load", password="wrong"), SystemClock())
        with pytest.raises(ExceptionGroup) as caught:
            await flood.run()
        assert caught.group_contains(RefusedError, match="code 5")


async def test_a_round_of_all_detectors_ends_even_if_the_rate_does_not_divide_it(tmp_path: Path) -> None:
    with a_mosquitto(tmp_path) as broker:
        flood = Flood(plan_for(broker, rates=((50 / 167, 167.0),)), SystemClock())
        async with asyncio.timeout(20):
            report = await flood.run()
        assert report.acknowledged == 50
        assert set(flood.seqs) == {1}
