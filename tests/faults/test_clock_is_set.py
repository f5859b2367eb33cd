"""Somebody sets the machine's clock by an hour while a town reports."""

import asyncio
from contextlib import closing
from pathlib import Path
from typing import Final

import aiomqtt
import pytest

from collector.service import Collector
from gascore.journal import ConditionCleared, ConditionRaised
from gascore.words import Condition
from support.clock import ShiftedClock
from support.collector_site import CollectorSite, collecting, publish
from support.fault_town import a_shipped_mosquitto
from support.prefork import a_nursery
from support.scrapes import scraping
from support.waiting import until

pytestmark = pytest.mark.faults
HOUR_MS: Final = 3_600_000
DEADLINES: Final = "deadlines"
"""The collector's task that looks at them."""
NAMES: Final = [f"D{no}" for no in range(1, 11)]


class WatchedClock(ShiftedClock):
    """Knows how often the collector has looked at the deadlines: after each look it sleeps."""

    def __init__(self) -> None:
        super().__init__()
        self.looks = 0

    async def sleep_until(self, at_ms: int) -> None:
        """As the other one."""
        task = asyncio.current_task()
        self.looks += task is not None and task.get_name() == DEADLINES
        await super().sleep_until(at_ms)


class Reporters:
    """Ten detectors that report one after the other."""

    def __init__(self, client: aiomqtt.Client, collector: Collector, clock: WatchedClock) -> None:
        self._client = client
        self._collector = collector
        self._clock = clock
        self.rounds = 0
        self.behind_ms = 0
        """How far their clocks are behind ours."""

    async def report(self, rounds: int = 1, *, lel: float = 1.0) -> None:
        """All of them, some times."""
        for _ in range(rounds):
            self.rounds += 1
            at_ms = self._clock.now_ms() - self.behind_ms
            for name in NAMES:
                state = "high" if lel > 50 else "normal"
                await publish(self._client, name, self.rounds, at_ms, state, lel)
            # Not those received: what comes again after a link was lost would be counted for others.
            await until(lambda: self._collector.status().messages.stored >= self.rounds * len(NAMES))

    async def time_passes(self) -> None:
        """Longer than anybody may be silent, in steps that are no stall; each step is looked at, and reported in."""
        for _ in range(5):
            self._clock.shift(8_000)
            before = self._clock.looks
            await until(lambda: self._clock.looks > before, what="a look at the deadlines")  # noqa: B023 -- awaited at once
            await self.report()


@pytest.mark.parametrize(
    ("by_ms", "theirs_too"),
    [(HOUR_MS, False), (-HOUR_MS, True)],
    ids=["ours goes an hour ahead and back", "everybody's goes back an hour and ahead"],
)
async def test_a_clock_that_is_set_loses_no_leak_and_makes_nobody_offline(
    tmp_path: Path, *, by_ms: int, theirs_too: bool
) -> None:
    with (
        a_shipped_mosquitto(tmp_path) as broker,
        # A leak that shows itself to be over has to stay so for half a minute: by which clock?
        closing(CollectorSite(tmp_path, broker, NAMES, settings={"clear_delay_s": 30.0})) as site,
        a_nursery(site.environment, tmp_path / "dashboard.log") as nursery,
    ):
        clock = WatchedClock()
        async with (
            scraping(site, nursery) as scrapes,
            collecting(site, clock) as collector,
            aiomqtt.Client("127.0.0.1", broker.port) as client,
        ):
            town = Reporters(client, collector, clock)
            await town.report(20)
            for step_ms in (by_ms, -by_ms):
                clock.shift(step_ms)
                town.behind_ms += 0 if theirs_too else step_ms
                await town.report(3)  # before anything of ours can have noticed
                await town.report(2, lel=70.0)
                await town.report(3)
                await town.time_passes()
            await until(lambda: collector.status().messages.pending == 0, what="everything being stored")
            await scrapes.agree(collector.status().messages)
            assert scrapes.wrong == []
            assert scrapes.looks > 4
            assert set(collector.status().links.values()) == {"up"}
        for no, name in enumerate(NAMES, 1):
            of = [entry.event for entry in site.entries() if getattr(entry.event, "detector", None) == name]
            raised = [one.condition for one in of if isinstance(one, ConditionRaised)]
            cleared = [one.condition for one in of if isinstance(one, ConditionCleared)]
            assert raised.count(Condition.LEAK) == cleared.count(Condition.LEAK) == 2
            assert Condition.OFFLINE not in raised
            assert (Condition.UNTRUSTED_CLOCK in raised) is not theirs_too
            assert len(site.readings(no)) == town.rounds
