"""Opening times as instants, by hand."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from dashboard.rules.business_hours import Hours, HoursError, OpenTime, open_spans
from dashboard.rules.protection import ALWAYS_MS

SHANGHAI = ZoneInfo("Asia/Shanghai")
BERLIN = ZoneInfo("Europe/Berlin")
HOUR = 3_600_000


def ms(text: str, zone: ZoneInfo = SHANGHAI) -> int:
    return round(datetime.fromisoformat(text).replace(tzinfo=zone).timestamp() * 1000)


def spans(
    opens: str, closes: str, from_: str, to: str, *, zone: ZoneInfo = SHANGHAI, margin_ms: int = 0
) -> list[tuple[str, str]]:
    """Local wall times of the open spans."""
    found = open_spans(
        [Hours(ALWAYS_MS, opens, closes)],
        zone,
        from_ms=ms(from_, zone),
        to_ms=ms(to, zone),
        margin_ms=margin_ms,
    )
    return [(wall(since_ms, zone), wall(ended_ms, zone)) for since_ms, ended_ms in found]


def wall(at_ms: int, zone: ZoneInfo) -> str:
    return datetime.fromtimestamp(at_ms / 1000, zone).strftime("%d %H:%M")


def open_hours(opens: str, closes: str, from_: str, to: str, zone: ZoneInfo) -> float:
    found = open_spans(
        [Hours(ALWAYS_MS, opens, closes)], zone, from_ms=ms(from_, zone), to_ms=ms(to, zone), margin_ms=0
    )
    return sum(ended_ms - since_ms for since_ms, ended_ms in found) / HOUR


def test_a_day_is_open_from_opening_to_closing_in_the_towns_zone() -> None:
    assert spans("09:00", "22:00", "2026-11-01", "2026-11-03") == [
        ("01 09:00", "01 22:00"),
        ("02 09:00", "02 22:00"),
    ]


def test_the_margin_reaches_beyond_both_ends() -> None:
    assert spans("09:00", "22:00", "2026-11-01", "2026-11-02", margin_ms=HOUR // 2) == [
        ("01 08:30", "01 22:30")
    ]


def test_closing_before_opening_is_past_midnight_and_the_day_before_reaches_into_the_period() -> None:
    assert spans("17:00", "02:00", "2026-11-01", "2026-11-02") == [
        ("01 00:00", "01 02:00"),
        ("01 17:00", "02 00:00"),
    ]


def test_the_same_time_twice_is_round_the_clock() -> None:
    assert spans("06:00", "06:00", "2026-11-01", "2026-11-03") == [("01 00:00", "03 00:00")]


def test_a_site_may_close_at_midnight() -> None:
    for closes in ("24:00", "00:00"):
        assert spans("18:00", closes, "2026-11-01", "2026-11-02") == [("01 18:00", "02 00:00")]


def test_margins_that_meet_are_one_span() -> None:
    assert spans("06:00", "05:30", "2026-11-01", "2026-11-03", margin_ms=HOUR // 2) == [
        ("01 00:00", "03 00:00")
    ]


@pytest.mark.parametrize(
    ("opens", "closes", "day", "hours"),
    [
        # Clocks go from 02:00 to 03:00 on 2026-03-29 and from 03:00 back to 02:00 on 2026-10-25.
        ("00:00", "06:00", "2026-03-29", 5),
        ("00:00", "06:00", "2026-10-25", 7),
        ("09:00", "22:00", "2026-03-29", 13),
        ("00:00", "02:30", "2026-10-25", 3.5),  # 02:30 comes twice: until the second
        ("02:30", "06:00", "2026-10-25", 4.5),  # from the first
        ("02:30", "06:00", "2026-03-29", 4.5 - 1),  # never comes: from 01:30
        ("00:00", "02:30", "2026-03-29", 2.5),  # never comes: until 03:30
    ],
)
def test_a_change_of_the_clock_makes_the_business_day_as_long_as_it_really_is(
    opens: str, closes: str, day: str, hours: float
) -> None:
    assert (
        open_hours(opens, closes, day, day + "T12:00" if closes != "22:00" else day + "T23:59", BERLIN)
        == hours
    )


def test_new_opening_times_hold_from_when_they_were_written() -> None:
    change_ms = ms("2026-11-02")
    versions = [Hours(ms("2026-11-01T10:00"), "09:00", "10:00"), Hours(change_ms, "20:00", "21:00")]
    found = open_spans(versions, SHANGHAI, from_ms=ms("2026-11-01"), to_ms=ms("2026-11-03"), margin_ms=0)
    assert [(wall(a, SHANGHAI), wall(b, SHANGHAI)) for a, b in found] == [
        ("01 09:00", "01 10:00"),
        ("02 20:00", "02 21:00"),
    ]


@pytest.mark.parametrize("text", ["9:00", "0900", "25:00", "24:01", "12:60", "noon", "", "-1:00", "１２:00"])
def test_nonsense_is_said_and_what_to_do(text: str) -> None:
    with pytest.raises(HoursError, match="correct the site in the ledger"):
        open_hours(text, "22:00", "2026-11-01", "2026-11-02", SHANGHAI)


def test_open_time_between_two_instants_is_a_difference() -> None:
    open_time = OpenTime([(10, 20), (30, 50)])
    assert [open_time.before(at_ms) for at_ms in (0, 10, 15, 20, 25, 30, 40, 50, 99)] == [
        0, 0, 5, 10, 10, 10, 20, 30, 30,
    ]  # fmt: skip
    assert OpenTime([]).before(5) == 0
