"""One suite for every link, on every broker it is for: mosquitto by MQTT 5 and 3.1.1, NATS by 3.1.1."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Literal

import aiomqtt
import pytest

from collector.adapters.links import make_link
from collector.ports import DROPPED
from gaswatch.clock import SystemClock
from support.broker import Broker, a_mosquitto, a_nats
from support.waiting import until

if TYPE_CHECKING:
    from collector.ports import Arrival

pytestmark = pytest.mark.contract
Version = Literal["auto", "5", "3.1.1"]
USERS = {"collector": "right@pass"}
SECRET = "right%40pass"


@pytest.fixture(params=["mosquitto", "nats"])
def broker(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Broker]:
    with (a_mosquitto if request.param == "mosquitto" else a_nats)(tmp_path, USERS) as running:
        yield running


@pytest.fixture(params=["auto", "5", "3.1.1"])
def version(request: pytest.FixtureRequest) -> Version:
    if request.param == "5" and "nats" in request.node.name:
        pytest.skip("NATS does not speak MQTT 5")
    found: Version = request.param
    return found


class Desk:
    """What a link told us."""

    def __init__(self, url: str, version: Version) -> None:
        self.arrivals: list[Arrival] = []
        self.words: list[str] = []
        self.full = False
        self.link = make_link(url, version, client_id="contract", clock=SystemClock(), rng=Random(1))  # noqa: S311 -- jitter

    async def run(self) -> None:
        await self.link.run(
            arrived=self.arrivals.append,
            changed=self._changed,
            is_full=lambda: self.full,
        )

    def _changed(self, name: str, word: str, since_ms: int) -> None:
        assert name == self.link.name
        assert since_ms <= SystemClock().now_ms()
        self.words.append(word)

    @property
    def is_up(self) -> bool:
        return self.words[-1:] == ["up"]

    @property
    def payloads(self) -> set[bytes]:
        return {arrival.payload for arrival in self.arrivals}

    def acknowledge(self) -> None:
        self.link.acknowledge([one.token for one in self.arrivals if one.token is not None])


@asynccontextmanager
async def linked(broker: Broker, version: Version) -> AsyncIterator[Desk]:
    desk = Desk(broker.url("collector", SECRET), version)
    running = asyncio.create_task(desk.run())
    await until(lambda: desk.is_up, what="the link")
    try:
        yield desk
    finally:
        await desk.link.stop()
        await asyncio.wait_for(running, 5)


async def publish(broker: Broker, payloads: list[bytes], topic: str = "gas/1/D1/status") -> None:
    async with aiomqtt.Client(
        "127.0.0.1", broker.port, username="collector", password=USERS["collector"]
    ) as client:
        for payload in payloads:
            await client.publish(topic, payload, qos=1)


async def test_messages_come_in_order_and_live(broker: Broker, version: Version) -> None:
    async with linked(broker, version) as desk:
        await publish(broker, [b"%d" % number for number in range(50)])
        await until(lambda: len(desk.arrivals) == 50)
        assert [one.payload for one in desk.arrivals] == [b"%d" % number for number in range(50)]
        assert {one.topic for one in desk.arrivals} == {"gas/1/D1/status"}
        assert not any(one.retained or one.duplicate for one in desk.arrivals)
        assert len({one.token for one in desk.arrivals}) == 50


async def test_what_was_not_acknowledged_comes_again_after_a_new_connection(
    broker: Broker, version: Version
) -> None:
    async with linked(broker, version) as desk:
        await publish(broker, [b"%d" % number for number in range(20)])
        await until(lambda: len(desk.arrivals) == 20)
        desk.link.acknowledge([one.token for one in desk.arrivals[:12]])
    async with linked(broker, version) as again:
        # No less; NATS, which takes acknowledgements behind our back, sometimes sends more.
        missing = {b"%d" % number for number in range(12, 20)}
        await until(lambda: again.payloads >= missing, what="the redelivery")
        assert all(one.duplicate for one in again.arrivals)


async def test_what_came_while_nobody_was_connected_is_kept_for_the_session(
    broker: Broker, version: Version
) -> None:
    async with linked(broker, version):
        pass
    await publish(broker, [b"1", b"2"])
    async with linked(broker, version) as desk:
        await until(lambda: desk.payloads == {b"1", b"2"})
        assert not any(one.retained for one in desk.arrivals)


async def test_what_was_acknowledged_does_not_come_again(broker: Broker, version: Version) -> None:
    async with linked(broker, version) as desk:
        await publish(broker, [b"1", b"2", b"3"])
        await until(lambda: len(desk.arrivals) == 3)
        desk.acknowledge()
        await publish(broker, [b"4"])
        await until(lambda: b"4" in desk.payloads)
    async with linked(broker, version) as again:
        await publish(broker, [b"5"])
        await until(lambda: again.payloads == {b"4", b"5"})


async def test_the_link_comes_back_when_the_broker_does(broker: Broker, version: Version) -> None:
    async with linked(broker, version) as desk:
        broker.stop(kill=True)
        await until(lambda: not desk.is_up, what="the loss")
        assert desk.words[-1] != ""
        broker.start()
        await until(lambda: desk.is_up, within_s=20, what="the return")
        await publish(broker, [b"back"])
        await until(lambda: b"back" in desk.payloads)


async def test_a_broker_that_hangs_is_noticed(
    broker: Broker, version: Version, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("mqtt5_link", "gmqtt_link"):
        monkeypatch.setattr(f"collector.adapters.{module}.KEEP_ALIVE_S", 1)
    async with linked(broker, version) as desk:
        with broker.hanging():
            await until(lambda: not desk.is_up, within_s=10, what="the loss")
        await until(lambda: desk.is_up, within_s=30, what="the return")


async def test_tokens_of_a_dead_connection_are_dropped(broker: Broker, version: Version) -> None:
    async with linked(broker, version) as desk:
        await publish(broker, [b"before"])
        await until(lambda: len(desk.arrivals) == 1)
        old = desk.arrivals[0].token
        broker.stop()
        await until(lambda: not desk.is_up)
        desk.link.acknowledge([old])
        broker.start()
        await until(lambda: desk.is_up, within_s=20)
        desk.link.acknowledge([old])
        await publish(broker, [b"after"])
        await until(lambda: b"after" in desk.payloads)


async def test_a_wrong_password_is_said_in_words(broker: Broker, version: Version) -> None:
    desk = Desk(broker.url("collector", "wrong"), version)
    running = asyncio.create_task(desk.run())
    await until(lambda: desk.words)
    await desk.link.stop()
    await asyncio.wait_for(running, 5)
    assert desk.words[0] in {
        "connection: user name or password refused",
        "connection: not authorised",
    }


async def test_a_broker_that_is_not_there_is_said_in_words(tmp_path: Path, version: Version) -> None:
    del tmp_path
    desk = Desk("mqtt://127.0.0.1:1", version)
    running = asyncio.create_task(desk.run())
    await until(lambda: desk.words)
    await desk.link.stop()
    await asyncio.wait_for(running, 5)
    assert "Connect" in desk.words[0]


async def test_a_kept_copy_never_looks_live(broker: Broker, version: Version) -> None:
    async with aiomqtt.Client(
        "127.0.0.1", broker.port, username="collector", password=USERS["collector"]
    ) as client:
        await client.publish("gas/1/D1/online", b"1", qos=1, retain=True)
        async with linked(broker, version) as desk:
            await client.publish("gas/1/D1/online", b"0", qos=1, retain=True)
            await until(lambda: b"0" in desk.payloads)
            live = [one.payload for one in desk.arrivals if not one.retained]
            assert live == [b"0"]


async def test_a_full_desk_gets_no_more_until_it_has_room(broker: Broker, version: Version) -> None:
    async with linked(broker, version) as desk:
        desk.full = True
        await publish(broker, [b"first"])
        await publish(broker, [b"%d" % number for number in range(500)])
        before = len(desk.arrivals)
        desk.full = False
        await until(lambda: len(desk.payloads) == 501)
        assert before < 100
        desk.acknowledge()


async def test_a_large_message_arrives_whole_and_the_next_one_too(broker: Broker, version: Version) -> None:
    large = b"x" * 700_000
    async with linked(broker, version) as desk:
        await publish(broker, [b"small", large, b"after"])
        await until(lambda: len(desk.arrivals) == 3)
        assert [len(one.payload) for one in desk.arrivals] == [5, 700_000, 5]


async def test_what_the_broker_counts_of_itself_is_told_beside_the_messages(
    broker: Broker, version: Version, request: pytest.FixtureRequest
) -> None:
    async with linked(broker, version) as desk:
        await publish(broker, [b"1"])
        await until(lambda: desk.arrivals)
        if "nats" in request.node.name:
            assert desk.link.told == {}
        else:
            await until(lambda: DROPPED in desk.link.told, what="the count")
            assert int(desk.link.told[DROPPED]) == 0
        assert desk.payloads == {b"1"}, "it is no detector's message"
    assert desk.link.told == {}, "a link that is down says nothing"
