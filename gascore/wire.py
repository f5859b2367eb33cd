"""The native MQTT protocol "gas/1": topics, the status payload, and why a payload is refused.

The contract is docs/protocol.md. Rules: a value out of its range is no value and a fault, never 0;
what can't be read is `Rejected` with a reason, never an exception.
"""

from enum import StrEnum
from typing import Annotated, Final

import msgspec

from gascore.words import DetectorId, ReportedState

PREFIX: Final = "gas/1"
MAX_PAYLOAD: Final = 4096
"""Bytes; design 4.1."""
MAX_FAULTS: Final = 16
"""Fault codes kept of one message; more are cut off and `too_many_faults` is added."""

_ID_CHARS: Final = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_:-")
_ID_MAX: Final = 64


class Channel(StrEnum):
    """The last level of a topic."""

    STATUS = "status"
    ONLINE = "online"
    CMD = "cmd"
    ACK = "ack"


class RejectReason(StrEnum):
    """Why a message was not taken; stored, counted and shown."""

    BAD_TOPIC = "bad_topic"
    RETAINED = "retained"
    OVERSIZE = "oversize"
    NOT_UTF8 = "not_utf8"
    NOT_JSON = "not_json"
    WRONG_TYPE = "wrong_type"
    BAD_ONLINE = "bad_online"


class Rejected(msgspec.Struct, frozen=True, gc=False):
    """A message that was not taken, and why; `detail` is for the operator to read."""

    reason: RejectReason
    detail: str


class Power(StrEnum):
    """What a detector runs on."""

    MAINS = "mains"
    BATTERY = "battery"


class Valve(StrEnum):
    """The shut-off valve that a detector drives."""

    OPEN = "open"
    CLOSED = "closed"
    FAULT = "fault"
    NONE = "none"


class Fan(StrEnum):
    """The exhaust fan that a detector drives."""

    ON = "on"
    OFF = "off"
    NONE = "none"


