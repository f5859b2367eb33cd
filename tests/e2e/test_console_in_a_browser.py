"""The console in a real browser, against a small server that speaks its contract."""

import msgspec
import pytest
from playwright.sync_api import Browser, expect

from gascore.alarm import AlarmKind, AlarmStatus
from gascore.words import Language, Level, Priority
from support.browser import PHONE, Operator
from support.console_server import ConsoleServer, now_ms
from support.rows import LONG_ZH, a_busy_town, a_row

pytestmark = pytest.mark.e2e


def test_a_new_leak_appears_by_itself_and_its_delay_is_reported(
    operator: Operator, server: ConsoleServer
) -> None:
    expect(operator.page.locator("#empty")).to_be_visible()
    server.say(a_row(1, now_ms()))
    row = operator.wait_for_row(number=1)
    expect(row.locator("[data-part=title]")).to_have_text("燃气高限报警")
    expect(operator.page.locator("#empty")).to_be_hidden()
    expect(operator.page).to_have_title("(1) 实时报警 · gaswatch")
    server.wait_for(lambda: len(server.screens) == 1)
    assert server.screens[0]["alarm"] == 1
    assert 0 <= server.screens[0]["ms"] < 1000


def test_an_alarm_that_was_there_before_is_not_measured(browser: Browser) -> None:
    with ConsoleServer((a_row(1, now_ms()),)) as server:
        someone = Operator(browser, server.url)
        someone.open()
        someone.wait_for_row(number=1)
        server.say(a_row(2, now_ms()))
        server.wait_for(lambda: bool(server.screens))
        assert [said["alarm"] for said in server.screens] == [2]
        someone.context.close()


def test_unacknowledged_alarms_stand_first_by_priority_and_the_newest_of_them_above(browser: Browser) -> None:
    with ConsoleServer(a_busy_town(now_ms())) as server:
        someone = Operator(browser, server.url)
        someone.open()
        someone.wait_for_row(number=1)
        assert someone.rows() == [2, 1, 3, 9, 8, 6, 5, 4, 7]
        assert someone.errors == []
        someone.context.close()


def test_one_press_acknowledges_what_the_operator_saw(operator: Operator, server: ConsoleServer) -> None:
    before = a_row(7, now_ms(), version=4)
    server.say(before)
    row = operator.wait_for_row(number=7)
    operator.acknowledge(row)
    server.wait_for(lambda: bool(server.asked))
    assert server.asked == [("/api/v1/alarms/7/ack", {"seen_version": 4, "note": ""})]
    server.say(
        msgspec.structs.replace(
            before, status=AlarmStatus.ACKED_ACTIVE, acked_by="李敏", acked_ms=now_ms(), version=5
        )
    )
    operator.wait_for_status(row, "acked_active")
    expect(row.locator("[data-part=ack]")).to_be_hidden()
    expect(row.locator("[data-part=acked]")).to_contain_text("李敏 已接手")


def test_when_it_got_worse_meanwhile_the_operator_is_told_to_look_again(
    operator: Operator, server: ConsoleServer
) -> None:
    server.answers["ack"] = (409, {"outcome": "changed_meanwhile", "version": 5})
    server.say(a_row(1, now_ms(), priority=Priority.HIGH, level=Level.LOW, peak_level=Level.LOW))
    row = operator.wait_for_row(number=1)
    operator.acknowledge(row)
    expect(row.locator("[data-part=feedback]")).to_have_text("情况已变化，请再看一遍后确认。")
    expect(row.locator("[data-part=ack]")).to_be_visible()
    operator.errors.clear()  # Chromium itself logs the 409


