"""`gaswatch up` as a whole: real services, one of them killed, then all of them ended."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from gascore.journal import ServiceStep, ServiceStepped, StoreDownError
from gaswatch.network import answers, free_port
from gaswatch.stores.engine import open_engine
from gaswatch.stores.journal import SqlJournal
from support.command import environment
from support.processes import is_alive
from support.waiting import until

pytestmark = pytest.mark.integration
SERVICES = {"broker", "collector", "alerts", "auditor", "dashboard"}
STARTS_S = 90.0


class Up:
    """A running `gaswatch up` and what it journaled."""

    def __init__(self, data_dir: Path, process: subprocess.Popen[str], http_port: int) -> None:
        self.process = process
        self.http_port = http_port
        self._data_dir = data_dir

    def events(self) -> list[ServiceStepped]:
        store = self._data_dir / "gaswatch.db"
        if not store.exists():
            return []
        engine = open_engine(f"sqlite:///{store}")
        try:
            entries = SqlJournal(engine).after(0, 10_000)
        except StoreDownError:
            return []  # the tables are being made
        finally:
            engine.dispose()
        return [one.event for one in entries if isinstance(one.event, ServiceStepped)]

    def pids(self) -> dict[str, int]:
        """The newest process of each service."""
        found: dict[str, int] = {}
        for one in self.events():
            if match := re.fullmatch(r"pid (\d+)", one.detail):
                found[one.service] = int(match[1])
        return found

    def is_serving(self) -> bool:
        return answers("127.0.0.1", self.http_port)


@contextmanager
def up(tmp_path: Path) -> Iterator[Up]:
    data_dir = tmp_path / "var"
    http_port = free_port("127.0.0.1")
    ports = {"GASWATCH_HTTP_PORT": str(http_port), "GASWATCH_MQTT_PORT": "0"}
    with (
        (tmp_path / "log").open("w") as log,
        subprocess.Popen(
            [sys.executable, "-m", "gaswatch", "up"],
            env=environment(data_dir, ports),
            cwd=tmp_path,
            stdout=log,
            stderr=log,
            text=True,
        ) as process,
    ):
        try:
            yield Up(data_dir, process, http_port)
        finally:
            if process.poll() is None:
                process.kill()


async def test_a_killed_service_comes_back_and_ctrl_c_ends_everything_in_order(tmp_path: Path) -> None:
    with up(tmp_path) as running:
        await until(running.is_serving, within_s=STARTS_S, what="the console's answer")
        await until(lambda: set(running.pids()) == SERVICES, what="all services")
        first = running.pids()["alerts"]
        os.kill(first, signal.SIGKILL)
        await until(lambda: running.pids()["alerts"] != first, within_s=30, what="another alerts process")
        crashes = [one for one in running.events() if one.step is ServiceStep.CRASHED]
        assert [(one.service, one.detail) for one in crashes] == [("alerts", "killed by SIGKILL")]
        pids = running.pids()
        running.process.send_signal(signal.SIGINT)
        assert running.process.wait(60) == 0, (tmp_path / "log").read_text()
        assert not any(is_alive(pid) for pid in pids.values())
        stopped = [one.service for one in running.events() if one.step is ServiceStep.STOPPED]
        assert stopped == ["dashboard", "auditor", "alerts", "collector", "broker"]
        assert "Traceback" not in (tmp_path / "log").read_text()


async def test_a_killed_up_takes_its_services_and_their_broker_along(tmp_path: Path) -> None:
    with up(tmp_path) as running:
        await until(lambda: set(running.pids()) == SERVICES, within_s=STARTS_S, what="all services")
        pids = running.pids()
        await until(lambda: children_of(pids["broker"]), what="the broker's program")
        programs = children_of(pids["broker"])
        running.process.kill()
        everybody = [*pids.values(), *programs]
        await until(lambda: not any(map(is_alive, everybody)), within_s=60, what="the end of all processes")


def children_of(pid: int) -> list[int]:
    """The processes that `pid` started."""
    try:
        return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except FileNotFoundError:
        return []
