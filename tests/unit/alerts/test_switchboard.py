"""Which provider carries a message, and what happens when one is out."""

from dataclasses import dataclass, field, replace

import pytest

from alerts.rules.circuit import FAILURES, FIRST_PAUSE_MS
from alerts.rules.countries import CHINA_ONLY, EVERYWHERE, TWILIO_SMS, TWILIO_VOICE
from alerts.rules.delivery import CannotSay, Found, Handed, LookedUp, NoAnswer, Refused, Sent, TryLater
from alerts.rules.letters import Capabilities, Health, Letter
from alerts.rules.templates import NO_TEMPLATE
from alerts.service.desk import Trouble
from alerts.service.switchboard import DOWN_MS, PATIENCE_MS, Carried, Registered, Switchboard
from gascore.alarm import ChannelKind
from support.alarms import a_letter
from support.clock import ManualClock

SMS, VOICE = ChannelKind.SMS, ChannelKind.VOICE
CHINESE, GERMAN = "+8613912345678", "+4915112345678"


@dataclass
class Provider:
    """Answers what it is told to; keeps what it was asked. Implements `alerts.ports.Channel`."""

    name: str
    clock: ManualClock
    kind: ChannelKind = SMS
    can: Capabilities = field(default_factory=lambda: Capabilities(looks_up=True, replies=True))
    says: Sent | None = None
    takes_ms: int = 0
    letters: list[Letter] = field(default_factory=list)

    def send(self, letter: Letter) -> Sent:
        self.letters.append(letter)
        self.clock.set(self.clock.now_ms() + self.takes_ms)
        return self.says or Handed(f"{self.name}{len(self.letters)}")

    def look_up(self, letter: Letter) -> LookedUp:
        return Found(f"{self.name}:{letter.notice}")

    def probe(self) -> Health:
        return Health(ok=True)


class Broken(Provider):
    def send(self, letter: Letter) -> Sent:
        raise KeyError(letter.address)

    def look_up(self, letter: Letter) -> LookedUp:
        raise KeyError(letter.address)


