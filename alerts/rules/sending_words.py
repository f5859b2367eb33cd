"""What the way of a notice (`alerts.rules.sending`) is made of: reasons, effects and pauses."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from alerts.rules.delivery import FIRST_RETRY_MS, LONGEST_RETRY_MS
from gascore.words import NoticeId

FIRST_LOOK_MS: Final = 5_000
"""After a time-out, before the provider is asked: its books show a message only when it has taken it."""
LONGEST_LOOK_MS: Final = 900_000


class Because(StrEnum):
    """Because … – why a notice is as it is."""

    TAKEN = "taken"
    HANDED_OVER = "handed_over"
    REFUSED = "refused"
    RETRY = "retry"
    NO_ANSWER = "no_answer"
    ASKED = "asked"
    ORPHANED = "orphaned"
    """the run that was at it has ended: the provider is asked without waiting for the lease."""
    TOO_SOON = "too_soon"
    """not found so soon after its sender's death: what it sent may still be on its way into the provider's books."""
    FOUND = "found"
    NOT_FOUND = "not_found"
    """the provider never got it: it is sent (again)."""
    CANNOT_SAY = "cannot_say"
    NO_RECEIPT = "no_receipt"
    RECEIPT = "receipt"
    EXPIRED = "expired"
    PUT_OFF = "put_off"
    PARTED = "parted"
    """what it was to go with has not left."""
    WITHDRAWN = "withdrawn"
    TOO_LATE = "too_late"
    """it has come further already."""
    NOT_DUE = "not_due"


@dataclass(frozen=True, slots=True)
class Send:
    """Effect: let the request leave."""


@dataclass(frozen=True, slots=True)
class Ask:
    """Effect: ask the provider what became of it."""


@dataclass(frozen=True, slots=True)
class Part:
    """Effect: it has not left, and `mates` that it said, too, wait by themselves again (`Parted`)."""

    mates: tuple[NoticeId, ...]
    due_ms: int


def retry_ms(attempts: int) -> int:
    """The pause after the n-th failed attempt, ms: 1, 2, 4 … 30 s."""
    return min(LONGEST_RETRY_MS, FIRST_RETRY_MS << min(max(attempts, 1) - 1, 10))


def look_ms(looks: int) -> int:
    """The pause after the n-th look-up that said nothing, ms: 5, 10, 20 s … 15 min."""
    return min(LONGEST_LOOK_MS, FIRST_LOOK_MS << min(max(looks, 1) - 1, 10))
