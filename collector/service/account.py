"""Counts every message into exactly one outcome, at every instant."""

from bisect import bisect_left

from collector.service.batch import Batch
from gascore.service_status import LATENCY_BOUNDS_S, Histogram, MessageCounts
from gascore.wire import RejectReason


class Account:
    """The conservation equation, kept term by term so that a defect shows as a residual."""

    def __init__(self) -> None:
        self.received = 0
        self.pending = 0
        self.newest_ms: int | None = None
        self._stored = 0
        self._quarantined = 0
        self._duplicate = 0
        self._rejected_by = dict.fromkeys(RejectReason, 0)

    def came(self, received_ms: int) -> None:
        """A message came in; it is pending until `settle`."""
        self.received += 1
        self.pending += 1
        self.newest_ms = received_ms

    def settle(self, batch: Batch) -> None:
        """The batch is durable: its messages have their outcome."""
        self.pending -= batch.messages
        self._stored += batch.stored
        self._quarantined += batch.quarantined
        self._duplicate += batch.duplicate
        for reason, count in batch.rejected_by.items():
            self._rejected_by[reason] += count

    @property
    def counts(self) -> MessageCounts:
        """All terms, as they are now."""
        return MessageCounts(
            self.received,
            self._stored,
            self._quarantined,
            sum(self._rejected_by.values()),
            self._duplicate,
            self.pending,
        )

    @property
    def rejected_by(self) -> dict[str, int]:
        """Rejected messages by reason."""
        return {str(reason): count for reason, count in self._rejected_by.items()}


class Latency:
    """A histogram of seconds that only grows."""

    def __init__(self) -> None:
        self._buckets = [0] * (len(LATENCY_BOUNDS_S) + 1)
        self._sum_s = 0.0

    def observe(self, seconds: float) -> None:
        """Count one observation."""
        self._buckets[bisect_left(LATENCY_BOUNDS_S, seconds)] += 1
        self._sum_s += seconds

    @property
    def histogram(self) -> Histogram:
        """Cumulative counts."""
        counts, total = [], 0
        for count in self._buckets:
            total += count
            counts.append(total)
        return Histogram(tuple(counts[:-1]), total, self._sum_s)
