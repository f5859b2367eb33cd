"""The embedded time series keeps each reading once, wherever it lies, whatever interrupts it."""

import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from gascore.journal import StoreDownError
from gascore.readings import HourStat, Labels, Reading
from gascore.words import DetectorId, ReportedState
from gaswatch.stores.engine import StoreUnusableError
from gaswatch.stores.readings import EmbeddedReadings
from gaswatch.stores.readings_query import Point
from gaswatch.stores.readings_seal import SealLimits

pytestmark = pytest.mark.contract
HOUR_MS = 3_600_000
T0_MS = 500_000 * HOUR_MS
LATER_MS = T0_MS + 100 * HOUR_MS
SMALL = SealLimits(call=1, slice=3, late=2)
"""One small step in each call, so that a test stops between any two."""


def a_reading(
    no: int, at_ms: int, lel: float | None = 1.5, state: ReportedState = ReportedState.NORMAL
) -> Reading:
    return Reading(no, T0_MS + at_ms, state, lel, None, 90.0, -60.0)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "readings.db"


@pytest.fixture
def readings(path: Path) -> Iterator[EmbeddedReadings]:
    opened = EmbeddedReadings(path)
    yield opened
    opened.close()


def test_a_reading_comes_back_as_a_point(readings: EmbeddedReadings) -> None:
    readings.write([Reading(7, T0_MS, ReportedState.LOW, 26.4, 31.5, 88.0, -71.0)])
    assert readings.series(7, T0_MS, T0_MS + 1) == [
        Point(T0_MS, 1, 26.4, 26.4, 26.4, 31.5, ReportedState.LOW)
    ]
    assert readings.latest([7, 8]) == {7: Reading(7, T0_MS, ReportedState.LOW, 26.4, 31.5, 88.0, -71.0)}
    assert readings.series(8, T0_MS, T0_MS + 1) == []
    assert readings.series(7, T0_MS + 1, 2**62) == []


def test_a_large_batch_is_stored_whole_whatever_its_size(readings: EmbeddedReadings) -> None:
    readings.write([a_reading(1, at_ms) for at_ms in range(250)])
    readings.write([a_reading(1, 250)])
    readings.write([a_reading(1, at_ms) for at_ms in range(251, 451)])
    assert [one.at_ms - T0_MS for one in readings.series(1, T0_MS, T0_MS + 500)] == list(range(451))


def test_steps_are_counted_from_the_begin_of_the_period(readings: EmbeddedReadings) -> None:
    readings.write(
        [a_reading(1, 500, 1.0), a_reading(1, 999, 3.0, ReportedState.FAULT), a_reading(1, 2_600, None)]
    )
    assert readings.series(1, T0_MS + 500, T0_MS + 3_500, 1_000) == [
        Point(T0_MS + 500, 2, 1.0, 3.0, 2.0, None, ReportedState.FAULT),
        Point(T0_MS + 2_500, 1, None, None, None, None, ReportedState.NORMAL),
    ]


def test_an_hour_is_packed_ten_minutes_after_it_is_over(readings: EmbeddedReadings) -> None:
    readings.write([a_reading(no, at_ms) for no in (1, 2) for at_ms in range(0, HOUR_MS, 60_000)])
    assert readings.seal(T0_MS + HOUR_MS + 599_999) == 0
    before = readings.series(1, T0_MS, LATER_MS)
    assert readings.seal(T0_MS + HOUR_MS + 600_000) == 120
    assert readings.series(1, T0_MS, LATER_MS) == before
    assert len(before) == 60


def test_a_late_reading_and_a_repeated_one_find_their_hour(readings: EmbeddedReadings) -> None:
    first, late = a_reading(1, 0, 1.0), a_reading(1, 30_000, 5.0)
    readings.write([first])
    readings.seal(LATER_MS)
    readings.write([first, late])
    expected = [HourStat(1, T0_MS, 2, 5.0, 3.0)]
    assert readings.hourly(1, T0_MS, T0_MS + 1) == expected
    assert readings.latest([1]) == {1: late}
    assert readings.seal(LATER_MS) == 2
    assert readings.hourly(1, T0_MS, T0_MS + 1) == expected
    assert readings.seal(LATER_MS) == 0


def test_the_labels_say_who_is_behind_a_number(readings: EmbeddedReadings) -> None:
    one, two = (Labels(DetectorId(name), "S1", "grid-1", "lpg") for name in ("GD-1", "GD-2"))
    readings.label({1: one})
    readings.label({1: two, 2: one})
    assert readings.labels() == {1: two, 2: one}


