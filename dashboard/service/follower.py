"""Follows the journal and the services' words, and says on the stream what changed (docs/adr/0010)."""

import asyncio
from collections.abc import Awaitable, Callable, Collection
from functools import partial
from typing import Final

import msgspec
import structlog

from dashboard.ports import Alarms, Gauges, Town
from dashboard.rules.stream import Ring
from dashboard.service.hub import Hub
from dashboard.service.lane import Lane
from dashboard.service.latency import Latency
from dashboard.service.picture import Picture
from gascore.clock import Clock
from gascore.journal import Entry, Journal, StoreDownError
from gascore.operators import OperatorAnswered
from gascore.service_status import ServiceStatus, StatusBoard
from gascore.words import AlarmId, DetectorId

NAME: Final = "dashboard"
POLL_MS: Final = 50
BATCH: Final = 1000
"""Entries read at once."""
SPACING_MS: Final = 150
"""A first change goes out at once, the following ones together after this (console reference 2.3: 5 Hz)."""
WORD_MS: Final = 1000
GAUGE_MS: Final = 2000
"""How often open leaks are measured anew …"""
GAUGE_OLD_MS: Final = 600_000
"""… by readings not older than this; a detector that fell silent keeps what was known of it."""
GAUGE_PAUSES: Final = 20
"""A look that took t is followed by a pause of at least 20 t: looking for a silent detector can be long."""
BEAT_MS: Final = 2000
RETRY_MS: Final = 1000
_log = structlog.get_logger()


class JournalWentBackError(Exception):
    """The journal is shorter than it was: another database is behind the address. Start again to read it."""


class Parts(msgspec.Struct, frozen=True):
    """What the follower works with. `epoch` differs from process to process.

    `lane` is for the journal, `quick` for what may wait.
    """

    journal: Journal
    alarms: Alarms
    town: Town
    board: StatusBoard
    gauges: Gauges
    clock: Clock
    lane: Lane
    quick: Lane
    epoch: str
    pid: int


