"""Our sender against a provider that speaks Twilio's API: each way in which it can go wrong has its name."""

import socket
from collections.abc import Iterator
from dataclasses import replace

import pytest

from alerts.adapters.twilio import Account
from alerts.adapters.twilio_sms import TwilioSms
from alerts.rules.delivery import Handed, NoAnswer, Refused, Sent, TryLater
from support.alarms import a_letter
from support.carrier import ACCOUNT, SENDER, TOKEN, Customer, RunningCarrier, a_carrier, a_customer
from support.waiting import until

pytestmark = pytest.mark.contract
PHONE = "+8610000000001"


@pytest.fixture(scope="module")
def customer() -> Iterator[Customer]:
    with a_customer() as running:
        yield running


@pytest.fixture(scope="module")
def running(customer: Customer) -> Iterator[RunningCarrier]:
    with a_carrier(customer.url) as carrier:
        yield carrier


@pytest.fixture
def carrier(running: RunningCarrier, customer: Customer) -> RunningCarrier:
    running.http.delete(f"{running.url}/sim/messages", timeout=5)
    running.behave()
    customer.posts.clear()
    return running


def send(
    url: str, *, to: str = PHONE, token: str = TOKEN, sender: str = SENDER, receipts: str | None = None
) -> Sent:
    account = Account(ACCOUNT, token, sender, url, receipts)
    return TwilioSms(account, answer_s=0.5).send(a_letter(to))


async def test_a_text_is_handed_over_and_its_receipts_come_back(
    carrier: RunningCarrier, customer: Customer
) -> None:
    sent = send(carrier.url, receipts=f"{customer.url}/webhooks/twilio/status")
    assert isinstance(sent, Handed)
    assert carrier.to(PHONE) == ["【燃气监管】试"]
    await until(lambda: "delivered" in customer.statuses(sent.provider_id), what="the receipt")


def test_a_messaging_service_can_be_the_sender(carrier: RunningCarrier) -> None:
    assert isinstance(send(carrier.url, sender="MG" + "0" * 32), Handed)


@pytest.mark.parametrize(
    ("to", "refused"),
    [
        ("+15005550001", Refused("21211")),
        ("+15005550002", Refused("21612", elsewhere=True)),
        ("+15005550003", Refused("21408", elsewhere=True)),
        ("+15005550004", Refused("21610")),
        ("+15005550009", Refused("21614")),
        ("nonsense", Refused("21211")),
    ],
)
def test_a_bad_number_is_refused(carrier: RunningCarrier, to: str, refused: Refused) -> None:
    assert send(carrier.url, to=to) == refused


@pytest.mark.parametrize(
    ("code", "sent"), [(20429, TryLater("20429")), (21611, TryLater("21611")), (20500, NoAnswer("20500"))]
)
def test_a_busy_provider_is_asked_later_and_a_broken_one_may_have_taken_it(
    carrier: RunningCarrier, code: int, sent: Sent
) -> None:
    carrier.behave(refuse={"code": code, "times": 1})
    assert send(carrier.url) == sent
    assert isinstance(send(carrier.url), Handed)


def test_without_an_address_for_receipts_no_reply_is_expected() -> None:
    private = Account(ACCOUNT, TOKEN, SENDER, receipts=None)
    assert not TwilioSms(private).can.replies
    assert TwilioSms(replace(private, receipts="https://gas.example/status")).can.replies


def test_an_account_that_may_not_is_said_to_be_the_accounts_fault(carrier: RunningCarrier) -> None:
    wrong_token = send(carrier.url, token="other")
    assert isinstance(wrong_token, TryLater)
    assert wrong_token.account
    not_ours = send(carrier.url, sender="+15005550007")
    assert isinstance(not_ours, TryLater)
    assert (not_ours.code, not_ours.account) == ("21606", True)


@pytest.mark.parametrize("loss", ["lose_requests", "lose_answers"])
def test_without_an_answer_nobody_knows(carrier: RunningCarrier, loss: str) -> None:
    carrier.behave(**{loss: 1})
    assert send(carrier.url) == NoAnswer("timeout")
    assert len(carrier.to(PHONE)) == (1 if loss == "lose_answers" else 0)


def test_where_nobody_listens_nothing_was_sent() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    assert send(f"http://127.0.0.1:{port}") == TryLater("no_connection")


def test_an_answer_in_other_words_is_no_answer(customer: Customer) -> None:
    assert send(customer.url) == NoAnswer("unreadable_answer")
