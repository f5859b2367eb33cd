"""The console while the series database is away or hangs: everything else goes on."""

import asyncio
import threading
from pathlib import Path

import msgspec
import pytest

from dashboard.ports import Newest, Point
from support.console import a_console

pytestmark = pytest.mark.integration


class HangingSeries:
    """A series database that takes every question and answers none until it is let go."""

    def __init__(self) -> None:
        self.let_go = threading.Event()

    def newest(self, no: int) -> Newest | None:
        del no
        self.let_go.wait(30)
        return None

    def points(self, no: int, from_ms: int, to_ms: int, every_s: int) -> list[Point]:
        del no, from_ms, to_ms, every_s
        self.let_go.wait(30)
        return []


async def test_a_series_database_that_hangs_holds_up_no_page_and_nobody_else(tmp_path: Path) -> None:
    series = HangingSeries()
    async with a_console(
        tmp_path, change=lambda parts: msgspec.structs.replace(parts, series=series)
    ) as console:
        browser = await console.signed_in()
        curves = [asyncio.create_task(browser.get("/api/v1/detectors/d1/readings")) for _ in range(5)]
        try:
            detail = (await browser.get("/api/v1/detectors/d1")).json()
            assert (detail["last"], detail["last_problem"]) == (None, "it has not answered within 2 s")
            assert (await browser.get("/api/v1/alarms")).status_code == 200
            assert not any(one.done() for one in curves)
        finally:
            series.let_go.set()
        assert [(await one).status_code for one in curves] == [200] * 5
