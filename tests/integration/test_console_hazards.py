"""Hazards over HTTP: the list with its deadlines, closing one by hand, and how the console shows them."""

import asyncio
from functools import partial
from pathlib import Path

import pytest

from gascore.alarm import AlarmKind
from gascore.hazard import (
    AlarmChatters,
    FloodBegan,
    FloodEnded,
    Hazard,
    HazardClosed,
    HazardOpened,
    HazardRequested,
)
from gascore.operators import OperatorAnswered, Outcome
from gascore.words import AlarmId, DetectorId, SiteId
from gaswatch.stores.engine import writing
from gaswatch.stores.hazards import SqlHazards
from support.alarms import NOW_MS, a_leak
from support.clock import ManualClock
from support.console import OWN, Console, a_console
from support.waiting import until

pytestmark = pytest.mark.integration
DAY_MS = 86_400_000


def opens(console: Console, number: int, *, days: int = 7, site: str = "S1") -> Hazard:
    """A hazard, as alerts writes it."""
    console.open_alarm(a_leak(number, detector=f"d{number}"))
    hazard = Hazard(
        number,
        AlarmId(number),
        AlarmKind.FAULT,
        NOW_MS - DAY_MS,
        NOW_MS,
        NOW_MS + days * DAY_MS,
        SiteId(site),
        DetectorId(f"d{number}"),
    )
    with writing(console.engine) as connection:
        SqlHazards(connection).put(hazard)
    console.journal.append([HazardOpened(hazard=hazard)], NOW_MS)
    return hazard


def _is_asked(console: Console, cursor: int) -> bool:
    return console.journal.last_id() > cursor


async def test_hazards_are_listed_in_pages_with_their_deadlines(tmp_path: Path) -> None:
    async with a_console(tmp_path, clock=ManualClock(NOW_MS + 2 * DAY_MS)) as console:
        for number in (1, 2, 3):
            opens(console, number, days=1 if number == 2 else 7)
        browser = await console.signed_in("inspector")
        first = (await browser.get("/api/v1/hazards", params={"limit": 2})).json()
        assert [one["id"] for one in first["hazards"]] == [3, 2]
        assert [one["overdue"] for one in first["hazards"]] == [False, True]
        assert first["hazards"][0]["site_name_en"]
        rest = (await browser.get("/api/v1/hazards", params={"before": first["next_before"]})).json()
        assert ([one["id"] for one in rest["hazards"]], rest["next_before"]) == ([1], None)
        overdue = (await browser.get("/api/v1/hazards", params={"overdue": True})).json()
        assert [one["id"] for one in overdue["hazards"]] == [2]
        elsewhere = (await browser.get("/api/v1/hazards", params={"site": "S9"})).json()
        assert elsewhere["hazards"] == []
        assert (await browser.get("/api/v1/hazards/2")).json()["deadline_ms"] == NOW_MS + DAY_MS
        assert (await browser.get("/api/v1/hazards/99")).status_code == 404


async def test_an_operator_closes_a_hazard_and_an_inspector_may_not(tmp_path: Path) -> None:
    async with a_console(tmp_path) as console:
        opens(console, 1)
        inspector = await console.signed_in("inspector")
        refused = await inspector.post("/api/v1/hazards/1/close", json={"note": "x"}, headers=OWN)
        assert refused.status_code == 403
        operator = await console.signed_in()
        assert (
            await operator.post("/api/v1/hazards/1/close", json={"note": ""}, headers=OWN)
        ).status_code == 422
        for outcome, status in ((Outcome.DONE, 200), (Outcome.ALREADY, 409)):
            cursor = console.journal.last_id()
            asking = asyncio.create_task(
                operator.post("/api/v1/hazards/1/close", json={"note": "replaced"}, headers=OWN)
            )
            await until(partial(_is_asked, console, cursor), what="the request")
            request = console.journal.after(cursor, 1)[0].event
            assert isinstance(request, HazardRequested)
            assert (request.hazard, request.note) == (1, "replaced")
            answer = OperatorAnswered(request=request.request, alarm=request.alarm, outcome=outcome)
            console.journal.append([answer], NOW_MS)
            assert (await asking).status_code == status


async def test_the_console_shows_hazards_last_and_says_that_there_is_a_flood(tmp_path: Path) -> None:
    async with a_console(tmp_path) as console:
        hazard = opens(console, 2)
        console.open_alarm(a_leak(1))
        console.journal.append([AlarmChatters(alarm=AlarmId(1)), FloodBegan(since_ms=5, alarms=11)], NOW_MS)
        await console.follows()
        shot = console.parts.follower.picture.snapshot(NOW_MS)
        assert [(row.id, row.hazard_ms, row.chatters) for row in shot.rows] == [
            (1, None, True),
            (2, hazard.deadline_ms, False),
        ]
        assert (shot.counts.hazards, shot.counts.flood_ms) == (1, 5)
        console.journal.append(
            [HazardClosed(hazard=hazard), FloodEnded(since_ms=5, ended_ms=6, alarms=12)], NOW_MS
        )
        await console.follows()
        shot = console.parts.follower.picture.snapshot(NOW_MS)
        assert (shot.counts.hazards, shot.counts.flood_ms) == (0, None)


async def test_after_a_start_the_console_knows_of_the_flood_that_is_on(tmp_path: Path) -> None:
    async with a_console(tmp_path) as console:
        opens(console, 2)
        console.journal.append([FloodBegan(since_ms=5, alarms=11)], NOW_MS)
        found = console.parts.alarms.open_alarms()
        console.parts.follower.picture.begin(found.cursor, found.entries, console.parts.town.names())
        shot = console.parts.follower.picture.snapshot(NOW_MS)
        assert (shot.counts.flood_ms, shot.rows[0].hazard_ms) == (5, NOW_MS + 7 * DAY_MS)


async def test_the_page_shows_open_hazards_and_the_load_of_the_last_week(tmp_path: Path) -> None:
    async with a_console(tmp_path, clock=ManualClock(NOW_MS + 8 * DAY_MS)) as console:
        opens(console, 1)
        browser = await console.signed_in()
        context = (await browser.get("/upkeep")).json()
        assert context["template"] == "upkeep"
        assert [(one["id"], one["overdue"]) for one in context["hazards"]] == [(1, True)]
        assert context["next_before"] is None
        assert context["tallied"]["until_ms"] - context["tallied"]["from_ms"] == 7 * DAY_MS
        assert (await console.client().get("/upkeep")).status_code == 303
