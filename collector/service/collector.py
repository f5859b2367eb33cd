"""The collector's loop: starts the links and the pipeline, watches deadlines, says how it is."""

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from functools import partial
from typing import Any, Final

import structlog

from collector.rules.blindness import Spell, restore
from collector.rules.supervision import TICK_MS
from collector.service.batch import DROPS, OWN, STRANGERS, TROUBLES, WAITING
from collector.service.brokers import Brokers
from collector.service.fleet import Fleet
from collector.service.health import Health
from collector.service.intake import Intake
from collector.service.ledger import LedgerFollower
from collector.service.parts import Parts
from collector.service.pipeline import Pipeline
from collector.service.sight import SELF, Sight
from collector.service.troubles import Troubles
from gascore.journal import BlindScope, StoreDownError
from gascore.service_status import ServiceStatus

_log = structlog.get_logger()
NAME: Final = "collector"
SECOND_MS: Final = 1_000
SEAL_MS: Final = 60_000
SEAL_ON_MS: Final = 5_000
"""Sealing goes on so soon when there was something to do: of a million detectors, a million rows come in a minute."""
STALL_MS: Final = 10_000
"""When the loop was away for longer (suspended, starved, or the clock was set), we were blind."""
LOOK_MS: Final = 2 * TICK_MS
"""Deadlines are looked at this often at least, for those that a message has brought forward."""
LOOK_AT: Final = 1_000
"""Detectors looked at before the loop serves the others again: some 15 ms when all of them have gone silent."""
BEHIND: Final = f"{SELF} behind"
"""Name of the blindness that is a backlog."""
DRAIN_MS: Final = 10_000
"""A stop waits so long for the stores; what is not acknowledged then, the broker sends again."""
GOODBYE_S: Final = 3
"""How long links may take to say goodbye to their brokers."""


