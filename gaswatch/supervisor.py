"""Keeps the services running as child processes: starts, restarts after a crash, ends them in order."""

import asyncio
import signal
from asyncio.subprocess import Process
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Final

import structlog

from gascore.clock import Clock
from gascore.journal import Journal, ServiceStep, ServiceStepped, StoreDownError
from gaswatch.children import end
from gaswatch.restarts import after_crash

_log = structlog.get_logger(__name__)
STOP_ORDER: Final = ("simulator", "dashboard", "auditor", "alerts", "collector", "broker")
"""Those that need another one first, so that nobody complains about the other's absence."""
END_S: Final = 10.0


@dataclass(frozen=True, kw_only=True)
class SupervisorParts:
    """What the supervisor works with.

    Attributes:
        start: starts the service of that name as a child process.
        ready: service -> returns when it can be relied on; services after it in the list wait for it.
        log_of: service -> where its log is, for the line about a crash (none: on our own standard error).
    """

    start: Callable[[str], Awaitable[Process]]
    ready: Mapping[str, Callable[[], Awaitable[None]]]
    log_of: Mapping[str, Path]
    journal: Journal
    clock: Clock
    rng: Random


class Supervisor:
    """Implements `gaswatch.wiring.Service` for all services together."""

    def __init__(self, services: Sequence[str], parts: SupervisorParts) -> None:
        self._services = services
        self._parts = parts
        self._stop = asyncio.Event()
        self._running: dict[str, Process] = {}

    async def run(self) -> None:
        """Start the services in order, keep them running until `stop`, end them in `STOP_ORDER`.

        Raises:
            OSError: a service could not even be started; the others are ended first.
        """
        keepers: list[asyncio.Task[None]] = []
        stopped = asyncio.create_task(self._stop.wait())
        starter = asyncio.create_task(self._start_all(keepers))
        try:
            await asyncio.wait({stopped, starter}, return_when=asyncio.FIRST_COMPLETED)
            if starter.done():
                starter.result()
            # A keeper only ever ends by an error.
            await asyncio.wait({stopped, *keepers}, return_when=asyncio.FIRST_COMPLETED)
            for keeper in keepers:
                if keeper.done():
                    keeper.result()
        finally:
            for task in (stopped, starter, *keepers):
                task.cancel()
            await asyncio.gather(stopped, starter, *keepers, return_exceptions=True)
            await self._end_all()

    def stop(self) -> None:
        """Let `run` end all services and return."""
        self._stop.set()

    def pid_of(self, service: str) -> int | None:
        """The process of a running service."""
        process = self._running.get(service)
        return None if process is None or process.returncode is not None else process.pid

    async def _start_all(self, keepers: list[asyncio.Task[None]]) -> None:
        for service in self._services:
            keepers.append(asyncio.create_task(self._keep(service)))
            if (ready := self._parts.ready.get(service)) is not None:
                await ready()

    async def _keep(self, service: str) -> None:
        clock = self._parts.clock
        crashes = 0
        while True:
            began_ms = clock.now_ms()
            process = await self._parts.start(service)
            self._running[service] = process
            _log.info("service started", name=service, pid=process.pid)
            await self._tell(
                ServiceStepped(service=service, step=ServiceStep.STARTED, detail=f"pid {process.pid}")
            )
            code = await process.wait()
            crashes, wait_ms = after_crash(crashes, clock.now_ms() - began_ms, self._parts.rng)
            why = how_it_ended(code)
            log = self._parts.log_of.get(service)
            _log.error(
                "service crashed",
                name=service,
                why=why,
                restart_in_ms=wait_ms,
                **({"log": str(log)} if log else {}),
            )
            await self._tell(
                ServiceStepped(service=service, step=ServiceStep.CRASHED, detail=why, retry_ms=wait_ms)
            )
            await clock.sleep_until(clock.now_ms() + wait_ms)

    async def _end_all(self) -> None:
        for service in sorted(self._running, key=STOP_ORDER.index):
            process = self._running[service]
            if process.returncode is not None:
                continue
            is_clean = await end(process, within_s=END_S)
            detail = "" if is_clean else f"killed after {END_S:.0f} s"
            _log.info("service stopped", name=service, detail=detail)
            await self._tell(ServiceStepped(service=service, step=ServiceStep.STOPPED, detail=detail))

    async def _tell(self, event: ServiceStepped) -> None:
        """Into the journal, so that the console shows it. A store that is down must not stop a restart."""
        try:
            await asyncio.to_thread(self._parts.journal.append, [event], self._parts.clock.now_ms())
        except StoreDownError as error:
            _log.warning("can't journal what a service does", error=str(error))


def how_it_ended(code: int) -> str:
    """An exit code in words, as `asyncio` gives it: negative for a signal.

    >>> how_it_ended(-9), how_it_ended(1)
    ('killed by SIGKILL', 'ended with code 1')
    """
    if code >= 0:
        return f"ended with code {code}"
    try:
        return f"killed by {signal.Signals(-code).name}"
    except ValueError:
        return f"killed by signal {-code}"
