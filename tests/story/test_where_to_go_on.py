"""A notice that does not get through is told otherwise: by the next channel, then to the next person."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from msgspec.structs import replace

from alerts.rules.delivery import Hop, Refused, TryLater
from alerts.service.courier import Courier, HouseRules
from alerts.service.switchboard import Registered, Switchboard
from gascore.alarm import ChannelKind, Notice, NoticePurpose, NoticeState
from gascore.registry import Role
from gascore.words import AlarmId, Condition, Level, PersonId
from gaswatch.stores.desk import SqlBooks
from support.alarm_town import PEOPLE, AlarmTown
from support.phones import NO_ANSWER, Phones

pytestmark = pytest.mark.story
OWNER: Final = PEOPLE[Role.OWNER]
DEPUTY: Final = "+8613800009999"
WAYS: Final = (
    Hop(ChannelKind.VOICE, OWNER, PersonId("owner"), "owner"),
    Hop(ChannelKind.SMS, DEPUTY, PersonId("deputy"), "owner"),
)


class Town(AlarmTown):
    """Its people can be called, too, and the owner has a deputy."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.calls = Phones(
            self.clock, self.start_ms, name="twilio_voice", kind=ChannelKind.VOICE, count=1000
        )
        self.wire()

    def wire(self) -> None:
        self.switchboard = Switchboard([Registered(self.phones), Registered(self.calls)], self.clock)
        self.courier = Courier(SqlBooks(self.engine), self.switchboard)

    def leaks_with_ways(self, *, fault: bool = False) -> None:
        """A leak (or a fault); the notice to the owner knows where to go on before it leaves."""
        self.phones.down, before = TryLater("503"), self.phones.down
        if fault:
            self.raised(Condition.FAULT, codes=("E3",))
        else:
            self.leak(lel=70)
        with SqlBooks(self.engine).transaction() as books:
            for parcel in books.notices.of_alarm(AlarmId(1)):
                if parcel.address == OWNER:
                    books.notices.put(replace(parcel, hops=WAYS))
        self.phones.down = before
        self.advance(1)

    def ways(self) -> list[tuple[str, str, NoticeState]]:
        """(channel, person, state) of what was made for the owner and the deputy."""
        mine: list[Notice] = [one for one in self.notices().values() if one.person in {"owner", "deputy"}]
        return [(one.channel, str(one.person), one.state) for one in mine]


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    town = Town(tmp_path)
    yield town
    town.engine.dispose()


def test_a_refused_text_is_followed_by_a_call_and_a_refused_call_by_the_deputy(town: Town) -> None:
    town.phones.trouble = {OWNER: Refused("21610")}
    town.calls.trouble = {OWNER: Refused("21214")}
    town.leaks_with_ways()
    assert town.ways() == [
        ("sms", "owner", NoticeState.REFUSED),
        ("voice", "owner", NoticeState.REFUSED),
        ("sms", "deputy", NoticeState.HANDED_OVER),
    ]
    assert [at for at, _ in town.phones.inbox[DEPUTY]] == [1]
    assert "泄漏" in town.phones.inbox[DEPUTY][0][1]


def test_an_undelivered_text_is_followed_by_a_call(town: Town) -> None:
    town.leaks_with_ways()
    sid = next(sid for sid, address, _ in town.phones.taken if address == OWNER)
    town.receipt(sid, "undelivered", "30003")
    assert town.ways() == [
        ("sms", "owner", NoticeState.UNDELIVERED),
        ("voice", "owner", NoticeState.HANDED_OVER),
    ]
    town.receipt(sid, "undelivered", "30003")
    town.receipt(sid, "sent")
    assert len(town.ways()) == 2, "late, twice and out of order: nothing more comes of it"


def test_a_receipt_that_never_comes_is_followed_by_a_call_after_a_minute_and_by_the_deputy_after_two(
    town: Town,
) -> None:
    town.phones.became = town.calls.became = {f"SM{n}": NoticeState.HANDED_OVER for n in range(2000)}
    town.leaks_with_ways()
    town.advance(59)
    assert len(town.ways()) == 1
    town.advance(1)
    assert [at for at, _ in town.calls.inbox[OWNER]] == [61]
    town.advance(60)
    assert [at for at, _ in town.phones.inbox[DEPUTY]] == [121]
    assert len(town.heard(Role.OWNER)) == 1, "never the same text to the same number"
    first = min(town.notices().values(), key=lambda one: one.id)
    assert (first.state, first.overdue_ms) == (NoticeState.HANDED_OVER, town.start_ms + 61_000)


def test_a_late_receipt_still_counts(town: Town) -> None:
    town.phones.became = {f"SM{n}": NoticeState.HANDED_OVER for n in range(2000)}
    town.leaks_with_ways()
    town.advance(70)
    sid = next(sid for sid, address, _ in town.phones.taken if address == OWNER)
    town.receipt(sid, "delivered")
    assert town.ways()[0] == ("sms", "owner", NoticeState.DELIVERED)


def test_a_provider_that_cannot_say_sends_a_leak_by_the_next_channel_at_once(town: Town) -> None:
    town.phones.trouble = {OWNER: NO_ANSWER}
    town.phones.cannot_say = True
    town.leaks_with_ways()
    town.advance(6)
    assert town.ways() == [
        ("sms", "owner", NoticeState.UNKNOWN),
        ("voice", "owner", NoticeState.HANDED_OVER),
    ]
    assert len(town.heard(Role.OWNER)) == 1
    town.phones.cannot_say = False
    town.advance(10)
    assert town.ways()[0] == ("sms", "owner", NoticeState.DELIVERED), "it is asked until it can"