class Pair:
    """Two providers of texts, `a` preferred."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.a = Provider("a", self.clock)
        self.b = Provider("b", self.clock)
        self.board = Switchboard([Registered(self.a), Registered(self.b)], self.clock)

    def send(self) -> Carried:
        return self.board.send(SMS, a_letter())

    def asked(self) -> tuple[int, int]:
        return len(self.a.letters), len(self.b.letters)


def test_the_preferred_provider_carries_it() -> None:
    pair = Pair()
    assert pair.send() == Carried("a", Handed("a1"))
    assert pair.asked() == (1, 0)


def test_the_message_that_meets_an_outage_goes_to_the_other_provider_at_once() -> None:
    pair = Pair()
    pair.a.says = TryLater("503")
    assert pair.send() == Carried("b", Handed("b1"))


def test_a_message_whose_request_left_without_an_answer_stays_where_it_was() -> None:
    pair = Pair()
    pair.a.says = NoAnswer("timeout")
    assert pair.send() == Carried("a", NoAnswer("timeout"))
    assert pair.asked() == (1, 0)


def test_a_refused_number_is_refused_and_no_outage() -> None:
    pair = Pair()
    pair.a.says = Refused("21211")
    assert [pair.send() for _ in range(5)] == [Carried("a", Refused("21211"))] * 5
    assert pair.board.troubles(pair.clock.now_ms()) == {"a": None, "b": None}


def test_where_one_provider_can_be_answered_and_the_other_cant_the_first_is_preferred() -> None:
    clock = ManualClock()
    abroad, china, more = (Provider(name, clock) for name in ("abroad", "china", "more"))
    coverages = [Registered(abroad, TWILIO_SMS), Registered(china, CHINA_ONLY), Registered(more, EVERYWHERE)]
    board = Switchboard(coverages, clock)
    assert [one.name for one in board.for_(SMS, CHINESE)] == ["china", "more", "abroad"]
    assert [one.name for one in board.for_(SMS, GERMAN)] == ["abroad", "more"]
    assert board.can_answer(SMS, CHINESE)


def test_whether_a_person_can_answer_is_what_the_preferred_provider_says() -> None:
    clock = ManualClock()
    mute = Provider("mute", clock, can=Capabilities())
    assert not Switchboard([Registered(mute)], clock).can_answer(SMS, GERMAN)
    both = [Registered(mute), Registered(Provider("sms", clock))]
    assert Switchboard(both, clock).can_answer(SMS, GERMAN), "it goes first because it can be answered"


@pytest.mark.parametrize("code", ["no_template", "isv.TEMPLATE_PARAMS_ILLEGAL", "isv.BUSINESS_LIMIT_CONTROL"])
def test_what_only_one_provider_refuses_goes_to_the_other_in_the_same_attempt(code: str) -> None:
    pair = Pair()
    pair.a.says = Refused(code, elsewhere=True)
    assert pair.send() == Carried("b", Handed("b1"))
    assert pair.board.troubles(pair.clock.now_ms() + DOWN_MS) == {"a": None, "b": None}
    pair.b.says = Refused("blacklist")
    assert pair.send() == Carried("b", Refused("blacklist"))


def test_a_withdrawn_template_goes_to_the_other_provider_and_is_a_trouble() -> None:
    pair = Pair()
    pair.a.says = Refused("isv.SMS_TEMPLATE_ILLEGAL", elsewhere=True, ours=True)
    assert pair.send() == Carried("b", Handed("b1"))
    assert pair.board.troubles(pair.clock.now_ms())["a"] == Trouble("account_refused", pair.clock.now_ms())


def test_what_another_provider_may_carry_later_is_not_refused_because_the_last_one_cant() -> None:
    pair = Pair()
    pair.a.says = TryLater("503")
    pair.b.says = Refused("no_template", elsewhere=True)
    assert pair.send() == Carried("a", TryLater("503"))


def test_a_provider_that_was_not_asked_has_not_worked() -> None:
    pair = Pair()
    pair.a.says = TryLater("20003", account=True)
    pair.send()
    pair.a.says = Refused(NO_TEMPLATE, elsewhere=True)
    pair.b.says = TryLater("503")
    pair.send()
    assert pair.board.troubles(pair.clock.now_ms())["a"] is not None


def test_a_text_whose_replies_reach_nobody_asks_for_none() -> None:
    clock = ManualClock()
    deaf = Provider("deaf", clock, can=Capabilities(receipts=True))
    letter = replace(
        a_letter(GERMAN, "【燃气监管】李家面馆燃气泄漏。回101接手"),
        reply_code="101",
        params={"place": "李家面馆", "code": "101"},
    )
    Switchboard([Registered(deaf)], clock).send(SMS, letter)
    (sent,) = deaf.letters
    assert (sent.text, sent.reply_code) == ("【燃气监管】李家面馆燃气泄漏", None)
    assert sent.params == {"place": "李家面馆"}, "a template says - for the code"


def test_a_provider_is_not_asked_before_it_can_know() -> None:
    clock = ManualClock()
    late = Provider("late", clock, can=Capabilities(looks_up=True, look_after_ms=180_000))
    board = Switchboard([Registered(late)], clock)
    letter = replace(a_letter(), begun_ms=clock.now_ms())
    clock.set(clock.now_ms() + 179_999)
    assert board.look_up("late", letter) == CannotSay("too_soon_to_ask")
    clock.set(clock.now_ms() + 1)
    assert board.look_up("late", letter) == Found("late:1")


def test_a_provider_that_is_out_is_left_alone_until_a_trial_brings_it_back() -> None:
    pair = Pair()
    pair.a.says = TryLater("503")
    for _ in range(FAILURES + 4):
        assert pair.send().provider == "b"
    assert len(pair.a.letters) == FAILURES
    pair.a.says = None
    pair.clock.set(pair.clock.now_ms() + FIRST_PAUSE_MS)
    assert pair.send().provider == "a"
    assert pair.send().provider == "a"


def test_a_fault_of_our_account_changes_the_provider_at_once_and_is_said() -> None:
    pair = Pair()
    pair.a.says = TryLater("20003", account=True)
    pair.send()
    pair.send()
    assert pair.asked() == (1, 2)
    assert pair.board.troubles(pair.clock.now_ms())["a"] == Trouble("account_refused", pair.clock.now_ms())


def test_where_all_are_out_they_are_still_asked() -> None:
    pair = Pair()
    pair.a.says = pair.b.says = TryLater("503")
    for _ in range(FAILURES):
        pair.send()
    assert pair.send() == Carried("b", TryLater("503"))
    assert pair.asked() == (FAILURES + 1, FAILURES + 1), "an open circuit is the last resort, not a wall"


def test_a_slow_outage_leaves_the_other_provider_to_the_next_attempt() -> None:
    pair = Pair()
    pair.a.says, pair.a.takes_ms = TryLater("503"), PATIENCE_MS + 1
    assert pair.send().provider == "a"
    assert pair.send() == Carried("b", Handed("b1"))


def test_an_outage_is_a_trouble_after_a_minute_and_not_before() -> None:
    pair = Pair()
    pair.a.says = TryLater("503")
    since_ms = pair.clock.now_ms()
    pair.send()
    assert pair.board.troubles(since_ms + DOWN_MS - 1)["a"] is None
    assert pair.board.troubles(since_ms + DOWN_MS)["a"] == Trouble("provider_down", since_ms)


def test_a_provider_that_breaks_has_not_answered() -> None:
    clock = ManualClock()
    board = Switchboard([Registered(Broken("a", clock))], clock)
    assert board.send(SMS, a_letter()) == Carried("a", NoAnswer("sender_broke"))
    assert board.look_up("a", a_letter()) == CannotSay("sender_broke")


def test_the_provider_that_carried_it_is_asked_what_became_of_it() -> None:
    pair = Pair()
    assert pair.board.look_up("b", a_letter()) == Found("b:1")
    assert pair.board.look_up("gone", a_letter()) == CannotSay("cannot_be_asked")


def test_the_country_decides_the_provider() -> None:
    clock = ManualClock()
    abroad, china = Provider("abroad", clock), Provider("china", clock)
    call = Provider("call", clock, kind=VOICE, can=Capabilities(keys=True))
    board = Switchboard(
        [Registered(china, CHINA_ONLY), Registered(abroad, TWILIO_SMS), Registered(call, TWILIO_VOICE)], clock
    )
    assert [one.name for one in board.for_(SMS, CHINESE)] == ["china", "abroad"]
    assert [one.name for one in board.for_(SMS, GERMAN)] == ["abroad"]
    assert board.send(VOICE, a_letter(CHINESE)) == Carried(None, Refused("no_channel"))
    assert board.send(VOICE, a_letter(GERMAN)).provider == "call"


def test_a_text_that_nobody_can_answer_asks_for_no_reply() -> None:
    clock = ManualClock()
    abroad = Provider("abroad", clock)
    board = Switchboard([Registered(abroad, TWILIO_SMS)], clock)
    for phone in (CHINESE, GERMAN):
        letter = replace(a_letter(phone, "【燃气监管】李家面馆燃气泄漏。回101接手"), reply_code="101")
        board.send(SMS, letter)
    assert [one.text.removeprefix("【燃气监管】李家面馆燃气泄漏") for one in abroad.letters] == [
        "",
        "。回101接手",
    ]


def test_who_can_answer_by_what() -> None:
    clock = ManualClock()
    sms = Provider("sms", clock)
    assert not Switchboard([Registered(sms, TWILIO_SMS)], clock).can_answer(SMS, CHINESE)
    assert Switchboard([Registered(sms, EVERYWHERE)], clock).can_answer(SMS, CHINESE)
    assert not Switchboard([Registered(sms, TWILIO_SMS)], clock).can_answer(VOICE, GERMAN)
