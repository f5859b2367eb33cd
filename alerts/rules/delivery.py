"""The way of one notice to one phone. What changes it is in `TRANSITIONS`, and nowhere else.

A notice is SENDING before the request leaves. When no answer comes, it may or may not have been sent:
UNKNOWN. Then a leak's notice is sent once more (a duplicate is better than silence), anything else is not.
Receipts come late, twice and out of order: they only ever move a notice to a higher rank.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, TypeAlias

import msgspec

from gascore.alarm import ChannelKind, Notice, NoticePurpose, NoticeState
from gascore.words import Language, PersonId, Priority, SiteId

LEASE_MS: Final = 30_000
"""Longer than a request may take (20 s at most: `alerts.ports.Channel`), so that a live sender is never overtaken."""
FIRST_RETRY_MS: Final = 1_000
LONGEST_RETRY_MS: Final = 30_000
RESENDS: Final = 1
"""How often a leak's notice is sent again after no answer came."""

RANK: Final[Mapping[NoticeState, int]] = {
    NoticeState.PENDING: 0,
    NoticeState.SENDING: 1,
    NoticeState.UNKNOWN: 2,
    NoticeState.HANDED_OVER: 3,
    NoticeState.UNDELIVERED: 4,
    NoticeState.DELIVERED: 5,
    NoticeState.REFUSED: 6,
    NoticeState.EXPIRED: 6,
    NoticeState.SUPERSEDED: 6,
}
FAILED: Final = frozenset(
    {NoticeState.REFUSED, NoticeState.UNDELIVERED, NoticeState.EXPIRED, NoticeState.SUPERSEDED}
)
"""The person was not told by this notice."""
FINAL: Final = FAILED | {NoticeState.DELIVERED}

LIFETIME_MS: Final[Mapping[NoticePurpose, int]] = {
    NoticePurpose.RAISED: 15 * 60_000,
    NoticePurpose.WORSE: 15 * 60_000,
    NoticePurpose.REPEAT: 15 * 60_000,
    NoticePurpose.CLEARED: 60 * 60_000,
    NoticePurpose.ANSWER: 10 * 60_000,
}
"""A text that comes hours late misleads; while the alarm lasts, the ladder makes a fresh one in time."""
SLOW_LIFETIME_MS: Final = 24 * 3_600_000
"""For what is not a leak: its next repeat is a day away."""


class Hop(msgspec.Struct, frozen=True):
    """Where to go on when a notice does not reach its person: the same one otherwise, or the next one.

    `address`: E.164 for `SMS` and `VOICE`, an e-mail address, or the name of a room, hook or board.
    """

    channel: ChannelKind
    address: str
    person: PersonId | None
    role: str
    language: Language = Language.ZH


class Parcel(msgspec.Struct, frozen=True):
    """A notice with what is needed to send it.

    Attributes:
        once_key: what it is told for; a second one with the same key is not made.
        address: E.164.
        urgency: the alarm's priority; smaller goes first.
        due_ms, expires_ms: not before, not from.
        lease_ms: until then its sender may be at it.
        attempts: requests begun.
        unanswered: requests that got no answer.
        hops: where to go on when it fails, when no receipt comes in time, or when nobody can say.
    """

    notice: Notice
    once_key: str
    address: str
    urgency: Priority
    text: str
    due_ms: int
    expires_ms: int
    reply_code: str | None = None
    site: SiteId | None = None
    language: Language = Language.ZH
    lease_ms: int | None = None
    attempts: int = 0
    unanswered: int = 0
    hops: tuple[Hop, ...] = ()


@dataclass(frozen=True, slots=True)
class Take:
    """A sender is free, and the notice is due or its lease ran out."""


@dataclass(frozen=True, slots=True)
class Handed:
    """The provider took it and calls it `provider_id`."""

    provider_id: str


@dataclass(frozen=True, slots=True)
class Refused:
    """The provider will never send it: the number is wrong or has opted out. `code` says which."""

    code: str


@dataclass(frozen=True, slots=True)
class TryLater:
    """Nothing was sent; it may work later (too many requests, provider's fault, no connection).

    `account`: nothing at all can be sent until somebody mends our account.
    """

    code: str
    after_ms: int | None = None
    account: bool = False


