"""When a crashed service is started again. Pure."""

from random import Random
from typing import Final, NamedTuple

from collector.rules.backoff import delay_ms

STEADY_MS: Final = 60_000
"""A service that ran this long had recovered: its next crash counts as the first."""
FIRST_MS: Final = 500
MOST_MS: Final = 30_000
"""A vital service that can't start is tried at least this often; its cause may go away by itself."""


class Restart(NamedTuple):
    """`crashes` in a row including this one, and how long to wait before the next start."""

    crashes: int
    wait_ms: int


def after_crash(crashes_before: int, ran_ms: int, rng: Random) -> Restart:
    """Twice as long after each crash in a row, half of it by chance.

    >>> after_crash(0, 100, Random(1)).wait_ms in range(250, 501)
    True
    >>> after_crash(9, STEADY_MS, Random(1)).crashes
    1
    """
    crashes = 1 if ran_ms >= STEADY_MS else crashes_before + 1
    return Restart(crashes, delay_ms(crashes, rng, first_ms=FIRST_MS, most_ms=MOST_MS))
