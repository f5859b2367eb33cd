"""A reading on its way to the time series, and back."""

import msgspec

from gascore.words import DetectorId, ReportedState


class Reading(msgspec.Struct, frozen=True, gc=False):
    """One measured point.

    Attributes:
        no: the detector's number in the ledger.
        at_ms: instant of measuring; when the detector's clock is wrong or missing, of receipt.
        lel: %LEL, resolution 0.1; None: no valid value.
        co: ppm; None: not measured.
        state: as reported.
        batt: %; rssi: dBm.
    """

    no: int
    at_ms: int
    state: ReportedState
    lel: float | None = None
    co: float | None = None
    batt: float | None = None
    rssi: float | None = None


class Labels(msgspec.Struct, frozen=True):
    """The fixed tag set of a series; an unknown one is "-" (reference: InfluxDB 3 fixes a table's tags)."""

    detector: DetectorId
    site: str
    area: str
    gas: str


class HourStat(msgspec.Struct, frozen=True):
    """The roll-up of one detector and one hour: `hour_ms` is its start."""

    no: int
    hour_ms: int
    count: int
    lel_max: float | None
    lel_mean: float | None