@dataclass(frozen=True, slots=True)
class NoAnswer:
    """The request left and no answer came."""

    code: str


@dataclass(frozen=True, slots=True)
class Receipt:
    """The provider says what became of it."""

    state: NoticeState
    code: str | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """Asked, the provider says: it took this, calls it `provider_id`, and that became of it."""

    provider_id: str
    state: NoticeState = NoticeState.HANDED_OVER
    code: str | None = None


@dataclass(frozen=True, slots=True)
class NotFound:
    """Asked, the provider says that it never got it: it may be sent (again)."""


@dataclass(frozen=True, slots=True)
class CannotSay:
    """The provider can't be asked, or did not answer; `code` says why."""

    code: str


@dataclass(frozen=True, slots=True)
class Withdraw:
    """It is no longer needed."""


Sent: TypeAlias = Handed | Refused | TryLater | NoAnswer
"""What a sender can answer."""
LookedUp: TypeAlias = Found | NotFound | CannotSay
"""What a provider can say of a message whose request got no answer."""
Event: TypeAlias = Take | Sent | Receipt | Withdraw


class Because(StrEnum):
    """Because … – why a notice is as it is."""

    TAKEN = "taken"
    HANDED_OVER = "handed_over"
    REFUSED = "refused"
    RETRY = "retry"
    NO_ANSWER = "no_answer"
    SENT_AGAIN = "sent_again"
    """no answer came, and a leak must not wait for certainty."""
    RECEIPT = "receipt"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"
    TOO_LATE = "too_late"
    """it has come further already."""
    NOT_DUE = "not_due"


@dataclass(frozen=True, slots=True)
class Send:
    """Effect: let the request leave."""


@dataclass(frozen=True, slots=True)
class Step:
    """What came of an event."""

    state: Parcel
    effects: tuple[Send, ...]
    reason: Because

    @property
    def wake_at(self) -> int | None:
        """When the notice is to be looked at again, ms; None: an event decides."""
        match self.state.notice.state:
            case NoticeState.PENDING:
                return self.state.due_ms
            case NoticeState.SENDING:
                return self.state.lease_ms
            case _:
                return None


def step(state: Parcel, event: Event, now_ms: int) -> Step:
    """Change a notice by an event at `now_ms`; without a change the same state object comes back."""
    move = TRANSITIONS.get((state.notice.state, type(event)))
    return move(state, event, now_ms) if move else Step(state, (), Because.TOO_LATE)


def lifetime_ms(purpose: NoticePurpose, urgency: Priority) -> int:
    """How long after its making a notice may still be sent."""
    if urgency > Priority.HIGH and purpose is not NoticePurpose.ANSWER:
        return SLOW_LIFETIME_MS
    return LIFETIME_MS[purpose]


def retry_ms(attempts: int) -> int:
    """The pause after the n-th failed attempt, ms: 1, 2, 4 … 30 s."""
    return min(LONGEST_RETRY_MS, FIRST_RETRY_MS << min(attempts - 1, 10))


def set_back(state: Parcel, by_ms: int) -> Parcel:
    """The same notice after the clock was set back: it waits as long as it had to, and no longer."""
    return msgspec.structs.replace(
        state,
        due_ms=state.due_ms - by_ms,
        expires_ms=state.expires_ms - by_ms,
        lease_ms=None if state.lease_ms is None else state.lease_ms - by_ms,
    )


def _take(state: Parcel, event: Event, now_ms: int) -> Step:
    del event
    if now_ms < state.due_ms:
        return Step(state, (), Because.NOT_DUE)
    if now_ms >= state.expires_ms:
        return Step(_in(state, NoticeState.EXPIRED, now_ms), (), Because.EXPIRED)
    taken = msgspec.structs.replace(state, lease_ms=now_ms + LEASE_MS, attempts=state.attempts + 1)
    return Step(_in(taken, NoticeState.SENDING, now_ms), (Send(),), Because.TAKEN)


