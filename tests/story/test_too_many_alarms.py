"""Too many alarms at once, and one alarm again and again: flagged and counted; no leak is told later for it."""

from pathlib import Path

from gascore.hazard import AlarmChatters, FloodBegan, FloodEnded
from gascore.registry import Role
from gascore.words import Condition, Level
from support.alarm_town import AlarmTown

MINUTE_S = 60


def floods(town: AlarmTown) -> tuple[int, int]:
    return len(town.events(FloodBegan)), len(town.events(FloodEnded))


def flaps(town: AlarmTown, condition: Condition, times: int, every_s: float = 15) -> None:
    for _ in range(times):
        town.raised(condition)
        town.advance(every_s / 2)
        town.clears(condition)
        town.advance(every_s / 2)


def test_eleven_alarms_in_ten_minutes_are_a_flood_until_it_is_calm(tmp_path: Path) -> None:
    town = AlarmTown(tmp_path)
    for number in range(10):
        town.stranger_leaks(Level.LOW, f"ACME-{number}")
        town.advance(10)
    assert floods(town) == (0, 0)
    town.stranger_leaks(Level.LOW, "ACME-10")
    assert floods(town) == (1, 0)
    began_ms = town.clock.now_ms()
    assert town.events(FloodBegan)[0].since_ms == began_ms
    town.restart()
    town.advance(20 * MINUTE_S)
    assert floods(town) == (1, 1)
    (ended,) = town.events(FloodEnded)
    # Fewer than five within ten minutes: when the seventh of eleven is ten minutes old.
    assert (ended.since_ms, ended.ended_ms, ended.alarms) == (
        began_ms,
        town.start_ms + 60_000 + 600_000,
        11,
    )


def test_a_flood_that_ended_while_alerts_was_away_is_ended_once(tmp_path: Path) -> None:
    town = AlarmTown(tmp_path)
    for number in range(11):
        town.stranger_leaks(Level.LOW, f"ACME-{number}")
    town.running = False
    town.advance(60 * MINUTE_S)
    town.running = True
    town.restart()
    town.settle()
    town.restart()
    town.settle()
    assert floods(town) == (1, 1)
    assert town.events(FloodEnded)[0].ended_ms == town.start_ms + 600_000


def test_a_fault_that_comes_and_goes_is_flagged_and_its_repeats_are_not_told_one_by_one(
    tmp_path: Path,
) -> None:
    town = AlarmTown(tmp_path)
    flaps(town, Condition.FAULT, 10)
    chatters = town.events(AlarmChatters)
    assert (chatters[0].alarm, chatters[0].detector) == (3, "kitchen-1")
    assert len(chatters) == 8
    raised = [text for _, text in town.heard(Role.OWNER) if "故障" in text]
    assert len([at for at in town.heard_at(Role.OWNER) if at < 31]) <= 4
    assert len(raised) <= 4


def test_a_chattering_fault_that_stays_at_last_is_told(tmp_path: Path) -> None:
    town = AlarmTown(tmp_path)
    flaps(town, Condition.FAULT, 3)
    before = len(town.heard(Role.OWNER))
    town.raised(Condition.FAULT)
    town.advance(601)
    texts = [text for _, text in town.heard(Role.OWNER)]
    assert len(texts) == before + 1
    assert "故障" in texts[-1]


def test_a_chattering_leak_is_flagged_and_told_as_any_other(tmp_path: Path) -> None:
    town = AlarmTown(tmp_path)
    flaps(town, Condition.LEAK, 4)
    assert len(town.events(AlarmChatters)) == 2
    town.leak()
    town.advance(300)
    (tmp_path / "steady").mkdir()
    steady = AlarmTown(tmp_path / "steady")
    steady.leak()
    steady.advance(360)
    for role in (Role.OWNER, Role.SHIFT_LEADER, Role.MAINTENANCE):
        assert len(town.heard(role)) >= len(steady.heard(role)) > 0, role


def test_faults_an_hour_apart_that_are_taken_in_at_once_do_not_chatter(tmp_path: Path) -> None:
    town = AlarmTown(tmp_path)
    town.running = False
    flaps(town, Condition.FAULT, 3, every_s=3_600)
    town.running = True
    town.settle()
    assert not town.events(AlarmChatters)
