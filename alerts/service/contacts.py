"""Keeps what is known of people's phones: follows receipts and replies, sends test texts, tells the operators.

A reader of the journal of its own: the desk neither waits for it nor needs it.
"""

from collections.abc import Callable, Collection
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import tzinfo
from typing import Final, Protocol, TypeAlias

import structlog

from alerts.ports import Notices
from alerts.rules.delivery import Parcel
from alerts.rules.number_codes import loses, refuses
from alerts.rules.reach import (
    DAY_MS,
    STOPPED,
    Asked,
    Event,
    Lost,
    Moved,
    Proven,
    Reach,
    Started,
    Stopped,
    ask_ms,
    is_office_hour,
    step,
    unreachable_sites,
)
from alerts.rules.replies import Wish, has_code, wish_of
from alerts.rules.templates import CONTACT
from alerts.rules.words_of_texts import CONTACT_CALL, CONTACT_TEST
from alerts.service.contact_trouble import TROUBLE, ContactTrouble
from gascore import journal
from gascore.alarm import ChannelKind, Notice, NoticePurpose, NoticeState
from gascore.contacts import ContactStepped, Reachability, SiteReachStepped
from gascore.journal import Entry, LedgerChanged, NoticeStepped, ReplyReceived
from gascore.registry import Person, Role
from gascore.voice import TAKES_OVER
from gascore.words import PersonId, Priority, SiteId

_log = structlog.get_logger()
OF_A_SITE: Final = frozenset({Role.OWNER, Role.SAFETY_OFFICER, Role.MAINTENANCE})
"""A site's own people: without them nobody is there who could close the valve."""
ENTRIES: Final = 1_000
TESTS: Final = 20
"""Test texts made in one round, of a minute: a town's are spread over the day all the same."""
TEST_LIFETIME_MS: Final = 3_600_000
"""A test text that could not be sent within an hour is not sent at night."""
Way: TypeAlias = Callable[[str], ChannelKind | None]
"""How a number is tested: by a text, by a call where it takes no texts; None: by nothing that is set up."""
_LEDGER: Final = frozenset({"person", "duty", "site"})


class Contacts(Protocol):
    """What is known of people's phones, inside a transaction."""

    @property
    def notices(self) -> Notices:
        """The outbox."""
        ...

    def cursor(self) -> int:
        """The last journal entry that was taken in."""
        ...

    def news(self, cursor: int, limit: int) -> list[Entry]:
        """What the journal says after `cursor` about notices, replies and the ledger."""
        ...

    def move(self, cursor: int) -> None:
        """Taken in up to here."""
        ...

    def reaches(self) -> dict[PersonId, Reach]:
        """What is known of everybody."""
        ...

    def unreached(self) -> frozenset[SiteId]:
        """The sites of which nobody could be reached at the last look."""
        ...

    def people(self) -> list[Person]:
        """Everybody in the ledger."""
        ...

    def sites(self, roles: Collection[Role]) -> dict[SiteId, set[PersonId]]:
        """Every site, and who has one of these roles there."""
        ...

    def put(self, reaches: Collection[Reach]) -> None:
        """Store what is known of these people."""
        ...

    def put_unreached(self, sites: Collection[SiteId], now_ms: int) -> None:
        """These are the sites of which nobody can be reached now."""
        ...

    def append(self, events: list[journal.Event], at_ms: int) -> None:
        """Write to the journal."""
        ...


class ContactBooks(Protocol):
    """Where it is kept. Implementation: `gaswatch.stores.contacts.SqlContactBooks`."""

    def transaction(self) -> AbstractContextManager[Contacts]:
        """One write transaction, alone."""
        ...


class Troubles(Protocol):
    """What the desk was told already. Implementation: `gaswatch.stores.audit.SqlAudit`."""

    def open_troubles(self, prefix: str) -> set[str]:
        """The names of our own troubles that begin so and hold."""
        ...


@dataclass
class _Known:
    """What a round works on; kept from one to the next, read again after a failure."""

    reaches: dict[PersonId, Reach]
    unreached: frozenset[SiteId]
    people: dict[PersonId, Person]
    sites: dict[SiteId, set[PersonId]]
    asks: dict[PersonId, int | None] = field(default_factory=dict)
    """When each is to be tested; kept, for a town has tens of thousands of people and the collector waits."""
    is_new: bool = True
    """The ledger was read, and nobody has looked since which sites can be reached."""


