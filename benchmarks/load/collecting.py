"""The collector as `gaswatch run collector` puts it together, with counters on its links and at its journal."""

import asyncio
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TextIO

import msgspec
import uvloop

from benchmarks.load.counting import CountingLink
from collector.ports import Recorder, Recording
from collector.service import Collector
from gascore.journal import ConditionRaised
from gascore.words import Condition
from gaswatch import logging
from gaswatch.clock import SystemClock
from gaswatch.process import with_signals
from gaswatch.sealer import Sealing
from gaswatch.settings import Settings
from gaswatch.stores.engine import open_engine
from gaswatch.stores.journal import SqlJournal
from gaswatch.wiring.collector import parts_of


class TimedRecorder:
    """Times each leak from the instant in the detector's message to its being committed."""

    def __init__(self, recorder: Recorder) -> None:
        self.took_ms: list[int] = []
        self._recorder = recorder
        self._clock = SystemClock()

    def record(self, recording: Recording) -> None:
        """See `Recorder.record`."""
        self._recorder.record(recording)
        now_ms = self._clock.now_ms()
        for event in recording.events:
            if isinstance(event, ConditionRaised) and event.condition is Condition.LEAK and event.sample:
                self.took_ms.append(now_ms - (event.sample.measured_ms or now_ms))

    def own(self) -> dict[int, bytes]:
        """See `Recorder.own`."""
        return self._recorder.own()

    def states(self) -> Iterable[tuple[int, bytes]]:
        """See `Recorder.states`."""
        return self._recorder.states()


async def collect(counts: TextIO) -> list[int]:
    """Collect until told to end; `counts` gets a line a second. Returns how long each leak took (ms)."""
    settings, clock = Settings(), SystemClock()
    engine = open_engine(settings.database)
    parts = parts_of(settings, clock, engine)
    links = [CountingLink(link) for link in parts.links]
    recorder = TimedRecorder(parts.recorder)
    collector = Collector(msgspec.structs.replace(parts, links=links, recorder=recorder))
    service = Sealing(collector, SqlJournal(engine), clock)
    with_signals(service.stop, clock)
    saying = [asyncio.create_task(link.say(counts)) for link in links]
    await service.run()
    for task in saying:
        task.cancel()
    return recorder.took_ms


if __name__ == "__main__":
    logging.configure("text", "collector")
    with Path(sys.argv[1]).open("w") as file:
        took_ms = uvloop.run(collect(file))
    Path(sys.argv[2]).write_bytes(msgspec.json.encode(took_ms))
