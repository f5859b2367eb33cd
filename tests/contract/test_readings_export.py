"""`gaswatch readings export`, as a command, over the embedded store and over a real InfluxDB."""

import csv
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event
from typing import Any, NamedTuple

import pytest

from gascore.readings import Labels, Reading
from gascore.words import DetectorId, ReportedState
from gaswatch.settings import Settings
from gaswatch.stores.engine import open_engine
from gaswatch.stores.influx.lines import Lines
from gaswatch.stores.readings import EmbeddedReadings
from gaswatch.stores.registry import SqlRegistry
from gaswatch.stores.schema import metadata
from support.broker import free_port
from support.history_town import JANUARY_MS, a_detector, a_ledger, a_site
from support.influx import InfluxServer, an_influxdb

pytestmark = pytest.mark.contract
MINUTE_MS = 60_000
PERIOD = ("--from", "2026-01-01", "--to", "2026-01-02")
"""A day of Asia/Shanghai."""
BEGIN_MS = 1_767_196_800_000
"""2026-01-01T00:00+08:00."""


class Done(NamedTuple):
    """What came of a command."""

    status: int
    said: str


class Place(NamedTuple):
    """An installation with readings."""

    folder: Path
    write: Callable[[list[Reading]], None]
    env: dict[str, str]

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "gaswatch", "readings", "export", *arguments],
            env={**os.environ, "GASWATCH_DATA_DIR": str(self.folder), "TERM": "dumb", **self.env},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            cwd=Path.cwd(),
        )

    def export(self, *arguments: str) -> Done:
        child = self.start(*arguments)
        said, _ = child.communicate(timeout=60)
        return Done(child.returncode, said)


def a_reading(no: int, minute: int, lel: float | None = 1.5) -> Reading:
    return Reading(no, BEGIN_MS + minute * MINUTE_MS, ReportedState.NORMAL, lel, None, 90.0, -60.0)


@pytest.fixture(scope="module")
def influxdb(tmp_path_factory: pytest.TempPathFactory) -> Iterator[InfluxServer]:
    with an_influxdb(tmp_path_factory.mktemp("influxdb")) as server:
        yield server


