"""What a killed run was sending, the next one takes back: at once if it is certain that the other is dead."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import pytest

from alerts.rules.delivery import LEASE_MS
from alerts.service.courier import Courier
from gascore.alarm import NoticeState
from gascore.registry import Role
from gaswatch.stores.desk import SqlBooks
from support.alarm_town import PEOPLE, AlarmTown

FIRST: Final = (Role.OWNER, Role.SAFETY_OFFICER, Role.SHIFT_LEADER)


@dataclass
class Runs:
    """A presence that is told who is dead. Implements `alerts.ports.Presence`."""

    run: str | None
    ended: frozenset[str] = frozenset()
    buried: set[str] = field(default_factory=set)

    def dead(self) -> frozenset[str]:
        return self.ended

    def bury(self, runs: frozenset[str]) -> None:
        self.buried |= runs


@pytest.fixture
def town(tmp_path: Path) -> AlarmTown:
    """A leak whose first texts are on their way when their sender dies; the owner's has been taken already."""
    town = AlarmTown(tmp_path)
    town.running = False
    town.leak(lel=70)
    now_ms = town.clock.now_ms()
    town.desk.turn(now_ms)
    dying = _courier(town, Runs("run-1"))
    for parcel in dying.take(now_ms, 100).parcels:
        if parcel.address == PEOPLE[Role.OWNER]:
            dying.carry_out(parcel, now_ms)
    town.running = True
    return town


def test_the_texts_of_a_dead_run_are_asked_for_at_once_and_sent_once(town: AlarmTown) -> None:
    runs = Runs("run-2", frozenset({"run-1"}))
    town.courier = _courier(town, runs)
    town.advance(0.001)
    assert runs.buried == {"run-1"}
    assert NoticeState.SENDING not in town.states()
    assert len(town.heard(Role.OWNER)) == 1
    town.advance(6)
    assert [len(town.heard(role)) for role in FIRST] == [1, 1, 1]
    assert town.heard_at(Role.SAFETY_OFFICER) == [5]


def test_the_texts_of_a_run_that_may_be_alive_wait_for_their_lease(town: AlarmTown) -> None:
    town.courier = _courier(town, Runs("run-2", frozenset({"run-0"})))
    town.advance(LEASE_MS / 1000 - 1)
    assert town.heard(Role.SAFETY_OFFICER) == []
    town.advance(2)
    assert [len(town.heard(role)) for role in FIRST] == [1, 1, 1]


def _courier(town: AlarmTown, runs: Runs) -> Courier:
    return Courier(SqlBooks(town.engine), town.switchboard, presence=runs)
