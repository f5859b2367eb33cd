"""The collector, put together."""

import os
from random import Random

from sqlalchemy import Engine

from collector.adapters.links import make_link
from collector.rules.conditions import Limits
from collector.rules.missing import GapLimits
from collector.service import Collector, Parts
from gascore.clock import Clock
from gaswatch.broker.address import urls
from gaswatch.sealer import Sealing
from gaswatch.secrets import Secrets
from gaswatch.settings import Settings
from gaswatch.stores.engine import open_engine
from gaswatch.stores.journal import SqlJournal
from gaswatch.stores.migrate import check_current
from gaswatch.stores.recorder import SqlRecorder
from gaswatch.stores.registry import SqlRegistry
from gaswatch.stores.status import SqlStatusBoard
from gaswatch.wiring.series import open_sink


def build(settings: Settings, clock: Clock) -> Sealing:
    """The service of `gaswatch run collector`, with the sealing of the journal beside it. Raises as `collector_of`."""
    engine = open_engine(settings.database)
    return Sealing(collector_of(settings, clock, engine), SqlJournal(engine), clock)


def collector_of(settings: Settings, clock: Clock, engine: Engine) -> Collector:
    """The collector itself; it closes the engine when it ends. Raises as `parts_of`."""
    return Collector(parts_of(settings, clock, engine))


def parts_of(settings: Settings, clock: Clock, engine: Engine) -> Parts:
    """What the collector is put together from.

    Raises:
        SettingsError: a setting can't be served.
        StoreDownError: a store can't be used (with StoreUnusableError: the folder, or the address).
        SchemaError: the database's tables are not those of this version.
    """
    addresses = urls(settings)
    check_current(engine)
    readings = open_sink(settings, clock, Random())  # noqa: S311 -- jitter of the waits, no secret

    def close() -> None:
        readings.close()
        engine.dispose()

    rng = Random()  # noqa: S311 -- jitter of the waits, no secret
    name = client_id(settings)
    return Parts(
        links=[
            make_link(url, settings.mqtt_version, client_id=name, clock=clock, rng=rng) for url in addresses
        ],
        registry=SqlRegistry(engine, settings.thresholds),
        recorder=SqlRecorder(engine),
        readings=readings,
        journal=SqlJournal(engine),
        board=SqlStatusBoard(engine),
        clock=clock,
        rng=rng,
        limits=limits(settings),
        pid=os.getpid(),
        close=close,
        gaps=gap_limits(settings),
    )


def client_id(settings: Settings) -> str:
    """The name of our session at every broker: the same after each start, another one per installation.

    Two installations with the same name at one broker would throw each other out. At most 23 characters,
    which is what every broker must take [MQTT-3.1.3-5].
    """
    return f"gaswatch-{Secrets(settings.data_dir).token('mqtt session')[:8]}"


def limits(settings: Settings) -> Limits:
    """The thresholds that settings name, in ms."""
    return Limits(
        offline_factor=settings.offline_factor,
        offline_min_ms=round(settings.offline_min_s * 1000),
        never_reported_ms=round(settings.never_reported_s * 1000),
        clock_tolerance_ms=round(settings.clock_tolerance_s * 1000),
        late_ms=round(settings.late_s * 1000),
    )


def gap_limits(settings: Settings) -> GapLimits:
    """When missing messages are a trouble, as the settings say."""
    return GapLimits(
        window_ms=round(settings.gap_window_s * 1000),
        share=settings.gap_share,
        detectors=settings.gap_detectors,
    )
