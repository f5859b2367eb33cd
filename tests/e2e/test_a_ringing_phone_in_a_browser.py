"""The demo, where no text arrives: a phone rings on the phones' page, and key 1 takes the alarm over."""

from pathlib import Path

import pytest
import requests
from playwright.sync_api import expect

from gascore.alarm import AlarmKind, AlarmStatus
from gascore.canary import is_canary
from gascore.journal import AlarmStepped, KeyPressed
from support.browser import Operator, open_browser
from support.demo import a_demo

pytestmark = pytest.mark.e2e
UNREACHABLE_HANDSET = {"outcome": "30003"}
"""Twilio's code of a phone that is switched off; here of all."""


def test_a_phone_rings_and_key_1_takes_the_alarm_over(tmp_path: Path) -> None:
    with a_demo(tmp_path) as demo, open_browser() as browser:
        carrier = requests.Session()
        carrier.trust_env = False
        changed = carrier.put(f"{demo.phones}/sim/behaviour", json=UNREACHABLE_HANDSET, timeout=10)
        assert changed.ok, changed.text
        operator = Operator(browser, demo.console)
        operator.sign_in("operator", demo.password("operator"))

        phones = operator.context.new_page()
        phones.goto(demo.phones)
        answer = phones.get_by_role("button", name="接听")
        expect(answer.first).to_be_visible(timeout=90_000)
        sid = phones.locator(".call", has=answer).first.get_attribute("data-sid")
        call = phones.locator(f'.call[data-sid="{sid}"]')
        call.get_by_role("button", name="接听").click()
        expect(call).to_contain_text("泄漏")
        call.get_by_role("button", name="1", exact=True).click()

        pressed = demo.wait_for(lambda: demo.events(KeyPressed), within_s=30, what="the key")
        assert [one.digit for one in pressed] == ["1"]

        def taken() -> list[int]:
            leaks = [one.alarm for one in demo.events(AlarmStepped) if one.alarm.kind is AlarmKind.LEAK]
            return [one.id for one in leaks if one.acked_ms is not None and not is_canary(one.detector)]

        number = demo.wait_for(taken, within_s=30, what="the key taking the alarm over")[0]
        row = operator.row(number=number)
        operator.wait_for_status(row, AlarmStatus.ACKED_ACTIVE)
        expect(row.locator("[data-part=acked]")).to_contain_text("已接手")
        assert operator.errors == []
        assert demo.interrupt() == 0, demo.output()
