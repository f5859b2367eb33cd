"""The time series as the dashboard asks for it, whichever store it is in."""

from collections.abc import Collection
from itertools import islice
from typing import Final, Protocol

from sqlalchemy import Engine, select

from dashboard.ports import Newest, Point
from gascore.readings import Reading
from gascore.words import DetectorId
from gaswatch.stores import readings_query
from gaswatch.stores.engine import reading
from gaswatch.stores.schema import detector

_MOST: Final = 500
"""More leaks at once than anybody could watch: the others show what the journal knows."""
_ROWS_AT_ONCE: Final = 1_000


class Readings(Protocol):
    """Where readings are read. Implementations: `EmbeddedReadings`, `gaswatch.stores.influx.reader.InfluxReader`.

    Every method is blocking and raises `StoreDownError`; one contract suite holds for both.
    """

    def latest(self, nos: Collection[int]) -> dict[int, Reading]:
        """The newest reading of each of these detectors; those without one are missing."""
        ...

    def series(
        self, no: int, from_ms: int, to_ms: int, every_ms: int | None = None
    ) -> list[readings_query.Point]:
        """The readings in [from_ms, to_ms), or steps of them; see `EmbeddedReadings.series`."""
        ...


class StoredSeries:
    """Implements `dashboard.ports.Series`. Every method is blocking and raises `StoreDownError`."""

    def __init__(self, readings: Readings) -> None:
        self._readings = readings

    def newest(self, no: int) -> Newest | None:
        """The newest reading of the detector with this number."""
        found = self._readings.latest([no]).get(no)
        return None if found is None else Newest(found.at_ms, found.state, found.lel, found.co)

    def points(self, no: int, from_ms: int, to_ms: int, every_s: int) -> list[Point]:
        """Steps of `every_s` from `from_ms` until just before `to_ms`; steps without a reading are missing."""
        found = self._readings.series(no, from_ms, to_ms, every_s * 1000)
        return [(one.at_ms, one.lel_min, one.lel_max, one.lel_mean) for one in found]


class StoredGauges:
    """Implements `dashboard.ports.Gauges`. Blocking; raises `StoreDownError`."""

    def __init__(self, engine: Engine, readings: Readings) -> None:
        self._engine = engine
        self._readings = readings

    def lel(self, detectors: Collection[DetectorId], since_ms: int) -> dict[DetectorId, float]:
        """The newest valid %LEL of each; those that have none since `since_ms` are missing."""
        wanted = list(detectors)[:_MOST]
        with reading(self._engine) as connection:
            rows = connection.execute(select(detector.c.no, detector.c.id).where(detector.c.id.in_(wanted)))
            ids = {no: DetectorId(key) for no, key in rows}
        return {
            ids[no]: one.lel
            for no, one in self._readings.latest(ids).items()
            if one.lel is not None and one.at_ms >= since_ms
        }


def ids_of(engine: Engine, nos: Collection[int]) -> dict[int, DetectorId]:
    """The ids behind these numbers; unknown ones are missing. Blocking; raises `StoreDownError`."""
    found: dict[int, DetectorId] = {}
    rest = iter(nos)
    with reading(engine) as connection:
        while some := list(islice(rest, _ROWS_AT_ONCE)):
            rows = connection.execute(select(detector.c.no, detector.c.id).where(detector.c.no.in_(some)))
            found.update((no, DetectorId(key)) for no, key in rows)
    return found
