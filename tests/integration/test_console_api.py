"""The API: alarms and what operators do with them, detectors, reports, webhooks, metrics; a real server."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import insert

from collector.rules.conditions import Held
from collector.rules.page import Standing
from dashboard.adapters.parts import Parts
from dashboard.service.desk import Desk
from gascore.alarm import NoticeState
from gascore.journal import AlarmStep, NoticeStepped, Reason, ReplyReceived, StoreDownError
from gascore.operators import OperatorAction, OperatorRequested, Outcome
from gascore.readings import Reading
from gascore.words import Condition, ReportedState
from gaswatch.stores.engine import writing
from gaswatch.stores.schema import detector_state, quarantine
from support.alarms import NOW_MS, a_leak, a_notice, acked, closed, later, raised
from support.console import OWN, Console, a_console
from support.console_collector import is_seen

pytestmark = pytest.mark.integration
HOUR_MS = 3_600_000


@pytest.fixture
async def console(tmp_path: Path) -> AsyncIterator[Console]:
    async with a_console(tmp_path) as found:
        yield found


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/alarms/99999999999999999999",
        "/api/v1/alarms?state=closed&before=99999999999999999999",
        "/api/v1/journal?after=99999999999999999999",
    ],
)
async def test_a_number_that_no_store_can_hold_is_refused(console: Console, path: str) -> None:
    assert (await (await console.signed_in()).get(path)).status_code == 422


async def test_a_request_about_a_number_that_no_store_can_hold_is_refused(console: Console) -> None:
    browser = await console.signed_in()
    far = 99999999999999999999
    before = console.journal.last_id()
    for path, body in (
        (f"/api/v1/alarms/{far}/ack", {}),
        ("/api/v1/alarms/1/ack", {"seen_version": far}),
        ("/api/v1/screen", {"alarm": far, "ms": 1}),
    ):
        assert (await browser.post(path, json=body, headers=OWN)).status_code == 422, path
    assert console.journal.last_id() == before


async def test_the_days_of_a_report_may_be_the_first_of_the_calendar(console: Console) -> None:
    answer = await (await console.signed_in()).get("/protection", params={"to": "0001-01-01"})
    assert answer.status_code == 200


# --- alarms ---------------------------------------------------------------------------------------
async def test_open_alarms_are_listed_page_by_page_with_their_place(console: Console) -> None:
    for number in (1, 2, 3):
        console.open_alarm(a_leak(number, detector=f"d{number}"))
    await console.follows()
    browser = await console.signed_in()
    first = (await browser.get("/api/v1/alarms", params={"limit": 2})).json()
    assert [one["id"] for one in first["items"]] == [3, 2]
    assert first["items"][0]["site_name"] == "S1餐馆"
    rest = (await browser.get("/api/v1/alarms", params={"limit": 2, "before": first["next"]})).json()
    assert ([one["id"] for one in rest["items"]], rest["next"]) == ([1], None)


async def test_closed_alarms_are_listed_page_by_page_with_their_cause(console: Console) -> None:
    for number in (1, 2, 3):
        console.open_alarm(a_leak(number, detector=f"d{number}"))
        console.close_alarm(closed(a_leak(number, detector=f"d{number}")))
    browser = await console.signed_in("inspector")
    first = (await browser.get("/api/v1/alarms", params={"state": "closed", "limit": 2})).json()
    assert [(one["id"], one["cause"]) for one in first["items"]] == [(3, "false_alarm"), (2, "false_alarm")]
    rest = await browser.get("/api/v1/alarms", params={"state": "closed", "before": first["next"]})
    assert ([one["id"] for one in rest.json()["items"]], rest.json()["next"]) == ([1], None)


async def test_an_alarm_is_shown_with_everything_that_was_journaled_about_it(console: Console) -> None:
    alarm = a_leak()
    console.open_alarm(alarm)
    told = NoticeStepped(notice=a_notice(1, alarm, NoticeState.DELIVERED))
    console.journal.append([told], NOW_MS)
    console.step(acked(alarm), AlarmStep.ACKED)
    browser = await console.signed_in()
    found = (await browser.get("/api/v1/alarms/1")).json()
    assert (found["alarm"]["acked_by"], found["alarm"]["notices"][0]["state"]) == ("operator", "delivered")
    assert [one["kind"] for one in found["timeline"]] == ["alarm.stepped", "notice.stepped", "alarm.stepped"]
    assert found["timeline"][2]["event"]["step"] == "acked"
    missing = await browser.get("/api/v1/alarms/99")
    assert (missing.status_code, missing.json()["detail"]) == (404, "There is no alarm 99.")


async def test_a_dashboard_that_starts_later_shows_what_is_open(tmp_path: Path) -> None:
    async with a_console(tmp_path) as console:
        console.journal.append([raised(31.0)], NOW_MS)
        console.open_alarm(a_leak(1))
        console.open_alarm(a_leak(2, detector="d2"))
        console.close_alarm(closed(a_leak(2, detector="d2")))
        parts = console.parts
        found = parts.alarms.open_alarms()
        assert found.cursor == console.journal.last_id()
        parts.follower.picture.begin(found.cursor, found.entries, parts.town.names())
        (row,) = parts.follower.picture.board.rows()
        assert (row.id, row.lel, row.room_name_en) == (1, 31.0, "Kitchen")


# --- what operators do ----------------------------------------------------------------------------
async def test_an_acknowledgement_is_asked_in_the_journal_and_answered_from_it(console: Console) -> None:
    console.open_alarm(a_leak())
    browser = await console.signed_in()
    asking = browser.post("/api/v1/alarms/1/ack", json={"seen_version": 1, "note": "马上处理"}, headers=OWN)
    answer, request = await asyncio.gather(asking, console.answer(Outcome.DONE, 2))
    assert (answer.status_code, answer.json()) == (200, {"outcome": "done", "version": 2})
    assert request == OperatorRequested(
        request=request.request,
        alarm=a_leak().id,
        action=OperatorAction.ACK,
        by="operator",
        seen_version=1,
        note="马上处理",
    )


@pytest.mark.parametrize(
    ("outcome", "status"),
    [
        (Outcome.CHANGED_MEANWHILE, 409),
        (Outcome.ALREADY, 409),
        (Outcome.STILL_ACTIVE, 409),
        (Outcome.NOT_ACKED, 409),
        (Outcome.CAUSE_MISSING, 409),
        (Outcome.NOT_FOUND, 404),
    ],
)
async def test_a_request_that_can_not_be_granted_says_why(
    console: Console, outcome: Outcome, status: int
) -> None:
    browser = await console.signed_in()
    asking = browser.post("/api/v1/alarms/1/close", json={"cause": "false_alarm"}, headers=OWN)
    answer, request = await asyncio.gather(asking, console.answer(outcome))
    assert (answer.status_code, answer.json()["outcome"]) == (status, outcome)
    assert (request.action, request.cause) == (OperatorAction.CLOSE, "false_alarm")


async def test_while_alerts_is_down_a_request_stays_asked(tmp_path: Path) -> None:
    def impatient(parts: Parts) -> Parts:
        desk = Desk(parts.journal, parts.clock, parts.lanes.urgent, patience_s=0.01)
        return msgspec.structs.replace(parts, desk=desk)

    async with a_console(tmp_path, change=impatient) as console:
        browser = await console.signed_in()
        answer = await browser.post("/api/v1/alarms/1/comment", json={"note": "已到场"}, headers=OWN)
        assert (answer.status_code, answer.json()["outcome"]) == (202, "asked")
        assert isinstance(console.journal.after(0, 100)[-1].event, OperatorRequested)


@pytest.mark.parametrize(
    ("action", "body"),
    [
        ("close", {"cause": "cleared"}),
        ("close", {"cause": "boredom"}),
        ("comment", {"note": ""}),
        ("ack", {"note": "x" * 1001}),
        ("ack", {"seen_version": "new"}),
    ],
)
async def test_a_request_that_makes_no_sense_is_not_asked(
    console: Console, action: str, body: dict[str, str]
) -> None:
    browser = await console.signed_in()
    before = console.journal.last_id()
    answer = await browser.post(f"/api/v1/alarms/1/{action}", json=body, headers=OWN)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert console.journal.last_id() == before


async def test_a_store_that_is_down_is_said_and_nothing_is_asked(tmp_path: Path) -> None:
    class Broken:
        def append(self, events: object, at_ms: int) -> int:
            raise StoreDownError(f"disk full at {at_ms}: {events}")

    def broken(parts: Parts) -> Parts:
        desk = Desk(Broken(), parts.clock, parts.lanes.urgent)  # type: ignore[arg-type]  # only appends
        return msgspec.structs.replace(parts, desk=desk)

    async with a_console(tmp_path, change=broken) as console:
        browser = await console.signed_in()
        answer = await browser.post("/api/v1/alarms/1/ack", json={}, headers=OWN)
        assert answer.status_code == 503
        assert "nothing was changed" in answer.json()["detail"]


# --- detectors, reports, system -------------------------------------------------------------------
def hold(console: Console, no: int, detector: str, *conditions: Condition) -> None:
    """Save what the collector would save of a detector."""
    held = {one: Held(since_ms=NOW_MS, reason=Reason.REPORTED_STATE) for one in conditions}
    body = msgspec.json.encode({"id": detector, "standing": Standing(reported=True, held=held)})
    with writing(console.engine) as connection:
        connection.execute(insert(detector_state).values(no=no, body=body, changed_ms=NOW_MS))


async def test_detectors_are_listed_with_what_holds_of_them(console: Console) -> None:
    hold(console, 1, "d1", Condition.FAULT, Condition.LOW_BATTERY)
    hold(console, 2, "d2")
    await is_seen(console)
    browser = await console.signed_in()
    page = (await browser.get("/api/v1/detectors", params={"limit": 1})).json()
    assert (page["total"], page["next"]) == (2, "d1")
    assert (page["items"][0]["protection"], page["items"][0]["conditions"]) == (
        "fault",
        ["fault", "low_battery"],
    )
    rest = (await browser.get("/api/v1/detectors", params={"after": "d1"})).json()
    assert [(one["id"], one["protection"]) for one in rest["items"]] == [("d2", "protected")]
    faulty = (await browser.get("/api/v1/detectors", params={"state": "fault"})).json()
    assert ([one["id"] for one in faulty["items"]], faulty["total"]) == (["d1"], 1)
    named = (await browser.get("/api/v1/detectors", params={"q": "D2"})).json()
    assert [one["id"] for one in named["items"]] == ["d2"]
    assert (await browser.get("/api/v1/detectors", params={"q": "%"})).json()["total"] == 0


async def test_while_we_can_not_see_every_required_detector_is_unmonitored(console: Console) -> None:
    hold(console, 1, "d1")
    browser = await console.signed_in()
    found = (await browser.get("/api/v1/detectors/d1")).json()
    assert found["line"]["protection"] == "unmonitored"


async def test_a_detector_says_how_many_of_its_messages_are_missing(console: Console) -> None:
    browser = await console.signed_in()
    await is_seen(console)
    for path, messages in (("/api/v1/detectors/d1", 4), ("/detectors/d1", 4), ("/api/v1/detectors/d2", 0)):
        assert (await browser.get(path)).json()["missing"] == {"messages": messages, "since_ms": NOW_MS}


async def test_what_was_saved_for_another_detector_of_the_same_number_says_nothing(console: Console) -> None:
    hold(console, 1, "d9", Condition.FAULT)
    await is_seen(console)
    browser = await console.signed_in()
    found = (await browser.get("/api/v1/detectors/d1")).json()
    assert (found["line"]["protection"], found["conditions"]) == ("offline", [])


async def test_a_detector_is_shown_with_its_curve_and_its_newest_reading(console: Console) -> None:
    begin_ms = NOW_MS - NOW_MS % HOUR_MS
    console.readings.write(
        [
            Reading(no=1, at_ms=begin_ms + step * 10_000, state=ReportedState.NORMAL, lel=float(step))
            for step in range(12)
        ]
    )
    browser = await console.signed_in()
    found = (await browser.get("/api/v1/detectors/d1")).json()
    assert found["last"] == {"at_ms": begin_ms + 110_000, "state": "normal", "lel": 11.0, "co": None}
    asked = {"from": begin_ms, "to": begin_ms + 600_000, "every": 60}
    curve = (await browser.get("/api/v1/detectors/d1/readings", params=asked)).json()
    assert curve == {"points": [[begin_ms, 0.0, 5.0, 2.5], [begin_ms + 60_000, 6.0, 11.0, 8.5]]}
    assert (await browser.get("/api/v1/detectors/d404/readings")).status_code == 404
    for wrong in ({"from": 5, "to": 5}, {"from": 0, "to": NOW_MS, "every": 1}, {"every": 0}):
        assert (await browser.get("/api/v1/detectors/d1/readings", params=wrong)).status_code == 422, wrong


async def test_protection_time_is_answered_and_a_senseless_period_is_not(console: Console) -> None:
    browser = await console.signed_in("inspector")
    to_ms = console.parts.clock.now_ms() // 86_400_000 * 86_400_000
    asked = {"from": to_ms - 86_400_000, "to": to_ms}
    found = (await browser.get("/api/v1/compliance/uptime", params=asked)).json()
    (site,) = found["sites"]
    assert sum(site["figures"]["all_hours"]["seconds"].values()) == 2 * 86_400
    assert set(site["detectors"]) == {"d1", "d2"}
    backward = await browser.get("/api/v1/compliance/uptime", params={"from": to_ms, "to": 0})
    assert backward.status_code == 422
    nowhere = await browser.get("/api/v1/compliance/uptime", params={**asked, "area": "atlantis"})
    assert nowhere.status_code == 404


async def test_sites_and_the_journal_are_read_by_cursor(console: Console) -> None:
    browser = await console.signed_in()
    assert [one["id"] for one in (await browser.get("/api/v1/sites")).json()["items"]] == ["S1"]
    assert (await browser.get("/api/v1/sites", params={"after": "S1"})).json() == {"items": [], "next": None}
    console.journal.append([raised(26.0)], NOW_MS)
    last = console.journal.last_id()
    found = (await browser.get("/api/v1/journal", params={"after": last - 1})).json()
    assert (found["next"], found["entries"][0]["kind"]) == (last, "condition.raised")
    assert (await browser.get("/api/v1/journal", params={"after": last})).json() == {
        "entries": [],
        "next": last,
    }


async def test_of_a_person_who_answered_only_the_end_of_the_number_is_shown(console: Console) -> None:
    reply = ReplyReceived(channel="sms", provider_id="SM1", sender="+8613912345678", body="37")
    console.journal.append([reply], NOW_MS)
    browser = await console.signed_in("inspector")
    last = console.journal.last_id() - 1
    text = (await browser.get("/api/v1/journal", params={"after": last - 1})).text
    assert "…5678" in text
    assert "1391234" not in text


async def test_the_system_says_how_it_is_and_what_became_of_each_message(console: Console) -> None:
    await is_seen(console)
    browser = await console.signed_in()
    found = (await browser.get("/api/v1/system")).json()
    assert (found["residual"], found["messages"]["stored"], found["rejected_by"]) == (0, 7, {"too_long": 2})
    states = {one["name"]: one["state"] for one in found["system"]}
    assert (states["collector"], states["alerts"]) == ("up", "down")
    assert {"service": "collector", "stage": "journal", "count": 3, "p50_s": 0.01, "p99_s": 0.01} in found[
        "latency"
    ]


async def test_a_screen_reports_fresh_leaks_alone(console: Console) -> None:
    browser = await console.signed_in()
    fresh = later(a_leak(5), received_ms=console.parts.clock.now_ms())
    console.open_alarm(fresh)
    await console.follows()
    for alarm in (5, 99):
        answer = await browser.post("/api/v1/screen", json={"alarm": alarm, "ms": 300}, headers=OWN)
        assert answer.status_code == 204
    assert console.parts.follower.screen_latency.histogram.total == 1


async def test_the_api_describes_itself(console: Console) -> None:
    document = (await console.client().get("/api/v1/openapi.json")).json()
    assert document["info"]["title"] == "gaswatch"
    schemas = document["components"]["schemas"]
    assert "lel" in schemas["AlarmItem"]["properties"]
    schema = document["paths"]["/api/v1/alarms"]["get"]["responses"]["200"]["content"]["application/json"]
    assert schema == {"schema": {"$ref": "#/components/schemas/AlarmList"}}


# --- pages ----------------------------------------------------------------------------------------
async def test_every_page_gets_what_its_template_needs(console: Console) -> None:
    with writing(console.engine) as connection:
        connection.execute(
            insert(quarantine).values(
                received_ms=NOW_MS,
                topic="gas/1/x/status",
                detector="x",
                reason="r",
                detail="",
                payload=b"\xff\x00{",
            )
        )
    console.open_alarm(a_leak())
    await console.follows()
    browser = await console.signed_in()
    pages = {
        "/": "console",
        "/detectors": "detectors",
        "/detectors/d1": "detector",
        "/protection": "protection",
        "/system": "system",
    }
    shown = {path: (await browser.get(path)).json() for path in pages}
    assert {path: one["template"] for path, one in shown.items()} == pages
    assert {one["user"]["may_act"] for one in shown.values()} == {True}
    assert shown["/"]["rows"][0]["id"] == 1
    assert shown["/detectors/d1"]["alarms"][0]["id"] == 1
    assert shown["/protection"]["csv_url"].startswith("/protection.csv?from=")
    assert shown["/system"]["quarantine"][0]["payload"] == "\\xff·{"
    missing = await browser.get("/detectors/nobody")
    assert (missing.status_code, missing.json()["template"]) == (404, "problem")


async def test_protection_time_is_a_file_for_spreadsheets_too(console: Console) -> None:
    browser = await console.signed_in("inspector")
    answer = await browser.get("/protection.csv", params={"from": "2026-02-01", "to": "2026-02-02"})
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"].endswith('"protection-2026-02-01-2026-02-02.csv"')
    assert answer.content.startswith(b"\xef\xbb\xbf")
    assert "Restaurant S1" in answer.text
    backward = {"from": "2026-02-02", "to": "2026-02-01"}
    assert (await browser.get("/protection", params=backward)).json()["error"] == "period"
    assert (await browser.get("/protection.csv", params=backward)).status_code == 422
