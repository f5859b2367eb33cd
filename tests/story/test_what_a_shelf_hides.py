"""A shelf is for what was seen when it was made: far worse, or something else, reaches people."""

from pathlib import Path

import pytest

from gascore.alarm import Alarm, AlarmKind, Suppression
from gascore.operators import OperatorAction, OperatorRequested, Outcome
from gascore.registry import Role
from gascore.words import AlarmId, Condition
from support.alarm_town import AlarmTown
from support.quarter import Quarter, names

HOUR = 3_600


def shelve(town: AlarmTown, alarm: int = 1, seconds: int = 8 * HOUR) -> None:
    until_ms = town.clock.now_ms() + seconds * 1000
    asked = OperatorRequested(
        request="",
        alarm=AlarmId(alarm),
        action=OperatorAction.SHELVE,
        by="ann",
        note="known",
        until_ms=until_ms,
    )
    assert town.ask(asked) is Outcome.DONE


def outage(town: Quarter) -> Alarm:
    (found,) = town.open_of(AlarmKind.OUTAGE)
    return found


def test_a_shelved_outage_that_nobody_acknowledged_is_told_when_far_more_go(tmp_path: Path) -> None:
    town = Quarter(tmp_path)
    town.go(*names("west", 0, 13))
    town.advance(60)
    shelve(town, outage(town).id)
    heard = len(town.heard(Role.SHIFT_LEADER))
    town.go("west-13")
    town.advance(20)
    assert outage(town).shelf is not None, "one more is what the operator has put aside"
    town.go(*names("west", 14, 40))
    town.advance(60)
    assert outage(town).shelf is None
    assert len(town.heard(Role.SHIFT_LEADER)) == heard + 1


def test_the_next_fault_is_shelved_only_if_it_is_the_one_that_was_put_aside(tmp_path: Path) -> None:
    town = AlarmTown(tmp_path)
    town.raised(Condition.FAULT, codes=("E1", "E2"))
    shelve(town)
    town.clears(Condition.FAULT)
    town.advance(10)
    town.raised(Condition.FAULT, codes=("E2",))
    assert town.alarm(2).suppression is Suppression.SHELVED
    town.clears(Condition.FAULT)
    town.advance(10)
    texts = len(town.heard(Role.OWNER))
    town.raised(Condition.FAULT, codes=("E3",))
    assert town.alarm(3).suppression is Suppression.NONE
    assert len(town.heard(Role.OWNER)) == texts + 1


@pytest.mark.parametrize("what", ["trouble", "blind"])
def test_trouble_of_our_own_that_comes_again_is_never_shelved_beforehand(tmp_path: Path, what: str) -> None:
    town = AlarmTown(tmp_path)

    def begins() -> None:
        town.has_trouble("broker_drops", "3 dropped") if what == "trouble" else town.goes_blind()

    begins()
    shelve(town)
    town.is_fine_again("broker_drops") if what == "trouble" else town.sees_again()
    town.advance(10)
    begins()
    assert town.alarm(2).suppression is Suppression.NONE


def test_an_outage_that_comes_again_is_never_shelved_beforehand(tmp_path: Path) -> None:
    town = Quarter(tmp_path)
    town.go(*names("west"))
    town.advance(60)
    first = outage(town)
    shelve(town, first.id)
    town.come_back(*names("west"))
    town.advance(400)
    assert town.open_of(AlarmKind.OUTAGE) == []
    town.go(*names("west"))
    town.advance(60)
    assert outage(town).id != first.id
    assert outage(town).shelf is None
