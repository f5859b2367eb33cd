"""How the collector is put together from settings."""

from pathlib import Path

import pytest

from collector.rules.missing import GapLimits
from gaswatch.clock import SystemClock
from gaswatch.settings import Settings, SettingsError
from gaswatch.stores.engine import open_engine
from gaswatch.stores.migrate import SchemaError, migrate
from gaswatch.wiring.collector import client_id, collector_of, gap_limits, limits


def test_thresholds_come_from_settings_in_ms() -> None:
    found = limits(
        Settings(offline_factor=3.0, offline_min_s=30.5, never_reported_s=60, clock_tolerance_s=10, late_s=20)
    )
    assert (found.offline_factor, found.offline_min_ms, found.never_reported_ms) == (3.0, 30_500, 60_000)
    assert (found.clock_tolerance_ms, found.late_ms) == (10_000, 20_000)


def test_what_is_too_much_missing_comes_from_settings_and_by_default_from_the_rules() -> None:
    assert gap_limits(Settings()) == GapLimits()
    found = gap_limits(Settings(gap_window_s=60, gap_share=0.05, gap_detectors=1))
    assert (found.window_ms, found.share, found.detectors) == (60_000, 0.05, 1)


def test_the_sessions_name_stays_the_same_and_differs_between_installations(tmp_path: Path) -> None:
    one, other = Settings(data_dir=tmp_path / "one"), Settings(data_dir=tmp_path / "other")
    assert client_id(one) == client_id(one) != client_id(other)
    assert len(client_id(one)) <= 23


def test_influxdb_without_its_address_is_refused_in_one_line(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path, series="influx")
    engine = open_engine(settings.database)
    migrate(settings.database)
    with pytest.raises(SettingsError, match=r"^INFLUXDB_V2_URL: .* needs the address"):
        collector_of(settings, SystemClock(), engine)
    engine.dispose()


def test_a_database_without_tables_is_refused_in_one_line(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path)
    engine = open_engine(settings.database)
    with pytest.raises(SchemaError, match="run gaswatch migrate"):
        collector_of(settings, SystemClock(), engine)
    engine.dispose()
