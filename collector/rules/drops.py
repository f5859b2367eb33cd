"""Messages that a broker says it dropped, out of a counter that only grows and begins anew at its restart."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final, TypeAlias

import msgspec

HOLD_MS: Final = 600_000
"""So long after the last loss it is still a trouble: what drops now and then is one trouble, not many."""


class Drops(msgspec.Struct, frozen=True, omit_defaults=True):
    """What one broker's counter said last; `lost` since `since_ms`, the newest seen at `last_ms` (0: none)."""

    value: int
    lost: int = 0
    since_ms: int = 0
    last_ms: int = 0


Book: TypeAlias = Mapping[str, Drops]
_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(dict[str, Drops]).decode


def read(known: Drops | None, value: int, now_ms: int) -> Drops:
    """Take the counter's value in. What it says first is where we begin; below what it was, it began anew."""
    if known is None:
        return Drops(value)
    rise = value - known.value if value >= known.value else value
    if rise:
        return Drops(value, known.lost + rise, known.since_ms if known.lost else now_ms, now_ms)
    if known.lost and not 0 <= now_ms - known.last_ms < HOLD_MS:
        return Drops(value)
    return known if value == known.value else msgspec.structs.replace(known, value=value)


def words(drops: Drops | None) -> str | None:
    """For the operator: how many since when, and what to do; None when nothing is lost."""
    if drops is None or not drops.lost:
        return None
    since = datetime.fromtimestamp(drops.since_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M")
    return (
        f"the broker dropped {drops.lost:,} messages since {since} UTC: "
        "see what keeps the collector from it, and raise max_queued_messages (docs/broker.md)"
    )


def save(book: Book) -> bytes:
    """The stored form."""
    return _encode(dict(book))


def restore(body: bytes | None) -> dict[str, Drops]:
    """The inverse of `save`."""
    return _decode(body) if body is not None else {}
