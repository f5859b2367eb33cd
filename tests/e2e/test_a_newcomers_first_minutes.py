"""The demo as a newcomer sees it: gas, texts, the ladder, an answer from a phone, the console, the next day."""

import os
import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from gascore.alarm import Alarm, AlarmKind, AlarmStatus, NoticeState
from gascore.journal import AlarmStepped, NoticeStepped
from gascore.words import Level
from support.browser import Operator, open_browser
from support.demo import Demo, a_demo

pytestmark = pytest.mark.e2e
PICTURES = Path("docs/img")
NOTE = "软管脱落，已更换并检漏。"


def alarms(demo: Demo, kind: AlarmKind) -> dict[int, Alarm]:
    """Every alarm of one kind as it is now, by number."""
    return {one.alarm.id: one.alarm for one in demo.events(AlarmStepped) if one.alarm.kind is kind}


def told(demo: Demo, alarm: int) -> set[str]:
    """The roles of those whose phones have got a text about this alarm."""
    steps = [one.notice for one in demo.events(NoticeStepped) if one.notice.alarm == alarm]
    return {one.role for one in steps if one.state is NoticeState.DELIVERED}


def keep(name: str, folder: Path) -> Path:
    """Where a picture goes: into the docs when somebody wants new ones, else away."""
    return (PICTURES if os.environ.get("GASWATCH_NEW_PICTURES") else folder) / name


def answer_from_a_phone(page: Page, site: str, room: str) -> None:
    """The first person who was told of a leak there replies with the code of the newest text."""
    phone = page.locator(".phone", has_text=f"负责人 · {site}").first
    newest = phone.locator(".bubble", has_text="泄漏").first
    expect(newest).to_contain_text(room, timeout=10_000)
    code = re.search(r"回(\d+)接手", newest.inner_text())
    assert code, newest.inner_text()
    phone.locator("input").fill(code[1])
    phone.locator("button").click()
    expect(phone.locator(".bubble.mine")).to_contain_text(code[1], timeout=10_000)


def close_when_the_gas_is_gone(operator: Operator, numbers: tuple[int, ...]) -> None:
    """The cause is written down, and the rows leave the screen."""
    for number in numbers:
        row = operator.row(number=number)
        operator.wait_for_status(row, AlarmStatus.ACKED_NORMAL, timeout_s=60)
        operator.close(row, "real_leak", NOTE)
        expect(row).to_have_count(0, timeout=15_000)


def test_from_the_hose_to_the_written_cause(tmp_path: Path) -> None:
    with a_demo(tmp_path) as demo, open_browser() as browser:
        operator = Operator(browser, demo.console)
        operator.sign_in("operator", demo.password("operator"))

        misfit = demo.wait_for(lambda: alarms(demo, AlarmKind.WRONG_GAS), within_s=60, what="wrong gas")
        for number in misfit:
            expect(operator.wait_for_row(number=number)).to_contain_text("气型不符")

        def high() -> list[Alarm]:
            return [one for one in alarms(demo, AlarmKind.LEAK).values() if one.peak_level is Level.HIGH]

        demo.wait_for(lambda: len(high()) == 2, within_s=90, what="two detectors at the high set point")
        first, second = sorted(one.id for one in high())
        expect(operator.wait_for_row(number=first)).to_contain_text("燃气高限报警")
        demo.wait_for(lambda: len(alarms(demo, AlarmKind.OFFLINE)) == 3, within_s=60, what="the will")
        demo.wait_for(lambda: alarms(demo, AlarmKind.FAULT), within_s=60, what="the fault")
        expect(operator.wait_for_row(number=first)).to_contain_text("已送达")
        operator.screenshot(keep("console.png", tmp_path))

        phones = operator.context.new_page()
        phones.goto(demo.phones)
        answer_from_a_phone(phones, "青溪气站", "气瓶间")
        phones.screenshot(path=keep("phones.png", tmp_path))

        def answered() -> list[int]:
            return [one.id for one in alarms(demo, AlarmKind.LEAK).values() if one.acked_ms is not None]

        [taken] = demo.wait_for(answered, within_s=20, what="the reply taking the alarm over")
        left = second if taken == first else first
        operator.wait_for_status(operator.row(number=taken), AlarmStatus.ACKED_ACTIVE)

        # Nobody answers the other one: the duty officer is told after 90 s, and a browser's click ends it.
        demo.wait_for(lambda: "duty_officer" in told(demo, left), within_s=120, what="the next rung")
        assert "duty_officer" not in told(demo, taken)
        operator.acknowledge(operator.row(number=left))
        close_when_the_gas_is_gone(operator, (taken, left))
        assert {one.note for one in alarms(demo, AlarmKind.LEAK).values()} == {NOTE}

        detector = alarms(demo, AlarmKind.LEAK)[first].detector
        page = operator.context.new_page()
        page.goto(f"{demo.console}/detectors/{detector}")
        expect(page.locator(".uplot canvas").first).to_be_visible(timeout=20_000)
        page.screenshot(path=keep("detector.png", tmp_path), full_page=True)
        assert operator.errors == []

        pids = demo.pids()
        assert demo.interrupt() == 0, demo.output()
        assert not [pid for pid in pids if Path(f"/proc/{pid}").exists()]
        before = len(demo.journal())

    with a_demo(tmp_path) as again:
        assert len(again.journal()) > before
        assert {one.status for one in alarms(again, AlarmKind.LEAK).values()} == {AlarmStatus.CLOSED}
        assert len(alarms(again, AlarmKind.WRONG_GAS)) == len(misfit), "the same alarm, not a new one"
