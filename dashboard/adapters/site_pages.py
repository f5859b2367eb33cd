"""The page of one site: its detectors, alarms, people, hazards and maintenance windows."""

import asyncio
from collections.abc import Sequence
from typing import Annotated, Final

from fastapi import APIRouter, Path, Request, Response

from dashboard.adapters import views, views_places
from dashboard.adapters.api.hazards import hazard_item
from dashboard.adapters.api.places import BEFORE_ID
from dashboard.adapters.api.windows import item
from dashboard.adapters.auth import SignedIn
from dashboard.adapters.lines import detector_line
from dashboard.adapters.measured import NEWEST_S
from dashboard.adapters.pages import base_of, page_of
from dashboard.adapters.parts import Parts, UsesParts
from dashboard.adapters.problems import ProblemError
from dashboard.adapters.views_places import Hung, RoomLine
from dashboard.ports import DetectorQuery, HazardQuery, Installed
from dashboard.rules.places import lies_over, rooms_of
from gascore.journal import StoreDownError
from gascore.words import DetectorId, RoomId, SiteId

router = APIRouter(include_in_schema=False)
DETECTORS_SHOWN: Final = 100
HAZARDS_SHOWN: Final = 20
FRESH_MS: Final = 600_000
"""A reading older than this is not shown as the value of now."""


@router.get("/sites/{site}")
async def site_page(
    site: Annotated[str, Path(max_length=64)], request: Request, parts: UsesParts, user: SignedIn
) -> Response:
    """One site of the ledger."""
    names, wanted = parts.follower.picture.board.names, SiteId(site)
    found = names.sites.get(wanted)
    if found is None:
        raise ProblemError(404, f"There is no site {site!r} in the ledger.")
    now_ms, picture = parts.clock.now_ms(), parts.follower.picture
    query = DetectorQuery(limit=DETECTORS_SHOWN, site=wanted)
    monitored = picture.is_monitored(now_ms)
    page = await parts.lanes.quick.do(lambda: parts.town.detectors(query, now_ms, monitored=monitored))
    lel = await _measured(parts, [one.detector.id for one in page.found], now_ms)
    rooms = await parts.lanes.quick.do(lambda: rooms_of(names, wanted))
    unreached = await parts.lanes.quick.do(parts.contacts.unreached)
    people = await parts.lanes.quick.do(lambda: parts.contacts.of_site(wanted))
    asked = HazardQuery(site=wanted, limit=HAZARDS_SHOWN)
    hazards = await parts.lanes.quick.do(lambda: parts.hazards.page(asked, now_ms))
    windows = await parts.lanes.quick.do(lambda: parts.windows.live(now_ms))
    detectors = frozenset(one.detector.id for one in page.found)
    context = views_places.SiteContext(
        **base_of(request, parts, user),
        site=found,
        area=names.areas.get(found.area),
        unreached_ms=unreached.get(wanted),
        rooms=tuple(RoomLine(one, _hung(page.found, one.id, lel or {})) for one in rooms),
        more=page.next_after is not None,
        measured=lel is not None,
        alarms=picture.board.rows_at(wanted),
        people=tuple(people),
        hazards=tuple(hazard_item(one, names, now_ms) for one in hazards.found),
        more_hazards=hazards.next_before is not None,
        windows=tuple(item(parts, one) for one in windows if lies_over(one, found, names, detectors)),
        new_window=f"{found.name}{BEFORE_ID}{found.id}",
    )
    return page_of(parts, user, views.SITE, **context)


def _hung(found: Sequence[Installed], room: RoomId, lel: dict[DetectorId, float]) -> tuple[Hung, ...]:
    here = (one for one in found if one.room.id == room)
    return tuple(Hung(detector_line(one), lel.get(one.detector.id)) for one in here)


async def _measured(parts: Parts, detectors: list[DetectorId], now_ms: int) -> dict[DetectorId, float] | None:
    """What they measure; None: the readings can't be had now, and no page waits long for them."""
    try:
        async with asyncio.timeout(NEWEST_S):
            return await parts.lanes.series.do(lambda: parts.gauges.lel(detectors, now_ms - FRESH_MS))
    except (TimeoutError, StoreDownError):
        return None
