"""The phones' page in a real browser: a text appears, a person replies, nothing of a text is run."""

from collections.abc import Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Browser, Page, expect

from support.browser import open_browser
from support.carrier import SENDER, RunningCarrier, a_carrier

pytestmark = pytest.mark.e2e
OWNER, OFFICER = "+8610000000001", "+8610000000002"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with open_browser() as running:
        yield running


@pytest.fixture
def carrier() -> Iterator[RunningCarrier]:
    with a_carrier(people={OWNER: "王建国 · 负责人", OFFICER: "李秀英 · 安全员"}) as running:
        yield running


@pytest.fixture
def page(browser: Browser, carrier: RunningCarrier) -> Iterator[Page]:
    opened = browser.new_page()
    complaints: list[str] = []
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    opened.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    opened.goto(f"{carrier.url}/")
    yield opened
    opened.close()
    # Chromium asks for a favicon by itself; there is none.
    assert [one for one in complaints if "404" not in one] == []


def test_a_text_appears_on_its_phone_with_the_newest_phone_first(carrier: RunningCarrier, page: Page) -> None:
    expect(page.get_by_text("还没有短信")).to_be_visible()
    send = carrier.client().messages.create
    send(to=OWNER, from_=SENDER, body="气瓶间泄漏，回复 37 确认")
    phone = page.locator(f'[data-phone="{OWNER}"]')
    expect(phone.locator(".bubble")).to_contain_text("气瓶间泄漏，回复 37 确认")
    expect(phone.locator("h2")).to_have_text("王建国 · 负责人")
    expect(phone.locator(".bubble")).to_contain_text("已送达")
    send(to=OFFICER, from_=SENDER, body="第二条")
    expect(page.locator(".phone h2").first).to_have_text("李秀英 · 安全员")


def test_a_person_replies_from_the_phone(carrier: RunningCarrier, page: Page) -> None:
    carrier.client().messages.create(to=OWNER, from_=SENDER, body="回复 37 确认")
    phone = page.locator(f'[data-phone="{OWNER}"]')
    phone.get_by_role("textbox").fill("37")
    phone.get_by_role("button", name="发送").click()
    expect(phone.locator(".bubble.mine")).to_contain_text("37")
    expect(phone.get_by_role("textbox")).to_have_value("")
    assert [one["body"] for one in carrier.messages() if one["direction"] == "inbound"] == ["37"]


def test_markup_in_a_text_is_shown_and_not_run(carrier: RunningCarrier, page: Page) -> None:
    evil = "<img src=x onerror=\"document.title='run'\">"
    carrier.client().messages.create(to=OWNER, from_=SENDER, body=evil)
    expect(page.locator(".bubble")).to_contain_text(evil)
    expect(page.locator(".bubble img")).to_have_count(0)
    assert page.title() == "模拟手机 · gaswatch"


def test_the_time_beside_a_text_is_the_towns_as_in_the_text(carrier: RunningCarrier, page: Page) -> None:
    carrier.client().messages.create(to=OWNER, from_=SENDER, body="离线")
    at_ms = int(carrier.messages()[0]["at_ms"])
    town = datetime.fromtimestamp(at_ms / 1000, ZoneInfo("Asia/Shanghai")).strftime("%H:%M:%S")
    expect(page.locator(".bubble small")).to_contain_text(town)
