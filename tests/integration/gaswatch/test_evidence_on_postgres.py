"""Reports, the journal's proof and the broker's files on PostgreSQL, as docker-compose.yml runs it."""

import csv
import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from dashboard.rules.uptime import UptimeReport
from gascore.words import Condition
from gaswatch import broker_cli, journal_cli
from gaswatch.reports import cli as reports_cli
from gaswatch.stores.engine import open_engine
from support.history_town import LATER_MS, Town, a_detector, a_site
from support.postgres import Postgres, a_postgres

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def postgres() -> Iterator[Postgres]:
    with a_postgres() as server:
        yield server


def a_year_of_trouble(town: Town) -> UptimeReport:
    """The same happenings, whatever the store."""
    sites = (a_site("S1"), a_site("S2", area="grid-2"))
    town.register(a_detector("D1"), a_detector("D2", no=2), a_detector("D3", no=3, site="S2"), sites=sites)
    town.raised("D1", Condition.OFFLINE, "2026-02-01T22:00", at="2026-02-01T22:03")
    town.raised("D3", Condition.WRONG_GAS, "2026-01-15")
    town.blind("2026-02-01T10:00")
    town.blind("2026-02-01T10:00", "2026-02-01T11:00")
    town.report("2026-02-01", "2026-02-02")  # leaves a checkpoint
    town.cleared("D1", Condition.OFFLINE, "2026-02-01T22:00", "2026-02-02T06:00")
    town.cleared("D2", Condition.FAULT, "2026-02-02T01:00", "2026-02-02T03:00")
    return town.report("2026-02-01", "2026-02-03")


def test_both_stores_report_the_same(postgres: Postgres, tmp_path: Path) -> None:
    here = Town(tmp_path, checkpoint_every=5)
    there = Town(tmp_path, checkpoint_every=5, url=postgres.new_database())

    on_sqlite, on_postgres = a_year_of_trouble(here), a_year_of_trouble(there)

    assert there.has_checkpoint()
    assert on_postgres == on_sqlite
    assert on_postgres.figures.all_hours.total == 3 * 2 * 86_400
    here.close()
    there.close()


def test_the_commands_work_on_it(postgres: Postgres, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    town = Town(tmp_path, url=postgres.new_database())
    a_year_of_trouble(town)
    town.journal.seal(LATER_MS)
    town.close()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GASWATCH_DATABASE_URL", town.url)

    report = CliRunner().invoke(reports_cli.app, ["uptime", "--from", "2026-02-01", "--to", "2026-02-03"])
    proof = CliRunner().invoke(journal_cli.app, ["verify"])
    files = CliRunner().invoke(broker_cli.app, ["files", "--out", str(tmp_path / "broker")])

    assert report.exit_code == 0, report.output
    rows = list(csv.reader(io.StringIO(report.stdout_bytes.decode("utf-8-sig"), newline="")))
    assert [row[1] for row in rows[1:3]] == ["S1", "S2"]
    assert proof.exit_code == 0, proof.output
    assert "nothing is wrong" in proof.stdout
    assert files.exit_code == 0, files.output


def test_a_database_without_tables_says_what_to_do(
    postgres: Postgres, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GASWATCH_DATABASE_URL", postgres.new_database())

    result = CliRunner().invoke(journal_cli.app, ["verify"])

    assert (result.exit_code, result.stderr.count("\n")) == (1, 1)
    assert "run `gaswatch migrate` first" in result.stderr


def test_a_journal_that_was_changed_on_it_is_found(
    postgres: Postgres, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    town = Town(tmp_path, url=postgres.new_database())
    a_year_of_trouble(town)
    town.journal.seal(LATER_MS)
    town.close()
    engine = open_engine(town.url)
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE journal SET at_ms = at_ms + 1 WHERE id = 2")
    engine.dispose()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GASWATCH_DATABASE_URL", town.url)

    result = CliRunner().invoke(journal_cli.app, ["verify"])

    assert result.exit_code == 1
    assert "changed: entries 1 to" in result.stderr
