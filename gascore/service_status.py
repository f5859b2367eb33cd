"""What a running service says of itself every second, for /metrics, the system page and the watchers."""

from typing import Protocol

import msgspec


class Histogram(msgspec.Struct, frozen=True):
    """Cumulative latency counts: `counts[i]` observations were at most `LATENCY_BOUNDS_S[i]`."""

    counts: tuple[int, ...]
    total: int
    sum_s: float


LATENCY_BOUNDS_S = (0.01, 0.025, 0.05, 0.1, 0.2, 0.35, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 5.0, 10.0, 30.0, 60.0)
"""Seconds; dense around the promises 0.2, 1 and 2 s (design section 5)."""


class MessageCounts(msgspec.Struct, frozen=True):
    """The conservation equation: received = stored + quarantined + rejected + duplicate + pending."""

    received: int = 0
    stored: int = 0
    quarantined: int = 0
    rejected: int = 0
    duplicate: int = 0
    pending: int = 0

    @property
    def residual(self) -> int:
        """Messages that are unaccounted for; anything but 0 is a defect."""
        return self.received - self.stored - self.quarantined - self.rejected - self.duplicate - self.pending


class Gaps(msgspec.Struct, frozen=True):
    """Messages that are missing by their numbers, since the service started.

    Attributes:
        of: detector -> messages, of those that miss the most.
        is_all: nobody else misses any.
    """

    of: dict[str, int] = {}
    is_all: bool = False

    def at(self, detector: str) -> int | None:
        """Messages missing of a detector; None: some may be, but others miss more."""
        return self.of.get(detector, 0 if self.is_all else None)


class ServiceStatus(msgspec.Struct, frozen=True):
    """A service's own word. Fields that don't apply to a service keep their defaults.

    Attributes:
        name: "collector", "alerts", "dashboard", "simulator" or "broker".
        pid: its process.
        started_ms, at_ms: when it started, when it said this.
        messages: the collector's account, atomically taken.
        rejected_by: count per `RejectReason`.
        newest_message_ms: receipt of the newest MQTT message.
        links: broker link name -> "up" or why it is down.
        states: detectors per protection state.
        latency: stage -> histogram, seconds since the receipt of the causing message.
        notes: anything else worth a line on the system page.
        gaps: which detectors' messages are missing, if the service watches their numbers.
    """

    name: str
    pid: int
    started_ms: int
    at_ms: int
    messages: MessageCounts = MessageCounts()
    rejected_by: dict[str, int] = {}
    newest_message_ms: int | None = None
    links: dict[str, str] = {}
    states: dict[str, int] = {}
    latency: dict[str, Histogram] = {}
    notes: dict[str, str] = {}
    gaps: Gaps | None = None


class StatusBoard(Protocol):
    """Where services say how they are. Implementation: `gaswatch.stores.status.SqlStatusBoard`."""

    def say(self, status: ServiceStatus) -> None:
        """Replace this service's word. Blocking."""
        ...

    def read(self) -> dict[str, ServiceStatus]:
        """The newest word of every service, by name. Blocking."""
        ...
