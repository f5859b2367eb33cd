"""The pages: each asks for what its template is given (`dashboard.adapters.views`) and renders it."""

from datetime import date, datetime, time, timedelta
from typing import Annotated, Literal
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import HTMLResponse

from dashboard.adapters import measured, views, views_system
from dashboard.adapters.api.answers import ALARM_MOST, AlarmNumber
from dashboard.adapters.api.detectors import DAY_MS, ENTRIES, installed
from dashboard.adapters.api.reports import uptime_report
from dashboard.adapters.auth import ACTING, SignedIn
from dashboard.adapters.entries import entry_line
from dashboard.adapters.lines import (
    canary_line,
    condition_lines,
    corrected_of,
    detector_line,
    latency_lines,
    missing_of,
    quarantine_line,
    service_lines,
)
from dashboard.adapters.parts import Parts, UsesParts
from dashboard.adapters.problems import ProblemError
from dashboard.ports import DetectorQuery, User
from dashboard.rules.board import row_of
from dashboard.rules.health import COLLECTOR
from dashboard.rules.uptime import NoSuchPlaceError, Period, PeriodError, UptimeQuery, UptimeReport
from gascore.words import AlarmId, AreaId, DetectorId, Protection

router = APIRouter(include_in_schema=False)
DETECTORS_SHOWN = 100
INSIDE_SHOWN = 200
QUARANTINE_SHOWN = 50
WEEK = timedelta(days=6)
"""From the first to the last of the days that are shown when nothing was asked."""


@router.get("/")
async def console(request: Request, parts: UsesParts, user: SignedIn) -> Response:
    """The live console."""
    shot = parts.follower.picture.snapshot(parts.clock.now_ms())
    context = views.ConsoleContext(
        **base_of(request, parts, user), rows=shot.rows, counts=shot.counts, system=shot.system, seq=shot.seq
    )
    return page_of(parts, user, views.CONSOLE, **context)


@router.get("/detectors")
async def detectors(
    request: Request,
    parts: UsesParts,
    user: SignedIn,
    q: Annotated[str, Query(max_length=100)] = "",
    state: Protection | Literal[""] = "",
    after: str | None = None,
) -> Response:
    """All detectors."""
    now_ms = parts.clock.now_ms()
    picture = parts.follower.picture
    query = DetectorQuery(q, state or None, DetectorId(after) if after else None, DETECTORS_SHOWN)
    monitored = picture.is_monitored(now_ms)
    page = await parts.lanes.quick.do(lambda: parts.town.detectors(query, now_ms, monitored=monitored))
    context = views.DetectorsContext(
        **base_of(request, parts, user),
        lines=tuple(map(detector_line, page.found)),
        counts=picture.counts(now_ms).detectors,
        q=q,
        state=state,
        total=page.total,
        next_after=page.next_after,
    )
    return page_of(parts, user, views.DETECTORS, **context)


@router.get("/detectors/{detector}")
async def detector_page(detector: str, request: Request, parts: UsesParts, user: SignedIn) -> Response:
    """One detector."""
    found = await installed(parts, detector)
    last, problem = await measured.newest(parts, found.detector.no)
    entries = await parts.lanes.quick.do(lambda: parts.town.entries(found.detector.id, ENTRIES))
    figures = await parts.lanes.quick.do(lambda: parts.town.thresholds(found))
    now_ms = parts.clock.now_ms()
    context = views.DetectorContext(
        **base_of(request, parts, user),
        line=detector_line(found),
        site_kind=found.site.kind,
        address=found.site.address,
        opens=found.site.opens,
        closes=found.site.closes,
        every_s=found.detector.every_s,
        figures=figures,
        own_set_points=found.detector.low_lel is not None or found.detector.high_lel is not None,
        commissioned_ms=found.detector.commissioned_ms,
        retired_ms=found.detector.retired_ms,
        accepted_ms=found.detector.accepted_ms,
        gateway=found.detector.gateway,
        last=None
        if last is None
        else views.LastReading(last.at_ms, last.state, last.lel, last.co, corrected_of(found, last, figures)),
        last_problem=problem,
        missing=missing_of(parts.follower.picture.words.get(COLLECTOR), found.detector.id),
        conditions=condition_lines(found),
        alarms=parts.follower.picture.board.rows_of(found.detector.id),
        entries=tuple(map(entry_line, entries)),
        from_ms=now_ms - DAY_MS,
        to_ms=now_ms,
        readings_url=f"/api/v1/detectors/{found.detector.id}/readings?"
        + urlencode({"from": now_ms - DAY_MS, "to": now_ms, "every": 60}),
    )
    return page_of(parts, user, views.DETECTOR, **context)


