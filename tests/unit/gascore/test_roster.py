"""Who is on duty."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from gascore.roster import Holiday, Override, Roster, Rotation, on_duty
from gascore.words import PersonId

ZONE = ZoneInfo("Asia/Shanghai")
A, B, C = (PersonId(name) for name in "abc")
WEEKLY = Roster("night", "夜班", "Night", (A, B, C), date(2026, 1, 5), handover="08:30")


def at(text: str) -> int:
    return round(datetime.fromisoformat(text).replace(tzinfo=ZONE).timestamp() * 1000)


def local(text: str) -> datetime:
    return datetime.fromisoformat(text)


@pytest.mark.parametrize(
    ("when", "people"),
    [
        ("2026-01-05T08:29:59", ()),
        ("2026-01-05T08:30", (A, B, C)),
        ("2026-01-12T08:29:59", (A, B, C)),
        ("2026-01-12T08:30", (B, C, A)),
        ("2026-01-19T12:00", (C, A, B)),
        ("2026-01-26T12:00", (A, B, C)),
    ],
)
def test_people_take_turns_and_who_follows_is_the_stand_by(when: str, people: tuple[PersonId, ...]) -> None:
    assert on_duty(WEEKLY, at(when), ZONE) == people


def test_a_turn_can_be_a_day_or_as_long_as_one_says() -> None:
    daily = Roster("d", "", "", (A, B), date(2026, 1, 5), Rotation.DAILY)
    custom = Roster("c", "", "", (A, B), date(2026, 1, 5), Rotation.CUSTOM, days=3)
    assert [on_duty(daily, at(f"2026-01-0{day}T12:00"), ZONE)[0] for day in (5, 6, 7)] == [A, B, A]
    assert [on_duty(custom, at(f"2026-01-{day}T12:00"), ZONE)[0] for day in ("05", "07", "08", "11")] == [
        A,
        A,
        B,
        A,
    ]


def test_a_swap_is_two_overrides_and_the_regular_ones_are_the_stand_by() -> None:
    swap = (
        Override(C, local("2026-01-07T08:30"), local("2026-01-08T08:30")),
        Override(A, local("2026-01-20T08:30"), local("2026-01-21T08:30")),
    )
    roster = Roster("n", "", "", (A, B, C), date(2026, 1, 5), overrides=swap)
    assert on_duty(roster, at("2026-01-07T20:00"), ZONE) == (C, A, B)
    assert on_duty(roster, at("2026-01-08T08:30"), ZONE) == (A, B, C)
    assert on_duty(roster, at("2026-01-20T20:00"), ZONE) == (A, C, B)


def test_a_holiday_has_people_of_its_own_until_the_next_handover() -> None:
    roster = Roster("n", "", "", (A, B), date(2026, 1, 5), holidays=(Holiday(date(2026, 1, 6), (C,)),))
    assert on_duty(roster, at("2026-01-06T08:29"), ZONE) == (A, B)
    assert on_duty(roster, at("2026-01-06T08:30"), ZONE) == (C,)
    assert on_duty(roster, at("2026-01-07T08:29"), ZONE) == (C,)
    assert on_duty(roster, at("2026-01-07T08:30"), ZONE) == (A, B)


def test_a_holiday_without_people_leaves_nobody_on_duty() -> None:
    roster = Roster("n", "", "", (A,), date(2026, 1, 5), holidays=(Holiday(date(2026, 1, 6), ()),))
    assert on_duty(roster, at("2026-01-06T12:00"), ZONE) == ()


def test_where_clocks_change_the_handover_stays_at_its_time_of_day() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    daily = Roster("d", "", "", (A, B), date(2026, 3, 28), Rotation.DAILY, handover="08:00")
    before, after = (
        round(datetime(2026, 3, 29, 8, minute, tzinfo=berlin).timestamp() * 1000) - late
        for minute, late in ((0, 1), (0, 0))
    )
    assert on_duty(daily, before, berlin)[0] == A
    assert on_duty(daily, after, berlin)[0] == B
