"""What the collector writes is in the series database: real servers, by both ways in.

VictoriaMetrics has the genuine `/api/v2/write`, Debian's InfluxDB 1.6 the way of before. What InfluxDB 1.8, 2.x and 3
do with the first is tested where the environment names one (`support.influx.GIVEN`).
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import TypeAlias
from uuid import uuid4

import pytest

from gascore.readings import Labels, Reading
from gascore.words import DetectorId, ReportedState
from gaswatch.clock import SystemClock
from gaswatch.stores.influx.drainer import Drainer
from gaswatch.stores.influx.probe import probe
from gaswatch.stores.influx.query import Query, quoted
from gaswatch.stores.influx.sink import InfluxReadings
from gaswatch.stores.influx.spool import Spool
from gaswatch.stores.influx.transport import Target, Transport
from gaswatch.stores.rollups import Rollups
from support.influx import InfluxServer, VictoriaServer, a_victoria_metrics, an_influxdb, given_influx
from support.waiting import until

pytestmark = pytest.mark.contract
AT_MS = 1_790_000_000_000
Points: TypeAlias = dict[int, dict[str, float]]
"""By instant, the fields that are there."""
FIELDS = ("state", "lel", "co", "batt", "rssi")


@dataclass
class Place:
    """A server, and how its points are read past all of our code for reading curves."""

    target: Target
    points: Callable[[str], Points]


@pytest.fixture(scope="module")
def influxdb(tmp_path_factory: pytest.TempPathFactory) -> Iterator[InfluxServer]:
    with an_influxdb(tmp_path_factory.mktemp("influxdb")) as server:
        yield server


@pytest.fixture(scope="module")
def victoria(tmp_path_factory: pytest.TempPathFactory) -> Iterator[VictoriaServer]:
    with a_victoria_metrics(tmp_path_factory.mktemp("victoria")) as server:
        yield server


@pytest.fixture(params=["influxdb", "victoria", "given"])
def place(request: pytest.FixtureRequest) -> Place:
    if request.param == "given":
        return _by_influxql(given_influx())
    server = request.getfixturevalue(request.param)
    target = Target(server.url, "", "org", "gaswatch")
    if isinstance(server, VictoriaServer):
        return Place(target, lambda detector: _exported(server, detector))
    return _by_influxql(target)


def _by_influxql(target: Target) -> Place:
    query = Query(target, SystemClock())

    def points(detector: str) -> Points:
        text = f"SELECT state, lel, co, batt, rssi FROM detector WHERE detector = {quoted(detector)}"  # noqa: S608 -- quoted
        rows = query.rows(text, ("time", *FIELDS))
        return {
            int(row[0] or 0): {
                name: float(value) for name, value in zip(FIELDS, row[1:], strict=True) if value is not None
            }
            for row in rows
        }

    return Place(target, points)


def _exported(server: VictoriaServer, detector: str) -> Points:
    found: Points = {}
    for series in server.export(f'{{detector="{detector}"}}'):
        name = series["metric"]["__name__"].removeprefix("detector_")
        for at_ms, value in zip(series["timestamps"], series["values"], strict=True):
            found.setdefault(at_ms, {})[name] = value
    return found


@contextmanager
def a_sink(place: Place, folder: Path) -> Iterator[InfluxReadings]:
    clock, spool = SystemClock(), Spool(folder / "spool.db", 1 << 30)
    drainer = Drainer(spool, Transport(place.target), clock, Random(1))  # noqa: S311 -- jitter
    drainer.start()
    sink = InfluxReadings(spool, Rollups(folder / "rollups.db"), drainer, clock)
    yield sink
    sink.close()


def a_name() -> DetectorId:
    """Not used before: a server that is given keeps what earlier runs wrote."""
    return DetectorId(f"GD-{uuid4().hex[:12]}")


def labels(name: DetectorId) -> Labels:
    return Labels(name, "Noodle bar, north = 1", "old town", "")


async def drained(sink: InfluxReadings) -> None:
    await until(lambda: sink.health(AT_MS).notes["spool_points"] == "0", what="the spool is empty")


async def test_readings_arrive_with_their_values_and_without_those_they_have_not(
    place: Place, tmp_path: Path
) -> None:
    name = a_name()
    with a_sink(place, tmp_path) as sink:
        sink.label({1: labels(name)})
        sink.write(
            [
                Reading(1, AT_MS, ReportedState.HIGH, 25.04, 12.0, 99.6, -61.2),
                Reading(1, AT_MS + 1, ReportedState.NORMAL, 0.0),
                Reading(1, AT_MS + 2, ReportedState.FAULT),
            ]
        )
        await drained(sink)
    assert place.points(name) == {
        AT_MS: {"state": 6, "lel": 25.0, "co": 12.0, "batt": 100, "rssi": -61},
        AT_MS + 1: {"state": 0, "lel": 0.0},
        AT_MS + 2: {"state": 4},
    }


async def test_writing_the_same_readings_twice_changes_nothing(place: Place, tmp_path: Path) -> None:
    name = a_name()
    readings = [Reading(1, AT_MS + 1_000 * index, ReportedState.NORMAL, index / 10) for index in range(100)]
    with a_sink(place, tmp_path) as sink:
        sink.label({1: labels(name)})
        sink.write(readings)
        await drained(sink)
        sink.write(readings)
        await drained(sink)
    assert len(place.points(name)) == 100


async def test_late_readings_take_their_own_place(place: Place, tmp_path: Path) -> None:
    name = a_name()
    with a_sink(place, tmp_path) as sink:
        sink.label({1: labels(name)})
        for at_ms in (AT_MS, AT_MS - 86_400_000, AT_MS - 1):
            sink.write([Reading(1, at_ms, ReportedState.LOW, 7.0)])
        await drained(sink)
    assert sorted(place.points(name)) == [AT_MS - 86_400_000, AT_MS - 1, AT_MS]


async def test_a_batch_of_many_detectors_is_split_and_arrives_whole(place: Place, tmp_path: Path) -> None:
    name = a_name()
    with a_sink(place, tmp_path) as sink:
        sink.label({no: labels(DetectorId(f"{name}-{no}")) for no in range(3)})
        sink.write([Reading(index % 3, AT_MS + index, ReportedState.NORMAL, 1.0) for index in range(12_000)])
        await drained(sink)
    assert [len(place.points(f"{name}-{no}")) for no in range(3)] == [4_000] * 3


async def test_what_an_earlier_run_left_is_sent_at_the_next_start(place: Place, tmp_path: Path) -> None:
    name = a_name()
    nowhere = Place(Target("http://127.0.0.1:9", "", "", "x"), place.points)
    with a_sink(nowhere, tmp_path) as sink:
        sink.label({1: labels(name)})
        sink.write([Reading(1, AT_MS, ReportedState.NORMAL, 1.0)])
    assert place.points(name) == {}
    with a_sink(place, tmp_path) as sink:
        await drained(sink)
    assert set(place.points(name)) == {AT_MS}


def test_the_probe_finds_nothing_missing(place: Place) -> None:
    transport = Transport(place.target)
    found = probe(transport)
    transport.close()
    assert found.problem is None


@pytest.mark.parametrize(
    "name",
    ['Wok "n" Roll\'s', "一号食堂", "a=b,c=d", "back\\slash\\", "#1", "_hidden", "a" * 200, "two\nlines"],
)
async def test_sites_may_have_any_names(influxdb: InfluxServer, tmp_path: Path, name: str) -> None:
    place = _by_influxql(Target(influxdb.url, "", "", influxdb.database))
    detector = a_name()
    with a_sink(place, tmp_path) as sink:
        sink.label({1: Labels(detector, name, name, "lpg")})
        sink.write([Reading(1, AT_MS, ReportedState.NORMAL, 1.0)])
        await drained(sink)
        assert sink.health(AT_MS).notes["dead_letters"] == "0"
    kept = name.replace("\\", "/").replace("\n", " ")
    (series,) = influxdb.query("SELECT * FROM detector WHERE detector = $d", d=detector)
    row = dict(zip(series["columns"], series["values"][0], strict=True))
    assert (row["site"], row["area"], row["detector"]) == (kept, kept, detector)


def test_the_probe_says_in_plain_words_what_is_missing(influxdb: InfluxServer) -> None:
    transport = Transport(Target(influxdb.url, "", "org", "nonesuch"))
    found = probe(transport)
    transport.close()
    assert found.name.startswith("InfluxDB 1.")
    assert found.is_lasting
    assert found.problem is not None
    assert "no bucket 'nonesuch'" in found.problem
    assert 'it says: database not found: "nonesuch"' in found.problem


@pytest.mark.parametrize(
    ("token", "says"),
    [
        ("", "set INFLUXDB_V2_TOKEN"),
        ("nonsense", "check INFLUXDB_V2_TOKEN"),
        ("reader:guess", "check INFLUXDB_V2_TOKEN"),
        ("reader:pw", "may not write to the bucket 'gaswatch'"),
        ("owner:pw", None),
    ],
)
def test_users_of_influxdb_1_come_in_by_name_and_password(
    tmp_path: Path, token: str, says: str | None
) -> None:
    with an_influxdb(tmp_path, {"owner": "pw", "reader": "pw"}) as server:
        transport = Transport(Target(server.url, token, "", server.database))
        problem = probe(transport).problem
        transport.close()
    assert problem is None if says is None else says in str(problem)
