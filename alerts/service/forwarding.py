"""Goes on where a notice did not get through: by the same person's next channel, then to who stands by.

The courier only writes down that a notice failed or is overdue; this is the desk's answer. Made once for each
notice, whatever happens, by the outbox's `once_key`. Where no way is left, the ladder is asked whether anybody
of its rung can be told at all.
"""

from itertools import takewhile

import structlog

from alerts.rules.casefile import CaseFile
from alerts.rules.delivery import Hop, Parcel, is_unreached
from alerts.service.casework import Casework
from alerts.service.rationing import BUDGET
from gascore.alarm import Alarm, ChannelKind, Notice, NoticePurpose, NoticeState

_log = structlog.get_logger()


def go_on(work: Casework, notice: Notice) -> None:
    """A notice failed, or nobody can say for too long whether it arrived."""
    if notice.alarm is None or notice.purpose is NoticePurpose.ANSWER:
        return
    parcel = work.books.notices.of_id(notice.id)
    file = work.books.cases.of_id(notice.alarm)
    if parcel is None or file is None or not is_unreached(parcel.notice):
        return  # it has arrived meanwhile
    _onwards(work, parcel, file)
    for inside in parcel.bundled:
        other = work.books.notices.of_id(inside)
        whose = work.books.cases.of_id(other.notice.alarm) if other and other.notice.alarm else None
        if other and whose:
            _onwards(work, other, whose)


def _onwards(work: Casework, parcel: Parcel, file: CaseFile) -> None:
    if _is_news(file, parcel):
        _hop(work, file.alarm, parcel)
    work.check_reached(file.alarm.id)


def _is_news(file: CaseFile, parcel: Parcel) -> bool:
    """An alarm that enough have taken over needs nobody else; that it is over, who was told must hear.

    Unless it is back: then nobody may hear that it is over.
    """
    alarm = file.alarm
    if parcel.notice.purpose is NoticePurpose.CLEARED:
        return not alarm.active
    if alarm.closed_ms is not None or alarm.is_silent or parcel.notice.person in file.ladder.acks:
        return False
    return not alarm.is_answered or parcel.notice.step <= file.ladder.hastened


def _hop(work: Casework, alarm: Alarm, parcel: Parcel) -> None:
    told = {
        (one.notice.channel, one.address)
        for one in work.books.notices.of_alarm(alarm.id)
        if one.notice.created_ms >= parcel.notice.created_ms
        and one.notice.purpose is parcel.notice.purpose
        and not _was_spared(one.notice)
    }
    hops = _with_way_back(parcel)
    for number, hop in enumerate(hops, 1):
        if (hop.channel.value, hop.address) in told or not _concerns(hop, parcel):
            continue
        if work.teller.forward(alarm, parcel, hop, hops[number:], work.now_ms):
            work.told += 1
            _log.info("hop", notice=parcel.notice.id, alarm=alarm.id, channel=hop.channel.value)
        return


def _was_spared(notice: Notice) -> bool:
    """It went elsewhere for the budget's sake: its provider was never asked, and nothing is wrong with its number."""
    return notice.state is NoticeState.REFUSED and notice.code == BUDGET


def _with_way_back(parcel: Parcel) -> tuple[Hop, ...]:
    """Who can't be reached by the other channels gets what was spared after all, before anybody else is asked."""
    one = parcel.notice
    if not _was_spared(one):
        return parcel.hops
    own = sum(1 for _ in takewhile(lambda hop: hop.person == one.person, parcel.hops))
    back = Hop(ChannelKind(one.channel), parcel.address, one.person, one.role, parcel.language)
    return (*parcel.hops[:own], back, *parcel.hops[own:])


def _concerns(hop: Hop, parcel: Parcel) -> bool:
    """That it is over, only the same person is told otherwise: who stands by has not heard of it."""
    return parcel.notice.purpose is not NoticePurpose.CLEARED or hop.person == parcel.notice.person
