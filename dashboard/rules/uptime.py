"""Protection time as figures: whole seconds that add up, effective protection and online rate.

Milliseconds are kept to the end; then each detector's are rounded to whole seconds by the largest
remainder, so that the states of a detector add up exactly to its period, a site's row is exactly the
sum of its detectors' rows, and a town's of its sites' (docs/adr/0012).
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, tzinfo
from typing import Final, Protocol

import msgspec

from dashboard.rules.business_hours import Hours, HoursError, OpenTime, open_spans
from dashboard.rules.protection import ORDER, DetectorHistory, Span, pieces
from gascore.words import AreaId, DetectorId, SiteId

SECOND_MS: Final = 1000
LAST_MS: Final = 253_370_764_800_000
"""The year 9999 begins, UTC: every instant before it is a date in every zone."""


class PeriodError(ValueError):
    """A period can't be reported; the message says why."""


class NoSuchPlaceError(LookupError):
    """The area or site that was asked for is not in the ledger."""


class Period(msgspec.Struct, frozen=True):
    """From `from_ms` until just before `to_ms`, both whole seconds.

    Raises:
        PeriodError: it is empty, backward, not of whole seconds, or not between the years 1970 and 9998.
    """

    from_ms: int
    to_ms: int

    def __post_init__(self) -> None:
        if self.to_ms <= self.from_ms:
            raise PeriodError("a period must end after it begins")
        if self.from_ms < 0 or self.to_ms > LAST_MS:
            raise PeriodError("a period lies between the years 1970 and 9998")
        if self.from_ms % SECOND_MS or self.to_ms % SECOND_MS:
            raise PeriodError("a period begins and ends at whole seconds")

    def until(self, now_ms: int) -> int:
        """Its end, or the last whole second that is over when it reaches into the future."""
        return max(self.from_ms, min(self.to_ms, now_ms - now_ms % SECOND_MS))


def period_of(from_: str, to: str, zone: tzinfo) -> Period:
    """The period that people write: days of the town ("2026-11-01") or instants ("2026-11-01T08:00").

    A day begins at midnight in `zone`, and `to` is not included; an instant may carry its own offset.

    Raises:
        PeriodError: one of them is neither, or they make no period.
    """
    return Period(_instant(from_, zone), _instant(to, zone))


def _instant(text: str, zone: tzinfo) -> int:
    try:
        at = datetime.fromisoformat(text.strip())
    except ValueError as error:
        raise PeriodError(
            f"{text!r} is not a day such as 2026-11-01 or an instant such as 2026-11-01T08:00"
        ) from error
    return round((at if at.tzinfo else at.replace(tzinfo=zone)).timestamp() * 1000)


class Seconds(msgspec.Struct, frozen=True):
    """Whole seconds in each protection state, in the order of `Protection`."""

    not_required: int = 0
    unmonitored: int = 0
    offline: int = 0
    maintenance: int = 0
    fault: int = 0
    warming_up: int = 0
    unfit: int = 0
    protected: int = 0

    @property
    def total(self) -> int:
        """All of it: the period, times the detectors summed up."""
        return sum(msgspec.structs.astuple(self))

    @property
    def required(self) -> int:
        """When the detector had to protect."""
        return self.total - self.not_required

    @property
    def judged(self) -> int:
        """Required, and we could see: what both rates are shares of."""
        return self.required - self.unmonitored

    @property
    def effective_protection(self) -> float | None:
        """Protected / (required - unmonitored), 0 to 1; None when there is nothing to judge."""
        return self.protected / self.judged if self.judged else None

    @property
    def online_rate(self) -> float | None:
        """(Required - unmonitored - offline) / (required - unmonitored); None when there is nothing to judge."""
        return (self.judged - self.offline) / self.judged if self.judged else None


class Figures(msgspec.Struct, frozen=True):
    """The same period twice: every hour of it, and the business hours only."""

    all_hours: Seconds = Seconds()
    business_hours: Seconds = Seconds()


class DetectorUptime(msgspec.Struct, frozen=True):
    """One detector at one site; one that was moved has a row at each, and was not required elsewhere."""

    detector: DetectorId
    figures: Figures


class SiteUptime(msgspec.Struct, frozen=True):
    """One site: the sums of its detectors. A site without detectors has no seconds and no rates."""

    site: SiteId
    name: str
    name_en: str
    area: AreaId
    area_name: str
    area_name_en: str
    detectors: tuple[DetectorUptime, ...]
    figures: Figures


class UptimeReport(msgspec.Struct, frozen=True):
    """What `gaswatch report uptime`, the page and the API show.

    Attributes:
        from_ms, to_ms: the period that was asked for.
        until_ms: where it was cut because the rest is the future; else `to_ms`.
        made_ms: when the report was made.
        journal_id: the newest journal entry that it rests on.
        zone: the town's time zone, for opening times and for showing instants.
        margin_s: how far business hours reach beyond opening times on both sides.
        area: the area asked for, with all below it; None: everything.
        figures: the sums of the sites.
    """

    from_ms: int
    to_ms: int
    until_ms: int
    made_ms: int
    journal_id: int
    zone: str
    margin_s: float
    area: AreaId | None
    sites: tuple[SiteUptime, ...]
    figures: Figures


