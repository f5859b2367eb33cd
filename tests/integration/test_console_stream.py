"""The live stream over a real server: snapshot, deltas, resuming, slow browsers, the end."""

import asyncio
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest

from gascore.alarm import AlarmKind
from gascore.journal import AlarmStep, StoreDownError
from gascore.readings import Reading
from gascore.words import ReportedState
from gaswatch.stores.registry import SqlRegistry
from support.alarms import a_leak, acked, closed, later
from support.console import Console, a_console, hear, listening, with_small_ring
from support.history_town import a_ledger, a_site
from support.waiting import until

pytestmark = pytest.mark.integration


@pytest.fixture
async def console(tmp_path: Path) -> AsyncIterator[Console]:
    async with a_console(tmp_path) as found:
        yield found


def ids(rows: object) -> list[int]:
    assert isinstance(rows, list)
    return [row["id"] for row in rows]


async def test_a_browser_gets_a_snapshot_and_then_each_change(console: Console) -> None:
    console.open_alarm(a_leak(1))
    browser = await console.signed_in()
    await console.follows()
    async with listening(browser) as events:
        snapshot = await hear(events, "snapshot")
        assert ids(snapshot.data["rows"]) == [1]
        assert snapshot.data["seq"] == console.journal.last_id()
        console.step(acked(a_leak(1)), AlarmStep.ACKED)
        while ids((delta := await hear(events, "delta")).data["rows"]) != [1]:
            pass  # a service's state may have changed before
        assert delta.data["counts"]["unacked"] == 0  # type: ignore[index]  # JSON
        console.close_alarm(closed(acked(a_leak(1))))
        while (delta := await hear(events, "delta")).data["gone"] != [1]:
            pass
        assert delta.id is not None
        assert int(delta.id.partition("-")[0]) == console.journal.last_id()


async def test_the_time_from_a_leaks_message_to_the_stream_is_taken_and_said(console: Console) -> None:
    browser = await console.signed_in()
    async with listening(browser) as events:
        await hear(events, "snapshot")
        console.open_alarm(later(a_leak(1), received_ms=console.parts.clock.now_ms()))
        while ids((await hear(events, "delta")).data["rows"]) != [1]:
            pass
    latency = console.parts.follower.stream_latency.histogram
    assert latency.total == 1
    words = console.parts.follower.picture

    def is_said() -> bool:
        word = words.words.get("dashboard")
        return word is not None and word.latency["stream"].total == 1

    await until(is_said, what="the dashboard's word")


async def test_an_open_leak_shows_what_the_detector_measures_now(console: Console) -> None:
    console.open_alarm(a_leak(1))
    await console.follows()
    browser = await console.signed_in()
    async with listening(browser) as events:
        await hear(events, "snapshot")
        now_ms = console.parts.clock.now_ms()
        console.readings.write([Reading(no=1, at_ms=now_ms, state=ReportedState.HIGH, lel=63.5)])
        while True:
            rows = (await hear(events, "delta")).data["rows"]
            if rows and rows[0]["lel"] == 63.5:  # type: ignore[index]  # JSON
                break


async def test_heartbeats_say_how_far_behind_the_picture_is(console: Console) -> None:
    browser = await console.signed_in()
    async with listening(browser) as events:
        beat = await hear(events, "hb")
        assert beat.data["seq"] == console.journal.last_id()
        assert beat.data["journal_lag"] == 0
        assert beat.data["collector_age_ms"] is None
        assert beat.id is None, "a heartbeat must not move the point from which a browser resumes"


async def test_a_browser_that_comes_back_goes_on_where_it_was(console: Console) -> None:
    console.open_alarm(a_leak(1))
    await console.follows()
    browser = await console.signed_in()
    async with listening(browser) as events:
        seen = await hear(events, "snapshot")
    console.open_alarm(a_leak(2, detector="d2"))
    await console.follows()
    async with listening(browser, seen.id) as events:
        async with asyncio.timeout(10):
            names = []
            async for event in events:
                names.append(event.name)
                if event.name == "delta" and 2 in ids(event.data["rows"]):
                    break
        assert "snapshot" not in names


@pytest.mark.parametrize("last", ["1-elsewhere", "1", "nonsense"])
async def test_a_browser_of_another_server_gets_a_snapshot(console: Console, last: str) -> None:
    browser = await console.signed_in()
    async with listening(browser, last) as events:
        await hear(events, "snapshot")


