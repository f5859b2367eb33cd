"""The demo's story, played without sockets and without waiting."""

import random

import pytest

from gascore.alarm import AlarmKind
from gascore.wire import Ack, Status, Valve
from gascore.words import DetectorId, Level, ReportedState
from simulator.rules.detector import Command
from simulator.rules.story import Expectation, IncidentKind, Story, UnknownStoryError, tell
from simulator.rules.town import Town, build_town
from simulator.service.stage import Power, Said, Stage

START_MS = 1_790_000_000_000
SEEDS = (1, 2, 7, 2026)


def a_play(seed: int, name: str = "demo") -> tuple[Town, Story, Stage]:
    town = build_town(seed)
    story = tell(name, town)
    return town, story, Stage(town, story, start_ms=START_MS, chance=random.Random(seed))  # noqa: S311 -- a play, no secret


def history(stage: Stage, until_s: int) -> list[tuple[float, Said | Power]]:
    return [
        (second, each) for second in range(1, until_s + 1) for each in stage.advance(START_MS + second * 1000)
    ]


def leaks(story: Story) -> list[Expectation]:
    return [one for one in story.expectations() if one.kind is AlarmKind.LEAK]


@pytest.mark.parametrize("seed", SEEDS)
def test_the_hose_in_the_cylinder_room_goes_low_then_high_and_clears_after_the_valve_closed(
    seed: int,
) -> None:
    _, story, stage = a_play(seed)
    played = history(stage, 150)
    assert len(leaks(story)) == 2
    for expected in leaks(story):
        said = [
            (at, each.what)
            for at, each in played
            if isinstance(each, Said) and each.detector == expected.detector and isinstance(each.what, Status)
        ]
        first: dict[ReportedState, float] = {}
        for at, status in said:
            first.setdefault(status.state, at)
        closed = next(at for at, status in said if status.valve is Valve.CLOSED)
        cleared = next(at for at, status in said if at > closed and status.state is ReportedState.NORMAL)
        assert 8 < first[ReportedState.LOW] < first[ReportedState.HIGH] < closed < cleared
        assert first[ReportedState.HIGH] < expected.by_s - 10
        assert cleared < (expected.clears_by_s or 0) - 10
        assert all(status.state is ReportedState.NORMAL for at, status in said if at > cleared)


@pytest.mark.parametrize("seed", SEEDS)
def test_nobody_else_says_anything_but_normal(seed: int) -> None:
    _, story, stage = a_play(seed)
    scripted = {one.detector for one in story.expectations() if one.kind is not AlarmKind.WRONG_GAS}
    for _, each in history(stage, 150):
        if isinstance(each, Said) and each.detector not in scripted:
            assert isinstance(each.what, Status)
            assert each.what.state is ReportedState.NORMAL
            assert each.what.lel is not None
            assert each.what.lel < 10


def test_the_restaurant_whose_mains_is_cut_falls_silent_with_all_its_detectors() -> None:
    _, story, stage = a_play(1)
    played = history(stage, 150)
    dark = {one.detector for one in story.expectations() if one.kind is AlarmKind.OFFLINE}
    assert {each.detector for _, each in played if isinstance(each, Power)} == dark
    assert not [at for at, each in played if isinstance(each, Said) and each.detector in dark and at > 21]
    assert stage.alive() == 150 - len(dark)


def test_the_broken_sensor_reports_its_fault_at_once() -> None:
    _, story, stage = a_play(1)
    broken = next(one for one in story.expectations() if one.kind is AlarmKind.FAULT).detector
    faults = [
        (at, each.what.faults)
        for at, each in history(stage, 60)
        if isinstance(each, Said) and each.detector == broken and isinstance(each.what, Status)
        if each.what.state is ReportedState.FAULT
    ]
    assert faults[0] == (30, ("sensor_open",))


def test_the_misfit_says_that_it_is_made_for_lpg_within_its_first_report() -> None:
    _, story, stage = a_play(1)
    misfit = next(one for one in story.expectations() if one.kind is AlarmKind.WRONG_GAS).detector
    said = [each for _, each in history(stage, 11) if isinstance(each, Said) and each.detector == misfit]
    assert isinstance(said[0].what, Status)
    assert said[0].what.gas == "lpg"


def test_every_detector_reports_every_ten_seconds_and_evenly() -> None:
    _, _, stage = a_play(1, "none")
    played = history(stage, 60)
    assert len(played) == 150 * 6
    for second in range(1, 61):
        assert len([1 for at, _ in played if at == second]) == 15


def test_the_same_seed_plays_the_same_play() -> None:
    assert history(a_play(3)[2], 60) == history(a_play(3)[2], 60)


def test_a_detector_answers_a_command_and_a_stranger_does_not() -> None:
    town, _, stage = a_play(1)
    stage.advance(START_MS + 5000)
    detector = town.ledger.detectors[0].id
    answer = stage.order(detector, Command("c1", "close_valve"), START_MS + 5200)[0]
    assert answer.what == Ack(id="c1", ok=True, valve=Valve.CLOSED)
    assert stage.order(DetectorId("GD-9999"), Command("c1", "mute"), START_MS + 5200) == []


def test_after_a_long_pause_the_town_goes_on_in_one_stride() -> None:
    _, _, stage = a_play(1, "none")
    assert len(stage.advance(START_MS + 3_600_000)) == 150


def test_expectations_come_in_the_order_in_which_they_are_due() -> None:
    _, story, _ = a_play(1)
    due = [one.by_s for one in story.expectations()]
    assert due == sorted(due)
    assert {one.kind for one in story.expectations()} == {
        AlarmKind.LEAK,
        AlarmKind.FAULT,
        AlarmKind.OFFLINE,
        AlarmKind.WRONG_GAS,
    }
    assert all(one.level is Level.HIGH for one in leaks(story))
    assert {one.kind for one in story.incidents} == {
        IncidentKind.LEAK,
        IncidentKind.MAINS_CUT,
        IncidentKind.SENSOR_FAILS,
    }


def test_an_unknown_story_names_those_that_exist() -> None:
    with pytest.raises(UnknownStoryError, match="there are: demo, outage, none"):
        tell("flood", build_town(1))
