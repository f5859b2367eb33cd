"""Chattering: an alarm that is set three times within a minute (ISA-18.2; domain reference, section 4).

It is flagged, whatever it is. Of what is no leak the repeats are not told one by one, but once it stays for
`CALM_MS`; the first ones were told. A leak's are all told: never merged, never delayed.
"""

from typing import Final

TIMES: Final = 3
WINDOW_MS: Final = 60_000
CALM_MS: Final = 600_000
"""So long a chattering alarm must stay set before people are told of it again (our choice)."""


def seen(before: tuple[int, ...], at_ms: int) -> tuple[int, ...]:
    """The instants within the last minute at which it was set, this one too; no more than decide."""
    recent = (one for one in before if at_ms - WINDOW_MS <= one <= at_ms)
    return (*recent, at_ms)[-TIMES:]


def chatters(times: tuple[int, ...]) -> bool:
    """Whether that is chattering.

    >>> chatters(seen((0, 59_000), 60_000)), chatters(seen((0, 59_000), 61_000))
    (True, False)
    """
    return len(times) == TIMES
