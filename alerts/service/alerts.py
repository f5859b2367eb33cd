"""The service's loops: desk, couriers, and the word that it says every second. Decisions are elsewhere."""

import asyncio
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import tzinfo
from typing import Final

import structlog

from alerts.ports import Books, Groups, Presence, Registry
from alerts.rules.delivery import Parcel
from alerts.service.courier import Courier, HouseRules
from alerts.service.desk import Desk, Trouble, rest_ms
from alerts.service.grouping import Grouping, Limits
from alerts.service.latency import Latency
from alerts.service.switchboard import Carried, Switchboard
from alerts.service.watch import watch
from gascore.alarm import ChannelKind, NoticeState
from gascore.clock import Clock
from gascore.journal import Journal, StoreDownError
from gascore.service_status import ServiceStatus, StatusBoard

_log = structlog.get_logger()
NAME: Final = "alerts"
TEXTS: Final = "texts"
"""The note that says whether texts or calls can leave; without it the auditor holds back the heartbeat."""
_PHONES: Final = frozenset({ChannelKind.SMS, ChannelKind.VOICE})
POLL_MS: Final = 50
"""The journal's newest id is asked for so often: the largest part of the way from leak to text that is ours."""
RETRY_MS: Final = 1_000
SECOND_MS: Final = 1_000
LOOK_MS: Final = 5_000
"""The outbox is looked at so often even when nothing was put in."""
LINES: Final = 8
"""Texts on their way at the same time: a slow one does not hold up the others."""


@dataclass(frozen=True, slots=True)
class Parts:
    """What the service is made of. `switchboard` without a channel: notices wait in the outbox."""

    books: Books
    registry: Registry
    groups: Groups
    limits: Limits
    journal: Journal
    board: StatusBoard
    switchboard: Switchboard
    clock: Clock
    zone: tzinfo
    pid: int
    close: Callable[[], None]
    house_rules: HouseRules
    presence: Presence