@pytest.fixture(params=["embedded", "influx"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    folder = tmp_path / "var"
    _ledger_in(folder)
    if request.param == "embedded":
        readings = EmbeddedReadings(folder / "readings.db")
        yield Place(folder, readings.write, {})
        readings.close()
        return
    server: InfluxServer = request.getfixturevalue("influxdb")
    lines = Lines()
    lines.label({no: Labels(DetectorId(f"d{no}"), "S1", "grid", "methane") for no in (1, 2, 3)})
    env = {
        "GASWATCH_SERIES": "influx",
        "INFLUXDB_V2_URL": server.url,
        "GASWATCH_INFLUX_BUCKET": server.database,
    }
    yield Place(folder, lambda some: server.write("".join(map(lines.line, some)).encode()), env)
    server.query("DROP MEASUREMENT detector")


@pytest.fixture
def embedded(tmp_path: Path) -> Iterator[Place]:
    folder = tmp_path / "var"
    _ledger_in(folder)
    readings = EmbeddedReadings(folder / "readings.db")
    yield Place(folder, readings.write, {})
    readings.close()


def _ledger_in(folder: Path) -> None:
    folder.mkdir()
    engine = open_engine(Settings(data_dir=folder).database)
    metadata.create_all(engine)
    ledger = a_ledger(
        detectors=(a_detector("d1"), a_detector("d2", no=2), a_detector("d3", site="S2", no=3)),
        sites=(a_site("S1"), a_site("S2", area="grid-2")),
    )
    SqlRegistry(engine).put(ledger, by="test", at_ms=JANUARY_MS)
    engine.dispose()


def rows_of(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8-sig", newline="") as opened:
        return list(csv.DictReader(opened))


def test_a_day_comes_as_csv_by_detector_and_time(place: Place, tmp_path: Path) -> None:
    place.write([a_reading(no, minute) for minute in (-1, 0, 1_439, 1_440) for no in (2, 1)])
    file = tmp_path / "day.csv"
    done = place.export(str(file), *PERIOD)
    assert (done.status, done.said.splitlines()[-1]) == (0, f"4 readings written to {file}")
    rows = rows_of(file)
    assert [(one["detector"], one["at"]) for one in rows] == [
        ("d1", "2026-01-01T00:00:00.000+08:00"),
        ("d1", "2026-01-01T23:59:00.000+08:00"),
        ("d2", "2026-01-01T00:00:00.000+08:00"),
        ("d2", "2026-01-01T23:59:00.000+08:00"),
    ]
    assert rows[0] == {
        "detector": "d1",
        "site": "S1",
        "area": rows[0]["area"],
        "gas": rows[0]["gas"],
        "at_ms": str(BEGIN_MS),
        "at": "2026-01-01T00:00:00.000+08:00",
        "state": "normal",
        "lel": "1.5",
        "co": "",
        "batt": rows[0]["batt"],
        "rssi": rows[0]["rssi"],
    }
    assert (float(rows[0]["batt"]), float(rows[0]["rssi"])) == (90, -60)
    assert [one.name for one in tmp_path.iterdir() if one.name.endswith(".part")] == []


def test_parquet_has_the_same_with_types(place: Place, tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet", reason="PARQUET IS NOT TESTED: pip install pyarrow")
    place.write([a_reading(1, 0), a_reading(1, 1, None), a_reading(2, 1, 99.9)])
    file = tmp_path / "day.parquet"
    assert place.export(str(file), *PERIOD).status == 0
    rows: list[dict[str, Any]] = parquet.read_table(file).to_pylist()
    assert [(one["detector"], one["at_ms"], one["lel"], one["co"]) for one in rows] == [
        ("d1", BEGIN_MS, 1.5, None),
        ("d1", BEGIN_MS + MINUTE_MS, None, None),
        ("d2", BEGIN_MS + MINUTE_MS, 99.9, None),
    ]


def test_one_detector_one_site_or_one_area_alone(place: Place, tmp_path: Path) -> None:
    place.write([a_reading(no, 0) for no in (1, 2, 3)])
    file = tmp_path / "some.dat"
    for option, name, expected in (
        ("--detector", "d2", ["d2"]),
        ("--site", "S1", ["d1", "d2"]),
        ("--area", "grid-2", ["d3"]),
        ("--area", "town", ["d1", "d2", "d3"]),
    ):
        assert place.export(str(file), *PERIOD, option, name, "--format", "csv").status == 0
        assert [one["detector"] for one in rows_of(file)] == expected


def test_a_period_without_readings_is_a_file_without_rows(place: Place, tmp_path: Path) -> None:
    file = tmp_path / "none.csv"
    assert place.export(str(file), *PERIOD).status == 0
    assert rows_of(file) == []


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("x.csv", "--from", "2026-01-02", "--to", "2026-01-01"), "period"),
        (("x.csv", "--from", "yesterday", "--to", "2026-01-01"), "'yesterday' is not a day such as"),
        (("x.dat", *PERIOD), "name the file ….csv or ….parquet, or say --format"),
        (("x.csv", *PERIOD, "--detector", "nobody"), "there is no detector nobody in the ledger"),
        (("x.csv", *PERIOD, "--site", "nowhere"), "there is no site nowhere in the ledger"),
        (("x.csv", *PERIOD, "--area", "nowhere"), "there is no area nowhere in the ledger"),
        (("/proc/x.csv", *PERIOD), "/proc/"),
        (("/proc", *PERIOD, "--format", "csv"), "/proc is a folder: name a file in it"),
    ],
)
def test_what_can_not_be_done_is_one_line_and_leaves_no_file(
    embedded: Place, tmp_path: Path, arguments: tuple[str, ...], said: str
) -> None:
    done = embedded.export(str(tmp_path / arguments[0]), *arguments[1:])
    assert done.status == 1
    assert done.said.startswith("gaswatch readings export: ")
    assert (said in done.said, done.said.count("\n")) == (True, 1)
    assert [one.name for one in tmp_path.iterdir()] == ["var"]


def test_a_detector_and_a_site_at_once_are_refused(embedded: Place, tmp_path: Path) -> None:
    done = embedded.export(str(tmp_path / "x.csv"), *PERIOD, "--detector", "d1", "--site", "S1")
    assert done.status == 2
    assert not (tmp_path / "x.csv").exists()


def test_without_readings_or_without_influxdb_the_old_file_stays(embedded: Place, tmp_path: Path) -> None:
    file = tmp_path / "x.csv"
    file.write_text("older")
    gone = f"127.0.0.1:{free_port()}"
    away = embedded._replace(env={"GASWATCH_SERIES": "influx", "INFLUXDB_V2_URL": f"http://{gone}"})
    done = away.export(str(file), *PERIOD)
    assert (done.status, f"InfluxDB at {gone} does not answer" in done.said) == (1, True)
    (embedded.folder / "readings.db").unlink()
    done = embedded.export(str(file), *PERIOD)
    assert (done.status, "there are no readings at" in done.said) == (1, True)
    assert not (embedded.folder / "readings.db").exists()
    assert file.read_text() == "older"
    assert sorted(one.name for one in tmp_path.iterdir()) == ["var", "x.csv"]


def test_on_a_full_disk_it_says_so_and_leaves_the_old_file(embedded: Place, tmp_path: Path) -> None:
    embedded.write([a_reading(no, minute) for no in (1, 2, 3) for minute in range(1_440)])
    file = tmp_path / "x.csv"
    file.write_text("older")
    child = subprocess.run(
        [sys.executable, "-c", _SMALL_DISK, "readings", "export", str(file), *PERIOD],
        env={**os.environ, "GASWATCH_DATA_DIR": str(embedded.folder)},
        capture_output=True,
        text=True,
        cwd=Path.cwd(),
        timeout=60,
        check=False,
    )
    assert child.returncode == 1
    assert "File too large" in child.stderr
    assert file.read_text() == "older"
    assert sorted(one.name for one in tmp_path.iterdir()) == ["var", "x.csv"]


_SMALL_DISK = """
import resource, signal
from gaswatch.cli import main
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (250_000, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))
main()
"""


def test_killed_in_the_middle_there_is_no_half_file(embedded: Place, tmp_path: Path) -> None:
    for hour in range(24):
        embedded.write([a_reading(no, hour * 60 + minute) for no in (1, 2, 3) for minute in range(60)])
    file = tmp_path / "x.csv"
    child = embedded.start(str(file), *PERIOD)
    while child.poll() is None and not list(tmp_path.glob(".x.csv.*.part")):
        Event().wait(0.001)  # until it has begun; it may be quicker than we look
    child.send_signal(signal.SIGKILL)
    child.communicate(timeout=60)
    assert not file.exists() or len(rows_of(file)) == 3 * 1_440
