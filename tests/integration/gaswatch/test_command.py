"""The command line: what it does, and the one line that it says when it can't."""

import json
import os
import socket
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from gaswatch.lock import only_one
from gaswatch.network import free_port
from support.command import gaswatch

pytestmark = pytest.mark.integration


@contextmanager
def busy_port() -> Iterator[int]:
    """A port that somebody else listens on."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        yield int(other.getsockname()[1])


def one_line(done: subprocess.CompletedProcess[str]) -> str:
    """The only line on standard error of a command that failed."""
    assert done.returncode == 1, done
    assert "Traceback" not in done.stderr
    lines = done.stderr.splitlines()
    assert len(lines) == 1, done.stderr
    return lines[0]


def test_help_names_every_command(tmp_path: Path) -> None:
    done = gaswatch("--help", data_dir=tmp_path)
    assert done.returncode == 0
    for name in ("up", "run", "migrate", "check", "ledger", "report", "journal", "user"):
        assert f" {name} " in done.stdout


@pytest.mark.parametrize("name", ["up", "run", "migrate", "check", "ledger", "report", "journal", "user"])
def test_every_command_has_help(name: str, tmp_path: Path) -> None:
    done = gaswatch(name, "--help", data_dir=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "Usage: gaswatch" in done.stdout


def test_migrate_makes_the_tables_and_a_second_time_changes_nothing(tmp_path: Path) -> None:
    for _ in range(2):
        assert gaswatch("migrate", data_dir=tmp_path / "var").returncode == 0
    with closing(sqlite3.connect(tmp_path / "var" / "gaswatch.db")) as store:
        names = {name for (name,) in store.execute("SELECT name FROM sqlite_master")}
    assert {"journal", "detector", "alarm", "notice"} <= names


def test_a_ledger_goes_in_and_comes_out_as_it_was(tmp_path: Path) -> None:
    data_dir = tmp_path / "var"
    ledger = {
        "areas": [{"id": "T", "name": "镇", "name_en": "Town"}],
        "sites": [
            {
                "id": "S1",
                "name": "张记面馆",
                "name_en": "Zhang Noodles",
                "short_name": "张记面馆",
                "short_name_en": "Zhang",
                "kind": "restaurant",
                "area": "T",
                "address": "人民路1号",
            }
        ],
    }
    source, target = tmp_path / "in.json", tmp_path / "out.json"
    source.write_text(json.dumps(ledger))
    assert gaswatch("migrate", data_dir=data_dir).returncode == 0
    done = gaswatch("ledger", "import", str(source), data_dir=data_dir)
    assert done.stdout == "2 records added or changed\n", done.stderr
    assert gaswatch("ledger", "import", str(source), data_dir=data_dir).stdout.startswith("0 records")
    assert gaswatch("ledger", "export", str(target), data_dir=data_dir).returncode == 0
    out = json.loads(target.read_text())
    assert out["sites"][0]["name"] == "张记面馆"
    assert out["sites"][0]["opens"] == "09:00"


def test_a_file_that_is_no_ledger_is_one_line(tmp_path: Path) -> None:
    source = tmp_path / "in.json"
    source.write_text('{"sites": [{"id": 1}]}')
    assert gaswatch("migrate", data_dir=tmp_path / "var").returncode == 0
    line = one_line(gaswatch("ledger", "import", str(source), data_dir=tmp_path / "var"))
    assert line.startswith(f"gaswatch: {source}: ")
    assert "sites[0].id" in line


def test_nonsense_in_a_setting_is_one_line_that_names_it(tmp_path: Path) -> None:
    line = one_line(gaswatch("migrate", data_dir=tmp_path, extra={"GASWATCH_HTTP_PORT": "many"}))
    assert line.startswith("gaswatch: GASWATCH_HTTP_PORT: ")


def test_a_busy_port_of_the_console_is_one_line_that_names_the_setting(tmp_path: Path) -> None:
    with busy_port() as port:
        ports = {"GASWATCH_HTTP_PORT": str(port), "GASWATCH_MQTT_PORT": "0"}
        line = one_line(gaswatch("up", data_dir=tmp_path / "var", extra=ports))
    assert line.startswith(f"gaswatch: GASWATCH_HTTP_PORT: port {port} on 127.0.0.1 is in use")


def test_a_busy_port_of_the_phones_is_one_line_that_names_the_setting(tmp_path: Path) -> None:
    with busy_port() as port:
        ports = {"GASWATCH_PHONES_PORT": str(port), "GASWATCH_HTTP_PORT": str(free_port("127.0.0.1"))}
        line = one_line(gaswatch("up", "--demo", data_dir=tmp_path / "var", extra=ports))
    assert line.startswith(f"gaswatch: GASWATCH_PHONES_PORT: port {port} on 127.0.0.1 is in use")


@pytest.mark.parametrize("command", [("up",), ("up", "--demo"), ("migrate",), ("run", "broker")])
def test_a_data_folder_that_cannot_be_made_is_one_line_that_says_what_to_do(command: tuple[str, ...]) -> None:
    line = one_line(gaswatch(*command, data_dir=Path("/proc/gaswatch")))
    assert "GASWATCH_DATA_DIR" in line


def test_a_second_up_on_the_same_data_is_one_line_that_names_the_first(tmp_path: Path) -> None:
    with only_one(tmp_path / "var"):
        line = one_line(gaswatch("up", data_dir=tmp_path / "var"))
    assert f"another `gaswatch up` (process {os.getpid()}) works on" in line
    assert "GASWATCH_DATA_DIR" in line


@pytest.mark.parametrize("name", ["broker", "collector", "alerts", "auditor", "dashboard"])
def test_a_service_without_tables_says_that_they_are_to_be_made(name: str, tmp_path: Path) -> None:
    ports = {"GASWATCH_MQTT_PORT": str(free_port("127.0.0.1"))}
    done = gaswatch("run", name, data_dir=tmp_path / "var", extra=ports)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].endswith("run gaswatch migrate")
    assert "Traceback" not in done.stderr


def test_a_duration_that_is_none_is_refused_with_an_example(tmp_path: Path) -> None:
    done = gaswatch("up", "--demo", "--for", "soon", data_dir=tmp_path)
    assert done.returncode == 2
    assert "90s" in done.stderr


def test_check_says_what_is_missing_and_fails(tmp_path: Path) -> None:
    ports = {"GASWATCH_MQTT_PORT": str(free_port("127.0.0.1"))}
    done = gaswatch("check", data_dir=tmp_path / "var", extra=ports)
    assert done.returncode == 1
    assert "run gaswatch migrate" in done.stdout
    assert "TWILIO_ACCOUNT_SID" in done.stdout
    assert "ours is not running" in done.stdout
