"""The collector with its readings in InfluxDB: an alarm never waits for the series database, and nothing is lost."""

from collections.abc import Iterator
from pathlib import Path

import aiomqtt
import pytest

from gascore.journal import ConditionRaised
from gascore.words import Condition
from gaswatch.clock import SystemClock
from support.broker import a_mosquitto
from support.collector_site import CollectorSite, collecting, publish
from support.influx import InfluxServer, an_influxdb
from support.waiting import until

pytestmark = pytest.mark.integration
NAMES = [f"D{no}" for no in range(1, 6)]


@pytest.fixture
def influxdb(tmp_path: Path) -> Iterator[InfluxServer]:
    with an_influxdb(tmp_path) as server:
        yield server


@pytest.fixture
def site(tmp_path: Path, influxdb: InfluxServer) -> Iterator[CollectorSite]:
    with a_mosquitto(tmp_path) as broker:
        settings = {"series": "influx", "influx_url": influxdb.url, "influx_bucket": influxdb.database}
        found = CollectorSite(tmp_path, broker, NAMES, settings=settings)
        yield found
        found.close()


def leaks(site: CollectorSite) -> list[str]:
    events = [entry.event for entry in site.entries()]
    return [
        one.detector for one in events if isinstance(one, ConditionRaised) and one.condition is Condition.LEAK
    ]


async def test_readings_are_in_influxdb_with_their_labels(
    site: CollectorSite, influxdb: InfluxServer
) -> None:
    now_ms = SystemClock().now_ms()
    async with collecting(site), aiomqtt.Client("127.0.0.1", site.broker.port) as client:
        for name in NAMES:
            await publish(client, name, 1, now_ms)
        await until(lambda: influxdb.count("detector", "state") == 5, what="the readings")
    (series,) = influxdb.query("SELECT * FROM detector WHERE detector = 'D1'")
    row = dict(zip(series["columns"], series["values"][0], strict=True))
    assert (row["time"], row["detector"], row["gas"]) == (now_ms, "D1", "natural_gas")
    assert row["site"] != "-"
    assert row["area"] != "-"


async def test_a_leak_is_journaled_and_acknowledged_while_influxdb_is_away(
    site: CollectorSite, influxdb: InfluxServer
) -> None:
    now_ms = SystemClock().now_ms()
    async with collecting(site) as collector, aiomqtt.Client("127.0.0.1", site.broker.port) as client:
        await publish(client, "D1", 1, now_ms)
        await until(lambda: influxdb.count("detector", "state") == 1, what="the first reading")
        influxdb.stop(kill=True)
        for index in range(1, 20):
            await publish(client, "D2", index, now_ms + index)
        await publish(client, "D3", 1, now_ms, "high", 60.0)
        await until(lambda: leaks(site) == ["D3"], what="the leak")
        await until(lambda: collector.status().messages.stored == 21, what="the acknowledgements")
        # 21 if it died before it could say that it has the first one.
        await until(lambda: collector.status().notes.get("spool_points") in {"20", "21"}, what="the figures")
        influxdb.start()
        await until(lambda: influxdb.count("detector", "state") == 21, within_s=40, what="all readings")
        assert collector.status().messages.residual == 0


async def test_the_collector_starts_without_influxdb_and_the_next_one_finds_what_waits(
    site: CollectorSite, influxdb: InfluxServer
) -> None:
    now_ms = SystemClock().now_ms()
    influxdb.stop(kill=True)
    async with collecting(site) as collector, aiomqtt.Client("127.0.0.1", site.broker.port) as client:
        await publish(client, "D1", 1, now_ms, "high", 60.0)
        await until(lambda: leaks(site) == ["D1"], what="the leak")
        await until(lambda: collector.status().messages.stored == 1, what="the acknowledgement")
    influxdb.start()
    async with collecting(site):
        await until(lambda: influxdb.count("detector", "state") == 1, what="the reading")
