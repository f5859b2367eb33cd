"""How readings are stored: whole numbers in a row, and an hour of rows in a compressed chunk. Pure.

A chunk is zlib over the number of rows and six columns. A column is its least value and, for each row, how
far above it the value is (0: no value), in as few bytes as the farthest one needs; a column that is the
same in every row has no more than its head. The instants come as steps from row to row. Most columns never
change within an hour, which is why a reading takes a few bytes only (docs/adr/0005).
"""

import struct
import sys
import zlib
from array import array
from collections.abc import Iterable, Sequence
from itertools import accumulate, pairwise
from typing import Final, NamedTuple, TypeAlias

from gascore.readings import Reading
from gascore.words import ReportedState

HOUR_MS: Final = 3_600_000
FORMAT: Final = 1
"""The number that is stored with each chunk; another layout gets another number."""
STATES: Final = (
    ReportedState.NORMAL,
    ReportedState.WARMUP,
    ReportedState.TEST,
    ReportedState.SHIELDED,
    ReportedState.FAULT,
    ReportedState.LOW,
    ReportedState.HIGH,
)
"""The worst last. The place is a stored number: new states can only be appended."""
STATE_CODES: Final = {state: code for code, state in enumerate(STATES)}
"""The places."""

Row: TypeAlias = tuple[int, int | None, int | None, int, int | None, int | None]
"""at_ms, lel in 0.1 %LEL, co in 0.1 ppm, the place in `STATES`, batt in %, rssi in dBm."""

_LEVEL: Final = 1
"""zlib's fastest: sealing has to keep up with writing (docs/adr/0005)."""
_SAME: Final = b"="
_WIDTHS: Final = (("B", 1 << 8), ("H", 1 << 16), ("I", 1 << 32), ("Q", 1 << 64))
_COLUMNS: Final = 6
_COUNT: Final = struct.Struct("<I")
_HEAD: Final = struct.Struct("<cqB")


class ChunkError(ValueError):
    """The bytes are not those of a chunk."""


class Stats(NamedTuple):
    """What is known of an hour without unpacking it; %LEL in tenths, None: no valid value."""

    number: int
    lel_number: int
    lel_min: int | None
    lel_max: int | None
    lel_sum: int
    state_max: int


def row_of(reading: Reading) -> Row:
    """Round to the stored resolution."""
    lel, co, batt, rssi = reading.lel, reading.co, reading.batt, reading.rssi
    return (
        reading.at_ms,
        None if lel is None else round(lel * 10),
        None if co is None else round(co * 10),
        STATE_CODES[reading.state],
        None if batt is None else round(batt),
        None if rssi is None else round(rssi),
    )


def reading_of(no: int, row: Row) -> Reading:
    """The inverse of `row_of`, but for the rounding."""
    at_ms, lel, co, state, batt, rssi = row
    return Reading(
        no,
        at_ms,
        STATES[state],
        None if lel is None else lel / 10,
        None if co is None else co / 10,
        batt,
        rssi,
    )


def hour_of(at_ms: int) -> int:
    """The begin of the hour (UTC) that an instant is in."""
    return at_ms - at_ms % HOUR_MS


def merge(*parts: Iterable[Row]) -> list[Row]:
    """All rows by instant; where several have the same one, that of the last part."""
    found = {row[0]: row for part in parts for row in part}
    return [found[at_ms] for at_ms in sorted(found)]


def stats(rows: Sequence[Row]) -> Stats:
    """The roll-up of at least one row."""
    lels = [row[1] for row in rows if row[1] is not None]
    return Stats(
        number=len(rows),
        lel_number=len(lels),
        lel_min=min(lels, default=None),
        lel_max=max(lels, default=None),
        lel_sum=sum(lels),
        state_max=max(row[3] for row in rows),
    )


def pack(hour_ms: int, rows: Sequence[Row]) -> bytes:
    """A chunk of rows with rising instants, none before `hour_ms`."""
    instants, *others = zip(*rows, strict=True)
    steps = [later - earlier for earlier, later in pairwise((hour_ms, *instants))]
    columns = b"".join(map(_pack_column, (steps, *others)))
    return zlib.compress(_COUNT.pack(len(rows)) + columns, _LEVEL)


def unpack(hour_ms: int, data: bytes) -> list[Row]:
    """The inverse of `pack`.

    Raises:
        ChunkError: the bytes are damaged.
    """
    try:
        body = zlib.decompress(data)
        (count,) = _COUNT.unpack_from(body)
        at = _COUNT.size
        columns: list[Sequence[int | None]] = []
        for _ in range(_COLUMNS):
            column, at = _unpack_column(body, at, count)
            columns.append(column)
    except (zlib.error, struct.error, ValueError) as error:
        raise ChunkError(f"damaged chunk: {error}") from error
    steps, lel, co, state, batt, rssi = columns
    instants = list(accumulate((step or 0 for step in steps), initial=hour_ms))[1:]
    if at != len(body) or None in state:
        raise ChunkError("damaged chunk: its columns don't fit")
    return list(zip(instants, lel, co, state, batt, rssi, strict=True))


def _pack_column(values: Sequence[int | None]) -> bytes:
    present = [value for value in values if value is not None]
    low = min(present, default=0)
    highest = max(present, default=low - 1) - low + 1
    offsets = [0 if value is None else value - low + 1 for value in values]
    if all(offset == highest for offset in offsets):
        return _HEAD.pack(_SAME, low, min(highest, 1))
    code = next(code for code, limit in _WIDTHS if highest < limit)
    return _HEAD.pack(code.encode(), low, 0) + _little_endian(array(code, offsets)).tobytes()


def _unpack_column(body: bytes, at: int, count: int) -> tuple[Sequence[int | None], int]:
    kind, low, offset = _HEAD.unpack_from(body, at)
    at += _HEAD.size
    if kind == _SAME:
        return [low if offset else None] * count, at
    offsets = array(kind.decode("ascii"))
    end = at + count * offsets.itemsize
    offsets.frombytes(body[at:end])
    if len(offsets) != count:
        raise ValueError("a column is cut off")
    return [low + one - 1 if one else None for one in _little_endian(offsets)], end


def _little_endian(numbers: "array[int]") -> "array[int]":
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers
