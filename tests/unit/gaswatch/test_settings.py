"""Nonsense in a setting stops the start with one line that names it and shows no secret."""

from pathlib import Path

import pytest

from gaswatch.settings import Settings, SettingsError, load


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def refusal() -> str:
    with pytest.raises(SettingsError) as error:
        load()
    assert "\n" not in str(error.value)
    return str(error.value)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("GASWATCH_MQTT_URL", "http://u:secret@broker.example"),
        ("GASWATCH_MQTT_URL", "mqtt://u:secret@broker.example:99999"),
        ("GASWATCH_MQTT_URL", "mqtt://u:secret@broker.example:port"),
        ("GASWATCH_MQTT_URL", "mqtt://u:secret@[broker"),
        ("GASWATCH_PUBLIC_URL", "gas.example.org"),
        ("GASWATCH_PUBLIC_URL", "https://gas.example.org/?a=b"),
        ("GASWATCH_TWILIO_URL", "ftp://u:secret@sms.example"),
        ("INFLUXDB_V2_URL", "secret"),
        ("GASWATCH_OFFLINE_MIN_S", "inf"),
        ("GASWATCH_OFFLINE_MIN_S", "20"),
        ("GASWATCH_SIM_EVERY_S", "nan"),
        ("GASWATCH_HEARTBEAT_URL", "secret"),
        ("GASWATCH_CANARY", "grid-1"),
        ("GASWATCH_CANARY", "grid 1=+8613800000000"),
        ("GASWATCH_CANARY_AT", "25:00"),
        ("GASWATCH_EMERGENCY_NUMBER", "100100"),
        ("GASWATCH_EMERGENCY_NUMBER", "1-1-9"),
        ("GASWATCH_EMERGENCY_NUMBER", "１１９"),
        ("GASWATCH_EMERGENCY_NUMBER", ""),
    ],
)
def test_nonsense_is_named_by_its_key_and_a_secret_is_not_shown(
    key: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(key, value)
    line = refusal()
    assert line.startswith(f"{key}: ")
    assert "secret" not in line


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (b"http_port = ", "gaswatch.toml: is no TOML: "),
        (b"\xff", "gaswatch.toml: is no TOML: "),
        (b'twilio_auth_token = ["secret"]', "TWILIO_AUTH_TOKEN: "),
        (b'http_port = "many"', "GASWATCH_HTTP_PORT: "),
    ],
)
def test_a_broken_file_is_named(text: bytes, says: str) -> None:
    Path("gaswatch.toml").write_bytes(text)
    line = refusal()
    assert line.startswith(says)
    assert "secret" not in line


def test_canaries_are_an_area_and_a_phone_each() -> None:
    settings = Settings(canary="grid-1=+8613800000000, grid-2=+447700900000")  # type: ignore[arg-type]  # split by itself
    assert settings.canary == (("grid-1", "+8613800000000"), ("grid-2", "+447700900000"))


def test_the_usual_addresses_are_taken() -> None:
    settings = Settings(
        mqtt_url="mqtt://a:b@one.example,mqtts://two.example:8884",  # type: ignore[arg-type]  # split by itself
        public_url="https://gas.example.org/town/",
        twilio_url="http://127.0.0.1:8081",
    )
    assert settings.mqtt_url == ("mqtt://a:b@one.example", "mqtts://two.example:8884")
    assert settings.public == "https://gas.example.org/town"
