"""Detectors with their own connections on a real mosquitto."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from gascore.wire import Channel
from gascore.words import DetectorId
from gaswatch.clock import SystemClock
from support.broker import Broker, a_mosquitto
from support.fleet import a_fleet, listening
from support.waiting import until

pytestmark = pytest.mark.integration
FIVE = [DetectorId(f"GD-{number:04d}") for number in range(1, 6)]


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    users = {each: f"pw-{each}" for each in FIVE} | {"listener": "pw-listener"}
    with a_mosquitto(tmp_path, users) as running:
        yield running


async def test_each_detector_comes_online_and_its_messages_arrive(broker: Broker) -> None:
    async with (
        listening(broker.port, password="pw-listener") as heard,
        a_fleet(broker.port, FIVE, SystemClock()) as fleet,
    ):
        await until(lambda: fleet.connected() == 5, what="five connections")
        for each in FIVE:
            fleet.send(each, Channel.STATUS, b'{"state":"normal"}')
        await until(lambda: all(heard.of(f"gas/1/{each}/status") for each in FIVE), what="five messages")
        assert all(heard.of(f"gas/1/{each}/online") == [b"1"] for each in FIVE)


async def test_what_is_said_before_the_connection_is_sent_with_it(broker: Broker) -> None:
    async with (
        listening(broker.port, password="pw-listener") as heard,
        a_fleet(broker.port, FIVE, SystemClock()) as fleet,
    ):
        await until(lambda: FIVE[4] in fleet.known(), what="the fleet")
        fleet.send(FIVE[4], Channel.STATUS, b"early")
        await until(lambda: heard.of(f"gas/1/{FIVE[4]}/status") == [b"early"], what="the early message")


async def test_a_mains_cut_is_silence_until_the_broker_publishes_the_will(broker: Broker) -> None:
    dark = FIVE[2]
    async with (
        listening(broker.port, password="pw-listener") as heard,
        a_fleet(broker.port, FIVE, SystemClock()) as fleet,
    ):
        await until(lambda: fleet.connected() == 5, what="five connections")
        fleet.go_silent(dark)
        fleet.send(dark, Channel.STATUS, b"nobody says this")
        assert fleet.connected() == 4
        await until(lambda: heard.of(f"gas/1/{dark}/online")[-1:] == [b"0"], within_s=20, what="the will")
        assert heard.of(f"gas/1/{dark}/status") == []
        fleet.come_back(dark)
        await until(lambda: fleet.connected() == 5, what="its return")
        await until(lambda: heard.of(f"gas/1/{dark}/online")[-1:] == [b"1"], what="its word")


async def test_a_command_reaches_its_detector_only(broker: Broker) -> None:
    got: list[tuple[DetectorId, bytes]] = []
    async with (
        listening(broker.port, password="pw-listener") as heard,
        a_fleet(
            broker.port,
            FIVE,
            SystemClock(),
            on_command=lambda detector, payload: got.append((detector, payload)),
        ) as fleet,
    ):
        await until(lambda: len(heard.messages) >= 5, what="five detectors online")
        assert fleet.connected() == 5
        await heard.client.publish(f"gas/1/{FIVE[0]}/cmd", b"close", qos=1)
        await until(lambda: got == [(FIVE[0], b"close")], what="the command")


async def test_detectors_connect_again_after_the_broker_was_away_and_deliver_what_they_kept(
    broker: Broker,
) -> None:
    async with a_fleet(broker.port, FIVE, SystemClock()) as fleet:
        await until(lambda: fleet.connected() == 5, what="five connections")
        broker.stop(kill=True)
        await until(lambda: fleet.connected() == 0, what="the loss")
        fleet.send(FIVE[0], Channel.STATUS, b"kept")
        broker.start()
        async with listening(broker.port, password="pw-listener") as heard:
            await until(lambda: fleet.connected() == 5, within_s=30, what="their return")
            await until(lambda: heard.of(f"gas/1/{FIVE[0]}/status") == [b"kept"], what="the kept message")


async def test_a_detector_with_a_wrong_password_stays_outside(broker: Broker) -> None:
    async with a_fleet(broker.port, FIVE[:1], SystemClock(), password=lambda _: "wrong") as fleet:
        await until(lambda: fleet.refused() == 1, what="a refusal")
        assert fleet.connected() == 0


async def test_the_end_of_the_simulator_is_no_mains_cut(broker: Broker) -> None:
    async with listening(broker.port, password="pw-listener") as heard:
        async with a_fleet(broker.port, FIVE, SystemClock()) as fleet:
            await until(lambda: fleet.connected() == 5, what="five connections")
        await heard.client.publish("gas/1/marker/online", b"x", qos=1)
        await until(lambda: heard.of("gas/1/marker/online"), what="the marker")
        assert all(heard.of(f"gas/1/{each}/online") == [b"1"] for each in FIVE)
