"""How long to wait before the next try."""

from random import Random


def delay_ms(failures: int, rng: Random, *, first_ms: int, most_ms: int) -> int:
    """Twice as long after each failure, up to `most_ms`, half of it by chance so that many don't come at once.

    >>> delay_ms(3, Random(1), first_ms=100, most_ms=60_000) in range(200, 401)
    True
    """
    full_ms = min(first_ms << min(max(failures - 1, 0), 30), most_ms)
    return full_ms // 2 + rng.randint(0, full_ms - full_ms // 2)
