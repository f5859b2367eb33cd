"""Latency histograms of one process."""

from bisect import bisect_left

from gascore.service_status import LATENCY_BOUNDS_S, Histogram


class Latency:
    """Counts observations; `histogram` is cumulative, as `gascore.service_status` defines it."""

    def __init__(self) -> None:
        self._counts = [0] * (len(LATENCY_BOUNDS_S) + 1)
        self._sum_ms = 0

    def observe(self, ms: int) -> None:
        """One observation, ms; a negative one (a clock was stepped) counts as 0."""
        ms = max(ms, 0)
        self._counts[bisect_left(LATENCY_BOUNDS_S, ms / 1000)] += 1
        self._sum_ms += ms

    @property
    def histogram(self) -> Histogram:
        """All observations so far."""
        counts: list[int] = []
        total = 0
        for count in self._counts[:-1]:
            total += count
            counts.append(total)
        return Histogram(tuple(counts), total + self._counts[-1], self._sum_ms / 1000)
