"""Alerts is killed at every single store call of an incident: nothing is lost, and nobody is told twice.

Not even by a kill between the provider's answer and our note of it: the provider is asked what became of it.
"""

import os
from collections import Counter
from pathlib import Path
from typing import Final

import pytest

from alerts.rules.delivery import LEASE_MS
from gascore.alarm import NoticeState
from gascore.journal import AlarmStepped, NoticeStepped, ReplyReceived
from gascore.operators import OperatorAction, OperatorAnswered, OperatorRequested
from gascore.registry import Role
from gascore.words import AlarmId, Condition
from gaswatch.stores.desk import SqlBooks
from support.alarm_town import PEOPLE, AlarmTown
from support.killer import Killed, KillingBooks

pytestmark = pytest.mark.faults
NEVER: Final = -1
EVERY: Final = 3 if os.environ.get("CI") else 13
"""All 593 of them take two to ten minutes (`EVERY = 1`; they pass): continuous integration tries 198."""


class Incident:
    """One incident, told to a process that is killed at the `at`-th store call, and to its successor."""

    def __init__(self, folder: Path, at: int) -> None:
        folder.mkdir()
        self.town = AlarmTown(folder)
        self.books = KillingBooks(SqlBooks(self.town.engine), at)
        self.killed: str | None = None
        self.town.restart(self.books)
        try:
            self._run()
        finally:
            self.town.engine.dispose()

    def _run(self) -> None:
        town = self.town
        town.running = False
        town.leak(lel=70)
        town.raised(Condition.FAULT, "kitchen-2", codes=("E1",))
        self._work(1)
        self._work(90)
        town.say(ReplyReceived(channel="sms", provider_id="IN1", sender=PEOPLE[Role.OWNER], body="101"))
        town.say(OperatorRequested(request="r", alarm=AlarmId(2), action=OperatorAction.ACK, by="op"))
        self._work(1)
        town.clears()
        town.clears(Condition.FAULT, "kitchen-2")
        self._work(20)
        # Whatever a dead sender has left is taken over after its lease.
        self._work(LEASE_MS // 1000 + 1)

    def _work(self, seconds: int) -> None:
        town = self.town
        town.running = True
        end_ms = town.clock.now_ms() + seconds * 1000
        while True:
            try:
                town.advance((end_ms - town.clock.now_ms()) / 1000)
                break
            except Killed as killed:
                self.killed = str(killed)
                town.restart()
        town.running = False

    @property
    def texts(self) -> Counter[tuple[str, str]]:
        """(phone, text) of everything that reached a phone."""
        return Counter((phone, text) for phone, inbox in self.town.phones.inbox.items() for _, text in inbox)

    @property
    def steps(self) -> list[tuple[int, str]]:
        return [(event.alarm.id, event.step.value) for event in self.town.events(AlarmStepped)]


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Incident:
    return Incident(tmp_path_factory.mktemp("town") / "calm", NEVER)


def test_the_undisturbed_incident_is_what_it_should_be(undisturbed: Incident) -> None:
    assert undisturbed.killed is None
    assert [step for alarm, step in undisturbed.steps if alarm == 1] == [
        "opened",
        "escalated",
        "acked",
        "normal",
    ]
    assert [step for alarm, step in undisturbed.steps if alarm == 2] == ["opened", "acked", "closed"]
    assert max(undisturbed.texts.values()) == 1
    assert undisturbed.books.calls > 200


def test_a_kill_at_any_store_call_loses_nothing_and_tells_nobody_twice(
    undisturbed: Incident, tmp_path: Path
) -> None:
    for at in range(1, undisturbed.books.calls + 1, EVERY):
        incident = Incident(tmp_path / str(at), at)
        why = f"killed at store call {at}, {incident.killed}"
        assert incident.killed, why
        assert incident.steps == undisturbed.steps, why
        answers = incident.town.events(OperatorAnswered)
        assert len(answers) == 1, why
        _all_were_told_once(incident, undisturbed, why)
        _each_notice_was_made_once(incident, undisturbed, why)


def _all_were_told_once(incident: Incident, undisturbed: Incident, why: str) -> None:
    assert incident.texts == undisturbed.texts, why
    assert max(incident.texts.values()) == 1, why
    unsettled = {NoticeState.PENDING, NoticeState.SENDING, NoticeState.UNKNOWN}
    assert not unsettled & set(incident.town.states()), why


def _each_notice_was_made_once(incident: Incident, undisturbed: Incident, why: str) -> None:
    def made(one: Incident) -> Counter[tuple[int | None, str, str, str]]:
        pending = [e.notice for e in one.town.events(NoticeStepped)]
        latest = {notice.id: notice for notice in pending}.values()
        return Counter((n.alarm, n.role, n.purpose.value, str(n.step)) for n in latest)

    assert made(incident) == made(undisturbed), why
