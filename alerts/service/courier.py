"""The courier: takes due notices out of the outbox, hands them to the provider, records what came of it.

A notice is marked as SENDING, durably, before its request leaves. After a kill in between, the next run takes it
back at once if it is certain that its sender is dead, or when its lease has run out; and the provider is asked what
became of it, before anything is sent again (`alerts.rules.sending`).
"""

import dataclasses
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import structlog
from msgspec.structs import replace

from alerts.ports import Books, Channel, Presence, Transaction
from alerts.rules.budget import DEFAULTS, Caps
from alerts.rules.bundle import BUNDLE_MS
from alerts.rules.delivery import (
    LEASE_MS,
    RECEIPT_MS,
    CannotSay,
    Found,
    Handed,
    LookedUp,
    NotFound,
    Orphaned,
    Parcel,
    Sent,
    TryLater,
)
from alerts.rules.letters import Letter
from alerts.rules.sending import step
from alerts.rules.sending_words import Because, Part
from alerts.service.bundling import Bundling, part
from alerts.service.rationing import Rationing
from alerts.service.switchboard import Carried, Switchboard
from alerts.service.taking import Taking, keep
from gascore.alarm import ChannelKind, NoticeState
from gascore.journal import Event, StoreDownError

_log = structlog.get_logger()
VALID_MS: Final = 300_000
"""So long a provider may try to reach a phone: a leak's text that comes hours late misleads."""

CLOCKS_MS: Final = 300_000
"""So far apart the provider's clock and ours may be when it is asked for what came since a request left."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What a look into the outbox gave: parcels to send or to ask about, and when to look again."""

    parcels: list[Parcel]
    wake_ms: int | None


_COUNTED: Final = (
    Because.HANDED_OVER,
    Because.REFUSED,
    Because.RETRY,
    Because.NO_ANSWER,
    Because.FOUND,
    Because.NOT_FOUND,
    Because.CANNOT_SAY,
    Because.NO_RECEIPT,
)


@dataclass(frozen=True, slots=True)
class HouseRules:
    """How much a number is asked to bear, and how patient we are.

    `receipt_ms`: how long to wait for a receipt before the provider is asked; `caps`: budgets by channel;
    `bundle_ms`: so long after a text what is no leak waits for company.
    """

    receipt_ms: int = RECEIPT_MS
    caps: Mapping[ChannelKind, Caps] = field(default_factory=lambda: DEFAULTS)
    bundle_ms: int = BUNDLE_MS


_ORDINARY: Final = HouseRules()


