"""What a load of many detectors sends, byte by byte: MQTT 3.1.1 packets with native status messages.

MQTT 3.1.1 because its PUBACK is always four bytes, in the order of sending [MQTT-4.6.0-2]: a load
generator that has to parse would be the bottleneck.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

from gascore.wire import Channel, topic
from gascore.words import DetectorId

PUBACK_BYTES: Final = 4
CONNACK_BYTES: Final = 4
EVERY_S: Final = 60
"""What each detector says of its report interval, if not told otherwise."""
LEVELS: Final = ("normal", "low", "high")
HIGH: Final = 2
_LEL: Final = ((b"0.4", b"0.6", b"0.9", b"1.2"), (b"27.5",), (b"62.0",))
"""%LEL by level; a quiet detector's number wanders a little, as real ones do."""
_DUP: Final = 0x08


class Sent(NamedTuple):
    """One status message: whose (`who` is an index), its number, when it was measured (ms), and the level it reports."""

    who: int
    seq: int
    ts: int
    level: int = 0


def connect_packet(client_id: str, user: str | None, password: str | None, *, clean: bool = True) -> bytes:
    """CONNECT without keep-alive: under load nobody has to ping."""
    flags = 0x02 if clean else 0
    body = _text(client_id.encode())
    if user is not None:
        flags |= 0x80
        body += _text(user.encode())
    if password is not None:
        flags |= 0x40
        body += _text(password.encode())
    head = b"\x00\x04MQTT\x04" + bytes([flags, 0, 0])
    return b"\x10" + _length(len(head) + len(body)) + head + body


def topics(detectors: Sequence[DetectorId]) -> list[bytes]:
    """The status topic of each, as it stands in a packet."""
    return [_text(topic(each, Channel.STATUS).encode()) for each in detectors]


def publish_packet(
    topic_field: bytes, packet_id: int, sent: Sent, *, again: bool = False, every_s: int = EVERY_S
) -> bytes:
    """PUBLISH at QoS 1; `again` marks what may have arrived before."""
    lel = _LEL[sent.level]
    body = (
        b'%b%c%c{"ts":%d,"seq":%d,"state":"%b","lel":%b,"gas":"lpg","rssi":-67,"power":"mains","every":%d}'
        % (
            topic_field,
            packet_id >> 8,
            packet_id & 0xFF,
            sent.ts,
            sent.seq,
            LEVELS[sent.level].encode(),
            lel[sent.seq % len(lel)],
            every_s,
        )
    )
    return bytes([0x32 | (_DUP if again else 0)]) + _length(len(body)) + body


def _text(data: bytes) -> bytes:
    return len(data).to_bytes(2, "big") + data


def _length(size: int) -> bytes:
    """MQTT's variable length, up to two bytes of it here: our packets are below 16 KiB."""
    return bytes([size]) if size < 0x80 else bytes([size & 0x7F | 0x80, size >> 7])  # noqa: PLR2004 -- seven bits a byte
