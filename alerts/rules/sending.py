"""The way of one notice to one person. What changes it is in `TRANSITIONS`, and nowhere else.

A notice is SENDING before the request leaves. When no answer comes, it may or may not have been sent:
UNKNOWN. Then the provider is asked, and only what it says it never got is sent again. While it can't say,
the next channel or person is told, of a leak at once. Receipts come late, twice, out of order or never:
they only ever move a notice to a higher rank, and for a missing one the provider is asked, too.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

from msgspec.structs import replace

from alerts.rules.bundle import bundled_in
from alerts.rules.delivery import (
    FINAL,
    LEASE_MS,
    LONGEST_RETRY_MS,
    RANK,
    RECEIPT_MS,
    Absorb,
    CannotSay,
    Event,
    Found,
    GiveUp,
    Handed,
    NoAnswer,
    NotFound,
    Orphaned,
    Parcel,
    Parted,
    PutOff,
    Receipt,
    Refused,
    Take,
    TryLater,
    Withdraw,
    presses,
)
from alerts.rules.receipts import NO_KEY
from alerts.rules.sending_words import FIRST_LOOK_MS, Ask, Because, Part, Send, look_ms, retry_ms
from gascore.alarm import NoticeState


@dataclass(frozen=True, slots=True)
class Step:
    """What came of an event."""

    state: Parcel
    effects: tuple[Send | Ask | Part, ...]
    reason: Because

    @property
    def wake_at(self) -> int | None:
        """When the notice is to be looked at again, ms; None: an event decides."""
        return wake_ms(self.state)


def step(state: Parcel, event: Event, now_ms: int) -> Step:
    """Change a notice by an event at `now_ms`; without a change the same state object comes back."""
    move = TRANSITIONS.get((state.notice.state, type(event)))
    return move(state, event, now_ms) if move else Step(state, (), Because.TOO_LATE)


def wake_ms(state: Parcel) -> int | None:
    """When the notice is to be looked at, ms: to be sent or asked about, or as its sender is dead; None: never."""
    match state.notice.state:
        case NoticeState.PENDING:
            return state.due_ms
        case NoticeState.SENDING:
            return state.lease_ms
        case NoticeState.UNKNOWN | NoticeState.HANDED_OVER if state.notice.final_ms is None:
            return state.due_ms if state.lease_ms is None else state.lease_ms
        case _:
            return None


def set_back(state: Parcel, by_ms: int) -> Parcel:
    """The same notice after the clock was set back: it waits as long as it had to, and no longer."""
    return replace(
        state,
        due_ms=state.due_ms - by_ms,
        expires_ms=state.expires_ms - by_ms,
        lease_ms=None if state.lease_ms is None else state.lease_ms - by_ms,
        begun_ms=None if state.begun_ms is None else state.begun_ms - by_ms,
        sure_ms=None if state.sure_ms is None else state.sure_ms - by_ms,
    )


def _take(state: Parcel, event: Event, now_ms: int) -> Step:
    if now_ms < state.due_ms:
        return Step(state, (), Because.NOT_DUE)
    if now_ms >= state.expires_ms:
        return Step(_in(state, NoticeState.EXPIRED, now_ms), (), Because.EXPIRED)
    code, by = (event.code, event.by) if isinstance(event, Take) else (None, None)
    taken = replace(
        state,
        lease_ms=now_ms + LEASE_MS,
        sender=by,
        sure_ms=None,
        begun_ms=now_ms,
        attempts=state.attempts + 1,
    )
    return Step(_in(taken, NoticeState.SENDING, now_ms, code=code), (Send(),), Because.TAKEN)


def _put_off(state: Parcel, event: Event, now_ms: int) -> Step:
    if not isinstance(event, PutOff):
        return Step(state, (), Because.TOO_LATE)
    waiting = replace(state, due_ms=event.until_ms)
    return Step(_in(waiting, NoticeState.PENDING, now_ms, code=event.code), (), Because.PUT_OFF)


def _take_over(state: Parcel, event: Event, now_ms: int) -> Step:
    """Its sender died with the request perhaps under way: the same as no answer, and long enough ago to ask."""
    if state.lease_ms is not None and now_ms < state.lease_ms:
        return Step(state, (), Because.NOT_DUE)
    lost = _no_answer(state, NoAnswer("sender_died"), now_ms).state
    return _ask(replace(lost, due_ms=now_ms), event, now_ms)


def _orphaned(state: Parcel, event: Event, now_ms: int) -> Step:
    """Its sender is dead: ask at once; what is not found so soon is asked for once more before it is sent again."""
    del event
    lost = _no_answer(state, NoAnswer("sender_died"), now_ms).state
    asked = replace(lost, due_ms=now_ms, sure_ms=now_ms + FIRST_LOOK_MS)
    return Step(asked, (), Because.ORPHANED)


def _asker_died(state: Parcel, event: Event, now_ms: int) -> Step:
    """Only a question was lost: it is asked again at once."""
    del event, now_ms
    if state.lease_ms is None:
        return Step(state, (), Because.TOO_LATE)
    return Step(replace(state, lease_ms=None), (), Because.ORPHANED)


def _ask(state: Parcel, event: Event, now_ms: int) -> Step:
    """Ask the provider; who asks may die as well, so this has a lease, too."""
    by = event.by if isinstance(event, Take) else None
    due_ms = wake_ms(state)
    if due_ms is None or now_ms < due_ms:
        return Step(state, (), Because.NOT_DUE)
    asking = replace(state, lease_ms=now_ms + LEASE_MS, sender=by, looks=state.looks + 1)
    return Step(asking, (Ask(),), Because.ASKED)


def _handed(state: Parcel, event: Event, now_ms: int) -> Step:
    if not isinstance(event, Handed):
        return Step(state, (), Because.TOO_LATE)
    to = NoticeState.DELIVERED if event.delivered else NoticeState.HANDED_OVER
    handed = _in(state, to, now_ms, provider_id=event.provider_id, handed_ms=now_ms)
    if not event.delivered:
        handed = _awaiting(handed, event.receipt_ms, now_ms)
    return Step(handed, (), Because.HANDED_OVER)


def _awaiting(handed: Parcel, receipt_ms: int | None, now_ms: int) -> Parcel:
    """Wait for its receipt; where there never is one, this is the end of its way."""
    if receipt_ms is None:
        return replace(handed, notice=replace(handed.notice, final_ms=now_ms))
    return replace(handed, due_ms=now_ms + receipt_ms, looks=0)


def _refused(state: Parcel, event: Event, now_ms: int) -> Step:
    refused = _in(state, NoticeState.REFUSED, now_ms, code=getattr(event, "code", None))
    return Step(refused, (), Because.REFUSED)


def _later(state: Parcel, event: Event, now_ms: int) -> Step:
    asked = getattr(event, "after_ms", None) or 0
    pause = max(retry_ms(state.attempts), min(asked, LONGEST_RETRY_MS))
    return _unsent(state, event, now_ms + pause, now_ms)


def _unsent(state: Parcel, event: Event, due_ms: int, now_ms: int) -> Step:
    """It has not left: it may be sent (again), if it is still wanted.

    By itself: what was to go along may become unwanted meanwhile, or find other company.
    """
    code, reason = state.notice.code, Because.NOT_FOUND
    if isinstance(event, TryLater):
        code, reason = event.code, Because.RETRY
    effects = (Part(state.bundled, due_ms),) if state.bundled else ()
    alone = replace(state, bundled=(), together=None)
    if state.unwanted:
        return Step(_in(alone, NoticeState.SUPERSEDED, now_ms, code=code), effects, Because.WITHDRAWN)
    again = replace(alone, due_ms=due_ms, begun_ms=None, notice=replace(state.notice, provider=None))
    later = _in(again, NoticeState.PENDING, now_ms, code=code)
    patience_ms = event.receipt_ms if isinstance(event, TryLater | NotFound) else RECEIPT_MS
    if presses(state) and now_ms - state.notice.created_ms >= patience_ms:
        later = _overdue(later, now_ms)
    return Step(later, effects, reason)


def _no_answer(state: Parcel, event: Event, now_ms: int) -> Step:
    missed = replace(state, unanswered=state.unanswered + 1, due_ms=now_ms + FIRST_LOOK_MS, looks=0)
    code = getattr(event, "code", None)
    return Step(_in(missed, NoticeState.UNKNOWN, now_ms, code=code), (), Because.NO_ANSWER)


def _found(state: Parcel, event: Event, now_ms: int) -> Step:
    """The provider has it: what it says of it counts like a receipt."""
    if not isinstance(event, Found) or RANK[event.state] <= RANK[state.notice.state]:
        return _nothing_new(state, event, now_ms)
    handed_ms = state.notice.handed_ms or now_ms
    became, code = _heard(state, event)
    found = _in(state, became, now_ms, code=code, provider_id=event.provider_id, handed_ms=handed_ms)
    if became is NoticeState.HANDED_OVER:
        found = _awaiting(found, event.receipt_ms, now_ms)
    return Step(found, (), Because.FOUND)


def _heard(state: Parcel, event: Found | Receipt) -> tuple[NoticeState, str | None]:
    """Who was asked for no key can't press one: that the call was taken is all there is to know."""
    if event.code == NO_KEY and state.reply_code is None:
        return NoticeState.DELIVERED, None
    return event.state, event.code