class Follower:
    """Owns the picture; everything but the blocking reads happens in the event loop."""

    def __init__(self, parts: Parts) -> None:
        self.picture = Picture()
        self.stream_latency = Latency()
        self.screen_latency = Latency()
        self.hub = Hub(Ring(parts.epoch), lambda: self.picture.encoded_snapshot(parts.clock.now_ms()))
        self.has_begun = False
        """The board is complete; before that the console would show too little."""
        self._parts = parts
        self._clock = parts.clock
        self._do = parts.lane.do
        self._started_ms = parts.clock.now_ms()
        self._pushed_ms = 0
        self._listeners: list[Callable[[OperatorAnswered], None]] = []
        self._stopping = asyncio.Event()

    def listen(self, answered: Callable[[OperatorAnswered], None]) -> None:
        """Call `answered` in the loop for every answer of alerts."""
        self._listeners.append(answered)

    def stop(self) -> None:
        """Say goodbye to the browsers and let `run` return. Idempotent."""
        self.hub.close()
        self._stopping.set()

    async def run(self) -> None:
        """Follow until `stop`.

        Raises:
            ExceptionGroup with JournalWentBackError: start again.
        """
        async with asyncio.TaskGroup() as group:
            tasks = [
                group.create_task(self._follow(), name="follow"),
                group.create_task(self._every(WORD_MS, self._tell), name="tell"),
                group.create_task(self._every(BEAT_MS, self._beat), name="beat"),
                group.create_task(self._gauge(), name="gauge"),
            ]
            await self._stopping.wait()
            for task in tasks:
                task.cancel()

    def shown(self, alarm: AlarmId, ms: int) -> bool:
        """A browser painted a fresh leak `ms` after the receipt of its message; False: not a fresh one.

        It can't have been later than now, nor earlier than it was opened.
        """
        received_ms = self.picture.fresh.get(alarm)
        if received_ms is None:
            return False
        self.screen_latency.observe(min(ms, self._clock.now_ms() - received_ms))
        return True

    async def _follow(self) -> None:
        await self._trying(self._begin)
        while True:
            await self._trying(self._poll)
            await self._clock.sleep_until(self._clock.now_ms() + POLL_MS)

    async def _every(self, period_ms: int, do: Callable[[], Awaitable[None]]) -> None:
        while True:
            await self._trying(do)
            await self._clock.sleep_until(self._clock.now_ms() + period_ms)

    async def _trying(self, do: Callable[[], Awaitable[None]]) -> None:
        """Do it until it works; the console shows meanwhile what is wrong."""
        while True:
            try:
                await do()
            except StoreDownError as error:
                if self.picture.store_error != str(error):
                    _log.error("the store is down; trying again", error=str(error))
                self.picture.store_error = str(error)
                await self._clock.sleep_until(self._clock.now_ms() + RETRY_MS)
            else:
                return

    async def _begin(self) -> None:
        words = await self._do(self._parts.board.read)
        names = await self._do(self._parts.town.names)
        found = await self._do(self._parts.alarms.open_alarms)
        self.picture.begin(found.cursor, found.entries, names)
        if not self.picture.words:  # else newer ones came while we read
            self.picture.hear(words)
        self.picture.store_error = None
        self.has_begun = True

    async def _poll(self) -> None:
        entries, newest_id = await self._do(partial(self._read, self.picture.cursor))
        self.picture.store_error = None
        self.picture.newest_id = newest_id
        if newest_id < self.picture.cursor:
            raise JournalWentBackError(
                f"the journal ends at {newest_id} and was at {self.picture.cursor}: another database? Start again."
            )
        if self.picture.follow(entries):
            self.picture.rename(await self._do(self._parts.town.names))
        for entry in entries:
            if isinstance(entry.event, OperatorAnswered):
                for listener in self._listeners:
                    listener(entry.event)
        self._push()

    def _read(self, cursor: int) -> tuple[list[Entry], int]:
        newest_id = self._parts.journal.last_id()
        if newest_id <= cursor:
            return [], newest_id
        entries = self._parts.journal.after(cursor, BATCH)
        return entries, max(newest_id, entries[-1].id if entries else 0)

    def _push(self) -> None:
        now_ms = self._clock.now_ms()
        if 0 <= now_ms - self._pushed_ms < SPACING_MS:
            return
        changed = self.picture.delta(now_ms)
        if changed is None:
            return
        body, received = changed
        self._pushed_ms = now_ms
        self.hub.publish(self.picture.cursor, body)
        for received_ms in received:
            self.stream_latency.observe(now_ms - received_ms)

    async def _tell(self) -> None:
        await self._do(partial(self._parts.board.say, self.word()))
        self.picture.hear(await self._do(self._parts.board.read))

    async def _gauge(self) -> None:
        while True:
            begun_ms = self._clock.now_ms()
            if leaking := self.picture.board.leaking():
                await self._measure(leaking, begun_ms - GAUGE_OLD_MS)
            ended_ms = self._clock.now_ms()
            pause_ms = max(GAUGE_MS, (ended_ms - begun_ms) * GAUGE_PAUSES)
            await self._clock.sleep_until(ended_ms + pause_ms)

    async def _measure(self, leaking: Collection[DetectorId], since_ms: int) -> None:
        """The time series may be slow or down: rows then show what the journal knows."""
        try:
            lel = await self._parts.quick.do(partial(self._parts.gauges.lel, leaking, since_ms))
        except StoreDownError as error:
            _log.warning("open leaks can't be measured anew", error=str(error))
        else:
            self.picture.measure(lel)

    async def _beat(self) -> None:
        self.hub.beat(self.picture.encoded_heartbeat(self._clock.now_ms()))
        if self.has_begun:  # the services' silence must show while the store is down, too
            self._push()

    def word(self) -> ServiceStatus:
        """What the dashboard says of itself."""
        return ServiceStatus(
            name=NAME,
            pid=self._parts.pid,
            started_ms=self._started_ms,
            at_ms=self._clock.now_ms(),
            latency={"stream": self.stream_latency.histogram, "screen": self.screen_latency.histogram},
            notes={"browsers": str(self.hub.browsers), "journal_id": str(self.picture.cursor)},
        )