class UptimeQuery(msgspec.Struct, frozen=True):
    """What to report: a period, of one area with all below it, of one site, or of everything."""

    period: Period
    area: AreaId | None = None
    site: SiteId | None = None


class UptimeSource(Protocol):
    """Where reports come from. Implementation: `gaswatch.stores.history.SqlHistory`."""

    def uptime(self, query: UptimeQuery, *, now_ms: int) -> UptimeReport:
        """The report as the journal stands now. Blocking, seconds at most.

        Raises:
            NoSuchPlaceError: the area or site is not in the ledger.
            StoreDownError: the store can't be read.
            HoursError: a site's opening times can't be read.
        """
        ...


class SiteHistory(msgspec.Struct, frozen=True):
    """All that decides about one site. `hours`: every version of its opening times, oldest first."""

    site: SiteId
    name: str
    name_en: str
    area: AreaId
    area_name: str
    area_name_en: str
    hours: tuple[Hours, ...]
    detectors: tuple[DetectorHistory, ...]


class TownHistory(msgspec.Struct, frozen=True):
    """All that decides about a period. `blind`: when we could not see, merged and in order."""

    sites: Sequence[SiteHistory]
    blind: Sequence[Span]
    journal_id: int


def report(
    query: UptimeQuery, town: TownHistory, *, zone: tzinfo, margin_s: float, now_ms: int
) -> UptimeReport:
    """Count the period; nothing after `now_ms` is counted.

    Raises:
        HoursError: a site's opening times can't be read; the message names the site.
    """
    period = query.period
    until_ms = period.until(now_ms)
    counter = _Counter(
        town.blind, zone, from_ms=period.from_ms, to_ms=until_ms, margin_ms=round(margin_s * 1000)
    )
    sites = tuple(counter.site(one) for one in town.sites)
    return UptimeReport(
        from_ms=period.from_ms,
        to_ms=period.to_ms,
        until_ms=until_ms,
        made_ms=now_ms,
        journal_id=town.journal_id,
        zone=str(zone),
        margin_s=margin_s,
        area=query.area,
        sites=sites,
        figures=_sum(one.figures for one in sites),
    )


class _Counter:
    """Counts sites over one period; sites with the same opening times share their calendar."""

    def __init__(
        self, blind: Sequence[Span], zone: tzinfo, *, from_ms: int, to_ms: int, margin_ms: int
    ) -> None:
        self._blind = blind
        self._zone = zone
        self._from_ms = from_ms
        self._to_ms = to_ms
        self._margin_ms = margin_ms
        self._calendars: dict[tuple[Hours, ...], OpenTime] = {}

    def site(self, history: SiteHistory) -> SiteUptime:
        try:
            open_time = self._open_time(history.hours)
        except HoursError as error:
            raise HoursError(f"site {history.site}: {error}") from error
        detectors = tuple(
            DetectorUptime(one.detector, self._figures(one, open_time)) for one in history.detectors
        )
        return SiteUptime(
            site=history.site,
            name=history.name,
            name_en=history.name_en,
            area=history.area,
            area_name=history.area_name,
            area_name_en=history.area_name_en,
            detectors=detectors,
            figures=_sum(one.figures for one in detectors),
        )

    def _open_time(self, hours: tuple[Hours, ...]) -> OpenTime:
        found = self._calendars.get(hours)
        if found is None:
            spans = open_spans(
                hours, self._zone, from_ms=self._from_ms, to_ms=self._to_ms, margin_ms=self._margin_ms
            )
            found = self._calendars[hours] = OpenTime(spans)
        return found

    def _figures(self, history: DetectorHistory, open_time: OpenTime) -> Figures:
        all_ms, open_ms = [0] * len(ORDER), [0] * len(ORDER)
        before = open_time.before
        opened_ms = before(self._from_ms)
        for since_ms, ended_ms, rank in pieces(
            history, self._blind, from_ms=self._from_ms, to_ms=self._to_ms
        ):
            all_ms[rank] += ended_ms - since_ms
            open_until_ms = before(ended_ms)
            open_ms[rank] += open_until_ms - opened_ms
            opened_ms = open_until_ms
        return Figures(Seconds(*whole_seconds(all_ms)), Seconds(*whole_seconds(open_ms)))


def whole_seconds(parts_ms: Sequence[int]) -> list[int]:
    """Round to seconds so that they add up to the rounded-down total: the largest remainders are rounded up.

    Of equal remainders that of the earlier state is rounded up.

    >>> whole_seconds([1500, 700, 800])
    [1, 1, 1]
    """
    seconds = [part // SECOND_MS for part in parts_ms]
    missing = sum(parts_ms) // SECOND_MS - sum(seconds)
    if missing:
        largest = sorted(range(len(parts_ms)), key=lambda index: -(parts_ms[index] % SECOND_MS))
        for index in largest[:missing]:
            seconds[index] += 1
    return seconds


def _sum(figures: Iterable[Figures]) -> Figures:
    rows = list(figures)
    return Figures(_add([one.all_hours for one in rows]), _add([one.business_hours for one in rows]))


def _add(rows: Sequence[Seconds]) -> Seconds:
    return Seconds(*(sum(column) for column in zip(*map(msgspec.structs.astuple, rows), strict=True)))
