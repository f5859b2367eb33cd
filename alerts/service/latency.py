"""How long it took from the message that caused an alarm to the hand-over of its text."""

import threading
from bisect import bisect_left
from itertools import accumulate

from gascore.service_status import LATENCY_BOUNDS_S, Histogram


class Latency:
    """A histogram of seconds that only grows. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._buckets = [0] * (len(LATENCY_BOUNDS_S) + 1)
        self._sum_s = 0.0

    def add(self, seconds: float) -> None:
        """One observation."""
        with self._lock:
            self._buckets[bisect_left(LATENCY_BOUNDS_S, seconds)] += 1
            self._sum_s += seconds

    @property
    def histogram(self) -> Histogram:
        """As it is now: cumulative counts."""
        with self._lock:
            counts = tuple(accumulate(self._buckets))
            return Histogram(counts[:-1], counts[-1], self._sum_s)
