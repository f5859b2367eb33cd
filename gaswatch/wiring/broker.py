"""The broker of our own, put together."""

from gascore.clock import Clock
from gascore.words import DetectorId
from gaswatch.broker.address import address
from gaswatch.broker.choice import choose
from gaswatch.broker.service import BrokerParts, BrokerService, make_folder
from gaswatch.secrets import Secrets
from gaswatch.settings import Settings, SettingsError
from gaswatch.stores.engine import open_engine
from gaswatch.stores.journal import SqlJournal
from gaswatch.stores.registry import SqlRegistry
from gaswatch.stores.status import SqlStatusBoard


def build(settings: Settings, clock: Clock) -> BrokerService:
    """The service of `gaswatch run broker`.

    Raises:
        SettingsError: GASWATCH_MQTT_URL names another broker, or no broker program is installed.
        StoreUnusableError, OSError: the data folder can't be used.
    """
    if settings.mqtt_url:
        raise SettingsError(
            "GASWATCH_MQTT_URL: a broker of your own is set; unset it to run ours, or don't run ours"
        )
    _, port = address(settings)
    engine = open_engine(settings.database)
    registry = SqlRegistry(engine)

    def detectors() -> list[DetectorId]:
        return [one.id for one in registry.ledger().detectors if one.retired_ms is None]

    return BrokerService(
        BrokerParts(
            program=choose(settings, make_folder(settings.data_dir)),
            port=port,
            secrets=Secrets(settings.data_dir),
            detectors=detectors,
            journal=SqlJournal(engine),
            board=SqlStatusBoard(engine),
            clock=clock,
        )
    )
