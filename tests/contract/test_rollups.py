"""The hourly roll-ups beside a series server: durable, never counted twice, the same as the embedded store's."""

import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gascore.journal import StoreDownError
from gascore.readings import HourStat, Reading
from gascore.words import ReportedState
from gaswatch.stores.readings import EmbeddedReadings
from gaswatch.stores.rollups import Rollups

pytestmark = pytest.mark.contract
HOUR_MS = 3_600_000
MINUTE_MS = 60_000
T0_MS = 500_000 * HOUR_MS
LATER_MS = T0_MS + 100 * HOUR_MS
NOS = (1, 2, 16_384, 1_048_575)
"""Of two groups and more, and the last one that there can be."""


def a_reading(no: int, at_ms: int, lel: float | None = 1.5) -> Reading:
    return Reading(no, T0_MS + at_ms, ReportedState.NORMAL, lel)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "rollups.db"


@pytest.fixture
def rollups(path: Path) -> Iterator[Rollups]:
    opened = Rollups(path)
    yield opened
    opened.close()


def folded(rollups: Rollups, now_ms: int = LATER_MS) -> int:
    done = 0
    while more := rollups.seal(now_ms):
        done += more
    return done


_BATCHES = st.lists(
    st.lists(
        st.builds(
            a_reading,
            st.sampled_from(NOS),
            st.integers(0, 20).map(lambda part: part * HOUR_MS // 7 + part % 3),
            st.sampled_from([None, 0.0, 0.7, 99.9]),
        ),
        max_size=10,
    ),
    max_size=6,
)


@given(_BATCHES)
def test_they_are_those_of_the_embedded_store_whatever_is_repeated_and_whenever_it_is_folded(
    batches: list[list[Reading]],
) -> None:
    kept: dict[tuple[int, int], Reading] = {}
    with TemporaryDirectory() as folder:
        rollups, embedded = (
            Rollups(Path(folder) / "rollups.db", most=1),
            EmbeddedReadings(Path(folder) / "readings.db"),
        )
        for batch in batches:
            same = [kept.setdefault((one.no, one.at_ms), one) for one in batch]
            rollups.add(same)
            embedded.write(same)
        before = {no: rollups.hourly(no, T0_MS, LATER_MS) for no in NOS}
        assert before == {no: embedded.hourly(no, T0_MS, LATER_MS) for no in NOS}
        assert folded(rollups) == len(kept)
        assert {no: rollups.hourly(no, T0_MS, LATER_MS) for no in NOS} == before
        rollups.add(list(kept.values()))
        assert {no: rollups.hourly(no, T0_MS, LATER_MS) for no in NOS} == before
        folded(rollups)
        assert {no: rollups.hourly(no, T0_MS, LATER_MS) for no in NOS} == before
        rollups.close()
        embedded.close()


@given(_BATCHES, st.lists(st.integers(0, 5), max_size=6))
def test_nothing_is_counted_twice_and_no_maximum_lost_when_readings_come_late(
    batches: list[list[Reading]], hours: list[int]
) -> None:
    kept: dict[tuple[int, int], Reading] = {}
    with TemporaryDirectory() as folder:
        rollups = Rollups(Path(folder) / "rollups.db", most=1)
        for at, batch in enumerate(batches):
            rollups.add([kept.setdefault((one.no, one.at_ms), one) for one in batch])
            if at < len(hours):
                rollups.seal(T0_MS + hours[at] * HOUR_MS)
        for no in NOS:
            mine = [one for one in kept.values() if one.no == no]
            minutes = {one.at_ms // MINUTE_MS for one in mine}
            found = rollups.hourly(no, T0_MS, LATER_MS)
            assert len(minutes) <= sum(one.count for one in found) <= len(mine)
            assert {one.hour_ms: one.lel_max for one in found} == _highest(mine)
        rollups.close()


def _highest(readings: list[Reading]) -> dict[int, float | None]:
    found: dict[int, float | None] = {}
    for one in readings:
        hour_ms = one.at_ms - one.at_ms % HOUR_MS
        lels = [lel for lel in (found.get(hour_ms), one.lel) if lel is not None]
        found[hour_ms] = max(lels, default=None)
    return found


def test_a_redelivery_counts_once_and_a_late_reading_of_an_empty_minute_counts(rollups: Rollups) -> None:
    in_time = [a_reading(1, 0, 1.0), a_reading(1, 30_000, 2.0)]
    rollups.add(in_time)
    rollups.add(in_time[:1])
    assert rollups.hourly(1, T0_MS, T0_MS + 1) == [HourStat(1, T0_MS, 2, 2.0, 1.5)]
    assert folded(rollups) == 2
    rollups.add([*in_time, a_reading(1, 5 * MINUTE_MS, 6.0)])
    expected = [HourStat(1, T0_MS, 3, 6.0, 3.0)]
    assert rollups.hourly(1, T0_MS, T0_MS + 1) == expected
    folded(rollups)
    assert rollups.hourly(1, T0_MS, T0_MS + 1) == expected


def test_a_late_peak_is_never_lost_though_its_minute_is_counted_already(rollups: Rollups) -> None:
    rollups.add([a_reading(1, 0, 1.0)])
    folded(rollups)
    rollups.add([a_reading(1, 20_000, 90.0)])
    expected = [HourStat(1, T0_MS, 1, 90.0, 1.0)]
    assert rollups.hourly(1, T0_MS, T0_MS + 1) == expected
    folded(rollups)
    assert rollups.hourly(1, T0_MS, T0_MS + 1) == expected


def test_only_hours_that_the_period_touches_are_answered(rollups: Rollups) -> None:
    rollups.add([a_reading(1, hour * HOUR_MS) for hour in (0, 1, 5)] + [a_reading(2, 0)])
    for _ in range(2):
        assert [one.hour_ms for one in rollups.hourly(1, T0_MS + HOUR_MS, T0_MS + 5 * HOUR_MS)] == [
            T0_MS + HOUR_MS
        ]
        assert len(rollups.hourly(1, 0, 2**62)) == 3
        assert rollups.hourly(1, T0_MS + 6 * HOUR_MS, 2**62) == []
        assert rollups.hourly(3, 0, 2**62) == []
        folded(rollups)


def test_what_is_younger_than_ten_minutes_stays_loose(rollups: Rollups) -> None:
    rollups.add([a_reading(1, 0), a_reading(1, 9 * MINUTE_MS)])
    assert rollups.seal(T0_MS + 10 * MINUTE_MS) == 0
    assert rollups.seal(T0_MS + 15 * MINUTE_MS) == 1
    assert rollups.seal(T0_MS + 20 * MINUTE_MS) == 1


def test_a_clock_that_was_an_hour_ahead_costs_the_count_of_one_minute_at_most(rollups: Rollups) -> None:
    rollups.add([a_reading(1, 0)])
    rollups.seal(T0_MS + HOUR_MS)  # the clock is ahead …
    for at_ms in range(20_000, 40 * MINUTE_MS, 20_000):  # … and set back
        rollups.add([a_reading(1, at_ms)])
        rollups.add([a_reading(1, at_ms)])
        if at_ms % MINUTE_MS == 0:
            rollups.seal(T0_MS + at_ms)
    assert [one.count for one in rollups.hourly(1, T0_MS, T0_MS + 1)] == [118]
    folded(rollups)
    assert [one.count for one in rollups.hourly(1, T0_MS, T0_MS + 1)] == [118]


def test_folding_goes_on_beside_the_writer_and_counts_each_once(path: Path) -> None:
    writer, reader = Rollups(path, most=100), Rollups(path)
    minutes = 200

    def write() -> None:
        for minute in range(minutes):
            writer.add([a_reading(no, minute * MINUTE_MS) for no in NOS])

    def seal() -> None:
        while not writing.done():
            writer.seal(T0_MS + minutes * MINUTE_MS // 2)

    def read() -> None:
        before = 0
        while not writing.done():
            now = sum(one.count for one in reader.hourly(NOS[2], T0_MS, LATER_MS))
            assert before <= now <= minutes
            before = now

    with ThreadPoolExecutor(3) as pool:
        writing = pool.submit(write)
        for one in [writing, pool.submit(seal), pool.submit(read)]:
            one.result(60)
    folded(writer)
    assert [sum(one.count for one in reader.hourly(no, T0_MS, LATER_MS)) for no in NOS] == [minutes] * 4
    writer.close()
    reader.close()


def test_what_was_added_survives_a_kill(path: Path) -> None:
    child = subprocess.Popen(
        [sys.executable, "-c", _ADDER, str(path), str(T0_MS)], stdout=subprocess.PIPE, cwd=Path.cwd()
    )
    assert child.stdout is not None
    acknowledged = [int(child.stdout.readline()) for _ in range(100)]
    child.kill()
    child.wait(10)
    child.stdout.close()
    rollups = Rollups(path)
    counted = sum(one.count for one in rollups.hourly(1, T0_MS, LATER_MS))
    assert len(acknowledged) <= counted <= len(acknowledged) + 1_000
    folded(rollups)
    assert sum(one.count for one in rollups.hourly(1, T0_MS, LATER_MS)) == counted
    rollups.close()


_ADDER = """
import sys
from pathlib import Path
from gascore.readings import Reading
from gascore.words import ReportedState
from gaswatch.stores.rollups import Rollups

rollups = Rollups(Path(sys.argv[1]))
at_ms = 0
while True:
    at_ms += 60_000
    rollups.add([Reading(1, int(sys.argv[2]) + at_ms, ReportedState.NORMAL, 1.0)])
    print(at_ms, flush=True)
    rollups.seal(int(sys.argv[2]) + at_ms)
"""


def test_a_file_that_is_no_database_is_left_alone(path: Path) -> None:
    path.write_bytes(b"no database at all, but something that somebody needs" * 100)
    with pytest.raises(StoreDownError, match=r"rollups\.db: file is not a database"):
        Rollups(path)
    assert path.read_bytes().startswith(b"no database")
