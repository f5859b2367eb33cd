"""What operators do at the console beyond acknowledging: whoever telephoned, what is silent, what is a hazard."""

import pytest
from playwright.sync_api import Browser, expect

from gascore.alarm import AlarmKind, AlarmStatus, NoticeState, Suppression
from gascore.words import Language, Priority
from support.browser import DESK, PHONE, Operator
from support.console_server import ConsoleServer, now_ms
from support.rows import a_busy_town, a_notice, a_row

pytestmark = pytest.mark.e2e
HOUR_MS = 3_600_000


def test_whoever_telephoned_is_chosen_among_those_told_or_named(
    operator: Operator, server: ConsoleServer
) -> None:
    told = (
        a_notice(11, now_ms(), "李建国", "owner", NoticeState.DELIVERED),
        a_notice(12, now_ms(), "赵敏", "duty_officer", NoticeState.UNDELIVERED),
    )
    server.say(a_row(6, now_ms(), version=3, notices=told))
    row = operator.wait_for_row(number=6)
    page = operator.page
    row.focus()
    page.keyboard.press("p")
    expect(page.locator("#ask-told .choice")).to_have_text(["李建国负责人", "赵敏值班领导"])
    page.get_by_label("赵敏").check()
    page.fill("#ask-note", "已到现场")
    page.click("#ask button[value=send]")
    server.wait_for(lambda: len(server.asked) == 1)
    row.locator("[data-part=more]").click()
    row.locator("[data-part=telephone]").click()
    page.get_by_label("其他人").check()
    page.click("#ask button[value=send]")
    expect(page.locator("#ask")).to_be_visible()  # who?
    page.fill("#ask-name", " 房东 ")
    page.click("#ask button[value=send]")
    server.wait_for(lambda: len(server.asked) == 2)
    assert server.asked == [
        ("/api/v1/alarms/6/ack-for", {"seen_version": 3, "note": "已到现场", "person": "p12"}),
        ("/api/v1/alarms/6/ack-for", {"seen_version": 3, "note": "", "name": "房东"}),
    ]


def test_what_is_silent_stands_in_a_fold_with_its_count(operator: Operator, server: ConsoleServer) -> None:
    start_ms = now_ms()
    shelved = a_row(
        1,
        start_ms,
        kind=AlarmKind.OFFLINE,
        status=AlarmStatus.SHELVED,
        suppression=Suppression.SHELVED,
        suppressed_until_ms=start_ms + HOUR_MS,
        suppressed_by="李敏",
        suppressed_reason="等备件",
    )
    covered = a_row(
        2,
        start_ms,
        kind=AlarmKind.FAULT,
        status=AlarmStatus.OUT_OF_SERVICE,
        suppression=Suppression.MAINTENANCE,
    )
    server.say(shelved, covered, a_row(3, start_ms))
    operator.wait_for_row(number=3)
    page = operator.page
    assert operator.rows() == [3]
    expect(page.locator("#fold")).to_have_text("静默报警 2 条 · 检修 1 · 已搁置 1")
    page.click("#fold")
    row = operator.wait_for_row(number=1)
    expect(row.locator("[data-part=flags]")).to_contain_text("至 ")
    row.locator("[data-part=more]").click()
    row.locator("[data-part=unshelve]").click()
    server.wait_for(lambda: bool(server.asked))
    assert server.asked == [("/api/v1/alarms/1/unshelve", {})]
    server.say(a_row(1, start_ms, kind=AlarmKind.OFFLINE, priority=Priority.MEDIUM, version=2))
    expect(page.locator("#alarms #alarm-1")).to_be_visible()
    expect(page.locator("#fold")).to_have_text("静默报警 1 条 · 检修 1")
    page.click("#fold")
    expect(page.locator("#alarm-2")).to_have_count(0)


def test_a_hazard_and_a_chattering_alarm_are_marked_and_what_is_overdue_too(
    operator: Operator, server: ConsoleServer
) -> None:
    start_ms = now_ms()
    server.say(
        a_row(1, start_ms, kind=AlarmKind.FAULT, chatters=True),
        a_row(2, start_ms, kind=AlarmKind.WRONG_GAS, hazard_ms=start_ms + HOUR_MS),
        a_row(3, start_ms, kind=AlarmKind.OFFLINE, hazard_ms=start_ms - HOUR_MS),
    )
    expect(operator.wait_for_row(number=1).locator("[data-part=flags]")).to_have_text("反复报警")
    expect(operator.row(number=2)).to_have_attribute("data-hazard", "due")
    expect(operator.row(number=2).locator("[data-part=flags]")).to_contain_text("隐患，限")
    expect(operator.row(number=3)).to_have_attribute("data-hazard", "overdue")
    assert operator.rows() == [1, 3, 2]


@pytest.mark.parametrize("size", [DESK, PHONE])
@pytest.mark.parametrize("language", Language)
def test_nothing_is_wider_than_the_screen(
    browser: Browser, language: Language, size: tuple[int, int]
) -> None:
    silent = a_row(30, now_ms(), kind=AlarmKind.FAULT, suppression=Suppression.SHELVED)
    with ConsoleServer((*a_busy_town(now_ms()), silent), language=language) as server:
        someone = Operator(browser, server.url, size=size)
        someone.open()
        someone.wait_for_row(number=1)
        someone.page.click("#sound-off")
        expect(someone.page.locator("#fold")).to_be_visible()
        assert someone.page.evaluate("document.documentElement.scrollWidth") == size[0]
        someone.context.close()
