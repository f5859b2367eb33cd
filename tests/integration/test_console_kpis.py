"""The figures of alarm management over HTTP: from a real journal."""

from pathlib import Path

import msgspec
import pytest

from gascore.alarm import AlarmKind
from gascore.journal import AlarmStep
from support.alarms import NOW_MS, a_leak, acked, closed
from support.clock import ManualClock
from support.console import Console, a_console

pytestmark = pytest.mark.integration
HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS


def a_busy_day(console: Console) -> None:
    """Twelve alarms within a minute, one of them answered and closed; one that is two days old."""
    old = a_leak(1, received_ms=NOW_MS - 2 * DAY_MS, detector="old")
    console.open_alarm(msgspec.structs.replace(old, kind=AlarmKind.OFFLINE))
    for number in range(2, 13):
        console.open_alarm(a_leak(number, received_ms=NOW_MS + number * 1000, detector=f"d{number}"))
    alarm = a_leak(13, received_ms=NOW_MS + 13_000, detector="d13")
    console.open_alarm(alarm)
    console.step(msgspec.structs.replace(acked(alarm), changed_ms=NOW_MS + 60_000), AlarmStep.ACKED)
    console.close_alarm(msgspec.structs.replace(closed(alarm), changed_ms=NOW_MS + 120_000))


async def test_a_period_is_counted_and_judged(tmp_path: Path) -> None:
    clock = ManualClock(NOW_MS + 2 * HOUR_MS)
    async with a_console(tmp_path, clock=clock) as console:
        a_busy_day(console)
        browser = await console.signed_in()
        asked = {"from": NOW_MS, "to": NOW_MS + HOUR_MS}
        answer = (await browser.get("/api/v1/kpis", params=asked)).json()
        tallied = answer["tallied"]
        assert (tallied["annunciated"], tallied["peak_minute"], tallied["floods"]) == (12, 12, 1)
        assert (tallied["stale_now"], tallied["by_area"]) == (1, {"grid-1": 12})
        assert tallied["response"]["all"]["acked"]["count"] == 1
        found = {one["name"]: one for one in answer["figures"]}
        assert found["peak_minute"]["verdict"] == "too_much"
        assert found["flood_share"]["source"] == "ISA-18.2"
        assert answer["operators"] == 1


async def test_a_period_that_reaches_into_the_future_is_counted_until_now(tmp_path: Path) -> None:
    clock = ManualClock(NOW_MS + HOUR_MS)
    async with a_console(tmp_path, clock=clock) as console:
        browser = await console.signed_in()
        asked = {"from": NOW_MS, "to": NOW_MS + DAY_MS}
        assert (await browser.get("/api/v1/kpis", params=asked)).json()["tallied"][
            "until_ms"
        ] == NOW_MS + HOUR_MS
        asked = {"from": NOW_MS + DAY_MS, "to": NOW_MS + 2 * DAY_MS}
        answer = (await browser.get("/api/v1/kpis", params=asked)).json()
        assert {one["verdict"] for one in answer["figures"]} <= {"good", "none"}


async def test_a_period_that_ends_before_it_begins_is_refused(tmp_path: Path) -> None:
    async with a_console(tmp_path, clock=ManualClock(NOW_MS)) as console:
        browser = await console.signed_in()
        answer = await browser.get("/api/v1/kpis", params={"from": NOW_MS, "to": NOW_MS})
        assert (answer.status_code, answer.json()["detail"]) == (
            422,
            "from, to: a period must end after it begins",
        )
        assert (await console.client().get("/api/v1/kpis")).status_code == 401
