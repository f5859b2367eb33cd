"""The courier: takes due notices out of the outbox, hands them to the provider, records what came of it.

A notice is marked as SENDING, durably, before its request leaves. After a kill in between, its lease runs
out and it counts as "no answer": it may have been sent (`alerts.rules.delivery`).
"""

import threading
from dataclasses import dataclass
from typing import Final

import structlog

from alerts.ports import Books, Notices, SmsSender
from alerts.rules.delivery import (
    LEASE_MS,
    Because,
    Handed,
    NoAnswer,
    Parcel,
    Refused,
    Sent,
    Take,
    TryLater,
    step,
)
from alerts.rules.wording import again
from alerts.service.desk import Trouble
from gascore import journal
from gascore.journal import NoticeStepped

_log = structlog.get_logger()
VALID_MS: Final = 300_000
"""So long a provider may try to reach a phone: a leak's text that comes hours late misleads."""
DOWN_MS: Final = 60_000
"""Nothing has gone out for so long: people must know that nobody is being told."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What a look into the outbox gave: parcels to send, and when to look again."""

    parcels: list[Parcel]
    wake_ms: int | None


class Courier:
    """Thread-safe: several threads send and record at the same time. Blocking."""

    def __init__(self, books: Books, sender: SmsSender) -> None:
        self._books = books
        self._sender = sender
        self._lock = threading.Lock()
        self._failing: Trouble | None = None
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

    def send(self, parcel: Parcel, now_ms: int) -> Sent:
        """Let the request leave. A second sending says that it is one.

        A sender that breaks has not answered: the others' texts go on, and `trouble` tells of it in time.
        """
        text = again(parcel.text, parcel.language) if parcel.unanswered else parcel.text
        left_ms = max(1_000, min(VALID_MS, parcel.expires_ms - now_ms))
        try:
            return self._sender.send(parcel.address, text, valid_ms=left_ms)
        except Exception:  # noqa: BLE001 -- whatever it is: to end the service would tear all other texts with it
            _log.exception("sender_broke", notice=parcel.notice.id)
            return NoAnswer("sender_broke")

    def record(self, taken: Parcel, sent: Sent, now_ms: int) -> Parcel:
        """Write down what came of it; returns the notice as it is now. Raises `StoreDownError`."""
        with self._books.transaction() as books:
            parcel = books.notices.of_id(taken.notice.id) or taken
            if parcel.attempts != taken.attempts and not isinstance(sent, Handed):
                return parcel  # overtaken: another sender is at it, and this one has no good news
            events: list[journal.Event] = []
            done = step(parcel, sent, now_ms)
            state = _keep(books.notices, parcel, done.state, events)
            if isinstance(sent, Handed) and done.reason is Because.HANDED_OVER:
                for receipt in books.notices.receipts(sent.provider_id, _left_ms(taken, now_ms)):
                    state = _keep(books.notices, state, step(state, receipt, now_ms).state, events)
            if events:
                books.append(events, now_ms)
        self._count(done.reason)
        self._remember(sent, now_ms)
        _log.info("notice", notice=parcel.notice.id, alarm=parcel.notice.alarm, reason=done.reason.value)
        return state

    def trouble(self, now_ms: int) -> Trouble | None:
        """Why nobody can be told, if nobody can."""
        with self._lock:
            failing = self._failing
        if failing is None or (failing.code == "provider_down" and now_ms - failing.since_ms < DOWN_MS):
            return None
        return failing

    def _remember(self, sent: Sent, now_ms: int) -> None:
        with self._lock:
            if isinstance(sent, Handed | Refused):
                self._failing = None
                return
            account = isinstance(sent, TryLater) and sent.account
            code = "account_refused" if account else "provider_down"
            if self._failing is None or self._failing.code != code:
                self._failing = Trouble(code, now_ms)

    def _count(self, reason: Because) -> None:
        name = "retried" if reason is Because.RETRY else reason.value
        with self._lock:
            if name in self.counts:
                self.counts[name] += 1


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
