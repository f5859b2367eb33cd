"""Starts services in milliseconds: a process that has imported everything forks itself for each start.

`gaswatch run NAME` spends a second on imports before it does anything; a test that kills it a hundred times would
wait for little else. A fork is a process of its own that does what the command does once its modules are there.
One such process serves all tests of a run: a fork gets its environment, its folder and its log when it is made.
"""

import atexit
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
ERROR: Final = 1
_SETTINGS: Final = ("GASWATCH_", "TWILIO_", "INFLUXDB_")


class Forked:
    """One service in a process of its own; spoken to as `subprocess.Popen` is."""

    def __init__(self, pid: int, forker: "Forker") -> None:
        self.pid = pid
        self._forker = forker
        self._code: int | None = None

    def poll(self) -> int | None:
        """Its exit code (negative: the signal that killed it), None while it runs."""
        if self._code is None:
            answer = self._forker.ask(f"poll {self.pid}")
            self._code = int(answer) if answer else None
        return self._code

    def kill(self) -> None:
        """SIGKILL: it can't do anything about it."""
        self._signal(signal.SIGKILL)

    def terminate(self) -> None:
        """SIGTERM: it finishes its work."""
        self._signal(signal.SIGTERM)

    def wait(self) -> int:
        """Return its exit code when it has ended."""
        if self._code is None:
            self._code = int(self._forker.ask(f"wait {self.pid}"))
        return self._code

    def _signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)


class Forker:
    """The process that forks."""

    def __init__(self) -> None:
        path = os.pathsep.join([str(ROOT / "tests"), str(ROOT), *(one for one in sys.path if one)])
        self._process = subprocess.Popen(
            [sys.executable, "-m", "support.prefork"],
            env=os.environ | {"PYTHONPATH": path},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            bufsize=1,
        )
        self.ask("ready")

    def ask(self, order: str) -> str:
        """One order, one line of answer."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(order + "\n")
        return self._process.stdout.readline().strip()

    def close(self) -> None:
        """End it, and with it whatever still runs."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(20)
        self._process.stdout.close()


@cache
def _forker() -> Forker:
    """The one of this run."""
    forker = Forker()
    atexit.register(forker.close)
    return forker


class Nursery:
    """Services of one environment, with one log."""

    def __init__(self, environment: Mapping[str, str], log: Path) -> None:
        kept = {key: value for key, value in os.environ.items() if not key.startswith(_SETTINGS)}
        self._environment = kept | dict(environment)
        self._log = log
        self._started: list[Forked] = []

    def start(self, service: str) -> Forked:
        """Run a service."""
        what = {"service": service, "environment": self._environment, "log": str(self._log)}
        forked = Forked(int(_forker().ask(f"start {json.dumps(what)}")), _forker())
        self._started.append(forked)
        return forked

    def close(self) -> None:
        """End whatever still runs."""
        for one in self._started:
            one.kill()
            one.wait()


@contextmanager
def a_nursery(environment: Mapping[str, str], log: Path) -> Iterator[Nursery]:
    """A nursery; what it started is dead when the block ends."""
    nursery = Nursery(environment, log)
    try:
        yield nursery
    finally:
        nursery.close()


def _serve(service: str, environment: Mapping[str, str], log: str) -> None:
    """Be that service, as `gaswatch.cli.main` runs it; never returns."""
    with Path(os.devnull).open("rb") as nothing, Path(log).open("ab") as out:
        os.dup2(nothing.fileno(), 0)
        os.dup2(out.fileno(), 1)
        os.dup2(out.fileno(), 2)
    os.chdir(Path(log).parent)
    os.environ.clear()
    os.environ.update(environment)
    code = 0
    try:
        settings = import_module("gaswatch.settings").load()
        import_module("gaswatch.process").run_service(service, settings)
    except Exception as error:  # noqa: BLE001 -- as the command does
        line = import_module("gaswatch.errors").line_of(error)
        if line is None:
            sys.excepthook(type(error), error, error.__traceback__)
        else:
            sys.stderr.write(f"gaswatch: {line}\n")
        code = ERROR
    finally:
        sys.stderr.flush()
        os._exit(code)


def _code(pid: int, options: int) -> str:
    found, status = os.waitpid(pid, options)
    return str(os.waitstatus_to_exitcode(status)) if found else ""


def main() -> None:
    """Take orders from the standard input until it ends."""
    for module in ("process", "settings", "errors", "wiring.alerts", "wiring.collector", "wiring.dashboard"):
        import_module(f"gaswatch.{module}")
    alive: set[int] = set()
    for line in sys.stdin:
        order, _, what = line.strip().partition(" ")
        answer = "ready"
        if order == "start":
            pid = os.fork()
            if pid == 0:
                _serve(**json.loads(what))
            alive.add(pid)
            answer = str(pid)
        elif order in {"poll", "wait"}:
            answer = _code(int(what), os.WNOHANG if order == "poll" else 0)
            if answer:
                alive.discard(int(what))
        sys.stdout.write(answer + "\n")
        sys.stdout.flush()
    for pid in alive:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


if __name__ == "__main__":
    main()
