"""Our calls against a provider that speaks Twilio's API: only a key proves that a person has heard."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from alerts.adapters.twilio import Account
from alerts.adapters.twilio_voice import TwilioVoice, twiml_of
from alerts.rules.delivery import CannotSay, Found, Handed, NoAnswer, NotFound, Refused, TryLater
from alerts.rules.letters import Health, Letter
from gascore.alarm import NoticeState
from gascore.words import Language
from support.alarms import a_letter
from support.carrier import ACCOUNT, SENDER, TOKEN, Customer, RunningCarrier, a_carrier, a_customer
from support.waiting import until

pytestmark = pytest.mark.contract
PHONE = "+8610000000001"
TEXT = "【燃气监管】李家面馆燃气泄漏高限60%LEL。回101接手"
HEARD = "李家面馆燃气泄漏高限60%LEL。接手请按1。"


@pytest.fixture(scope="module")
def running() -> Iterator[tuple[RunningCarrier, Customer]]:
    with a_customer() as customer, a_carrier(customer.url) as carrier:
        yield carrier, customer


@pytest.fixture
def carrier(running: tuple[RunningCarrier, Customer]) -> RunningCarrier:
    carrier, customer = running
    carrier.http.delete(f"{carrier.url}/sim/messages", timeout=5)
    carrier.behave(gather_s=0.05)
    customer.posts.clear()
    customer.twiml = "<Response><Say>Thank you.</Say></Response>"
    return carrier


@pytest.fixture
def customer(running: tuple[RunningCarrier, Customer]) -> Customer:
    return running[1]


def letter(**changes: object) -> Letter:
    return replace(a_letter(PHONE, TEXT), reply_code="101", since_ms=0, **changes)  # type: ignore[arg-type]  # whatever a test wants


def voice(carrier: RunningCarrier, customer: Customer, token: str = TOKEN) -> TwilioVoice:
    account = Account(ACCOUNT, token, SENDER, carrier.url, f"{customer.url}/webhooks/twilio/status")
    return TwilioVoice(account, f"{customer.url}/webhooks/twilio/voice", answer_s=0.5)


async def test_the_text_is_read_aloud_and_the_key_comes_back_with_the_notice(
    carrier: RunningCarrier, customer: Customer
) -> None:
    carrier.behave(call="1", gather_s=5)
    sent = voice(carrier, customer).send(letter())
    assert isinstance(sent, Handed)
    await until(lambda: len(customer.of_call(sent.provider_id)) == 2, what="key and end")
    key, end = customer.of_call(sent.provider_id)
    assert key.url == f"{customer.url}/webhooks/twilio/voice?notice=1&lang=zh"
    assert key.fields["Digits"] == "1"
    assert (end.url, end.fields["CallStatus"]) == (f"{customer.url}/webhooks/twilio/status", "completed")
    assert carrier.calls()[0]["heard"] == [HEARD, "Thank you."]


async def test_a_call_that_only_a_machine_heard_did_not_reach_the_person(
    carrier: RunningCarrier, customer: Customer
) -> None:
    carrier.behave(call="machine", gather_s=0.05)
    ours = voice(carrier, customer)
    sent = ours.send(letter())
    assert isinstance(sent, Handed)
    await until(lambda: bool(customer.of_call(sent.provider_id)), what="the end")
    found = ours.look_up(letter(provider_id=sent.provider_id))
    assert found == Found(sent.provider_id, NoticeState.UNDELIVERED, "no_key")


async def test_a_call_whose_request_got_no_answer_is_found_by_number_and_time(
    carrier: RunningCarrier, customer: Customer
) -> None:
    ours = voice(carrier, customer)
    assert ours.look_up(letter()) == NotFound()
    carrier.behave(lose_answers=1, calls={PHONE: "busy"})
    assert ours.send(letter()) == NoAnswer("timeout")
    sid = carrier.calls()[0]["sid"]
    await until(lambda: bool(customer.of_call(sid)), what="the end")
    assert ours.look_up(letter()) == Found(sid, NoticeState.UNDELIVERED, "busy")
    assert ours.look_up(letter(others=frozenset({sid}))) == NotFound()
    assert ours.look_up(replace(letter(), since_ms=9_000_000_000_000)) == NotFound()


def test_refusals_outages_and_a_wrong_account_are_told_apart(
    carrier: RunningCarrier, customer: Customer
) -> None:
    ours = voice(carrier, customer)
    assert ours.send(letter(address="+15005550001")) == Refused("21211")
    carrier.behave(refuse={"code": 20500, "times": 1})
    assert ours.send(letter()) == NoAnswer("20500")
    wrong = voice(carrier, customer, token="other")
    said = wrong.send(letter())
    assert isinstance(said, TryLater)
    assert said.account
    assert isinstance(wrong.look_up(letter()), CannotSay)
    assert wrong.look_up(letter(provider_id="CA1")) == CannotSay("20003")
    assert (wrong.probe(), ours.probe()) == (Health(ok=False, code="20003"), Health(ok=True))


def test_what_needs_no_answer_asks_for_no_key() -> None:
    said = twiml_of(replace(a_letter(PHONE, "GASWATCH All clear."), language=Language.EN), "http://x/key")
    assert "Gather" not in said
    assert '<Say language="en-US" loop="2" voice="Polly.Joanna">All clear.</Say>' in said