@router.get("/alarms/{alarm}/inside")
async def inside_page(
    alarm: AlarmNumber,
    request: Request,
    parts: UsesParts,
    user: SignedIn,
    after: Annotated[int | None, Query(ge=0, le=ALARM_MOST)] = None,
) -> Response:
    """The whole list of an outage, or all times that a connection broke off."""
    wanted, last = AlarmId(alarm), None if after is None else AlarmId(after)
    other = await parts.lanes.quick.do(lambda: parts.alarms.alarm(wanted))
    if other is None:
        raise ProblemError(404, f"There is no alarm {alarm}.")
    found = await parts.lanes.quick.do(lambda: parts.alarms.inside(wanted, last, INSIDE_SHOWN + 1))
    names = parts.follower.picture.board.names
    page = found[:INSIDE_SHOWN]
    context = views.InsideContext(
        **base_of(request, parts, user),
        alarm=row_of(other, names),
        rows=tuple(row_of(one, names) for one in page),
        next_after=page[-1].alarm.id if len(found) > INSIDE_SHOWN else None,
    )
    return page_of(parts, user, views.INSIDE, **context)


@router.get("/protection")
async def protection(
    request: Request,
    parts: UsesParts,
    user: SignedIn,
    from_: Annotated[date | None, Query(alias="from")] = None,
    to: Annotated[date | None, Query()] = None,
    area: str = "",
) -> Response:
    """Protection time per site."""
    first, last = _days(parts, from_, to)
    report: UptimeReport | None = None
    error: Literal["period", "place"] | None = None
    try:
        report = await _report(parts, first, last, area)
    except PeriodError:
        error = "period"
    except NoSuchPlaceError:
        error = "place"
    asked = {"from": first.isoformat(), "to": last.isoformat()} | ({"area": area} if area else {})
    context = views_system.ProtectionContext(
        **base_of(request, parts, user),
        from_day=first.isoformat(),
        to_day=last.isoformat(),
        area=area,
        areas=tuple(await parts.lanes.quick.do(parts.town.areas)),
        report=report,
        error=error,
        csv_url=f"/protection.csv?{urlencode(asked)}",
    )
    return page_of(parts, user, views.PROTECTION, **context)


@router.get("/protection.csv")
async def protection_file(
    parts: UsesParts,
    user: SignedIn,
    from_: Annotated[date | None, Query(alias="from")] = None,
    to: Annotated[date | None, Query()] = None,
    area: str = "",
) -> Response:
    """The same as a file for spreadsheets."""
    first, last = _days(parts, from_, to)
    try:
        report = await _report(parts, first, last, area)
    except PeriodError as error:
        raise ProblemError(422, f"from, to: {error}") from error
    except NoSuchPlaceError as error:
        raise ProblemError(404, f"{error}") from error
    body = await parts.lanes.slow.do(lambda: parts.uptime_file(report, user.language))
    name = f"protection-{first.isoformat()}-{last.isoformat()}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(body, media_type="text/csv; charset=utf-8", headers=headers)


@router.get("/system")
async def system(request: Request, parts: UsesParts, user: SignedIn) -> Response:
    """How we are ourselves."""
    now_ms = parts.clock.now_ms()
    picture = parts.follower.picture
    collector = picture.words.get(COLLECTOR)
    kept = await parts.lanes.quick.do(lambda: parts.quarantine.newest(QUARANTINE_SHOWN))
    context = views_system.SystemContext(
        **base_of(request, parts, user),
        system=picture.system(now_ms),
        services=service_lines(picture.words, now_ms),
        messages=None if collector is None else collector.messages,
        rejected_by={} if collector is None else dict(collector.rejected_by),
        latency=latency_lines(picture.words),
        canaries=tuple(canary_line(one, picture.board.names) for _, one in sorted(picture.canaries.items())),
        quarantine=tuple(map(quarantine_line, kept)),
        journal_id=picture.cursor,
        journal_lag=picture.heartbeat(now_ms).journal_lag,
    )
    return page_of(parts, user, views.SYSTEM, **context)


def base_of(request: Request, parts: Parts, user: User) -> views.BaseContext:
    """What every page is given."""
    return views.BaseContext(
        user=views.UserView(user.name, user.display_name, user.role, user.language, user.role in ACTING),
        path=request.url.path,
        asset=parts.pages.asset,
        now_ms=parts.clock.now_ms(),
        zone=parts.options.zone.key,
    )


def page_of(parts: Parts, user: User, template: str, /, **context: object) -> Response:
    """The page as an answer, in the user's language."""
    return HTMLResponse(parts.pages.render(template, language=user.language, **context))


def _days(parts: Parts, first: date | None, last: date | None) -> tuple[date, date]:
    """Whole local days, both inclusive; today and the six before it when nothing was asked."""
    today = datetime.fromtimestamp(parts.clock.now_ms() / 1000, parts.options.zone).date()
    end = last or today
    return first or max(end, date.min + WEEK) - WEEK, end


async def _report(parts: Parts, first: date, last: date, area: str) -> UptimeReport:
    try:
        period = Period(_midnight_ms(parts, first), _midnight_ms(parts, last + timedelta(days=1)))
    except OverflowError as error:
        raise PeriodError("the days are beyond the calendar") from error
    return await uptime_report(parts, UptimeQuery(period, area=AreaId(area) if area else None))


def _midnight_ms(parts: Parts, day: date) -> int:
    return round(datetime.combine(day, time(), parts.options.zone).timestamp() * 1000)
