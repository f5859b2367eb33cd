"""`python -m gaswatch.seed`, as docker-compose.yml runs it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from gaswatch.seed import main
from gaswatch.stores.engine import open_engine
from gaswatch.stores.registry import SqlRegistry
from gaswatch.stores.schema import metadata
from support.history_town import a_detector, a_ledger, a_site


@pytest.fixture
def registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SqlRegistry]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GASWATCH_DATA_DIR", str(tmp_path))
    engine = open_engine(f"sqlite:///{tmp_path / 'gaswatch.db'}")
    metadata.create_all(engine)
    yield SqlRegistry(engine)
    engine.dispose()


def test_the_town_is_put_into_an_empty_ledger_once(
    registry: SqlRegistry, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main() == 0
    assert len(registry.ledger().detectors) == 150
    assert main() == 0
    assert capsys.readouterr().out.splitlines()[-1].endswith(": 0 records added or changed")


def test_a_real_towns_ledger_is_left_alone(registry: SqlRegistry, capsys: pytest.CaptureFixture[str]) -> None:
    registry.put(a_ledger(detectors=(a_detector("D1"),), sites=(a_site("S1"),)), by="test", at_ms=1)

    assert main() == 1
    assert len(registry.ledger().detectors) == 1
    said = capsys.readouterr().err
    assert "holds a ledger that is not the demo's" in said
    assert said.count("\n") == 1
