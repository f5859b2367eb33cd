"""Twilio is asked what became of a text: by its SID, else by recipient, words and time."""

import dataclasses
from collections.abc import Iterator

import pytest

from alerts.adapters.twilio import Account
from alerts.adapters.twilio_sms import TwilioSms
from alerts.rules.delivery import CannotSay, Found, Handed, LookedUp, NoAnswer, NotFound
from alerts.rules.letters import Letter
from gascore.alarm import NoticeState
from gaswatch.clock import SystemClock
from support.alarms import a_letter
from support.carrier import ACCOUNT, SENDER, TOKEN, RunningCarrier, a_carrier
from support.odd_server import an_odd_server
from support.waiting import until

pytestmark = pytest.mark.contract
PHONE = "+8610000000001"


@pytest.fixture
def carrier() -> Iterator[RunningCarrier]:
    with a_carrier() as running:
        yield running


def sms(carrier: RunningCarrier, token: str = TOKEN) -> TwilioSms:
    return TwilioSms(Account(ACCOUNT, token, SENDER, carrier.url), answer_s=0.5)


def letter(**changes: object) -> Letter:
    return dataclasses.replace(a_letter(PHONE), since_ms=0, **changes)  # type: ignore[arg-type]  # a test's own words


async def test_a_text_whose_answer_was_lost_is_found_by_its_words_and_settled_by_its_sid(
    carrier: RunningCarrier,
) -> None:
    carrier.behave(lose_answers=1)
    assert isinstance(sms(carrier).send(letter()), NoAnswer)
    found = sms(carrier).look_up(letter())
    assert isinstance(found, Found)

    def settled() -> LookedUp:
        return sms(carrier).look_up(letter(provider_id=found.provider_id))

    await until(lambda: settled() == Found(found.provider_id, NoticeState.DELIVERED), what="its delivery")


def test_a_text_that_never_came_is_not_found(carrier: RunningCarrier) -> None:
    carrier.behave(lose_requests=1)
    assert isinstance(sms(carrier).send(letter()), NoAnswer)
    assert sms(carrier).look_up(letter()) == NotFound()


def test_others_words_other_notices_and_older_ones_do_not_count(carrier: RunningCarrier) -> None:
    sent = sms(carrier).send(letter())
    assert isinstance(sent, Handed)
    assert isinstance(sms(carrier).look_up(letter()), Found)
    assert sms(carrier).look_up(letter(text="【燃气监管】别的")) == NotFound()
    assert sms(carrier).look_up(letter(address="+8610000000002")) == NotFound()
    assert sms(carrier).look_up(letter(others=frozenset({sent.provider_id}))) == NotFound()
    later_ms = SystemClock().now_ms() + 3_600_000
    assert sms(carrier).look_up(dataclasses.replace(letter(), since_ms=later_ms)) == NotFound()


def test_one_among_many_is_found_page_by_page(carrier: RunningCarrier) -> None:
    wanted = sms(carrier).send(letter())
    assert isinstance(wanted, Handed)
    for number in range(120):
        sms(carrier).send(letter(text=f"【燃气监管】{number}"))
    found = sms(carrier).look_up(letter())
    assert isinstance(found, Found)
    assert found.provider_id == wanted.provider_id


async def test_an_undelivered_one_says_why(carrier: RunningCarrier) -> None:
    carrier.behave(outcome="30003", sent_after_s=0.0, final_after_s=0.0)
    sent = sms(carrier).send(letter())
    assert isinstance(sent, Handed)
    lost = Found(sent.provider_id, NoticeState.UNDELIVERED, "30003")
    mine = letter(provider_id=sent.provider_id)
    await until(lambda: sms(carrier).look_up(mine) == lost, what="its failure")


def test_who_may_not_ask_or_gets_no_connection_cannot_say(carrier: RunningCarrier) -> None:
    assert sms(carrier, token="wrong").look_up(letter()) == CannotSay("20003")
    assert sms(carrier, token="wrong").look_up(letter(provider_id="SM1")) == CannotSay("20003")
    with an_odd_server() as odd:
        odd.status, odd.body = 502, "<html>"
        broken = TwilioSms(Account(ACCOUNT, TOKEN, SENDER, odd.url), answer_s=0.5)
        assert broken.look_up(letter()) == CannotSay("502")
    nobody = TwilioSms(Account(ACCOUNT, TOKEN, SENDER, "http://127.0.0.1:9"), answer_s=0.5)
    assert nobody.look_up(letter()) == CannotSay("no_connection")
