"""The broker is killed, restarted politely, and restarted without what it knew."""

import asyncio
from contextlib import ExitStack
from pathlib import Path
from random import Random
from typing import Final

import aiomqtt
import pytest

from gascore.journal import BlindScope
from support.broker import Broker
from support.clock import ShiftedClock
from support.collector_site import a_connection_with_a_will, collecting
from support.cut import a_wire
from support.fault_town import FaultTown, a_fault_town, a_shipped_mosquitto
from support.kills import TRUTH_MS, known
from support.prefork import Forked
from support.reckoning import Reckoning
from support.waiting import elapse, until

pytestmark = pytest.mark.faults
KILLS: Final = 5


async def ready(town: FaultTown) -> Forked:
    """A collector that sees, and a load."""
    process = town.start()
    await town.sees(process)
    town.send()
    await town.sent(500)
    return process


async def reckoned(town: FaultTown, process: Forked) -> Reckoning:
    """The account when the load has ended and nothing comes any more."""
    await town.sent(1_000)
    await town.finish()
    return await town.settles(process)


def gaps(town: FaultTown) -> int:
    assert town.status is not None
    return int(town.status.notes["sequence_gaps"])


def links_of(reckoning: Reckoning) -> list[int]:
    """When spells began in which we had no link."""
    return [one.since_ms for one in reckoning.blind if one.scope is BlindScope.LINK]


async def test_a_broker_killed_under_load_loses_no_leak_and_the_gaps_say_what_it_lost(tmp_path: Path) -> None:
    chance = Random(20261125)  # noqa: S311 -- repeatable instants
    with a_shipped_mosquitto(tmp_path) as broker:
        async with a_fault_town(tmp_path, broker) as town:
            process = await ready(town)
            killed = []
            for _ in range(KILLS):
                await elapse(chance.uniform(0.1, 1.0))
                broker.stop(kill=True)
                killed.append(town.clock.now_ms())
                await elapse(chance.uniform(0.0, 0.5))
                broker.start()
                await town.sent(100)
            reckoning = await reckoned(town, process)
            # What it took over and had neither handed on nor saved when it died is the broker's to lose.
            faults = reckoning.faults
            lost = known(town).intersection(faults.pop("lost", []))
            assert gaps(town) == len(lost)
            assert faults == {}
            began = links_of(reckoning)
            assert began
            assert all(any(abs(one - at_ms) <= TRUTH_MS for at_ms in killed) for one in began)
            assert town.unequal == []


async def test_a_broker_that_forgets_everything_is_found_again_and_the_gaps_say_what_it_lost(
    tmp_path: Path,
) -> None:
    with a_shipped_mosquitto(tmp_path, persistence=False) as broker:
        async with (
            a_wire(broker.port) as wire,
            a_fault_town(tmp_path, broker, settings={"mqtt_url": (wire.url,)}) as town,
        ):
            process = await ready(town)
            wire.refuse()  # detectors are back before we are: the broker takes their messages over for nobody
            broker.stop(kill=True)
            broker.start()
            await town.sent(500)
            wire.mend()
            await town.sees(process)
            reckoning = await reckoned(town, process)
            faults = reckoning.faults
            lost = known(town).intersection(faults.pop("lost", []))
            assert len(lost) >= 400
            assert gaps(town) == len(lost)
            gone = {leak[0][:2] for leak in town.taken.leaks() if all(one[:2] in lost for one in leak)}
            assert set(faults.pop("leaks_lost", [])) <= gone
            assert faults == {}
            assert len(links_of(reckoning)) == 1
            assert town.unequal == []


async def test_a_broker_that_is_stopped_publishes_every_will_and_nobody_is_offline(tmp_path: Path) -> None:
    clock = ShiftedClock()
    with a_shipped_mosquitto(tmp_path) as broker, ExitStack() as wires:
        async with (
            a_fault_town(tmp_path, broker, detectors=50, rate=200) as town,
            collecting(town.site, clock),
        ):
            town.send()
            for _ in range(6):  # so long after the start that a will counts; each step too short for a stall
                clock.shift(6_000)
                await town.sent(200)
            for name in town.names[:20]:
                wires.enter_context(a_connection_with_a_will(broker, name))
            broker.stop()
            broker.start()
            assert await kept_wills(broker) == 20
            clock.shift(6_000)
            await town.sent(300)
            await town.finish()
            await until(lambda: not town.reckon().lost, what="everything being stored")
            reckoning = town.reckon()
            assert reckoning.faults == {}
            assert len(links_of(reckoning)) == 1
            assert town.unequal == []


async def kept_wills(broker: Broker) -> int:
    """How many detectors the broker says are gone."""
    found = 0
    async with aiomqtt.Client("127.0.0.1", broker.port) as client:
        await client.subscribe("gas/1/+/online", qos=1)
        async with asyncio.timeout(10):
            async for message in client.messages:
                found += message.retain and message.payload == b"0"
                if found == 20:
                    break
    return found
