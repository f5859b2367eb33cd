"""Empties the spool into the series database, in a thread of its own.

`Drainer.step` does one try and says when the next one is due; only the thread around it waits.
"""

import zlib
from collections.abc import Callable, Sequence
from contextlib import suppress
from random import Random
from threading import Event, Thread
from typing import Final, NamedTuple

import structlog

from gascore.clock import Clock
from gascore.journal import StoreDownError
from gaswatch.stores.influx.delivery import Delivery, joined
from gaswatch.stores.influx.lines import MOST_LINES, decompress
from gaswatch.stores.influx.policy import NO_ANSWER, Outcome, wait_ms
from gaswatch.stores.influx.probe import Probe, probe, words
from gaswatch.stores.influx.query import AwayError
from gaswatch.stores.influx.spool import DeadLetter, Entry, Spool
from gaswatch.stores.influx.transport import Transport

_log = structlog.get_logger()
_MERGES: Final = 20
"""In one step: a stop should not wait for all of a long outage."""
LINGER_MS: Final = 1_000
"""What comes within it goes into one write: a database is glad of few, big ones."""
DEFECT_MS: Final = 30_000
ASK_MS: Final = 60_000
"""What can be written, and not read, is asked for so often whether it can by now."""
STOP_S: Final = 3.0
"""A stop waits so long for the write that is under way; what is not settled is sent again at the next start."""


class Held(NamedTuple):
    """Why lines are kept.

    Attributes:
        words: what is wrong, and what to do.
        is_lasting: whether somebody has to mend something.
        failures: in a row.
    """

    words: str
    is_lasting: bool
    failures: int


class Drainer:
    """One thread at a time calls `step`; `held`, `unreadable` and `taken_ms` may be read by any. Closes the transport.

    `ask`: why nothing can be read from the database (None: it can); asked when it is found to be there.
    """

    def __init__(
        self,
        spool: Spool,
        transport: Transport,
        clock: Clock,
        rng: Random,
        ask: Callable[[], str | None] = lambda: None,
    ) -> None:
        self.held: Held | None = None
        """Why nothing is taken at present; None: the last write worked, or nothing was to be written yet."""
        self.unreadable: str | None = None
        """Why curves will be missing although readings are taken."""
        self.taken_ms = clock.now_ms()
        """When lines were last taken, or none waited; at first, the start."""
        self._spool = spool
        self._transport = transport
        self._clock = clock
        self._rng = rng
        self._probe: Probe | None = None
        self._ask = ask
        self._asked_ms: int | None = None
        self._most_lines = MOST_LINES
        self._refused_in_a_row = 0
        self._stopping = Event()
        self._thread = Thread(target=self._run, name="influx-drainer", daemon=True)

    def start(self) -> None:
        """Drain from now on, in a thread."""
        self._thread.start()

    def stop(self) -> bool:
        """Stop, within some seconds; whether the thread has ended. What waits stays in the spool."""
        self._stopping.set()
        if self._thread.ident is not None:
            self._thread.join(STOP_S)
        if self._thread.is_alive():
            return False
        self._transport.close()
        return True

    def step(self) -> int:
        """Send what has waited longest; returns in how many ms to call again. Blocking. Never raises for a server."""
        entries, now_ms = self._spool.oldest(self._most_lines), self._clock.now_ms()
        if not entries:
            self.taken_ms = now_ms
            return LINGER_MS
        self.taken_ms = min(self.taken_ms, now_ms)  # the clock may have been set back
        due_ms = self._try(entries)
        if self.held is not None:
            self._merge()
        return due_ms

    def _try(self, entries: Sequence[Entry]) -> int:
        if self._probe is None:
            found = probe(self._transport)
            if found.problem is not None:
                outcome = Outcome.CONFIGURATION if found.is_lasting else Outcome.LATER
                return self._hold(outcome, found.problem, None)
            self._probe = found
            _log.info("series database found", name=found.name, way=found.dialect.value)
        due_ms = self._send(self._probe, entries)
        if self.held is None:
            self._look_whether_it_reads()
        return due_ms

    def _look_whether_it_reads(self) -> None:
        """Once, when writing works; while it does not, again and again: somebody may have mended it."""
        now_ms = self._clock.now_ms()
        if self._asked_ms is not None and (self.unreadable is None or 0 <= now_ms - self._asked_ms < ASK_MS):
            return
        try:
            why = self._ask()
        except AwayError:
            return  # it went away this instant: the next write shows it
        if why != self.unreadable:
            _log.warning(
                "series database can't be read" if why else "series database can be read", reason=why
            )
        self.unreadable, self._asked_ms = why, now_ms

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                due_ms = self.step()
            except StoreDownError as error:
                due_ms = self._hold(Outcome.LATER, f"the spool fails: {error}", None)
            except Exception as error:  # noqa: BLE001 -- said aloud below
                # The thread must not end unseen: readings would pile up, and nobody would know why.
                _log.exception("series database not written to")
                self._hold(Outcome.LATER, f"a defect of gaswatch, please report it: {error!r}", None)
                due_ms = DEFECT_MS
            self._stopping.wait(due_ms / 1000)

    def _send(self, server: Probe, entries: Sequence[Entry]) -> int:
        """One delivery: taken, but for dead letters; or kept as a whole, which costs the repetition only."""
        delivery = Delivery(
            lambda payload: self._transport.write(payload, server.dialect), self._refused_in_a_row
        )
        try:
            outcome, answer = delivery.send(
                joined([one.payload for one in entries]), sum(one.points for one in entries)
            )
        except zlib.error:
            self._bury_damaged(entries)
            return 0
        if delivery.too_many is not None:
            self._most_lines = max(min(self._most_lines, delivery.too_many // 2), 1)
        if outcome is not Outcome.DONE:
            self._probe = self._asked_ms = None
            return self._hold(outcome, words(answer, self._transport.target), answer.retry_after_s)
        self._refused_in_a_row = delivery.refused_in_a_row
        self.taken_ms = self._clock.now_ms()
        self._spool.settle([one.id for one in entries], delivery.dead, self.taken_ms)
        if delivery.dead:
            _log.warning("readings refused", count=len(delivery.dead), reason=delivery.dead[0].error)
        if self.held is not None:
            _log.info("series database takes readings again")
        self.held = None
        return 0 if self._spool.fill.points >= self._most_lines else LINGER_MS

    def _merge(self) -> None:
        """While nothing is taken, there is time to make the spool smaller."""
        with suppress(zlib.error):  # what is damaged is buried when its turn to be sent has come
            for _ in range(_MERGES):
                if not self._spool.merge(joined, MOST_LINES):
                    return

    def _bury_damaged(self, entries: Sequence[Entry]) -> None:
        """Lines that the disk has spoilt hold up no others."""
        damaged = [one for one in entries if not _is_whole(one)]
        dead = [DeadLetter(NO_ANSWER, "damaged in the spool", f"{one.points} readings") for one in damaged]
        self._spool.settle([one.id for one in damaged], dead, self._clock.now_ms())
        _log.error("readings damaged in the spool", count=sum(one.points for one in damaged))

    def _hold(self, outcome: Outcome, why: str, retry_after_s: float | None) -> int:
        before = self.held
        if before is None or before.words != why:
            _log.warning("readings wait in the spool", reason=why)
        failures = 1 + (before.failures if before else 0)
        self.held = Held(why, outcome is Outcome.CONFIGURATION, failures)
        return wait_ms(outcome, failures, retry_after_s, self._rng)


def _is_whole(entry: Entry) -> bool:
    try:
        decompress(entry.payload)
    except zlib.error:
        return False
    return True
