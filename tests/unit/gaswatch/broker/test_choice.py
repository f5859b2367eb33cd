"""Which program is our broker."""

from pathlib import Path

import pytest
from structlog.testing import capture_logs

from gaswatch.broker.choice import choose, in_words
from gaswatch.settings import Settings, SettingsError
from gaswatch.wiring.broker import build
from support.clock import ManualClock


def found() -> str:
    return "/opt/program"


def nothing() -> None:
    return None


def test_mosquitto_is_taken_where_it_is_installed(tmp_path: Path) -> None:
    program = choose(Settings(mqtt_port=2883), tmp_path, find_mosquitto=found, find_nats=found)
    assert program.name == "mosquitto"
    assert program.command == ["/opt/program", "-c", str(tmp_path / "mosquitto.conf")]


def test_without_mosquitto_nats_is_taken_and_one_line_says_so_and_what_differs(tmp_path: Path) -> None:
    with capture_logs() as lines:
        program = choose(Settings(), tmp_path, find_mosquitto=nothing, find_nats=found)
    assert program.name == "nats-server"
    (line,) = lines
    assert "mosquitto is not installed: nats-server serves MQTT instead" in line["event"]
    assert "MQTT 3.1.1 only" in line["event"]


def test_people_are_told_where_the_broker_is_and_which_one() -> None:
    assert in_words(Settings(mqtt_port=2883), found) == "127.0.0.1:2883 (mosquitto)"
    assert in_words(Settings(mqtt_port=2883, broker="nats"), found) == "127.0.0.1:2883 (nats-server)"
    assert in_words(Settings(mqtt_port=2883), nothing).startswith(
        "127.0.0.1:2883; mosquitto is not installed"
    )
    other = Settings(mqtt_url=("mqtt://user:secret@broker.example",))
    assert in_words(other, nothing) == "broker.example:1883 (GASWATCH_MQTT_URL)"


def test_nats_that_was_asked_for_needs_no_words(tmp_path: Path) -> None:
    with capture_logs() as lines:
        assert choose(Settings(broker="nats"), tmp_path).name == "nats-server"
    assert not lines


def test_a_program_that_is_not_there_is_one_line_that_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"GASWATCH_BROKER: mosquitto is not installed; `apt install"):
        choose(Settings(broker="mosquitto"), tmp_path, find_mosquitto=nothing, find_nats=found)
    with pytest.raises(SettingsError, match=r"neither mosquitto nor nats-server is installed"):
        choose(Settings(), tmp_path, find_mosquitto=nothing, find_nats=nothing)


def test_ours_is_not_run_beside_a_broker_that_is_set(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path, mqtt_url=("mqtt://broker.example",))
    with pytest.raises(SettingsError, match=r"^GASWATCH_MQTT_URL: a broker of your own is set"):
        build(settings, ManualClock())
