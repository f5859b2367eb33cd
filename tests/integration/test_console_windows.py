"""Maintenance windows and the operators' further requests over the API; a real server."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gascore.alarm import FalseTrigger
from gascore.operators import OperatorAction, Outcome
from gascore.registry import Ledger, Person
from gascore.windows import WindowSet
from gascore.words import PersonId
from gaswatch.stores.registry import SqlRegistry
from support.alarms import a_leak
from support.console import OWN, Console, a_console
from support.waiting import until

pytestmark = pytest.mark.integration
HOUR_MS = 3_600_000


@pytest.fixture
async def console(tmp_path: Path) -> AsyncIterator[Console]:
    async with a_console(tmp_path) as found:
        people = (Person(PersonId("p1"), "王工", "Wang", "+8613800000001"),)
        SqlRegistry(found.engine).put(Ledger(people=people), by="test", at_ms=1)
        await until(
            lambda: "p1" in found.parts.follower.picture.board.names.people, what="the ledger is read"
        )
        yield found


def a_body(console: Console, **more: object) -> dict[str, object]:
    until_ms = console.parts.clock.now_ms() + HOUR_MS
    asked = {"place": "site", "at": "S1", "person": "p1", "reason": "new pipes", "until_ms": until_ms}
    return asked | more


async def test_a_window_is_made_listed_changed_and_ended(console: Console) -> None:
    browser = await console.signed_in()
    made = await browser.post("/api/v1/windows", json=a_body(console, gas_test=True), headers=OWN)
    assert made.status_code == 200, made.text
    window = made.json()
    assert (window["place_name"], window["by"], window["gas_test"]) == ("S1餐馆", "operator", True)
    assert window["running_until_ms"] == window["until_ms"]

    listed = (await browser.get("/api/v1/windows")).json()["items"]
    assert [one["id"] for one in listed] == [window["id"]]

    longer = a_body(console, until_ms=window["until_ms"] + HOUR_MS, reason="more pipes")
    address = f"/api/v1/windows/{window['id']}"
    changed = (await browser.put(address, json=longer, headers=OWN)).json()
    assert (changed["reason"], changed["until_ms"] - window["until_ms"]) == ("more pipes", HOUR_MS)
    assert changed["from_ms"] == window["from_ms"], "it goes on"
    elsewhere = await browser.put(address, json=longer | {"at": "S2"}, headers=OWN)
    assert (elsewhere.status_code, elsewhere.json()["detail"][:3]) == (422, "at:")

    ended = (await browser.delete(address, headers=OWN)).json()
    assert ended["over_ms"] is not None
    assert ended["running_until_ms"] is None
    assert (await browser.delete(address, headers=OWN)).status_code == 409
    again = await browser.put(address, json=longer, headers=OWN)
    assert (again.status_code, again.json()["detail"]) == (409, "It is over already: make a new one.")
    said = [e.event for e in console.journal.after(0, 1000) if isinstance(e.event, WindowSet)]
    assert [(one.by, one.window.reason) for one in said] == [
        ("operator", "new pipes"),
        ("operator", "more pipes"),
        ("operator", "more pipes"),
    ]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"until_ms": 1}, "until_ms"),
        ({"person": "stranger"}, "person"),
        ({"at": "nowhere"}, "at"),
        ({"reason": " "}, "reason"),
        ({"weekly": {"days": [1], "begins": "8", "ends": "9:00"}}, "08:30"),
        ({"weekly": {"days": [8], "begins": "08:00", "ends": "09:00"}}, "days"),
    ],
)
async def test_a_window_that_makes_no_sense_is_refused_with_what_to_do(
    console: Console, change: dict[str, object], says: str
) -> None:
    browser = await console.signed_in()
    answer = await browser.post("/api/v1/windows", json=a_body(console, **change), headers=OWN)
    assert answer.status_code == 422
    assert says in answer.json()["detail"]


async def test_an_inspector_looks_at_windows_and_makes_none(console: Console) -> None:
    browser = await console.signed_in("inspector")
    assert (await browser.get("/api/v1/windows")).status_code == 200
    assert (await browser.post("/api/v1/windows", json=a_body(console), headers=OWN)).status_code == 403
    assert (await browser.get("/api/v1/windows/none")).status_code == 404


@pytest.mark.parametrize(
    ("path", "body", "action"),
    [
        ("shelve", {"until_ms": 1, "reason": "spare part"}, OperatorAction.SHELVE),
        ("unshelve", {}, OperatorAction.UNSHELVE),
        ("own", {"take_over": True}, OperatorAction.OWN),
        ("escalate", {"note": "nobody answers"}, OperatorAction.ESCALATE),
        ("ack-for", {"person": "p1"}, OperatorAction.ACK_FOR),
        ("ack-for", {"name": "the landlord"}, OperatorAction.ACK_FOR),
        ("close", {"cause": "false_alarm", "trigger": "steam"}, OperatorAction.CLOSE),
    ],
)
async def test_what_an_operator_asks_for_reaches_alerts_with_all_its_words(
    console: Console, path: str, body: dict[str, object], action: OperatorAction
) -> None:
    console.open_alarm(a_leak())
    await console.follows()
    browser = await console.signed_in()
    asking = browser.post(f"/api/v1/alarms/1/{path}", json=body, headers=OWN)
    answer, request = await asyncio.gather(asking, console.answer(Outcome.DONE, 2))
    assert (answer.status_code, answer.json()) == (200, {"outcome": "done", "version": 2})
    assert (request.action, request.by) == (action, "operator")
    said = (request.until_ms, request.take_over, request.person, request.trigger)
    assert said == (
        body.get("until_ms"),
        body.get("take_over", False),
        body.get("person"),
        FalseTrigger.STEAM if "trigger" in body else None,
    )
    assert request.note == body.get("note", body.get("reason", ""))
    assert request.name == body.get("name", "")


@pytest.mark.parametrize("body", [{}, {"name": " "}, {"person": "p1", "name": "the landlord"}])
async def test_who_telephoned_is_said_in_one_way(console: Console, body: dict[str, object]) -> None:
    browser = await console.signed_in()
    answer = await browser.post("/api/v1/alarms/1/ack-for", json=body, headers=OWN)
    assert answer.status_code == 422
    assert "either person or name" in answer.json()["detail"]


@pytest.mark.parametrize("outcome", [one for one in Outcome if one not in {Outcome.DONE, Outcome.NOT_FOUND}])
async def test_every_refusal_says_what_to_do(console: Console, outcome: Outcome) -> None:
    console.open_alarm(a_leak())
    await console.follows()
    browser = await console.signed_in()
    asking = browser.post("/api/v1/alarms/1/escalate", json={}, headers=OWN)
    answer, _ = await asyncio.gather(asking, console.answer(outcome))
    assert answer.status_code == 409
    assert answer.json()["outcome"] == outcome.value
    assert len(answer.json()["detail"]) > 10