def test_what_is_no_leak_waits_for_a_provider_that_cannot_say(town: Town) -> None:
    town.phones.trouble = {OWNER: NO_ANSWER}
    town.phones.cannot_say = True
    town.leaks_with_ways(fault=True)
    town.advance(3_600)
    assert town.ways() == [("sms", "owner", NoticeState.UNKNOWN)]
    assert len(town.heard(Role.OWNER)) == 1


def test_who_has_taken_over_spares_the_others(town: Town) -> None:
    town.phones.became = {f"SM{n}": NoticeState.HANDED_OVER for n in range(2000)}
    town.leaks_with_ways()
    town.reply(Role.OWNER, town.code(Role.OWNER))
    town.advance(90)
    assert not town.calls.inbox


def test_a_hop_is_made_once_though_alerts_starts_anew(town: Town) -> None:
    town.phones.became = town.calls.became = {f"SM{n}": NoticeState.HANDED_OVER for n in range(2000)}
    town.leaks_with_ways()
    for _ in range(40):
        town.restart()
        town.wire()
        town.advance(2)
    assert [at for at, _ in town.calls.inbox[OWNER]] in ([61], [62], [63])


def test_a_provider_that_is_down_for_an_hour_loses_no_leak(town: Town) -> None:
    town.phones.down = TryLater("503")
    town.leaks_with_ways()
    town.advance(61)
    assert len(town.calls.inbox[OWNER]) == 1, "a minute without a hand-over: by the next channel"
    town.advance(3_540)
    assert not town.phones.inbox
    town.phones.down = None
    town.advance(31)
    assert town.heard(Role.SAFETY_OFFICER), "the ladder has made fresh ones in time"
    assert all(one.state is not NoticeState.PENDING for one in town.notices().values())


def test_a_hand_over_whose_receipts_were_lost_is_settled_by_asking(town: Town) -> None:
    town.leaks_with_ways()
    town.advance(60)
    assert town.ways() == [("sms", "owner", NoticeState.DELIVERED)]


@pytest.mark.parametrize(("receipt_s", "called"), [(20, True), (60, False)])
def test_who_was_found_at_the_provider_is_waited_for_as_long_as_the_settings_say(
    town: Town, receipt_s: int, *, called: bool
) -> None:
    rules = HouseRules(receipt_ms=receipt_s * 1000, bundle_ms=0)
    town.courier = Courier(SqlBooks(town.engine), town.switchboard, rules)
    town.phones.trouble = {OWNER: NO_ANSWER}
    town.leaks_with_ways()
    text = next(sid for sid, address, _ in town.phones.taken if address == OWNER)
    town.phones.became = {text: NoticeState.HANDED_OVER}
    town.advance(40)
    assert (OWNER in town.calls.inbox) is called


def over(town: Town) -> list[tuple[str, str, NoticeState]]:
    """(channel, person, state) of what was made to say that it is over, for the owner and the deputy."""
    mine = [one for one in town.notices().values() if one.purpose is NoticePurpose.CLEARED]
    return [(one.channel, str(one.person), one.state) for one in mine if one.person in {"owner", "deputy"}]


def test_who_took_a_call_and_pressed_nothing_hears_that_it_is_over(town: Town) -> None:
    town.phones.trouble = {OWNER: Refused("21610")}
    town.leaks_with_ways()
    town.receipt("SM1001", "completed")
    assert town.ways()[1] == ("voice", "owner", NoticeState.UNDELIVERED)
    town.clears()
    town.advance(16)
    assert over(town) == [
        ("voice", "owner", NoticeState.HANDED_OVER),
        ("sms", "deputy", NoticeState.HANDED_OVER),
    ]
    assert "解除" in town.calls.inbox[OWNER][-1][1]


def test_that_it_is_over_goes_on_by_a_call_which_asks_for_no_key_and_to_nobody_else(town: Town) -> None:
    town.leaks_with_ways()
    town.clears()
    town.advance(16)
    text = [sid for sid, address, _ in town.phones.taken if address == OWNER][-1]
    town.receipt(text, "undelivered", "30003")
    town.advance(1)
    assert "解除" in town.calls.inbox[OWNER][-1][1]
    town.receipt("SM1001", "completed")
    town.advance(1)
    assert over(town) == [
        ("sms", "owner", NoticeState.UNDELIVERED),
        ("voice", "owner", NoticeState.DELIVERED),
    ]
    assert DEPUTY not in town.phones.inbox


def test_nobody_hears_that_it_is_over_when_it_is_back(town: Town) -> None:
    town.leaks_with_ways()
    town.clears()
    town.advance(16)
    text = [sid for sid, address, _ in town.phones.taken if address == OWNER][-1]
    town.leak(lel=70)
    town.receipt(text, "undelivered", "30003")
    town.advance(1)
    assert not any("解除" in said for _, said in town.calls.inbox.get(OWNER, []))


def test_a_leak_that_cannot_leave_goes_on_after_as_long_as_the_settings_say(town: Town) -> None:
    rules = HouseRules(receipt_ms=20_000, bundle_ms=0)
    town.courier = Courier(SqlBooks(town.engine), town.switchboard, rules)
    town.leaks_with_ways()
    town.phones.down = TryLater("503")
    town.raised(Condition.LEAK, "kitchen-2", level=Level.HIGH, lel=70)
    with SqlBooks(town.engine).transaction() as books:
        for parcel in books.notices.of_alarm(AlarmId(2)):
            if parcel.address == OWNER:
                books.notices.put(replace(parcel, hops=WAYS))
    town.advance(40)
    assert len(town.calls.inbox[OWNER]) == 1