def test_a_trouble_of_ours_has_a_name_and_what_was_said_of_it_is_a_hint(
    operator: Operator, server: ConsoleServer
) -> None:
    said = "the broker dropped 12 messages since 2026-11-25 08:00 UTC"
    ours: dict[str, object] = {
        "detector": None,
        "site": None,
        "site_name": "",
        "site_name_en": "",
        "lel": None,
    }
    ours |= {"peak_lel": None, "room_name": "", "room_name_en": "", "address": "", "supply_gas": None}
    codes = ("broker_drops", "main:1883", said)
    server.say(a_row(4, now_ms(), kind=AlarmKind.TROUBLE, priority=Priority.MEDIUM, codes=codes, **ours))
    row = operator.wait_for_row(number=4)
    name = row.locator("[data-part=room]")
    expect(name).to_have_text("消息服务器丢弃消息 main:1883")
    expect(name).to_have_attribute("title", said)
    expect(row.locator("[data-part=codes]")).to_be_hidden()
    expect(row).not_to_contain_text("UTC")
    row.locator("[data-part=more]").click()
    expect(row.locator("[data-part=facts]")).to_contain_text(f"发生时的说明{said}")


def test_a_request_that_waits_for_the_alarm_service_is_said_to_wait(
    operator: Operator, server: ConsoleServer
) -> None:
    server.answers["ack"] = (202, {"outcome": "asked", "version": None})
    server.say(a_row(1, now_ms()))
    row = operator.wait_for_row(number=1)
    operator.acknowledge(row)
    expect(row.locator("[data-part=feedback]")).to_have_text("已记录，报警服务恢复后生效。")


def test_a_leak_that_is_over_is_closed_with_a_cause(operator: Operator, server: ConsoleServer) -> None:
    over = {"status": AlarmStatus.ACKED_NORMAL, "acked_by": "李敏", "acked_ms": now_ms(), "level": Level.NONE}
    server.say(a_row(3, now_ms(), **over))
    row = operator.wait_for_row(number=3)
    row.locator("[data-part=close]").click()
    operator.page.click("#ask button[value=send]")
    expect(operator.page.locator("#ask")).to_be_visible()  # no cause, no closing
    operator.page.keyboard.press("Escape")
    operator.close(row, "real_leak", "软管脱落")
    server.wait_for(lambda: bool(server.asked))
    assert server.asked == [("/api/v1/alarms/3/close", {"cause": "real_leak", "note": "软管脱落"})]
    server.take(3)
    expect(row).to_have_count(0)


def test_it_sounds_until_somebody_acknowledges(operator: Operator, server: ConsoleServer) -> None:
    operator.page.mouse.click(5, 400)  # a gesture, as browsers want one
    html = operator.page.locator("html")
    expect(html).to_have_attribute("data-sound", "quiet")
    leak = a_row(1, now_ms())
    server.say(leak)
    expect(html).to_have_attribute("data-sound", "urgent")
    operator.page.keyboard.press("s")
    expect(operator.page.locator("#sound")).to_have_attribute("data-state", "paused")
    server.say(a_row(2, now_ms(), priority=Priority.HIGH))
    expect(operator.page.locator("#sound")).to_have_attribute("data-state", "sounding")
    acked = {"acked_by": "李敏", "acked_ms": now_ms(), "status": AlarmStatus.ACKED_ACTIVE}
    server.say(msgspec.structs.replace(leak, **acked))
    expect(html).to_have_attribute("data-sound", "high")
    server.take(2)
    expect(html).to_have_attribute("data-sound", "quiet")


def test_a_browser_that_forbids_sound_is_said_loudly_until_a_click(
    operator: Operator, server: ConsoleServer
) -> None:
    expect(operator.page.locator("#sound-off")).to_be_visible()
    operator.page.click("#sound-off")
    expect(operator.page.locator("#sound-off")).to_be_hidden()
    assert server.asked == []


def test_a_silent_server_makes_the_list_say_that_it_is_old(operator: Operator, server: ConsoleServer) -> None:
    server.say(a_row(1, now_ms()))
    operator.wait_for_row(number=1)
    server.quiet = True
    expect(operator.page.locator("#stale")).to_be_visible(timeout=9000)
    expect(operator.page.locator("#stale-words")).to_contain_text("列表可能已过时")
    expect(operator.page.locator("body")).to_have_attribute("data-stale", "true")
    server.quiet = False
    expect(operator.page.locator("#stale")).to_be_hidden()
    operator.wait_until_live()


def test_a_silent_collector_is_said_though_the_stream_lives(
    operator: Operator, server: ConsoleServer
) -> None:
    server.collector_age_ms = 11_000
    expect(operator.page.locator("#stale-words")).to_contain_text("数据采集已有 0:1")


