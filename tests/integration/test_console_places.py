"""The pages of one alarm and of one site: a real server over a real store."""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from alerts.rules.casefile import CaseFile
from alerts.rules.ladder_words import Ladder, Phase
from alerts.rules.reach import Reach
from gascore.alarm import ChannelKind
from gascore.contacts import Reachability
from gascore.hazard import Hazard
from gascore.policy import Chain, Step, Target, TargetKind
from gascore.registry import Duty, Ledger, Person, Role
from gascore.windows import PlaceKind, Window
from gascore.words import AlarmId, DetectorId, PersonId, SiteId
from gaswatch.stores.contacts import SqlContactBooks
from gaswatch.stores.desk import SqlCases
from gaswatch.stores.engine import writing
from gaswatch.stores.hazards import SqlHazards
from gaswatch.stores.registry import SqlRegistry
from gaswatch.stores.windows import SqlWindows
from support.alarms import NOW_MS, a_leak, acked, closed
from support.console import Console, a_console
from support.waiting import until

pytestmark = pytest.mark.integration
CHEN = Person(PersonId("chen"), "陈", "Chen", "+8613800000001")
LIN = Person(PersonId("lin"), "林", "Lin", "+8613800000002")
OWNER = Target(TargetKind.ROLE, Role.OWNER.value)
OFFICER = Target(TargetKind.ROLE, Role.DUTY_OFFICER.value)
FIRST = Step(0, (OWNER,), (ChannelKind.SMS, ChannelKind.VOICE))
CHAIN = Chain("leaks", 4, (FIRST, Step(120, (OFFICER,), (ChannelKind.VOICE,), 2)), repeat_s=300)


async def has_people(console: Console) -> None:
    site = SiteId("S1")
    duties = (
        Duty(CHEN.id, Role.OWNER, site),
        Duty(CHEN.id, Role.SAFETY_OFFICER, site),
        Duty(LIN.id, Role.DUTY_OFFICER, None),
    )
    SqlRegistry(console.engine).put(Ledger(people=(CHEN, LIN), duties=duties), by="test", at_ms=NOW_MS)
    await until(lambda: "lin" in console.parts.follower.picture.board.names.people, what="the ledger is read")


async def an_alarm(console: Console, ladder: Ladder) -> dict[str, Any]:
    console.open_alarm(a_leak())
    with writing(console.engine) as connection:
        SqlCases(connection).put(CaseFile(a_leak(), ladder=ladder))
    await console.follows()
    browser = await console.signed_in("inspector")
    shown: dict[str, Any] = (await browser.get("/alarms/1")).json()
    return shown


async def test_an_alarms_page_shows_who_is_told_next_when_and_how(tmp_path: Path) -> None:
    async with a_console(tmp_path) as console:
        await has_people(console)
        climbing = Ladder(Phase.CLIMBING, started_ms=NOW_MS, rung=0, due_ms=NOW_MS + 120_000, chain=CHAIN)
        shown = await an_alarm(console, climbing)
        assert (shown["template"], shown["alarm"]["id"], shown["alarm"]["site"]) == ("alarm", 1, "S1")
        step = shown["next"]
        assert (step["number"], step["at_ms"], step["acks"]) == (2, NOW_MS + 120_000, 2)
        assert [(one["name"], one["channel"], one["address"]) for one in step["lines"]] == [
            ("林", "voice", "…0002")
        ]
        first = shown["climb"]["steps"][0]["lines"]
        assert [(one["channel"], one["instead"]) for one in first] == [("sms", False), ("voice", True)]
        assert shown["entries"][0]["event"]["step"] == "opened"


async def test_an_alarms_page_says_how_many_of_those_who_must_have_answered_and_until_when(
    tmp_path: Path,
) -> None:
    async with a_console(tmp_path) as console:
        await has_people(console)
        first = Ladder(
            Phase.CLIMBING, started_ms=NOW_MS, rung=1, chain=CHAIN, acks=("chen", "operator"), expires_ms=7
        )
        climb = (await an_alarm(console, first))["climb"]
        assert (climb["acks"], climb["acks_needed"], climb["expires_ms"]) == (["陈", "operator"], 2, 7)
        assert climb["repeat_s"] == CHAIN.repeat_s


async def test_an_alarm_of_which_nothing_readable_is_kept_is_shown_without_its_chain(tmp_path: Path) -> None:
    async with a_console(tmp_path) as console:
        console.open_alarm(a_leak())
        browser = await console.signed_in()
        shown = (await browser.get("/alarms/1")).json()
        assert (shown["template"], shown["climb"], shown["next"]) == ("alarm", None, None)
        missing = await browser.get("/alarms/9")
        assert (missing.status_code, missing.json()["template"]) == (404, "problem")


async def test_a_sites_page_shows_what_hangs_holds_and_is_planned_there(tmp_path: Path) -> None:
    async with a_console(tmp_path) as console:
        await has_people(console)
        now_ms = console.parts.clock.now_ms()
        console.open_alarm(a_leak())
        with SqlContactBooks(console.engine).transaction() as books:
            books.put([Reach(CHEN.id, CHEN.phone, NOW_MS, Reachability.UNREACHABLE, why="stopped")])
        hazard = Hazard(
            id=1,
            alarm=AlarmId(1),
            kind=a_leak().kind,
            since_ms=NOW_MS,
            opened_ms=NOW_MS,
            deadline_ms=NOW_MS + 1,
            site=SiteId("S1"),
            detector=DetectorId("d1"),
        )
        with writing(console.engine) as connection:
            SqlHazards(connection).put(hazard)
        window = Window(
            "w1", PlaceKind.ROOM, "S1-kitchen", CHEN.id, "operator", "pipes", now_ms, now_ms + 60_000
        )
        for one in (
            window,
            msgspec.structs.replace(window, id="w2", place=PlaceKind.AREA, at="town"),
            msgspec.structs.replace(window, id="w3", place=PlaceKind.AREA, at="grid-2"),
            msgspec.structs.replace(window, id="w4", place=PlaceKind.DETECTOR, at="d2"),
        ):
            SqlWindows(console.engine).put(one, "operator", now_ms)
        await console.follows()
        browser = await console.signed_in()
        shown = (await browser.get("/sites/S1")).json()
        assert (shown["template"], shown["site"]["id"], shown["area"]["id"]) == ("site", "S1", "grid-1")
        (room,) = shown["rooms"]
        assert [one["line"]["id"] for one in room["detectors"]] == ["d1", "d2"]
        assert [one["id"] for one in shown["alarms"]] == [1]
        (keeper,) = shown["people"]
        assert (keeper["contact"]["state"], keeper["roles"]) == ("unreachable", ["owner", "safety_officer"])
        assert CHEN.phone not in str(shown)
        assert [one["overdue"] for one in shown["hazards"]] == [True]
        assert {one["id"] for one in shown["windows"]} == {"w1", "w2", "w4"}
        assert shown["new_window"] == "S1餐馆 · S1"
        assert (await browser.get("/sites/nowhere")).status_code == 404


async def test_a_closed_alarm_is_on_no_sites_page_but_keeps_its_own(tmp_path: Path) -> None:
    async with a_console(tmp_path) as console:
        console.open_alarm(a_leak())
        console.close_alarm(closed(acked(a_leak())))
        await console.follows()
        browser = await console.signed_in()
        assert (await browser.get("/sites/S1")).json()["alarms"] == []
        assert (await browser.get("/alarms/1")).json()["alarm"]["closed_by"] == "operator"
