"""Who would be told: tried out over a stored ledger."""

import re
from collections.abc import Iterator
from datetime import date, datetime
from io import StringIO
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec
import pytest
from rich.console import Console

from gascore.alarm import AlarmKind, ChannelKind
from gascore.escalation import Why
from gascore.policy import Match, Policy, Step, Target, TargetKind
from gascore.registry import Ledger, Person, Role
from gascore.rehearsal import Rehearsal
from gascore.roster import Roster
from gascore.words import DetectorId, Level, PersonId, Priority, RoomKind
from gaswatch.rehearsal_words import show
from gaswatch.stores.rehearsal import SqlRehearsals
from support.alarm_town import PEOPLE, ZONE, AlarmTown

BOTTLES = DetectorId("bottles-1")
FIRE = Person(PersonId("fire"), "消防站", "Fire station", "+8675512345678", email="fire@example.org")


@pytest.fixture
def town(tmp_path: Path) -> Iterator[AlarmTown]:
    town = AlarmTown(tmp_path)
    yield town
    town.engine.dispose()


def tried(
    town: AlarmTown, detector: str = "bottles-1", kind: AlarmKind = AlarmKind.LEAK, at: str = "12:00"
) -> Rehearsal:
    hour, minute = at.split(":")
    local = datetime(2026, 10, 1, int(hour), int(minute), tzinfo=ZoneInfo("Asia/Shanghai"))
    level = Level.LOW if kind is AlarmKind.LEAK else Level.NONE
    found = SqlRehearsals(town.engine, ZONE).rehearse(
        DetectorId(detector), kind, level, round(local.timestamp() * 1000)
    )
    assert found is not None
    return found


def test_without_policies_it_is_the_built_in_one_step_by_step_and_way_by_way(town: AlarmTown) -> None:
    found = tried(town)
    assert (found.policy, found.version, found.priority) == ("urgent", 0, Priority.URGENT)
    first = [line for line in found.lines if line.step == 1]
    assert [(line.role, line.channel, line.instead) for line in first] == [
        (role, channel, channel is ChannelKind.VOICE)
        for role in ("owner", "safety_officer", "shift_leader")
        for channel in (ChannelKind.SMS, ChannelKind.VOICE)
    ]
    assert {line.after_s for line in found.lines} == {0, 90, 180, 300}
    assert first[0].address == f"…{PEOPLE[Role.OWNER][-4:]}"


def test_what_is_tried_is_what_happens(town: AlarmTown) -> None:
    found = tried(town)
    town.leak("bottles-1")
    town.advance(300)
    for line in found.lines:
        if not line.instead:
            assert round(line.after_s) in town.heard_at(Role(line.role))


def test_the_time_of_day_and_the_room_choose(town: AlarmTown) -> None:
    steps = (Step(0, (Target(TargetKind.ROLE, "owner"),)),)
    night = Policy("night", "", "", steps, 300, Match(since="22:00", until="06:00"))
    bottles = Policy("bottles", "", "", steps, 300, Match(rooms=frozenset({RoomKind.CYLINDER_ROOM})))
    town.registry.put(Ledger(policies=(night, bottles)), by="test", at_ms=1)
    assert tried(town, at="23:00").policy == "bottles"
    assert tried(town, "kitchen-1", at="23:00").policy == "night"
    assert tried(town, "kitchen-1").policy == "low_leak"
    assert tried(town, "kitchen-1", AlarmKind.OFFLINE, at="03:00").policy == "night"


def test_who_is_told_to_nobody_is_said_with_the_reason(town: AlarmTown) -> None:
    step = Step(
        0,
        (
            Target(TargetKind.ROSTER, "late"),
            Target(TargetKind.BODY, "fire"),
            Target(TargetKind.ROLE, "owner"),
        ),
        channels=(ChannelKind.EMAIL,),
    )
    own = Policy("own", "", "", (step,), 300)
    late = Roster("late", "", "", (PersonId("owner"),), date(2030, 1, 1))
    town.registry.put(Ledger(people=(FIRE,), policies=(own,), rosters=(late,)), by="test", at_ms=1)
    found = tried(town)
    assert [(line.name_en, line.channel, line.address) for line in found.lines if line.person] == [
        ("Fire station", ChannelKind.EMAIL, "….org")
    ]
    assert [(line.target, line.why) for line in found.lines if line.why] == [
        ("late", Why.NOBODY_ON_DUTY),
        ("owner", Why.NO_CONTACT),
    ]


def test_an_unknown_detector_is_none_and_an_advisory_is_told_to_nobody(town: AlarmTown) -> None:
    rehearsals = SqlRehearsals(town.engine, ZONE)
    assert rehearsals.rehearse(DetectorId("no"), AlarmKind.LEAK, Level.LOW, 0) is None
    assert tried(town, kind=AlarmKind.TREND).lines == ()


def test_the_table_says_it_in_a_line_for_each_way(town: AlarmTown) -> None:
    out = StringIO()
    show(tried(town), ZONE, Console(file=out, width=160, color_system=None))
    text = out.getvalue()
    assert "bottles-1: leak low, priority 1: policy urgent (built in)" in text
    assert re.search(r"12:01:30 \(\+90 s\) +│ 2 +│ duty_officer", text)
    assert "then everybody again every 300 s, until somebody answers" in text
    gone = msgspec.structs.replace(tried(town), lines=())
    show(gone, ZONE, Console(file=out, width=160, color_system=None))
    assert "nobody is told: it is shown on the console" in out.getvalue()
