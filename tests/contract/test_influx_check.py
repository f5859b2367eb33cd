"""`gaswatch check` says of the series database what works, what doesn't, and what to do."""

from pathlib import Path

import pytest
from pydantic import SecretStr

from gaswatch.check import Finding, findings
from gaswatch.settings import Settings
from support.broker import free_port
from support.influx import a_victoria_metrics, an_influxdb

pytestmark = pytest.mark.contract


def finding(folder: Path, url: str, bucket: str = "gaswatch", token: str = "") -> Finding:
    settings = Settings(
        data_dir=folder, series="influx", influx_url=url, influx_bucket=bucket, influx_token=SecretStr(token)
    )
    return next(one for one in findings(settings) if one.what == "readings")


def test_an_influxdb_that_takes_readings_and_gives_them_back_is_fine(tmp_path: Path) -> None:
    with an_influxdb(tmp_path) as server:
        found = finding(tmp_path, server.url)
    assert found == Finding(
        "readings", True, "InfluxDB 1.6.7~rc0 takes them into 'gaswatch', and gives them back"
    )


def test_a_missing_database_is_said(tmp_path: Path) -> None:
    with an_influxdb(tmp_path) as server:
        found = finding(tmp_path, server.url, bucket="other")
    assert not found.is_good
    assert "no bucket 'other'" in found.detail
    assert "GASWATCH_INFLUX_BUCKET" in found.detail


def test_a_user_that_may_not_write_is_said(tmp_path: Path) -> None:
    with an_influxdb(tmp_path, {"owner": "pw", "guest": "pw"}) as server:
        assert finding(tmp_path, server.url, token="owner:pw").is_good
        found = finding(tmp_path, server.url, token="guest:pw")
    assert not found.is_good
    assert "give it the right" in found.detail


def test_a_database_that_takes_readings_and_keeps_them_to_itself_is_said(tmp_path: Path) -> None:
    with a_victoria_metrics(tmp_path) as server:
        found = finding(tmp_path, server.url)
    assert not found.is_good
    assert "VictoriaMetrics takes readings and can't give them back" in found.detail


def test_an_address_where_nobody_answers_is_said(tmp_path: Path) -> None:
    found = finding(tmp_path, f"http://127.0.0.1:{free_port()}")
    assert not found.is_good
    assert "Connection refused" in found.detail


def test_a_missing_address_is_said(tmp_path: Path) -> None:
    found = finding(tmp_path, "")
    assert not found.is_good
    assert found.detail.startswith("INFLUXDB_V2_URL: ")
