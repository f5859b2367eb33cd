"""Makes notices: for whom, with which words and code, and which older ones they replace."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import tzinfo
from typing import Final, NamedTuple

from alerts.ports import Notices, Registry
from alerts.rules.delivery import FAILED, Hop, Parcel, Withdraw, lifetime_ms
from alerts.rules.ladder import Tell
from alerts.rules.replies import new_code
from alerts.rules.sending import step
from alerts.rules.wording import Reader, Said, said_of
from alerts.service.places import Places
from gascore.alarm import Alarm, Notice, NoticePurpose, NoticeState
from gascore.journal import NoticeStepped
from gascore.registry import Person, Role
from gascore.words import Language, PersonId, Priority, SiteId

CHANNEL: Final = "sms"
_ALARMING: Final = frozenset({NoticePurpose.RAISED, NoticePurpose.WORSE, NoticePurpose.REPEAT})


@dataclass(frozen=True, slots=True)
class Recipient:
    """One phone. Who has several roles, or shares a phone, is told once.

    `channel`: a `ChannelKind`. `hops`: where to go on when they are not reached so.
    """

    address: str
    language: Language
    person: PersonId | None
    role: str
    channel: str = CHANNEL
    hops: tuple[Hop, ...] = ()


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
    """How many phones a rung reached: `told` now, and those that `knew` already and are left in peace."""

    told: int
    knew: int


class Teller:
    """Works inside one transaction; `stepped` collects what belongs into the journal."""

    def __init__(self, notices: Notices, registry: Registry, places: Places, zone: tzinfo) -> None:
        self._notices = notices
        self._registry = registry
        self._places = places
        self.zone = zone
        self.stepped: list[NoticeStepped] = []
        self._on_duty: dict[SiteId | None, list[tuple[Role, Person]]] = {}

    def person(self, phone: str) -> Person | None:
        """Who has this number."""
        return self._registry.person_by_phone(phone)

    def tell(self, alarm: Alarm, tell: Tell, now_ms: int, cause_ms: int | None) -> Reach:
        """Do what the ladder asks. `cause_ms`: receipt of the message behind."""
        before = self._notices.of_alarm(alarm.id)
        recipients = self._recipients(alarm, tell, before)
        knew = 0
        if not alarm.active and tell.purpose is not NoticePurpose.CLEARED:
            # It is over: who has heard of it would learn nothing new.
            aware = {parcel.address for parcel in before if _knows(parcel, alarm)}
            knew = sum(to.address in aware for to in recipients)
            recipients = [to for to in recipients if to.address not in aware]
        self._replace(alarm, tell.purpose, before, recipients, now_ms)
        for to in recipients:
            self.put(alarm, self._message(alarm, tell, to, before, cause_ms), now_ms)
        return Reach(told=len(recipients), knew=knew)

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
            hops=message.to.hops,
            template=message.said.template if message.said else None,
            params=dict(message.said.params) if message.said else {},
        )
        added = self._notices.add(parcel)
        if added:
            self.stepped.append(NoticeStepped(notice=notice, site=parcel.site))
        return added

    def forward(self, alarm: Alarm, parcel: Parcel, hop: Hop, rest: tuple[Hop, ...], now_ms: int) -> bool:
        """Tell by `hop` what `parcel` did not get through, once; False: that was done before."""
        before = self._notices.of_alarm(alarm.id)
        to = Recipient(hop.address, hop.language, hop.person, hop.role, hop.channel, rest)
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

    def _recipients(self, alarm: Alarm, tell: Tell, before: list[Parcel]) -> list[Recipient]:
        found: dict[str, Recipient] = {}
        if alarm.site not in self._on_duty:
            self._on_duty[alarm.site] = self._registry.people_on_duty(alarm.site)
        for role, person in self._on_duty[alarm.site] + self._places.people_near(alarm, tell.roles):
            if role in tell.roles:
                found.setdefault(
                    person.phone, Recipient(person.phone, person.language, person.id, role.value)
                )
        if tell.told:
            for parcel in before:
                if _knows(parcel, alarm):
                    notice = parcel.notice
                    found.setdefault(
                        parcel.address,
                        Recipient(parcel.address, parcel.language, notice.person, notice.role),
                    )
        return list(found.values())

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
        code, said = self._words(alarm, tell.purpose, to, before)
        key = f"{alarm.id}:{alarm.version}:{tell.purpose}:{tell.rung}:{tell.repeat}:{to.address}"
        return Message(to, tell.purpose, said.text, key, code, tell.rung, cause_ms, said)

    def _words(
        self, alarm: Alarm, purpose: NoticePurpose, to: Recipient, before: list[Parcel]
    ) -> tuple[str | None, Said]:
        code = None
        if purpose is not NoticePurpose.CLEARED:
            given = [p.reply_code for p in before if p.address == to.address and p.reply_code]
            code = given[0] if given else new_code(alarm.id, self._notices.open_codes(to.address))
        said = said_of(
            alarm,
            purpose,
            names=self._places.names(alarm, to.language),
            reader=Reader(to.language, self.zone),
            reply_code=code,
        )
        return code, said


def _knows(parcel: Parcel, alarm: Alarm) -> bool:
    """Whether this phone has been told, or of a leak will be (the notice stays, though it is over)."""
    if parcel.notice.purpose not in _ALARMING or parcel.notice.state in FAILED:
        return False
    return alarm.latched or parcel.notice.state is not NoticeState.PENDING
