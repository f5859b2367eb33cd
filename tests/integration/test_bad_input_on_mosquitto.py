"""Bad input through a real mosquitto: the link stays, the message behind it is told, the operator sees what came."""

from collections.abc import Iterator
from pathlib import Path

import aiomqtt
import pytest

from gascore.journal import BlindBegan, BlindScope, ConditionRaised
from gascore.words import Condition
from gaswatch.clock import SystemClock
from gaswatch.stores.board import SqlQuarantine
from support.broker import Broker, a_mosquitto
from support.collector_site import CollectorSite, collecting, publish
from support.waiting import until

pytestmark = pytest.mark.integration
MB = 1_000_000
SHIPPED = ["max_packet_size 65536"]


@pytest.fixture(params=[False, True], ids=["a broker that takes all", "with our limit"])
def limited(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


@pytest.fixture
def broker(tmp_path: Path, *, limited: bool) -> Iterator[Broker]:
    with a_mosquitto(tmp_path, extra=SHIPPED if limited else ()) as running:
        yield running


@pytest.fixture
def site(tmp_path: Path, broker: Broker) -> Iterator[CollectorSite]:
    found = CollectorSite(tmp_path, broker, ["D1", "D2"])
    yield found
    found.close()


async def throw(broker: Broker, topic: str, payload: bytes) -> bool:
    """Whether the broker took it."""
    try:
        async with aiomqtt.Client("127.0.0.1", broker.port) as client:
            await client.publish(topic, payload, qos=1, timeout=5)
    except aiomqtt.MqttError:
        return False
    return True


def leaks(site: CollectorSite) -> list[str]:
    found = [entry.event for entry in site.entries()]
    return [
        str(one.detector)
        for one in found
        if isinstance(one, ConditionRaised) and one.condition is Condition.LEAK
    ]


@pytest.mark.parametrize("megabytes", [10, 20])
async def test_a_huge_payload_harms_neither_the_link_nor_the_leak_behind_it(
    site: CollectorSite, *, limited: bool, megabytes: int
) -> None:
    async with collecting(site) as collector:
        taken = await throw(site.broker, "gas/1/D1/status", b"z" * megabytes * MB)
        assert taken is not limited
        async with aiomqtt.Client("127.0.0.1", site.broker.port) as client:
            await publish(client, "D2", 1, SystemClock().now_ms(), "high", 70.0)
        await until(lambda: leaks(site) == ["D2"], what="the leak")
        await until(lambda: collector.status().messages.pending == 0)
        counts = collector.status()
        # More than 16 MiB the broker keeps to itself: that is what we told it when we connected.
        expected = 0 if limited or megabytes > 16 else 1
        assert counts.rejected_by["oversize"] == expected
        assert counts.messages.residual == 0
        assert set(counts.links.values()) == {"up"}
    blind = [entry.event for entry in site.entries() if isinstance(entry.event, BlindBegan)]
    assert not [one for one in blind if one.scope is BlindScope.LINK], "the connection was never lost"
    async with collecting(site) as again:
        async with aiomqtt.Client("127.0.0.1", site.broker.port) as client:
            await publish(client, "D2", 2, SystemClock().now_ms(), "high", 71.0)
        await until(lambda: again.status().messages.stored == 1)
        assert again.status().messages.received == 1, "it does not come back again and again"


async def test_strange_messages_are_refused_one_by_one_and_the_operator_sees_them(
    site: CollectorSite,
) -> None:
    strange = {
        "gas/1/D1/status": (b"\xff\xfe{", "not_utf8"),
        "gas/1/探测器/status": (b"{}", "bad_topic"),
        "gas/1/D 1/status": (b"{}", "bad_topic"),
        "gas/1/\U0001f525/online": (b"1", "bad_topic"),
        f"gas/1/{'x' * 60_000}/status": (b"{}", "bad_topic"),
        "gas/1/D1/online": (b"maybe", "bad_online"),
        "gas/1/D1/ack": (b"[" * 3_000, "wrong_type"),
    }
    async with collecting(site) as collector:
        taken = [await throw(site.broker, topic, payload) for topic, (payload, _) in strange.items()]
        assert all(taken)
        await until(lambda: collector.status().messages.rejected == len(strange))
        await until(lambda: collector.status().messages.pending == 0)
    kept = SqlQuarantine(site.engine).newest(100)
    assert {(one.topic[:40], one.reason) for one in kept} == {
        (topic[:40], reason) for topic, (_, reason) in strange.items()
    }
