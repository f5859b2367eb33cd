"""The carrier's telephones, used through Twilio's own library, and against Twilio's own OpenAPI."""

from collections.abc import Iterator
from typing import Any

import pytest
from twilio.base.exceptions import TwilioRestException  # type: ignore[import-untyped]  # it ships no types
from twilio.request_validator import RequestValidator  # type: ignore[import-untyped]  # it ships no types

from support.carrier import ACCOUNT, SENDER, TOKEN, Customer, RunningCarrier, a_carrier, a_customer
from support.openapi import complaints, description, form_fields, response_schema
from support.waiting import until

pytestmark = pytest.mark.contract
PHONE = "+8610000000001"
CALLS = "/2010-04-01/Accounts/{AccountSid}/Calls.json"
CALL = "/2010-04-01/Accounts/{AccountSid}/Calls/{Sid}.json"
ENDED = {"completed", "busy", "no-answer", "failed"}


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


def twiml(customer: Customer) -> str:
    return (
        f'<Response><Gather numDigits="1" timeout="8" action="{customer.url}/key?notice=7">'
        '<Say loop="2">Press 1.</Say></Gather><Say>Nobody pressed.</Say></Response>'
    )


def place(carrier: RunningCarrier, customer: Customer, *, to: str = PHONE, timeout: int = 25) -> str:
    call = carrier.client().calls.create(
        to=to,
        from_=SENDER,
        twiml=twiml(customer),
        timeout=timeout,
        status_callback=f"{customer.url}/status",
        status_callback_event=["completed"],
    )
    assert (call.status, call.direction) == ("queued", "outbound-api")
    return str(call.sid)


def status(carrier: RunningCarrier, sid: str) -> str:
    return str(carrier.client().calls(sid).fetch().status)


async def ended(carrier: RunningCarrier, customer: Customer, sid: str) -> str:
    await until(
        lambda: any(one.fields["CallStatus"] in ENDED for one in customer.of_call(sid)),
        what="the last callback",
    )
    return status(carrier, sid)


async def rings(carrier: RunningCarrier, sid: str) -> None:
    await until(lambda: status(carrier, sid) == "ringing", what="the ringing")


async def test_a_person_answers_and_presses_a_key(carrier: RunningCarrier, customer: Customer) -> None:
    carrier.behave(gather_s=5)
    sid = place(carrier, customer)
    await rings(carrier, sid)
    assert carrier.act(sid, "answer") == 204
    await until(lambda: carrier.calls()[0]["heard"] == ["Press 1."], what="the text")
    assert carrier.act(sid, "1") == 204
    assert await ended(carrier, customer, sid) == "completed"
    assert carrier.calls()[0]["heard"] == ["Press 1.", "Thank you."]
    assert carrier.calls()[0]["keys"] == "1"
    key, last = customer.of_call(sid)
    assert (key.fields["Digits"], key.fields["CallStatus"], key.url) == (
        "1",
        "in-progress",
        f"{customer.url}/key?notice=7",
    )
    assert last.fields["CallStatus"] == "completed"
    assert all(RequestValidator(TOKEN).validate(one.url, one.fields, one.signature) for one in (key, last))
    assert carrier.act(sid, "answer") == 404, "it is over"


async def test_an_answering_machine_answers_and_presses_nothing(
    carrier: RunningCarrier, customer: Customer
) -> None:
    carrier.behave(call="machine", gather_s=0.05)
    sid = place(carrier, customer)
    assert await ended(carrier, customer, sid) == "completed"
    assert [one.fields.get("Digits") for one in customer.of_call(sid)] == [None]
    assert carrier.calls()[0]["heard"] == ["Press 1.", "Nobody pressed."]


@pytest.mark.parametrize("outcome", ["busy", "no-answer", "failed"])
async def test_a_call_that_nobody_takes(carrier: RunningCarrier, customer: Customer, outcome: str) -> None:
    carrier.behave(calls={PHONE: outcome})
    sid = place(carrier, customer)
    assert await ended(carrier, customer, sid) == outcome


