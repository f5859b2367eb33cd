"""`gaswatch report uptime`, on a store as the services write it."""

import csv
import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from dashboard.rules.uptime import UptimeQuery, period_of
from gascore.words import Condition, Language
from gaswatch.reports.cli import app
from gaswatch.reports.compliance import Compliance
from gaswatch.settings import Settings
from support.history_town import LATER_MS, SHANGHAI, Town, a_detector, a_site

DAY = 86_400
NAMES, FIGURES, TOTAL, RATES = slice(0, 4), slice(6, 14), 14, slice(15, 19)


@pytest.fixture
def town(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Town]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GASWATCH_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("GASWATCH_LANGUAGE", "en")
    town = Town(tmp_path)
    sites = (a_site("S1"), a_site("S2", area="grid-2"))
    detectors = (a_detector("D1"), a_detector("D2", no=2), a_detector("D3", no=3, site="S2"))
    town.register(*detectors, sites=sites)
    town.raised("D1", Condition.OFFLINE, "2026-02-01T22:00")
    town.cleared("D1", Condition.OFFLINE, "2026-02-01T22:00", "2026-02-02T06:00:00")
    yield town
    town.close()


def report(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["uptime", *arguments])


def rows(result: Result) -> list[list[str]]:
    assert result.exit_code == 0, result.output
    found = list(csv.reader(io.StringIO(result.stdout_bytes.decode("utf-8-sig"), newline="")))
    return found[1 : found.index([])]


@pytest.mark.usefixtures("town")
def test_the_file_has_each_sites_seconds_and_rates() -> None:
    first, second, total = rows(report("--from", "2026-02-01", "--to", "2026-02-03"))

    assert first[NAMES] == ["Grid 1", "S1", "Restaurant S1", "2"]
    assert first[FIGURES] == ["0", "0", "28800", "0", "0", "0", "0", str(4 * DAY - 28800)]
    assert first[RATES] == ["91.6666", "91.6666", "99.1071", "99.1071"]
    assert second[TOTAL] == str(2 * DAY)
    assert total[TOTAL] == str(6 * DAY)


@pytest.mark.usefixtures("town")
@pytest.mark.parametrize(
    ("from_", "to", "seconds"),
    [
        ("2026-02-01", "2026-02-02", DAY),
        ("2026-02-01T23:00", "2026-02-02T01:30", 9000),
        ("2026-02-01T15:00:00Z", "2026-02-01T23:00:01+08:00", 1),
        ("2026-02-01T23:59:58", "2026-02-02", 2),
    ],
)
def test_any_period_adds_up_in_every_row(from_: str, to: str, seconds: int) -> None:
    for extra in ([], ["--by", "detector"]):
        *singles, total = rows(report("--from", from_, "--to", to, *extra))
        for row in [*singles, total]:
            assert sum(map(int, row[FIGURES])) == int(row[TOTAL])
        assert sum(int(row[TOTAL]) for row in singles) == int(total[TOTAL]) == 3 * seconds


@pytest.mark.usefixtures("town")
def test_an_area_and_business_hours_and_a_file(tmp_path: Path) -> None:
    file = tmp_path / "uptime.csv"
    day = ["--from", "2026-02-01", "--to", "2026-02-02"]
    result = report(*day, "--area", "grid-2", "--business-hours", "--out", str(file))

    assert (result.exit_code, result.output) == (0, "")
    assert b"S2" in file.read_bytes()
    assert b"S1" not in file.read_bytes()
    assert b",50400," in file.read_bytes()  # 09:00 to 22:00, half an hour longer on both sides


@pytest.mark.usefixtures("town")
@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--from", "yesterday", "--to", "2026-02-03"], "'yesterday' is not a day such as 2026-11-01"),
        (["--from", "2026-02-30", "--to", "2026-03-03"], "'2026-02-30' is not a day"),
        (["--from", "0001-01-01", "--to", "2026-02-03"], "between the years 1970 and 9998"),
        (["--from", "2026-02-01", "--to", "9999-12-31T23:59:59-23:00"], "between the years 1970 and 9998"),
        (["--from", "2026-02-03", "--to", "2026-02-03"], "a period must end after it begins"),
        (["--from", "2026-02-01T00:00:00.5", "--to", "2026-02-03"], "whole seconds"),
        (["--from", "2026-02-01", "--to", "2026-02-03", "--area", "mars"], "no area mars"),
        (["--from", "2026-02-01", "--to", "2026-02-03", "--out", "no/such/folder/x.csv"], "no/such/folder"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(arguments: list[str], says: str) -> None:
    result = report(*arguments)

    assert result.exit_code == 1
    assert says in result.stderr
    assert result.stderr.startswith("gaswatch report uptime: ")
    assert result.stderr.count("\n") == 1
    assert result.stdout == ""


def test_a_report_does_not_begin_a_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GASWATCH_DATA_DIR", str(tmp_path / "elsewhere"))

    result = report("--from", "2026-02-01", "--to", "2026-02-02")

    assert result.exit_code == 1
    assert "there is no store at" in result.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_store_without_tables_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GASWATCH_DATA_DIR", str(tmp_path))
    (tmp_path / "gaswatch.db").touch()

    result = report("--from", "2026-02-01", "--to", "2026-02-02")

    assert (result.exit_code, result.stderr.count("\n")) == (1, 1)
    assert "run `gaswatch migrate` first" in result.stderr


def test_the_dashboard_reads_the_same_figures_and_gets_the_same_file(town: Town, tmp_path: Path) -> None:
    compliance = Compliance.of(town.engine, Settings(data_dir=tmp_path))
    period = period_of("2026-02-01", "2026-02-03", SHANGHAI)

    found = compliance.uptime(UptimeQuery(period), now_ms=LATER_MS)

    assert found.sites[0].figures.all_hours.offline == 28800
    data = compliance.csv(found, Language.EN, business_hours=True, by_detector=True)
    assert data.decode("utf-8-sig").count("\r\n") > 4
    assert b"D3" in data
