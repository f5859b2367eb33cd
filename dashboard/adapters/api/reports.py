"""Compliance figures and the journal."""

from typing import Annotated

import msgspec
from fastapi import APIRouter, Query, Response

from dashboard.adapters.api.answers import ENTRY_MOST, json, shows
from dashboard.adapters.auth import SignedIn
from dashboard.adapters.entries import entry_line
from dashboard.adapters.parts import Parts, UsesParts
from dashboard.adapters.problems import ProblemError
from dashboard.adapters.views import EntryLine
from dashboard.rules.uptime import (
    Figures,
    NoSuchPlaceError,
    Period,
    PeriodError,
    Seconds,
    UptimeQuery,
    UptimeReport,
)
from gascore.words import AreaId, SiteId

router = APIRouter(prefix="/api/v1")


class WindowItem(msgspec.Struct, frozen=True):
    """Seconds per protection state, and the rates that follow (null: nothing was required)."""

    seconds: Seconds
    effective_protection: float | None
    online_rate: float | None


class FiguresItem(msgspec.Struct, frozen=True):
    """Round the clock, and within business hours."""

    all_hours: WindowItem
    business_hours: WindowItem


class SiteFigures(msgspec.Struct, frozen=True):
    """One site; `detectors` by id."""

    site: SiteId
    name: str
    name_en: str
    area: AreaId
    figures: FiguresItem
    detectors: dict[str, FiguresItem]


class UptimeAnswer(msgspec.Struct, frozen=True):
    """Protection time from `from_ms` until just before `until_ms`, as of journal entry `journal_id`."""

    from_ms: int
    to_ms: int
    until_ms: int
    made_ms: int
    journal_id: int
    zone: str
    margin_s: float
    area: AreaId | None
    sites: tuple[SiteFigures, ...]
    figures: FiguresItem


class JournalPage(msgspec.Struct, frozen=True):
    """Entries after a cursor, in order; `next` is the cursor of the next page (the same: nothing newer yet)."""

    entries: tuple[EntryLine, ...]
    next: int


@router.get("/compliance/uptime", responses=shows(UptimeAnswer), tags=["compliance"])
async def uptime(
    parts: UsesParts,
    user: SignedIn,
    from_: Annotated[int, Query(alias="from", ge=0)],
    to: Annotated[int, Query(ge=0)],
    area: str | None = None,
    site: str | None = None,
) -> Response:
    """Protection time of each site and detector from `from` until just before `to` (ms, whole seconds)."""
    del user
    try:
        query = UptimeQuery(
            Period(from_, to),
            area=None if area is None else AreaId(area),
            site=None if site is None else SiteId(site),
        )
        report = await uptime_report(parts, query)
    except PeriodError as error:
        raise ProblemError(422, f"from, to: {error}") from error
    except NoSuchPlaceError as error:
        raise ProblemError(404, f"{error}") from error
    return json(_answer(report))


@router.get("/journal", responses=shows(JournalPage), tags=["journal"])
async def journal(
    parts: UsesParts,
    user: SignedIn,
    after: Annotated[int, Query(ge=0, le=ENTRY_MOST)] = 0,
    limit: Annotated[int, Query(ge=1, le=1000)] = 200,
) -> Response:
    """The journal's entries after a cursor."""
    del user
    entries = await parts.lanes.quick.do(lambda: parts.journal.after(after, limit))
    return json(JournalPage(tuple(map(entry_line, entries)), entries[-1].id if entries else after))


async def uptime_report(parts: Parts, query: UptimeQuery) -> UptimeReport:
    """The report, made where it delays nobody. Raises `NoSuchPlaceError`, `StoreDownError`."""
    now_ms = parts.clock.now_ms()
    return await parts.lanes.slow.do(lambda: parts.uptime.uptime(query, now_ms=now_ms))


def _answer(report: UptimeReport) -> UptimeAnswer:
    return UptimeAnswer(
        from_ms=report.from_ms,
        to_ms=report.to_ms,
        until_ms=report.until_ms,
        made_ms=report.made_ms,
        journal_id=report.journal_id,
        zone=report.zone,
        margin_s=report.margin_s,
        area=report.area,
        sites=tuple(
            SiteFigures(
                site=one.site,
                name=one.name,
                name_en=one.name_en,
                area=one.area,
                figures=_figures(one.figures),
                detectors={each.detector: _figures(each.figures) for each in one.detectors},
            )
            for one in report.sites
        ),
        figures=_figures(report.figures),
    )


def _figures(figures: Figures) -> FiguresItem:
    return FiguresItem(_window(figures.all_hours), _window(figures.business_hours))


def _window(seconds: Seconds) -> WindowItem:
    return WindowItem(seconds, seconds.effective_protection, seconds.online_rate)