async def test_a_ringing_phone_is_given_up_and_a_declined_call_is_busy(
    carrier: RunningCarrier, customer: Customer
) -> None:
    patience = place(carrier, customer, timeout=1)
    assert await ended(carrier, customer, patience) == "no-answer"
    declined = place(carrier, customer)
    await rings(carrier, declined)
    carrier.act(declined, "hang_up")
    assert await ended(carrier, customer, declined) == "busy"


async def test_a_phone_can_press_a_key_by_itself_and_hang_up_in_the_middle(
    carrier: RunningCarrier, customer: Customer
) -> None:
    carrier.behave(call="1", gather_s=5)
    sid = place(carrier, customer)
    await ended(carrier, customer, sid)
    assert customer.of_call(sid)[0].fields["Digits"] == "1"
    carrier.behave(gather_s=5)
    cut = place(carrier, customer)
    await rings(carrier, cut)
    carrier.act(cut, "answer")
    carrier.act(cut, "hang_up")
    assert await ended(carrier, customer, cut) == "completed"


async def test_what_is_no_twiml_ends_the_call(carrier: RunningCarrier, customer: Customer) -> None:
    carrier.behave(call="machine")
    customer.twiml = "nonsense"
    call = carrier.client().calls.create(to=PHONE, from_=SENDER, url=f"{customer.url}/twiml")
    await until(lambda: status(carrier, call.sid) == "completed", what="the end")
    assert carrier.calls()[0]["heard"] == ["an application error has occurred"]


@pytest.mark.parametrize(
    ("form", "code"),
    [
        ({"to": "+15005550001"}, 21211),
        ({"to": "nonsense"}, 21211),
        ({"from_": "+15005550008"}, 21611),
        ({"twiml": ""}, 21205),
    ],
)
def test_a_call_that_can_not_be_placed_is_refused(
    carrier: RunningCarrier, form: dict[str, str], code: int
) -> None:
    wanted = {"to": PHONE, "from_": SENDER, "twiml": "<Response/>"} | form
    with pytest.raises(TwilioRestException) as refused:
        carrier.client().calls.create(**wanted)
    assert refused.value.code == code


def test_the_answer_of_a_placed_call_can_be_lost(carrier: RunningCarrier, customer: Customer) -> None:
    carrier.behave(refuse={"code": 20500, "times": 1})
    with pytest.raises(TwilioRestException):
        place(carrier, customer)
    assert carrier.calls() == []
    sid = place(carrier, customer)
    assert [one.sid for one in carrier.client().calls.list(to=PHONE)] == [sid]
    assert carrier.client().calls.list(to="+8610000000002") == []


async def test_calls_have_exactly_the_described_shape(carrier: RunningCarrier, customer: Customer) -> None:
    twilios = description()
    form = {
        "To": PHONE,
        "From": SENDER,
        "Twiml": twiml(customer),
        "Timeout": "25",
        "StatusCallback": f"{customer.url}/status",
    }
    assert set(form) <= form_fields(twilios, CALLS)

    def agrees(path: str, method: str, code: int, body: dict[str, Any]) -> None:
        assert list(complaints(twilios, response_schema(twilios, path, method, code), body)) == []

    def get(path: str, sid: str = "") -> dict[str, Any]:
        url = carrier.url + path.format(AccountSid=ACCOUNT, Sid=sid)
        body: dict[str, Any] = carrier.http.get(url, auth=(ACCOUNT, TOKEN), timeout=5).json()
        return body

    carrier.behave(call="1", gather_s=5)
    created = carrier.http.post(
        carrier.url + CALLS.format(AccountSid=ACCOUNT), data=form, auth=(ACCOUNT, TOKEN), timeout=5
    )
    agrees(CALLS, "post", 201, created.json())
    sid = created.json()["sid"]
    await ended(carrier, customer, sid)
    agrees(CALL, "get", 200, get(CALL, sid))
    agrees(CALLS, "get", 200, get(CALLS))
