"""A virtual detector's message: one MQTT connection for each, by paho, with the detector's own account."""

import ssl
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import msgspec
from paho.mqtt.client import Client, MQTTv311
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode

from gascore.wire import Channel, topic
from gascore.words import DetectorId, ReportedState

CONNECT_S: Final = 8.0
TAKEN_S: Final = 8.0
"""The broker acknowledges a message at QoS 1 within so long, or it is not sent."""
LEAK_LEL: Final = 60.0
"""%LEL; over every high set point (domain reference, section 4)."""
_encode: Final = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True)
class Door:
    """Where the broker is, and with which name and password a detector gets in."""

    host: str
    port: int
    tls: bool
    user: Callable[[DetectorId], str]
    password: Callable[[DetectorId], str]


class MqttVoice:
    """Implements `alerts.service.canary.Voice`."""

    def __init__(self, door: Door) -> None:
        self._door = door

    def say(self, detector: DetectorId, *, leak: bool, now_ms: int) -> str | None:
        """Publish one status and wait until the broker has taken it."""
        status = {
            "ts": now_ms,
            "state": ReportedState.HIGH if leak else ReportedState.NORMAL,
            "lel": LEAK_LEL if leak else 0.0,
        }
        client = Client(CallbackAPIVersion.VERSION2, client_id=detector, protocol=MQTTv311)
        client.username_pw_set(self._door.user(detector), self._door.password(detector))
        client.connect_timeout = CONNECT_S
        if self._door.tls:
            client.tls_set()
        refused: list[str] = []
        client.on_connect = lambda *given: refused.append(str(given[3])) if given[3].is_failure else None
        try:
            client.connect(self._door.host, self._door.port)
            client.loop_start()
            sent = client.publish(topic(detector, Channel.STATUS), _encode(status), qos=1)
            sent.wait_for_publish(TAKEN_S)
        except (OSError, ssl.SSLError, RuntimeError, ValueError) as error:
            return type(error).__name__
        else:
            taken = sent.rc == MQTTErrorCode.MQTT_ERR_SUCCESS and sent.is_published()
            return None if taken else (refused[0] if refused else "the broker did not take it")
        finally:
            client.disconnect()
            client.loop_stop()
