"""Exports of any length need little memory, and say how far they are."""

from collections.abc import Iterator, Sequence
from datetime import UTC
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from gascore.readings import Labels, Reading
from gascore.words import DetectorId, ReportedState
from gaswatch.readings.cli import AT_ONCE, copy
from gaswatch.readings.files import ExportError, Format, Row, format_of, instant, writing_to

LABELS = {no: Labels(DetectorId(f"d{no}"), "S1", "grid-1", "lpg") for no in (3, 7)}


def test_only_a_few_readings_are_in_memory_however_many_there_are() -> None:
    made = written = most = 0

    def found() -> Iterator[Reading]:
        nonlocal made
        for no in LABELS:
            for at_ms in range(3 * AT_ONCE):
                made += 1
                yield Reading(no, at_ms, ReportedState.NORMAL)

    def write(rows: Sequence[Row]) -> None:
        nonlocal written, most
        most = max(most, made - written)
        written += len(rows)

    said: list[tuple[int, int]] = []
    assert copy(found(), LABELS, write, lambda done, taken: said.append((done, taken))) == 6 * AT_ONCE
    assert (written, most) == (6 * AT_ONCE, AT_ONCE)
    assert said[0] == (0, AT_ONCE)
    assert said[-1] == (1, 6 * AT_ONCE)


def test_the_files_ending_says_the_format_unless_somebody_does() -> None:
    assert format_of(Path("a/B.CSV"), None) is Format.CSV
    assert format_of(Path("b.parquet"), None) is Format.PARQUET
    assert format_of(Path("b.parquet"), Format.CSV) is Format.CSV
    with pytest.raises(ExportError, match=r"\.csv or …\.parquet"):
        format_of(Path("readings"), None)


def test_instants_carry_the_offset_of_the_town() -> None:
    assert instant(1_764_075_790_250, UTC) == "2025-11-25T13:03:10.250+00:00"
    assert instant(1_764_075_790_250, ZoneInfo("Asia/Shanghai")) == "2025-11-25T21:03:10.250+08:00"
    assert instant(0, UTC) == "1970-01-01T00:00:00.000+00:00"


def test_an_id_that_a_spreadsheet_would_take_for_a_formula_stays_text(tmp_path: Path) -> None:
    file = tmp_path / "x.csv"
    evil = Labels(DetectorId("-1"), "=cmd()", "-", "lpg")
    with writing_to(file, Format.CSV, UTC) as write:
        write([(evil, Reading(1, 0, ReportedState.LOW, 26.4))])
    assert (
        file.read_text("utf-8-sig").splitlines()[1].startswith("'-1,'=cmd(),-,lpg,0,1970-01-01T00:00:00.000")
    )


@pytest.mark.parametrize("form", Format)
def test_a_file_that_was_not_finished_is_not_there(tmp_path: Path, form: Format) -> None:
    if form is Format.PARQUET:
        pytest.importorskip("pyarrow", reason="PARQUET IS NOT TESTED: pip install pyarrow")
    file = tmp_path / "x"
    file.write_text("older")

    def fail_half_way() -> None:
        with writing_to(file, form, UTC) as write:
            write([(LABELS[3], Reading(3, 0, ReportedState.LOW, 26.4))])
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail_half_way()
    assert [one.name for one in tmp_path.iterdir()] == ["x"]
    assert file.read_text() == "older"
