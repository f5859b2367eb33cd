"""Real series databases for tests: Debian's InfluxDB 1.6 and VictoriaMetrics, on free ports, ended by their pids.

InfluxDB 1.6 has `/write` and `/query`, not `/api/v2/write`; VictoriaMetrics has `/api/v2/write`, and no InfluxQL.
"""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from shutil import which
from threading import Event
from typing import Any, TypeVar

import msgspec
import pytest
import requests

from gaswatch.stores.influx.transport import Target
from support.absent import absent
from support.broker import DEADLINE_S, Broker, free_port

DATABASE = "gaswatch"
GIVEN = "GASWATCH_TEST_INFLUX_URL"
"""Any InfluxDB 1.8, 2.x or 3; with GASWATCH_TEST_INFLUX_TOKEN, _ORG and _BUCKET. Tests leave their points there."""
_UNPACKED = Path(__file__).resolve().parents[2] / ".venv" / "servers"
"""Where script/test unpacks packages, each in a folder of its name."""
_PATH = "/usr/bin:/usr/local/bin:/usr/sbin"
AnyServer = TypeVar("AnyServer", bound="Server")


class Server:
    """One process that speaks HTTP; `stop(kill=True)` and `start` as often as a test wants."""

    def __init__(self, command: list[str], port: int, log: Path, alive: str) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.process = Broker(command, port, log)
        self._alive = alive

    def start(self) -> None:
        """Run it and wait until it answers."""
        self.process.start()
        for _ in range(int(DEADLINE_S / 0.02)):
            try:
                if requests.get(self.url + self._alive, timeout=1).ok:
                    return
            except requests.RequestException:
                pass  # not yet
            Event().wait(0.02)
        raise RuntimeError(f"{self.url} does not answer")

    def stop(self, *, kill: bool = False) -> None:
        """End it, politely or not; its data stay."""
        self.process.stop(kill=kill)


class InfluxServer(Server):
    """InfluxDB 1.x: writes by `/write?db=`, reads by InfluxQL."""

    database = DATABASE

    def query(self, text: str, **parameters: object) -> list[dict[str, Any]]:
        """The series of the first statement: each has name, tags, columns and values; instants in ms.

        Raises:
            AssertionError: the server says that something is wrong.
        """
        answer = requests.post(
            f"{self.url}/query",
            params={"db": self.database, "epoch": "ms", "params": msgspec.json.encode(parameters).decode()},
            data={"q": text},
            timeout=DEADLINE_S,
        ).json()
        assert "error" not in answer, answer
        result = answer["results"][0]
        assert "error" not in result, result
        return list(result.get("series", ()))

    def write(self, lines: bytes) -> None:
        """Line protocol with instants in ms, past all of our code."""
        answer = requests.post(
            f"{self.url}/write",
            params={"db": self.database, "precision": "ms"},
            data=lines,
            timeout=DEADLINE_S,
        )
        assert answer.status_code == 204, answer.text

    def count(self, measurement: str, field: str) -> int:
        """How many points have the field."""
        series = self.query(f'SELECT COUNT("{field}") FROM "{measurement}"')  # noqa: S608 -- a test's own names
        return int(series[0]["values"][0][1]) if series else 0


class VictoriaServer(Server):
    """VictoriaMetrics: writes by the genuine `/api/v2/write`."""

    def export(self, match: str) -> list[dict[str, Any]]:
        """What is stored of the series that match, such as `{__name__="detector_lel"}`; instants in ms."""
        requests.get(f"{self.url}/internal/force_flush", timeout=DEADLINE_S).raise_for_status()
        answer = requests.get(
            f"{self.url}/api/v1/export",
            # Without them it leaves out what is as new as the call.
            params={"match[]": match, "start": "0", "end": "4000000000"},
            timeout=DEADLINE_S,
        )
        answer.raise_for_status()
        return [msgspec.json.decode(line) for line in answer.content.splitlines()]


def given_influx() -> Target:
    """The server that the environment names; skips where it names none."""
    if not os.environ.get(GIVEN):
        pytest.skip(f"another InfluxDB IS NOT TESTED: set {GIVEN} to the address of one")
    rest = (os.environ.get(f"GASWATCH_TEST_INFLUX_{name}", "") for name in ("TOKEN", "ORG", "BUCKET"))
    return Target(os.environ[GIVEN].rstrip("/"), *rest)


@contextmanager
def an_influxdb(folder: Path, users: Mapping[str, str] | None = None) -> Iterator[InfluxServer]:
    """An InfluxDB 1.x with an empty database `DATABASE`; skips, saying so, only where it can't be found.

    Args:
        folder: for its files.
        users: name to password, the first is the administrator; none: anybody may do anything.
    """
    program = _program("influxd", "influxdb")
    port = free_port()
    data = folder / "influxdb"
    data.mkdir()
    config = folder / "influxdb.conf"
    config.write_text(
        f'reporting-disabled = true\nbind-address = "127.0.0.1:{free_port()}"\n'
        f'[meta]\ndir = "{data}/meta"\n'
        f'[data]\ndir = "{data}/data"\nwal-dir = "{data}/wal"\nquery-log-enabled = false\n'
        f'[http]\nbind-address = "127.0.0.1:{port}"\nlog-enabled = false\n'
        f"auth-enabled = {'true' if users else 'false'}\n"
        "[monitor]\nstore-enabled = false\n"
    )
    server = InfluxServer([program, "-config", str(config)], port, folder / "influxdb.log", "/ping")
    for _ in _running(server):
        _prepare(server, users or {})
        yield server


def _prepare(server: InfluxServer, users: Mapping[str, str]) -> None:
    """Make the users and the database; on a server with users the first statement makes the administrator."""
    login: dict[str, str] = {}
    for index, (name, password) in enumerate(users.items()):
        rights = " WITH ALL PRIVILEGES" if index == 0 else ""
        _do(server, f"CREATE USER \"{name}\" WITH PASSWORD '{password}'{rights}", login)
        login = login or {"u": name, "p": password}
    _do(server, f'CREATE DATABASE "{server.database}"', login)


def _do(server: InfluxServer, text: str, login: Mapping[str, str]) -> None:
    answer = requests.post(f"{server.url}/query", params=dict(login), data={"q": text}, timeout=DEADLINE_S)
    assert answer.ok, answer.text


@contextmanager
def a_victoria_metrics(folder: Path) -> Iterator[VictoriaServer]:
    """A VictoriaMetrics; skips, saying so, only where it can't be found."""
    program = _program("victoria-metrics", "victoria-metrics")
    port = free_port()
    command = [program, f"-httpListenAddr=127.0.0.1:{port}", f"-storageDataPath={folder / 'victoria'}"]
    # A replayed batch would be stored twice otherwise.
    command += ["-dedup.minScrapeInterval=1ms", "-memory.allowedBytes=128MB", "-retentionPeriod=100y"]
    yield from _running(VictoriaServer(command, port, folder / "victoria.log", "/health"))


def _program(name: str, package: str) -> str:
    found = which(name, path=f"{_PATH}:{_UNPACKED / package / 'usr' / 'bin'}")
    if found is None:
        absent(f"{name} IS NOT TESTED: script/test servers gets it")
    return found


def _running(server: AnyServer) -> Iterator[AnyServer]:
    server.start()
    try:
        yield server
    finally:
        server.stop(kill=True)
