"""The carrier speaks Twilio's Messages API: the real `twilio` package is the judge."""

from collections.abc import Iterator

import pytest
import requests
from twilio.base.exceptions import TwilioRestException  # type: ignore[import-untyped]  # it ships no types
from twilio.request_validator import RequestValidator  # type: ignore[import-untyped]  # it ships no types

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
    with a_carrier(customer.url, {PHONE: "王建国 老板"}) as carrier:
        yield carrier


@pytest.fixture
def carrier(running: RunningCarrier, customer: Customer) -> RunningCarrier:
    running.http.delete(f"{running.url}/sim/messages", timeout=5)
    running.behave()
    customer.posts.clear()
    customer.failures = 0
    return running


def test_a_message_is_queued_and_can_be_fetched(carrier: RunningCarrier) -> None:
    sent = carrier.client().messages.create(to=PHONE, from_=SENDER, body="气瓶间泄漏，回复 37 确认")
    assert sent.status == "queued"
    assert sent.sid is not None
    assert sent.sid.startswith("SM")
    assert sent.num_segments == "1"
    assert sent.date_created is not None
    fetched = carrier.client().messages(sent.sid).fetch()
    assert (fetched.sid, fetched.body, fetched.to) == (sent.sid, sent.body, PHONE)
    assert carrier.to(PHONE) == ["气瓶间泄漏，回复 37 确认"]


def test_a_message_by_a_messaging_service_is_accepted(carrier: RunningCarrier) -> None:
    sent = carrier.client().messages.create(to=PHONE, messaging_service_sid="MG" + "0" * 32, body="x")
    assert sent.status == "accepted"
    assert sent.from_ is None
    assert sent.messaging_service_sid == "MG" + "0" * 32


def test_two_hundred_messages_have_two_hundred_sids_and_can_be_listed(carrier: RunningCarrier) -> None:
    client = carrier.client()
    sids = {client.messages.create(to=PHONE, from_=SENDER, body=str(n)).sid for n in range(200)}
    assert len(sids) == 200
    assert {one.sid for one in client.messages.list(page_size=60)} == sids
    assert client.messages.list(to="+8610000000002") == []


@pytest.mark.parametrize(
    ("to", "sender", "code"),
    [
        ("not-a-number", SENDER, 21211),
        ("+15005550001", SENDER, 21211),
        ("+15005550002", SENDER, 21612),
        ("+15005550003", SENDER, 21408),
        ("+15005550004", SENDER, 21610),
        ("+15005550009", SENDER, 21614),
        (PHONE, "+15005550001", 21212),
        (PHONE, "+15005550007", 21606),
        (PHONE, "+15005550008", 21611),
    ],
)
def test_bad_and_magic_numbers_are_refused_with_twilios_codes(
    carrier: RunningCarrier, to: str, sender: str, code: int
) -> None:
    with pytest.raises(TwilioRestException) as refused:
        carrier.client().messages.create(to=to, from_=sender, body="x")
    assert refused.value.code == code
    assert carrier.messages() == []


def test_a_text_that_is_missing_or_too_long_is_refused(carrier: RunningCarrier) -> None:
    with pytest.raises(TwilioRestException) as missing:
        carrier.client().messages.create(to=PHONE, from_=SENDER)
    with pytest.raises(TwilioRestException) as long:
        carrier.client().messages.create(to=PHONE, from_=SENDER, body="x" * 1601)
    assert (missing.value.code, long.value.code) == (21602, 21617)


def test_a_wrong_token_is_refused_with_401(carrier: RunningCarrier) -> None:
    with pytest.raises(TwilioRestException) as refused:
        carrier.client(token="wrong").messages.create(to=PHONE, from_=SENDER, body="x")
    assert (refused.value.status, refused.value.code) == (401, 20003)


def test_an_unknown_message_is_404(carrier: RunningCarrier) -> None:
    with pytest.raises(TwilioRestException) as refused:
        carrier.client().messages("SM" + "0" * 32).fetch()
    assert (refused.value.status, refused.value.code) == (404, 20404)


@pytest.mark.parametrize(("code", "status"), [(20429, 429), (20500, 500), (21608, 400), (20003, 401)])
def test_it_refuses_on_demand_as_often_as_asked(carrier: RunningCarrier, code: int, status: int) -> None:
    carrier.behave(refuse={"code": code, "times": 2})
    for _ in range(2):
        with pytest.raises(TwilioRestException) as refused:
            carrier.client().messages.create(to=PHONE, from_=SENDER, body="x")
        assert (refused.value.status, refused.value.code) == (status, code)
    assert carrier.client().messages.create(to=PHONE, from_=SENDER, body="x").status == "queued"


@pytest.mark.parametrize(("field", "taken"), [("lose_requests", 0), ("lose_answers", 1)])
def test_it_leaves_a_request_unanswered_on_demand(carrier: RunningCarrier, field: str, taken: int) -> None:
    carrier.behave(**{field: 1})
    with pytest.raises(requests.Timeout):
        requests.post(
            f"{carrier.url}/2010-04-01/Accounts/{ACCOUNT}/Messages.json",
            data={"To": PHONE, "From": SENDER, "Body": "x"},
            auth=(ACCOUNT, TOKEN),
            timeout=0.5,
        )
    assert len(carrier.messages()) == taken
    assert carrier.client().messages.create(to=PHONE, from_=SENDER, body="y").status == "queued"


