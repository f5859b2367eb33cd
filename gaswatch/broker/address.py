"""Where the broker is, and as whom we come in: the operator's own broker, or the one that we start."""

from typing import Final
from urllib.parse import urlsplit

from gaswatch.secrets import COLLECTOR_USER, Secrets
from gaswatch.settings import Settings, SettingsError

HOST: Final = "127.0.0.1"
"""Our own broker listens on this machine only: its passwords would cross a network in the clear."""
_DEFAULT_PORTS: Final = {"mqtt": 1883, "mqtts": 8883}


def urls(settings: Settings) -> tuple[str, ...]:
    """The collector's links with credentials, one URL each: GASWATCH_MQTT_URL as it is, else our own broker.

    Raises:
        SettingsError: our own broker's port is not decided yet.
    """
    if settings.mqtt_url:
        return settings.mqtt_url
    host, port = address(settings)
    password = Secrets(settings.data_dir).mqtt_password(COLLECTOR_USER)
    return (f"mqtt://{COLLECTOR_USER}:{password}@{host}:{port}",)


def address(settings: Settings) -> tuple[str, int]:
    """Host and port that detectors connect to: of the first GASWATCH_MQTT_URL, else of our own broker.

    Raises:
        SettingsError: our own broker's port is not decided yet.
    """
    if settings.mqtt_url:
        first = urlsplit(settings.mqtt_url[0])
        return first.hostname or HOST, first.port or _DEFAULT_PORTS[first.scheme]
    if not settings.mqtt_port:
        raise SettingsError(
            "GASWATCH_MQTT_PORT: 0 (a free port) works with `gaswatch up`, which tells its services the port; "
            "for `gaswatch run` set a number"
        )
    return HOST, settings.mqtt_port
