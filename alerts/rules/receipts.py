"""A provider's words for what became of a message or a call -> ours."""

from collections.abc import Mapping
from typing import Final

from alerts.rules.delivery import Receipt
from gascore.alarm import NoticeState

TWILIO: Final[Mapping[str, NoticeState]] = {
    "accepted": NoticeState.HANDED_OVER,
    "scheduled": NoticeState.HANDED_OVER,
    "queued": NoticeState.HANDED_OVER,
    "sending": NoticeState.HANDED_OVER,
    "sent": NoticeState.HANDED_OVER,
    "delivered": NoticeState.DELIVERED,
    "read": NoticeState.DELIVERED,
    "undelivered": NoticeState.UNDELIVERED,
    "failed": NoticeState.UNDELIVERED,
    "canceled": NoticeState.UNDELIVERED,
}
"""Twilio's MessageStatus."""
NO_KEY: Final = "no_key"
TWILIO_CALL: Final[Mapping[str, tuple[NoticeState, str | None]]] = {
    "initiated": (NoticeState.HANDED_OVER, None),
    "ringing": (NoticeState.HANDED_OVER, None),
    "in-progress": (NoticeState.HANDED_OVER, None),
    # Perhaps only a machine listened. A key was told before, or will be, and counts for more.
    "completed": (NoticeState.UNDELIVERED, NO_KEY),
    "busy": (NoticeState.UNDELIVERED, "busy"),
    "no-answer": (NoticeState.UNDELIVERED, "no_answer"),
}
"""Twilio's CallStatus, as far as it is no MessageStatus too, and the code of a call that told nobody."""


def receipt_of(status: str, code: str | None) -> Receipt | None:
    """The receipt behind a provider's status; None for a word that we don't know."""
    word = status.lower()
    if word in TWILIO_CALL:
        state, why = TWILIO_CALL[word]
        return Receipt(state, code or why)
    state_of_text = TWILIO.get(word)
    return Receipt(state_of_text, code) if state_of_text else None
