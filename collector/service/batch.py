"""What came in since the last commit, on its way to being durable."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

import msgspec

from collector.ports import Quarantined, Recording, Token
from collector.rules.saving import save
from gascore.journal import ConditionChanged, ConditionRaised, Event, UnknownLeak
from gascore.words import Condition, Level

if TYPE_CHECKING:
    from collector.rules.watch import Watch
    from gascore.readings import Reading
    from gascore.wire import RejectReason

OWN = 0
"""The collector's own row among the saved states (detectors' numbers begin at 1): its book of blindness."""
STRANGERS = -1
"""Likewise: the unknown detectors that report a leak."""
TROUBLES = -2
"""Likewise: the book of troubles."""
DROPS = -3
"""Likewise: what the brokers counted last."""
WAITING = 5_000
"""Changes that may wait for the journal before we add more of our own accord (deadlines, a changed ledger)."""
KEPT_REFUSALS = 200
"""Messages kept for the operator per batch; a flood of garbage is counted whole, but not kept whole."""


class Change(msgspec.Struct, frozen=True, gc=False):
    """What happened at once, to one detector or to none (None).

    Attributes:
        events: for the journal, at least one.
        cause_ms: receipt of the message behind it, for the latency.
        is_leak: it must not wait.
    """

    detector: str | None
    events: tuple[Event, ...]
    cause_ms: int | None
    is_leak: bool


class Batch:
    """Everything that becomes durable together, and the tokens to acknowledge afterwards."""

    def __init__(self, links: int) -> None:
        self.changes: list[Change] = []
        self.watches: dict[int, Watch] = {}
        self.states: dict[int, bytes] = {}
        self.refused: list[Quarantined] = []
        self.readings: list[Reading] = []
        self.delays_ms: list[int] = []
        """How long after the instant in them some of the messages came."""
        self.tokens: list[list[Token]] = [[] for _ in range(links)]
        self.messages = 0
        self.stored = 0
        self.quarantined = 0
        self.duplicate = 0
        self.rejected_by: dict[RejectReason, int] = {}
        self.is_urgent = False

    @property
    def is_empty(self) -> bool:
        """Nothing is to be made durable or acknowledged."""
        return not (self.messages or self.changes or self.watches or self.states)

    @property
    def events(self) -> tuple[Event, ...]:
        """For the journal, in order."""
        return tuple(event for change in self.changes for event in change.events)

    def add(self, events: Iterable[Event], cause_ms: int | None) -> None:
        """Journal `events`, all of one detector or of none; a leak among them makes the batch urgent."""
        added = tuple(events)
        if not added:
            return
        is_leak = any(_is_leak(event) for event in added)
        self.is_urgent = self.is_urgent or is_leak
        self.changes.append(Change(getattr(added[0], "detector", None), added, cause_ms, is_leak))

    def keep(self, refused: Quarantined) -> None:
        """Let the operator see a message that was not taken."""
        if len(self.refused) < KEPT_REFUSALS:
            self.refused.append(refused)

    def recording(self, at_ms: int) -> Recording | None:
        """What the journal's transaction takes, as it is now; None when it would be empty."""
        if not (self.changes or self.watches or self.states or self.refused):
            return None
        saved = {number: save(watch) for number, watch in self.watches.items()}
        return Recording(at_ms, self.events, self.states | saved, tuple(self.refused))


def _is_leak(event: Event) -> bool:
    if isinstance(event, (ConditionRaised, ConditionChanged)):
        return event.condition is Condition.LEAK
    return isinstance(event, UnknownLeak) and event.level > Level.NONE
