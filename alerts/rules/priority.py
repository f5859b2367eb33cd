"""Whose ladder goes on first when many are due."""

from typing import Final

from gascore.alarm import QUIETED, AlarmKind
from gascore.words import Priority

RANKS: Final = range(min(Priority), max(Priority) + 2)
"""The ranks that there are, the first one first."""


def rank_of(kind: AlarmKind, priority: Priority) -> int:
    """Whose ladder goes on first when many are due: leaks, then what is out; single silences after all else."""
    return RANKS[-1] if kind in QUIETED else int(priority)
