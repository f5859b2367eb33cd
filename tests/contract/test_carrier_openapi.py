"""The carrier's answers against Twilio's own OpenAPI, so that the double can't drift from the real thing."""

from collections.abc import Iterator
from typing import Any

import pytest

from support.carrier import ACCOUNT, SENDER, TOKEN, RunningCarrier, a_carrier
from support.openapi import Schema, complaints, description, form_fields, response_schema
from support.waiting import until

pytestmark = pytest.mark.contract
MESSAGES = "/2010-04-01/Accounts/{AccountSid}/Messages.json"
MESSAGE = "/2010-04-01/Accounts/{AccountSid}/Messages/{Sid}.json"
PHONE = "+8610000000001"
FORM = {"To": PHONE, "From": SENDER, "Body": "气瓶间泄漏"}
SERVICE = {"To": PHONE, "MessagingServiceSid": "MG" + "0" * 32, "Body": "x"}


@pytest.fixture(scope="module")
def twilios() -> dict[str, Any]:
    return description()


@pytest.fixture(scope="module")
def carrier() -> Iterator[RunningCarrier]:
    with a_carrier() as running:
        yield running


def call(carrier: RunningCarrier, method: str, path: str, **form: str) -> tuple[int, dict[str, Any]]:
    url = carrier.url + path.format(AccountSid=ACCOUNT, Sid=form.pop("sid", ""))
    answer = carrier.http.request(method, url, data=form, auth=(ACCOUNT, TOKEN), timeout=5)
    body: dict[str, Any] = answer.json()
    return answer.status_code, body


def agrees(twilios: Schema, path: str, method: str, status: int, body: object) -> None:
    schema = response_schema(twilios, path, method, status)
    assert list(complaints(twilios, schema, body)) == []


@pytest.mark.parametrize("form", [FORM, SERVICE])
def test_a_created_message_has_exactly_the_described_shape(
    carrier: RunningCarrier, twilios: dict[str, Any], form: dict[str, str]
) -> None:
    assert set(form) <= form_fields(twilios, MESSAGES)
    status, body = call(carrier, "POST", MESSAGES, **form)
    assert status == 201
    agrees(twilios, MESSAGES, "post", status, body)


@pytest.mark.parametrize("outcome", ["delivered", "30003"])
async def test_a_finished_message_has_exactly_the_described_shape(
    carrier: RunningCarrier, twilios: dict[str, Any], outcome: str
) -> None:
    carrier.behave(outcome=outcome)
    sid = call(carrier, "POST", MESSAGES, **FORM)[1]["sid"]

    def finished() -> bool:
        return call(carrier, "GET", MESSAGE, sid=sid)[1]["status"] in {"delivered", "undelivered"}

    await until(finished, what="the final state")
    status, body = call(carrier, "GET", MESSAGE, sid=sid)
    agrees(twilios, MESSAGE, "get", status, body)
    assert body["date_sent"] is not None


def test_the_list_of_messages_has_exactly_the_described_shape(
    carrier: RunningCarrier, twilios: dict[str, Any]
) -> None:
    carrier.reply(PHONE, "37")
    status, body = call(carrier, "GET", MESSAGES)
    assert body["messages"]
    agrees(twilios, MESSAGES, "get", status, body)


def test_the_check_itself_notices_what_is_wrong(carrier: RunningCarrier, twilios: dict[str, Any]) -> None:
    body = call(carrier, "POST", MESSAGES, **FORM)[1]
    schema = response_schema(twilios, MESSAGES, "post", 201)
    for name, value in (("sid", "XX1"), ("status", "lost"), ("num_media", 0), ("extra", "x"), ("uri", 1)):
        assert list(complaints(twilios, schema, body | {name: value})), name
    del body["to"]
    assert list(complaints(twilios, schema, body)) == ["$.to: missing"]
