"""Detectors, sites and readings."""

from typing import Annotated, Final

import msgspec
from fastapi import APIRouter, Query, Response

from dashboard.adapters import measured
from dashboard.adapters.api.answers import json, shows
from dashboard.adapters.auth import SignedIn
from dashboard.adapters.entries import entry_line
from dashboard.adapters.lines import condition_lines, corrected_of, detector_line, missing_of
from dashboard.adapters.parts import Parts, UsesParts
from dashboard.adapters.problems import ProblemError
from dashboard.adapters.views import ConditionLine, DetectorLine, EntryLine, Missing
from dashboard.ports import DetectorQuery, Installed, Newest, Point
from dashboard.rules.health import COLLECTOR
from gascore.correction import Corrected
from gascore.registry import Detector, Site
from gascore.thresholds import Thresholds
from gascore.words import DetectorId, Protection

router = APIRouter(prefix="/api/v1", tags=["detectors"])
POINTS_MOST: Final = 10_000
"""Points of one curve: more than a screen has pixels."""
DAY_MS: Final = 86_400_000
ENTRIES: Final = 100


class DetectorList(msgspec.Struct, frozen=True):
    """By id; `next` goes into `?after=` for the next page, null on the last. `total`: how many match."""

    items: tuple[DetectorLine, ...]
    total: int
    next: str | None


class DetectorDetail(msgspec.Struct, frozen=True):
    """A detector, what holds of it, its newest reading and journal entries (newest first).

    `last_problem`: why the newest reading is not known now. `thresholds`: what is asked of its numbers, by its own
    set points, the profiles of the ledger and the settings. `corrected`: what the newest %LEL may be in truth, where
    the detector hangs in another gas than its own; null: it fits, or nobody can say. `missing`: messages that are
    missing by their numbers; null: the collector has not said.
    """

    line: DetectorLine
    detector: Detector
    conditions: tuple[ConditionLine, ...]
    last: Newest | None
    entries: tuple[EntryLine, ...]
    last_problem: str | None
    thresholds: Thresholds
    corrected: Corrected | None
    missing: Missing | None


class Curve(msgspec.Struct, frozen=True):
    """Points [begin of the step in ms, least, greatest, mean %LEL]; steps without a reading are missing."""

    points: list[Point]


class SiteItem(Site, frozen=True, kw_only=True):
    """A site; `unreached_ms`: since when none of its own people can be reached, null: somebody can."""

    unreached_ms: int | None


class SiteList(msgspec.Struct, frozen=True):
    """By id; `next` goes into `?after=` for the next page, null on the last."""

    items: tuple[SiteItem, ...]
    next: str | None


@router.get("/detectors", responses=shows(DetectorList))
async def detectors(
    parts: UsesParts,
    user: SignedIn,
    q: Annotated[str, Query(max_length=100)] = "",
    state: Protection | None = None,
    after: str | None = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> Response:
    """Detectors by id; `q` is looked for in ids and names of sites."""
    del user
    query = DetectorQuery(q, state, None if after is None else DetectorId(after), limit)
    now_ms = parts.clock.now_ms()
    monitored = parts.follower.picture.is_monitored(now_ms)
    page = await parts.lanes.quick.do(lambda: parts.town.detectors(query, now_ms, monitored=monitored))
    return json(DetectorList(tuple(map(detector_line, page.found)), page.total, page.next_after))


@router.get("/detectors/{detector}", responses=shows(DetectorDetail))
async def detector_detail(detector: str, parts: UsesParts, user: SignedIn) -> Response:
    """One detector."""
    del user
    found = await installed(parts, detector)
    last, problem = await measured.newest(parts, found.detector.no)
    entries = await parts.lanes.quick.do(lambda: parts.town.entries(found.detector.id, ENTRIES))
    figures = await parts.lanes.quick.do(lambda: parts.town.thresholds(found))
    return json(
        DetectorDetail(
            detector_line(found),
            found.detector,
            condition_lines(found),
            last,
            tuple(map(entry_line, entries)),
            problem,
            figures,
            corrected_of(found, last, figures),
            missing_of(parts.follower.picture.words.get(COLLECTOR), found.detector.id),
        )
    )


@router.get("/detectors/{detector}/readings", responses=shows(Curve))
async def readings(
    detector: str,
    parts: UsesParts,
    user: SignedIn,
    from_: Annotated[int | None, Query(alias="from", ge=0)] = None,
    to: Annotated[int | None, Query(ge=0)] = None,
    every: Annotated[int, Query(ge=1, le=86_400)] = 60,
) -> Response:
    """The curve from `from` until just before `to` (ms; the last day) in steps of `every` seconds."""
    del user
    to_ms = parts.clock.now_ms() if to is None else to
    from_ms = to_ms - DAY_MS if from_ is None else from_
    if from_ms >= to_ms:
        raise ProblemError(422, "to: must be after from")
    if (to_ms - from_ms) / (every * 1000) > POINTS_MOST:
        raise ProblemError(
            422, f"every: more than {POINTS_MOST} points; take a longer step or a shorter time"
        )
    found = await installed(parts, detector)
    return json(Curve(await measured.curve(parts, found.detector.no, from_ms, to_ms, every)))


@router.get("/sites", responses=shows(SiteList))
async def sites(
    parts: UsesParts,
    user: SignedIn,
    after: str | None = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> Response:
    """Sites by id."""
    del user
    page = await parts.lanes.quick.do(lambda: parts.town.sites(after, limit))
    unreached = await parts.lanes.quick.do(parts.contacts.unreached)
    items = tuple(
        SiteItem(**msgspec.structs.asdict(one), unreached_ms=unreached.get(one.id)) for one in page.found
    )
    return json(SiteList(items, page.next_after))


async def installed(parts: Parts, detector: str) -> Installed:
    """The detector with its place. Raises `ProblemError` 404."""
    now_ms = parts.clock.now_ms()
    monitored = parts.follower.picture.is_monitored(now_ms)
    wanted = DetectorId(detector)
    found = await parts.lanes.quick.do(lambda: parts.town.detector(wanted, now_ms, monitored=monitored))
    if found is None:
        raise ProblemError(404, f"There is no detector {detector[:64]!r} in the ledger.")
    return found
