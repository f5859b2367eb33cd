"""What nobody puts right: after a day it is a hazard with a deadline, until it is over or somebody closes it."""

from pathlib import Path

from alerts.rules.stale import Limits as StaleLimits
from alerts.service.grouping import Limits
from alerts.service.upkeep import Limits as UpkeepLimits
from gascore.hazard import Hazard, HazardClosed, HazardEnd, HazardOpened, HazardRequested
from gascore.operators import OperatorAnswered, Outcome
from gascore.registry import Role
from gascore.words import AlarmId, Condition, Level
from support.alarm_town import AlarmTown

HOUR_S = 3_600
DAY_S = 24 * HOUR_S


def opened(town: AlarmTown) -> list[Hazard]:
    return [event.hazard for event in town.events(HazardOpened)]


def closed(town: AlarmTown) -> list[Hazard]:
    return [event.hazard for event in town.events(HazardClosed)]


def asks_to_close(town: AlarmTown, hazard: Hazard, note: str) -> Outcome:
    request = f"h{town.journal.last_id()}"
    town.say(HazardRequested(request=request, hazard=hazard.id, alarm=hazard.alarm, by="operator", note=note))
    (outcome,) = [event.outcome for event in town.events(OperatorAnswered) if event.request == request]
    return outcome


def test_a_fault_that_nobody_puts_right_is_a_hazard_after_a_day_and_over_when_it_is_repaired(
    tmp_path: Path,
) -> None:
    town = AlarmTown(tmp_path)
    town.raised(Condition.FAULT, codes=("sensor_open",))
    town.advance(DAY_S - 1)
    assert not opened(town)
    town.advance(1)
    (hazard,) = opened(town)
    assert (hazard.alarm, hazard.detector, hazard.codes) == (1, "kitchen-1", ("sensor_open",))
    assert (hazard.opened_ms - hazard.since_ms, hazard.deadline_ms - hazard.opened_ms) == (
        DAY_S * 1000,
        7 * DAY_S * 1000,
    )
    town.advance(3 * DAY_S)
    assert len(opened(town)) == 1
    town.clears(Condition.FAULT)
    (over,) = closed(town)
    assert (over.id, over.end, over.closed_by) == (hazard.id, HazardEnd.PUT_RIGHT, None)


def test_a_leak_is_never_a_hazard_it_stays_an_alarm(tmp_path: Path) -> None:
    town = AlarmTown(tmp_path)
    town.leak()
    town.advance(2 * DAY_S)
    assert not opened(town)
    assert town.heard_at(Role.OWNER)[-1] > 2 * DAY_S - 301


def test_the_owner_goes_on_being_reminded_of_a_hazard_once_a_day(tmp_path: Path) -> None:
    town = AlarmTown(tmp_path)
    town.raised(Condition.FAULT)
    town.advance(3 * DAY_S + 3 * HOUR_S)
    assert [at for at in town.heard_at(Role.OWNER) if at > DAY_S]


def test_alerts_was_away_for_two_days_and_catches_up_once(tmp_path: Path) -> None:
    town = AlarmTown(tmp_path)
    town.raised(Condition.WRONG_GAS)
    town.running = False
    town.advance(2 * DAY_S)
    town.running = True
    town.restart()
    town.settle()
    town.restart()
    town.settle()
    assert len(opened(town)) == 1


def test_a_fault_from_yesterday_that_is_only_read_now_is_a_hazard_at_once(tmp_path: Path) -> None:
    town = AlarmTown(tmp_path)
    town.raised(Condition.FAULT, "kitchen-2")
    town.clears(Condition.FAULT, "kitchen-2")
    town.running = False
    town.raised(Condition.FAULT)
    town.advance(2 * DAY_S)
    town.running = True
    town.settle()
    assert len(opened(town)) == 1


def test_an_operator_closes_a_hazard_with_a_note_and_it_comes_again_if_nothing_was_done(
    tmp_path: Path,
) -> None:
    town = AlarmTown(tmp_path)
    town.raised(Condition.FAULT)
    town.advance(DAY_S)
    (hazard,) = opened(town)
    assert asks_to_close(town, hazard, " ") is Outcome.NOTE_MISSING
    assert not closed(town)
    assert asks_to_close(town, hazard, "replaced next week") is Outcome.DONE
    assert asks_to_close(town, hazard, "again") is Outcome.ALREADY
    (over,) = closed(town)
    assert (over.end, over.closed_by, over.note) == (HazardEnd.BY_HAND, "operator", "replaced next week")
    town.advance(DAY_S - 1)
    assert len(opened(town)) == 1
    town.advance(1)
    assert len(opened(town)) == 2


def test_nobody_can_close_a_hazard_that_there_is_not(tmp_path: Path) -> None:
    town = AlarmTown(tmp_path)
    town.say(HazardRequested(request="h", hazard=7, alarm=AlarmId(1), by="operator", note="x"))
    assert town.events(OperatorAnswered)[0].outcome is Outcome.NOT_FOUND


def test_the_day_and_the_deadline_are_settings(tmp_path: Path) -> None:
    town = AlarmTown(tmp_path)
    town.limits = Limits(upkeep=UpkeepLimits(stale=StaleLimits(after_ms=60_000, unfit_ms=1_000)))
    town.restart()
    town.raised(Condition.NEVER_REPORTED)
    town.advance(60)
    (hazard,) = opened(town)
    assert hazard.deadline_ms - hazard.opened_ms == 1_000


def test_an_open_hazard_says_nothing_of_a_leak_at_the_same_detector(tmp_path: Path) -> None:
    town = AlarmTown(tmp_path)
    town.raised(Condition.FAULT)
    town.advance(DAY_S)
    town.raised(Condition.LEAK, level=Level.HIGH, lel=60.0)
    assert town.heard(Role.SHIFT_LEADER)
