"""What the uptime file holds, cell by cell."""

import csv
import io
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from dashboard.rules.uptime import DetectorUptime, Figures, Seconds, SiteUptime, UptimeReport
from gascore.words import AreaId, DetectorId, Language, SiteId
from gaswatch.reports.uptime import Rows, Window, uptime_csv

DAY = 86_400


def ms(text: str) -> int:
    return round(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("Asia/Shanghai")).timestamp() * 1000)


def a_report(*, name: str = "老王火锅店", figures: Figures | None = None) -> UptimeReport:
    found = figures or Figures(
        Seconds(offline=DAY // 3, protected=DAY - DAY // 3), Seconds(protected=13 * 3600)
    )
    site = SiteUptime(
        site=SiteId("S1"),
        name=name,
        name_en="Wang's Hot Pot",
        area=AreaId("grid-1"),
        area_name="一网格",
        area_name_en="Grid 1",
        detectors=(DetectorUptime(DetectorId("GD-1"), found),),
        figures=found,
    )
    return UptimeReport(
        from_ms=ms("2026-11-01"),
        to_ms=ms("2026-11-02"),
        until_ms=ms("2026-11-02"),
        made_ms=ms("2026-11-24T16:30:00") + 123,
        journal_id=4711,
        zone="Asia/Shanghai",
        margin_s=1800,
        area=None,
        sites=(site,),
        figures=found,
    )


def cells(data: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")))


def test_a_row_holds_the_seconds_of_each_state_and_both_rates() -> None:
    header, site, total, empty, *_ = cells(uptime_csv(a_report(), Language.EN))

    assert header == [
        "Area", "Site", "Name", "Detectors", "From", "To (not included)",
        "Not required (s)", "Unmonitored (s)", "Offline (s)", "Maintenance (s)", "Fault (s)",
        "Warming up (s)", "Unfit (s)", "Protected (s)", "Total (s)",
        "Effective protection (%)", "Online rate (%)",
        "Effective protection, business hours (%)", "Online rate, business hours (%)",
    ]  # fmt: skip
    numbers = ["0", "0", "28800", "0", "0", "0", "0", "57600", "86400"]
    rates = ["66.6666", "66.6666", "100.0000", "100.0000"]
    period = ["2026-11-01T00:00:00+08:00", "2026-11-02T00:00:00+08:00"]
    assert site == ["Grid 1", "S1", "Wang's Hot Pot", "1", *period, *numbers, *rates]
    assert total == ["Total", "", "", "1", *period, *numbers, *rates]
    assert empty == []


def test_the_file_is_chinese_for_a_spreadsheet_with_a_byte_order_mark() -> None:
    data = uptime_csv(a_report(), Language.ZH)

    assert data.startswith(b"\xef\xbb\xbf")
    assert b"\r\n" in data
    assert cells(data)[1][:3] == ["一网格", "S1", "老王火锅店"]
    assert cells(data)[0][-4:-2] == ["有效监护率（%）", "在线率（%）"]


def test_below_the_rows_it_says_what_was_counted() -> None:
    said = {row[0]: row[1] for row in cells(uptime_csv(a_report(), Language.EN))[4:]}

    assert said["Period (end not included)"] == "2026-11-01T00:00:00+08:00/2026-11-02T00:00:00+08:00"
    assert said["Counted until"] == "2026-11-02T00:00:00+08:00"
    assert said["Time zone"] == "Asia/Shanghai"
    assert said["Hours that the seconds are of"] == "24 hours"
    assert said["Made"] == "2026-11-24T16:30:00+08:00"
    assert said["Basis"] == "Event journal up to entry 4711"


def test_business_hours_are_the_other_figures_and_say_their_margin() -> None:
    rows = cells(uptime_csv(a_report(), Language.ZH, window=Window.BUSINESS_HOURS))

    assert rows[1][-6:] == ["46800", "46800", "66.6666", "66.6666", "100.0000", "100.0000"]
    assert ["秒数所属时段", "营业时段，前后各延长 30 分钟"] in rows


def test_a_row_for_each_detector_names_it() -> None:
    rows = cells(uptime_csv(a_report(), Language.EN, rows=Rows.DETECTOR))

    assert rows[0][3] == "Detector"
    assert rows[1][3] == "GD-1"


@pytest.mark.parametrize("name", ["=1+1", "+86", "-1", "@SUM(A1)", "\tx"])
def test_a_name_is_never_a_formula(name: str) -> None:
    assert cells(uptime_csv(a_report(name=name), Language.ZH))[1][2] == f"'{name}"


def test_a_rate_is_never_rounded_up_to_100_percent() -> None:
    almost = Figures(Seconds(offline=1, protected=10_000_000))
    assert cells(uptime_csv(a_report(figures=almost), Language.EN))[1][-4:-2] == ["99.9999", "99.9999"]


def test_where_nothing_was_required_there_is_no_rate() -> None:
    none = Figures(Seconds(not_required=DAY), Seconds(not_required=DAY))
    assert cells(uptime_csv(a_report(figures=none), Language.EN))[1][-5:] == ["86400", "", "", "", ""]