class Reachable:
    """One round: take in what is new, look who is to be tested, and say what changed. Blocking; one thread."""

    def __init__(
        self, books: ContactBooks, zone: tzinfo, test_days: int, troubles: Troubles, way: Way
    ) -> None:
        self._books = books
        self._zone = zone
        self._days = test_days
        self._way = way
        self._known: _Known | None = None
        self._troubles: Troubles | None = troubles
        self._trouble = ContactTrouble()

    def go(self, now_ms: int) -> None:
        """One round. Raises `StoreDownError`: nothing happened."""
        known, trouble = self._known, self._trouble
        is_open = self._troubles is not None and TROUBLE in self._troubles.open_troubles(TROUBLE)
        self._known = None  # read again, should this fail
        with self._books.transaction() as books:
            turn = _Round(books, known or _read(books, now_ms), now_ms)
            if is_open:  # told by the process before us
                trouble = ContactTrouble(turn.unreachable(), now_ms)
            turn.follow()
            if is_office_hour(now_ms, self._zone):
                turn.test(self._days, self._zone, self._way)
            turn.look_at_sites()
            trouble, events = trouble.next(turn.unreachable(), turn.urgent(), now_ms)
            turn.events += events
            turn.finish()
        if trouble is not self._trouble:
            _log.info("contacts", unreachable=len(trouble.told or ()))
        self._known, self._troubles, self._trouble = turn.known, None, trouble


def _read(books: Contacts, now_ms: int) -> _Known:
    known = _Known(books.reaches(), books.unreached(), {}, {})
    _read_ledger(books, known, now_ms)
    return known


def _read_ledger(books: Contacts, known: _Known, now_ms: int) -> set[PersonId]:
    """Who is there now, with which number; returns of whom nothing or something else was known."""
    known.people = {one.id: one for one in books.people()}
    known.sites = books.sites(OF_A_SITE)
    known.is_new = True
    changed: set[PersonId] = set()
    for person in known.people.values():
        before = known.reaches.get(person.id)
        reach = (
            step(before, Moved(person.phone), now_ms) if before else Reach(person.id, person.phone, now_ms)
        )
        if reach is not before:
            known.reaches[person.id] = reach
            known.asks.pop(person.id, None)
            changed.add(person.id)
    return changed


