"""What may keep people from being told, for how long, and that it never is a leak."""

from pathlib import Path

import pytest

from gascore.alarm import AlarmCause, AlarmKind, AlarmStatus, FalseTrigger, Suppression
from gascore.operators import OperatorAction, OperatorRequested, Outcome
from gascore.registry import Role
from gascore.windows import PlaceKind, Window, WindowBegan, WindowEnded
from gascore.words import AlarmId, Condition, Level, PersonId
from gaswatch.stores.windows import SqlWindows
from support.alarm_town import AlarmTown

MINUTE = 60
HOUR = 60 * MINUTE


@pytest.fixture
def town(tmp_path: Path) -> AlarmTown:
    return AlarmTown(tmp_path)


def a_wish(action: OperatorAction, **more: object) -> OperatorRequested:
    asked = {"request": "", "alarm": AlarmId(1), "action": action, "by": "ann"} | more
    return OperatorRequested(**asked)  # type: ignore[arg-type]  # names of fields with their values


def shelve(town: AlarmTown, seconds: int = HOUR, note: str = "waits for a spare part") -> Outcome:
    until_ms = town.clock.now_ms() + seconds * 1000
    return town.ask(a_wish(OperatorAction.SHELVE, until_ms=until_ms, note=note))


def set_window(
    town: AlarmTown, seconds: int, *, place: PlaceKind = PlaceKind.SITE, at: str = "li", **more: object
) -> Window:
    now_ms = town.clock.now_ms()
    facts: dict[str, object] = {
        "id": "w1",
        "person": PersonId("maintenance"),
        "by": "ann",
        "reason": "new pipes",
    }
    facts |= {"from_ms": now_ms, "until_ms": now_ms + seconds * 1000, "place": place, "at": at} | more
    window = Window(**facts)  # type: ignore[arg-type]  # names of fields with their values
    SqlWindows(town.engine).put(window, "ann", now_ms)
    town.settle()
    return window


# --- shelves --------------------------------------------------------------------------------------


def test_a_shelved_fault_is_silent_until_its_end_and_then_starts_from_the_first_rung(town: AlarmTown) -> None:
    town.raised(Condition.FAULT, codes=("E1",))
    assert town.heard_at(Role.OWNER) == [0]
    assert shelve(town, 3 * HOUR) is Outcome.DONE
    assert town.alarm().status is AlarmStatus.SHELVED
    town.advance(3 * HOUR - 1)
    assert town.heard_at(Role.OWNER) == [0]
    assert town.heard_at(Role.MAINTENANCE) == []
    town.advance(2)
    assert town.alarm().suppression is Suppression.NONE
    assert town.heard_at(Role.OWNER) == [0, 3 * HOUR]
    assert town.steps()[-1] == "unshelved"


def test_a_shelf_ends_when_we_were_not_running_at_its_end(town: AlarmTown) -> None:
    town.raised(Condition.FAULT, codes=("E1",))
    shelve(town, HOUR)
    town.running = False
    town.advance(2 * HOUR)
    town.running = True
    town.restart()
    town.settle()
    assert town.heard_at(Role.OWNER) == [0, 2 * HOUR]


def test_what_gets_worse_ends_its_shelf_and_people_are_told(town: AlarmTown) -> None:
    town.raised(Condition.FAULT, codes=("E1",))
    shelve(town)
    town.advance(10)
    town.raised(Condition.FAULT, codes=("E1", "E2"))
    assert town.alarm().shelf is None
    assert town.heard_at(Role.OWNER) == [0, 10]


def test_shelving_outlives_a_condition_that_comes_and_goes(town: AlarmTown) -> None:
    town.raised(Condition.FAULT, codes=("E1",))
    shelve(town)
    town.clears(Condition.FAULT)
    town.advance(10)
    town.raised(Condition.FAULT, codes=("E1",))
    assert town.alarm(2).suppression is Suppression.SHELVED
    town.advance(HOUR - 12)
    texts = len(town.heard(Role.OWNER))
    town.advance(5)
    assert town.alarm(2).suppression is Suppression.NONE
    assert len(town.heard(Role.OWNER)) == texts + 1


@pytest.mark.parametrize("lel", [12.0, 60.0])
def test_a_leak_is_never_shelved(town: AlarmTown, lel: float) -> None:
    town.leak(lel=lel)
    assert shelve(town) is Outcome.NEVER_SHELVED
    assert town.alarm().suppression is Suppression.NONE


