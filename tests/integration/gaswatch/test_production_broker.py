"""The mosquitto.conf of the root on a real mosquitto, with the files that `gaswatch broker files` writes."""

import asyncio
import os
import re
from collections.abc import Iterator
from pathlib import Path

import aiomqtt
import pytest
from typer.testing import CliRunner

from gaswatch.broker.mosquitto import program
from gaswatch.broker_cli import app
from gaswatch.secrets import COLLECTOR_USER, Secrets
from support.broker import Broker, free_port
from support.deployment import ROOT
from support.history_town import Town, a_detector

pytestmark = pytest.mark.integration
DEADLINE_S = 10.0


@pytest.fixture
def town(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Town]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GASWATCH_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("GASWATCH_MQTT_URL", f"mqtt://{COLLECTOR_USER}:chosen%20word@127.0.0.1:1883")
    town = Town(tmp_path)
    town.register(a_detector("GD-1"), a_detector("GD:2", no=2))
    yield town
    town.close()


@pytest.fixture
def broker(town: Town, tmp_path: Path) -> Iterator[Broker]:
    del town
    folder = tmp_path / "broker"
    result = CliRunner().invoke(app, ["files", "--out", str(folder)])
    assert result.exit_code == 0, result.output
    assert "the collector and 2 detectors may come in" in result.output
    port = free_port()
    text = (ROOT / "mosquitto.conf").read_text().replace("/var/lib/gaswatch-broker", str(folder))
    text = re.sub(r"^listener 1883$", f"listener {port} 127.0.0.1", text, flags=re.MULTILINE)
    assert str(port) in text
    if os.geteuid() == 0:
        text += "user root\n"
    config = tmp_path / "mosquitto.conf"
    config.write_text(text)
    mosquitto = Broker([program() or "mosquitto", "-c", str(config)], port, tmp_path / "mosquitto.log")
    mosquitto.start()
    yield mosquitto
    mosquitto.stop()
    log = (tmp_path / "mosquitto.log").read_text()
    assert not re.search("error|unknown|deprecated", log, re.IGNORECASE), log


async def test_a_detector_reaches_the_collector_with_its_credentials(broker: Broker) -> None:
    shown = CliRunner().invoke(app, ["credentials", "GD:2"])
    assert shown.exit_code == 0, shown.output
    user, password = shown.output.split()
    assert user == "GD.2"

    async with asyncio.timeout(DEADLINE_S), as_user(broker, COLLECTOR_USER, "chosen word") as collector:
        await collector.subscribe("gas/1/#", qos=1)
        async with as_user(broker, user, password) as detector:
            await detector.publish("gas/1/GD-1/status", b"{}", qos=1)  # not its branch: dropped
            await detector.publish("gas/1/GD:2/status", b'{"state":"normal"}', qos=1)
        message = await anext(collector.messages)

    assert str(message.topic) == "gas/1/GD:2/status"
    assert message.payload == b'{"state":"normal"}'


async def test_nobody_comes_in_without_a_password(broker: Broker, tmp_path: Path) -> None:
    right = Secrets(tmp_path).mqtt_password("GD-1")
    async with asyncio.timeout(DEADLINE_S), as_user(broker, "GD-1", right):
        pass
    for user, password in [("GD-1", "wrong"), ("GD-9", right), (None, None)]:
        with pytest.raises(aiomqtt.MqttError):
            async with asyncio.timeout(DEADLINE_S), as_user(broker, user, password):
                pass


@pytest.mark.usefixtures("town")
def test_a_url_that_is_not_the_collectors_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GASWATCH_MQTT_URL", "mqtt://somebody:else@127.0.0.1:1883")

    result = CliRunner().invoke(app, ["files", "--out", str(tmp_path / "broker")])

    assert (result.exit_code, result.stderr.count("\n")) == (1, 1)
    assert "must come in as mqtt://gaswatch-collector:" in result.stderr
    assert not (tmp_path / "broker").exists()


@pytest.mark.usefixtures("town")
def test_credentials_of_a_stranger_are_refused() -> None:
    result = CliRunner().invoke(app, ["credentials", "GD-9"])

    assert (result.exit_code, result.stderr.count("\n")) == (1, 1)
    assert "no detector GD-9 in the ledger" in result.stderr


def as_user(broker: Broker, user: str | None, password: str | None) -> aiomqtt.Client:
    return aiomqtt.Client("127.0.0.1", broker.port, username=user, password=password)
