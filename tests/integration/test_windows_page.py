"""The page of maintenance windows as people use it, with the real templates; needs the built assets."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx2
import pytest

from gascore.registry import Ledger, Person
from gascore.words import PersonId
from gaswatch.clock import SystemClock
from gaswatch.network import free_port
from gaswatch.settings import Settings
from gaswatch.stores.engine import open_engine
from gaswatch.stores.registry import SqlRegistry
from gaswatch.stores.schema import metadata
from gaswatch.users import ensure_demo_users
from gaswatch.wiring.dashboard import build
from support.history_town import JANUARY_MS, a_detector, a_ledger, a_site
from support.waiting import until

pytestmark = pytest.mark.integration
FORM = {"where": "S1餐馆 · S1", "person": "p1", "reason": "换管道", "ends": "2037-01-01T08:00"}


def settings_in(folder: Path) -> Settings:
    settings = Settings(data_dir=folder, http_port=free_port("127.0.0.1"))
    engine = open_engine(settings.database)
    metadata.create_all(engine)
    registry = SqlRegistry(engine)
    registry.put(a_ledger(detectors=(a_detector("d1"),), sites=(a_site("S1"),)), by="test", at_ms=JANUARY_MS)
    people = (Person(PersonId("p1"), "王工", "Wang", "+8613800000001"),)
    registry.put(Ledger(people=people), by="test", at_ms=JANUARY_MS)
    engine.dispose()
    return settings


async def filled(browser: httpx2.AsyncClient, **more: str) -> httpx2.Response:
    return await browser.post("/windows", data=FORM | more)


@asynccontextmanager
async def an_operator(folder: Path) -> AsyncIterator[tuple[httpx2.AsyncClient, SystemClock]]:
    settings = settings_in(folder)
    passwords = ensure_demo_users(settings)
    clock = SystemClock()
    service = build(settings, clock)
    running = asyncio.create_task(service.run())
    try:
        await until(lambda: running.done() or service.server.is_listening, what="the server listens")
        await until(lambda: service.follower.has_begun, what="the board is complete")
        origin = {"Origin": settings.public}
        async with httpx2.AsyncClient(base_url=settings.public, timeout=10, headers=origin) as browser:
            form = {"name": "operator", "password": passwords["operator"], "next": "/"}
            assert (await browser.post("/login", data=form)).status_code == 303
            yield browser, clock
    finally:
        service.stop()
        async with asyncio.timeout(15):
            await running


async def test_a_window_is_made_with_the_form_shown_and_ended(tmp_path: Path) -> None:
    async with an_operator(tmp_path) as (browser, clock):
        too_long = await filled(browser)
        assert too_long.status_code == 422
        assert "最长持续或重复一年" in too_long.text
        assert 'value="换管道"' in too_long.text  # nobody types it all twice
        assert (await filled(browser, ends="soon")).status_code == 422
        ends = f"{in_a_month(clock)}T08:00"
        assert (await filled(browser, ends=ends, gas_test="true", passes="fault")).status_code == 303
        page = (await browser.get("/windows")).text
        assert "S1餐馆" in page
        assert "换管道" in page
        assert "王工" in page
        assert "照常通知：" in page
        assert not re.search(r"\son\w+=|\sstyle=", page)
        ended = re.search(r'action="(/windows/\w+/end)"', page)
        assert ended is not None
        stranger = await browser.post(ended[1], headers={"Origin": "http://evil.example"})
        assert stranger.status_code == 403
        assert (await browser.post(ended[1])).status_code == 303
        assert ended[1] not in (await browser.get("/windows")).text
        again = await browser.post(ended[1])
        assert again.status_code == 409
        assert "此检修已结束：请新建。" in again.text


@pytest.mark.parametrize(
    ("where", "place", "at"),
    [
        ("一网格 · grid-1", "area", "grid-1"),
        ("S1餐馆", "site", "S1"),
        ("S1餐馆 厨房 · S1-kitchen", "room", "S1-kitchen"),
        ("Restaurant S1 Kitchen · d1", "detector", "d1"),
        ("d1", "detector", "d1"),
    ],
)
async def test_a_place_is_chosen_by_its_name(tmp_path: Path, where: str, place: str, at: str) -> None:
    async with an_operator(tmp_path) as (browser, clock):
        assert (await filled(browser, where=where, ends=f"{in_a_month(clock)}T08:00")).status_code == 303
        (made,) = (await browser.get("/api/v1/windows")).json()["items"]
        assert (made["place"], made["at"]) == (place, at)


async def test_a_name_of_no_place_or_of_several_is_refused_with_what_to_do(tmp_path: Path) -> None:
    async with an_operator(tmp_path) as (browser, clock):
        ends = f"{in_a_month(clock)}T08:00"
        nowhere = await filled(browser, where="月球", ends=ends)
        assert (nowhere.status_code, "没有叫这个名字的地点" in nowhere.text) == (422, True)
        several = await filled(browser, where="网格", ends=ends)
        assert (several.status_code, "有多个地点叫这个名字" in several.text) == (422, True)
        offered = (await browser.get("/api/v1/places", params={"q": "s1"})).json()["items"]
        assert [(one["kind"], one["id"]) for one in offered] == [
            ("site", "S1"),
            ("room", "S1-kitchen"),
            ("detector", "d1"),
        ]


async def test_a_window_is_changed_in_its_form_and_keeps_what_was_not_touched(tmp_path: Path) -> None:
    async with an_operator(tmp_path) as (browser, clock):
        until_ms = clock.now_ms() + 3_661_001
        body = {"place": "room", "at": "S1-kitchen", "person": "p1", "reason": "换管道", "until_ms": until_ms}
        made = (await browser.post("/api/v1/windows", json=body, headers={"X-Gaswatch": "1"})).json()
        address = f"/windows/{made['id']}"
        page = (await browser.get(address)).text
        assert "S1餐馆 厨房" in page
        form = {name: field(page, name) for name in ("reason", "begins", "ends")} | {"person": "p1"}
        assert form["reason"] == "换管道"
        more = {
            "reason": "换阀门",
            "passes": "offline",
            "days": "3",
            "day_begins": "08:00",
            "day_ends": "18:00",
        }
        assert (await browser.post(address, data=form | more)).status_code == 303
        changed = (await browser.get(f"/api/v1{address}")).json()
        assert (changed["reason"], changed["passes"], changed["until_ms"]) == (
            "换阀门",
            ["offline"],
            until_ms,
        )
        assert (changed["at"], changed["from_ms"]) == ("S1-kitchen", made["from_ms"])
        assert changed["weekly"] == {"days": [3], "begins": "08:00", "ends": "18:00"}
        bad = await browser.post(address, data=form | {"ends": "2020-01-01T08:00"})
        assert (bad.status_code, "请选择将来的时间" in bad.text) == (422, True)
        assert (await browser.get("/windows/none")).status_code == 404


def field(page: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    assert found is not None, name
    return found[1]


def in_a_month(clock: SystemClock) -> str:
    return f"{datetime.fromtimestamp(clock.now_ms() / 1000, UTC) + timedelta(days=30):%Y-%m-%d}"
