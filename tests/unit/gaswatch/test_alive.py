"""The containers' health check."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from gascore.service_status import ServiceStatus
from gaswatch.alive import SILENT_MS, main, why_not
from gaswatch.settings import Settings
from gaswatch.stores.engine import open_engine
from gaswatch.stores.schema import metadata
from gaswatch.stores.status import SqlStatusBoard

NOW_MS = 1_767_196_800_000


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GASWATCH_DATA_DIR", str(tmp_path))
    return Settings()


@pytest.fixture
def engine(settings: Settings) -> Iterator[Engine]:
    engine = open_engine(settings.database)
    metadata.create_all(engine)
    yield engine
    engine.dispose()


def test_a_service_is_alive_for_ten_seconds_after_its_last_word(engine: Engine, settings: Settings) -> None:
    SqlStatusBoard(engine).say(ServiceStatus("collector", 1, started_ms=NOW_MS, at_ms=NOW_MS))

    assert why_not(settings, "collector", NOW_MS + SILENT_MS) is None
    assert why_not(settings, "collector", NOW_MS + SILENT_MS + 1) == "collector has been silent for 10 s"
    assert why_not(settings, "alerts", NOW_MS) == "alerts has never said anything"


def test_it_exits_as_a_health_check_has_to(engine: Engine, capsys: pytest.CaptureFixture[str]) -> None:
    late_ms = 253_370_764_800_000  # the year 9999: never silent for long, whatever the clock says
    SqlStatusBoard(engine).say(ServiceStatus("alerts", 1, started_ms=NOW_MS, at_ms=late_ms))

    assert main(["alerts"]) == 0
    assert main(["collector"]) == 1
    assert main([]) == 2
    assert capsys.readouterr().err.splitlines() == [
        "collector has never said anything",
        "usage: python -m gaswatch.alive SERVICE",
    ]


@pytest.mark.usefixtures("settings")
def test_a_store_that_is_not_there_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["collector"]) == 1
    assert "there is no store at" in capsys.readouterr().err
