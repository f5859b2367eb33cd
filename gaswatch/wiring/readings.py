"""Where readings are read: the embedded file, or InfluxDB."""

from functools import partial

from sqlalchemy import Engine

from gascore.clock import Clock
from gaswatch.settings import Settings
from gaswatch.stores.curves import ids_of
from gaswatch.stores.influx.query import Query
from gaswatch.stores.influx.reader import InfluxReader
from gaswatch.stores.readings import EmbeddedReadings
from gaswatch.wiring.series import READINGS_FILE, influx_target


def open_readings(settings: Settings, engine: Engine, clock: Clock) -> EmbeddedReadings | InfluxReader:
    """What the dashboard and the export read from. InfluxDB need not be there yet.

    Raises:
        SettingsError: the address of InfluxDB is not set.
        StoreDownError: the embedded file can't be used (with StoreUnusableError: the folder).
    """
    if settings.series == "embedded":
        return EmbeddedReadings(settings.data_dir / READINGS_FILE)
    return InfluxReader(Query(influx_target(settings), clock), partial(ids_of, engine), clock)
