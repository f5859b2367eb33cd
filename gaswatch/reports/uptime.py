"""The uptime report as CSV, for a spreadsheet as well as for a program.

The dashboard and the command get it through `gaswatch.reports.compliance.Compliance`.

UTF-8 with a byte order mark (a spreadsheet needs it for Chinese), CRLF (RFC 4180), ISO 8601 instants with
their offset. A rate is in percent and cut off, never rounded up: 100 is only shown where it is exact.
The seconds are those of one window (24 hours or business hours); both rates are there for both windows.
After the rows and an empty line it says what was counted, until when, and how.
"""

import csv
import io
from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from typing import Final, TextIO
from zoneinfo import ZoneInfo

import msgspec

from dashboard.rules.uptime import Figures, Seconds, UptimeReport
from gascore.words import Language, Protection
from gaswatch.reports.uptime_words import UPTIME_WORDS, UptimeWords

_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


class Rows(StrEnum):
    """What a row is."""

    SITE = "site"
    DETECTOR = "detector"


class Window(StrEnum):
    """Which hours are counted."""

    ALL_HOURS = "all_hours"
    BUSINESS_HOURS = "business_hours"

    def of(self, figures: Figures) -> Seconds:
        """The seconds of this window."""
        return figures.all_hours if self is Window.ALL_HOURS else figures.business_hours


def uptime_csv(
    report: UptimeReport,
    language: Language,
    *,
    window: Window = Window.ALL_HOURS,
    rows: Rows = Rows.SITE,
) -> bytes:
    """The file's bytes, with the byte order mark."""
    text = io.StringIO(newline="")
    write_uptime_csv(text, report, language, window=window, rows=rows)
    return text.getvalue().encode("utf-8-sig")


def write_uptime_csv(
    file: TextIO,
    report: UptimeReport,
    language: Language,
    *,
    window: Window = Window.ALL_HOURS,
    rows: Rows = Rows.SITE,
) -> None:
    """Write the report to a file opened with `encoding="utf-8-sig", newline=""`."""
    words = UPTIME_WORDS[language]
    writer = csv.writer(file)
    writer.writerow(_header(words, rows))
    lines = _sites(report, language, window) if rows is Rows.SITE else _detectors(report, language, window)
    writer.writerows(lines)
    count = sum(len(site.detectors) for site in report.sites)
    writer.writerow([words.sum, "", "", count, *_period(report), *_numbers(report.figures, window)])
    writer.writerow([])
    writer.writerows(_trailer(report, words, window))


def _header(words: UptimeWords, rows: Rows) -> list[str]:
    return [
        words.area,
        words.site,
        words.name,
        words.detectors if rows is Rows.SITE else words.detector,
        words.begins,
        words.ends,
        *(words.states[state] for state in Protection),
        words.total_s,
        words.effective,
        words.online,
        words.effective_business,
        words.online_business,
    ]


def _sites(report: UptimeReport, language: Language, window: Window) -> Iterable[list[str | int]]:
    for site in report.sites:
        area, name = _names(language, (site.area_name, site.area_name_en), (site.name, site.name_en))
        numbers = [*_period(report), *_numbers(site.figures, window)]
        yield [_text(area), _text(site.site), _text(name), len(site.detectors), *numbers]


def _detectors(report: UptimeReport, language: Language, window: Window) -> Iterable[list[str | int]]:
    for site in report.sites:
        area, name = _names(language, (site.area_name, site.area_name_en), (site.name, site.name_en))
        for one in site.detectors:
            numbers = [*_period(report), *_numbers(one.figures, window)]
            yield [_text(area), _text(site.site), _text(name), _text(one.detector), *numbers]


def _names(language: Language, *pairs: tuple[str, str]) -> tuple[str, ...]:
    return tuple(pair[language is Language.EN] for pair in pairs)


def _period(report: UptimeReport) -> list[str]:
    """What the seconds of a row are of: until `until_ms`, so that they add up to it."""
    return [_instant(report.from_ms, report.zone), _instant(report.until_ms, report.zone)]


def _numbers(figures: Figures, window: Window) -> list[str | int]:
    seconds = window.of(figures)
    rates = [rate for one in (figures.all_hours, figures.business_hours) for rate in _rates(one)]
    return [*msgspec.structs.astuple(seconds), seconds.total, *rates]


def _rates(seconds: Seconds) -> list[str]:
    return [
        _percent(seconds.protected, seconds.judged),
        _percent(seconds.judged - seconds.offline, seconds.judged),
    ]


def _percent(part: int, whole: int) -> str:
    """Four decimals, cut off; empty when there is nothing to divide by.

    >>> _percent(2, 3), _percent(999_999_999, 1_000_000_000), _percent(0, 0)
    ('66.6666', '99.9999', '')
    """
    if not whole:
        return ""
    scaled = part * 1_000_000 // whole
    return f"{scaled // 10_000}.{scaled % 10_000:04}"


def _text(cell: str) -> str:
    """A name that a spreadsheet would take for a formula gets an apostrophe in front."""
    return f"'{cell}" if cell.startswith(_FORMULA) else cell


def _trailer(report: UptimeReport, words: UptimeWords, window: Window) -> Iterable[list[str]]:
    yield [words.period, f"{_instant(report.from_ms, report.zone)}/{_instant(report.to_ms, report.zone)}"]
    yield [words.until, _instant(report.until_ms, report.zone)]
    yield [words.zone, report.zone]
    minutes = report.margin_s / 60
    hours = words.all_hours if window is Window.ALL_HOURS else words.business_hours.format(minutes=minutes)
    yield [words.hours, hours]
    yield [words.made, _instant(report.made_ms - report.made_ms % 1000, report.zone)]
    yield [words.basis, words.entry.format(id=report.journal_id)]
    for line in words.definitions:
        yield [words.definition, line]


def _instant(at_ms: int, zone: str) -> str:
    return datetime.fromtimestamp(at_ms / 1000, ZoneInfo(zone)).isoformat(timespec="seconds")
