"""Alarms, open and closed; what operators do with them is in `dashboard.adapters.api.alarm_actions`."""

from typing import Annotated, Literal

import msgspec
from fastapi import APIRouter, Query, Response

from dashboard.adapters.api.answers import ALARM_MOST, AlarmNumber, json, shows
from dashboard.adapters.auth import SignedIn
from dashboard.adapters.entries import entry_line
from dashboard.adapters.parts import Parts, UsesParts
from dashboard.adapters.problems import ProblemError
from dashboard.adapters.views import EntryLine
from dashboard.rules.board import Tracked
from dashboard.rules.rows import Row
from gascore.alarm import AlarmCause, FalseTrigger
from gascore.words import AlarmId, Level

router = APIRouter(prefix="/api/v1", tags=["alarms"])
TIMELINE = 1000
"""Entries of an alarm that are shown; a repeating ladder of a week has fewer."""


class AlarmItem(Row, frozen=True, kw_only=True):
    """A row of the console, and how it went and ended.

    Attributes:
        active: its condition holds now. first_level: the level at which it opened, at `opened_ms`.
        last_ms: when its condition last began, changed or ended.
        recorded_by: the operator who wrote down an acknowledgement by telephone.
        trigger: what a false alarm was about.
    """

    closed_by: str | None
    closed_ms: int | None
    cause: AlarmCause | None
    trigger: FalseTrigger | None
    note: str
    active: bool
    first_level: Level
    last_ms: int | None
    recorded_by: str | None


class AlarmList(msgspec.Struct, frozen=True):
    """Newest first, unless said otherwise; `next` goes into `?before=` for the next page, null on the last."""

    items: tuple[AlarmItem, ...]
    next: int | None


class AlarmDetail(msgspec.Struct, frozen=True):
    """An alarm with everything that was journaled about it, oldest first."""

    alarm: AlarmItem
    timeline: tuple[EntryLine, ...]


@router.get("/alarms", responses=shows(AlarmList))
async def alarms(
    parts: UsesParts,
    user: SignedIn,
    state: Literal["open", "closed"] = "open",
    before: Annotated[int | None, Query(ge=0, le=ALARM_MOST)] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> Response:
    """Open or closed alarms, newest first."""
    del user
    board = parts.follower.picture.board
    if state == "open":
        found = [one for one in board.newest() if before is None or one.alarm.id < before][: limit + 1]
    else:
        last = None if before is None else AlarmId(before)
        found = await parts.lanes.quick.do(lambda: parts.alarms.closed(last, limit + 1))
    page = found[:limit]
    more = page[-1].alarm.id if len(found) > limit else None
    return json(AlarmList(tuple(alarm_item(parts, one) for one in page), more))


@router.get("/alarms/{alarm}", responses=shows(AlarmDetail))
async def alarm_detail(alarm: AlarmNumber, parts: UsesParts, user: SignedIn) -> Response:
    """One alarm with its timeline."""
    del user
    wanted = AlarmId(alarm)
    found = await parts.lanes.quick.do(lambda: parts.alarms.alarm(wanted))
    if found is None:
        raise ProblemError(404, f"There is no alarm {alarm}.")
    entries = await parts.lanes.quick.do(lambda: parts.alarms.entries(wanted, TIMELINE))
    return json(AlarmDetail(alarm_item(parts, found), tuple(map(entry_line, entries))))


@router.get("/alarms/{alarm}/inside", responses=shows(AlarmList))
async def alarms_inside(
    alarm: AlarmNumber,
    parts: UsesParts,
    user: SignedIn,
    after: Annotated[int | None, Query(ge=0, le=ALARM_MOST)] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> Response:
    """The alarms that this one stands for, open and closed, in the order of their numbers.

    `next` goes into `?after=` for the next page.
    """
    del user
    other, last = AlarmId(alarm), None if after is None else AlarmId(after)
    found = await parts.lanes.quick.do(lambda: parts.alarms.inside(other, last, limit + 1))
    page = found[:limit]
    more = page[-1].alarm.id if len(found) > limit else None
    return json(AlarmList(tuple(alarm_item(parts, one) for one in page), more))


def alarm_item(parts: Parts, tracked: Tracked) -> AlarmItem:
    """An alarm, open or closed, with how it went and ended."""
    alarm = tracked.alarm
    row = parts.follower.picture.board.row(tracked)
    return AlarmItem(
        **msgspec.structs.asdict(row),
        closed_by=alarm.closed_by,
        closed_ms=alarm.closed_ms,
        cause=alarm.cause,
        trigger=alarm.trigger,
        note=alarm.note,
        active=alarm.active,
        first_level=alarm.first_level,
        last_ms=alarm.last_ms,
        recorded_by=alarm.recorded_by,
    )
