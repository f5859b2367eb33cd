"""The page of hazards and of what alarms ask of the operators."""

from typing import Annotated, Final

from fastapi import APIRouter, Query, Request, Response

from dashboard.adapters import views, views_upkeep
from dashboard.adapters.api.answers import ALARM_MOST
from dashboard.adapters.api.detectors import DAY_MS
from dashboard.adapters.api.hazards import hazard_item
from dashboard.adapters.api.kpis import kpis_of
from dashboard.adapters.auth import SignedIn
from dashboard.adapters.pages import base_of, page_of
from dashboard.adapters.parts import UsesParts
from dashboard.ports import HazardQuery
from dashboard.rules.uptime import SECOND_MS, Period

router = APIRouter(include_in_schema=False)
DAYS: Final = 7
SHOWN: Final = 100


@router.get("/upkeep")
async def upkeep(
    request: Request,
    parts: UsesParts,
    user: SignedIn,
    before: Annotated[int | None, Query(ge=0, le=ALARM_MOST)] = None,
) -> Response:
    """Open hazards, the newest first, and the figures of the last seven days."""
    now_ms = parts.clock.now_ms()
    until_ms = now_ms - now_ms % SECOND_MS
    query = HazardQuery(before=before, limit=SHOWN)
    page = await parts.lanes.quick.do(lambda: parts.hazards.page(query, now_ms))
    found = await kpis_of(parts, Period(until_ms - DAYS * DAY_MS, until_ms))
    names = parts.follower.picture.board.names
    context = views_upkeep.UpkeepContext(
        **base_of(request, parts, user),
        hazards=tuple(hazard_item(one, names, now_ms) for one in page.found),
        next_before=page.next_before,
        operators=found.operators,
        figures=found.figures,
        tallied=found.tallied,
    )
    return page_of(parts, user, views.UPKEEP, **context)
