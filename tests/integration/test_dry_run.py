"""Who would be told: asked of the dashboard, and at the command line."""

from pathlib import Path

import pytest

from gaswatch.ledger_file import write
from support.command import gaswatch
from support.console import a_console
from support.stores import TOWN

pytestmark = pytest.mark.integration


async def test_a_program_is_told_who_would_be_told(tmp_path: Path) -> None:
    async with a_console(tmp_path) as console:
        browser = await console.signed_in()
        answer = (await browser.get("/api/v1/detectors/d1/dry-run", params={"level": 2})).json()
        assert (answer["policy"], answer["priority"], answer["kind"]) == ("urgent", 1, "leak")
        assert {line["why"] for line in answer["lines"]} >= {"nobody_has_the_role"}
        assert (answer["quiet"], answer["blind"], answer["open"]) == ([], [], None)
        silence = await browser.get("/api/v1/detectors/d1/dry-run", params={"kind": "offline"})
        assert silence.json()["hold_s"] == 45.0
        trend = await browser.get("/api/v1/detectors/d1/dry-run", params={"kind": "trend"})
        assert trend.json()["lines"] == []


async def test_what_can_not_be_tried_is_refused(tmp_path: Path) -> None:
    async with a_console(tmp_path) as console:
        browser = await console.signed_in()
        assert (await browser.get("/api/v1/detectors/nobody/dry-run")).status_code == 404
        assert (
            await browser.get("/api/v1/detectors/d1/dry-run", params={"kind": "blind"})
        ).status_code == 422
        assert (await browser.get("/api/v1/detectors/d1/dry-run", params={"level": 3})).status_code == 422
        assert (await console.client().get("/api/v1/detectors/d1/dry-run")).status_code == 401


def test_the_command_prints_the_table_and_says_in_one_line_what_is_wrong(tmp_path: Path) -> None:
    folder = tmp_path / "var"
    assert gaswatch("migrate", data_dir=folder).returncode == 0
    write(tmp_path / "town.json", TOWN)
    assert gaswatch("ledger", "import", str(tmp_path / "town.json"), data_dir=folder).returncode == 0
    detector = TOWN.detectors[0].id
    done = gaswatch("alarms", "dry-run", detector, "--at", "2026-10-01T23:30", data_dir=folder)
    assert done.returncode == 0, done.stderr
    assert "policy urgent (built in)" in done.stdout
    assert "23:30:00" in done.stdout
    assert "no provider for +86" in " ".join(done.stdout.split())
    for wrong, says in (
        (["nobody"], "there is no detector 'nobody'"),
        ([detector, "--kind", "blind"], "take one of"),
        ([detector, "--level", "middle"], "take low or high"),
        ([detector, "--at", "noon"], "write it like 2026-10-01T23:30"),
    ):
        done = gaswatch("alarms", "dry-run", *wrong, data_dir=folder)
        assert done.returncode == 1
        assert says in done.stderr
        assert len(done.stderr.splitlines()) == 1
