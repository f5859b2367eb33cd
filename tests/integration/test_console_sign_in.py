"""Signing in, roles, and that changes come from our own pages; a real server and a real store."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest

from dashboard.service.sessions import IDLE_MS, LASTS_MS
from gascore.journal import SignedIn
from support.alarms import a_leak
from support.clock import ManualClock
from support.console import OWN, PASSWORD, Console, a_console

pytestmark = pytest.mark.integration


@pytest.fixture
async def console(tmp_path: Path) -> AsyncIterator[Console]:
    async with a_console(tmp_path) as found:
        yield found


def problem(answer: httpx2.Response) -> tuple[int, str]:
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert body["status"] == answer.status_code
    return answer.status_code, body["detail"]


async def test_without_a_session_programs_get_401_and_people_the_login_page(console: Console) -> None:
    browser = console.client()
    for path in (
        "alarms",
        "alarms/1",
        "detectors",
        "sites",
        "system",
        "journal",
        "stream",
        "compliance/uptime",
    ):
        status, detail = problem(await browser.get(f"/api/v1/{path}"))
        assert (status, "Sign in" in detail) == (401, True), path
    page = await browser.get("/detectors")
    assert (page.status_code, page.headers["location"]) == (303, "/login?next=/detectors")
    assert (await browser.get("/login")).status_code == 200


async def test_the_right_password_opens_a_session_and_leads_where_one_wanted_to_go(console: Console) -> None:
    browser = console.client()
    form = {"name": "operator", "password": PASSWORD, "next": "/detectors?q=a"}
    answer = await browser.post("/login", data=form)
    assert (answer.status_code, answer.headers["location"]) == (303, "/detectors?q=a")
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert "Secure" not in cookie, "browsers would drop it on plain HTTP"
    assert console.journal.after(0, 100)[-1].event == SignedIn(user="operator", ok=True, address="127.0.0.1")


async def test_a_cookie_of_an_https_address_is_never_sent_in_the_clear(tmp_path: Path) -> None:
    async with a_console(tmp_path, public="https://gas.example") as console:
        answer = await console.client().post("/login", data={"name": "operator", "password": PASSWORD})
        assert "Secure" in answer.headers["set-cookie"]


@pytest.mark.parametrize(("name", "password"), [("operator", "wrong"), ("nobody", PASSWORD), ("", "")])
async def test_a_wrong_name_or_password_is_told_in_the_same_words(
    console: Console, name: str, password: str
) -> None:
    answer = await console.client().post("/login", data={"name": name, "password": password})
    assert answer.status_code == 401
    assert answer.json()["error"] == "wrong"
    assert "set-cookie" not in answer.headers
    event = console.journal.after(0, 100)[-1].event
    assert isinstance(event, SignedIn)
    assert not event.ok


async def test_the_sixth_attempt_within_a_minute_is_not_looked_at(console: Console) -> None:
    browser = console.client()
    for _ in range(5):
        assert (await browser.post("/login", data={"name": "operator", "password": "x"})).status_code == 401
    answer = await browser.post("/login", data={"name": "Operator", "password": PASSWORD})
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "60")
    await console.signed_in("inspector")


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example", "/\\evil.example", ""])
async def test_nobody_is_led_to_a_stranger_after_signing_in(console: Console, target: str) -> None:
    form = {"name": "operator", "password": PASSWORD, "next": target}
    answer = await console.client().post("/login", data=form)
    assert answer.headers["location"] == "/"


async def test_a_login_form_on_a_strangers_page_is_refused(console: Console) -> None:
    form = {"name": "operator", "password": PASSWORD}
    browser = console.client()
    for headers in (
        {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"},
        {"Sec-Fetch-Site": "", "Origin": "null"},
        {"Sec-Fetch-Site": "", "Origin": "http://["},
        {"Sec-Fetch-Site": ""},
    ):
        answer = await browser.post("/login", data=form, headers=headers)
        assert answer.status_code == 403, headers
    plain_http = {"Sec-Fetch-Site": "", "Origin": console.url}
    assert (await browser.post("/login", data=form, headers=plain_http)).status_code == 303


async def test_signing_out_ends_the_session_on_the_server(console: Console) -> None:
    browser = await console.signed_in()
    cookie = dict(browser.cookies)
    assert (await browser.get("/api/v1/system")).status_code == 200
    assert (await browser.post("/logout")).headers["location"] == "/login"
    stolen = console.client()
    stolen.cookies.update(cookie)
    assert (await stolen.get("/api/v1/system")).status_code == 401


async def test_an_inspector_looks_and_does_not_act(console: Console) -> None:
    console.open_alarm(a_leak())
    browser = await console.signed_in("inspector")
    assert (await browser.get("/api/v1/alarms")).status_code == 200
    for action, body in (("ack", {}), ("close", {"cause": "test"}), ("comment", {"note": "x"})):
        status, detail = problem(await browser.post(f"/api/v1/alarms/1/{action}", json=body, headers=OWN))
        assert (status, "inspector" in detail) == (403, True)


async def test_a_change_without_our_own_header_is_refused(console: Console) -> None:
    browser = await console.signed_in()
    for path, body in (("alarms/1/ack", {}), ("screen", {"alarm": 1, "ms": 5})):
        status, detail = problem(await browser.post(f"/api/v1/{path}", json=body))
        assert (status, "X-Gaswatch" in detail) == (403, True)


async def test_a_session_ends_after_a_shift_without_a_request_and_after_a_day(tmp_path: Path) -> None:
    clock = ManualClock()
    async with a_console(tmp_path, clock=clock) as console:
        idle, busy = await console.signed_in(), await console.signed_in()
        await clock.advance(IDLE_MS - 1000)
        assert (await busy.get("/api/v1/system")).status_code == 200
        await clock.advance(1000)
        assert (await idle.get("/api/v1/system")).status_code == 401
        assert (await busy.get("/api/v1/system")).status_code == 200
        await clock.advance(LASTS_MS - IDLE_MS)
        assert (await busy.get("/api/v1/system")).status_code == 401


async def test_every_answer_carries_the_headers_that_protect_a_browser(console: Console) -> None:
    browser = await console.signed_in()
    for path in ("/", "/login", "/api/v1/system", "/nowhere", "/healthz"):
        headers = (await browser.get(path)).headers
        assert "default-src 'self'" in headers["content-security-policy"], path
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["cache-control"] == "no-store"


async def test_an_oversized_request_is_refused_before_it_is_read(console: Console) -> None:
    answer = await console.client().post("/login", content=b"x" * 300_000)
    assert answer.status_code == 413
