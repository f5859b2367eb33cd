"""What nobody would miss: rows that can't be read, ladders without a row, providers that are all down, old troubles."""

from pathlib import Path

import msgspec
import pytest
from sqlalchemy import Table, delete, update

from alerts.rules.audit import Code, Grace
from alerts.service.auditor import HEARTBEAT, Auditor, Leftovers, Pulse
from gascore.journal import AlarmStepped, TroubleBegan, TroubleEnded
from gascore.policy import Policy, Step, Target, TargetKind
from gascore.registry import Ledger, Role
from gascore.service_status import ServiceStatus
from gaswatch.stores.schema import alarm, escalation, policy
from gaswatch.stores.status import SqlStatusBoard
from support.alarm_town import AlarmTown

HOUR_MS = 3_600_000


@pytest.fixture
def town(tmp_path: Path) -> AlarmTown:
    return AlarmTown(tmp_path)


def an_auditor(town: AlarmTown) -> Auditor:
    return Auditor(town.audit, town.journal, Grace())


def spoil(town: AlarmTown, table: Table) -> None:
    """What a newer version wrote, perhaps."""
    with town.engine.begin() as connection:
        connection.execute(update(table).values(body=msgspec.json.encode({"of": "a newer version"})))


class Outside:
    """Implements `alerts.ports.Heartbeat`."""

    def __init__(self) -> None:
        self.why: str | None = None

    def beat(self) -> str | None:
        return self.why


def codes(town: AlarmTown, auditor: Auditor) -> set[Code]:
    return {one.code for one in auditor.look(town.clock.now_ms()).found}


def test_an_open_alarm_that_lost_its_ladder_is_found(town: AlarmTown) -> None:
    town.leak()
    auditor = an_auditor(town)
    assert codes(town, auditor) == set()
    with town.engine.begin() as connection:
        connection.execute(delete(escalation))
    assert Code.LADDER_MISSING in codes(town, auditor)


def test_a_deadline_that_is_too_far_away_for_any_chain_is_found(town: AlarmTown) -> None:
    town.leak()
    auditor = an_auditor(town)
    town.clock.advance_now(-HOUR_MS)
    assert Code.LADDER_FAR in codes(town, auditor)


def test_an_alarm_that_cannot_be_read_holds_up_no_other_and_is_told_of(town: AlarmTown) -> None:
    town.is_audited = False
    town.leak("kitchen-1", lel=70)
    spoil(town, alarm)
    heard = len(town.heard(Role.OWNER))
    town.leak("kitchen-2", lel=70)
    assert len(town.heard(Role.OWNER)) > heard
    town.advance(120)
    assert ("ladder_stuck",) in [one.alarm.codes for one in town.events(AlarmStepped)]


def test_a_policy_that_cannot_be_read_leaves_leaks_to_the_built_in_one(town: AlarmTown) -> None:
    town.is_audited = False
    own = Policy("own", "", "", steps=(Step(0, (Target(TargetKind.ROLE, Role.MAINTENANCE),)),), repeat_s=600)
    town.registry.put(Ledger(policies=(own,)), by="test", at_ms=town.clock.now_ms())
    spoil(town, policy)
    town.restart()
    town.leak("kitchen-1", lel=70)
    assert town.heard(Role.OWNER)
    assert Code.ROW_UNREADABLE in codes(town, an_auditor(town))


def test_nobody_outside_hears_that_all_is_well_while_no_text_can_leave(town: AlarmTown) -> None:
    auditor, board = an_auditor(town), SqlStatusBoard(town.engine)
    now_ms = town.clock.now_ms()
    for texts, why in (("ok", ""), ("down", "no provider works"), ("ok", "")):
        notes = {"desk_ms": str(now_ms), "texts": texts}
        board.say(ServiceStatus("alerts", 1, now_ms, now_ms, notes=notes))
        assert auditor.look(now_ms).silence == why


def test_nobody_outside_hears_that_all_is_well_while_the_newest_test_leak_has_failed(town: AlarmTown) -> None:
    auditor = an_auditor(town)
    town.has_trouble("canary north", "not delivered")
    assert auditor.look(town.clock.now_ms()).silence == "test leak north"
    town.is_fine_again("canary north")
    assert auditor.look(town.clock.now_ms()).silence == ""


def test_an_auditor_that_was_started_anew_ends_the_trouble_of_its_heartbeat(town: AlarmTown) -> None:
    outside = Outside()
    outside.why = "HTTP 404"
    before = Pulse(outside, town.journal, town.audit)
    for _ in range(3):
        before.beat(town.clock.now_ms())
    town.settle()
    outside.why = None
    after = Pulse(outside, town.journal, town.audit)
    after.beat(town.clock.now_ms())
    after.beat(town.clock.now_ms())
    assert [one.name for one in town.events(TroubleBegan)] == [HEARTBEAT]
    assert [one.name for one in town.events(TroubleEnded)] == [HEARTBEAT]


def test_a_trouble_of_what_the_settings_do_not_ask_for_any_more_is_ended_once(town: AlarmTown) -> None:
    town.has_trouble("canary north", "not delivered")
    town.has_trouble("canary south", "not delivered")
    leftovers = Leftovers(town.audit, town.journal, ("canary ",), frozenset({"canary south"}))
    leftovers.go(town.clock.now_ms())
    leftovers.go(town.clock.now_ms())
    town.settle()
    (ended,) = town.events(TroubleEnded)
    assert (ended.name, ended.reason) == ("canary north", "not in the settings any more")
