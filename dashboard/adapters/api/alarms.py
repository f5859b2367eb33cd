"""Alarms, open and closed, and what operators do with them."""

from typing import Annotated, Literal

import msgspec
from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, Field

from dashboard.adapters.api.answers import ALARM_MOST, AlarmNumber, json, shows
from dashboard.adapters.auth import Acting, SignedIn
from dashboard.adapters.entries import entry_line
from dashboard.adapters.parts import Parts, UsesParts
from dashboard.adapters.problems import ProblemError
from dashboard.adapters.views import EntryLine
from dashboard.rules.board import Tracked
from dashboard.rules.rows import Row
from gascore.alarm import AlarmCause
from gascore.operators import OperatorAction, OperatorRequested, Outcome
from gascore.words import AlarmId

router = APIRouter(prefix="/api/v1", tags=["alarms"])
TIMELINE = 1000
"""Entries of an alarm that are shown; a repeating ladder of a week has fewer."""


class AlarmItem(Row, frozen=True, kw_only=True):
    """A row of the console and how it ended."""

    closed_by: str | None
    closed_ms: int | None
    cause: AlarmCause | None
    note: str


class AlarmList(msgspec.Struct, frozen=True):
    """Newest first, unless said otherwise; `next` goes into `?before=` for the next page, null on the last."""

    items: tuple[AlarmItem, ...]
    next: int | None


class AlarmDetail(msgspec.Struct, frozen=True):
    """An alarm with everything that was journaled about it, oldest first."""

    alarm: AlarmItem
    timeline: tuple[EntryLine, ...]


class Answer(msgspec.Struct, frozen=True):
    """What became of an operator's request; "asked": noted, alerts will answer later."""

    outcome: Literal["done", "asked"]
    version: int | None


class Ack(BaseModel):
    """I take responsibility. `seen_version`: what I saw; worse since then means look again."""

    seen_version: int | None = Field(default=None, ge=0, le=ALARM_MOST)
    note: str = Field(default="", max_length=1000)


class Close(BaseModel):
    """It is over, and this was the cause."""

    cause: (
        Literal[
            AlarmCause.REAL_LEAK,
            AlarmCause.FALSE_ALARM,
            AlarmCause.TEST,
            AlarmCause.MAINTENANCE,
            AlarmCause.OTHER,
        ]
        | None
    ) = None
    note: str = Field(default="", max_length=1000)


class Comment(BaseModel):
    """A remark on the timeline."""

    note: str = Field(min_length=1, max_length=1000)


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
    return json(AlarmList(tuple(_item(parts, one) for one in page), more))


@router.get("/alarms/{alarm}", responses=shows(AlarmDetail))
async def alarm_detail(alarm: AlarmNumber, parts: UsesParts, user: SignedIn) -> Response:
    """One alarm with its timeline."""
    del user
    wanted = AlarmId(alarm)
    found = await parts.lanes.quick.do(lambda: parts.alarms.alarm(wanted))
    if found is None:
        raise ProblemError(404, f"There is no alarm {alarm}.")
    entries = await parts.lanes.quick.do(lambda: parts.alarms.entries(wanted, TIMELINE))
    return json(AlarmDetail(_item(parts, found), tuple(map(entry_line, entries))))


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
    return json(AlarmList(tuple(_item(parts, one) for one in page), more))


@router.post("/alarms/{alarm}/ack", responses=shows(Answer, 202))
async def ack(alarm: AlarmNumber, body: Ack, parts: UsesParts, user: Acting) -> Response:
    """Acknowledge: the ladder stops, others see who took over."""
    return await _ask(
        parts,
        OperatorRequested(
            request=parts.new_id(),
            alarm=AlarmId(alarm),
            action=OperatorAction.ACK,
            by=user.name,
            seen_version=body.seen_version,
            note=body.note,
        ),
    )


@router.post("/alarms/{alarm}/close", responses=shows(Answer, 202))
async def close(alarm: AlarmNumber, body: Close, parts: UsesParts, user: Acting) -> Response:
    """Close with a cause; a leak must be over and acknowledged."""
    return await _ask(
        parts,
        OperatorRequested(
            request=parts.new_id(),
            alarm=AlarmId(alarm),
            action=OperatorAction.CLOSE,
            by=user.name,
            cause=body.cause,
            note=body.note,
        ),
    )


@router.post("/alarms/{alarm}/comment", responses=shows(Answer, 202))
async def comment(alarm: AlarmNumber, body: Comment, parts: UsesParts, user: Acting) -> Response:
    """Write a remark on the timeline."""
    return await _ask(
        parts,
        OperatorRequested(
            request=parts.new_id(),
            alarm=AlarmId(alarm),
            action=OperatorAction.COMMENT,
            by=user.name,
            note=body.note,
        ),
    )


_WHY = {
    Outcome.CHANGED_MEANWHILE: "It got worse since you looked: look again.",
    Outcome.ALREADY: "Somebody has done so already.",
    Outcome.STILL_ACTIVE: "The gas is not gone yet: close it when the detector is back to normal.",
    Outcome.NOT_ACKED: "Acknowledge it before closing it.",
    Outcome.CAUSE_MISSING: "Say the cause.",
}


async def _ask(parts: Parts, request: OperatorRequested) -> Response:
    answer = await parts.desk.ask(request)
    if answer is None:
        return json(Answer("asked", None), 202)
    if answer.outcome is Outcome.DONE:
        return json(Answer("done", answer.version))
    if answer.outcome is Outcome.NOT_FOUND:
        raise ProblemError(404, f"There is no alarm {request.alarm}.", outcome=answer.outcome)
    version = {} if answer.version is None else {"version": answer.version}
    raise ProblemError(409, _WHY[answer.outcome], outcome=answer.outcome, **version)


def _item(parts: Parts, tracked: Tracked) -> AlarmItem:
    alarm = tracked.alarm
    row = parts.follower.picture.board.row(tracked)
    return AlarmItem(
        **msgspec.structs.asdict(row),
        closed_by=alarm.closed_by,
        closed_ms=alarm.closed_ms,
        cause=alarm.cause,
        note=alarm.note,
    )
