"""The courier: takes due notices out of the outbox, hands them to the provider, records what came of it.

A notice is marked as SENDING, durably, before its request leaves. After a kill in between, its lease runs
out and it counts as "no answer": it may have been sent (`alerts.rules.delivery`).
"""

import threading
from dataclasses import dataclass
from typing import Final

import msgspec
import structlog

from alerts.ports import Books, Letter, Notices
from alerts.rules.delivery import (
    LEASE_MS,
    Because,
    Handed,
    Parcel,
    Take,
    step,
)
from alerts.rules.wording import again
from alerts.service.switchboard import Carried, Switchboard
from gascore import journal
from gascore.alarm import ChannelKind
from gascore.journal import NoticeStepped

_log = structlog.get_logger()
VALID_MS: Final = 300_000
"""So long a provider may try to reach a phone: a leak's text that comes hours late misleads."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What a look into the outbox gave: parcels to send, and when to look again."""

    parcels: list[Parcel]
    wake_ms: int | None


class Courier:
    """Thread-safe: several threads send and record at the same time. Blocking."""

    def __init__(self, books: Books, switchboard: Switchboard) -> None:
        self._books = books
        self._switchboard = switchboard
        self._lock = threading.Lock()
        self.counts = dict.fromkeys(("handed_over", "refused", "retried", "no_answer", "sent_again"), 0)

    def take(self, now_ms: int, limit: int) -> Taken:
        """Mark up to `limit` due notices as being sent. Raises `StoreDownError`."""
        parcels: list[Parcel] = []
        with self._books.transaction() as books:
            events: list[journal.Event] = []
            for parcel in books.notices.due(now_ms, limit):
                done = step(parcel, Take(), now_ms)
                _keep(books.notices, parcel, done.state, events)
                if done.effects:
                    parcels.append(done.state)
                self._count(done.reason)
            if events:
                books.append(events, now_ms)
            return Taken(parcels, books.notices.next_due_ms())

    def send(self, parcel: Parcel, now_ms: int) -> Carried:
        """Let the request leave, by the provider that is there. A second sending says that it is one."""
        return self._switchboard.send(ChannelKind(parcel.notice.channel), _letter(parcel, now_ms))

    def record(self, taken: Parcel, carried: Carried, now_ms: int) -> Parcel:
        """Write down what came of it; returns the notice as it is now. Raises `StoreDownError`."""
        sent = carried.sent
        with self._books.transaction() as books:
            parcel = books.notices.of_id(taken.notice.id) or taken
            if parcel.attempts != taken.attempts and not isinstance(sent, Handed):
                return parcel  # overtaken: another sender is at it, and this one has no good news
            events: list[journal.Event] = []
            done = step(_by(parcel, carried.provider), sent, now_ms)
            state = _keep(books.notices, parcel, done.state, events)
            if isinstance(sent, Handed) and done.reason is Because.HANDED_OVER:
                for receipt in books.notices.receipts(sent.provider_id, _left_ms(taken, now_ms)):
                    state = _keep(books.notices, state, step(state, receipt, now_ms).state, events)
            if events:
                books.append(events, now_ms)
        self._count(done.reason)
        _log.info("notice", notice=parcel.notice.id, alarm=parcel.notice.alarm, reason=done.reason.value)
        return state

    def _count(self, reason: Because) -> None:
        name = "retried" if reason is Because.RETRY else reason.value
        with self._lock:
            if name in self.counts:
                self.counts[name] += 1


def _letter(parcel: Parcel, now_ms: int) -> Letter:
    return Letter(
        notice=parcel.notice.id,
        address=parcel.address,
        text=again(parcel.text, parcel.language) if parcel.unanswered else parcel.text,
        language=parcel.language,
        urgency=parcel.urgency,
        valid_ms=max(1_000, min(VALID_MS, parcel.expires_ms - now_ms)),
        since_ms=parcel.notice.created_ms,
        reply_code=parcel.reply_code,
        provider_id=parcel.notice.provider_id,
    )


def _by(parcel: Parcel, provider: str | None) -> Parcel:
    if provider is None or provider == parcel.notice.provider:
        return parcel
    return msgspec.structs.replace(parcel, notice=msgspec.structs.replace(parcel.notice, provider=provider))


def _left_ms(taken: Parcel, now_ms: int) -> int:
    """No receipt can be older: the request left after the notice was taken, and not long ago.

    A notice may have waited for minutes before, behind thousands of others and their receipts.
    """
    return min(taken.lease_ms or now_ms, now_ms) - LEASE_MS


def _keep(notices: Notices, before: Parcel, after: Parcel, events: list[journal.Event]) -> Parcel:
    if after is not before:
        notices.put(after)
        events.append(NoticeStepped(notice=after.notice, site=after.site))
    return after