class Status(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """One status message, as sent: heartbeat, reading and state in one.

    Attributes:
        state: what the detector says of itself; the only key that must be there.
        ts: instant of measuring, ms since 1970 UTC, by the detector's clock.
        seq: grows by one since power-on.
        lel: concentration, %LEL, 0 to 100.
        co: carbon monoxide, ppm, 0 to 10,000.
        gas: target gas, as the detector believes ("methane", "lpg", "methane+co" …).
        faults: codes, the maker's or ours.
        batt: battery, %, 0 to 100.
        rssi: signal, dBm, -200 to 0.
        life: days left of the sensor's life.
        fw: firmware.
        every: seconds between its reports, 1 to 86,400.
    """

    state: ReportedState
    ts: int | None = None
    seq: int | None = None
    lel: float | None = None
    co: float | None = None
    gas: str | None = None
    faults: tuple[str, ...] = ()
    batt: float | None = None
    rssi: float | None = None
    power: Power | None = None
    valve: Valve | None = None
    fan: Fan | None = None
    life: int | None = None
    fw: str | None = None
    every: float | None = None


class Ack(msgspec.Struct, frozen=True, gc=False):
    """A detector's answer to a command: which one, whether it was done, and where the valve is now."""

    id: Annotated[str, msgspec.Meta(max_length=64)]
    ok: bool
    valve: Valve | None = None


_RANGES: Final[tuple[tuple[str, float, float], ...]] = (
    ("lel", 0, 100),
    ("co", 0, 10_000),
    ("batt", 0, 100),
    ("rssi", -200, 0),
    ("every", 1, 86_400),
    ("ts", 0, 4_102_444_800_000),  # the year 2100
    ("seq", 0, 2**63 - 1),
)
_decode: Final = msgspec.json.Decoder(Status).decode
_decode_ack: Final = msgspec.json.Decoder(Ack).decode
_encode: Final = msgspec.json.Encoder().encode


def parse_topic(topic: str) -> tuple[DetectorId, Channel] | None:
    """Split `gas/1/{detector}/{channel}`; None for anything else.

    >>> parse_topic("gas/1/GD-0213/status")
    ('GD-0213', <Channel.STATUS: 'status'>)
    >>> parse_topic("gas/1/a b/status") is None
    True
    """
    parts = topic.split("/")
    if len(parts) != 4 or parts[0] != "gas" or parts[1] != "1":  # noqa: PLR2004 -- the topic has four levels
        return None
    name = parts[2]
    if not is_detector_id(name):
        return None
    try:
        return DetectorId(name), Channel(parts[3])
    except ValueError:
        return None


def is_detector_id(name: str) -> bool:
    """Whether `name` may stand in a topic: `[A-Za-z0-9_:-]{1,64}`."""
    return 0 < len(name) <= _ID_MAX and _ID_CHARS.issuperset(name)


def topic(detector: DetectorId, channel: Channel) -> str:
    """The topic of one detector's channel."""
    return f"{PREFIX}/{detector}/{channel}"


def encode_status(status: Status) -> bytes:
    """The payload of a status message, UTF-8 JSON."""
    return _encode(status)


def decode_status(payload: bytes) -> Status | Rejected:
    """Read a status payload; values out of range become None plus a fault `{key}_out_of_range`.

    Raises: nothing, whatever the bytes are.
    """
    if len(payload) > MAX_PAYLOAD:
        return Rejected(RejectReason.OVERSIZE, f"{len(payload)} bytes, at most {MAX_PAYLOAD}")
    try:
        status = _decode(payload)
    except msgspec.ValidationError as error:
        return Rejected(RejectReason.WRONG_TYPE, str(error))
    except msgspec.DecodeError as error:
        return _undecodable(payload, str(error))
    except (UnicodeDecodeError, RecursionError) as error:
        return _undecodable(payload, str(error))
    if (
        (status.lel is None or 0 <= status.lel <= 100)  # noqa: PLR2004 -- %LEL; the fast path of _RANGES
        and status.co is None
        and (status.batt is None or 0 <= status.batt <= 100)  # noqa: PLR2004 -- percent
        and (status.rssi is None or -200 <= status.rssi <= 0)  # noqa: PLR2004 -- dBm
        and (status.every is None or 1 <= status.every <= 86_400)  # noqa: PLR2004 -- seconds
        and (status.ts is None or 0 <= status.ts <= 4_102_444_800_000)  # noqa: PLR2004 -- the year 2100
        and (status.seq is None or 0 <= status.seq < 2**63)
        and not status.faults
    ):
        return status
    return _within_ranges(status)


def decode_ack(payload: bytes) -> Ack | Rejected:
    """Read the payload of an `ack`. Raises: nothing, whatever the bytes are."""
    if len(payload) > MAX_PAYLOAD:
        return Rejected(RejectReason.OVERSIZE, f"{len(payload)} bytes, at most {MAX_PAYLOAD}")
    try:
        return _decode_ack(payload)
    except msgspec.ValidationError as error:
        return Rejected(RejectReason.WRONG_TYPE, str(error))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return _undecodable(payload, str(error))


def _undecodable(payload: bytes, detail: str) -> Rejected:
    try:
        payload.decode()
    except UnicodeDecodeError as error:
        return Rejected(RejectReason.NOT_UTF8, str(error))
    return Rejected(RejectReason.NOT_JSON, detail)


def _within_ranges(status: Status) -> Status:
    faults = list(status.faults[:MAX_FAULTS])
    if len(status.faults) > MAX_FAULTS:
        faults.append("too_many_faults")
    changes: dict[str, object] = {}
    for name, low, high in _RANGES:
        value = getattr(status, name)
        if value is not None and not low <= value <= high:
            changes[name] = None
            faults.append(f"{name}_out_of_range")
    return msgspec.structs.replace(status, faults=tuple(faults), **changes)
