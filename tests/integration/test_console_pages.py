"""The dashboard as `gaswatch run dashboard` builds it, with the real pages; needs the built assets."""

import asyncio
import re
from pathlib import Path

import httpx2
import pytest

from gascore.journal import AlarmStep, AlarmStepped
from gaswatch.clock import SystemClock
from gaswatch.network import PortBusyError, free_port
from gaswatch.settings import Settings, SettingsError
from gaswatch.stores.engine import open_engine
from gaswatch.stores.journal import SqlJournal
from gaswatch.stores.registry import SqlRegistry
from gaswatch.stores.schema import metadata
from gaswatch.users import ensure_demo_users
from gaswatch.wiring.dashboard import build
from support.alarms import a_leak, raised
from support.history_town import JANUARY_MS, a_detector, a_ledger, a_site
from support.waiting import until

pytestmark = pytest.mark.integration


def settings_in(folder: Path) -> Settings:
    settings = Settings(data_dir=folder, http_port=free_port("127.0.0.1"))
    engine = open_engine(settings.database)
    metadata.create_all(engine)
    ledger = a_ledger(detectors=(a_detector("d1"),), sites=(a_site("S1"),))
    SqlRegistry(engine).put(ledger, by="test", at_ms=JANUARY_MS)
    SqlJournal(engine).append([raised(26.0), AlarmStepped(alarm=a_leak(), step=AlarmStep.OPENED)], JANUARY_MS)
    engine.dispose()
    return settings


async def test_every_page_is_rendered_in_both_languages_without_inline_script(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    passwords = ensure_demo_users(settings)
    service = build(settings, SystemClock())
    running = asyncio.create_task(service.run())
    try:
        await until(lambda: running.done() or service.server.is_listening, what="the server listens")
        await until(lambda: service.follower.has_begun, what="the board is complete")
        for user, language in (("operator", "zh"), ("admin", "en")):
            origin = {"Origin": settings.public}
            async with httpx2.AsyncClient(base_url=settings.public, timeout=10, headers=origin) as browser:
                login = await browser.get("/login")
                assert login.status_code == 200
                form = {"name": user, "password": passwords[user], "next": "/"}
                assert (await browser.post("/login", data=form)).status_code == 303
                for path in (
                    "/",
                    "/detectors",
                    "/detectors/d1",
                    "/protection",
                    "/windows",
                    "/contacts",
                    "/system",
                ):
                    page = await browser.get(path)
                    assert page.status_code == 200, path
                    assert f'lang="{language}' in page.text, path
                    assert not re.search(r"\son\w+=|\sstyle=", page.text), path
                missing = await browser.get("/detectors/nobody")
                assert missing.status_code == 404
                assert "text/html" in missing.headers["content-type"]
                asset = re.search(r"/static/dist/[\w.-]+\.js", (await browser.get("/")).text)
                assert asset is not None
                script = await browser.get(asset[0])
                assert (script.status_code, "immutable" in script.headers["cache-control"]) == (200, True)
    finally:
        service.stop()
        async with asyncio.timeout(15):
            await running


def test_a_port_that_somebody_else_has_is_said_before_anything_is_served(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)

    async def twice() -> None:
        service = build(settings, SystemClock())
        running = asyncio.create_task(service.run())
        await until(lambda: running.done() or service.server.is_listening, what="the server listens")
        try:
            with pytest.raises(PortBusyError, match="GASWATCH_HTTP_PORT"):
                build(settings, SystemClock())
        finally:
            service.stop()
            await running

    asyncio.run(twice())


def test_influxdb_without_an_address_stops_the_start(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path, series="influx")
    with pytest.raises(SettingsError, match="INFLUXDB_V2_URL: GASWATCH_SERIES=influx needs the address"):
        build(settings, SystemClock())


async def test_the_pages_stay_up_and_say_so_when_the_series_database_is_away(tmp_path: Path) -> None:
    gone = f"127.0.0.1:{free_port('127.0.0.1')}"
    settings = settings_in(tmp_path).model_copy(update={"series": "influx", "influx_url": f"http://{gone}"})
    passwords = ensure_demo_users(settings)
    service = build(settings, SystemClock())
    running = asyncio.create_task(service.run())
    try:
        await until(lambda: running.done() or service.server.is_listening, what="the server listens")
        origin = {"Origin": settings.public}
        async with httpx2.AsyncClient(base_url=settings.public, timeout=10, headers=origin) as browser:
            form = {"name": "operator", "password": passwords["operator"], "next": "/"}
            assert (await browser.post("/login", data=form)).status_code == 303
            page = await browser.get("/detectors/d1")
            assert page.status_code == 200
            assert "暂时取不到读数；报警不受影响，照常进行。" in page.text
            assert f"InfluxDB at {gone} does not answer" in page.text
            detail = (await browser.get("/api/v1/detectors/d1")).json()
            assert (detail["last"], gone in detail["last_problem"]) == (None, True)
            curve = await browser.get("/api/v1/detectors/d1/readings")
            assert curve.status_code == 503
            assert curve.json()["detail"].startswith(
                "The readings can't be had now; alarms go on without them."
            )
            for path in ("/", "/detectors", "/system", "/protection"):
                assert (await browser.get(path)).status_code == 200, path
    finally:
        service.stop()
        async with asyncio.timeout(15):
            await running
