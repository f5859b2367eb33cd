"""Readings as line protocol.

One measurement, `detector`. Tags, always all four, "-" where unknown (InfluxDB 3 fixes a table's tags by its first
line): `area`, `detector`, `gas`, `site`. Fields: `state`, the place in `reading_codec.STATES`, is in every line;
`lel` (%LEL) and `co` (ppm) are floats with 0.1 resolution, `batt` (%) and `rssi` (dBm) integers; each is
missing where there is no value. Instants are ms, so every write says `precision=ms`.
"""

import zlib
from collections.abc import Iterator, Mapping, Sequence
from math import isfinite
from typing import Final, NamedTuple

from gascore.readings import Labels, Reading
from gascore.words import DetectorId
from gaswatch.stores.reading_codec import STATE_CODES

MEASUREMENT: Final = "detector"
UNKNOWN: Final = "-"
MOST_LINES: Final = 5_000
"""In one write: the size that InfluxData recommends; about 0.5 MB, below every server's limit."""
_GZIP: Final = 31
"""zlib's word for gzip's frame."""
_LEVEL: Final = 1
"""A seventh of the size for 0.3 us a line; level 9 takes eight times as long for a fifth less."""
_TENTHS: Final = tuple(f"{tenths / 10}" for tenths in range(1_001))
"""What a detector can show (0 to 100 %LEL), ready: to write a float takes longer than all the rest of a line."""
# What line protocol can't have in a tag: no escape is read the same way by all servers.
_ESCAPES: Final = str.maketrans(
    {" ": r"\ ", ",": r"\,", "=": r"\=", "\\": "/", **dict.fromkeys(map(chr, range(32)), r"\ ")}
)


class Packed(NamedTuple):
    """Lines as they are kept and sent: gzip of `points` lines, each with a newline at its end."""

    points: int
    payload: bytes


class Lines:
    """Makes lines; knows who is behind the numbers."""

    def __init__(self) -> None:
        self._prefixes: dict[int, str] = {}

    def label(self, labels: Mapping[int, Labels]) -> None:
        """Take new or other labels; lines that are made already keep theirs."""
        self._prefixes.update((no, _prefix(one)) for no, one in labels.items())

    def pack(self, readings: Sequence[Reading]) -> Iterator[Packed]:
        """All readings, in order, at most `MOST_LINES` at a time."""
        for start in range(0, len(readings), MOST_LINES):
            part = readings[start : start + MOST_LINES]
            yield Packed(len(part), compress("".join(map(self.line, part)).encode()))

    def line(self, reading: Reading) -> str:
        """One line with its newline. A value that is no number is left out."""
        prefix = self._prefixes.get(reading.no)
        if prefix is None:
            prefix = self._stranger(reading.no)
        text = f"{prefix} state={STATE_CODES[reading.state]}i"
        lel, co, batt, rssi = reading.lel, reading.co, reading.batt, reading.rssi
        if lel is not None and isfinite(lel):
            text += f",lel={_float(lel)}"
        if co is not None and isfinite(co):
            text += f",co={_float(co)}"
        if batt is not None and isfinite(batt):
            text += f",batt={round(batt)}i"
        if rssi is not None and isfinite(rssi):
            text += f",rssi={round(rssi)}i"
        return f"{text} {reading.at_ms}\n"

    def _stranger(self, no: int) -> str:
        """Nobody has said whose number it is; two of them must not become one series."""
        prefix = _prefix(Labels(DetectorId(f"no-{no}"), "", "", ""))
        self._prefixes[no] = prefix
        return prefix


def _float(value: float) -> str:
    tenths = round(value * 10)
    return _TENTHS[tenths] if 0 <= tenths < len(_TENTHS) else f"{tenths / 10}"


def compress(lines: bytes) -> bytes:
    """As it is kept and sent."""
    return zlib.compress(lines, _LEVEL, wbits=_GZIP)


def decompress(payload: bytes) -> bytes:
    """The inverse of `compress`. Raises `zlib.error` when the payload is damaged."""
    return zlib.decompress(payload, wbits=_GZIP)


def tag(value: str) -> str:
    r"""A tag's value, escaped; "-" for none. A backslash becomes a slash, a control character a space.

    >>> print(tag("Old Town, east"), tag(""))
    Old\ Town\,\ east -
    """
    return value.strip().translate(_ESCAPES) or UNKNOWN


def _prefix(labels: Labels) -> str:
    return (
        f"{MEASUREMENT},area={tag(labels.area)},detector={tag(labels.detector)},"
        f"gas={tag(labels.gas)},site={tag(labels.site)}"
    )
