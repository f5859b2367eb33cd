"""What the auditor finds when the desk, the courier or a ladder stands, and what becomes of it."""

from pathlib import Path
from typing import Final

import msgspec
import pytest

from alerts.rules.audit import Grace
from alerts.service.auditor import Auditor, Pulse
from gascore.alarm import AlarmKind, NoticeState
from gascore.journal import TroubleBegan, TroubleEnded
from gascore.registry import Role
from gascore.service_status import ServiceStatus
from gaswatch.stores.desk import SqlBooks
from gaswatch.stores.status import SqlStatusBoard
from support.alarm_town import AlarmTown

GRACE: Final = Grace()
EVERY_S: Final = 5


@pytest.fixture
def town(tmp_path: Path) -> AlarmTown:
    return AlarmTown(tmp_path)


def an_auditor(town: AlarmTown) -> Auditor:
    return Auditor(town.audit, town.journal, GRACE)


def watch_for(town: AlarmTown, auditor: Auditor, seconds: int) -> list[str]:
    """Let time pass with a look every 5 s; the names of the troubles that began."""
    before = len(town.events(TroubleBegan))
    for _ in range(seconds // EVERY_S):
        town.advance(EVERY_S)
        auditor.look(town.clock.now_ms())
        town.settle()
    return [one.name for one in town.events(TroubleBegan)[before:]]


def test_a_whole_story_with_everybody_at_work_has_no_finding(town: AlarmTown) -> None:
    auditor = an_auditor(town)
    town.leak()
    assert watch_for(town, auditor, 400) == []
    town.reply(Role.OWNER, town.code(Role.OWNER))
    town.clears()
    assert watch_for(town, auditor, 60) == []


def test_a_desk_that_stands_is_found_within_the_set_time_and_told_when_it_works_again(
    town: AlarmTown,
) -> None:
    auditor = an_auditor(town)
    town.leak()
    town.running = False
    assert watch_for(town, auditor, 70) == []
    # No receipt for 60 s, the second rung after 90 s: 15 s of grace each, and two looks.
    assert watch_for(town, auditor, 15) == ["audit notice_unasked"]
    assert {*watch_for(town, auditor, 35)} == {"audit ladder_overdue", "audit journal_unread"}
    town.running = True
    town.settle()
    watch_for(town, auditor, 10)
    began = {one.name for one in town.events(TroubleBegan)}
    assert {one.name for one in town.events(TroubleEnded)} == began


def test_a_ladder_that_lost_its_deadline_is_told_to_the_operators(town: AlarmTown) -> None:
    auditor = an_auditor(town)
    town.leak()
    with SqlBooks(town.engine).transaction() as books:
        file = books.cases.of_key("detector:kitchen-1:leak")
        assert file is not None
        books.cases.put(file.with_ladder(msgspec.structs.replace(file.ladder, due_ms=None)))
    town.is_audited = False  # it would see at once what is broken here
    assert watch_for(town, auditor, 10) == ["audit ladder_missing"]
    told = len(town.heard(Role.SHIFT_LEADER))
    watch_for(town, auditor, 125)
    assert len(town.heard(Role.SHIFT_LEADER)) > told
    troubles = [one for one in SqlBooks(town.engine).open_of([AlarmKind.TROUBLE]) if one.active]
    assert [one.codes for one in troubles] == [("audit", "ladder_missing", "alarm 1")]


@pytest.mark.parametrize("state", [NoticeState.PENDING, NoticeState.SENDING])
def test_a_notice_that_nobody_sends_is_found(town: AlarmTown, state: NoticeState) -> None:
    auditor = an_auditor(town)
    town.leak()
    town.running = False
    now_ms = town.clock.now_ms()
    with SqlBooks(town.engine).transaction() as books:
        parcel = books.notices.of_alarm(town.alarm().id)[0]
        stuck = msgspec.structs.replace(
            parcel, notice=msgspec.structs.replace(parcel.notice, state=state), due_ms=now_ms, lease_ms=now_ms
        )
        books.notices.put(stuck)
    name = "waits" if state is NoticeState.PENDING else "stuck"
    assert f"audit notice_{name}" in watch_for(town, auditor, 25)


def test_a_desk_that_hangs_while_its_process_speaks_is_found(town: AlarmTown) -> None:
    auditor = an_auditor(town)
    board = SqlStatusBoard(town.engine)
    town.settle()
    hung_ms = town.clock.now_ms()
    for _ in range(6):
        now_ms = town.clock.now_ms()
        board.say(ServiceStatus("alerts", 1, hung_ms, now_ms, notes={"desk_ms": str(hung_ms)}))
        auditor.look(now_ms)
        town.clock.advance_now(5_000)
    assert [one.name for one in town.events(TroubleBegan)] == ["audit desk_stands"]


def test_an_auditor_that_was_killed_does_not_say_twice_what_it_had_said_and_ends_what_is_over(
    town: AlarmTown,
) -> None:
    town.has_trouble("audit desk_stands", "its look")
    town.has_trouble("series_lost", "3 readings")
    auditor = an_auditor(town)
    watch_for(town, auditor, 10)
    assert [one.name for one in town.events(TroubleEnded)] == ["audit desk_stands"]
    assert [one.name for one in town.events(TroubleBegan)] == ["audit desk_stands", "series_lost"]


class Outside:
    """Implements `alerts.ports.Heartbeat`."""

    def __init__(self) -> None:
        self.why: str | None = None
        self.heard = 0

    def beat(self) -> str | None:
        self.heard += self.why is None
        return self.why


def test_a_heartbeat_that_nobody_hears_is_a_trouble_after_three_and_ends_with_the_next_one_heard(
    town: AlarmTown,
) -> None:
    outside = Outside()
    pulse = Pulse(outside, town.journal, town.audit)
    assert pulse.beat(town.clock.now_ms()) is None
    outside.why = "HTTP 404"
    pulse.beat(town.clock.now_ms())
    pulse.beat(town.clock.now_ms())
    assert town.events(TroubleBegan) == []
    pulse.beat(town.clock.now_ms())
    pulse.beat(town.clock.now_ms())
    assert [(one.name, one.detail) for one in town.events(TroubleBegan)] == [("heartbeat", "HTTP 404")]
    outside.why = None
    pulse.beat(town.clock.now_ms())
    assert [one.name for one in town.events(TroubleEnded)] == ["heartbeat"]
