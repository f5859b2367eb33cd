"""Protection time for the pages, the API and the command: one object, made once for each process.

`gaswatch/wiring/dashboard.py` hands `Compliance.of(engine, settings)` to the dashboard, which needs no more
of it than its own words (`dashboard.rules.uptime`): it is an `UptimeSource`, and writes the file, too.
For a page, a file or an answer to `/api/v1/compliance/uptime?from&to&area`, in a thread:

    period = period_of(from_text, to_text, zone)             # PeriodError: 422, its text says what to write
    report = compliance.uptime(UptimeQuery(period, area=area, site=site), now_ms=clock.now_ms())
    report.sites[0].figures.business_hours.online_rate       # 0 to 1, or None: nothing to judge
    data = compliance.csv(report, language, business_hours=True)   # text/csv; charset=utf-8, with its BOM
    bar = compliance.timeline(detector, period, now_ms=clock.now_ms())
"""

from zoneinfo import ZoneInfo

from sqlalchemy import Engine

from dashboard.rules.uptime import UptimeReport
from gascore.words import Language
from gaswatch.reports.uptime import Rows, Window, uptime_csv
from gaswatch.settings import Settings
from gaswatch.stores.history import SqlHistory


class Compliance(SqlHistory):
    """Reads protection time (`uptime`, `timeline`) and writes it as a file. Blocking; call it in a thread."""

    @classmethod
    def of(cls, engine: Engine, settings: Settings) -> "Compliance":
        """For the town of these settings: its zone, and the margin around its business hours."""
        return cls(engine, zone=ZoneInfo(settings.timezone), margin_s=settings.business_margin_s)

    def csv(
        self,
        report: UptimeReport,
        language: Language,
        *,
        business_hours: bool = False,
        by_detector: bool = False,
    ) -> bytes:
        """The report as CSV with a byte order mark.

        Args:
            report: what `uptime` returned.
            language: of the headings.
            business_hours: the seconds of the business hours, instead of all; the rates are there for both.
            by_detector: a row for each detector, instead of each site.
        """
        return uptime_csv(
            report,
            language,
            window=Window.BUSINESS_HOURS if business_hours else Window.ALL_HOURS,
            rows=Rows.DETECTOR if by_detector else Rows.SITE,
        )
