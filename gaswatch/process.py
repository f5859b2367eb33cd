"""Runs one service in this process: its loop, its signals, its end."""

import asyncio
import os
import resource
import signal
from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from typing import Final, Protocol, cast

import structlog
import uvloop

from gascore.clock import Clock
from gascore.journal import StoreDownError
from gaswatch import logging
from gaswatch.clock import SystemClock
from gaswatch.settings import Settings
from gaswatch.stores.engine import open_engine
from gaswatch.stores.migrate import check_current
from gaswatch.wiring import Service

_log = structlog.get_logger(__name__)
SERVICES: Final = ("broker", "collector", "alerts", "auditor", "dashboard", "simulator")
END_S: Final = 30.0
"""A service that has not ended this long after it was asked ends at once. Whoever started it usually is
stricter; this is for a service whose supervisor was killed."""


FILES_MOST: Final = 1_048_576
"""Open files of a process; Linux' own bound (`fs.nr_open`). Some programs keep a table of the limit's size."""


class Wiring(Protocol):
    """A module of `gaswatch.wiring`."""

    def build(self, settings: Settings, clock: Clock) -> Service:
        """Put the service together."""
        ...


def run_service(name: str, settings: Settings) -> None:
    """Run the service until it ends or is told to by SIGTERM or SIGINT; a second signal forces the end.

    Raises whatever the service raises; the named ones are for a user (`gaswatch.errors`).
    """
    logging.configure(settings.log_format, name)
    allow_connections()
    _refuse_other_tables(settings)
    wiring = cast("Wiring", import_module(f"gaswatch.wiring.{name}"))
    uvloop.run(_serve(wiring, settings, SystemClock()))


def allow_connections() -> None:
    """Let this process and its children (the broker's program) hold as many connections as the system lets us.

    The usual soft limit of 1024 files is less than a town has detectors, and than a console has browsers.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = FILES_MOST if hard == resource.RLIM_INFINITY else min(hard, FILES_MOST)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def _refuse_other_tables(settings: Settings) -> None:
    """Raises `SchemaError`. A store that can't be reached now is the service's own affair: it waits or ends."""
    engine = open_engine(settings.database)
    try:
        with suppress(StoreDownError):
            check_current(engine)
    finally:
        engine.dispose()


async def _serve(wiring: Wiring, settings: Settings, clock: Clock) -> None:
    service = wiring.build(settings, clock)
    with_signals(service.stop, clock)
    _log.info("started", pid=os.getpid())
    await service.run()
    _log.info("stopped")


def with_signals(stop: Callable[[], None], clock: Clock) -> None:
    """Call `stop` on the first SIGTERM, SIGINT or SIGHUP; end the process on the second, or after `END_S`."""
    loop = asyncio.get_running_loop()
    watchdogs: list[asyncio.Task[None]] = []

    def on_signal() -> None:
        if watchdogs:
            force("told twice to stop")
        watchdogs.append(loop.create_task(_force_later(clock)))
        stop()

    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        loop.add_signal_handler(number, on_signal)


async def _force_later(clock: Clock) -> None:
    await clock.sleep_until(clock.now_ms() + round(END_S * 1000))
    force(f"did not end within {END_S:.0f} s")


def force(why: str) -> None:
    """End now, without finishing anything."""
    _log.error("ended by force", why=why)
    os._exit(1)
