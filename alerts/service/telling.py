"""Makes notices: for whom, with which words and code, and which older ones they replace."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple

from alerts.ports import Notices, Registry
from alerts.rules.delivery import FAILED, Hop, Parcel, Withdraw, lifetime_ms
from alerts.rules.ladder import Tell
from alerts.rules.receipts import NO_KEY
from alerts.rules.replies import new_code
from alerts.rules.sending import step
from alerts.rules.wording import Reader, Said, said_of
from alerts.rules.words_of_texts import CALL
from alerts.service.bundling import carrying
from alerts.service.escalating import Escalating
from gascore.alarm import Alarm, ChannelKind, Notice, NoticePurpose, NoticeState
from gascore.escalation import BOARD, Gap, Route, is_for_the_board
from gascore.journal import NoticeStepped
from gascore.policy import TargetKind
from gascore.registry import Person
from gascore.words import Language, PersonId, Priority

_ALARMING: Final = frozenset({NoticePurpose.RAISED, NoticePurpose.WORSE, NoticePurpose.REPEAT})


@dataclass(frozen=True, slots=True)
class Recipient:
    """One phone, or another way to a person. Who has several roles, or shares a phone, is told once.

    `hops`: where to go on if that fails. `asks`: who is told is asked to take responsibility.
    """

    address: str
    language: Language
    person: PersonId | None
    role: str
    channel: str = ChannelKind.SMS
    hops: tuple[Hop, ...] = ()
    asks: bool = True


@dataclass(frozen=True, slots=True)
class Message:
    """What is put into the outbox for one phone; `said` None: there is no template for it."""

    to: Recipient
    purpose: NoticePurpose
    text: str
    once_key: str
    reply_code: str | None = None
    rung: int = 0
    received_ms: int | None = None
    said: Said | None = None


class Reach(NamedTuple):
    """How many phones a rung reached: `told` now, and those that `knew` already and are left in peace.

    `asked`: so many of those told can take responsibility; a fire station is told, but never answers.
    `gaps`: its targets of which nobody could be told; `manned`: the rosters that have somebody on duty.
    """

    told: int
    knew: int
    asked: int
    gaps: tuple[Gap, ...] = ()
    manned: frozenset[str] = frozenset()

    @property
    def is_unmanned(self) -> bool:
        """Whether a roster has nobody on duty who can be told: then the next ones are told at once."""
        return any(one.target.kind is TargetKind.ROSTER for one in self.gaps)


class Teller:
    """Works inside one transaction; `stepped` collects what belongs into the journal."""

    def __init__(self, notices: Notices, registry: Registry, escalating: Escalating) -> None:
        self._notices = notices
        self._registry = registry
        self._escalating = escalating
        self._places = escalating.places
        self.zone = escalating.zone
        self.call = CALL
        """Whom leaks' texts say to call from outside."""
        self.stepped: list[NoticeStepped] = []

    def person(self, phone: str) -> Person | None:
        """Who has this number."""
        return self._registry.person_by_phone(phone)

    def tell(self, alarm: Alarm, tell: Tell, now_ms: int, cause_ms: int | None) -> Reach:
        """Do what the ladder asks. `cause_ms`: receipt of the message behind."""
        before = self._notices.of_alarm(alarm.id)
        routes, gaps, manned = self._routes(alarm, tell)
        recipients = self._recipients(alarm, tell, routes, before)
        knew = 0
        if tell.acked and not tell.remind:
            answered = [to for to in recipients if to.person in tell.acked]
            # Of what still holds, that somebody has answered is no reason not to tell others.
            knew = 0 if alarm.active else len(answered)
            recipients = [to for to in recipients if to not in answered]
        if not alarm.active and tell.purpose is not NoticePurpose.CLEARED:
            # It is over: who has heard of it would learn nothing new.
            aware = {parcel.address for parcel in before if self._knows(parcel, alarm)}
            knew += sum(to.asks and to.address in aware for to in recipients)
            recipients = [to for to in recipients if to.address not in aware]
        self._replace(alarm, tell.purpose, before, recipients, now_ms)
        for to in recipients:
            self.put(alarm, self._message(alarm, tell, to, before, cause_ms), now_ms)
        # Where people should have been told, the board is nobody: the next ones are told at once.
        is_enough = all(map(is_for_the_board, tell.rungs))
        told = [to for to in recipients if is_enough or to.channel != ChannelKind.CONSOLE]
        asked = sum(to.asks or to.channel == ChannelKind.CONSOLE for to in told)
        return Reach(len(told), knew, asked, gaps, manned)

    def put(self, alarm: Alarm | None, message: Message, now_ms: int) -> bool:
        """Put one message into the outbox; False: it is there already."""
        urgency = alarm.priority if alarm else Priority.LOW
        if message.purpose is NoticePurpose.ANSWER:
            urgency = Priority.HIGH  # somebody is looking at the phone; but leaks go first
        notice = Notice(
            id=self._notices.new_id(),
            alarm=alarm.id if alarm else None,
            person=message.to.person,
            role=message.to.role,
            step=message.rung,
            channel=message.to.channel,
            purpose=message.purpose,
            state=NoticeState.PENDING,
            created_ms=now_ms,
            received_ms=message.received_ms,
        )
        parcel = Parcel(
            notice=notice,
            once_key=message.once_key,
            address=message.to.address,
            urgency=urgency,
            text=message.text,
            due_ms=now_ms,
            expires_ms=now_ms + lifetime_ms(message.purpose, urgency),
            reply_code=message.reply_code,
            site=alarm.site if alarm else None,
            language=message.to.language,
            template=message.said.template if message.said else None,
            params=dict(message.said.params) if message.said else {},
            hops=message.to.hops,
        )
        added = self._notices.add(parcel)
        if added:
            self.stepped.append(NoticeStepped(notice=notice, site=parcel.site))
        return added

    def forward(self, alarm: Alarm, parcel: Parcel, hop: Hop, rest: tuple[Hop, ...], now_ms: int) -> bool:
        """Tell by `hop` what `parcel` did not get through, once; False: that was done before."""
        before = self._notices.of_alarm(alarm.id)
        asks = parcel.reply_code is not None
        to = Recipient(hop.address, hop.language, hop.person, hop.role, hop.channel, rest, asks)
        one = parcel.notice
        code, said = self._words(alarm, one.purpose, to, before)
        message = Message(to, one.purpose, said.text, f"{one.id}:hop", code, one.step, said=said)
        return self.put(alarm, message, now_ms)

    def withdraw(self, parcels: Iterable[Parcel], now_ms: int) -> None:
        """Take back what has not left."""
        for parcel in parcels:
            done = step(parcel, Withdraw(), now_ms)
            if done.state is not parcel:
                self._notices.put(done.state)
                if done.state.notice != parcel.notice:
                    self.stepped.append(NoticeStepped(notice=done.state.notice, site=parcel.site))

    def _knows(self, parcel: Parcel, alarm: Alarm, *, perhaps: bool = False) -> bool:
        """Whether this phone has been told, or of a leak will be (the notice stays, though it is over).

        `perhaps`: who took a call and pressed nothing may have heard it, too.
        """
        if parcel.notice.purpose not in _ALARMING:
            return False
        told = carrying(self._notices, parcel.notice)
        if told.state in FAILED:
            return perhaps and told.code == NO_KEY
        return alarm.latched or told.state is not NoticeState.PENDING

    def _has_heard(self, to: Recipient, before: list[Parcel]) -> bool:
        """Whether a text of this alarm has left for this phone, at least: else it gets its first one now."""
        told = (
            carrying(self._notices, parcel.notice)
            for parcel in before
            if parcel.address == to.address and parcel.notice.purpose in _ALARMING
        )
        return any(one.state not in FAILED and one.state is not NoticeState.PENDING for one in told)

    def _routes(self, alarm: Alarm, tell: Tell) -> tuple[list[Route], tuple[Gap, ...], frozenset[str]]:
        routes: list[Route] = []
        rosters: set[str] = set()
        missing: list[Gap] = []
        for rung in tell.rungs:
            found, gaps = self._escalating.resolve(alarm, rung)
            routes += found
            rosters.update(one.id for one in rung.whom if one.kind is TargetKind.ROSTER)
            missing += gaps
        return routes, tuple(missing), frozenset(rosters - {gap.target.id for gap in missing})

    def _recipients(
        self, alarm: Alarm, tell: Tell, routes: list[Route], before: list[Parcel]
    ) -> list[Recipient]:
        found: dict[str, Recipient] = {}
        for to in map(_recipient, routes):
            found.setdefault(to.address, to)
        if tell.remind:
            found |= {to.address: to for to in self._reminded(tell.acked, before)}
        if tell.told:
            for parcel in before:
                if self._knows(parcel, alarm, perhaps=True):
                    found.setdefault(parcel.address, _same_again(parcel))
        return list(found.values())

    def _reminded(self, acked: tuple[str, ...], before: list[Parcel]) -> Iterator[Recipient]:
        """Who has answered: people of the ledger, and phones that are nobody's there."""
        for person in filter(None, (self._escalating.person(PersonId(one)) for one in acked)):
            yield Recipient(person.phone, person.language, person.id, "")
        for parcel in before:
            if parcel.notice.person is None and name_of(None, parcel.address) in acked:
                yield _same_again(parcel)

    def _replace(
        self,
        alarm: Alarm,
        purpose: NoticePurpose,
        before: list[Parcel],
        recipients: list[Recipient],
        now_ms: int,
    ) -> None:
        """A newer text says all that an unsent older one says; but of a leak people hear even when it is over."""
        addresses = {to.address for to in recipients}
        for parcel in before:
            told = parcel.notice.purpose
            if purpose is NoticePurpose.CLEARED:
                if told in _ALARMING and (not alarm.latched or told is NoticePurpose.REPEAT):
                    self.withdraw([parcel], now_ms)
            elif parcel.address in addresses and told is not NoticePurpose.ANSWER:
                self.withdraw([parcel], now_ms)

    def _message(
        self, alarm: Alarm, tell: Tell, to: Recipient, before: list[Parcel], cause_ms: int | None
    ) -> Message:
        purpose = tell.purpose
        if purpose is NoticePurpose.REPEAT and not tell.remind and not self._has_heard(to, before):
            purpose = NoticePurpose.RAISED
        code, said = self._words(alarm, purpose, to, before, remind=tell.remind)
        why = "remind" if tell.remind else purpose
        key = f"{alarm.id}:{alarm.version}:{why}:{tell.rung}:{tell.repeat}:{to.address}"
        return Message(to, purpose, said.text, key, code, tell.rung, cause_ms, said)

    def _words(
        self,
        alarm: Alarm,
        purpose: NoticePurpose,
        to: Recipient,
        before: list[Parcel],
        *,
        remind: bool = False,
    ) -> tuple[str | None, Said]:
        code = None
        if purpose is not NoticePurpose.CLEARED and to.asks:
            given = [p.reply_code for p in before if p.address == to.address and p.reply_code]
            code = given[0] if given else new_code(alarm.id, self._notices.open_codes(to.address))
        said = said_of(
            alarm,
            purpose,
            names=self._places.names(alarm, to.language),
            reader=Reader(to.language, self.zone, self.call),
            reply_code=code,
            remind=remind,
        )
        return code, said


def _recipient(route: Route) -> Recipient:
    first, *rest = route.contacts
    if first.person is BOARD:
        return Recipient(first.address, BOARD.language, None, first.role, first.channel, asks=False)
    hops = tuple(Hop(one.channel, one.address, one.person.id, one.role, one.person.language) for one in rest)
    person = first.person
    return Recipient(first.address, person.language, person.id, first.role, first.channel, hops, route.asks)


def _same_again(parcel: Parcel) -> Recipient:
    """Who was told so, and where to go on with the same person if that fails now."""
    one = parcel.notice
    hops = tuple(hop for hop in parcel.hops if hop.person == one.person)
    asks = parcel.reply_code is not None
    return Recipient(parcel.address, parcel.language, one.person, one.role, one.channel, hops, asks)


def name_of(person: Person | None, phone: str) -> str:
    """A name for the record; of a phone without a person only the end, it is nobody's business."""
    return f"…{phone[-4:]}" if person is None else person.name
