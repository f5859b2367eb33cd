"""Collector and broker are killed with SIGKILL at random instants while a town reports and leaks."""

import os
from pathlib import Path
from random import Random
from typing import Final

import pytest

from support.fault_town import a_fault_town, a_shipped_mosquitto
from support.kills import judged, kill_at_random

pytestmark = pytest.mark.faults
KILLS: Final = 100 if os.environ.get("CI") else 15


@pytest.mark.parametrize("broker_share", [0.0, 0.15], ids=["the collector", "the collector or its broker"])
async def test_a_kill_at_any_instant_loses_nothing_of_ours_and_fakes_nothing(
    tmp_path: Path, broker_share: float
) -> None:
    kills = KILLS // 2
    with a_shipped_mosquitto(tmp_path) as broker:
        async with a_fault_town(tmp_path, broker) as town:
            chance = Random(20261125)  # noqa: S311 -- repeatable instants
            killed = await kill_at_random(town, kills, chance, broker_share=broker_share)
            last = town.start()
            await town.sees(last)
            await town.finish()
            reckoning = await town.settles(last)
            assert judged(town, reckoning, killed) == {}
            assert bool(killed.broker) is (broker_share > 0)
            assert reckoning.taken > 10 * kills
            assert reckoning.leaks > kills / 2
            assert reckoning.blind
            assert town.scrapes.looks > kills / 2
            last.terminate()
            assert last.wait() == 0, town.site.log[-3000:]