def _not_found(state: Parcel, event: Event, now_ms: int) -> Step:
    if state.sure_ms is not None and now_ms < state.sure_ms:
        return Step(replace(state, due_ms=state.sure_ms, lease_ms=None), (), Because.TOO_SOON)
    pause_ms = 0 if state.unanswered <= 1 else retry_ms(state.unanswered - 1)
    return _unsent(state, event, now_ms + pause_ms, now_ms)


def _cannot_say(state: Parcel, event: Event, now_ms: int) -> Step:
    """Asked again with growing pauses, until it is too old to matter; of a leak the next are told meanwhile."""
    code = getattr(event, "code", None)
    over = now_ms >= state.expires_ms
    asked = replace(state, due_ms=now_ms + look_ms(state.looks), lease_ms=None)
    asked = replace(asked, notice=replace(asked.notice, code=code, final_ms=now_ms if over else None))
    return Step(_overdue(asked, now_ms) if over or presses(state) else asked, (), Because.CANNOT_SAY)


def _nothing_new(state: Parcel, event: Event, now_ms: int) -> Step:
    """Handed over, and nobody says that it arrived."""
    del event
    over = now_ms >= state.expires_ms
    asked = replace(state, due_ms=now_ms + look_ms(state.looks), lease_ms=None)
    asked = replace(asked, notice=replace(asked.notice, final_ms=now_ms if over else None))
    return Step(_overdue(asked, now_ms), (), Because.NO_RECEIPT)


