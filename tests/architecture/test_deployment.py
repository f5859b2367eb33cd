"""No Docker engine runs here: the deployment's files are checked against the code that they deploy."""

import re
from importlib.util import find_spec
from pathlib import Path

import pytest

from gaswatch.broker.mosquitto import configuration
from gaswatch.cli import ServiceName
from gaswatch.secrets import COLLECTOR_USER
from gaswatch.settings import Settings
from support.deployment import (
    ROOT,
    compose,
    directives,
    example,
    variables_of,
    variables_of_settings,
)

OURS = {name: one for name, one in compose()["services"].items() if one.get("image") == "gaswatch:local"}
THEIRS = {name: one for name, one in compose()["services"].items() if name not in OURS}
# What only docker-compose.yml reads; the containers don't know it.
COMPOSE_ONLY = {"MQTT_PASSWORD", "POSTGRES_PASSWORD", "INFLUXDB_PASSWORD", "MQTT_BIND", "HTTP_BIND"}
SETTINGS = variables_of_settings()
# Where the production file has to differ from the generated one: it listens to the network, keeps its files
# elsewhere, and a container's log has no instants otherwise.
DIFFERENT = {"listener", "password_file", "acl_file", "persistence_location", "user", "log_timestamp"}


PREPARE = {"migrate", "broker-files", "simulated-town"}


def test_every_service_of_ours_runs_from_the_one_image() -> None:
    commands = {name: one["command"] for name, one in OURS.items()}
    assert commands == {
        "migrate": ["migrate"],
        "simulated-town": [],
        "broker-files": ["broker", "files", "--out", "/var/lib/gaswatch-broker"],
        **{name.value: ["run", name.value] for name in ServiceName if name is not ServiceName.BROKER},
    }


def test_the_image_is_built_once_and_never_pulled() -> None:
    assert [name for name, one in OURS.items() if "build" in one] == ["migrate"]
    assert {one["pull_policy"] for one in OURS.values()} == {"never"}


def test_the_simulator_runs_only_when_asked_for() -> None:
    assert [name for name, one in compose()["services"].items() if "profiles" in one] == [
        "simulated-town",
        "simulator",
    ]
    assert OURS["simulated-town"]["profiles"] == OURS["simulator"]["profiles"] == ["simulator"]


@pytest.mark.parametrize("name", OURS)
def test_our_containers_can_do_little(name: str) -> None:
    service = OURS[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]


@pytest.mark.parametrize("name", [name for name in compose()["services"] if name != "simulator"])
def test_what_serves_is_restarted_and_watched_and_what_prepares_runs_once(name: str) -> None:
    service = compose()["services"][name]
    if name in PREPARE:
        assert service["restart"] == "no"
    else:
        assert service["restart"] == "unless-stopped"
        assert service["healthcheck"]["test"]


def test_services_wait_for_services_that_exist_and_tell_when_they_are_ready() -> None:
    services = compose()["services"]
    for name, service in services.items():
        for other, how in service.get("depends_on", {}).items():
            ready = (
                "service_completed_successfully" if services[other]["restart"] == "no" else "service_healthy"
            )
            assert how["condition"] == ready, f"{name} waits for {other}"
            is_optional = "profiles" in services[other] and "profiles" not in service
            assert how.get("required", True) is not is_optional, f"{name} waits for {other}"


def test_every_volume_is_named_and_used() -> None:
    used = set()
    for service in compose()["services"].values():
        for one in service.get("volumes", ()):
            used.add(one["source"] if isinstance(one, dict) else one.split(":")[0])
    assert used - {"./mosquitto.conf"} == set(compose()["volumes"])


@pytest.mark.parametrize("name", OURS)
def test_each_variable_of_our_containers_is_a_setting(name: str) -> None:
    assert set(OURS[name]["environment"]) <= set(SETTINGS)


