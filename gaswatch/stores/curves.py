"""The embedded time series as the dashboard asks for it."""

from dashboard.ports import Newest, Point
from gaswatch.stores.readings import EmbeddedReadings


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