class Collector:
    """One process's collector; run it once."""

    def __init__(self, parts: Parts) -> None:
        now_ms = parts.clock.now_ms()
        self._parts = parts
        self._clock = parts.clock
        self._started_ms = now_ms
        self._fleet = Fleet(parts.limits, now_ms, parts.gaps)
        self._intake = Intake(self._fleet, links=len(parts.links))
        self._sight = Sight(
            [link.name for link in parts.links], lambda: self._intake.batch, self._fleet.supervisor
        )
        self._pipeline = Pipeline(self._intake, self._sight, parts)
        batch, changed = (lambda: self._intake.batch), self._pipeline.woken
        self.troubles = Troubles(batch, changed)
        """Where whoever of ours is in trouble says so."""
        self._brokers = Brokers(parts.links, self.troubles, batch=batch, changed=changed)
        self._health = Health(parts.readings, self._brokers, self.troubles)
        self._stopping = asyncio.Event()
        self._ledger = LedgerFollower(self._fleet, self._intake, self._pipeline, parts)
        self._is_loaded = False
        self._board_down = False

    def stop(self) -> None:
        """Finish the batch, acknowledge it and let `run` return."""
        self._stopping.set()

    async def run(self) -> None:
        """Collect until `stop`.

        Raises:
            ExceptionGroup: what trying again can't mend; what is not acknowledged comes again.
        """
        try:
            await self._load()
            async with asyncio.TaskGroup() as group:
                links = [group.create_task(work, name=name) for name, work in self._links()]
                tasks = [group.create_task(work, name=name) for name, work in self._tasks().items()]
                await self._stopping.wait()
                await self._finish(links)
                for task in links + tasks:
                    task.cancel()
        finally:
            self._parts.close()

    def _links(self) -> Iterator[tuple[str, Coroutine[Any, Any, None]]]:
        for index, link in enumerate(self._parts.links):
            arrived = partial(self._pipeline.take, index)
            running = link.run(arrived=arrived, changed=self._link_changed, is_full=self._is_full)
            yield f"link {link.name}", running

    def _tasks(self) -> dict[str, Coroutine[Any, Any, None]]:
        return {
            "pipeline": self._pipeline.run(),
            "deadlines": self._watch_deadlines(),
            "status": self._each(SECOND_MS, self._say),
            "health": self._each(SECOND_MS, self._look),
            "ledger": self._each(SECOND_MS, self._ledger.follow),
            "seal": self._keep_sealing(),
        }

    def _is_full(self) -> bool:
        return self._stopping.is_set() or self._pipeline.is_full

    async def _load(self) -> None:
        """Book first since when we did not see: from then on our own word on the board says that we live."""
        parts = self._parts
        own = await asyncio.to_thread(parts.recorder.own)
        last = (await asyncio.to_thread(parts.board.read)).get(NAME)
        now_ms = self._clock.now_ms()
        self._sight.resume(restore(own.get(OWN)), last, now_ms)
        self.troubles.resume(own.get(TROUBLES), now_ms)
        self._brokers.resume(own.get(DROPS))
        is_booked = await self._book(now_ms)
        saying = [asyncio.create_task(self._each(SECOND_MS, self._say))] if is_booked else []
        try:
            await asyncio.to_thread(self._ledger.load)
        finally:
            for task in saying:
                task.cancel()
        self._is_loaded = True
        self._intake.resume(own.get(STRANGERS), self._clock.now_ms())
        self._pipeline.woken()
        _log.info("collector started", detectors=len(self._fleet.watches), links=list(self._sight.links))

    async def _book(self, now_ms: int) -> bool:
        """Whether what is in the open batch is in the journal now; else it goes there with what follows."""
        try:
            if recording := self._intake.batch.recording(now_ms):
                await asyncio.to_thread(self._parts.recorder.record, recording)
        except StoreDownError as error:
            _log.warning("the start is not journaled yet", reason=str(error))
            return False
        self._intake.close()
        return True

    def _link_changed(self, name: str, word: str, since_ms: int) -> None:
        if self._stopping.is_set():
            return  # our own stop is booked as such
        self._sight.link(name, word, since_ms)
        self._pipeline.woken()

    async def _watch_deadlines(self) -> None:
        last_ms = self._clock.now_ms()
        while True:
            now_ms = self._clock.now_ms()
            self._notice_jump(last_ms, now_ms)
            last_ms, more = now_ms, False
            self._notice_lag(now_ms)
            if not self._sight.is_blind and len(self._intake.batch.changes) < WAITING:
                more = self._fleet.miss(self._intake.batch, now_ms, LOOK_AT)
                if not self._intake.batch.is_empty:
                    self._pipeline.woken()
            wake_ms = self._fleet.supervisor.wake_at() or now_ms + LOOK_MS
            soon_ms = max(min(wake_ms, now_ms + LOOK_MS), now_ms + TICK_MS)
            await self._clock.sleep_until(now_ms if more else soon_ms)

    def _notice_lag(self, now_ms: int) -> None:
        """While messages come late by our own fault, silence says nothing of a detector."""
        lag = self._pipeline.lag
        delay_ms = lag.look(now_ms, is_full=self._pipeline.is_full)
        self._intake.delay_ms = 0 if lag.since_ms is None else delay_ms
        if lag.since_ms is not None:
            since_ms = max(lag.since_ms, self._fleet.supervisor.base_ms)
            why = f"messages come {delay_ms // 1000} s late: more come in than can be stored"
            self._sight.lost(Spell(BlindScope.COLLECTOR, BEHIND, since_ms, why))
        else:
            self._sight.found(BlindScope.COLLECTOR, BEHIND, now_ms)

    def _notice_jump(self, last_ms: int, now_ms: int) -> None:
        if now_ms < last_ms - SECOND_MS:
            _log.warning("clock set back", by_ms=last_ms - now_ms)
            self._fleet.supervisor.rebuild(self._fleet.watches.values(), now_ms)
        elif now_ms - last_ms > STALL_MS:
            name = f"{SELF} stalled"
            self._sight.lost(Spell(BlindScope.COLLECTOR, name, last_ms, "the process was held up"))
            self._sight.found(BlindScope.COLLECTOR, name, now_ms)
            self._pipeline.woken()

    async def _each(self, period_ms: int, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        while True:
            await work()
            await self._clock.sleep_until(self._clock.now_ms() + period_ms)

    async def _look(self) -> None:
        now_ms = self._clock.now_ms()
        missing = self._fleet.missing.look(self._intake.account.received, now_ms)
        self.troubles.say("sequence_gaps", missing, now_ms)
        await self._health.look(now_ms)

    async def _say(self) -> None:
        try:
            await asyncio.to_thread(self._parts.board.say, self.status())
        except StoreDownError as error:
            if not self._board_down:
                _log.warning("status not stored", reason=str(error))
            self._board_down = True
        else:
            self._board_down = False

    def status(self) -> ServiceStatus:
        """The collector's own word, as of now."""
        notes = {"sequence_gaps": str(self._fleet.gaps), "to_verify": str(self._fleet.to_verify)}
        if worst := self._fleet.worst.named():
            notes["sequence_gaps_worst"] = worst
        if self._pipeline.readings_down is not None:
            notes["readings_down"] = self._pipeline.readings_down
        if not self._is_loaded:
            notes["starting"] = "reading the ledger"
        notes |= self._health.notes
        account = self._intake.account
        return ServiceStatus(
            name=NAME,
            pid=self._parts.pid,
            started_ms=self._started_ms,
            at_ms=self._clock.now_ms(),
            messages=account.counts,
            rejected_by=account.rejected_by,
            newest_message_ms=account.newest_ms,
            links=dict(self._sight.links),
            states=self._fleet.tally.counts(blind=self._sight.is_blind),
            latency={"journal": self._pipeline.latency.histogram},
            notes=notes,
            gaps=self._fleet.worst.gaps,
        )

    async def _keep_sealing(self) -> None:
        while True:
            has_worked = await self._seal()
            await self._clock.sleep_until(self._clock.now_ms() + (SEAL_ON_MS if has_worked else SEAL_MS))

    async def _seal(self) -> bool:
        """Pack some; true: there was something to do, even if nothing has come out of it yet (sorting, clearing)."""
        begun_ms = self._clock.now_ms()
        try:
            packed = await asyncio.to_thread(self._parts.readings.seal, begun_ms)
        except StoreDownError as error:
            _log.warning("readings not sealed", reason=str(error))
            return False
        if packed:
            _log.debug("readings sealed", packed=packed)
        return bool(packed) or self._clock.now_ms() - begun_ms >= SECOND_MS

    async def _finish(self, links: list[asyncio.Task[None]]) -> None:
        """The last batch says that we stop; then the links go, and the last word is the status."""
        now_ms = self._clock.now_ms()
        self._sight.lost(Spell(BlindScope.COLLECTOR, SELF, now_ms, "stopped"))
        self._pipeline.woken()
        draining = asyncio.ensure_future(self._pipeline.drain())
        giving_up = asyncio.ensure_future(self._clock.sleep_until(now_ms + DRAIN_MS))
        await asyncio.wait({draining, giving_up}, return_when=asyncio.FIRST_COMPLETED)
        if not draining.done():
            _log.error("stopped with messages unacknowledged", pending=self._intake.account.pending)
        draining.cancel()
        giving_up.cancel()
        for link in self._parts.links:
            await link.stop()
        if links:
            await asyncio.wait(links, timeout=GOODBYE_S)
        await self._say()
        _log.info("collector stopped")
