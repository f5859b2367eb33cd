"""Uptime figures computed by hand."""

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from dashboard.rules.business_hours import Hours, HoursError
from dashboard.rules.protection import ALWAYS_MS, NEVER_MS, RANK_OF, DetectorHistory, Edge, Span, claim
from dashboard.rules.uptime import (
    Figures,
    Period,
    PeriodError,
    Seconds,
    SiteHistory,
    TownHistory,
    UptimeQuery,
    UptimeReport,
    report,
    whole_seconds,
)
from gascore.words import AreaId, Condition, DetectorId, SiteId

SHANGHAI = ZoneInfo("Asia/Shanghai")
HOUR_MS, HOUR = 3_600_000, 3600


def ms(text: str) -> int:
    return round(datetime.fromisoformat(text).replace(tzinfo=SHANGHAI).timestamp() * 1000)


NOVEMBER = Period(ms("2026-11-01"), ms("2026-12-01"))
ONE_DAY = Period(ms("2026-11-01"), ms("2026-11-02"))
LATER_MS = ms("2027-01-01")


def a_detector(
    *edges: tuple[Edge, ...], name: str = "D1", required: Sequence[Span] = ((ALWAYS_MS, NEVER_MS),)
) -> DetectorHistory:
    return DetectorHistory(DetectorId(name), required, ALWAYS_MS, [one for pair in edges for one in pair])


def held(condition: Condition, since: str, ended: str | None = None) -> tuple[Edge, ...]:
    return claim(ms(since), NEVER_MS if ended is None else ms(ended), RANK_OF[condition])


def a_site(*detectors: DetectorHistory, opens: str = "10:00", closes: str = "22:00") -> SiteHistory:
    return SiteHistory(
        site=SiteId("S1"),
        name="老王火锅店",
        name_en="Wang's Hot Pot",
        area=AreaId("grid-1"),
        area_name="一网格",
        area_name_en="Grid 1",
        hours=(Hours(ALWAYS_MS, opens, closes),),
        detectors=detectors,
    )


def counted(
    *sites: SiteHistory,
    period: Period = ONE_DAY,
    blind: Sequence[Span] = (),
    now_ms: int = LATER_MS,
    margin_s: float = 1800,
) -> UptimeReport:
    town = TownHistory(sites=sites, blind=blind, journal_id=7)
    return report(UptimeQuery(period), town, zone=SHANGHAI, margin_s=margin_s, now_ms=now_ms)


def figures(
    *edges: tuple[Edge, ...], period: Period = ONE_DAY, blind: Sequence[Span] = (), now_ms: int = LATER_MS
) -> Figures:
    return counted(a_site(a_detector(*edges)), period=period, blind=blind, now_ms=now_ms).figures


def test_a_restaurant_that_cuts_the_power_at_night_has_two_thirds_in_24_h_and_all_of_its_business_hours() -> (
    None
):
    nights = [
        held(Condition.OFFLINE, f"2026-10-{31:02}T22:30", "2026-11-01T06:30"),
        *(
            held(Condition.OFFLINE, f"2026-11-{day:02}T22:30", f"2026-11-{day + 1:02}T06:30")
            for day in range(1, 30)
        ),
        held(Condition.OFFLINE, "2026-11-30T22:30", "2026-12-01T06:30"),
    ]

    found = figures(*nights, period=NOVEMBER)

    assert found.all_hours == Seconds(offline=30 * 8 * HOUR, protected=30 * 16 * HOUR)
    assert found.all_hours.effective_protection == pytest.approx(2 / 3)
    assert found.business_hours == Seconds(protected=30 * 13 * HOUR)  # 09:30 to 22:30 with the margin
    assert found.business_hours.effective_protection == 1


def test_an_hour_of_our_own_blindness_is_shown_apart_and_not_held_against_the_site() -> None:
    found = figures(blind=[(ms("2026-11-01T12:00"), ms("2026-11-01T13:00"))]).all_hours

    assert found == Seconds(unmonitored=HOUR, protected=23 * HOUR)
    assert found.effective_protection == 1
    assert found.online_rate == 1


