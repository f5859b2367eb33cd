"""When a message was measured: by the detector's clock if that can be trusted, else by our receipt.

A clock ahead of ours by more than the tolerance is wrong at once. One that is behind may be late data
(an outage, our own backlog) or a slow clock, and looks the same at first. So it is doubted: late data
catches up, which shows as a shrinking distance; a slow clock stays behind. Doubt that lasts becomes
`trusted=False`, and from then on the instant of receipt counts.
"""

import msgspec

from collector.rules.conditions import Limits


class Doubt(msgspec.Struct, frozen=True):
    """Since `since_ms` all messages were measured long ago, at first by `behind_ms`."""

    since_ms: int
    behind_ms: int


class Timing(msgspec.Struct, frozen=True):
    """When it was measured, and what follows.

    Attributes:
        measured_ms: the instant that counts.
        stale: measured before the newest that we know: it must not set anything back.
        late: measured long before it came.
        trusted: the detector's clock is good, as far as we know.
        doubt: what to remember for the next message.
    """

    measured_ms: int
    stale: bool = False
    late: bool = False
    trusted: bool = True
    doubt: Doubt | None = None


def place(
    *, ts: int | None, received_ms: int, newest_ms: int, patience_ms: int, known: Timing, limits: Limits
) -> Timing:
    """Decide when a message was measured.

    Args:
        ts: by the detector's clock, if it said.
        received_ms: by ours.
        newest_ms: the newest measured instant so far, 0 if there is none.
        patience_ms: how long a clock may stay behind before it is called wrong.
        known: `trusted` and `doubt` as they were before; the other fields are not read.
        limits: tolerance and lateness.
    """
    if ts is None:
        return Timing(received_ms, trusted=known.trusted, doubt=known.doubt)
    behind_ms = received_ms - ts
    if abs(behind_ms) <= limits.clock_tolerance_ms:
        return Timing(ts, stale=ts < newest_ms, late=behind_ms > limits.late_ms)
    if behind_ms < 0 or not known.trusted:
        return Timing(received_ms, trusted=False)
    doubt = known.doubt
    if doubt is None or _catches_up(doubt, behind_ms, patience_ms):
        doubt = Doubt(received_ms, behind_ms)
    if received_ms - doubt.since_ms > patience_ms:
        return Timing(received_ms, trusted=False)
    return Timing(ts, stale=ts < newest_ms, late=behind_ms > limits.late_ms, doubt=doubt)


def _catches_up(doubt: Doubt, behind_ms: int, patience_ms: int) -> bool:
    return doubt.behind_ms - behind_ms >= patience_ms // 4
