"""Maintenance windows that people change while they hold, and ledgers that change below them."""

from pathlib import Path

import msgspec
import pytest

from gascore.alarm import AlarmStatus, Suppression
from gascore.journal import AlarmStepped, ConditionRaised, Reason, Sample
from gascore.registry import Area, Ledger, Role
from gascore.windows import PlaceKind, Weekly, Window, WindowBegan, WindowEnded
from gascore.words import AreaId, Condition, DetectorId, Level, PersonId
from gaswatch.stores.windows import SqlWindows
from support.alarm_town import SITE, AlarmTown

HOUR = 3_600
DAY = 24 * HOUR


@pytest.fixture
def town(tmp_path: Path) -> AlarmTown:
    return AlarmTown(tmp_path)


def a_window(town: AlarmTown, seconds: float, **more: object) -> Window:
    now_ms = town.clock.now_ms()
    facts: dict[str, object] = {
        "id": "w1",
        "place": PlaceKind.SITE,
        "at": "li",
        "person": PersonId("maintenance"),
        "by": "ann",
        "reason": "new pipes",
        "from_ms": now_ms,
        "until_ms": now_ms + round(seconds * 1000),
    }
    return Window(**(facts | more))  # type: ignore[arg-type]  # names of fields with their values


def put(town: AlarmTown, window: Window) -> Window:
    SqlWindows(town.engine).put(window, "ann", town.clock.now_ms())
    return window


def spans(town: AlarmTown) -> list[tuple[int, int]]:
    """What was booked, in seconds since the start."""
    return [
        ((one.since_ms - town.start_ms) // 1000, (one.ended_ms - town.start_ms) // 1000)
        for one in town.events(WindowEnded)
    ]


def test_a_gas_test_that_is_prolonged_withdraws_no_text_about_a_leak(town: AlarmTown) -> None:
    window = put(town, a_window(town, HOUR, gas_test=True))
    town.settle()
    now_ms = town.clock.now_ms()
    leak = ConditionRaised(
        detector=DetectorId("kitchen-1"),
        site=SITE,
        condition=Condition.LEAK,
        since_ms=now_ms,
        reason=Reason.REPORTED_STATE,
        level=Level.LOW,
        sample=Sample(received_ms=now_ms, lel=12.0),
    )
    town.journal.append([leak], now_ms)
    town.desk.turn(now_ms)  # the text is made; the courier has not come yet
    put(town, msgspec.structs.replace(window, until_ms=window.until_ms + HOUR * 1000))
    town.settle()
    assert town.steps() == ["opened", "covered"]
    assert town.heard_at(Role.SHIFT_LEADER) == [0]


def test_days_that_are_added_to_a_weekly_window_are_not_booked_for_the_past(town: AlarmTown) -> None:
    every_day = frozenset(range(1, 8))
    window = put(town, a_window(town, 60 * DAY, weekly=Weekly(frozenset({1}), "08:00", "18:00")))
    town.advance(8 * DAY)
    before = spans(town)
    assert len(before) == 1
    put(town, msgspec.structs.replace(window, weekly=Weekly(every_day, "08:00", "18:00")))
    town.advance(2 * DAY)
    added = spans(town)[1:]
    assert added
    assert all(since >= 8 * DAY for since, _ in added)


def test_a_window_that_is_moved_to_the_past_is_booked_from_the_instant_of_the_change(town: AlarmTown) -> None:
    coming_ms = town.clock.now_ms() + DAY * 1000
    window = put(town, a_window(town, 2 * DAY, from_ms=coming_ms))
    town.advance(HOUR)
    put(town, msgspec.structs.replace(window, from_ms=town.start_ms - DAY * 1000))
    town.advance(1)
    (began,) = town.events(WindowBegan)
    assert began.since_ms == town.start_ms + HOUR * 1000


def test_what_a_window_covered_is_told_at_its_end_though_the_site_moved_to_another_area(
    town: AlarmTown,
) -> None:
    put(town, a_window(town, HOUR, place=PlaceKind.AREA, at="grid"))
    town.settle()
    town.raised(Condition.FAULT, codes=("E1",))
    assert town.alarm().status is AlarmStatus.OUT_OF_SERVICE
    (site,) = (one for one in [town.registry.site(SITE)] if one)
    other = AreaId("other")
    moved = Ledger(areas=(Area(other, "二格", "Grid 2"),), sites=(msgspec.structs.replace(site, area=other),))
    town.registry.put(moved, by="test", at_ms=town.clock.now_ms())
    town.advance(HOUR + 1)
    assert town.alarm().suppression is Suppression.NONE
    (at,) = town.heard_at(Role.OWNER)
    assert at <= HOUR, "at the end at the latest"


def test_a_detector_that_changes_rooms_in_a_gas_test_is_everybodys_at_its_end(town: AlarmTown) -> None:
    put(town, a_window(town, HOUR, place=PlaceKind.ROOM, at="kitchen", gas_test=True))
    town.settle()
    town.leak()
    assert town.alarm().suppression is Suppression.GAS_TEST
    detector = town.registry.detector(DetectorId("kitchen-1"))
    assert detector is not None
    moved = Ledger(detectors=(msgspec.structs.replace(detector, room="bottles"),))
    town.registry.put(moved, by="test", at_ms=town.clock.now_ms())
    town.advance(HOUR + 1)
    assert town.alarm().suppression is Suppression.NONE
    assert town.heard_at(Role.OWNER) == [HOUR]


def test_a_leak_after_the_end_of_a_gas_test_that_we_slept_through_is_everybodys_at_once(
    town: AlarmTown,
) -> None:
    put(town, a_window(town, HOUR, gas_test=True))
    town.settle()
    town.running = False
    town.advance(HOUR + 60)
    town.running = True
    town.restart()
    town.leak()
    opened = next(one.alarm for one in town.events(AlarmStepped) if one.alarm.id == 1)
    assert opened.cover is None
    assert town.heard_at(Role.OWNER) == [HOUR + 60]