def test_after_a_broken_connection_the_list_is_the_servers_again(
    operator: Operator, server: ConsoleServer
) -> None:
    server.say(a_row(1, now_ms()), a_row(2, now_ms()))
    operator.wait_for_row(number=2)
    server.cut()
    server.take(1)
    expect(operator.row(number=1)).to_have_count(0, timeout=10_000)
    operator.wait_for_row(number=2)
    assert server.connected >= 2
    operator.errors.clear()  # Chromium itself logs the cut


def test_whoever_is_signed_out_is_told_to_sign_in_and_not_left_with_an_old_list(
    operator: Operator, server: ConsoleServer
) -> None:
    server.signed_out = True
    server.cut()
    expect(operator.page.locator("#stale-words")).to_contain_text("登录已失效", timeout=10_000)
    expect(operator.page.locator("#sign-in")).to_be_visible()
    operator.errors.clear()  # Chromium itself logs the 401


def test_an_alarm_that_was_missed_ends_a_pause_of_the_sound(
    operator: Operator, server: ConsoleServer
) -> None:
    operator.page.mouse.click(5, 400)
    server.say(a_row(1, now_ms()))
    expect(operator.page.locator("html")).to_have_attribute("data-sound", "urgent")
    operator.page.keyboard.press("s")
    expect(operator.page.locator("#sound")).to_have_attribute("data-state", "paused")
    server.cut()
    server.say(a_row(2, now_ms()))  # nobody is connected
    operator.wait_for_row(number=2)
    expect(operator.page.locator("#sound")).to_have_attribute("data-state", "sounding")
    operator.errors.clear()  # Chromium itself logs the cut


def test_an_inspector_sees_everything_and_has_no_buttons_to_act(browser: Browser) -> None:
    with ConsoleServer(a_busy_town(now_ms())) as server:
        server.may_act = False
        someone = Operator(browser, server.url)
        someone.open()
        row = someone.wait_for_row(number=1)
        expect(row.locator("[data-part=ack]")).to_be_hidden()
        row.focus()
        someone.page.keyboard.press("a")
        someone.page.keyboard.press("Enter")
        expect(row.locator("[data-part=details]")).to_be_visible()
        assert server.asked == []
        assert someone.errors == []
        someone.context.close()


def test_a_person_is_shown_with_how_far_the_text_got(browser: Browser) -> None:
    with ConsoleServer(a_busy_town(now_ms())) as server:
        someone = Operator(browser, server.url)
        someone.open()
        told = someone.wait_for_row(number=1).locator("[data-part=told] > li")
        expect(told).to_have_text(
            ["李建国负责人 · 已送达", "王秀英安全员 · 已提交", "赵敏值班长 · 未送达", "另有 1 人"]
        )
        someone.context.close()


def test_all_tabs_share_one_connection_and_the_button_works_in_the_eighth(
    operator: Operator, server: ConsoleServer
) -> None:
    server.say(a_row(1, now_ms()))
    tabs = [operator.context.new_page() for _ in range(7)]
    for tab in tabs:
        tab.goto(server.url)
        expect(tab.locator("#alarm-1")).to_be_visible()
    server.wait_for(lambda: server.open_streams == 1, timeout_s=30)
    tabs[-1].locator("#alarm-1 [data-part=ack]").click()
    server.wait_for(lambda: bool(server.asked))


def test_the_keys_choose_open_and_acknowledge(operator: Operator, server: ConsoleServer) -> None:
    server.say(a_row(1, now_ms() - 1000), a_row(2, now_ms()))
    operator.wait_for_row(number=1)
    operator.page.keyboard.press("ArrowDown")
    operator.page.keyboard.press("ArrowDown")
    expect(operator.row(number=1)).to_be_focused()
    operator.page.keyboard.press("Enter")
    expect(operator.row(number=1).locator("[data-part=details]")).to_be_visible()
    operator.page.keyboard.press("a")
    server.wait_for(lambda: bool(server.asked))
    assert server.asked[0][0] == "/api/v1/alarms/1/ack"


