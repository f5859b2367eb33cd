"""An hour of readings, sorted by detector beside the database."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from gascore.journal import StoreDownError
from gascore.readings import Reading
from gascore.words import ReportedState
from gaswatch.stores.readings import EmbeddedReadings
from gaswatch.stores.readings_file import key
from gaswatch.stores.readings_seal import SealLimits
from gaswatch.stores.readings_sort import Sorter

HOUR_MS = 3_600_000
T0_MS = 500_000 * HOUR_MS
LATER_MS = T0_MS + 100 * HOUR_MS
NOS = (2**20 - 1, 1, 4_096, 4_095, 7)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "readings.db"


@pytest.fixture
def readings(path: Path) -> Iterator[EmbeddedReadings]:
    # One step in each call: what lies beside the database is there between them.
    opened = EmbeddedReadings(path, SealLimits(call=1))
    opened.write(
        [
            Reading(no, T0_MS + minute * 60_000, ReportedState.NORMAL, minute / 10)
            for minute in range(3)
            for no in NOS
        ]
    )
    yield opened
    opened.close()


def test_rows_come_by_detector_and_instant_however_they_were_taken(
    readings: EmbeddedReadings, path: Path
) -> None:
    sorter, next_key, end_key = Sorter(path), 0, key(T0_MS + 120_000, 0)
    sorter.begin()
    while next_key != end_key:
        copied, next_key = sorter.copy(next_key, end_key, 2)
        assert copied <= 2
    found = [pair for group in sorter.groups() for pair in sorter.rows(group)]
    assert [no for no, _ in found] == sorted(NOS)
    for _, rows in found:
        assert [(row[0], row[1]) for row in rows] == [(T0_MS, 0), (T0_MS + 60_000, 1)]
    sorter.end()
    assert not list(path.parent.glob("*.sorting"))
    assert readings.latest([7])


def test_nothing_is_left_beside_the_database_when_the_hour_is_packed(
    readings: EmbeddedReadings, path: Path
) -> None:
    seen = set()
    for _ in range(20):
        readings.seal(LATER_MS)
        seen.add(path.with_name("readings.db.sorting").exists())
    assert seen == {True, False}
    assert not path.with_name("readings.db.sorting").exists()
    assert len(readings.series(1, T0_MS, LATER_MS)) == 3


def test_what_a_killed_process_left_is_thrown_away(path: Path, readings: EmbeddedReadings) -> None:
    path.with_name("readings.db.sorting").write_bytes(b"half a file")
    packed = sum(readings.seal(LATER_MS) for _ in range(20))
    assert packed == 3 * len(NOS)
    assert len(readings.series(1, T0_MS, LATER_MS)) == 3


def test_without_room_to_sort_the_readings_stay_where_they_are_until_there_is(
    path: Path, readings: EmbeddedReadings
) -> None:
    blocker = path.with_name("readings.db.sorting")
    blocker.mkdir()
    with pytest.raises(StoreDownError, match=r"readings\.db\.sorting: "):
        readings.seal(LATER_MS)
    assert len(readings.series(1, T0_MS, LATER_MS)) == 3
    blocker.rmdir()
    assert sum(readings.seal(LATER_MS) for _ in range(20)) == 3 * len(NOS)


def test_an_hour_that_is_half_packed_begins_again_after_a_restart(path: Path) -> None:
    before = EmbeddedReadings(path, SealLimits(call=1, chunks=1))
    before.write([Reading(no, T0_MS, ReportedState.NORMAL, 1.0) for no in NOS])
    while not before.seal(LATER_MS):
        pass
    before.close()
    after = EmbeddedReadings(path)
    assert after.seal(LATER_MS) == len(NOS)
    assert all(len(after.series(no, T0_MS, LATER_MS)) == 1 for no in NOS)
    after.close()
    with sqlite3.connect(path) as connection:
        assert connection.execute("SELECT count(*), sum(number) FROM chunk").fetchone() == (
            len(NOS),
            len(NOS),
        )
    connection.close()