async def test_status_callbacks_come_in_order_and_signed_as_twilio_signs_them(
    carrier: RunningCarrier, customer: Customer
) -> None:
    callback = f"{customer.url}/webhooks/twilio/status?notice=7"
    sent = carrier.client().messages.create(to=PHONE, from_=SENDER, body="泄漏", status_callback=callback)
    assert sent.sid is not None
    sid = sent.sid
    await until(lambda: len(customer.posts) == 2, what="two callbacks")
    assert customer.statuses(sid) == ["sent", "delivered"]
    for post in customer.posts:
        assert post.url == callback
        assert RequestValidator(TOKEN).validate(post.url, post.fields, post.signature)
        assert not RequestValidator("other").validate(post.url, post.fields, post.signature)
        tampered = post.fields | {"MessageStatus": "failed"}
        assert not RequestValidator(TOKEN).validate(post.url, tampered, post.signature)
    assert carrier.client().messages(sid).fetch().status == "delivered"


async def test_a_phone_that_is_off_is_reported_undelivered_with_its_code(
    carrier: RunningCarrier, customer: Customer
) -> None:
    carrier.behave(outcomes={PHONE: "30003"})
    callback = f"{customer.url}/status"
    sent = carrier.client().messages.create(to=PHONE, from_=SENDER, body="x", status_callback=callback)
    assert sent.sid is not None
    await until(lambda: len(customer.posts) == 2, what="two callbacks")
    assert customer.posts[-1].fields["MessageStatus"] == "undelivered"
    assert customer.posts[-1].fields["ErrorCode"] == "30003"
    fetched = carrier.client().messages(sent.sid).fetch()
    assert (fetched.error_code, fetched.error_message) == (30003, "Unreachable destination handset")


async def test_a_callback_that_fails_is_made_again(carrier: RunningCarrier, customer: Customer) -> None:
    customer.failures = 1
    callback = f"{customer.url}/status"
    sent = carrier.client().messages.create(to=PHONE, from_=SENDER, body="x", status_callback=callback)
    assert sent.sid is not None
    sid = sent.sid
    await until(lambda: customer.statuses(sid) == ["sent", "delivered"], what="both callbacks")


async def test_a_reply_is_posted_signed_to_the_customer(carrier: RunningCarrier, customer: Customer) -> None:
    carrier.client().messages.create(to=PHONE, from_=SENDER, body="回复 37 确认")
    sid = carrier.reply(PHONE, "37")
    await until(lambda: customer.posts, what="the reply")
    post = customer.posts[0]
    assert post.url == f"{customer.url}/webhooks/twilio/sms"
    assert post.fields["MessageSid"] == sid
    assert (post.fields["From"], post.fields["To"], post.fields["Body"]) == (PHONE, SENDER, "37")
    assert post.fields["FromCity"] == ""
    assert RequestValidator(TOKEN).validate(post.url, post.fields, post.signature)


def test_who_replies_stop_gets_nothing_more_until_start(carrier: RunningCarrier) -> None:
    carrier.reply(PHONE, "stop")
    with pytest.raises(TwilioRestException) as refused:
        carrier.client().messages.create(to=PHONE, from_=SENDER, body="x")
    assert refused.value.code == 21610
    carrier.reply(PHONE, "START")
    assert carrier.client().messages.create(to=PHONE, from_=SENDER, body="x").status == "queued"


def test_the_page_shows_itself_in_chinese_and_loads_nothing_from_elsewhere(carrier: RunningCarrier) -> None:
    answer = carrier.http.get(f"{carrier.url}/", timeout=5)
    assert "模拟手机" in answer.text
    assert "http" not in answer.text
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert "innerHTML" not in answer.text


def test_the_page_asks_only_for_news_and_names_the_owner(carrier: RunningCarrier) -> None:
    carrier.client().messages.create(to=PHONE, from_=SENDER, body="<b>x</b>")
    carrier.behave(outcome="sent")
    shown = carrier.http.get(f"{carrier.url}/sim/messages", timeout=5).json()
    assert shown["messages"][-1]["person"] == "王建国 老板"
    assert shown["messages"][-1]["body"] == "<b>x</b>"


@pytest.mark.parametrize(
    ("path", "body"), [("reply", {"phone": PHONE, "text": ""}), ("reply", {"phone": PHONE}), ("reply", [])]
)
def test_nonsense_on_the_control_endpoints_is_refused(
    carrier: RunningCarrier, path: str, body: object
) -> None:
    assert carrier.http.post(f"{carrier.url}/sim/{path}", json=body, timeout=5).status_code == 400


def test_a_form_from_another_site_can_not_reply_for_a_person(carrier: RunningCarrier) -> None:
    form = carrier.http.post(f"{carrier.url}/sim/reply", data={"phone": PHONE, "text": "37"}, timeout=5)
    assert form.status_code == 415
    outcome = carrier.http.put(f"{carrier.url}/sim/behaviour", json={"outcome": "30999"}, timeout=5)
    assert outcome.status_code == 400
