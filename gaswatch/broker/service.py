"""`gaswatch run broker`: holds a broker program, and lets in who is in the ledger."""

import asyncio
import os
import signal
from asyncio.subprocess import PIPE, Process
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import structlog

from gascore.clock import Clock
from gascore.journal import Journal, LedgerChanged, StoreDownError
from gascore.service_status import ServiceStatus, StatusBoard
from gascore.words import DetectorId
from gaswatch.broker.address import HOST
from gaswatch.broker.members import Member, members
from gaswatch.children import end, spawn
from gaswatch.network import answers, need_free
from gaswatch.secrets import Secrets

_log = structlog.get_logger(__name__)
START_S: Final = 20.0
"""A broker that reads a big queue from disk needs a while until it answers."""
END_S: Final = 8.0
"""It writes its queue to disk when it ends."""
_LOOK_MS: Final = 1000
_PAGE: Final = 1000


class BrokerFailedError(Exception):
    """The broker program did not start, or ended by itself; the message says how."""


@dataclass(frozen=True, kw_only=True)
class Program:
    """A kind of broker: its name, how to write its files and how to start it on them."""

    name: str
    command: Sequence[str]
    write: Callable[[Sequence[Member]], bool]
    reload_signal: signal.Signals


@dataclass(frozen=True, kw_only=True)
class BrokerParts:
    """What the service works with. `detectors` reads the ledger, blocking; raises `StoreDownError`."""

    program: Program
    port: int
    secrets: Secrets
    detectors: Callable[[], list[DetectorId]]
    journal: Journal
    board: StatusBoard
    clock: Clock


class BrokerService:
    """Implements `gaswatch.wiring.Service`."""

    def __init__(self, parts: BrokerParts) -> None:
        self._parts = parts
        self._stop = asyncio.Event()
        self._cursor = 0
        self._started_ms = 0
        self._link = "starting"
        self._said = ""

    async def run(self) -> None:
        """Serve until `stop`.

        Raises:
            PortBusyError: another program has the port.
            BrokerFailedError: the program ended by itself or never answered.
            StoreDownError, OSError: the ledger can't be read, the files can't be written.
        """
        parts = self._parts
        self._started_ms = parts.clock.now_ms()
        self._cursor = await asyncio.to_thread(parts.journal.last_id)
        await asyncio.to_thread(self._write)
        need_free(HOST, parts.port, "GASWATCH_MQTT_PORT")
        process = await spawn(parts.program.command, output=PIPE)
        followers = [
            asyncio.create_task(self._forward(process)),
            asyncio.create_task(self._look_after(process)),
        ]
        try:
            await self._until_over(process, followers)
        finally:
            for one in followers:
                one.cancel()
            if not await end(process, within_s=END_S):
                _log.warning("the broker had to be killed", program=parts.program.name)
            await asyncio.gather(*followers, return_exceptions=True)

    def stop(self) -> None:
        """Let `run` end the program and return."""
        self._stop.set()

    async def _until_over(self, process: Process, followers: list[asyncio.Task[None]]) -> None:
        stopped = asyncio.create_task(self._stop.wait())
        ended = asyncio.create_task(process.wait())
        try:
            await asyncio.wait({stopped, ended, followers[1]}, return_when=asyncio.FIRST_COMPLETED)
            if self._stop.is_set():
                return
            if followers[1].done():
                followers[1].result()
            await ended
            # What it said last is the reason; it is read to its end before we quote it.
            async with asyncio.timeout(1):
                await followers[0]
        except TimeoutError:
            _log.warning("the broker's log goes on after its end")
        finally:
            stopped.cancel()
            ended.cancel()
        raise BrokerFailedError(
            f"{self._parts.program.name} ended with code {process.returncode}: {self._said or 'no word'}"
        )

    async def _forward(self, process: Process) -> None:
        assert process.stdout is not None  # noqa: S101 -- started with a pipe
        async for line in process.stdout:
            if text := line.decode(errors="replace").strip():
                self._said = text
                _log.info(text, program=self._parts.program.name)

    async def _look_after(self, process: Process) -> None:
        """Every second: does it answer, has the ledger changed; says so on the board."""
        clock = self._parts.clock
        deadline_ms = clock.now_ms() + round(START_S * 1000)
        is_up = False
        while True:
            is_answering = await asyncio.to_thread(answers, HOST, self._parts.port)
            if is_answering and not is_up:
                is_up = True
                _log.info("the broker answers", program=self._parts.program.name, port=self._parts.port)
            if not is_up and clock.now_ms() > deadline_ms:
                raise BrokerFailedError(f"{self._parts.program.name} does not answer after {START_S:.0f} s")
            self._link = "up" if is_answering else "does not answer"
            if is_up:
                await self._follow_ledger(process)
            await self._say()
            await clock.sleep_until(clock.now_ms() + (_LOOK_MS if is_up else 50))

    async def _follow_ledger(self, process: Process) -> None:
        try:
            if await asyncio.to_thread(self._rewrite_if_changed):
                os.kill(process.pid, self._parts.program.reload_signal)
                _log.info("reloaded after a change of the ledger", program=self._parts.program.name)
        except StoreDownError as error:
            # The broker goes on with whom it knows; the next look tries again.
            _log.warning("can't look for changes of the ledger", error=str(error))
        except ProcessLookupError:
            return  # it has just ended; run() says so

    def _rewrite_if_changed(self) -> bool:
        is_changed = False
        cursor = self._cursor
        while entries := self._parts.journal.after(cursor, _PAGE):
            cursor = entries[-1].id
            is_changed |= any(
                isinstance(one.event, LedgerChanged) and one.event.entity == "detector" for one in entries
            )
        is_rewritten = is_changed and self._write()
        self._cursor = cursor
        return is_rewritten

    def _write(self) -> bool:
        return self._parts.program.write(members(self._parts.detectors(), self._parts.secrets))

    async def _say(self) -> None:
        status = ServiceStatus(
            name="broker",
            pid=os.getpid(),
            started_ms=self._started_ms,
            at_ms=self._parts.clock.now_ms(),
            links={"listener": self._link},
            notes={"program": self._parts.program.name, "port": str(self._parts.port)},
        )
        try:
            await asyncio.to_thread(self._parts.board.say, status)
        except StoreDownError as error:
            _log.warning("can't say how the broker is", error=str(error))


def make_folder(data_dir: Path) -> Path:
    """The folder of generated files, `{data_dir}/broker`, for us alone. Raises `OSError`."""
    folder = data_dir / "broker"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return folder
