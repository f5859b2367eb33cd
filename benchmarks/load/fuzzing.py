"""Garbage through everything behind the link: decoder, intake, rules, journal and time series on disk."""

import os
from collections import Counter
from pathlib import Path
from typing import Final

import msgspec

from benchmarks.load.garbage import Garbage, Message
from benchmarks.load.ledger import write_ledger
from benchmarks.load.meter import use_of
from collector.ports import Arrival
from collector.rules.conditions import Limits
from collector.service.fleet import Fleet
from collector.service.intake import Intake
from collector.service.ledger import labels
from gascore.wire import Rejected, decode_ack, decode_status, parse_topic
from gaswatch.clock import SystemClock
from gaswatch.stores.engine import open_engine
from gaswatch.stores.readings import EmbeddedReadings
from gaswatch.stores.recorder import SqlRecorder
from gaswatch.stores.registry import SqlRegistry
from gaswatch.stores.schema import metadata

BATCH: Final = 2_000
DETECTORS: Final = 300
STEP_MS: Final = 5
"""Between two messages; so offline and grace happen, too."""
SHOWN: Final = 10


class Outcome(msgspec.Struct):
    """What became of the payloads.

    Attributes:
        payloads: taken.
        decoded: what the status decoder said of each, by reason ("ok": a status).
        outcomes: what the collector counted each as.
        rejected_by: the rejected ones by reason.
        events: journaled.
        residual: unaccounted for.
        failures: exceptions with the message that caused them; the first ones.
        taking_s, storing_s: seconds in decoder and rules; in the stores.
        rss_first, rss_early, rss_last: bytes; before, after a tenth, at the end.
    """

    payloads: int = 0
    decoded: dict[str, int] = {}
    outcomes: dict[str, int] = {}
    rejected_by: dict[str, int] = {}
    events: int = 0
    residual: int = 0
    failures: list[str] = []
    taking_s: float = 0.0
    storing_s: float = 0.0
    rss_first: int = 0
    rss_early: int = 0
    rss_last: int = 0


class Fuzz:
    """A collector without links on stores in `folder`."""

    def __init__(self, folder: Path, seed: int) -> None:
        self._clock = SystemClock()
        self._now_ms = self._clock.now_ms()
        self._engine = open_engine(f"sqlite:///{folder / 'fuzz.db'}")
        metadata.create_all(self._engine)
        write_ledger(self._engine, DETECTORS, commissioned_ms=self._now_ms - 86_400_000)
        placed = list(SqlRegistry(self._engine).placed())
        self._recorder = SqlRecorder(self._engine)
        self._readings = EmbeddedReadings(folder / "readings.db")
        self._readings.label(labels(placed))
        self._fleet = Fleet(Limits(), self._now_ms)
        self._intake = Intake(self._fleet, links=1)
        self._fleet.start(placed, (), self._intake.batch, self._now_ms)
        self._garbage = Garbage(seed, [one.id for one in placed])
        self._decoded: Counter[str] = Counter()
        self.outcome = Outcome()

    def close(self) -> None:
        """Close the stores."""
        self._readings.close()
        self._engine.dispose()

    def run(self, payloads: int) -> Outcome:
        """Take so many messages, batch by batch."""
        found = self.outcome
        found.rss_first = found.rss_early = use_of(os.getpid()).rss
        while found.payloads < payloads:
            messages = [self._garbage.message(self._now_ms) for _ in range(BATCH)]
            begun_ms = self._clock.now_ms()
            self._take(messages)
            taken_ms = self._clock.now_ms()
            self._store()
            found.taking_s += (taken_ms - begun_ms) / 1000
            found.storing_s += (self._clock.now_ms() - taken_ms) / 1000
            found.payloads += len(messages)
            if found.payloads <= payloads // 10:
                found.rss_early = use_of(os.getpid()).rss
        found.rss_last = use_of(os.getpid()).rss
        found.decoded = dict(self._decoded.most_common())
        found.outcomes = msgspec.to_builtins(self._intake.account.counts)
        found.rejected_by = self._intake.account.rejected_by
        found.residual = self._intake.account.counts.residual
        return found

    def _take(self, messages: list[Message]) -> None:
        for at, (topic, payload) in enumerate(messages):
            self._now_ms += STEP_MS
            arrival = Arrival(self._now_ms, topic, payload, at % 97 == 0, at % 31 == 0, at)
            try:
                parse_topic(topic)
                decode_ack(payload)
                status = decode_status(payload)
                self._intake.take(0, arrival)
            except Exception as error:  # noqa: BLE001 -- that there is none is what is tested
                if len(self.outcome.failures) < SHOWN:
                    self.outcome.failures.append(f"{error!r}: {topic[:100]!r} {payload[:300]!r}")
            else:
                self._decoded[str(status.reason) if isinstance(status, Rejected) else "ok"] += 1

    def _store(self) -> None:
        """One batch as the pipeline stores it, after a look at the deadlines."""
        self._fleet.miss(self._intake.batch, self._now_ms, BATCH)
        batch = self._intake.close()
        recording = batch.recording(self._now_ms)
        if recording is not None:
            self._recorder.record(recording)
        self._readings.write(batch.readings)
        self._intake.account.settle(batch)
        self.outcome.events += len(batch.events)