def test_a_detector_of_the_wrong_gas_is_online_all_the_time_and_protects_nobody() -> None:
    found = figures(held(Condition.WRONG_GAS, "2026-01-01")).all_hours

    assert found == Seconds(unfit=24 * HOUR)
    assert found.effective_protection == 0
    assert found.online_rate == 1


def test_a_stretch_across_the_end_of_the_month_is_cut_at_midnight_of_the_town() -> None:
    across = held(Condition.FAULT, "2026-11-30T23:00", "2026-12-01T02:00")
    december = Period(ms("2026-12-01"), ms("2027-01-01"))

    assert figures(across, period=NOVEMBER).all_hours.fault == HOUR
    assert figures(across, period=december).all_hours.fault == 2 * HOUR


def test_what_is_still_to_come_is_not_counted() -> None:
    found = counted(a_site(a_detector()), now_ms=ms("2026-11-01T06:00") + 999)

    assert found.until_ms == ms("2026-11-01T06:00")
    assert found.figures.all_hours == Seconds(protected=6 * HOUR)


def test_a_period_that_lies_ahead_has_no_seconds_and_no_rates() -> None:
    found = counted(a_site(a_detector()), now_ms=ms("2026-10-01"))

    assert found.until_ms == found.from_ms
    assert found.figures.all_hours == Seconds()
    assert found.figures.all_hours.effective_protection is None


def test_nothing_required_is_no_rate_and_neither_0_nor_100_percent() -> None:
    not_required = counted(a_site(a_detector(required=()))).figures.all_hours
    unseen = figures(blind=[(ALWAYS_MS, NEVER_MS)]).all_hours
    empty = counted(a_site()).figures.all_hours

    assert not_required == Seconds(not_required=24 * HOUR)
    assert unseen == Seconds(unmonitored=24 * HOUR)
    assert empty == Seconds()
    for found in (not_required, unseen, empty):
        assert found.effective_protection is None
        assert found.online_rate is None


def test_a_site_is_the_sum_of_its_detectors_and_a_town_of_its_sites() -> None:
    good, bad = a_detector(name="D1"), a_detector(held(Condition.OFFLINE, "2026-11-01T12:00"), name="D2")
    found = counted(a_site(good, bad), a_site(bad, opens="00:00", closes="24:00"), margin_s=0)

    first = found.sites[0].figures
    assert first.all_hours == Seconds(offline=12 * HOUR, protected=36 * HOUR)
    assert first.business_hours == Seconds(offline=10 * HOUR, protected=14 * HOUR)
    assert first.all_hours.effective_protection == 0.75
    assert found.figures.all_hours == Seconds(offline=24 * HOUR, protected=48 * HOUR)
    assert found.figures.business_hours == Seconds(offline=22 * HOUR, protected=26 * HOUR)


def test_fractions_of_a_second_are_rounded_so_that_the_row_still_adds_up() -> None:
    begin = ONE_DAY.from_ms
    found = counted(
        a_site(
            a_detector(
                claim(begin + 100, begin + 1600, RANK_OF[Condition.FAULT]),
                claim(begin + 1600, begin + 3300, RANK_OF[Condition.OFFLINE]),
            )
        )
    ).figures.all_hours

    assert (found.offline, found.fault) == (2, 1)  # 1.7 s and 1.5 s, and 86,396.8 s
    assert found.total == 24 * HOUR


@pytest.mark.parametrize(
    ("parts", "seconds"),
    [
        ([0, 0], [0, 0]),
        ([1000, 2000], [1, 2]),
        ([500, 500], [1, 0]),
        ([400, 700, 900], [0, 1, 1]),
        ([999], [0]),
    ],
)
def test_the_largest_remainders_are_rounded_up(parts: list[int], seconds: list[int]) -> None:
    assert whole_seconds(parts) == seconds


@pytest.mark.parametrize(("from_ms", "to_ms"), [(0, 0), (2000, 1000), (1, 1000), (0, 1001)])
def test_a_period_is_of_whole_seconds_and_ends_after_it_begins(from_ms: int, to_ms: int) -> None:
    with pytest.raises(PeriodError):
        Period(from_ms, to_ms)


def test_opening_times_that_cannot_be_read_name_their_site() -> None:
    with pytest.raises(HoursError, match="site S1: 'soon' is not a time of day"):
        counted(a_site(a_detector(), opens="soon"))