class Courier:
    """Thread-safe: several threads send and record at the same time. Blocking."""

    def __init__(
        self,
        books: Books,
        switchboard: Switchboard,
        rules: HouseRules = _ORDINARY,
        presence: Presence | None = None,
    ) -> None:
        """Prepare; nothing is read yet. Without `presence` what a dead run was at waits for its lease."""
        self._books = books
        self._switchboard = switchboard
        self._rules = rules
        self._presence = presence
        self._took_back = presence is None
        self._lock = threading.Lock()
        self.counts = {_name(one): 0 for one in _COUNTED}

    def take(self, now_ms: int, limit: int) -> Taken:
        """Mark up to `limit` due notices as being sent or asked about. Raises `StoreDownError`."""
        if not self._took_back:
            self._take_back(now_ms)
        parcels: list[Parcel] = []
        with self._books.transaction() as books:
            taking = Taking(
                Rationing(books.notices, self._rules.caps, self._carries, now_ms),
                Bundling(books.notices, self._rules.bundle_ms, now_ms),
                books.notices,
                now_ms,
                self._presence.run if self._presence else None,
            )
            for due in books.notices.due(now_ms, limit):
                parcel = books.notices.of_id(due.notice.id) or due  # it may have gone with another one
                done = taking.take(parcel, is_free_text=self._is_free_text(parcel))
                if done.effects:
                    parcels.append(done.state)
                self._count(done.reason)
            if taking.events:
                books.append(taking.events, now_ms)
            return Taken(parcels, books.notices.next_due_ms())

    def _take_back(self, now_ms: int) -> None:
        """Once, before anything is sent: what runs were at that are dead."""
        if self._presence is not None and (dead := self._presence.dead()):
            events: list[Event] = []
            with self._books.transaction() as books:
                for parcel in books.notices.leased():
                    if parcel.sender in dead:
                        keep(books.notices, parcel, step(parcel, Orphaned(), now_ms).state, events)
                if events:
                    books.append(events, now_ms)
            self._presence.bury(dead)
        self._took_back = True

    def carry_out(self, parcel: Parcel, now_ms: int) -> Carried:
        """Let the request of a notice that was taken leave, or ask what became of it."""
        if parcel.notice.state is NoticeState.SENDING:
            return self._switchboard.send(ChannelKind(parcel.notice.channel), _letter(parcel, now_ms))
        begun_ms = min(parcel.begun_ms or parcel.notice.created_ms, now_ms)
        try:
            with self._books.transaction() as books:
                others = books.notices.provider_ids(parcel.address, begun_ms - CLOCKS_MS)
        except StoreDownError:
            return Carried(None, CannotSay("store_down"))
        letter = dataclasses.replace(
            _letter(parcel, now_ms),
            since_ms=begun_ms - CLOCKS_MS,
            others=frozenset(others - {parcel.notice.provider_id}),
        )
        return self._look_up(parcel, letter)

    def _look_up(self, parcel: Parcel, letter: Letter) -> Carried:
        """Of a sender that died nobody knows which provider it had tried: all are asked that come into question."""
        known = parcel.notice.provider
        able = self._switchboard.for_(ChannelKind(parcel.notice.channel), parcel.address)
        said: LookedUp = NotFound() if known or able else CannotSay("nobody_to_ask")
        for name in [known] if known else [one.name for one in able]:
            heard = self._switchboard.look_up(name, letter)
            if isinstance(heard, Found):
                return Carried(name, heard)
            if isinstance(heard, CannotSay):
                said = heard
        return Carried(known, said)

    def record(self, taken: Parcel, carried: Carried, now_ms: int) -> Parcel:
        """Write down what came of it; returns the notice as it is now. Raises `StoreDownError`."""
        with self._books.transaction() as books:
            parcel = books.notices.of_id(taken.notice.id) or taken
            said = self._heard(books, parcel, carried)
            overtaken = (parcel.attempts, parcel.looks) != (taken.attempts, taken.looks)
            if overtaken and not isinstance(said, Handed | Found):
                return parcel  # another sender is at it, and this one has no good news
            events: list[Event] = []
            done = step(_by(parcel, carried.provider), said, now_ms)
            state = keep(books.notices, parcel, done.state, events)
            for effect in done.effects:
                if isinstance(effect, Part):
                    events += part(books.notices, state, effect, now_ms)
            new_id = state.notice.provider_id
            if new_id is not None and parcel.notice.provider_id is None:
                for receipt in books.notices.receipts(new_id, _left_ms(parcel, now_ms)):
                    state = keep(books.notices, state, step(state, receipt, now_ms).state, events)
            if events:
                books.append(events, now_ms)
        self._count(done.reason)
        _log.info("notice", notice=parcel.notice.id, alarm=parcel.notice.alarm, reason=done.reason.value)
        return state

    def _heard(self, books: Transaction, parcel: Parcel, carried: Carried) -> Sent | LookedUp:
        said = carried.sent
        if isinstance(said, Handed | Found):
            other = books.notices.of_provider(said.provider_id)
            if other is not None and other.notice.id != parcel.notice.id:
                if isinstance(said, Found):
                    return CannotSay("another_notice")
                # Two providers, or one that counts anew, may use an id twice; ours must not.
                said = dataclasses.replace(said, provider_id=f"{said.provider_id}#{parcel.notice.id}")
        if isinstance(said, Handed | Found):
            return dataclasses.replace(said, receipt_ms=self._patience_ms(carried.provider))
        if isinstance(said, TryLater | NotFound):
            return dataclasses.replace(said, receipt_ms=self._rules.receipt_ms)
        return said

    def _patience_ms(self, provider: str | None) -> int | None:
        """How long to wait for a receipt; None: there is neither one nor anybody to ask."""
        channel = self._channel(provider)
        if channel is not None and not (channel.can.receipts or channel.can.looks_up):
            return None
        return self._rules.receipt_ms

    def _is_free_text(self, parcel: Parcel) -> bool:
        """Whether every provider that may carry it takes more than approved templates."""
        able = self._switchboard.for_(ChannelKind(parcel.notice.channel), parcel.address)
        return not any(one.can.templates_only for one in able)

    def _carries(self, kind: ChannelKind, address: str) -> bool:
        return bool(self._switchboard.for_(kind, address))

    def _channel(self, provider: str | None) -> Channel | None:
        return next((one for one in self._switchboard.channels if one.name == provider), None)

    def _count(self, reason: Because) -> None:
        with self._lock:
            if _name(reason) in self.counts:
                self.counts[_name(reason)] += 1


def _name(reason: Because) -> str:
    return "retried" if reason is Because.RETRY else reason.value


def _letter(parcel: Parcel, now_ms: int) -> Letter:
    alone = parcel.together is None
    return Letter(
        notice=parcel.notice.id,
        address=parcel.address,
        text=parcel.text if parcel.together is None else parcel.together,
        language=parcel.language,
        urgency=parcel.urgency,
        valid_ms=max(1_000, min(VALID_MS, parcel.expires_ms - now_ms)),
        since_ms=parcel.begun_ms or parcel.notice.created_ms,
        template=parcel.template if alone else None,
        params=parcel.params if alone else {},
        reply_code=parcel.reply_code,
        provider_id=parcel.notice.provider_id,
        begun_ms=parcel.begun_ms,
    )


def _by(parcel: Parcel, provider: str | None) -> Parcel:
    if provider is None or provider == parcel.notice.provider:
        return parcel
    return replace(parcel, notice=replace(parcel.notice, provider=provider))


def _left_ms(parcel: Parcel, now_ms: int) -> int:
    """No receipt can be older: its request left when the notice was taken, on a clock that may have been set since.

    A notice may have waited for minutes before, behind thousands of others and their receipts.
    """
    return min(parcel.begun_ms or now_ms, now_ms) - LEASE_MS
