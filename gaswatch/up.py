"""`gaswatch up`: prepares the data, runs all services under the supervisor, and with `--for` a witness."""

import asyncio
import os
import sys
from asyncio.subprocess import Process
from collections.abc import Awaitable, Callable
from logging import INFO, WARNING
from pathlib import Path
from random import SystemRandom
from typing import Final

import structlog

from gascore.clock import Clock
from gaswatch import demo, logging
from gaswatch.broker import address
from gaswatch.children import spawn
from gaswatch.clock import SystemClock
from gaswatch.lock import only_one
from gaswatch.network import answers, free_port, need_free
from gaswatch.process import with_signals
from gaswatch.settings import Settings, load
from gaswatch.stores.engine import check_writable, open_engine
from gaswatch.stores.journal import SqlJournal
from gaswatch.stores.migrate import migrate
from gaswatch.supervisor import Supervisor, SupervisorParts
from gaswatch.users import ensure_demo_users
from gaswatch.witness import Witness

_log = structlog.get_logger(__name__)
BROKER_S: Final = 30.0
CONSOLE_S: Final = 60.0
_LOOK_MS: Final = 100


def up(*, is_demo: bool, for_s: float | None) -> int:
    """Run until a signal, or for `for_s` seconds under the witness; returns the exit code.

    Raises the errors of `gaswatch.errors`, before anything was started.
    """
    settings = load()
    if is_demo:
        os.environ.setdefault("GASWATCH_DATA_DIR", str(demo.data_dir(settings)))
        settings = load()
    check_writable(settings.data_dir / "gaswatch.db")
    if is_demo:
        os.environ.update(demo.environment(os.environ, settings))
        settings = load()
    # A demo's terminal is for its one screen of text; what goes wrong is still said there.
    logging.configure(settings.log_format, "up", level=WARNING if is_demo else INFO)
    with only_one(settings.data_dir):
        settings = _with_port(settings)
        _need_ports(settings, is_demo=is_demo)
        clock = SystemClock()
        migrate(settings.database)
        users: dict[str, str] = {}
        if is_demo:
            demo.seed(settings, clock)
            users = ensure_demo_users(settings)
        return asyncio.run(_Run(settings, clock, is_demo=is_demo).go(users, for_s))


def _with_port(settings: Settings) -> Settings:
    """Decide the port of our own broker, and tell the services by the environment that they inherit."""
    if settings.mqtt_url or settings.mqtt_port:
        return settings
    os.environ["GASWATCH_MQTT_PORT"] = str(free_port(address.HOST))
    return load()


def _need_ports(settings: Settings, *, is_demo: bool) -> None:
    need_free(settings.http_host, settings.http_port, "GASWATCH_HTTP_PORT")
    if is_demo:
        need_free(settings.http_host, settings.phones_port, "GASWATCH_PHONES_PORT")
    if not settings.mqtt_url:
        need_free(address.HOST, settings.mqtt_port, "GASWATCH_MQTT_PORT")


class _Run:
    """One run of everything, after all that can be checked before was checked."""

    def __init__(self, settings: Settings, clock: Clock, *, is_demo: bool) -> None:
        self._settings = settings
        self._clock = clock
        self._is_demo = is_demo
        self._logs = settings.data_dir / "logs"

    async def go(self, users: dict[str, str], for_s: float | None) -> int:
        own_broker = not self._settings.mqtt_url
        services = [*(["broker"] if own_broker else []), "collector", "alerts", "auditor", "dashboard"]
        services += ["simulator"] if self._is_demo else []
        log_of = {name: self._logs / f"{name}.log" for name in services} if self._is_demo else {}
        if log_of:
            self._logs.mkdir(parents=True, exist_ok=True)
        engine = open_engine(self._settings.database)
        supervisor = Supervisor(
            services,
            SupervisorParts(
                start=lambda name: _start(name, log_of.get(name)),
                ready={"broker": self._ready(*address.address(self._settings), BROKER_S)},
                log_of=log_of,
                journal=SqlJournal(engine),
                clock=self._clock,
                rng=SystemRandom(),
            ),
        )
        try:
            return await self._supervise(supervisor, users, for_s)
        finally:
            engine.dispose()

    async def _supervise(self, supervisor: Supervisor, users: dict[str, str], for_s: float | None) -> int:
        with_signals(supervisor.stop, self._clock)
        greeting = asyncio.create_task(self._greet(users))
        witness = Witness(self._settings, users, self._clock) if for_s is not None else None
        running = asyncio.create_task(supervisor.run())
        try:
            if witness is None or for_s is None:
                await running
                return 0
            watching = asyncio.create_task(witness.watch(for_s))
            await asyncio.wait({running, watching}, return_when=asyncio.FIRST_COMPLETED)
            if not watching.done():
                watching.cancel()
                await running
                sys.stderr.write("gaswatch: stopped before the witness was done\n")
                return 1
            report = watching.result()
            sys.stdout.write(report.text)
            sys.stdout.flush()
            return 0 if report.is_good else 1
        finally:
            greeting.cancel()
            supervisor.stop()
            await running
            if witness is not None:
                witness.close()

    async def _greet(self, users: dict[str, str]) -> None:
        await self._ready(self._settings.http_host, self._settings.http_port, CONSOLE_S)()
        if self._is_demo:
            sys.stdout.write(demo.banner(self._settings, users))
        else:
            sys.stdout.write(f"gaswatch: console at {self._settings.public}/\n")
        sys.stdout.flush()

    def _ready(self, host: str, port: int, within_s: float) -> Callable[[], Awaitable[None]]:
        clock = self._clock

        async def wait() -> None:
            deadline_ms = clock.now_ms() + round(within_s * 1000)
            while not await asyncio.to_thread(answers, host, port):
                if clock.now_ms() > deadline_ms:
                    _log.error("does not answer yet", host=host, port=port, waited_s=within_s)
                    return
                await clock.sleep_until(clock.now_ms() + _LOOK_MS)

        return wait


async def _start(service: str, log: Path | None) -> Process:
    command = (sys.executable, "-m", "gaswatch", "run", service)
    if log is None:
        return await spawn(command)
    with log.open("ab") as output:
        return await spawn(command, output=output)
