"""The whole simulator as `gaswatch run simulator` builds it, on a real mosquitto."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from gascore.words import DetectorId
from gaswatch.clock import SystemClock
from gaswatch.network import PortBusyError
from gaswatch.settings import Settings, SettingsError
from gaswatch.stores.engine import open_engine
from gaswatch.stores.registry import SqlRegistry
from gaswatch.stores.schema import metadata
from gaswatch.stores.status import SqlStatusBoard
from gaswatch.wiring.simulator import build
from simulator.rules.town import build_town
from support.broker import Broker, a_mosquitto, free_port
from support.fleet import listening
from support.waiting import until

pytestmark = pytest.mark.integration


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    with a_mosquitto(tmp_path) as running:
        yield running


def some_settings(tmp_path: Path, port: int, **changes: object) -> Settings:
    given: dict[str, object] = {
        "data_dir": tmp_path,
        "mqtt_url": (f"mqtt://127.0.0.1:{port}",),
        "phones_port": free_port(),
        "twilio_account_sid": "AC" + "0" * 32,
        "twilio_auth_token": "token",
    }
    return Settings(**(given | changes))  # type: ignore[arg-type]  # checked by pydantic itself


async def test_all_detectors_connect_report_and_the_phones_answer(broker: Broker, tmp_path: Path) -> None:
    settings = some_settings(tmp_path, broker.port)
    engine = open_engine(settings.database)
    metadata.create_all(engine)
    async with listening(broker.port) as heard:
        simulator = build(settings, SystemClock())
        running = asyncio.create_task(simulator.run())
        expected = {one.id for one in build_town(settings.sim_seed).ledger.detectors}
        reported: set[str] = set()

        def everybody_reported() -> bool:
            reported.update(topic.split("/")[2] for topic, _ in heard.messages if topic.endswith("/status"))
            return reported == {str(each) for each in expected}

        await until(everybody_reported, within_s=30, what="a report of each detector")
        status = json.loads(next(payload for topic, payload in heard.messages if topic.endswith("/status")))
        assert status["every"] == 10

        page = await asyncio.to_thread(
            requests.get, f"http://127.0.0.1:{settings.phones_port}/sim/messages", timeout=5
        )
        assert page.json()["messages"] == []

        one = DetectorId("GD-0100")
        await heard.client.publish(f"gas/1/{one}/cmd", b'{"id":"c1","do":"close_valve"}', qos=1)
        await until(lambda: heard.of(f"gas/1/{one}/ack"), what="the answer")
        assert json.loads(heard.of(f"gas/1/{one}/ack")[0]) == {"id": "c1", "ok": True, "valve": "closed"}

        said = await asyncio.to_thread(SqlStatusBoard(engine).read)
        assert said["simulator"].notes["connected"].endswith("/150")
        simulator.stop()
        await asyncio.wait_for(running, 10)
    engine.dispose()


def test_the_towns_ledger_can_be_put_into_the_registry_twice(tmp_path: Path) -> None:
    engine = open_engine(f"sqlite:///{tmp_path / 'town.db'}")
    metadata.create_all(engine)
    registry = SqlRegistry(engine)
    ledger = build_town(1).ledger
    assert registry.put(ledger, by="test", at_ms=1) > 150
    assert registry.put(ledger, by="test", at_ms=2) == 0
    engine.dispose()


async def test_a_taken_phones_port_is_one_line_that_names_the_setting(broker: Broker, tmp_path: Path) -> None:
    settings = some_settings(tmp_path, broker.port, phones_port=broker.port)
    engine = open_engine(settings.database)
    metadata.create_all(engine)
    engine.dispose()
    with pytest.raises(PortBusyError, match="GASWATCH_PHONES_PORT"):
        await build(settings, SystemClock()).run()


async def test_an_unknown_story_and_a_missing_account_are_told(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"GASWATCH_SIM_STORY.*demo, outage, none"):
        build(some_settings(tmp_path, 1, sim_story="flood"), SystemClock())
    with pytest.raises(SettingsError, match="TWILIO_ACCOUNT_SID"):
        build(some_settings(tmp_path, 1, twilio_account_sid=""), SystemClock())
