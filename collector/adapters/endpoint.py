"""A broker's address as one URL says it, and what all links tell a broker."""

import ssl
from collections.abc import Mapping
from urllib.parse import unquote, urlsplit

import msgspec

from collector.ports import DROPPED, HELD
from gascore.wire import PREFIX, Channel

FILTERS = tuple(f"{PREFIX}/+/{channel}" for channel in (Channel.STATUS, Channel.ONLINE, Channel.ACK))
"""What the collector subscribes to; never its own `cmd`."""
SYS: Mapping[str, str] = {
    "$SYS/broker/publish/messages/dropped": DROPPED,
    "$SYS/broker/store/messages/count": HELD,
}
"""What mosquitto counts of itself, by topic. Asked for apart and at QoS 0, so that a broker that has none of it,
or keeps it to itself, refuses only this."""
TOLD = 64
"""Bytes kept of such a word: it is shown on the system page as it is."""
SYS_TRIES = 2
"""A broker that hangs up instead of answering is not asked a third time."""
SESSION_S = 7 * 86_400
"""For so long the broker keeps what comes in while we are away."""
KEEP_ALIVE_S = 10
"""A broker that hangs is noticed after one and a half (MQTT 5) or two of these: before the shortest sensible
GASWATCH_OFFLINE_MIN_S (30 s) makes every detector look silent."""
PORT = 1883
TLS_PORT = 8883


class Endpoint(msgspec.Struct, frozen=True):
    """Where a broker is and as whom to speak to it. The password is in no name, log or error."""

    host: str
    port: int
    tls: bool = False
    user: str | None = None
    password: str | None = None

    @property
    def name(self) -> str:
        """The link's name, for status and journal."""
        return f"{self.host}:{self.port}"

    def tls_context(self) -> ssl.SSLContext | None:
        """The system's trust store for `mqtts`, None for `mqtt`."""
        return ssl.create_default_context() if self.tls else None


def parse_url(url: str) -> Endpoint:
    """Read `mqtt://user:pass@host:port` or `mqtts://…`; user and password may be percent-encoded.

    >>> parse_url("mqtts://ann:s%40fe@broker.example").port
    8883
    """
    parts = urlsplit(url)
    tls = parts.scheme == "mqtts"
    return Endpoint(
        host=parts.hostname or "",
        port=parts.port or (TLS_PORT if tls else PORT),
        tls=tls,
        user=None if parts.username is None else unquote(parts.username),
        password=None if parts.password is None else unquote(parts.password),
    )
