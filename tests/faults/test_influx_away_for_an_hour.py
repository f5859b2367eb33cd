"""The whole collector while InfluxDB is away for an hour: alarms go on, nobody is called silent, every reading comes."""

import asyncio
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Final

import aiomqtt
import pytest

from collector.service import Collector
from gascore.journal import BlindBegan, ConditionCleared, ConditionRaised, TroubleBegan, TroubleEnded
from gascore.service_status import MessageCounts
from gascore.words import Condition
from gaswatch.stores.influx.sink import AWAY_MS, SERIES
from support.clock import ShiftedClock
from support.collector_site import CollectorSite, collecting, publish
from support.fault_town import a_shipped_mosquitto
from support.influx import an_influxdb
from support.influx_site import given_up, influx_settings, instants, waits
from support.prefork import a_nursery
from support.scrapes import scraping
from support.waiting import until

pytestmark = pytest.mark.faults
NAMES: Final = [f"D{no}" for no in range(1, 21)]
STEP_MS: Final = 8_000
"""Between two reports of everybody. More at once would be a stall of the process."""
HOUR_MS: Final = 3_600_000
STEPS: Final = HOUR_MS // STEP_MS
FEW: Final = 5
"""Steps in which a second of real time, which InfluxDB needs, does not look like a minute without it."""
LEAKING: Final = {50: "D3", 200: "D7", 425: "D3"}
"""In which step of the hour whose gas rises."""
NOBODY: Final[Mapping[int, str]] = {}


class Town:
    """Twenty detectors by a clock of the test's."""

    def __init__(
        self, site: CollectorSite, client: aiomqtt.Client, collector: Collector, clock: ShiftedClock
    ) -> None:
        self._site = site
        self._client = client
        self._collector = collector
        self._clock = clock
        self.sent: list[int] = []
        """The instants at which everybody has reported."""

    async def reports(self, leaking: str = "") -> None:
        """Everybody, once; what is sent is journaled or counted when this returns."""
        now_ms = self._clock.now_ms()
        self.sent.append(now_ms)
        level = {leaking: ("high", 60.0)}
        await asyncio.gather(
            *(
                publish(self._client, name, len(self.sent), now_ms, *level.get(name, ("normal", 1.0)))
                for name in NAMES
            )
        )
        expected = len(self.sent) * len(NAMES)
        await until(lambda: self.account.stored >= expected, what="what was sent")
        assert self.account.residual == 0

    async def lives_on(self, steps: int, leaking: Mapping[int, str] = NOBODY) -> None:
        """So many steps pass."""
        for step in range(steps):
            self._clock.shift(STEP_MS)
            who = leaking.get(step, "")
            await self.reports(who)
            if who:
                assert who in self.leaks[-1], "told at once, or the message would not count as stored"

    @property
    def account(self) -> MessageCounts:
        """The equation, as of now."""
        return self._collector.status().messages

    @property
    def leaks(self) -> list[str]:
        """Whose leaks are in the journal, in order."""
        events = [entry.event for entry in self._site.entries()]
        return [
            e.detector for e in events if isinstance(e, ConditionRaised) and e.condition is Condition.LEAK
        ]


async def test_an_hour_without_influxdb_costs_no_leak_no_reading_and_fakes_nothing(tmp_path: Path) -> None:
    with (
        a_shipped_mosquitto(tmp_path) as broker,
        an_influxdb(tmp_path) as influx,
        closing(CollectorSite(tmp_path, broker, NAMES, settings=influx_settings(influx))) as site,
        a_nursery(site.environment, tmp_path / "dashboard.log") as nursery,
    ):
        clock = ShiftedClock()
        async with (
            scraping(site, nursery) as scrapes,
            collecting(site, clock) as collector,
            aiomqtt.Client("127.0.0.1", broker.port) as client,
        ):
            client.pending_calls_threshold = len(NAMES)
            town = Town(site, client, collector, clock)
            await town.reports()
            await until(lambda: influx.count("detector", "state") == len(NAMES), what="the first readings")
            influx.stop(kill=True)
            away_ms = clock.now_ms()
            await town.lives_on(STEPS, LEAKING)
            assert town.leaks == list(LEAKING.values())
            assert clock.now_ms() - away_ms >= HOUR_MS
            influx.start()
            everything = len(town.sent) * len(NAMES)
            await until(
                lambda: influx.count("detector", "state") == everything, within_s=60, what="every reading"
            )
            while not any(isinstance(entry.event, TroubleEnded) for entry in site.entries()):
                await town.lives_on(FEW)
                assert clock.now_ms() - away_ms <= 2 * HOUR_MS, "it is never said to be over"
                await until(lambda: not waits(collector.status()), what="an empty spool")
            await scrapes.agree(collector.status().messages)
            assert given_up(collector.status()) == {}
            assert scrapes.wrong == []
            assert scrapes.looks > 20
            assert scrapes.is_up
        events = [entry.event for entry in site.entries()]
        [began] = [one for one in events if isinstance(one, TroubleBegan)]
        [ended] = [one for one in events if isinstance(one, TroubleEnded)]
        assert (began.name, ended.name) == (SERIES, SERIES)
        assert AWAY_MS <= began.since_ms - away_ms <= AWAY_MS + 2 * STEP_MS
        raised = [one.condition for one in events if isinstance(one, ConditionRaised)]
        cleared = [one.condition for one in events if isinstance(one, ConditionCleared)]
        assert raised == cleared == [Condition.LEAK] * len(LEAKING)
        assert [one.reason for one in events if isinstance(one, BlindBegan)] == ["stopped"]
        assert instants(influx, NAMES) == [town.sent] * len(NAMES)