def test_what_is_run_as_a_module_is_one() -> None:
    commands = [one.get("entrypoint", []) + one["command"] for one in OURS.values()]
    commands += [one["healthcheck"]["test"][1:] for one in OURS.values() if "healthcheck" in one]
    run = {command[2] for command in commands if command[:2] == ["python", "-m"]}

    assert run == {"gaswatch.alive", "gaswatch.seed"}
    assert all(find_spec(name) for name in run)


def test_no_secret_has_a_default() -> None:
    found = variables_of(compose())
    secret = {name for name in found if re.search("PASSWORD|TOKEN|SID", name)}
    assert {"MQTT_PASSWORD", "POSTGRES_PASSWORD", "INFLUXDB_PASSWORD", "TWILIO_AUTH_TOKEN"} <= secret
    for name in secret:
        assert found[name].startswith(":?"), f"{name} must be asked for"
        assert example()[name] == ("", False), f".env.example must ask for {name}"


def test_what_compose_reads_is_in_the_example() -> None:
    assert set(variables_of(compose())) <= set(example())


def test_the_example_knows_every_setting_and_nothing_else() -> None:
    assert set(example()) - COMPOSE_ONLY == set(SETTINGS)


def test_what_the_example_comments_out_is_the_default() -> None:
    for variable, (value, is_commented) in example().items():
        if is_commented and variable in SETTINGS:
            default = Settings.model_fields[SETTINGS[variable]].default
            assert value == ("" if default == () else str(default)), variable


def test_the_containers_settings_are_valid(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    for service in OURS.values():
        for key, value in service["environment"].items():
            filled = "https://x1" if key.endswith("_URL") and value.startswith("${") else "x1"
            monkeypatch.setenv(key, re.sub(r"\$\{[^}]*\}", filled, value))
        settings = Settings()
        assert settings.mqtt_url == (f"mqtt://{COLLECTOR_USER}:x1@mosquitto:1883",)
        assert settings.database == "postgresql://gaswatch:x1@postgres:5432/gaswatch"


def test_mosquitto_and_our_image_agree_on_the_user_of_the_generated_files() -> None:
    dockerfile = (ROOT / "Dockerfile").read_text()
    mosquitto = THEIRS["mosquitto"]
    folder = next(one["target"] for one in mosquitto["volumes"] if isinstance(one, dict))

    assert "--uid 10001" in dockerfile
    assert mosquitto["user"] == "10001:10001"
    assert folder in dockerfile
    said = directives((ROOT / "mosquitto.conf").read_text())
    assert said["password_file"] == [f"{folder}/mosquitto.passwd"]
    assert said["acl_file"] == [f"{folder}/mosquitto.acl"]
    assert said["persistence_location"] == [f"{folder}/"]


def test_images_are_pinned_to_a_version_and_ours_does_not_run_as_root() -> None:
    dockerfile = (ROOT / "Dockerfile").read_text()
    stages = re.findall(r"^FROM (\S+)", dockerfile, re.MULTILINE)
    assert stages == ["python:3.11-slim"] * 2
    for name, service in THEIRS.items():
        assert re.search(r":\d", service["image"]), f"{name} has no version"
    last_user = re.findall(r"^USER (\S+)", dockerfile, re.MULTILINE)[-1]
    assert last_user == "gaswatch"
    assert "--require-hashes" in dockerfile


def test_what_the_image_is_built_from_exists() -> None:
    dockerfile = (ROOT / "Dockerfile").read_text()
    for source in re.findall(r"^COPY (?!--from)(\S+)", dockerfile, re.MULTILINE):
        assert (ROOT / source).exists(), source
    ignored = (ROOT / ".dockerignore").read_text().split()
    assert {".git", ".env", "var", ".venv"} <= set(ignored)


def test_the_production_broker_and_the_generated_one_have_the_same_limits(tmp_path: Path) -> None:
    production = directives((ROOT / "mosquitto.conf").read_text())
    generated = directives(configuration(tmp_path, 1883, is_root=False))

    for name in (production.keys() | generated.keys()) - DIFFERENT - {"log_timestamp_format"}:
        assert production.get(name) == generated.get(name), name
    assert production["listener"] == ["1883"]