def _overdue(state: Parcel, now_ms: int) -> Parcel:
    if state.notice.overdue_ms is not None:
        return state
    return replace(state, notice=replace(state.notice, overdue_ms=now_ms))


def _receipt(state: Parcel, event: Event, now_ms: int) -> Step:
    if not isinstance(event, Receipt):
        return Step(state, (), Because.TOO_LATE)
    became, code = _heard(state, event)
    if RANK[became] <= RANK[state.notice.state]:
        return Step(state, (), Because.TOO_LATE)
    return Step(_in(state, became, now_ms, code=code), (), Because.RECEIPT)


def _proof(state: Parcel, event: Event, now_ms: int) -> Step:
    """A key before our own note that it left, or after an answer that never came: it has arrived.

    No other receipt counts so early: it could be of an earlier try.
    """
    if not isinstance(event, Receipt) or event.state is not NoticeState.DELIVERED:
        return Step(state, (), Because.TOO_LATE)
    return _receipt(state, event, now_ms)


def _named(state: Parcel, event: Event, now_ms: int) -> Step:
    """That it arrived was known before: now, too, what its provider calls it."""
    if not isinstance(event, Handed | Found) or state.notice.provider_id is not None:
        return Step(state, (), Because.TOO_LATE)
    notice = replace(state.notice, provider_id=event.provider_id, handed_ms=state.notice.handed_ms or now_ms)
    return Step(replace(state, notice=notice), (), Because.HANDED_OVER)


def _withdraw(state: Parcel, event: Event, now_ms: int) -> Step:
    code = event.code if isinstance(event, Absorb) else None
    return Step(_in(state, NoticeState.SUPERSEDED, now_ms, code=code), (), Because.WITHDRAWN)


