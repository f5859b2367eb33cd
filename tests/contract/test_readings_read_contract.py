"""Readings read the same from the embedded store, packed or not, and from a real InfluxDB.

From any other InfluxDB, too, where the environment names one (`support.influx.GIVEN`).
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from secrets import token_hex
from typing import NamedTuple, Protocol

import pytest

from gascore.journal import StoreDownError
from gascore.readings import Labels, Reading
from gascore.words import DetectorId, ReportedState
from gaswatch.stores.influx import reader
from gaswatch.stores.influx.lines import Lines
from gaswatch.stores.influx.probe import probe
from gaswatch.stores.influx.query import Query
from gaswatch.stores.influx.reader import InfluxReader
from gaswatch.stores.influx.transport import Target, Transport
from gaswatch.stores.readings import EmbeddedReadings
from gaswatch.stores.readings_query import Point
from support.clock import ManualClock
from support.influx import InfluxServer, an_influxdb, given_influx

pytestmark = pytest.mark.contract
HOUR_MS = 3_600_000
T0_MS = 490_000 * HOUR_MS
LATER_MS = T0_MS + 100 * HOUR_MS
NOS = (1, 2, 3, 70)
DAYS_MS = 3 * 86_400_000
"""After this the newest reading is not one of the last days."""


class Reads(Protocol):
    def series(self, no: int, from_ms: int, to_ms: int, every_ms: int | None = None) -> list[Point]: ...
    def latest(self, nos: list[int]) -> dict[int, Reading]: ...
    def scan(self, nos: list[int], from_ms: int, to_ms: int) -> Iterator[Reading]: ...


class Place(NamedTuple):
    """A store: what writes to it, and what reads."""

    write: Callable[..., None]
    reads: Reads


@pytest.fixture(scope="module")
def influxdb(tmp_path_factory: pytest.TempPathFactory) -> Iterator[InfluxServer]:
    with an_influxdb(tmp_path_factory.mktemp("influxdb")) as server:
        yield server


@pytest.fixture(params=["embedded", "packed", "influx", "given"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    if request.param in {"influx", "given"}:
        given = request.param == "given"
        with _influx(given_influx() if given else _target(request.getfixturevalue("influxdb"))) as running:
            yield running
        return
    readings = EmbeddedReadings(tmp_path / "readings.db")

    def write(some: list[Reading]) -> None:
        readings.write(some)
        while request.param == "packed" and readings.seal(LATER_MS):
            pass

    yield Place(write, readings)
    readings.close()


@contextmanager
def _influx(target: Target) -> Iterator[Place]:
    """Each time with detectors of its own: what others have written stays there."""
    mark = token_hex(4)
    names = {no: f"GD:{no}_{mark}" for no in NOS}
    writes = Transport(target)
    dialect = probe(writes).dialect

    def write(some: list[Reading], site: str = "S 1", area: str = "grid,1") -> None:
        lines = Lines()
        lines.label({no: Labels(DetectorId(name), site, area, "lpg") for no, name in names.items()})
        for packed in lines.pack(some):
            answer = writes.write(packed.payload, dialect)
            assert answer.status == 204, answer

    def ids(nos: Collection[int]) -> Mapping[int, str]:
        return {no: names[no] for no in nos if no in names}

    reads = InfluxReader(Query(target, ManualClock()), ids, ManualClock(T0_MS + DAYS_MS))
    yield Place(write, reads)
    reads.close()
    writes.close()


def _target(server: InfluxServer) -> Target:
    return Target(server.url, "", "", server.database)


def a_reading(
    no: int, at_ms: int, lel: float | None = 1.5, state: ReportedState = ReportedState.NORMAL
) -> Reading:
    return Reading(no, T0_MS + at_ms, state, lel, None, 90.0, -60.0)


def test_a_reading_comes_back_with_all_its_values(place: Place) -> None:
    whole = Reading(2, T0_MS, ReportedState.LOW, 26.4, 31.5, 88.0, -71.0)
    bare = Reading(3, T0_MS, ReportedState.FAULT)
    place.write([whole, bare])
    assert place.reads.series(2, T0_MS, T0_MS + 1) == [
        Point(T0_MS, 1, 26.4, 26.4, 26.4, 31.5, ReportedState.LOW)
    ]
    assert place.reads.series(3, T0_MS, T0_MS + 1) == [
        Point(T0_MS, 1, None, None, None, None, ReportedState.FAULT)
    ]
    assert place.reads.latest([2, 3, 70]) == {2: whole, 3: bare}
    assert list(place.reads.scan([3, 2, 70], T0_MS, T0_MS + 1)) == [whole, bare]


def test_the_begin_belongs_to_a_period_and_its_end_does_not(place: Place) -> None:
    place.write([a_reading(1, at_ms) for at_ms in (0, 1_000, 2_000)])
    found = place.reads.series(1, T0_MS, T0_MS + 2_000)
    assert [one.at_ms - T0_MS for one in found] == [0, 1_000]
    assert place.reads.series(1, T0_MS + 2_001, 2**62) == []
    assert place.reads.series(1, T0_MS + 2_000, T0_MS) == []
    assert place.reads.series(1, T0_MS + 2_000, T0_MS, 60_000) == []
    assert len(place.reads.series(1, -5, 2**62)) == 3


def test_steps_are_counted_from_the_begin_of_the_period_and_empty_ones_are_missing(place: Place) -> None:
    place.write(
        [
            a_reading(1, 499, 99.0),
            a_reading(1, 500, 1.0),
            a_reading(1, 999, 3.0, ReportedState.FAULT),
            a_reading(1, 2_600, None),
            Reading(1, T0_MS + 2_700, ReportedState.NORMAL, None, 12.5),
            a_reading(1, 3_500, 99.0),
        ]
    )
    assert place.reads.series(1, T0_MS + 500, T0_MS + 3_500, 1_000) == [
        Point(T0_MS + 500, 2, 1.0, 3.0, 2.0, None, ReportedState.FAULT),
        Point(T0_MS + 2_500, 2, None, None, None, 12.5, ReportedState.NORMAL),
    ]


def test_the_mean_of_a_step_is_that_of_its_readings(place: Place) -> None:
    place.write([a_reading(1, at_ms, lel) for at_ms, lel in ((0, 0.1), (10, 0.2), (20, 0.6), (30, None))])
    (point,) = place.reads.series(1, T0_MS, T0_MS + 60_000, 60_000)
    assert (point.count, point.lel_min, point.lel_max) == (4, 0.1, 0.6)
    assert point.lel_mean == pytest.approx(0.3)


def test_a_reading_written_twice_is_one(place: Place) -> None:
    place.write([a_reading(1, 0)])
    place.write([a_reading(1, 0)])
    assert [one.count for one in place.reads.series(1, T0_MS, LATER_MS, HOUR_MS)] == [1]
    assert len(list(place.reads.scan([1], T0_MS, LATER_MS))) == 1


def test_the_newest_is_that_of_the_latest_instant_in_whatever_order_they_came(place: Place) -> None:
    newest = {
        1: a_reading(1, 5 * HOUR_MS, 5.0),
        2: a_reading(2, 0, 2.0),
        70: a_reading(70, DAYS_MS - HOUR_MS, 7.0),
    }
    place.write(list(newest.values()))
    place.write([a_reading(1, HOUR_MS, 1.0), a_reading(70, HOUR_MS, 1.0)])
    assert place.reads.latest([1, 2, 3, 70]) == newest
    assert place.reads.latest([]) == {}


def test_a_scan_goes_by_number_and_instant_over_hours_and_pages(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reader, "PAGE", 3)
    hours = [(no, hour * HOUR_MS + part) for no in (70, 2, 1) for hour in (0, 1, 4) for part in (0, 7, 9)]
    place.write([a_reading(no, at_ms) for no, at_ms in hours])
    expected = sorted(
        (no, T0_MS + at_ms) for no, at_ms in hours if no in {1, 70} and 7 <= at_ms < 4 * HOUR_MS + 9
    )
    found = place.reads.scan([70, 1, 3], T0_MS + 7, T0_MS + 4 * HOUR_MS + 9)
    assert [(one.no, one.at_ms) for one in found] == expected


def test_a_detector_that_nobody_knows_has_no_readings(place: Place) -> None:
    assert place.reads.series(999, T0_MS, LATER_MS) == []
    assert place.reads.series(999, T0_MS, LATER_MS, 1_000) == []
    assert place.reads.latest([999]) == {}
    assert list(place.reads.scan([999], T0_MS, LATER_MS)) == []


def test_a_detector_that_moved_keeps_its_curve(influxdb: InfluxServer) -> None:
    with _influx(_target(influxdb)) as place:
        place.write([a_reading(1, 0), a_reading(1, 1_000)])
        place.write([a_reading(1, 1_000), a_reading(1, 2_000, 9.0)], site="S2", area="-")
        assert [one.at_ms - T0_MS for one in place.reads.scan([1], T0_MS, LATER_MS)] == [0, 1_000, 2_000]
        assert place.reads.latest([1]) == {1: a_reading(1, 2_000, 9.0)}


def test_what_somebody_else_wrote_into_the_measurement_is_said_and_not_shown(influxdb: InfluxServer) -> None:
    influxdb.write(f"detector,detector=GD-odd state=99i {T0_MS}\n".encode())
    reads = InfluxReader(
        Query(_target(influxdb), ManualClock()), lambda nos: dict.fromkeys(nos, "GD-odd"), ManualClock()
    )
    with pytest.raises(StoreDownError, match=r"that gaswatch did not write \(there is no state 99\)"):
        reads.latest([1])
    reads.close()
