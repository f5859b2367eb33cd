"""Whoever can't prove that a provider sends them gets nothing done, at any webhook that there is.

A table over the routes: a new route under /webhooks without a line here fails the first test.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import httpx2
import msgspec
import pytest
from fastapi.routing import APIRoute
from starlette.routing import BaseRoute
from twilio.request_validator import RequestValidator  # type: ignore[import-untyped]  # has no types

from dashboard.adapters.app import create_app
from dashboard.adapters.parts import Parts
from support.clock import ManualClock
from support.console import PUBLIC, TWILIO_TOKEN, Console, a_console

pytestmark = pytest.mark.integration
SECRET: Final = "a-secret-in-the-path-of-callbacks"
SIGNED: Final[Mapping[str, Mapping[str, str]]] = {
    "/webhooks/twilio/sms": {"MessageSid": "SM1", "From": "+861000000001", "Body": "37"},
    "/webhooks/twilio/status": {"MessageSid": "SM1", "MessageStatus": "delivered"},
    "/webhooks/twilio/voice": {"CallSid": "CA1", "Digits": "1"},
}
"""Twilio signs the address and the form with our token: route -> a form that it could send."""
SECRETIVE: Final[Mapping[str, Any]] = {
    "/webhooks/{token}/aliyun/sms-report": [{"success": True, "out_id": "7"}],
    "/webhooks/{token}/aliyun/sms-up": [{"phone_number": "13800000001", "content": "37"}],
    "/webhooks/{token}/aliyun/voice": [{"call_id": "c", "status_code": "200000", "dtmf": "1", "out_id": "7"}],
    "/webhooks/{token}/tencent/status": [{"sid": "s", "report_status": "SUCCESS"}],
    "/webhooks/{token}/tencent/reply": {"mobile": "13800000001", "text": "37"},
}
"""These providers sign nothing: the path holds a secret. Route -> a body that they could send."""


def with_secret(parts: Parts) -> Parts:
    options = msgspec.structs.replace(parts.options, callback_token=SECRET)
    return msgspec.structs.replace(parts, options=options)


@pytest.fixture
async def console(tmp_path: Path) -> AsyncIterator[Console]:
    async with a_console(tmp_path, public=PUBLIC, change=with_secret) as found:
        yield found


def routes(console: Console) -> set[str]:
    """Every webhook that the dashboard has."""
    return {path for path in _paths(create_app(console.parts).routes) if path.startswith("/webhooks")}


def _paths(found: Iterable[BaseRoute]) -> Iterator[str]:
    for one in found:
        if isinstance(one, APIRoute):
            yield one.path
        elif (inner := getattr(one, "original_router", None)) is not None:  # an included router
            yield from _paths(inner.routes)


@dataclass(frozen=True)
class Forged:
    """A call that nobody must believe: a form, and for which address and form it was signed."""

    name: str
    form: Mapping[str, str]
    signature: str | None
    host: str | None = None


def signature(path: str, form: Mapping[str, str], *, base: str = PUBLIC, token: str = TWILIO_TOKEN) -> str:
    return str(RequestValidator(token).compute_signature(base + path, dict(form)))


def forged(path: str, form: Mapping[str, str]) -> list[Forged]:
    good = signature(path, form)
    tampered = [
        Forged(f"{field} was changed", {**form, field: f"{form[field]}0"}, good) for field in sorted(form)
    ]
    elsewhere = "/webhooks/twilio/another"
    return [
        *tampered,
        Forged("a field was added", {**form, "Extra": "1"}, good),
        Forged("a field was taken out", dict(sorted(form.items())[1:]), good),
        Forged("there is no signature", form, None),
        Forged("the signature is empty", form, ""),
        Forged("the signature is another token's", form, signature(path, form, token="other")),
        Forged("it was signed for another route", form, signature(elsewhere, form)),
        Forged("it was signed with a query", form, signature(f"{path}?a=1", form)),
        Forged("it was signed for another host", form, signature(path, form, base="https://evil.example")),
        Forged(
            "another host is named, and it was signed for that",
            form,
            signature(path, form, base="https://evil.example"),
            "evil.example",
        ),
        Forged("it was signed for http", form, signature(path, form, base=PUBLIC.replace("https", "http"))),
    ]


async def test_every_webhook_has_a_line_in_the_table(console: Console) -> None:
    assert routes(console) == set(SIGNED) | set(SECRETIVE)


async def test_a_call_that_twilio_did_not_sign_so_is_refused_and_nothing_is_done(console: Console) -> None:
    before = console.journal.last_id()
    for path in sorted(routes(console) & set(SIGNED)):
        for one in forged(path, SIGNED[path]):
            headers = {} if one.signature is None else {"X-Twilio-Signature": one.signature}
            if one.host is not None:
                headers |= {"Host": one.host, "X-Forwarded-Host": one.host, "X-Forwarded-Proto": "https"}
            answer = await console.client().post(path, data=dict(one.form), headers=headers)
            assert answer.status_code == 403, (path, one.name)
            assert TWILIO_TOKEN not in answer.text
    assert console.journal.last_id() == before


async def test_a_call_that_twilio_signed_is_taken(console: Console) -> None:
    for path in sorted(routes(console) & set(SIGNED)):
        form = SIGNED[path]
        headers = {"X-Twilio-Signature": signature(path, form)}
        answer = await console.client().post(path, data=dict(form), headers=headers)
        assert answer.status_code < 300, (path, answer.text)


async def test_a_call_that_comes_again_is_answered_and_done_once_and_later_refused(tmp_path: Path) -> None:
    clock = ManualClock()
    async with a_console(tmp_path, public=PUBLIC, clock=clock, change=with_secret) as console:
        calls = [_signed(console, path) for path in sorted(routes(console) & set(SIGNED))]
        calls += [_secret(console, route) for route in sorted(routes(console) & set(SECRETIVE))]
        for call in calls:
            before = console.journal.last_id()
            first = await call()
            assert first.status_code < 300, first.text
            taken = console.journal.last_id()
            assert taken > before
            clock.advance_now(3_599_000)
            again = await call()
            assert (again.status_code, again.text) == (first.status_code, first.text), "a provider gives up"
            clock.advance_now(2_000)
            late = await call()
            assert late.status_code == 403
            assert SECRET not in late.text.replace(str(late.request.url.path), "")
            assert console.journal.last_id() == taken, "nothing of it was done again"


async def test_a_signed_call_whose_fields_come_in_another_order_is_the_same_call(console: Console) -> None:
    path = "/webhooks/twilio/sms"
    headers = {"X-Twilio-Signature": signature(path, SIGNED[path])}
    await console.client().post(path, data=dict(SIGNED[path]), headers=headers)
    before = console.journal.last_id()
    turned = dict(sorted(SIGNED[path].items(), reverse=True))
    assert (await console.client().post(path, data=turned, headers=headers)).status_code == 200
    assert console.journal.last_id() == before


async def test_a_call_that_was_refused_is_not_remembered(console: Console) -> None:
    path = "/webhooks/twilio/sms"
    wrong = {"X-Twilio-Signature": "x"}
    assert (await console.client().post(path, data=dict(SIGNED[path]), headers=wrong)).status_code == 403
    before = console.journal.last_id()
    right = {"X-Twilio-Signature": signature(path, SIGNED[path])}
    assert (await console.client().post(path, data=dict(SIGNED[path]), headers=right)).status_code == 200
    assert console.journal.last_id() > before


async def test_without_the_secret_a_callback_is_no_page_and_nothing_is_done(console: Console) -> None:
    before = console.journal.last_id()
    for route in sorted(routes(console) & set(SECRETIVE)):
        for token in ("x", SECRET[:-1], SECRET.upper(), f"{SECRET}0", "%20"):
            answer = await _posts(console, route.format(token=token), SECRETIVE[route])
            assert answer.status_code == 404, (route, token)
            assert SECRET not in answer.text
    assert console.journal.last_id() == before


async def test_with_no_secret_set_no_callback_is_believed(tmp_path: Path) -> None:
    async with a_console(tmp_path, public=PUBLIC) as console:
        before = console.journal.last_id()
        for route in sorted(routes(console) & set(SECRETIVE)):
            for token in ("", "x", SECRET):
                answer = await _posts(console, route.format(token=token), SECRETIVE[route])
                assert answer.status_code in {404, 405}, (route, token)
        assert console.journal.last_id() == before


async def test_with_the_secret_a_callback_is_taken(console: Console) -> None:
    for route in sorted(routes(console) & set(SECRETIVE)):
        before = console.journal.last_id()
        answer = await _posts(console, route.format(token=SECRET), SECRETIVE[route])
        assert answer.status_code == 200, (route, answer.text)
        assert console.journal.last_id() > before, route


def _signed(console: Console, path: str) -> Callable[[], Awaitable[httpx2.Response]]:
    headers = {"X-Twilio-Signature": signature(path, SIGNED[path])}
    return lambda: console.client().post(path, data=dict(SIGNED[path]), headers=headers)


def _secret(console: Console, route: str) -> Callable[[], Awaitable[httpx2.Response]]:
    return lambda: _posts(console, route.format(token=SECRET), SECRETIVE[route])


async def _posts(console: Console, path: str, body: object) -> httpx2.Response:
    return await console.client().post(path, json=body)
