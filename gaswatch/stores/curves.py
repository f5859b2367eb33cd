"""The embedded time series as the dashboard asks for it."""

from collections.abc import Collection

from sqlalchemy import Engine, select

from dashboard.ports import Newest, Point
from gascore.words import DetectorId
from gaswatch.stores.engine import reading
from gaswatch.stores.readings import EmbeddedReadings
from gaswatch.stores.schema import detector

_MOST = 500
"""More leaks at once than anybody could watch: the others show what the journal knows."""


class EmbeddedSeries:
    """Implements `dashboard.ports.Series`. Every method is blocking and raises `StoreDownError`."""

    def __init__(self, readings: EmbeddedReadings) -> None:
        self._readings = readings

    def newest(self, no: int) -> Newest | None:
        """The newest reading of the detector with this number."""
        found = self._readings.latest([no]).get(no)
        return None if found is None else Newest(found.at_ms, found.state, found.lel, found.co)

    def points(self, no: int, from_ms: int, to_ms: int, every_s: int) -> list[Point]:
        """Steps of `every_s` from `from_ms` until just before `to_ms`; steps without a reading are missing."""
        found = self._readings.series(no, from_ms, to_ms, every_s * 1000)
        return [(one.at_ms, one.lel_min, one.lel_max, one.lel_mean) for one in found]


class EmbeddedGauges:
    """Implements `dashboard.ports.Gauges`. Blocking; raises `StoreDownError`."""

    def __init__(self, engine: Engine, readings: EmbeddedReadings) -> None:
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