def _unwanted(state: Parcel, event: Event, now_ms: int) -> Step:
    del event, now_ms
    return Step(replace(state, unwanted=True), (), Because.WITHDRAWN)


def _unwanted_inside(state: Parcel, event: Event, now_ms: int) -> Step:
    """It goes along in another one; should that not leave, it is not to wait again."""
    if bundled_in(state.notice.code) is None or state.unwanted:
        return Step(state, (), Because.TOO_LATE)
    return _unwanted(state, event, now_ms)


def _parted(state: Parcel, event: Event, now_ms: int) -> Step:
    """The one that said it, too, has not left: nobody was told."""
    if not isinstance(event, Parted) or bundled_in(state.notice.code) != event.lead:
        return Step(state, (), Because.TOO_LATE)
    if state.unwanted:
        return Step(_in(state, NoticeState.SUPERSEDED, now_ms), (), Because.WITHDRAWN)
    alone = replace(state, due_ms=event.due_ms)
    return Step(_in(alone, NoticeState.PENDING, now_ms), (), Because.PARTED)


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
    changed = replace(
        notice,
        state=to,
        code=code,
        provider_id=provider_id or notice.provider_id,
        handed_ms=handed_ms or notice.handed_ms,
        final_ms=now_ms if to in FINAL else None,
    )
    lease_ms = state.lease_ms if to is NoticeState.SENDING else None
    return replace(state, notice=changed, lease_ms=lease_ms)


_Move: TypeAlias = Callable[[Parcel, Event, int], Step]

TRANSITIONS: Final[Mapping[tuple[NoticeState, type], _Move]] = {
    (NoticeState.PENDING, Take): _take,
    (NoticeState.PENDING, PutOff): _put_off,
    (NoticeState.PENDING, Absorb): _withdraw,
    (NoticeState.PENDING, GiveUp): _refused,
    (NoticeState.PENDING, Withdraw): _withdraw,
    (NoticeState.SENDING, Take): _take_over,
    (NoticeState.SENDING, Orphaned): _orphaned,
    (NoticeState.SENDING, Handed): _handed,
    (NoticeState.SENDING, Refused): _refused,
    (NoticeState.SENDING, TryLater): _later,
    (NoticeState.SENDING, NoAnswer): _no_answer,
    (NoticeState.SENDING, Withdraw): _unwanted,
    (NoticeState.UNKNOWN, Take): _ask,
    (NoticeState.UNKNOWN, Orphaned): _asker_died,
    (NoticeState.UNKNOWN, Found): _found,
    (NoticeState.UNKNOWN, NotFound): _not_found,
    (NoticeState.UNKNOWN, CannotSay): _cannot_say,
    (NoticeState.UNKNOWN, Withdraw): _unwanted,
    # The sender was taken for dead and answers after all: what it knows is worth more than a guess.
    (NoticeState.PENDING, Handed): _handed,
    (NoticeState.UNKNOWN, Handed): _handed,
    (NoticeState.UNKNOWN, Refused): _refused,
    (NoticeState.UNKNOWN, TryLater): _later,
    # A key may be pressed before we know that the call left, or when it is about to be made once more.
    (NoticeState.PENDING, Receipt): _proof,
    (NoticeState.SENDING, Receipt): _proof,
    (NoticeState.UNKNOWN, Receipt): _proof,
    (NoticeState.DELIVERED, Handed): _named,
    (NoticeState.DELIVERED, Found): _named,
    (NoticeState.SUPERSEDED, Withdraw): _unwanted_inside,
    (NoticeState.SUPERSEDED, Parted): _parted,
    (NoticeState.HANDED_OVER, Take): _ask,
    (NoticeState.HANDED_OVER, Orphaned): _asker_died,
    (NoticeState.HANDED_OVER, Found): _found,
    (NoticeState.HANDED_OVER, NotFound): _nothing_new,
    (NoticeState.HANDED_OVER, CannotSay): _nothing_new,
    (NoticeState.HANDED_OVER, Receipt): _receipt,
    (NoticeState.UNDELIVERED, Receipt): _receipt,
    (NoticeState.DELIVERED, Receipt): _receipt,
}
"""State x event -> the move."""