class _Round:
    """One transaction's work."""

    def __init__(self, books: Contacts, known: _Known, now_ms: int) -> None:
        self.books = books
        self.known = known
        self.now_ms = now_ms
        self.events: list[journal.Event] = []
        self._changed = {one for one in known.reaches if known.reaches[one].since_ms == now_ms}

    def follow(self) -> None:
        """Take in the journal."""
        cursor = start = self.books.cursor()
        entries = self.books.news(cursor, ENTRIES)
        if any(isinstance(e.event, LedgerChanged) and e.event.entity in _LEDGER for e in entries):
            self._changed |= _read_ledger(self.books, self.known, self.now_ms)
        for entry in entries:
            cursor = entry.id
            self._take_in(entry.event, min(entry.at_ms, self.now_ms))
        if cursor != start:
            self.books.move(cursor)

    def test(self, days: int, zone: tzinfo, way: Way) -> None:
        """Make test texts, or calls, for those whose day it is."""
        made = 0
        for reach in list(self.known.reaches.values()):
            if made == TESTS:
                break
            if reach.person not in self.known.asks:
                self.known.asks[reach.person] = ask_ms(reach, days, zone)
            at_ms = self.known.asks[reach.person]
            person = self.known.people.get(reach.person)
            if person is None or at_ms is None or self.now_ms < at_ms:
                continue
            channel = way(person.phone)
            if channel is None:
                self.known.asks[reach.person] = self.now_ms + DAY_MS
                continue
            made += 1
            self._apply(reach.person, Asked(), self.now_ms)
            parcel = _test_of(self.books, person, channel, self.now_ms)
            if self.books.notices.add(parcel):
                self.events.append(NoticeStepped(notice=parcel.notice))

    def look_at_sites(self) -> None:
        """Which sites nobody can be reached of any more, or again."""
        if not self._changed and not self.known.is_new:
            return
        self.known.is_new = False
        now = unreachable_sites(self.known.sites, self.known.reaches)
        for site in sorted(now ^ self.known.unreached):
            self.events.append(SiteReachStepped(site=site, reachable=site not in now, since_ms=self.now_ms))
        if now != self.known.unreached:
            self.books.put_unreached(now, self.now_ms)
            self.known.unreached = now

    def unreachable(self) -> frozenset[str]:
        """What operators are to look after: people and whole sites."""
        people = (
            f"person {one.person}"
            for one in self.known.reaches.values()
            if one.state is Reachability.UNREACHABLE and one.person in self.known.people
        )
        return frozenset(people) | {f"site {site}" for site in self.known.unreached}

    def urgent(self) -> frozenset[str]:
        """Those of them that operators hear of without delay: somebody has asked for it, or a site has nobody."""
        stopped = (
            f"person {one.person}"
            for one in self.known.reaches.values()
            if one.why == STOPPED and one.person in self.known.people
        )
        return frozenset(stopped) | {f"site {site}" for site in self.known.unreached}

    def finish(self) -> None:
        """Store and append everything."""
        self.books.put([self.known.reaches[one] for one in sorted(self._changed)])
        if self.events:
            self.books.append(self.events, self.now_ms)

    def _take_in(self, event: journal.Event, at_ms: int) -> None:
        match event:
            case NoticeStepped(notice=notice) if notice.person is not None:
                happened = _of_notice(notice)
                if happened is not None:
                    self._apply(notice.person, happened, at_ms)
            case ReplyReceived(sender=sender, body=body):
                for person in self.known.people.values():
                    if person.phone == sender:
                        self._apply(person.id, _of_reply(body, at_ms), at_ms)
            case _:
                pass

    def _apply(self, person: PersonId, event: Event, at_ms: int) -> None:
        before = self.known.reaches.get(person)
        if before is None:
            return
        after = step(before, event, at_ms)
        if after is before:
            return
        self.known.reaches[person] = after
        self.known.asks.pop(person, None)
        self._changed.add(person)
        if (after.state, after.why) != (before.state, before.why):
            _log.info("contact", person=person, state=after.state.value, why=after.why)
            self.events.append(
                ContactStepped(
                    person=person, state=after.state, since_ms=after.since_ms, why=after.why, by=after.by
                )
            )


def _of_notice(notice: Notice) -> Event | None:
    """What a notice tells of the person's phone: only what is the number's own doing, or a person's.

    A text's receipt proves it, and a key in a call. That nobody took a call, or that a board, a robot or a mail server
    took something, proves nothing; nor does what we or a provider refuse for reasons of our own.
    """
    is_there = notice.state is NoticeState.DELIVERED
    if notice.channel == ChannelKind.VOICE:
        return Proven(notice.channel) if is_there else None
    if notice.channel != ChannelKind.SMS:
        return None
    code = notice.code or ""
    if is_there:
        return Proven(notice.channel, notice.created_ms, heals=True)
    if notice.state is NoticeState.REFUSED and refuses(notice.provider, code):
        return Lost(code, refused=True)
    if notice.state is NoticeState.UNDELIVERED and loses(notice.provider, code):
        return Lost(code)
    return None


def _of_reply(body: str, at_ms: int) -> Event:
    match wish_of(body):
        case Wish.STOP:
            return Stopped()
        case Wish.START:
            return Started()
        case None:
            return Proven("reply", at_ms, heals=has_code(body))


def _test_of(books: Contacts, person: Person, channel: ChannelKind, now_ms: int) -> Parcel:
    is_call = channel is ChannelKind.VOICE
    notice = Notice(
        id=books.notices.new_id(),
        alarm=None,
        person=person.id,
        role="",
        step=0,
        channel=channel,
        purpose=NoticePurpose.TEST,
        state=NoticeState.PENDING,
        created_ms=now_ms,
    )
    return Parcel(
        notice=notice,
        once_key=f"{NoticePurpose.TEST}:{person.id}:{now_ms}",
        address=person.phone,
        urgency=Priority.LOW,
        text=(CONTACT_CALL if is_call else CONTACT_TEST)[person.language],
        template=CONTACT,
        due_ms=now_ms,
        expires_ms=now_ms + TEST_LIFETIME_MS,
        language=person.language,
        # With a code the call waits for a key, which is its proof.
        reply_code=TAKES_OVER if is_call else None,
    )
