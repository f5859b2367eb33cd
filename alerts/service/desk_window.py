"""People at the desk's window: operators' requests, replies by text, and the provider's receipts."""

from typing import Final

import structlog
from msgspec.structs import replace

from alerts.rules.delivery import Parcel, Receipt
from alerts.rules.occasions import Ack
from alerts.rules.receipts import receipt_of
from alerts.rules.replies import Chatter, NoSuchCode, Reply, Takes, WhichOne, parse
from alerts.rules.sending import step
from alerts.rules.wording import Reader, Said, answer_of, which_one
from alerts.service.casework import Casework, Moment
from alerts.service.operators import answer_operator
from alerts.service.telling import Message, Recipient, name_of
from gascore import journal
from gascore.alarm import Alarm, NoticePurpose, NoticeState
from gascore.journal import AlarmStep, KeyPressed, NoticeStepped, ReceiptReceived, ReplyReceived
from gascore.operators import OperatorRequested, Outcome
from gascore.voice import TAKES_OVER
from gascore.windows import WindowSet
from gascore.words import Language

_log = structlog.get_logger()
ANSWERS: Final = 5
"""To one phone within `ANSWERS_MS`: two machines that answer each other would never stop."""
ANSWERS_MS: Final = 600_000


def serve(work: Casework, event: journal.Event, at_ms: int) -> None:
    """Take in what came from a person or from the provider; all else is our own, or concerns others."""
    match event:
        case OperatorRequested():
            answer_operator(work, event, at_ms)
        case ReplyReceived():
            answer_reply(work, event, at_ms)
        case KeyPressed():
            take_key(work, event, at_ms)
        case ReceiptReceived():
            take_receipt(work, event)
        case WindowSet(window=window):
            work.window_changed(window.id, at_ms)
        case _:
            pass


def answer_reply(work: Casework, event: ReplyReceived, at_ms: int) -> None:
    """Somebody answered by text: take over, or say why not. Strangers get no answer."""
    codes = work.books.notices.open_codes(event.sender)
    person = work.teller.person(event.sender)
    if person is None and not codes:
        _log.info("reply_of_a_stranger", provider_id=event.provider_id)
        return
    files = {alarm: work.books.cases.of_id(alarm) for alarm in set(codes.values())}
    waiting = {alarm for alarm, file in files.items() if file and not file.alarm.is_answered}
    meaning = parse(event.body, codes, waiting)
    language = person.language if person else Language.ZH
    ack = Ack(name_of(person, event.sender), person=person.id if person else None)
    to = Recipient(event.sender, language, person.id if person else None, "")
    answered: set[str] = set()
    for one in _each(meaning):
        said, alarm = _answer(work, one, Moment(at_ms), ack, language)
        _log.info("reply", meaning=type(one).__name__, alarm=alarm.id if alarm else None)
        if said is not None and said.text not in answered:  # two alarms of one place
            answered.add(said.text)
            key = f"{_once(event)}:{len(answered)}" if len(answered) > 1 else _once(event)
            _say(work, alarm, Message(to, NoticePurpose.ANSWER, said.text, key, said=said))


def _each(meaning: Reply) -> list[Reply]:
    """Each alarm that is taken over gets its own answer."""
    return [Takes((one,)) for one in meaning.alarms] if isinstance(meaning, Takes) else [meaning]


def take_key(work: Casework, event: KeyPressed, at_ms: int) -> None:
    """Whoever presses a key listens, and key 1 takes over. The answer comes as a text, as after a reply."""
    notices = work.books.notices
    found = None if event.notice is None else notices.of_id(event.notice)
    parcel = found or notices.of_provider(event.provider_id)
    if parcel is None:
        return
    _move(work, parcel, Receipt(NoticeState.DELIVERED))
    if event.digit != TAKES_OVER or parcel.notice.alarm is None or parcel.reply_code is None:
        return
    person = work.teller.person(parcel.address)
    ack = Ack(name_of(person, parcel.address), person=person.id if person else None)
    said, alarm = _answer(work, Takes((parcel.notice.alarm,)), Moment(at_ms), ack, parcel.language)
    if said is not None:
        to = Recipient(parcel.address, parcel.language, parcel.notice.person, "")
        _say(work, alarm, Message(to, NoticePurpose.ANSWER, said.text, _once(event), said=said))


def _once(event: ReplyReceived | KeyPressed) -> str:
    return f"{NoticePurpose.ANSWER}:{event.channel}:{event.provider_id}"


def _say(work: Casework, alarm: Alarm | None, message: Message) -> None:
    """Answer, but not for ever."""
    since_ms = work.now_ms - ANSWERS_MS
    if work.books.notices.answers_since(message.to.address, since_ms) < ANSWERS:
        work.told += work.teller.put(alarm, message, work.now_ms)


def _answer(
    work: Casework, meaning: Reply, moment: Moment, ack: Ack, language: Language
) -> tuple[Said | None, Alarm | None]:
    reader = Reader(language, work.teller.zone)
    match meaning:
        case Takes(alarms):
            done = work.happen(work.books.cases.of_id(alarms[0]), ack, moment)
            alarm = done.state.alarm if done.state else None
            if alarm is not None and done.reason is AlarmStep.ALSO_ACKED:
                alarm = replace(alarm, acked_by=ack.by, acked_ms=moment.at_ms)
            site = work.places.site_name(alarm, language) if alarm else ""
            return answer_of(done.outcome, alarm, site=site, reader=reader), alarm
        case NoSuchCode():
            return answer_of(Outcome.NOT_FOUND, None, site="", reader=reader), None
        case WhichOne(codes):
            return which_one(codes, language), None
        case Chatter():
            return None, None


def take_receipt(work: Casework, event: ReceiptReceived) -> None:
    """Move a notice forward. One that we don't know yet is found by the courier when it learns the id."""
    parcel = work.books.notices.of_provider(event.provider_id)
    receipt = receipt_of(event.status, event.code)
    if parcel is None or receipt is None:
        return
    _move(work, parcel, receipt)


def _move(work: Casework, parcel: Parcel, receipt: Receipt) -> None:
    done = step(parcel, receipt, work.now_ms)
    if done.state is not parcel:
        work.books.notices.put(done.state)
        work.events.append(NoticeStepped(notice=done.state.notice, site=parcel.site))
