"""Who would be told of an alarm: tried out, for programs."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from dashboard.adapters.api.answers import json, shows
from dashboard.adapters.auth import SignedIn
from dashboard.adapters.parts import UsesParts
from dashboard.adapters.problems import ProblemError
from gascore.alarm import AlarmKind
from gascore.policy import OF_A_DETECTOR
from gascore.rehearsal import Rehearsal
from gascore.words import DetectorId, Level

router = APIRouter(prefix="/api/v1", tags=["detectors"])


@router.get("/detectors/{detector}/dry-run", responses=shows(Rehearsal))
async def dry_run(
    parts: UsesParts,
    user: SignedIn,
    detector: str,
    kind: AlarmKind = AlarmKind.LEAK,
    level: Annotated[int, Query(ge=1, le=2)] = 2,
    at: Annotated[int | None, Query(ge=0)] = None,
) -> Response:
    """If this detector alarmed at `at` (ms; left out: now), who would be told when, and how? Nobody is told."""
    del user
    if kind not in OF_A_DETECTOR:
        raise ProblemError(422, f"kind: take one of {', '.join(sorted(OF_A_DETECTOR))}")
    at_ms = parts.clock.now_ms() if at is None else at
    of_leak = Level(level) if kind is AlarmKind.LEAK else Level.NONE
    found = await parts.lanes.slow.do(
        lambda: parts.rehearsals.rehearse(DetectorId(detector), kind, of_leak, at_ms)
    )
    if found is None:
        raise ProblemError(404, f"there is no detector {detector} in the ledger")
    return json(found)
