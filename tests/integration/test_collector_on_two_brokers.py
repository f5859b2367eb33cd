"""Links to two real brokers at once: own sessions, own acknowledgements, own losses."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import TypeVar

import aiomqtt
import pytest

from gascore.journal import (
    BlindBegan,
    BlindEnded,
    BlindScope,
    ConditionRaised,
    FirstReport,
    TroubleBegan,
)
from gascore.words import Condition
from gaswatch.clock import SystemClock
from gaswatch.stores.engine import open_engine
from gaswatch.wiring.collector import collector_of
from support.broker import Broker, a_mosquitto
from support.collector_site import CollectorSite, collecting, publish
from support.waiting import until

pytestmark = pytest.mark.integration
EventT = TypeVar("EventT")
NAMES = [f"D{no}" for no in range(1, 11)]
SHORT = 5
"""Messages that the second broker lets wait for a session; its other limits are those that we ship."""


@pytest.fixture
def brokers(tmp_path: Path) -> Iterator[tuple[Broker, Broker]]:
    north, south = tmp_path / "north", tmp_path / "south"
    north.mkdir()
    south.mkdir()
    with a_mosquitto(north) as one, a_mosquitto(south, extra=[f"max_queued_messages {SHORT}"]) as other:
        yield one, other


@pytest.fixture
def site(tmp_path: Path, brokers: tuple[Broker, Broker]) -> Iterator[CollectorSite]:
    found = CollectorSite(
        tmp_path, brokers[0], NAMES, settings={"mqtt_url": tuple(one.url() for one in brokers)}
    )
    yield found
    found.close()


def client_of(broker: Broker, **more: object) -> aiomqtt.Client:
    return aiomqtt.Client("127.0.0.1", broker.port, **more)  # type: ignore[arg-type]  # the client's own words


def of(site: CollectorSite, kind: type[EventT]) -> list[EventT]:
    return [entry.event for entry in site.entries() if isinstance(entry.event, kind)]


async def test_messages_through_both_are_counted_once_and_acknowledged_where_they_came_from(
    site: CollectorSite, brokers: tuple[Broker, Broker]
) -> None:
    now_ms = SystemClock().now_ms()
    async with (
        collecting(site) as collector,
        client_of(brokers[0]) as north,
        client_of(brokers[1]) as south,
    ):
        for seq in range(1, 21):
            await asyncio.gather(
                *(publish(north, name, seq, now_ms + seq) for name in NAMES[:5]),
                *(publish(south, name, seq, now_ms + seq) for name in NAMES[5:]),
            )
        await until(lambda: collector.status().messages.stored == 200)
        await until(lambda: collector.status().messages.pending == 0)
        counts = collector.status().messages
        assert (counts.received, counts.duplicate, counts.residual) == (200, 0, 0)
    assert len(of(site, FirstReport)) == 10
    assert all(site.readings(no) == [now_ms + seq for seq in range(1, 21)] for no in range(1, 11))
    async with (
        collecting(site) as again,
        client_of(brokers[0]) as north,
        client_of(brokers[1]) as south,
    ):
        await publish(north, "D1", 21, now_ms + 21)
        await publish(south, "D6", 21, now_ms + 21)
        await until(lambda: again.status().messages.stored == 2)
        assert again.status().messages.received == 2, "both sessions had been acknowledged to the end"


async def test_the_same_message_through_both_is_a_duplicate(
    site: CollectorSite, brokers: tuple[Broker, Broker]
) -> None:
    now_ms = SystemClock().now_ms()
    async with (
        collecting(site) as collector,
        client_of(brokers[0]) as north,
        client_of(brokers[1]) as south,
    ):
        for seq in (1, 2):
            await publish(north, "D1", seq, now_ms + seq, "high" if seq == 2 else "normal", 60.0 * (seq == 2))
        await until(lambda: collector.status().messages.stored == 2)
        for seq in (1, 2):
            await publish(south, "D1", seq, now_ms + seq, "high" if seq == 2 else "normal", 60.0 * (seq == 2))
        await until(lambda: collector.status().messages.duplicate == 2)
        assert collector.status().messages.residual == 0
    assert site.readings(1) == [now_ms + 1, now_ms + 2]
    assert [one.condition for one in of(site, ConditionRaised)] == [Condition.LEAK]


async def test_one_broker_dies_the_other_goes_on_and_nothing_is_lost(
    site: CollectorSite, brokers: tuple[Broker, Broker]
) -> None:
    now_ms = SystemClock().now_ms()
    dying, living = brokers
    name = f"127.0.0.1:{dying.port}"
    async with collecting(site) as collector, client_of(living) as south:
        async with client_of(dying) as north:
            await publish(north, "D1", 1, now_ms)
        await publish(south, "D6", 1, now_ms)
        await until(lambda: collector.status().messages.stored == 2)
        dying.stop(kill=True)
        await until(lambda: of(site, BlindBegan), what="blindness")
        # Nobody knows on which broker a silent detector would speak: all are unmonitored (docs/broker.md).
        assert collector.status().states["unmonitored"] == len(NAMES)
        await publish(south, "D6", 2, now_ms + 1, "high", 60.0)
        await until(lambda: of(site, ConditionRaised), what="the leak through the other one")
        await until(lambda: collector.status().messages.pending == 0, what="its acknowledgement")
        dying.start()
        await until(lambda: of(site, BlindEnded), within_s=20, what="sight")
        async with client_of(dying) as north:
            await publish(north, "D1", 2, now_ms + 2)
        await until(lambda: collector.status().messages.stored == 4)
        assert collector.status().messages.residual == 0
    blind = [(one.scope, one.name) for one in of(site, BlindBegan) if one.scope is BlindScope.LINK]
    assert blind == [(BlindScope.LINK, name)]
    assert site.readings(1) == [now_ms, now_ms + 2]
    assert site.readings(6) == [now_ms, now_ms + 1]
    assert [one.condition for one in of(site, ConditionRaised)] == [Condition.LEAK]


async def test_a_broker_that_is_not_there_at_the_start_is_named_and_the_collector_is_not_blamed(
    site: CollectorSite, brokers: tuple[Broker, Broker]
) -> None:
    missing, _ = brokers
    async with collecting(site):
        pass
    missing.stop()
    collector = collector_of(site.settings, SystemClock(), open_engine(site.settings.database))
    task = asyncio.create_task(collector.run())
    try:
        await until(lambda: len(of(site, BlindBegan)) == 2, what="blindness")
        await until(lambda: of(site, BlindEnded), what="the collector's own end")
        assert [one.scope for one in of(site, BlindBegan)] == [BlindScope.COLLECTOR, BlindScope.LINK]
        assert collector.status().states["unmonitored"] == len(NAMES)
        missing.start()
        await until(lambda: len(of(site, BlindEnded)) == 2, within_s=30, what="sight")
        assert collector.status().states["unmonitored"] == 0
    finally:
        collector.stop()
        await asyncio.wait_for(task, 20)
    ours, theirs = of(site, BlindEnded)
    assert (ours.scope, theirs.scope) == (BlindScope.COLLECTOR, BlindScope.LINK)
    assert ours.since_ms <= theirs.since_ms <= ours.ended_ms <= theirs.ended_ms, "without a hole between them"


async def test_what_came_to_either_session_while_we_were_away_is_there_when_we_are_back(
    site: CollectorSite, brokers: tuple[Broker, Broker]
) -> None:
    now_ms = SystemClock().now_ms()
    async with collecting(site):
        pass
    for broker, name in zip(brokers, ("D1", "D6"), strict=True):
        async with client_of(broker) as client:
            for seq in range(1, SHORT + 1):
                await publish(client, name, seq, now_ms + seq)
    async with collecting(site) as collector:
        await until(lambda: collector.status().messages.stored == 2 * SHORT)


async def test_what_one_broker_drops_is_a_trouble_with_its_name(
    site: CollectorSite, brokers: tuple[Broker, Broker]
) -> None:
    _, dropping = brokers
    name = f"127.0.0.1:{dropping.port}"
    trouble = f"broker_drops {name}"
    async with client_of(dropping, identifier="away", clean_session=False) as client:
        await client.subscribe("elsewhere/#", qos=1)
    async with collecting(site) as collector:
        await until(lambda: collector.status().notes.get(f"broker_dropped {name}") == "0", what="the count")
        async with client_of(dropping) as client:
            for number in range(3 * SHORT):
                await client.publish("elsewhere/1", b"%d" % number, qos=1)
        await until(lambda: of(site, TroubleBegan), within_s=20, what="the trouble")
        await until(
            lambda: collector.status().notes[f"broker_dropped {name}"] == str(2 * SHORT),
            what="the whole count",
        )
        await until(
            lambda: f"dropped {2 * SHORT} messages" in collector.status().notes[f"trouble {trouble}"],
            what="how many",
        )
        assert collector.status().notes[f"broker_dropped 127.0.0.1:{brokers[0].port}"] == "0"
        assert collector.status().messages.received == 0, "the brokers' own words are no detector's messages"
    [began] = of(site, TroubleBegan)
    assert began.name == trouble
