"""Duplicates, gaps and restarts by a detector's `seq`, with a bitmap of the newest 62 numbers.

A redelivery (flagged, or the same number measured at the same instant) is a duplicate. A number that falls
back is a restart of the detector when the message was measured later, and a late message when earlier.
"""

from enum import StrEnum
from typing import Final

import msgspec

WINDOW: Final = 62
"""Bits; so many numbers back a repetition is recognised. Further back, what a broker sends again after a crash
is stored once more at its own instant; that a leak is known, `collector.rules.episodes` remembers."""
ALL_SEEN: Final = (1 << WINDOW) - 1
UNCOUNTED: Final = -(1 << 62)
"""A detector's count of missing messages before its first message in this run: what the run before has heard
since it saved the number is not missing."""


class Order(StrEnum):
    """Where a message stands among the detector's others."""

    NEXT = "next"
    GAP = "gap"
    """Newer, but some before it are missing."""
    LATE = "late"
    """Older than the newest, and not seen before."""
    DUPLICATE = "duplicate"
    RESTARTED = "restarted"
    """The detector began to count anew."""


class Sequence(msgspec.Struct, frozen=True):
    """The newest number, the bitmap of those seen (bit 0 is the newest; 0: nothing yet)."""

    seq: int
    seen: int


def follow(
    known: Sequence, seq: int, *, ts: int | None, newest_ts: int | None, flagged: bool
) -> tuple[Order, Sequence, int]:
    """Place `seq` behind what is known.

    Args:
        known: before this message.
        seq: its number.
        ts: measured instant of this message, if the clock is trusted.
        newest_ts: measured instant of the newest message, likewise.
        flagged: the broker marks it as a redelivery.

    Returns:
        The order, what is known now, and by how much the count of missing messages grows.
    """
    if not known.seen:
        return Order.NEXT, Sequence(seq, 1), 0
    back = known.seq - seq
    if back < 0:
        ahead = -back
        seen = (known.seen << ahead | 1) & ALL_SEEN if ahead < WINDOW else 1
        return (Order.NEXT if ahead == 1 else Order.GAP), Sequence(seq, seen), ahead - 1
    older = None if ts is None or newest_ts is None else ts <= newest_ts
    again = flagged and older is None  # without instants, the broker's mark is all there is
    known_bit = back < WINDOW and bool(known.seen >> back & 1)
    if known_bit and (older or again or (older is None and back == 0)):
        return Order.DUPLICATE, known, 0
    if older and back >= WINDOW:
        return Order.LATE, known, 0
    if back < WINDOW and not known_bit and (older or again):
        return Order.LATE, Sequence(known.seq, known.seen | 1 << back), -1
    return Order.RESTARTED, Sequence(seq, 1), 0
