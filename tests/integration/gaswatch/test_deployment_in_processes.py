"""What docker-compose.yml would run, run here: one PostgreSQL, mosquitto on the production file, our services."""

import csv
import io
import os
import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest

from gaswatch.broker.mosquitto import program
from gaswatch.stores.engine import open_engine
from gaswatch.stores.status import SqlStatusBoard
from support.broker import Broker, free_port
from support.containers import Containers
from support.deployment import ROOT
from support.postgres import Postgres, a_postgres
from support.waiting import until

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def postgres() -> Iterator[Postgres]:
    with a_postgres() as server:
        yield server


@pytest.fixture
def mosquitto(tmp_path: Path) -> Iterator[Broker]:
    port = free_port()
    text = (ROOT / "mosquitto.conf").read_text().replace("/var/lib/gaswatch-broker", str(tmp_path / "broker"))
    text = re.sub(r"^listener 1883$", f"listener {port} 127.0.0.1", text, flags=re.MULTILINE)
    config = tmp_path / "mosquitto.conf"
    config.write_text(text + ("user root\n" if os.geteuid() == 0 else ""))
    broker = Broker([program() or "mosquitto", "-c", str(config)], port, tmp_path / "mosquitto.log")
    yield broker
    broker.stop()


async def test_the_simulated_town_plays_in_the_services_that_compose_names(
    postgres: Postgres, mosquitto: Broker, tmp_path: Path
) -> None:
    database, http, phones = postgres.new_database(), free_port(), free_port()
    variables = {
        "MQTT_PASSWORD": "collectorsword",
        "POSTGRES_PASSWORD": "unused",
        "TWILIO_ACCOUNT_SID": "AC" + "0" * 32,
        "TWILIO_AUTH_TOKEN": "token",
        "GASWATCH_TWILIO_FROM": "+861000000000",
        "GASWATCH_TWILIO_URL": f"http://127.0.0.1:{phones}",
        "GASWATCH_PUBLIC_URL": f"http://127.0.0.1:{http}",
    }
    places = {
        "postgresql://gaswatch:unused@postgres:5432/gaswatch": database,
        "@mosquitto:1883": f"@127.0.0.1:{mosquitto.port}",
        "0.0.0.0": "127.0.0.1",  # noqa: S104 -- replaced
        "8080": str(http),
        "8081": str(phones),
        "/var/lib/gaswatch-broker": str(tmp_path / "broker"),
        "/var/lib/gaswatch": str(tmp_path / "data"),
    }
    containers = Containers(tmp_path, variables, places)
    engine = open_engine(database)
    order = containers.in_order()
    needs_broker = {name for name in order if "mosquitto" in containers.services[name].get("depends_on", ())}
    try:
        for name in [one for one in order if one not in needs_broker]:
            containers.start(name)
        mosquitto.start()
        for name in [one for one in order if one in needs_broker]:
            containers.start(name)
        for name in containers.services:
            if "healthcheck" in containers.services[name]:
                containers.becomes_healthy(name)
        board = SqlStatusBoard(engine)
        await until(
            lambda: board.read()["collector"].messages.stored >= 150, within_s=60, what="150 messages"
        )
        counts = board.read()["collector"].messages
        assert (counts.residual, counts.rejected, counts.quarantined) == (0, 0, 0)
    finally:
        codes = containers.stop()
        engine.dispose()
    assert set(codes.values()) == {0}, codes
    assert set(codes) == {"collector", "alerts", "auditor", "dashboard", "simulator"}
    proof = containers.run("journal", "verify")
    report = containers.run(
        "report", "uptime", "--from", "2020-01-01", "--to", "9000-01-01", "--by", "detector"
    )
    assert proof.returncode == 0, proof.stderr
    assert report.returncode == 0, report.stderr
    rows = list(csv.reader(io.StringIO(report.stdout.removeprefix("\ufeff"), newline="")))
    *detectors, total = rows[1 : rows.index([])]
    assert len(detectors) == 150
    for row in (*detectors, total):
        assert sum(map(int, row[6:14])) == int(row[14])
    period_s = (datetime.fromisoformat(total[5]) - datetime.fromisoformat(total[4])).total_seconds()
    assert int(total[14]) == 150 * period_s
    assert int(total[13]) > 0, "nobody was ever protected"
