"""The page of one alarm: how it stands, who was told, who is told next and when, and how it went."""

from typing import Final

from fastapi import APIRouter, Request, Response

from dashboard.adapters import views, views_places
from dashboard.adapters.api.alarms import alarm_item
from dashboard.adapters.api.answers import AlarmNumber
from dashboard.adapters.auth import SignedIn
from dashboard.adapters.entries import entry_line
from dashboard.adapters.pages import base_of, page_of
from dashboard.adapters.parts import UsesParts
from dashboard.adapters.problems import ProblemError
from dashboard.rules.progress import next_step
from gascore.words import AlarmId

router = APIRouter(include_in_schema=False)
ENTRIES: Final = 200


@router.get("/alarms/{alarm}")
async def alarm_page(alarm: AlarmNumber, request: Request, parts: UsesParts, user: SignedIn) -> Response:
    """One alarm, open or closed."""
    wanted = AlarmId(alarm)
    found = await parts.lanes.quick.do(lambda: parts.alarms.alarm(wanted))
    if found is None:
        raise ProblemError(404, f"There is no alarm {alarm}.")
    climb = await parts.lanes.quick.do(lambda: parts.climbs.climb(wanted))
    entries = await parts.lanes.quick.do(lambda: parts.alarms.entries(wanted, ENTRIES))
    unreached = await parts.lanes.quick.do(parts.contacts.unreached)
    site = found.alarm.site
    context = views_places.AlarmContext(
        **base_of(request, parts, user),
        alarm=alarm_item(parts, found),
        climb=climb,
        next=None if climb is None else next_step(climb),
        entries=tuple(map(entry_line, reversed(entries))),
        unreached_ms=None if site is None else unreached.get(site),
    )
    return page_of(parts, user, views.ALARM, **context)