def test_markup_in_a_name_is_shown_and_not_run(operator: Operator, server: ConsoleServer) -> None:
    evil = "<img src=x onerror=\"document.title='run'\">"
    server.say(a_row(1, now_ms(), site_name=evil, address=evil, codes=(evil,)))
    row = operator.wait_for_row(number=1)
    expect(row.locator("[data-part=site]")).to_have_text(evil)
    expect(operator.page).to_have_title("(1) 实时报警 · gaswatch")


@pytest.mark.parametrize("language", Language)
def test_on_a_phone_nothing_is_wider_than_the_screen_and_buttons_are_for_thumbs(
    browser: Browser, language: Language
) -> None:
    with ConsoleServer(a_busy_town(now_ms()), language=language) as server:
        someone = Operator(browser, server.url, size=PHONE)
        someone.open()
        row = someone.wait_for_row(number=2)
        assert someone.page.evaluate("document.documentElement.scrollWidth") == PHONE[0]
        box = row.locator("[data-part=ack]").bounding_box()
        assert box is not None
        assert box["height"] >= 44
        assert box["width"] > 200
        if language is Language.ZH:
            expect(row.locator("[data-part=site]")).to_have_text(LONG_ZH)
        someone.context.close()


def test_two_hundred_are_shown_and_the_rest_is_counted(operator: Operator, server: ConsoleServer) -> None:
    start = now_ms() - 10_000
    server.say(*(a_row(number, start + number) for number in range(1, 251)))
    operator.wait_for_row(number=250)
    assert len(operator.rows()) == 200
    expect(operator.page.locator("#overflow")).to_contain_text("50")


def test_a_false_alarm_is_closed_with_what_it_was_about(operator: Operator, server: ConsoleServer) -> None:
    over = {"status": AlarmStatus.ACKED_NORMAL, "acked_by": "李敏", "acked_ms": now_ms(), "level": Level.NONE}
    server.say(a_row(3, now_ms(), **over))
    row = operator.wait_for_row(number=3)
    row.locator("[data-part=close]").click()
    page = operator.page
    page.check("#ask [name=cause][value=false_alarm]")
    page.click("#ask button[value=send]")
    expect(page.locator("#ask")).to_be_visible()  # of what?
    page.check("#ask [name=trigger][value=steam]")
    page.click("#ask button[value=send]")
    server.wait_for(lambda: bool(server.asked))
    said = {"cause": "false_alarm", "trigger": "steam", "note": ""}
    assert server.asked == [("/api/v1/alarms/3/close", said)]


def test_a_fault_is_shelved_with_a_reason_and_an_end(operator: Operator, server: ConsoleServer) -> None:
    server.say(a_row(4, now_ms(), kind=AlarmKind.FAULT))
    row = operator.wait_for_row(number=4)
    row.focus()
    page = operator.page
    page.keyboard.press("h")
    page.check("#ask [name=hours][value='2']")
    page.click("#ask button[value=send]")
    expect(page.locator("#ask")).to_be_visible()  # why?
    page.fill("#ask-note", "等备件")
    before_ms = now_ms()
    page.click("#ask button[value=send]")
    server.wait_for(lambda: bool(server.asked))
    ((path, body),) = server.asked
    assert (path, body["reason"]) == ("/api/v1/alarms/4/shelve", "等备件")
    assert abs(body["until_ms"] - before_ms - 2 * 3_600_000) < 60_000


def test_a_gas_alarm_offers_no_shelf_and_takes_over_only_after_asking(
    operator: Operator, server: ConsoleServer
) -> None:
    server.say(a_row(5, now_ms(), owner="李敏"))
    row = operator.wait_for_row(number=5)
    row.locator("[data-part=more]").click()
    expect(row.locator("[data-part=shelve]")).to_be_hidden()
    row.locator("[data-part=own]").click()
    expect(operator.page.locator("#ask-title")).to_contain_text("李敏")
    operator.page.click("#ask button[value=send]")
    server.wait_for(lambda: bool(server.asked))
    assert server.asked == [("/api/v1/alarms/5/own", {"take_over": True, "note": ""})]
