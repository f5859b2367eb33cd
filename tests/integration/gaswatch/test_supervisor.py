"""Child processes: restarted when they crash, ended in order, never left behind."""

import asyncio
import os
import signal
import subprocess
import sys
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random

import pytest

from gascore.journal import ServiceStep, ServiceStepped
from gaswatch.children import spawn
from gaswatch.clock import SystemClock
from gaswatch.stores.engine import open_engine
from gaswatch.stores.journal import SqlJournal
from gaswatch.stores.schema import metadata
from gaswatch.supervisor import Supervisor, SupervisorParts
from support.processes import is_alive
from support.waiting import until

pytestmark = pytest.mark.integration
PATIENT = "import signal; signal.pause()"
"""Ends on SIGTERM, as Python does by default."""
Step = tuple[str, ServiceStep]


class House:
    """A supervisor over small programs, and what it journaled."""

    def __init__(self, folder: Path, programs: dict[str, str]) -> None:
        engine = open_engine(f"sqlite:///{folder / 'gaswatch.db'}")
        metadata.create_all(engine)
        self._journal = SqlJournal(engine)
        self._programs = programs
        self.starts: list[str] = []
        self.readiness: dict[str, Callable[[], Awaitable[None]]] = {}
        self.supervisor = Supervisor(
            list(programs),
            SupervisorParts(
                start=self._start,
                ready=self.readiness,
                log_of={},
                journal=self._journal,
                clock=SystemClock(),
                rng=Random(1),  # noqa: S311 -- jitter, no secret
            ),
        )

    async def _start(self, name: str) -> Process:
        self.starts.append(name)
        return await spawn((sys.executable, "-c", self._programs[name]))

    def events(self) -> list[ServiceStepped]:
        return [one.event for one in self._journal.after(0, 1000) if isinstance(one.event, ServiceStepped)]

    def steps(self) -> list[Step]:
        return [(one.service, one.step) for one in self.events()]

    def pid(self, name: str) -> int:
        pid = self.supervisor.pid_of(name)
        assert pid is not None
        return pid


@asynccontextmanager
async def running(house: House) -> AsyncIterator[House]:
    task = asyncio.create_task(house.supervisor.run())
    try:
        yield house
    finally:
        house.supervisor.stop()
        await task


async def test_a_killed_child_is_restarted_and_the_journal_says_so(tmp_path: Path) -> None:
    house = House(tmp_path, {"collector": PATIENT, "alerts": PATIENT})
    async with running(house):
        await until(lambda: len(house.steps()) == 2, what="both to be started")
        first = house.pid("collector")
        os.kill(first, signal.SIGKILL)
        await until(lambda: house.starts.count("collector") == 2, what="the restart")
        await until(lambda: house.supervisor.pid_of("collector") not in {None, first}, what="a new process")
    crash = next(one for one in house.events() if one.step is ServiceStep.CRASHED)
    assert crash.service == "collector"
    assert crash.detail == "killed by SIGKILL"
    assert crash.retry_ms is not None
    assert crash.retry_ms > 0
    assert house.starts.count("alerts") == 1


async def test_a_program_that_crashes_at_once_is_tried_again_ever_more_slowly(tmp_path: Path) -> None:
    house = House(tmp_path, {"dashboard": "raise SystemExit(3)"})
    async with running(house):
        await until(lambda: len(house.starts) >= 3, what="two restarts")
    crashes = [one for one in house.events() if one.step is ServiceStep.CRASHED]
    assert crashes[0].detail == "ended with code 3"
    waits = [one.retry_ms or 0 for one in crashes]
    assert 250 <= waits[0] <= 500 <= waits[1] <= 1000


async def test_services_are_ended_from_the_outside_in_and_nothing_is_left(tmp_path: Path) -> None:
    names = ["broker", "collector", "alerts", "auditor", "dashboard", "simulator"]
    house = House(tmp_path, dict.fromkeys(names, PATIENT))
    async with running(house):
        await until(lambda: len(house.steps()) == 6, what="all to be started")
        pids = [house.pid(name) for name in names]
    assert not any(is_alive(pid) for pid in pids)
    stopped = [service for service, step in house.steps() if step is ServiceStep.STOPPED]
    assert stopped == ["simulator", "dashboard", "auditor", "alerts", "collector", "broker"]


async def test_a_service_waits_for_the_ones_before_it_to_be_ready(tmp_path: Path) -> None:
    house = House(tmp_path, {"broker": PATIENT, "collector": PATIENT})
    is_ready = asyncio.Event()
    asked = asyncio.Event()

    async def ready() -> None:
        asked.set()
        await is_ready.wait()

    house.readiness["broker"] = ready
    async with running(house):
        await asyncio.wait_for(asked.wait(), 10)
        await until(lambda: house.starts == ["broker"], what="the broker alone")
        is_ready.set()
        await until(lambda: house.starts == ["broker", "collector"], what="the collector")


def test_children_end_when_their_parent_is_killed(tmp_path: Path) -> None:
    script = tmp_path / "parent.py"
    script.write_text(
        "import asyncio, sys\n"
        "from gaswatch.children import spawn\n"
        "async def main():\n"
        f"    child = await spawn((sys.executable, '-c', {PATIENT!r}))\n"
        "    print(child.pid, flush=True)\n"
        "    await child.wait()\n"
        "asyncio.run(main())\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])}
    with subprocess.Popen([sys.executable, str(script)], stdout=subprocess.PIPE, env=environment) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        assert is_alive(child)
        parent.kill()
        parent.wait(10)
        asyncio.run(until(lambda: not is_alive(child), what="the child's end"))


def test_a_second_signal_ends_a_service_that_does_not_want_to() -> None:
    program = (
        "import asyncio\n"
        "from gaswatch.clock import SystemClock\n"
        "from gaswatch.process import with_signals\n"
        "async def main():\n"
        "    with_signals(lambda: print('asked', flush=True), SystemClock())\n"
        "    print('ready', flush=True)\n"
        "    await asyncio.Event().wait()\n"
        "asyncio.run(main())\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])}
    with subprocess.Popen(
        [sys.executable, "-c", program],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env=environment,
    ) as stubborn:
        assert stubborn.stdout is not None
        assert stubborn.stdout.readline() == "ready\n"
        stubborn.send_signal(signal.SIGTERM)
        assert stubborn.stdout.readline() == "asked\n"
        assert stubborn.poll() is None
        stubborn.send_signal(signal.SIGTERM)
        assert stubborn.wait(10) == 1