def _take_over(state: Parcel, event: Event, now_ms: int) -> Step:
    """Its sender died with the request perhaps under way: the same as no answer."""
    del event
    if state.lease_ms is not None and now_ms < state.lease_ms:
        return Step(state, (), Because.NOT_DUE)
    return _no_answer(state, NoAnswer("sender_died"), now_ms)


def _handed(state: Parcel, event: Event, now_ms: int) -> Step:
    provider_id = getattr(event, "provider_id", None)
    handed = _in(state, NoticeState.HANDED_OVER, now_ms, provider_id=provider_id, handed_ms=now_ms)
    return Step(handed, (), Because.HANDED_OVER)


def _refused(state: Parcel, event: Event, now_ms: int) -> Step:
    refused = _in(state, NoticeState.REFUSED, now_ms, code=getattr(event, "code", None))
    return Step(refused, (), Because.REFUSED)


def _later(state: Parcel, event: Event, now_ms: int) -> Step:
    asked = getattr(event, "after_ms", None) or 0
    pause = max(retry_ms(state.attempts), min(asked, LONGEST_RETRY_MS))
    later = msgspec.structs.replace(state, due_ms=now_ms + pause)
    return Step(_in(later, NoticeState.PENDING, now_ms, code=getattr(event, "code", None)), (), Because.RETRY)


def _no_answer(state: Parcel, event: Event, now_ms: int) -> Step:
    code = getattr(event, "code", None)
    missed = msgspec.structs.replace(state, unanswered=state.unanswered + 1, due_ms=now_ms)
    again = missed.urgency is Priority.URGENT and missed.unanswered <= RESENDS
    if again and state.notice.purpose is not NoticePurpose.ANSWER:
        return Step(_in(missed, NoticeState.PENDING, now_ms, code=code), (), Because.SENT_AGAIN)
    return Step(_in(missed, NoticeState.UNKNOWN, now_ms, code=code), (), Because.NO_ANSWER)


def _receipt(state: Parcel, event: Event, now_ms: int) -> Step:
    if not isinstance(event, Receipt) or RANK[event.state] <= RANK[state.notice.state]:
        return Step(state, (), Because.TOO_LATE)
    return Step(_in(state, event.state, now_ms, code=event.code), (), Because.RECEIPT)


def _withdraw(state: Parcel, event: Event, now_ms: int) -> Step:
    del event
    return Step(_in(state, NoticeState.SUPERSEDED, now_ms), (), Because.WITHDRAWN)


def _in(
    state: Parcel,
    to: NoticeState,
    now_ms: int,
    *,
    code: str | None = None,
    provider_id: str | None = None,
    handed_ms: int | None = None,
) -> Parcel:
    notice = state.notice
    changed = msgspec.structs.replace(
        notice,
        state=to,
        code=code,
        provider_id=provider_id or notice.provider_id,
        handed_ms=handed_ms or notice.handed_ms,
        final_ms=now_ms if to in FINAL else None,
    )
    lease_ms = state.lease_ms if to is NoticeState.SENDING else None
    return msgspec.structs.replace(state, notice=changed, lease_ms=lease_ms)


_Move: TypeAlias = Callable[[Parcel, Event, int], Step]

TRANSITIONS: Final[Mapping[tuple[NoticeState, type], _Move]] = {
    (NoticeState.PENDING, Take): _take,
    (NoticeState.PENDING, Withdraw): _withdraw,
    (NoticeState.SENDING, Take): _take_over,
    (NoticeState.SENDING, Handed): _handed,
    (NoticeState.SENDING, Refused): _refused,
    (NoticeState.SENDING, TryLater): _later,
    (NoticeState.SENDING, NoAnswer): _no_answer,
    # The sender was taken for dead and answers after all: what it knows is worth more than a guess.
    (NoticeState.PENDING, Handed): _handed,
    (NoticeState.UNKNOWN, Handed): _handed,
    (NoticeState.UNKNOWN, Refused): _refused,
    (NoticeState.HANDED_OVER, Receipt): _receipt,
    (NoticeState.UNDELIVERED, Receipt): _receipt,
    (NoticeState.DELIVERED, Receipt): _receipt,
}
"""State x event -> the move."""
