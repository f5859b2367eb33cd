"""Where a message stands among the detector's others, as a table."""

import pytest

from collector.rules.sequence import ALL_SEEN, WINDOW, Order, Sequence, follow

KNOWN = Sequence(100, 0b1011)
"""100, 99 and 97 were heard; 98 is missing."""


@pytest.mark.parametrize(
    ("known", "seq", "ts", "newest_ts", "flagged", "order", "now", "missed"),
    [
        (Sequence(0, 0), 7, None, None, False, Order.NEXT, Sequence(7, 1), 0),
        (KNOWN, 101, 5, 4, False, Order.NEXT, Sequence(101, 0b10111), 0),
        (KNOWN, 103, 5, 4, False, Order.GAP, Sequence(103, 0b1011001), 2),
        (KNOWN, 100 + WINDOW, 5, 4, False, Order.GAP, Sequence(100 + WINDOW, 1), WINDOW - 1),
        # heard before
        (KNOWN, 100, 4, 4, False, Order.DUPLICATE, KNOWN, 0),
        (KNOWN, 100, 4, 4, True, Order.DUPLICATE, KNOWN, 0),
        (KNOWN, 99, 3, 4, False, Order.DUPLICATE, KNOWN, 0),
        (KNOWN, 100, None, None, False, Order.DUPLICATE, KNOWN, 0),
        (KNOWN, 97, None, None, True, Order.DUPLICATE, KNOWN, 0),
        # the missing one comes late
        (KNOWN, 98, 2, 4, False, Order.LATE, Sequence(100, 0b1111), -1),
        (KNOWN, 98, None, None, True, Order.LATE, Sequence(100, 0b1111), -1),
        (Sequence(100, ALL_SEEN), 100 - WINDOW, 2, 4, False, Order.LATE, Sequence(100, ALL_SEEN), 0),
        # counted anew: a lower number that was measured later
        (KNOWN, 0, 5, 4, False, Order.RESTARTED, Sequence(0, 1), 0),
        (KNOWN, 99, 5, 4, False, Order.RESTARTED, Sequence(99, 1), 0),
        (KNOWN, 0, None, None, False, Order.RESTARTED, Sequence(0, 1), 0),
        # the broker's mark does not outweigh a later instant
        (KNOWN, 99, 5, 4, True, Order.RESTARTED, Sequence(99, 1), 0),
    ],
)
def test_a_number_is_placed_behind_those_that_are_known(  # noqa: PLR0913, PLR0917 -- the columns of the table
    known: Sequence,
    seq: int,
    ts: int | None,
    newest_ts: int | None,
    flagged: bool,  # noqa: FBT001 -- a column of the table
    order: Order,
    now: Sequence,
    missed: int,
) -> None:
    assert follow(known, seq, ts=ts, newest_ts=newest_ts, flagged=flagged) == (order, now, missed)
