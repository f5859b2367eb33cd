"""Collector, broker and InfluxDB are killed with SIGKILL at random instants while a town reports and leaks."""

import os
from contextlib import ExitStack
from pathlib import Path
from random import Random
from typing import Final

import pytest

from support.fault_town import a_fault_town, a_shipped_mosquitto
from support.influx import an_influxdb
from support.kills import Shares, judged, kill_at_random

pytestmark = pytest.mark.faults
KILLS: Final = 34 if os.environ.get("CI") else 10
"""Of each of the towns."""


@pytest.mark.parametrize(
    ("shares", "with_influx"),
    [(Shares(), False), (Shares(broker=0.15), False), (Shares(broker=0.15, influx=0.35), True)],
    ids=["the collector", "the collector or its broker", "the collector, its broker or InfluxDB"],
)
async def test_a_kill_at_any_instant_loses_nothing_of_ours_and_fakes_nothing(
    tmp_path: Path, shares: Shares, *, with_influx: bool
) -> None:
    with a_shipped_mosquitto(tmp_path) as broker, ExitStack() as servers:
        influx = servers.enter_context(an_influxdb(tmp_path)) if with_influx else None
        async with a_fault_town(tmp_path, broker, influx=influx) as town:
            chance = Random(20261125)  # noqa: S311 -- repeatable instants
            killed = await kill_at_random(town, KILLS, chance, shares)
            last = town.start()
            await town.sees(last)
            await town.finish()
            reckoning = await town.settles(last)
            assert judged(town, reckoning, killed) == {}
            assert (bool(killed.broker), bool(killed.influx)) == (shares.broker > 0, with_influx)
            assert reckoning.taken > 10 * KILLS
            assert reckoning.leaks > KILLS / 2
            assert reckoning.blind
            assert town.scrapes.looks > KILLS / 2
            last.terminate()
            assert last.wait() == 0, town.site.log[-3000:]
