"""What the collector needs of the world, in its own words."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Protocol, TypeAlias

import msgspec

from gascore.journal import Event
from gascore.readings import Labels, Reading
from gascore.registry import Placed

Changed: TypeAlias = Mapping[str, Collection[str]]
"""Records of the ledger that have changed: keys, by entity, as `LedgerChanged` calls them."""


class Registry(Protocol):
    """The ledger as the collector sees it. Implementation: `gaswatch.stores.registry.SqlRegistry`."""

    def placed(self, changed: Changed | None = None) -> Iterable[Placed]:
        """Detectors with their rooms, by number, in portions: all of them, or those that a change can concern.

        Consume it at once and in one thread; blocking, and raises `StoreDownError` on the way.

        Args:
            changed: may concern more detectors than it names, never fewer.
        """
        ...


class Quarantined(msgspec.Struct, frozen=True, gc=False):
    """A message that was not taken, kept (bounded) for the operator to see.

    `reason` is a `RejectReason` or "unknown_detector".
    """

    received_ms: int
    topic: str
    detector: str | None
    reason: str
    detail: str
    payload: bytes


class Recording(msgspec.Struct, frozen=True):
    """What one batch changed: all of it becomes durable, or nothing.

    `states` maps a detector's number to its saved conditions (an opaque body of the collector's own).
    """

    at_ms: int
    events: Sequence[Event] = ()
    states: dict[int, bytes] = {}
    quarantined: Sequence[Quarantined] = ()


class Recorder(Protocol):
    """Journal, saved conditions and quarantine in one transaction.

    Implementation: `gaswatch.stores.recorder.SqlRecorder`.
    """

    def record(self, recording: Recording) -> None:
        """Durable when it returns. Blocking. Raises `StoreDownError` when it can't, and nothing is stored."""
        ...

    def own(self) -> dict[int, bytes]:
        """What was saved under 0 and less: the collector's own books. Blocking."""
        ...

    def states(self) -> Iterable[tuple[int, bytes]]:
        """What is saved of detectors, by number, in portions; to be consumed like `Registry.placed`."""
        ...


class SinkHealth(msgspec.Struct, frozen=True):
    """How the time series is, beyond taking what it is given.

    Attributes:
        troubles: what an operator must hear of, by name: one line each that says what to do.
        notes: figures for the system page and /metrics, by name; a number as text ("spool_bytes": "1024").
    """

    troubles: dict[str, str] = {}
    notes: dict[str, str] = {}


class ReadingSink(Protocol):
    """The time series. Implementation: `gaswatch.stores.readings.EmbeddedReadings`."""

    def write(self, readings: Sequence[Reading]) -> None:
        """Durable when it returns; writing the same reading twice changes nothing. Blocking.

        Raises:
            StoreDownError: nothing was stored; try again.
        """
        ...

    def label(self, labels: dict[int, Labels]) -> None:
        """Tell the store who is behind the numbers, before their first reading. Blocking."""
        ...

    def health(self, now_ms: int) -> SinkHealth:
        """What it has to say of itself. Cheap: asked once a second. Blocking."""
        ...

    def seal(self, now_ms: int) -> int:
        """Pack what is over into chunks; returns how many readings were packed. Blocking, seconds at most."""
        ...


DROPPED, HELD = "dropped", "held"
"""What a broker may count of itself (`Link.told`): messages that it dropped because a queue was full or a client
too slow, since it started; messages that it holds now."""
Token: TypeAlias = object
"""What a link needs to acknowledge one message; opaque to the service."""


class Arrival(msgspec.Struct, frozen=True, gc=False):
    """One MQTT message as a link received it. `token` is None for QoS 0."""

    received_ms: int
    topic: str
    payload: bytes
    retained: bool
    duplicate: bool
    token: Token | None


class Link(Protocol):
    """One connection to one broker, persistent session, QoS 1, acknowledged by hand.

    Implementations: `collector.adapters.mqtt5_link`, `collector.adapters.gmqtt_link`; one contract suite.
    It reconnects by itself, with back-off and jitter, until stopped.
    """

    name: str

    @property
    def told(self) -> Mapping[str, str]:
        """What the broker says of itself on this connection (`DROPPED`, `HELD`, as text); empty where it says nothing."""
        ...

    async def run(
        self,
        *,
        arrived: Callable[[Arrival], None],
        changed: Callable[[str, str, int], None],
        is_full: Callable[[], bool],
    ) -> None:
        """Connect, subscribe and deliver until `stop`.

        Args:
            arrived: called in the loop for each message, in order.
            changed: called with (name, "up", now) once the subscription is granted, and with
                (name, why it is down, since when we have heard nothing) when it is lost or refused.
            is_full: while true, no more is read from the socket.
        """
        ...

    def acknowledge(self, tokens: Sequence[Token]) -> None:
        """Acknowledge, in the order of arrival; tokens of a dead connection are dropped (the broker redelivers)."""
        ...

    async def stop(self) -> None:
        """Disconnect, keeping the session."""
        ...
