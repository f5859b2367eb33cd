"""The list of a group alarm, on the API and as a page."""

from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest

from gascore.alarm import Alarm, AlarmKind, GroupKind, Outage
from gascore.words import AlarmId, Level
from support.alarms import a_leak, closed
from support.console import Console, a_console

pytestmark = pytest.mark.integration


@pytest.fixture
async def console(tmp_path: Path) -> AsyncIterator[Console]:
    async with a_console(tmp_path) as console:
        yield console


def an_outage() -> Alarm:
    outage = Outage(GroupKind.GATEWAY, "gw-1", 3, 5, 6)
    plain = msgspec.structs.replace(a_leak(), level=Level.NONE, peak_level=Level.NONE, peak_lel=None)
    return msgspec.structs.replace(
        plain, key="group:gateway:gw-1", kind=AlarmKind.OUTAGE, detector=None, latched=False, outage=outage
    )


def a_silence(number: int) -> Alarm:
    return msgspec.structs.replace(
        a_leak(number, detector="d1"),
        key=f"detector:d1:offline:{number}",
        kind=AlarmKind.OFFLINE,
        latched=False,
        inside=AlarmId(1),
    )


async def test_what_an_alarm_stands_for_is_listed_page_by_page_open_and_closed(console: Console) -> None:
    console.open_alarm(an_outage())
    for number in (2, 3, 4):
        console.open_alarm(a_silence(number))
    console.close_alarm(closed(a_silence(2)))
    await console.follows()
    browser = await console.signed_in("inspector")
    first = (await browser.get("/api/v1/alarms/1/inside", params={"limit": 2})).json()
    assert [(one["id"], one["status"], one["inside"]) for one in first["items"]] == [
        (2, "closed", 1),
        (3, "suppressed", 1),
    ]
    rest = (await browser.get("/api/v1/alarms/1/inside", params={"after": first["next"]})).json()
    assert ([one["id"] for one in rest["items"]], rest["next"]) == ([4], None)
    group = (await browser.get("/api/v1/alarms/1")).json()["alarm"]
    assert (group["outage"]["name"], group["outage"]["most"], group["outage"]["size"]) == ("gw-1", 5, 6)


async def test_the_console_shows_the_group_alone_and_counts_the_others(console: Console) -> None:
    console.open_alarm(an_outage())
    for number in (2, 3):
        console.open_alarm(a_silence(number))
    await console.follows()
    browser = await console.signed_in()
    page = (await browser.get("/")).json()
    assert [row["id"] for row in page["rows"]] == [1]
    assert (page["counts"]["unacked"], page["counts"]["inside"]) == (1, 2)
    detector = (await browser.get("/detectors/d1")).json()
    assert {row["inside"] for row in detector["alarms"]} == {1}
    assert "gaswatch_alarms_inside 2.0" in (await browser.get("/metrics")).text


async def test_the_list_is_a_page_too(console: Console) -> None:
    console.open_alarm(an_outage())
    console.open_alarm(a_silence(2))
    await console.follows()
    browser = await console.signed_in()
    page = (await browser.get("/alarms/1/inside")).json()
    assert (page["template"], page["alarm"]["id"], page["next_after"]) == ("inside", 1, None)
    assert [row["detector"] for row in page["rows"]] == ["d1"]
    missing = await browser.get("/alarms/99/inside")
    assert (missing.status_code, missing.json()["template"]) == (404, "problem")
