"""The embedded time series: one SQLite file of its own, no server (docs/adr/0005)."""

from bisect import bisect_left
from collections.abc import Collection, Generator, Sequence
from operator import itemgetter
from pathlib import Path
from typing import Final

from collector.ports import SinkHealth
from gascore.readings import HourStat, Labels, Reading
from gaswatch.stores import readings_query
from gaswatch.stores.reading_codec import row_of
from gaswatch.stores.readings_file import ReadingsFile, key
from gaswatch.stores.readings_query import Point
from gaswatch.stores.readings_seal import LIMITS, Sealer, SealLimits
from gaswatch.stores.sqlite_file import put

_LABEL: Final = """
    INSERT INTO detector(no, id, site, area, gas) VALUES (?, ?, ?, ?, ?)
    ON CONFLICT(no) DO UPDATE SET id = excluded.id, site = excluded.site, area = excluded.area, gas = excluded.gas
    WHERE (id, site, area, gas) IS NOT (excluded.id, excluded.site, excluded.area, excluded.gas)
"""


class EmbeddedReadings:
    """Implements `collector.ports.ReadingSink`, and reads. One process writes; any number read beside it.

    Every method is blocking and raises `StoreDownError`. Kept are 0.1 %LEL, 0.1 ppm, 1 % and 1 dBm; of two
    readings of one detector in one millisecond, the last.
    """

    def __init__(self, path: Path, limits: SealLimits = LIMITS) -> None:
        """Open or make the file; `limits` bound what one call of `seal` does.

        Raises:
            StoreUnusableError: the folder or the file can't be used; one line that says what to do.
        """
        self._file = ReadingsFile(path)
        self._sealer = Sealer(self._file, limits)

    def write(self, readings: Sequence[Reading]) -> None:
        """Durable when it returns; writing the same reading twice changes nothing."""
        if not readings:
            return
        # In the order of the key, so that the hot table only grows at its end.
        rows: list[tuple[int | None, ...]] = sorted(
            ((key(one.at_ms, one.no), *row_of(one)[1:]) for one in readings), key=itemgetter(0)
        )
        with self._file.write() as connection:
            (until_ms,) = connection.execute("SELECT until_ms FROM sealed").fetchone()
            frozen = bisect_left(rows, key(until_ms, 0), key=itemgetter(0))
            put(connection, "hot", rows[frozen:])
            put(connection, "late", rows[:frozen])

    def label(self, labels: dict[int, Labels]) -> None:
        """Tell the store who is behind the numbers, so that the file can be read without the ledger."""
        rows = [(no, one.detector, one.site, one.area, one.gas) for no, one in labels.items()]
        with self._file.write() as connection:
            connection.executemany(_LABEL, rows)

    def labels(self) -> dict[int, Labels]:
        """Who is behind the numbers."""
        with self._file.read() as connection:
            rows = connection.execute("SELECT no, id, site, area, gas FROM detector").fetchall()
        return {no: Labels(*values) for no, *values in rows}

    def seal(self, now_ms: int) -> int:
        """Pack hours that are over; returns how many readings were packed. Seconds at most, then call again."""
        return self._sealer.seal(now_ms)

    def health(self, now_ms: int) -> SinkHealth:
        """Nothing to say: what can't be written is raised by `write`."""
        del now_ms
        return SinkHealth()

    def series(self, no: int, from_ms: int, to_ms: int, every_ms: int | None = None) -> list[Point]:
        """The readings in [from_ms, to_ms), in order.

        Args:
            no: the detector's number.
            from_ms: begin, and the begin of the first step.
            to_ms: end, which does not belong to it.
            every_ms: length of a step; steps without a reading are missing. None: one point per reading.
        """
        return readings_query.series(self._file, no, from_ms, to_ms, every_ms)

    def latest(self, nos: Collection[int]) -> dict[int, Reading]:
        """The newest reading of each of these detectors; those without one are missing."""
        return readings_query.latest(self._file, nos)

    def scan(self, nos: Collection[int], from_ms: int, to_ms: int) -> Generator[Reading]:
        """All readings of these detectors in [from_ms, to_ms), by number and instant, a few in memory at a time."""
        return readings_query.scan(self._file, nos, from_ms, to_ms)

    def hourly(self, no: int, from_ms: int, to_ms: int) -> list[HourStat]:
        """The roll-ups of the hours (UTC) that [from_ms, to_ms) touches; hours without a reading are missing."""
        return readings_query.hourly(self._file, no, from_ms, to_ms)

    def close(self) -> None:
        """Close the file; nothing may be called afterwards."""
        self._sealer.close()
        self._file.close()
