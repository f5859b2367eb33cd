"""The auditor on a real loop and a real store, and somebody outside who listens to its heartbeat."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import pytest

from alerts.adapters.heartbeat import HttpHeartbeat
from gascore.journal import ConditionRaised, Reason, Sample, TroubleBegan
from gascore.words import Condition, DetectorId, Level
from gaswatch.clock import SystemClock
from gaswatch.network import free_port
from gaswatch.settings import Settings
from gaswatch.stores.engine import open_engine
from gaswatch.stores.journal import SqlJournal
from gaswatch.stores.migrate import migrate
from gaswatch.stores.status import SqlStatusBoard
from gaswatch.wiring.auditor import build
from support.alarm_town import SITE
from support.odd_server import an_odd_server
from support.waiting import until

pytestmark = pytest.mark.integration
CLOCK: Final = SystemClock()


@asynccontextmanager
async def at_work(settings: Settings) -> AsyncIterator[None]:
    service = build(settings, CLOCK)
    task = asyncio.create_task(service.run())
    try:
        yield
    finally:
        service.stop()
        await task


def test_only_an_answer_that_says_yes_is_heard() -> None:
    with an_odd_server() as outside:
        beat = HttpHeartbeat(outside.url, timeout_s=0.5).beat
        assert beat() is None
        outside.status = 404
        assert beat() == "HTTP 404"
        outside.status, outside.headers = 302, {"Location": "/elsewhere"}
        assert beat() == "HTTP 302"
        outside.mood = "hang"
        assert beat() == "ReadTimeout"
    assert HttpHeartbeat(f"http://127.0.0.1:{free_port('127.0.0.1')}/").beat() == "ConnectionError"


async def test_the_heartbeat_goes_on_while_all_is_well_and_stops_when_the_desk_stands(tmp_path: Path) -> None:
    with an_odd_server() as outside:
        settings = Settings(
            data_dir=tmp_path,
            heartbeat_url=outside.url,  # type: ignore[arg-type]  # pydantic makes it a secret
            heartbeat_s=5,
            audit_every_s=1,
            audit_leak_s=1,
        )
        migrate(settings.database)
        engine = open_engine(settings.database)
        journal, board = SqlJournal(engine), SqlStatusBoard(engine)
        async with at_work(settings):
            await until(lambda: len(outside.asked) >= 1, within_s=30, what="a heartbeat")
            assert board.read()["auditor"].notes["audit"] == "ok"
            now_ms = CLOCK.now_ms()
            leak = ConditionRaised(
                detector=DetectorId("bottles-1"),
                site=SITE,
                condition=Condition.LEAK,
                since_ms=now_ms,
                reason=Reason.REPORTED_STATE,
                level=Level.HIGH,
                sample=Sample(received_ms=now_ms, lel=60),
            )
            journal.append([leak], now_ms)  # and no desk runs
            await until(
                lambda: board.read()["auditor"].notes["audit"] == "journal_unread",
                within_s=30,
                what="the finding",
            )
            heard = len(outside.asked)
            assert board.read()["auditor"].notes["heartbeat"] == "withheld"
            began = [e.event for e in journal.after(0, 100) if isinstance(e.event, TroubleBegan)]
            assert [(one.name, one.detail) for one in began] == [("audit journal_unread", "alerts.urgent")]
            await CLOCK.sleep_until(CLOCK.now_ms() + 6_000)
            assert len(outside.asked) == heard
        engine.dispose()
