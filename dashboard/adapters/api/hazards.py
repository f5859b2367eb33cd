"""Hazards: what is to be put right, until when, and how an operator closes one."""

from typing import Annotated, Literal

import msgspec
from fastapi import APIRouter, Path, Query, Response
from pydantic import BaseModel, Field

from dashboard.adapters.api.answers import ALARM_MOST, json, shows
from dashboard.adapters.auth import Acting, SignedIn
from dashboard.adapters.parts import UsesParts
from dashboard.adapters.problems import ProblemError
from dashboard.adapters.views_upkeep import HazardItem
from dashboard.ports import HazardQuery
from dashboard.rules.board import Names
from gascore.hazard import Hazard, HazardRequested
from gascore.operators import Outcome
from gascore.words import DetectorId, SiteId

router = APIRouter(prefix="/api/v1", tags=["hazards"])
HazardNumber = Annotated[int, Path(ge=1, le=ALARM_MOST)]
_OPEN = {"open": True, "closed": False, "all": None}


class HazardsAnswer(msgspec.Struct, frozen=True):
    """Some hazards, the newest first; give `next_before` as `before` for the next page (null: it was the last)."""

    now_ms: int
    hazards: tuple[HazardItem, ...]
    next_before: int | None


class HazardAnswer(msgspec.Struct, frozen=True):
    """`done`, or `asked`: alerts does not answer now and will do it when it is back."""

    result: Literal["done", "asked"]


class Closing(BaseModel):
    """Why it is no hazard any more."""

    note: str = Field(min_length=1, max_length=1000)


@router.get("/hazards", responses=shows(HazardsAnswer))
async def hazards(  # noqa: PLR0913, PLR0917 -- one argument for each word of the query
    parts: UsesParts,
    user: SignedIn,
    state: Literal["open", "closed", "all"] = "open",
    site: str | None = None,
    detector: str | None = None,
    before: Annotated[int | None, Query(ge=0, le=ALARM_MOST)] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
    *,
    overdue: bool = False,
) -> Response:
    """Hazards, the newest first; `overdue`: only those past their deadline."""
    del user
    query = HazardQuery(
        _OPEN[state],
        overdue,
        None if site is None else SiteId(site),
        None if detector is None else DetectorId(detector),
        before,
        limit,
    )
    now_ms = parts.clock.now_ms()
    page = await parts.lanes.quick.do(lambda: parts.hazards.page(query, now_ms))
    names = parts.follower.picture.board.names
    items = tuple(hazard_item(one, names, now_ms) for one in page.found)
    return json(HazardsAnswer(now_ms, items, page.next_before))


@router.get("/hazards/{hazard}", responses=shows(HazardItem))
async def hazard_of(hazard: HazardNumber, parts: UsesParts, user: SignedIn) -> Response:
    """One hazard."""
    del user
    found = await parts.lanes.quick.do(lambda: parts.hazards.hazard(hazard))
    if found is None:
        raise ProblemError(404, f"There is no hazard {hazard}.")
    return json(hazard_item(found, parts.follower.picture.board.names, parts.clock.now_ms()))


@router.post("/hazards/{hazard}/close", responses=shows(HazardAnswer, 202))
async def close_hazard(hazard: HazardNumber, body: Closing, parts: UsesParts, user: Acting) -> Response:
    """Close it by hand, with a note. If its alarm stays, it is a hazard again after as long as before."""
    found = await parts.lanes.quick.do(lambda: parts.hazards.hazard(hazard))
    if found is None:
        raise ProblemError(404, f"There is no hazard {hazard}.")
    answer = await parts.desk.ask(
        HazardRequested(
            request=parts.new_id(), hazard=hazard, alarm=found.alarm, by=user.name, note=body.note
        )
    )
    if answer is None:
        return json(HazardAnswer("asked"), 202)
    match answer.outcome:
        case Outcome.DONE:
            return json(HazardAnswer("done"))
        case Outcome.NOTE_MISSING:
            raise ProblemError(422, "note: say why it is no hazard any more", outcome=answer.outcome)
        case _:
            raise ProblemError(409, "It is closed already.", outcome=answer.outcome)


def hazard_item(hazard: Hazard, names: Names, now_ms: int) -> HazardItem:
    """What is shown of a hazard; a site that left the ledger has no name."""
    site = None if hazard.site is None else names.sites.get(hazard.site)
    return HazardItem(
        **msgspec.structs.asdict(hazard),
        overdue=hazard.is_overdue(now_ms),
        site_name="" if site is None else site.name,
        site_name_en="" if site is None else site.name_en,
    )