class Life(RuleBasedStateMachine):
    """Anything in any order, stopped and opened again in between: always what a dictionary would hold."""

    @initialize()
    def open(self) -> None:
        self.folder = TemporaryDirectory()
        self.readings = EmbeddedReadings(Path(self.folder.name) / "readings.db", SMALL)
        self.model: dict[int, dict[int, Reading]] = {1: {}, 2: {}, 70: {}}

    @rule(
        written=st.lists(
            st.builds(
                a_reading,
                st.sampled_from([1, 2, 70]),
                st.integers(0, 9).map(lambda part: part * HOUR_MS // 3 + part % 2),
                st.sampled_from([None, 0.0, 0.7, 99.9]),
                st.sampled_from([ReportedState.NORMAL, ReportedState.HIGH]),
            ),
            max_size=8,
        )
    )
    def write(self, written: list[Reading]) -> None:
        # The same instant always carries the same reading: a repetition, as a broker redelivers.
        kept = [self.model[one.no].setdefault(one.at_ms, one) for one in written]
        self.readings.write(kept)

    @rule(hours=st.integers(0, 6))
    def seal(self, hours: int) -> None:
        self.readings.seal(T0_MS + hours * HOUR_MS)

    @rule()
    def start_again(self) -> None:
        self.readings.close()
        self.readings = EmbeddedReadings(Path(self.folder.name) / "readings.db", SMALL)

    @invariant()
    def holds_what_was_written(self) -> None:
        newest = self.readings.latest(self.model)
        for no, by_instant in self.model.items():
            rows = [by_instant[at_ms] for at_ms in sorted(by_instant)]
            points = self.readings.series(no, T0_MS, LATER_MS)
            assert [(one.at_ms, one.lel_max, one.state) for one in points] == [
                (row.at_ms, row.lel, row.state) for row in rows
            ]
            hours = self.readings.hourly(no, T0_MS, LATER_MS)
            assert {one.hour_ms: (one.count, one.lel_max) for one in hours} == _hours(rows)
            assert newest.get(no) == (rows[-1] if rows else None)

    def teardown(self) -> None:
        if hasattr(self, "readings"):
            self.readings.close()
            self.folder.cleanup()


def _hours(rows: list[Reading]) -> dict[int, tuple[int, float | None]]:
    found: dict[int, list[Reading]] = {}
    for row in rows:
        found.setdefault(row.at_ms - row.at_ms % HOUR_MS, []).append(row)
    return {
        hour_ms: (len(some), max((one.lel for one in some if one.lel is not None), default=None))
        for hour_ms, some in found.items()
    }


TestLife = Life.TestCase
TestLife.settings = settings(settings.default, stateful_step_count=15)


@given(st.lists(st.integers(0, 2**20 - 1), min_size=1, max_size=30, unique=True))
def test_every_number_is_packed_whatever_the_slices(nos: list[int]) -> None:
    with TemporaryDirectory() as folder:
        readings = EmbeddedReadings(Path(folder) / "readings.db", SealLimits(slice=3))
        readings.write([a_reading(no, 0) for no in nos])
        assert readings.seal(LATER_MS) == len(nos)
        assert all(len(readings.series(no, T0_MS, LATER_MS)) == 1 for no in nos)
        readings.close()


def test_readers_and_the_sealer_go_on_beside_the_writer(path: Path) -> None:
    writer, reader = EmbeddedReadings(path, SealLimits(slice=50)), EmbeddedReadings(path)
    written = 0

    def write() -> None:
        nonlocal written
        for minute in range(240):
            writer.write([a_reading(no, minute * 60_000) for no in range(1, 21)])
            written = minute + 1

    def seal() -> None:
        while not writing.done():
            writer.seal(T0_MS + written * 60_000)

    def read() -> None:
        while not writing.done():
            before = written
            points = reader.series(7, T0_MS, LATER_MS)
            assert len(points) >= before
            assert [one.at_ms for one in points] == [T0_MS + minute * 60_000 for minute in range(len(points))]
            assert sum(one.count for one in reader.hourly(7, T0_MS, LATER_MS)) >= before

    with ThreadPoolExecutor(3) as pool:
        writing = pool.submit(write)
        others = [pool.submit(seal), pool.submit(read)]
        for one in (writing, *others):
            one.result(60)
    writer.close()
    reader.close()


def test_what_was_acknowledged_survives_a_kill(path: Path) -> None:
    child = subprocess.Popen(
        [sys.executable, "-c", _WRITER, str(path), str(T0_MS)], stdout=subprocess.PIPE, cwd=Path.cwd()
    )
    assert child.stdout is not None
    acknowledged = [int(child.stdout.readline()) for _ in range(200)]
    child.kill()
    child.wait(10)
    child.stdout.close()
    readings = EmbeddedReadings(path)
    found = {one.at_ms - T0_MS for one in readings.series(1, T0_MS, LATER_MS)}
    assert set(acknowledged) <= found
    readings.seal(LATER_MS)
    assert {one.at_ms - T0_MS for one in readings.series(1, T0_MS, LATER_MS)} == found
    readings.close()


_WRITER = """
import sys
from pathlib import Path
from gascore.readings import Reading
from gascore.words import ReportedState
from gaswatch.stores.readings import EmbeddedReadings
from gaswatch.stores.readings_seal import SealLimits

readings = EmbeddedReadings(Path(sys.argv[1]), SealLimits(call=1, slice=3, late=2))
at_ms = 0
while True:
    at_ms += 60_000
    readings.write([Reading(1, int(sys.argv[2]) + at_ms, ReportedState.NORMAL, 1.0)])
    print(at_ms, flush=True)
    readings.seal(int(sys.argv[2]) + at_ms)
"""


def test_several_processes_may_open_a_new_file_at_once(path: Path) -> None:
    opening = "import sys; from pathlib import Path; from gaswatch.stores.readings import EmbeddedReadings; "
    opening += "sys.stdin.readline(); EmbeddedReadings(Path(sys.argv[1])).close()"
    children = [
        subprocess.Popen([sys.executable, "-c", opening, str(path)], stdin=subprocess.PIPE, cwd=Path.cwd())
        for _ in range(4)
    ]
    for child in children:
        assert child.stdin is not None
        child.stdin.write(b"go\n")
        child.stdin.close()
    assert [child.wait(30) for child in children] == [0] * 4


def test_on_a_full_disk_nothing_acknowledged_is_lost_and_it_goes_on_when_there_is_room(path: Path) -> None:
    child = subprocess.run(
        [sys.executable, "-c", _FULL_DISK, str(path), str(T0_MS)],
        capture_output=True,
        text=True,
        cwd=Path.cwd(),
        timeout=60,
        check=True,
    )
    acknowledged, said = child.stdout.splitlines()
    assert said.startswith(f"{path}: ")
    readings = EmbeddedReadings(path)
    assert len(readings.series(1, T0_MS, LATER_MS)) == int(acknowledged)
    readings.close()


# A limit on the size of files stands for the disk's end: the same write fails in the same way.
_FULL_DISK = """
import resource
import sys
from pathlib import Path
from gascore.journal import StoreDownError
from gascore.readings import Reading
from gascore.words import ReportedState
from gaswatch.stores.readings import EmbeddedReadings

def write(at_ms):
    at_ms += int(sys.argv[2])
    readings.write([Reading(no, at_ms, ReportedState.NORMAL, 1.0) for no in range(1, 500)])

readings = EmbeddedReadings(Path(sys.argv[1]))
_, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, hard))
written = 0
try:
    while True:
        write(written)
        written += 1
except StoreDownError as error:
    said = str(error)
resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
write(written)
readings.close()
print(written + 1)
print(said)
"""


def test_a_damaged_chunk_is_named_and_not_taken_for_silence(readings: EmbeddedReadings, path: Path) -> None:
    readings.write([a_reading(7, 0)])
    readings.seal(LATER_MS)
    damage = sqlite3.connect(path)
    damage.execute("UPDATE chunk SET data = x'00'")
    damage.commit()
    damage.close()
    with pytest.raises(StoreDownError, match=r"detector number 7, hour .* \(restore a backup of the file\)"):
        readings.series(7, T0_MS, LATER_MS)


def test_a_file_that_is_no_database_is_left_alone(path: Path) -> None:
    path.write_bytes(b"no database at all, but something that somebody needs" * 100)
    with pytest.raises(StoreDownError, match=r"readings\.db: file is not a database"):
        EmbeddedReadings(path)
    assert path.read_bytes().startswith(b"no database")


def test_a_file_of_a_newer_version_is_left_alone(path: Path) -> None:
    EmbeddedReadings(path).close()
    newer = sqlite3.connect(path)
    newer.execute("PRAGMA user_version=99")
    newer.close()
    with pytest.raises(StoreUnusableError, match="was made by a newer version of gaswatch"):
        EmbeddedReadings(path)
