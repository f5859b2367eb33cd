"""The collector is killed with SIGKILL at random instants while a town reports and leaks."""

import os
from pathlib import Path
from random import Random
from typing import Final

import pytest

from support.fault_town import a_fault_town, a_shipped_mosquitto
from support.kills import kill_at_random, untrue

pytestmark = pytest.mark.faults
KILLS: Final = 100 if os.environ.get("CI") else 15


async def test_a_collector_killed_at_any_instant_loses_nothing_and_fakes_nothing(tmp_path: Path) -> None:
    with a_shipped_mosquitto(tmp_path) as broker:
        async with a_fault_town(tmp_path, broker) as town:
            killed = await kill_at_random(town, KILLS, Random(20261125))  # noqa: S311 -- repeatable instants
            last = town.start()
            await town.sees(last)
            await town.finish()
            reckoning = await town.settles(last)
            assert reckoning.faults == {}
            assert reckoning.taken > 10 * KILLS
            assert reckoning.leaks > KILLS / 2
            assert reckoning.blind
            assert untrue(reckoning.blind, killed.collector) == []
            assert town.onlooker.wrong == []
            assert town.onlooker.looks > KILLS
            last.terminate()
            assert last.wait() == 0, town.site.log[-3000:]
