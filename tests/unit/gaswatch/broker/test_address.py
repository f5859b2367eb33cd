"""Where the broker is found."""

from pathlib import Path

import pytest

from gaswatch.broker.address import address, urls
from gaswatch.secrets import Secrets
from gaswatch.settings import Settings, SettingsError


def test_our_own_broker_is_reached_with_the_collectors_derived_password(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path, mqtt_port=2883)
    password = Secrets(tmp_path).mqtt_password("gaswatch-collector")
    assert urls(settings) == (f"mqtt://gaswatch-collector:{password}@127.0.0.1:2883",)
    assert address(settings) == ("127.0.0.1", 2883)


def test_the_operators_own_brokers_are_used_as_they_are_written(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path, mqtt_url=("mqtts://a:b@one.example", "mqtt://two.example:1999"))
    assert urls(settings) == ("mqtts://a:b@one.example", "mqtt://two.example:1999")
    assert address(settings) == ("one.example", 8883)


def test_a_port_that_is_not_decided_yet_is_one_line_that_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"^GASWATCH_MQTT_PORT: .* set a number$"):
        urls(Settings(data_dir=tmp_path, mqtt_port=0))
