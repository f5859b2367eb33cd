"""The limits that we ship hold on a real mosquitto: what waits for the collector is not lost."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random

import aiomqtt
import pytest

from collector.adapters.links import make_link
from collector.ports import DROPPED, Arrival
from gascore.words import DetectorId
from gaswatch.broker.members import Member
from gaswatch.broker.mosquitto import command, program, write
from gaswatch.clock import SystemClock
from gaswatch.secrets import COLLECTOR_USER
from simulator.adapters.flood import Flood, Plan
from support.broker import Broker, free_port
from support.waiting import until

pytestmark = pytest.mark.integration
NAMES = tuple(DetectorId(f"GD-{no:04}") for no in range(1_000))
MANY = 50_000
RATE = 12_500
LOAD = "load"


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    """As `gaswatch run broker` starts it, and one more user who may speak for every detector."""
    port = free_port()
    write(tmp_path, port, [Member(COLLECTOR_USER, "c", None), Member(LOAD, "l", None)])
    with (tmp_path / "mosquitto.acl").open("a") as rights:
        rights.write(f"\nuser {LOAD}\ntopic write gas/1/#\n")
    settings = tmp_path / "mosquitto.conf"
    settings.write_text(settings.read_text().replace("sys_interval 10", "sys_interval 1"))
    found = Broker(command(program() or "mosquitto", tmp_path), port, tmp_path / "mosquitto.log")
    found.start()
    yield found
    found.stop(kill=True)


class Away:
    """The collector's link; it takes what comes, and acknowledges when told to."""

    def __init__(self, broker: Broker, most: int) -> None:
        url = broker.url(COLLECTOR_USER, "c")
        self.link = make_link(url, "5", client_id="away", clock=SystemClock(), rng=Random(1))  # noqa: S311 -- jitter
        self.arrivals: list[Arrival] = []
        self.acknowledged = 0
        self.words: list[str] = []
        self.most = most

    @property
    def pending(self) -> int:
        return len(self.arrivals) - self.acknowledged

    @property
    def payloads(self) -> set[tuple[str, bytes]]:
        return {(one.topic, one.payload) for one in self.arrivals}

    def changed(self, name: str, word: str, since_ms: int) -> None:
        del name, since_ms
        self.words.append(word)

    @property
    def is_up(self) -> bool:
        return self.words[-1:] == ["up"]

    def is_full(self) -> bool:
        return self.pending >= self.most

    def acknowledge(self) -> None:
        tokens = [one.token for one in self.arrivals[self.acknowledged :]]
        self.link.acknowledge(tokens)
        self.acknowledged += len(tokens)


@asynccontextmanager
async def linked(broker: Broker, most: int = MANY + 1) -> AsyncIterator[Away]:
    away = Away(broker, most)
    running = asyncio.create_task(
        away.link.run(arrived=away.arrivals.append, changed=away.changed, is_full=away.is_full)
    )
    await until(lambda: away.is_up or away.is_full(), what="the link")
    try:
        yield away
    finally:
        await away.link.stop()
        await asyncio.wait_for(running, 5)


async def flood(broker: Broker, messages: int) -> None:
    """So many different messages, all of them acknowledged by the broker when it returns."""
    plan = Plan(
        "127.0.0.1",
        broker.port,
        NAMES,
        ((messages / RATE, RATE),),
        user=LOAD,
        password="l",
        connections=2,
    )
    report = await Flood(plan, SystemClock()).run()
    assert report.acknowledged == messages


async def test_fifty_thousand_messages_wait_for_a_collector_that_is_away(broker: Broker) -> None:
    async with linked(broker):
        pass
    await flood(broker, MANY)
    async with linked(broker) as away:
        while len(away.arrivals) < MANY:
            away.acknowledge()
            await until(lambda: away.pending, what="more")
        assert len(away.payloads) == MANY
        await until(lambda: away.link.told.get(DROPPED) == "0", what="the count")


async def test_what_is_not_acknowledged_stays_bounded_whatever_window_the_broker_keeps_to(
    broker: Broker,
) -> None:
    """Mosquitto 2.0.11 overruns the window with every acknowledgement: then we stop reading."""
    most, slack = 2_000, 5_000  # what one read from the socket may bring on top
    async with linked(broker):
        pass
    await flood(broker, MANY)
    async with linked(broker, most) as away:
        while away.acknowledged < MANY:
            await until(lambda: away.is_full() or len(away.arrivals) == MANY, what="the next messages")
            assert away.pending <= most + slack
            away.acknowledge()
        assert len(away.payloads) == MANY
        assert len(away.arrivals) == MANY, "and nothing came twice"


@pytest.mark.parametrize("most", [0, 1_000])
async def test_a_link_that_is_full_before_it_is_granted_is_held_and_not_begun_again_and_again(
    broker: Broker, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    """The broker sends what waited before it grants: each new connection would bring some of it once more."""
    async with linked(broker):
        pass
    await flood(broker, 2 * RATE)
    monkeypatch.setattr("collector.adapters.mqtt5_link.GRANT_MS", 500)
    monkeypatch.setattr("collector.adapters.mqtt5_link.KEEP_ALIVE_S", 1)
    async with linked(broker, most) as away:
        clock = SystemClock()
        since_ms, held = clock.now_ms(), len(away.arrivals)
        await until(lambda: clock.now_ms() > since_ms + 2_500, what="more than the time to grant")
        assert away.words == []
        assert len(away.arrivals) == held
        assert bool(held) == bool(most), "full from the start, it reads nothing at all"
        away.most = MANY
        while len(away.arrivals) < 2 * RATE:
            away.acknowledge()
            await until(lambda: away.pending, what="more")
        await until(lambda: away.words == ["up"], what="the grant")


async def test_what_was_acknowledged_before_the_last_save_is_still_there_after_a_kill(
    broker: Broker, tmp_path: Path
) -> None:
    async with linked(broker):
        pass
    await flood(broker, 5_000)
    saved = tmp_path / "mosquitto-data" / "mosquitto.db"
    before = saved.stat().st_mtime_ns if saved.exists() else 0
    await until(
        lambda: saved.exists() and saved.stat().st_mtime_ns > before, within_s=30, what="the next autosave"
    )
    broker.stop(kill=True)
    broker.start()
    async with linked(broker) as away:
        await until(lambda: len(away.payloads) == 5_000, what="the queue of before")


async def test_a_message_of_qos_0_waits_for_the_collector_too(broker: Broker) -> None:
    async with linked(broker):
        pass
    async with aiomqtt.Client("127.0.0.1", broker.port, username=LOAD, password="l") as client:
        await client.publish("gas/1/GD-0001/status", b"0", qos=0)
        await client.publish("gas/1/GD-0001/status", b"1", qos=1)
    async with linked(broker) as away:
        await until(lambda: len(away.arrivals) == 2)
        assert [one.payload for one in away.arrivals] == [b"0", b"1"]
        assert all(one.token is not None for one in away.arrivals), "acknowledged after our commit"
