"""Watches a demo from outside, as an operator's browser does, and says at the end what it came to."""

import asyncio
from collections.abc import Mapping
from typing import Final

from gascore.clock import Clock
from gaswatch import demo
from gaswatch.settings import Settings
from gaswatch.stores.engine import open_engine
from gaswatch.stores.journal import SqlJournal
from gaswatch.stores.status import SqlStatusBoard
from gaswatch.witness_report import Report, Screen, Seen, current, report
from gaswatch.witness_stream import StreamWatch
from simulator.rules.story import tell

_PAGE: Final = 1000
WHO: Final = "operator"


class Witness:
    """One run under watch. Make it before anything starts: what is in the journal then is not of this run."""

    def __init__(self, settings: Settings, users: Mapping[str, str], clock: Clock) -> None:
        self._clock = clock
        self._story = tell(settings.sim_story, demo.town(settings))
        self._engine = open_engine(settings.database)
        self._journal = SqlJournal(self._engine)
        self._seen = Seen(start_id=self._journal.last_id())
        base = f"http://{settings.http_host}:{settings.http_port}"
        self._stream = StreamWatch(base, WHO, users[WHO], clock)

    async def watch(self, for_s: float) -> Report:
        """Watch for so many seconds; returns what there is to say. Raises `StoreDownError`."""
        began_ms = self._clock.now_ms()
        self._stream.start()
        try:
            await self._clock.sleep_until(began_ms + round(for_s * 1000))
        finally:
            await asyncio.to_thread(self._stream.stop)
        ran_s = (self._clock.now_ms() - began_ms) / 1000
        return await asyncio.to_thread(self._report, ran_s)

    def close(self) -> None:
        """Give the store back."""
        self._engine.dispose()

    def _report(self, ran_s: float) -> Report:
        cursor = 0
        while entries := self._journal.after(cursor, _PAGE):
            for entry in entries:
                self._seen.add(entry)
            cursor = entries[-1].id
        # A stream that never showed anything was not there for an operator either.
        is_shown = self._stream.events.get("snapshot", 0) > 0
        delays_ms = [one.at_ms - one.received_ms for one in self._stream.arrivals.values()]
        return report(
            self._seen,
            current(SqlStatusBoard(self._engine).read(), self._clock.now_ms()),
            self._story.expectations(),
            Screen(self._stream.shown, delays_ms) if is_shown else None,
            ran_s,
        )