class Alerts:
    """One process's alerts; run it once."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._clock = parts.clock
        self._started_ms = parts.clock.now_ms()
        self._desk = Desk(parts.books, parts.registry, parts.zone, Grouping(parts.groups, parts.limits))
        self._courier = (
            Courier(parts.books, parts.switchboard, parts.house_rules, parts.presence)
            if parts.switchboard.channels
            else None
        )
        self._stopping = asyncio.Event()
        self._mail = asyncio.Event()
        self._watched: dict[str, Trouble | None] = {}
        self._watching_ms = self._started_ms
        self._latency = Latency()
        self._cursor = 0
        self._down = False
        self._looked_ms = self._started_ms

    def stop(self) -> None:
        """Let the texts that are on their way arrive, and `run` return."""
        self._stopping.set()

    async def run(self) -> None:
        """Serve until `stop`. A store that is down is waited for; any other failure ends the service."""
        if self._courier is None:
            _log.error("no_channel", do="set TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN and GASWATCH_TWILIO_FROM")
        try:
            await self._resume()
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._status_loop(), name="alerts status")
                tasks.create_task(self._desk_loop(), name="alerts desk")
                tasks.create_task(self._survey_loop(), name="alerts survey")
                if self._courier is not None:
                    tasks.create_task(self._courier_loop(self._courier), name="alerts courier")
        finally:
            self._parts.close()

    async def _resume(self) -> None:
        """Before the first word of ours: the last one of the run before says what its clock showed."""
        while not self._stopping.is_set():
            try:
                said = (await asyncio.to_thread(self._parts.board.read)).get(NAME)
            except StoreDownError as error:
                self._store_is(error)
                await self._pause(RETRY_MS)
            else:
                if said is not None:
                    self._desk.resume(said.at_ms)
                return

    async def _desk_loop(self) -> None:
        wake_ms: int | None = 0
        turned_ms = 0
        watched = None
        while not self._stopping.is_set():
            now_ms = self._clock.now_ms()
            try:
                newest = await asyncio.to_thread(self._parts.journal.last_id)
                self._looked_ms = now_ms
                # After the clock was set back, what was due soon is not any more: the desk must know.
                due = (wake_ms is not None and wake_ms <= now_ms) or now_ms < turned_ms
                if newest > self._cursor or due or watched != self._watched:
                    watched = dict(self._watched)
                    turned = await asyncio.to_thread(self._desk.turn, now_ms, watched)
                    self._cursor, wake_ms, turned_ms = turned.cursor, turned.wake_ms, now_ms
                    if turned.told:
                        self._mail.set()
                    self._store_is(None)
                    if turned.more:
                        await self._rest(rest_ms(turned, self._clock.now_ms() - now_ms))
                        continue
                await self._pause(POLL_MS)
            except StoreDownError as error:
                self._store_is(error)
                watched = None
                await self._pause(RETRY_MS)

    async def _rest(self, ms: int) -> None:
        if ms:
            await self._pause(ms)

    async def _survey_loop(self) -> None:
        """Count the ledger when it changed, beside the desk: for a million detectors it takes seconds."""
        while not self._stopping.is_set():
            begun_ms = self._clock.now_ms()
            if self._desk.needs_survey:
                try:
                    await asyncio.to_thread(self._desk.survey, begun_ms)
                except StoreDownError as error:
                    self._store_is(error)
            # While a ledger is put in it changes all the time: no more than a tenth of the time is for counting.
            took_ms = max(0, self._clock.now_ms() - begun_ms)
            await self._pause(max(SECOND_MS, 10 * took_ms))

    async def _courier_loop(self, courier: Courier) -> None:
        running: set[asyncio.Task[None]] = set()
        with ThreadPoolExecutor(LINES, thread_name_prefix="sms") as pool:
            while not self._stopping.is_set():
                self._mail.clear()
                parcels, pause_ms = await self._take(courier, LINES - len(running))
                running |= {asyncio.create_task(self._deliver(courier, pool, one)) for one in parcels}
                await self._pause(pause_ms, self._mail, *running)
                running = {task for task in running if not _is_done(task)}
            for task in running:
                await task

    async def _take(self, courier: Courier, free: int) -> tuple[list[Parcel], int]:
        """What to send now, and how long to wait at most before the next look."""
        now_ms = self._clock.now_ms()
        if not free:
            return [], LOOK_MS  # a line that becomes free ends the wait
        try:
            taken = await asyncio.to_thread(courier.take, now_ms, free)
        except StoreDownError as error:
            self._store_is(error)
            return [], RETRY_MS
        if taken.wake_ms is None or len(taken.parcels) == free:
            return taken.parcels, LOOK_MS
        return taken.parcels, max(0, min(LOOK_MS, taken.wake_ms - now_ms))

    async def _deliver(self, courier: Courier, pool: ThreadPoolExecutor, parcel: Parcel) -> None:
        loop = asyncio.get_running_loop()
        sent = await loop.run_in_executor(pool, courier.carry_out, parcel, self._clock.now_ms())
        state = await self._record(courier, parcel, sent)
        notice = state.notice
        first = parcel.notice.handed_ms is None and notice.handed_ms is not None
        if first and notice.handed_ms is not None and notice.received_ms is not None:
            self._latency.add(max(0, notice.handed_ms - notice.received_ms) / 1000)
        if notice.state is NoticeState.PENDING:
            self._mail.set()

    async def _record(self, courier: Courier, parcel: Parcel, sent: Carried) -> Parcel:
        """What is known must be kept: tries until the store is back, or the service ends (then: no answer)."""
        while True:
            try:
                return await asyncio.to_thread(courier.record, parcel, sent, self._clock.now_ms())
            except StoreDownError as error:
                self._store_is(error)
                if self._stopping.is_set():
                    return parcel
                await self._pause(RETRY_MS)

    async def _status_loop(self) -> None:
        while not self._stopping.is_set():
            now_ms = self._clock.now_ms()
            try:
                statuses = await asyncio.to_thread(self._parts.board.read)
                self._watching_ms = min(self._watching_ms, now_ms)  # a clock that is set back starts it anew
                self._watched = watch(
                    statuses,
                    self._parts.switchboard.troubles(now_ms),
                    started_ms=self._watching_ms,
                    now_ms=now_ms,
                )
                await asyncio.to_thread(self._parts.board.say, self.status(now_ms))
            except StoreDownError as error:
                self._store_is(error)
            await self._pause(SECOND_MS)

    def status(self, now_ms: int) -> ServiceStatus:
        """The service's own word."""
        troubles = self._parts.switchboard.troubles(now_ms)
        notes = {
            **{name: trouble.code if trouble else "ok" for name, trouble in troubles.items()},
            TEXTS: self._texts(troubles),
            "store": "down" if self._down else "ok",
            "cursor": str(self._cursor),
            "desk_ms": str(self._looked_ms),
        }
        if self._courier is not None:
            notes |= {f"notices_{name}": str(count) for name, count in self._courier.counts.items()}
        return ServiceStatus(
            name=NAME,
            pid=self._parts.pid,
            started_ms=self._started_ms,
            at_ms=now_ms,
            latency={"handed_over": self._latency.histogram},
            notes=notes,
        )

    def _texts(self, troubles: Mapping[str, Trouble | None]) -> str:
        """Whether anybody's phone can be reached: by texts or calls, or by what else there is where both are missing."""
        able = [one for one in self._parts.switchboard.channels if one.kind is not ChannelKind.CONSOLE]
        phones = [one for one in able if one.kind in _PHONES] or able
        return "ok" if any(troubles[one.name] is None for one in phones) else "down"

    def _store_is(self, error: StoreDownError | None) -> None:
        """Say once that the store is down, and once that it is back."""
        if error is not None and not self._down:
            _log.error("store_down", why=str(error))
        elif error is None and self._down:
            _log.info("store_back")
        self._down = error is not None

    async def _pause(self, ms: int, *events: asyncio.Event | asyncio.Task[None]) -> None:
        """Until `ms` have passed, the service stops, an event is set or a task is done."""
        waits = [asyncio.ensure_future(self._clock.sleep_until(self._clock.now_ms() + ms))]
        waits.append(asyncio.ensure_future(_set(self._stopping)))
        waits += [asyncio.ensure_future(_set(e)) for e in events if isinstance(e, asyncio.Event)]
        tasks = [e for e in events if isinstance(e, asyncio.Task)]
        await asyncio.wait([*waits, *tasks], return_when=asyncio.FIRST_COMPLETED)
        for wait in waits:
            wait.cancel()
            with suppress(asyncio.CancelledError):
                await wait


async def _set(event: asyncio.Event) -> None:
    await event.wait()


def _is_done(task: asyncio.Task[None]) -> bool:
    """Whether it is; a delivery that failed ends the service, loudly."""
    if task.done():
        task.result()
    return task.done()