@pytest.mark.parametrize(
    ("seconds", "note", "outcome"),
    [(0, "x", Outcome.BAD_END), (9 * HOUR, "x", Outcome.BAD_END), (HOUR, " ", Outcome.NOTE_MISSING)],
)
def test_shelving_needs_an_end_not_far_away_and_a_reason(
    town: AlarmTown, seconds: int, note: str, outcome: Outcome
) -> None:
    town.raised(Condition.FAULT)
    assert shelve(town, seconds, note) is outcome


def test_a_person_takes_an_alarm_from_the_shelf(town: AlarmTown) -> None:
    town.raised(Condition.FAULT)
    assert town.ask(a_wish(OperatorAction.UNSHELVE)) is Outcome.NOT_SHELVED
    shelve(town)
    town.advance(5)
    assert town.ask(a_wish(OperatorAction.UNSHELVE)) is Outcome.DONE
    assert town.heard_at(Role.OWNER) == [0, 5]


# --- maintenance windows --------------------------------------------------------------------------


def test_in_a_window_a_fault_is_kept_silent_and_told_at_the_end_if_it_still_holds(town: AlarmTown) -> None:
    set_window(town, HOUR)
    town.raised(Condition.FAULT, "kitchen-1", codes=("E1",))
    town.raised(Condition.FAULT, "kitchen-2", codes=("E1",))
    assert town.alarm().status is AlarmStatus.OUT_OF_SERVICE
    town.clears(Condition.FAULT, "kitchen-2")
    town.advance(HOUR - 1)
    assert town.heard(Role.OWNER) == []
    town.advance(2)
    assert town.heard_at(Role.OWNER) == [HOUR]
    assert town.steps(1) == ["opened", "uncovered"]
    assert town.steps(2) == ["opened", "closed"]


def test_what_was_open_before_the_window_is_silent_in_it(town: AlarmTown) -> None:
    town.raised(Condition.FAULT, codes=("E1",))
    set_window(town, 3 * HOUR, place=PlaceKind.ROOM, at="kitchen")
    town.advance(3 * HOUR - 1)
    assert town.heard(Role.MAINTENANCE) == [] or all(
        "维护" in text for _, text in town.heard(Role.MAINTENANCE)
    )
    town.advance(2)
    assert town.heard_at(Role.OWNER) == [0, 3 * HOUR]


def test_a_window_lies_over_its_own_place_only(town: AlarmTown) -> None:
    set_window(town, HOUR, place=PlaceKind.DETECTOR, at="kitchen-2")
    town.raised(Condition.FAULT, "kitchen-1")
    assert town.heard_at(Role.OWNER) == [0]
    town.raised(Condition.FAULT, "kitchen-2")
    assert town.heard_at(Role.OWNER) == [0]


def test_an_area_window_lies_over_all_its_sites(town: AlarmTown) -> None:
    set_window(town, HOUR, place=PlaceKind.AREA, at="grid")
    town.raised(Condition.FAULT)
    assert town.heard(Role.OWNER) == []


def test_what_a_window_lets_through_reaches_people(town: AlarmTown) -> None:
    set_window(town, HOUR, passes=frozenset({AlarmKind.FAULT}))
    town.raised(Condition.FAULT)
    assert town.heard_at(Role.OWNER) == [0]


@pytest.mark.parametrize("lel", [12.0, 60.0])
def test_a_leak_passes_every_window(town: AlarmTown, lel: float) -> None:
    set_window(town, HOUR)
    town.leak(lel=lel)
    assert town.heard_at(Role.OWNER) == [0]
    assert town.alarm().suppression is Suppression.NONE


def test_in_a_gas_test_a_low_leak_reaches_the_operators_at_once_and_nobody_else(town: AlarmTown) -> None:
    set_window(town, HOUR, gas_test=True)
    town.leak()
    assert town.alarm().suppression is Suppression.GAS_TEST
    town.advance(20 * MINUTE)
    assert town.heard_at(Role.SHIFT_LEADER)[0] == 0
    assert town.heard(Role.OWNER) == []
    assert town.heard(Role.GRID_WORKER) == []


def test_in_a_gas_test_a_high_leak_reaches_everybody(town: AlarmTown) -> None:
    set_window(town, HOUR, gas_test=True)
    town.leak()
    town.advance(30)
    town.becomes(Level.HIGH, lel=60.0)
    assert town.alarm().cover is None
    assert town.heard_at(Role.OWNER) == [30]


def test_a_low_leak_that_outlives_the_gas_test_reaches_everybody_though_acknowledged(town: AlarmTown) -> None:
    set_window(town, HOUR, gas_test=True)
    town.leak()
    town.operator(OperatorAction.ACK)
    town.advance(HOUR + 1)
    assert town.heard_at(Role.OWNER) == [HOUR]
    assert town.alarm().acked_by is None


