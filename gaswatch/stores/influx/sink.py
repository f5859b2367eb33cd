"""The collector's end: a reading is durable when it is in the spool; the drainer brings it on."""

from collections.abc import Sequence
from typing import Final

from collector.ports import SinkHealth
from gascore.clock import Clock
from gascore.readings import Labels, Reading
from gaswatch.stores.influx.drainer import Drainer
from gaswatch.stores.influx.lines import Lines
from gaswatch.stores.influx.spool import Fill, Spool
from gaswatch.stores.rollups import Rollups

AWAY_MS: Final = 60_000
"""An operator hears when nothing has been taken for so long while readings waited; a restart takes seconds."""
FULL: Final = 0.8
"""… and when this much of the spool is used: there is a fifth of the time left to do something."""
SMALL: Final = 20
"""A spool that is filled to a part this small has no use for the disk that an outage took."""
NEWS_MS: Final = 3_600_000
"""What can't be mended any more (dead letters, readings given up) is a trouble for so long, and then a figure."""
SERIES, SPOOL, LOST, DEAD = "series", "series_spool", "series_lost", "series_dead_letters"
READ: Final = "series_read"
"""Names of the troubles."""


class InfluxReadings:
    """Implements `collector.ports.ReadingSink`. Blocking; `write` raises `StoreDownError` when the disk fails.

    The hourly roll-ups are kept here as well: what is proved with them does not depend on the series database.
    """

    def __init__(self, spool: Spool, rollups: Rollups, drainer: Drainer, clock: Clock) -> None:
        """Take over all of them; the drainer is started by whoever made it."""
        self._spool = spool
        self._rollups = rollups
        self._drainer = drainer
        self._clock = clock
        self._lines = Lines()

    def write(self, readings: Sequence[Reading]) -> None:
        """Durable when it returns, however the series database is."""
        # The spool last: when it fails the write comes again, and must not find itself there.
        self._rollups.add(readings)
        self._spool.put(list(self._lines.pack(readings)), self._clock.now_ms())

    def label(self, labels: dict[int, Labels]) -> None:
        """Who is behind the numbers, for lines that are made from now on."""
        self._lines.label(labels)

    def seal(self, now_ms: int) -> int:
        """Fold roll-ups that are over; give back the disk that the spool does not need any more."""
        packed = self._rollups.seal(now_ms)
        if self._spool.fill.bytes <= self._spool.max_bytes // SMALL:
            self._spool.shrink()
        return packed

    def health(self, now_ms: int) -> SinkHealth:
        """What the operators must hear of, and the figures. Cheap."""
        fill = self._spool.fill
        oldest_s = 0 if fill.oldest_ms is None else max(now_ms - fill.oldest_ms, 0) // 1000
        return SinkHealth(
            troubles=self._troubles(fill, now_ms),
            notes={
                "spool_bytes": str(fill.bytes),
                "spool_max_bytes": str(self._spool.max_bytes),
                "spool_points": str(fill.points),
                "spool_oldest_s": str(oldest_s),
                "spool_dropped": str(fill.dropped),
                "dead_letters": str(fill.dead),
            },
        )

    def close(self) -> None:
        """Stop draining; what waits is sent after the next start."""
        if self._drainer.stop():
            self._spool.close()
        # Else a write is still under way: its thread ends with the process, and so do its connections.
        self._rollups.close()

    def _troubles(self, fill: Fill, now_ms: int) -> dict[str, str]:
        troubles: dict[str, str] = {}
        held = self._drainer.held
        if fill.points:
            is_away = now_ms - self._drainer.taken_ms >= AWAY_MS
            if is_away or (held is not None and held.is_lasting):
                why = held.words if held else "the series database takes nothing"
                troubles[SERIES] = f"{why}; readings wait on our disk, nothing is lost yet"
        if self._drainer.unreadable is not None:
            troubles[READ] = f"readings are kept, but curves can't be shown: {self._drainer.unreadable}"
        if fill.bytes >= FULL * self._spool.max_bytes:
            troubles[SPOOL] = (
                f"over {FULL:.0%} of the {self._spool.max_bytes >> 20} MB in which readings wait for the series "
                "database are used: bring it back, or raise GASWATCH_SPOOL_MAX_MB; then the oldest are given up"
            )
        if fill.dropped and now_ms - fill.dropped_ms < NEWS_MS:
            troubles[LOST] = (
                "the series database was away for too long: the oldest readings that waited for it are given up "
                "(alarms, journal and hourly figures are not concerned)"
            )
        if fill.dead and now_ms - fill.dead_ms < NEWS_MS:
            troubles[DEAD] = (
                "the series database refuses some readings by themselves; they are kept in the table dead_letter of "
                "spool.db, with what it says of them"
            )
        return troubles