async def test_a_browser_that_was_away_too_long_gets_a_snapshot(tmp_path: Path) -> None:
    async with a_console(tmp_path, change=with_small_ring) as console:
        browser = await console.signed_in()
        async with listening(browser) as events:
            seen = await hear(events, "snapshot")
        pushed = console.parts.follower.hub
        for number in range(1, 8):
            console.open_alarm(a_leak(number, detector=f"d{number}"))
            await console.follows()
            pushed.publish(console.journal.last_id(), b'{"rows":[],"gone":[],"counts":{},"system":[]}')
        async with listening(browser, seen.id) as events:
            snapshot = await hear(events, "snapshot")
            assert sorted(ids(snapshot.data["rows"])) == list(range(1, 8))


async def test_a_browser_that_stops_reading_holds_no_other_one_up(tmp_path: Path) -> None:
    async with a_console(tmp_path, change=with_small_ring) as console:
        quick = await console.signed_in()
        host, port = console.url.removeprefix("http://").split(":")
        cookie = "; ".join(f"{key}={value}" for key, value in dict(quick.cookies).items())
        with socket.socket() as stuck:
            stuck.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            await asyncio.get_running_loop().run_in_executor(None, stuck.connect, (host, int(port)))
            stuck.sendall(f"GET /api/v1/stream HTTP/1.1\r\nHost: x\r\nCookie: {cookie}\r\n\r\n".encode())
            await until(lambda: console.parts.follower.hub.browsers == 1, what="the stuck browser")
            async with listening(quick) as events:
                await hear(events, "snapshot")
                large = b'{"rows":[],"gone":[],"pad":"%s"}' % (b"x" * 1_000_000)
                for number in range(1, 21):  # far more than kernel buffers take
                    console.parts.follower.hub.publish(number, large)
                    heard = await hear(events, "delta")
                    while "pad" not in heard.data:
                        heard = await hear(events, "delta")
        await until(lambda: console.parts.follower.hub.browsers == 0, what="both browsers are gone")


async def test_another_name_in_the_ledger_reaches_open_consoles(console: Console) -> None:
    console.open_alarm(a_leak(1))
    await console.follows()
    browser = await console.signed_in()
    async with listening(browser) as events:
        await hear(events, "snapshot")
        site = msgspec.structs.replace(a_site("S1"), name="新川味")
        ledger = a_ledger(detectors=(), sites=(site,))
        SqlRegistry(console.engine).put(ledger, by="test", at_ms=console.parts.clock.now_ms())
        while True:
            rows = (await hear(events, "delta")).data["rows"]
            if rows and rows[0]["site_name"] == "新川味":  # type: ignore[index]  # JSON
                break


async def test_while_the_store_is_down_the_console_says_so_and_recovers(
    console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = await console.signed_in()
    journal = console.parts.journal
    real = journal.last_id

    def broken() -> int:
        raise StoreDownError("disk I/O error")

    async with listening(browser) as events:
        await hear(events, "snapshot")
        monkeypatch.setattr(journal, "last_id", broken)
        while not any(row["name"] == "store" for row in (await hear(events, "delta")).data["system"]):  # type: ignore[attr-defined]  # JSON
            pass
        ready = await browser.get("/readyz")
        assert (ready.status_code, ready.json()["why"]) == (503, "disk I/O error")
        monkeypatch.setattr(journal, "last_id", real)
        while any(row["name"] == "store" for row in (await hear(events, "delta")).data["system"]):  # type: ignore[attr-defined]  # JSON
            pass


async def test_a_service_that_stops_says_goodbye_and_ends_at_once(tmp_path: Path) -> None:
    async with a_console(tmp_path) as console:
        browser = await console.signed_in()
        async with listening(browser) as events:
            await hear(events, "snapshot")
            console.service.stop()
            assert (await hear(events, "bye")).data == {}
            assert [event async for event in events if event.name != "hb"] == []


async def test_a_flood_of_alarms_is_folded_whole(console: Console) -> None:
    browser = await console.signed_in()
    rows: dict[int, int] = {}
    async with listening(browser) as events:
        await hear(events, "snapshot")
        for number in range(1, 301):
            alarm = later(a_leak(number, detector=f"d{number}"), kind=AlarmKind.FAULT)
            console.step(alarm, AlarmStep.OPENED)
        async with asyncio.timeout(30):
            while len(rows) < 300:
                for row in (await hear(events, "delta")).data["rows"]:  # type: ignore[attr-defined]  # JSON
                    rows[row["id"]] = row["version"]
    assert set(rows) == set(range(1, 301))
    assert console.parts.follower.picture.board.counts({}).unacked == 300
