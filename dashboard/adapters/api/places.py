"""Places by name, for whoever has to choose one."""

from typing import Annotated, Final

import msgspec
from fastapi import APIRouter, Query, Response

from dashboard.adapters.api.answers import json, shows
from dashboard.adapters.auth import SignedIn
from dashboard.adapters.parts import Parts, UsesParts
from dashboard.adapters.problems import ProblemError
from dashboard.ports import DetectorQuery, Installed
from dashboard.rules.places import Place, find, place_of
from gascore.windows import PlaceKind
from gascore.words import DetectorId

router = APIRouter(prefix="/api/v1", tags=["detectors"])
OFFERED: Final = 20
BEFORE_ID: Final = " · "
"""Between a place's name and its id, where both are written in one line."""


class PlaceList(msgspec.Struct, frozen=True):
    """Areas, sites, rooms and detectors that fit, the larger places first."""

    items: tuple[Place, ...]


@router.get("/places", responses=shows(PlaceList))
async def places(
    parts: UsesParts,
    user: SignedIn,
    q: Annotated[str, Query(max_length=100)] = "",
    limit: Annotated[int, Query(ge=1, le=100)] = OFFERED,
) -> Response:
    """Places whose name or id has what is typed: at most `limit` of the larger ones, and as many detectors."""
    del user
    return json(PlaceList(await offered(parts, q, limit)))


async def offered(parts: Parts, text: str, most: int = OFFERED) -> tuple[Place, ...]:
    """What there is to choose from."""
    names = parts.follower.picture.board.names
    found = await parts.lanes.quick.do(lambda: find(names, text, most))
    if not text.strip():
        return found
    query = DetectorQuery(text.strip(), limit=most)
    now_ms = parts.clock.now_ms()
    detectors = await parts.lanes.quick.do(lambda: parts.town.detectors(query, now_ms, monitored=True))
    return (*found, *map(_detector, detectors.found))


async def chosen(parts: Parts, text: str) -> Place:
    """The place that somebody wrote: name and id as they were offered, an id, or the only one of this name.

    Raises `ProblemError` 422.
    """
    name, _, key = text.rpartition(BEFORE_ID)
    found = [one for one in await _with_id(parts, key.strip()) if name.strip() in {"", one.name, one.name_en}]
    if not found:
        found = list(await offered(parts, text, 2))
        same = [one for one in found if text.strip() in {one.name, one.name_en}]
        found = same if len(same) == 1 else found
    if not found:
        raise ProblemError(422, "No place has this name: choose one from the list.")
    if len(found) > 1:
        raise ProblemError(422, "Several places have this name: choose one from the list.")
    return found[0]


async def _with_id(parts: Parts, key: str) -> list[Place]:
    names = parts.follower.picture.board.names
    found = [place for kind in PlaceKind if (place := place_of(names, kind, key)) is not None]
    now_ms = parts.clock.now_ms()
    detector = await parts.lanes.quick.do(
        lambda: parts.town.detector(DetectorId(key), now_ms, monitored=True)
    )
    return [*found, *([_detector(detector)] if detector else [])]


def _detector(one: Installed) -> Place:
    name = f"{one.site.name} {one.room.name}"
    return Place(PlaceKind.DETECTOR, one.detector.id, name, f"{one.site.name_en} {one.room.name_en}")
