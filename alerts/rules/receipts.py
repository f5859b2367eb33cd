"""A provider's words for what became of a message -> ours."""

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


def receipt_of(status: str, code: str | None) -> Receipt | None:
    """The receipt behind a provider's status; None for a word that we don't know."""
    state = TWILIO.get(status.lower())
    return Receipt(state, code) if state else None