def test_a_leak_that_was_there_before_is_none_of_the_gas_test(town: AlarmTown) -> None:
    town.leak()
    set_window(town, HOUR, gas_test=True)
    town.advance(91)
    assert town.alarm().suppression is Suppression.NONE
    assert 90 in town.heard_at(Role.SHIFT_LEADER)


def test_a_window_is_booked_with_its_real_instants_though_we_were_not_running(town: AlarmTown) -> None:
    start_ms = town.clock.now_ms()
    town.running = False
    SqlWindows(town.engine).put(
        Window(
            "w1",
            PlaceKind.SITE,
            "li",
            PersonId("maintenance"),
            "ann",
            "pipes",
            start_ms + 60_000,
            start_ms + 120_000,
        ),
        "ann",
        start_ms,
    )
    town.advance(HOUR)
    town.running = True
    town.settle()
    assert [(one.since_ms, one.until_ms) for one in town.events(WindowBegan)] == [
        (start_ms + 60_000, start_ms + 120_000)
    ]
    assert [(one.since_ms, one.ended_ms) for one in town.events(WindowEnded)] == [
        (start_ms + 60_000, start_ms + 120_000)
    ]


def test_who_answers_for_a_window_is_reminded_before_it_ends(town: AlarmTown) -> None:
    set_window(town, HOUR)
    town.advance(HOUR - 15 * MINUTE + 1)
    assert town.heard_at(Role.MAINTENANCE) == [HOUR - 15 * MINUTE]
    (_, text), *_ = town.heard(Role.MAINTENANCE)
    assert "维护" in text
    assert len(text) <= 70


def test_a_window_that_is_ended_early_lets_alarms_go_on(town: AlarmTown) -> None:
    window = set_window(town, HOUR)
    town.raised(Condition.FAULT)
    town.advance(10)
    now_ms = town.clock.now_ms()
    set_window(town, HOUR, from_ms=window.from_ms, until_ms=window.until_ms, over_ms=now_ms)
    assert town.heard_at(Role.OWNER) == [10]
    assert [one.ended_ms for one in town.events(WindowEnded)] == [now_ms]


# --- what operators do ----------------------------------------------------------------------------


def test_an_operator_writes_down_an_acknowledgement_by_telephone(town: AlarmTown) -> None:
    town.leak()
    assert town.ask(a_wish(OperatorAction.ACK_FOR, person=PersonId("nobody"))) is Outcome.NO_SUCH_PERSON
    assert town.ask(a_wish(OperatorAction.ACK_FOR, person=PersonId("owner"))) is Outcome.DONE
    assert (town.alarm().acked_by, town.alarm().recorded_by) == ("owner", "ann")


def test_somebody_by_telephone_need_not_be_in_the_ledger(town: AlarmTown) -> None:
    town.leak()
    assert town.ask(a_wish(OperatorAction.ACK_FOR, name="the landlord")) is Outcome.DONE
    assert (town.alarm().acked_by, town.alarm().recorded_by) == ("the landlord", "ann")


def test_taking_over_from_another_needs_to_be_said(town: AlarmTown) -> None:
    town.leak()
    assert town.ask(a_wish(OperatorAction.OWN)) is Outcome.DONE
    assert town.ask(a_wish(OperatorAction.OWN)) is Outcome.ALREADY
    assert town.ask(a_wish(OperatorAction.OWN, by="bo")) is Outcome.OWNED
    assert town.ask(a_wish(OperatorAction.OWN, by="bo", take_over=True)) is Outcome.DONE
    assert town.alarm().owner == "bo"


def test_an_operator_calls_the_next_ones_at_once(town: AlarmTown) -> None:
    town.leak()
    town.advance(5)
    assert town.ask(a_wish(OperatorAction.ESCALATE)) is Outcome.DONE
    assert town.heard_at(Role.SHIFT_LEADER) == [5]
    town.advance(86)
    assert town.heard_at(Role.SHIFT_LEADER) == [5], "the step that was taken early is not taken again"


def test_a_false_alarm_is_closed_with_what_it_was_about(town: AlarmTown) -> None:
    town.leak()
    town.operator(OperatorAction.ACK)
    town.clears()

    def close(**more: object) -> Outcome:
        return town.ask(a_wish(OperatorAction.CLOSE, cause=AlarmCause.FALSE_ALARM, **more))

    assert close() is Outcome.TRIGGER_MISSING
    assert close(trigger=FalseTrigger.OTHER) is Outcome.NOTE_MISSING
    assert close(trigger=FalseTrigger.STEAM) is Outcome.DONE
    assert town.alarm().trigger is FalseTrigger.STEAM
