"""Rights on our own broker, on both programs: a detector has its own branch and nothing else."""

import asyncio
import signal
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Literal

import aiomqtt
import pytest

from gaswatch.broker import mosquitto
from gaswatch.broker.service import BrokerFailedError, Program
from gaswatch.network import PortBusyError
from support.own_broker import OwnBroker, own_broker
from support.waiting import until

pytestmark = pytest.mark.integration
Heard = list[tuple[str, bytes]]


@pytest.fixture(params=["mosquitto", "nats"])
async def broker(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[OwnBroker]:
    kind: Literal["mosquitto", "nats"] = request.param
    async with own_broker(tmp_path, kind, ["YS-1", "YS-2", "AA:01"]) as one:
        yield one


async def listen(client: aiomqtt.Client, heard: Heard) -> None:
    async for message in client.messages:
        assert isinstance(message.payload, bytes)
        heard.append((message.topic.value, message.payload))


async def test_the_collector_hears_each_detector_on_its_own_branch_and_its_will(broker: OwnBroker) -> None:
    heard: Heard = []
    async with broker.client("gaswatch-collector") as collector:
        await collector.subscribe("gas/1/#", qos=1)
        listening = asyncio.create_task(listen(collector, heard))
        for name in ("YS-1", "AA:01"):
            async with broker.client(name) as detector:
                await detector.publish(f"gas/1/{name}/status", b"{}", qos=1)
        victim = broker.client("YS-2", will="gas/1/YS-2/online")
        async with victim:
            await victim.publish("gas/1/YS-2/online", b"1", qos=1, retain=True)
            # The plug is pulled: no DISCONNECT, the socket just ends.
            victim._client.socket().shutdown(2)  # type: ignore[union-attr]  # noqa: SLF001 -- no public way
            await until(lambda: len(heard) == 4, what="all four messages")
            with pytest.raises(aiomqtt.MqttError):
                await victim.publish("gas/1/YS-2/online", b"1", qos=1)
        listening.cancel()
    assert sorted(heard) == [
        ("gas/1/AA:01/status", b"{}"),
        ("gas/1/YS-1/status", b"{}"),
        ("gas/1/YS-2/online", b"0"),
        ("gas/1/YS-2/online", b"1"),
    ]


async def test_a_detector_gets_its_own_commands_and_nobody_elses(broker: OwnBroker) -> None:
    heard: Heard = []
    async with broker.client("gaswatch-collector") as collector, broker.client("YS-1") as detector:
        await detector.subscribe("gas/1/YS-1/cmd", qos=1)
        for forbidden in ("gas/1/YS-2/cmd", "gas/1/+/cmd", "gas/1/#", "#", "gas/1/YS-2/status"):
            # Some brokers refuse the subscription, others take it and deliver nothing: both are fine.
            try:
                await detector.subscribe(forbidden, qos=1)
            except aiomqtt.MqttError:
                continue
        listening = asyncio.create_task(listen(detector, heard))
        await collector.publish("gas/1/YS-2/cmd", b"other", qos=1)
        await collector.publish("gas/1/YS-1/cmd", b"own", qos=1)
        await until(lambda: ("gas/1/YS-1/cmd", b"own") in heard, what="the own command")
        listening.cancel()
    assert {topic for topic, _ in heard} == {"gas/1/YS-1/cmd"}


async def test_a_detector_does_not_hear_what_the_broker_delivers_to_the_collector(broker: OwnBroker) -> None:
    heard: Heard = []
    collected: Heard = []
    async with (
        broker.client("gaswatch-collector") as collector,
        broker.client("YS-1") as curious,
        broker.client("YS-2") as detector,
    ):
        await collector.subscribe("gas/1/#", qos=1)
        # Where NATS keeps what is on its way to a session.
        for inside in ("$MQTT/#", "$MQTT/sub/#", "$MQTT/deliver/#", "$MQTT/sub/+"):
            try:
                await curious.subscribe(inside, qos=0)
            except aiomqtt.MqttError:
                continue
        await curious.subscribe("gas/1/YS-1/cmd", qos=1)
        tasks = [
            asyncio.create_task(listen(curious, heard)),
            asyncio.create_task(listen(collector, collected)),
        ]
        await detector.publish("gas/1/YS-2/status", b"private", qos=1)
        await until(lambda: collected, what="the detector's message")
        await collector.publish("gas/1/YS-1/cmd", b"own", qos=1)
        await until(lambda: ("gas/1/YS-1/cmd", b"own") in heard, what="the own command")
        for task in tasks:
            task.cancel()
    assert heard == [("gas/1/YS-1/cmd", b"own")]


async def test_what_a_detector_says_on_another_ones_branch_is_dropped(broker: OwnBroker) -> None:
    heard: Heard = []
    async with broker.client("gaswatch-collector") as collector, broker.client("YS-1") as detector:
        await collector.subscribe("gas/1/#", qos=1)
        listening = asyncio.create_task(listen(collector, heard))
        for topic in ("gas/1/YS-2/status", "gas/1/YS-1/cmd", "gas/1/YS-1/other", "gas/1/YS-1"):
            await detector.publish(topic, b"forged", qos=1)
        await detector.publish("gas/1/YS-1/status", b"last", qos=1)
        await until(lambda: heard, what="the allowed message")
        listening.cancel()
    assert heard == [("gas/1/YS-1/status", b"last")]


async def test_a_wrong_password_and_a_stranger_are_refused(broker: OwnBroker) -> None:
    for client in (
        broker.client("YS-1", "wrong"),
        broker.client("YS-1", broker.secrets.mqtt_password("YS-2")),
        broker.client("YS-9"),
    ):
        with pytest.raises(aiomqtt.MqttError):
            async with client:
                pass


async def test_a_detector_that_is_entered_in_the_ledger_may_come_in_and_the_others_stay(
    broker: OwnBroker,
) -> None:
    async def is_let_in() -> bool:
        try:
            async with broker.client("YS-9") as newcomer:
                await newcomer.publish("gas/1/YS-9/status", b"new", qos=1)
        except aiomqtt.MqttError:
            return False
        return True

    async with broker.client("YS-1") as old:
        broker.register("YS-9")
        async with asyncio.timeout(10):
            while not await is_let_in():
                pass
        await old.publish("gas/1/YS-1/status", b"still here", qos=1)


async def test_a_busy_port_is_one_line_that_names_the_setting(broker: OwnBroker, tmp_path: Path) -> None:
    second = OwnBroker(tmp_path / "second", "nats", [], port=broker.port)
    with pytest.raises(PortBusyError, match=r"^GASWATCH_MQTT_PORT: port \d+ on 127.0.0.1 is in use"):
        await second.service.run()


async def test_a_broker_that_ends_by_itself_is_an_error_that_quotes_its_last_word(tmp_path: Path) -> None:
    program = Program(
        name="broken",
        command=["sh", "-c", "echo the disk is gone; exit 3"],
        write=bool,
        reload_signal=signal.SIGHUP,
    )
    broker = OwnBroker(tmp_path, "nats", [], program=program)
    with pytest.raises(BrokerFailedError, match=r"^broken ended with code 3: the disk is gone$"):
        await broker.service.run()


def test_our_hash_is_the_one_that_mosquitto_itself_writes(tmp_path: Path) -> None:
    file = tmp_path / "passwords"
    file.touch(mode=0o600)
    subprocess.run(["mosquitto_passwd", "-b", str(file), "u", "secret"], check=True, timeout=10)
    theirs = file.read_text().strip().removeprefix("u:").split("$")
    ours = mosquitto.hashed("u", "secret").split("$")
    assert [len(part) for part in ours[3:]] == [len(part) for part in theirs[3:]]
    assert ours[1] == theirs[1] == "7"
