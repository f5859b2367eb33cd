"""The leaks of a detector that the journal already knows from begin to end.

A broker that died gives messages again that it had given before, sometimes hours of them: what happened within a
leak that is over and known is no late leak.
"""

from collections.abc import Iterable
from typing import Final, TypeAlias

from gascore.words import Level

Episode: TypeAlias = tuple[int, int, Level]
"""First and last instant (ms) of the messages that said so, and the worst level that is in the journal."""
KEPT: Final = 32
"""Leaks remembered of one detector. More of them within one outage of a broker, and the older ones are told
once more, marked late: better twice than never."""


def with_one_more(known: tuple[Episode, ...], one: Episode) -> tuple[Episode, ...]:
    """The same with one that has ended now."""
    return (*known, one)[-KEPT:]


def is_known(known: Iterable[Episode], at_ms: int, level: Level) -> bool:
    """Whether a leak of this level at this instant is in the journal already."""
    return any(since_ms <= at_ms <= until_ms and level <= worst for since_ms, until_ms, worst in known)
