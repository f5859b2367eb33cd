"""The time series of these settings: the embedded file, or InfluxDB with its spool and roll-ups beside."""

from random import Random
from typing import Final

from gascore.clock import Clock
from gaswatch.settings import Settings, SettingsError
from gaswatch.stores.influx.drainer import Drainer
from gaswatch.stores.influx.query import Query
from gaswatch.stores.influx.sink import InfluxReadings
from gaswatch.stores.influx.spool import Spool
from gaswatch.stores.influx.transport import Target, Transport
from gaswatch.stores.readings import EmbeddedReadings
from gaswatch.stores.rollups import Rollups

READINGS_FILE: Final = "readings.db"
SPOOL_FILE: Final = "spool.db"
"""Readings on their way to InfluxDB; the collector's alone."""
ROLLUPS_FILE: Final = "rollups.db"
"""Hourly figures of readings that are in InfluxDB."""
_MB: Final = 1 << 20


def open_sink(settings: Settings, clock: Clock, rng: Random) -> EmbeddedReadings | InfluxReadings:
    """What the collector writes to. InfluxDB need not be there yet.

    Args:
        settings: which one, and where.
        clock: for the age of what waits.
        rng: jitter of the waits, for a thread of its own.

    Raises:
        SettingsError: the address of InfluxDB is not set.
        StoreDownError: a file can't be used (with StoreUnusableError: the folder).
    """
    folder = settings.data_dir
    if settings.series == "embedded":
        return EmbeddedReadings(folder / READINGS_FILE)
    target = influx_target(settings)
    rollups = Rollups(folder / ROLLUPS_FILE)
    spool = Spool(folder / SPOOL_FILE, settings.spool_max_mb * _MB)
    drainer = Drainer(spool, Transport(target), clock, rng, Query(target, clock).why_unreadable)
    drainer.start()
    return InfluxReadings(spool, rollups, drainer, clock)


def influx_target(settings: Settings) -> Target:
    """Where InfluxDB is, and how to come in.

    Raises:
        SettingsError: its address is not set.
    """
    if not settings.influx_url:
        raise SettingsError(
            "INFLUXDB_V2_URL: GASWATCH_SERIES=influx needs the address of InfluxDB, such as http://127.0.0.1:8086"
        )
    return Target(
        url=settings.influx_url.rstrip("/"),
        token=settings.influx_token.get_secret_value(),
        org=settings.influx_org,
        bucket=settings.influx_bucket,
    )
