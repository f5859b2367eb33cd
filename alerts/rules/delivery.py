"""A notice as it waits in the outbox, and what can happen to it; its way is in `alerts.rules.sending`."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

import msgspec

from gascore.alarm import ChannelKind, Notice, NoticePurpose, NoticeState
from gascore.words import Language, NoticeId, PersonId, Priority, SiteId

LEASE_MS: Final = 30_000
"""Longer than a request may take (20 s at most: `alerts.ports.Channel`), so that a live sender is never overtaken."""
FIRST_RETRY_MS: Final = 1_000
LONGEST_RETRY_MS: Final = 30_000
RECEIPT_MS: Final = 60_000
"""No receipt for so long after the hand-over: the next channel or person is told (domain.md 6)."""
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
        sender: the run of alerts that is at it; None: nobody knows which.
        sure_ms: when the provider was asked before then, "not found" proves nothing yet; None: it always does.
        begun_ms: when its newest request left; None: no request is left that may have been taken.
        attempts: requests begun.
        unanswered: requests that got no answer.
        looks: how often the provider was asked what became of it.
        unwanted: withdrawn when it may have left already; it is not sent again.
        bundled: the notices that this one says, too, while it is on its way or has come to its end.
        together: what it then says in one text, instead of `text`; for that there is no template.
        hops: where to go on when it fails, when no receipt comes in time, or when nobody can say.
        template, params: the same as `text`, for providers that take only templates (`alerts.rules.wording.Said`).
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
    sender: str | None = None
    sure_ms: int | None = None
    begun_ms: int | None = None
    attempts: int = 0
    unanswered: int = 0
    looks: int = 0
    unwanted: bool = False
    hops: tuple[Hop, ...] = ()
    bundled: tuple[NoticeId, ...] = ()
    together: str | None = None
    template: str | None = None
    params: dict[str, str] = {}


@dataclass(frozen=True, slots=True)
class Take:
    """A sender is free, and the notice is due: to be sent, or to be asked about; or its sender's lease ran out.

    `code`: what is to be known of its sending. `by`: the run of alerts that does it.
    """

    code: str | None = None
    by: str | None = None


@dataclass(frozen=True, slots=True)
class Orphaned:
    """The run of alerts that was at it has certainly ended."""


@dataclass(frozen=True, slots=True)
class PutOff:
    """It has to wait until then; `code` says for what."""

    until_ms: int
    code: str


@dataclass(frozen=True, slots=True)
class Absorb:
    """Another notice to the same address says it, too; `code` says which."""

    code: str


@dataclass(frozen=True, slots=True)
class Parted:
    """The notice `lead` that said it, too, did not leave: it waits by itself again, until `due_ms`."""

    lead: NoticeId
    due_ms: int


@dataclass(frozen=True, slots=True)
class GiveUp:
    """It is not to go this way; `code` says why. Its person is told otherwise."""

    code: str


@dataclass(frozen=True, slots=True)
class Handed:
    """The provider took it and calls it `provider_id`.

    `receipt_ms`: how long to wait for a receipt; None: this provider never gives one.
    `delivered`: it has arrived; the answer itself is the receipt.
    """

    provider_id: str
    receipt_ms: int | None = RECEIPT_MS
    delivered: bool = False


@dataclass(frozen=True, slots=True)
class Refused:
    """The provider will not send it: the number is wrong or has opted out. `code` says which.

    `elsewhere`: another provider may carry it all the same. `ours`: somebody of us must mend what it was refused for.
    """

    code: str
    elsewhere: bool = False
    ours: bool = False


@dataclass(frozen=True, slots=True)
class TryLater:
    """Nothing was sent; it may work later (too many requests, provider's fault, no connection).

    `account`: nothing at all can be sent until somebody mends our account. `receipt_ms`: a leak's notice that has
    not left for so long is told otherwise meanwhile.
    """

    code: str
    after_ms: int | None = None
    account: bool = False
    receipt_ms: int = RECEIPT_MS


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
    receipt_ms: int | None = RECEIPT_MS
    """As in `Handed`."""


@dataclass(frozen=True, slots=True)
class NotFound:
    """Asked, the provider says that it never got it: it may be sent (again). `receipt_ms`: as in `TryLater`."""

    receipt_ms: int = RECEIPT_MS


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
Event: TypeAlias = Take | Orphaned | PutOff | Absorb | Parted | GiveUp | Sent | LookedUp | Receipt | Withdraw


def rank_of(purpose: NoticePurpose) -> int:
    """Among notices of one urgency: what is news to somebody goes before what is said again or is over."""
    return int(purpose in {NoticePurpose.REPEAT, NoticePurpose.CLEARED})


def presses(parcel: Parcel) -> bool:
    """Whether it tells of a leak: it never waits for certainty, nor for a budget."""
    return parcel.urgency <= Priority.HIGH and parcel.notice.purpose is not NoticePurpose.ANSWER


def is_unreached(notice: Notice) -> bool:
    """Whether its person has to be told otherwise: it failed, or nobody can say for too long."""
    if notice.overdue_ms is not None and notice.state is not NoticeState.DELIVERED:
        return True
    return notice.state in FAILED and notice.state is not NoticeState.SUPERSEDED


def lifetime_ms(purpose: NoticePurpose, urgency: Priority) -> int:
    """How long after its making a notice may still be sent."""
    if urgency > Priority.HIGH and purpose is not NoticePurpose.ANSWER:
        return SLOW_LIFETIME_MS
    return LIFETIME_MS[purpose]
