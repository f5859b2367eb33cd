"""The whole demo as a child process on free ports: what `script/demo` starts, and the hand that breaks it."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TypeVar
from urllib.request import ProxyHandler, Request, build_opener

from gascore.journal import Entry, Event, ServiceStep, ServiceStepped
from gaswatch.stores.engine import open_engine
from gaswatch.stores.journal import SqlJournal

Fact = TypeVar("Fact")
Told = TypeVar("Told", bound=Event)
_direct = build_opener(ProxyHandler({}))
START_S = 60.0
STOP_S = 60.0


class Demo:
    """A running `gaswatch up --demo`. Facts come from where people and auditors would look."""

    def __init__(
        self, process: subprocess.Popen[bytes], output: Path, data_dir: Path, ports: list[int]
    ) -> None:
        self.process = process
        self.data_dir = data_dir
        self._output = output
        self.console = f"http://127.0.0.1:{ports[0]}"
        self.phones = f"http://127.0.0.1:{ports[1]}"

    def output(self) -> str:
        """All that it has printed."""
        return self._output.read_text(errors="replace")

    def wait_for(self, fact: Callable[[], Fact], *, within_s: float, what: str) -> Fact:
        """The fact, as soon as it is true; fails with the demo's own words when it is not in time."""
        deadline = time.monotonic() + within_s  # noqa: TID251 -- a child process keeps real time
        while True:
            if found := fact():
                return found
            assert self.process.poll() is None, f"the demo ended before {what}:\n{self.output()}"
            assert time.monotonic() < deadline, f"{what}: not within {within_s} s\n{self.output()}"  # noqa: TID251 -- a deadline in real time
            time.sleep(0.05)  # noqa: TID251 -- looks again at another process's doing

    def password(self, user: str) -> str:
        """As the banner says."""
        found = re.search(rf"\b{user} / (\S+)", self.output())
        assert found, self.output()
        return found[1]

    def journal(self) -> list[Entry]:
        """Every entry so far."""
        engine = open_engine(f"sqlite:///{self.data_dir / 'gaswatch.db'}")
        try:
            store = SqlJournal(engine)
            return store.after(0, store.last_id())
        finally:
            engine.dispose()

    def events(self, kind: type[Told]) -> list[Told]:
        """Every journaled event of one kind."""
        return [entry.event for entry in self.journal() if isinstance(entry.event, kind)]

    def pids(self, service: str | None = None) -> list[int]:
        """The processes that have run the service, or any service."""
        return [
            int(one.detail.removeprefix("pid "))
            for one in self.events(ServiceStepped)
            if service in {None, one.service} and one.step is ServiceStep.STARTED
        ]

    def pid_of(self, service: str) -> int:
        """The process that runs the service now."""
        return self.pids(service)[-1]

    def kill(self, service: str) -> int:
        """SIGKILL; returns the dead process's id."""
        pid = self.pid_of(service)
        os.kill(pid, signal.SIGKILL)
        return pid

    def messages(self) -> list[dict[str, str]]:
        """Every text that the carrier knows of, oldest first."""
        with _direct.open(f"{self.phones}/sim/messages", timeout=10) as answer:
            found: list[dict[str, str]] = json.load(answer)["messages"]
        return found

    def reply(self, phone: str, text: str) -> None:
        """Somebody answers from a phone."""
        body = json.dumps({"phone": phone, "text": text}).encode()
        request = Request(f"{self.phones}/sim/reply", body, {"Content-Type": "application/json"})  # noqa: S310 -- our own server
        with _direct.open(request, timeout=10) as answer:
            assert answer.status == 201

    def interrupt(self) -> int:
        """Ctrl-C; returns the exit code when everything has ended."""
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(STOP_S)


def free_ports(count: int) -> list[int]:
    """Ports of 127.0.0.1 that nobody has; all are different."""
    with ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [int(each.getsockname()[1]) for each in sockets]


@contextmanager
def a_demo(folder: Path, *arguments: str, **environment: str) -> Iterator[Demo]:
    """Start it and wait for its banner; whatever happens, nothing of it is left running."""
    ports = free_ports(3)
    data_dir = folder / "data"
    given = {
        "GASWATCH_DATA_DIR": str(data_dir),
        "GASWATCH_HTTP_PORT": str(ports[0]),
        "GASWATCH_PHONES_PORT": str(ports[1]),
        "GASWATCH_MQTT_PORT": str(ports[2]),
        # Its test leaks would be among the leaks that tests count.
        "GASWATCH_CANARY": "",
    }
    output = folder / "output.txt"
    with output.open("wb") as stream:
        process = subprocess.Popen(
            [sys.executable, "-m", "gaswatch", "up", "--demo", *arguments],
            stdout=stream,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            env=os.environ | given | environment,
        )
    demo = Demo(process, output, data_dir, ports)
    try:
        demo.wait_for(lambda: "Ctrl-C ends it" in demo.output(), within_s=START_S, what="the banner")
        yield demo
    finally:
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(STOP_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
