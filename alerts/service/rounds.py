"""The rounds of `gaswatch run auditor`: the audit, the heartbeat, the canaries and the contacts, each by itself.

A thread each: whatever one of them waits for (a store that hangs, an address that does not answer) keeps none of
the others waiting.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

import structlog

from alerts.service.auditor import Auditor, Pulse
from gascore.clock import Clock
from gascore.journal import StoreDownError
from gascore.service_status import ServiceStatus, StatusBoard

_log = structlog.get_logger()
NAME: Final = "auditor"
SECOND_MS: Final = 1_000
FRESH: Final = 3
"""A look that is older than so many periods says nothing of now: no heartbeat."""


@dataclass(frozen=True, slots=True)
class Round:
    """Something done again and again: `every_ms` after the last time began; `go` is blocking, given the instant."""

    name: str
    every_ms: int
    go: Callable[[int], None]


@dataclass(frozen=True, slots=True)
class RoundsParts:
    """What the service is made of. `pulse` None: nobody outside listens. `others`: rounds besides the audit."""

    auditor: Auditor
    audit_ms: int
    pulse: Pulse | None
    heartbeat_ms: int
    board: StatusBoard
    clock: Clock
    pid: int
    close: Callable[[], None]
    others: tuple[Round, ...] = ()
    notes: Callable[[], dict[str, str]] = field(default=dict)


class Rounds:
    """One process's rounds; run it once."""

    def __init__(self, parts: RoundsParts) -> None:
        self._parts = parts
        self._clock = parts.clock
        self._started_ms = parts.clock.now_ms()
        self._stopping = asyncio.Event()
        self._why = "starting"
        self._unheard: str | None = None

    def stop(self) -> None:
        """Let what is under way end, and `run` return."""
        self._stopping.set()

    async def run(self) -> None:
        """Serve until `stop`. A store that is down is waited for; any other failure ends the service."""
        parts = self._parts
        rounds = [
            Round("audit", parts.audit_ms, self._audit),
            Round("say", SECOND_MS, self._say),
            *parts.others,
        ]
        if parts.pulse is None:
            _log.warning(
                "no_heartbeat", do="set GASWATCH_HEARTBEAT_URL: nobody outside hears when we fall silent"
            )
        else:
            rounds.append(Round("heartbeat", parts.heartbeat_ms, self._beat))
        pool = ThreadPoolExecutor(len(rounds), thread_name_prefix="round")
        try:
            async with asyncio.TaskGroup() as tasks:
                for one in rounds:
                    tasks.create_task(self._again(one, pool), name=f"round {one.name}")
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
            parts.close()

    @property
    def is_well(self) -> bool:
        """The last look is fresh and found nothing wrong, and texts can leave and arrive, as far as we know."""
        last = self._parts.auditor.last
        age_ms = self._clock.now_ms() - last.at_ms if last else None
        return (
            last is not None
            and age_ms is not None
            and age_ms <= FRESH * self._parts.audit_ms
            and not last.wrong
            and not last.silence
        )

    def status(self, now_ms: int) -> ServiceStatus:
        """The service's own word."""
        last = self._parts.auditor.last
        audit = self._why
        if last is not None and self._why == "ok" and last.wrong:
            audit = ", ".join(sorted({one.code.value for one in last.wrong}))
        notes = {"audit": audit, "heartbeat": self._heartbeat(), **self._parts.notes()}
        if last is not None:
            notes["looked_ms"] = str(last.at_ms)
        return ServiceStatus(NAME, self._parts.pid, self._started_ms, now_ms, notes=notes)

    def _heartbeat(self) -> str:
        pulse = self._parts.pulse
        if pulse is None:
            return "off"
        if not self.is_well:
            last = self._parts.auditor.last
            return f"withheld: {last.silence}" if last and last.silence and not last.wrong else "withheld"
        return self._unheard or "ok"

    def _audit(self, now_ms: int) -> None:
        try:
            self._parts.auditor.look(now_ms)
        except StoreDownError:
            self._why = "store down"
            raise
        self._why = "ok"

    def _say(self, now_ms: int) -> None:
        self._parts.board.say(self.status(now_ms))

    def _beat(self, now_ms: int) -> None:
        if self._parts.pulse is not None and self.is_well:
            self._unheard = self._parts.pulse.beat(now_ms)

    async def _again(self, one: Round, pool: ThreadPoolExecutor) -> None:
        loop = asyncio.get_running_loop()
        down = False
        while not self._stopping.is_set():
            begun_ms = self._clock.now_ms()
            try:
                await loop.run_in_executor(pool, one.go, begun_ms)
                down = False
            except StoreDownError as error:
                if not down:
                    _log.error("store_down", round=one.name, why=str(error))
                down = True
            await self._pause(begun_ms + one.every_ms)

    async def _pause(self, until_ms: int) -> None:
        waits = [
            asyncio.ensure_future(self._clock.sleep_until(until_ms)),
            asyncio.ensure_future(self._stopping.wait()),
        ]
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        for wait in waits:
            wait.cancel()
            with suppress(asyncio.CancelledError):
                await wait
