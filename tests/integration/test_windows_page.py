"""The page of maintenance windows as people use it, with the real templates; needs the built assets."""

import asyncio
import re
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
FORM = {"place": "site", "at": "S1", "person": "p1", "reason": "换管道", "ends": "2037-01-01T08:00"}


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


async def test_a_window_is_made_with_the_form_shown_and_ended(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
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
            too_long = await filled(browser)
            assert too_long.status_code == 422
            assert "a year at most" in too_long.text
            assert (await filled(browser, ends="soon")).status_code == 422
            ends = f"{in_a_month(clock)}T08:00"
            assert (await filled(browser, ends=ends, gas_test="true")).status_code == 303
            page = (await browser.get("/windows")).text
            assert "S1餐馆" in page
            assert "换管道" in page
            assert "王工" in page
            assert not re.search(r"\son\w+=|\sstyle=", page)
            ended = re.search(r'action="(/windows/\w+/end)"', page)
            assert ended is not None
            stranger = await browser.post(ended[1], headers={"Origin": "http://evil.example"})
            assert stranger.status_code == 403
            assert (await browser.post(ended[1])).status_code == 303
            assert ended[1] not in (await browser.get("/windows")).text
    finally:
        service.stop()
        async with asyncio.timeout(15):
            await running


def in_a_month(clock: SystemClock) -> str:
    return f"{datetime.fromtimestamp(clock.now_ms() / 1000, UTC) + timedelta(days=30):%Y-%m-%d}"
