"""The figures of alarm management, for programs."""

from typing import Annotated

import msgspec
from fastapi import APIRouter, Query, Response

from dashboard.adapters.api.answers import json, shows
from dashboard.adapters.auth import SignedIn
from dashboard.adapters.parts import Parts, UsesParts
from dashboard.adapters.problems import ProblemError
from dashboard.rules.kpi import Figure, Tallied, figures
from dashboard.rules.tally import Scope
from dashboard.rules.uptime import Period, PeriodError

router = APIRouter(prefix="/api/v1", tags=["compliance"])


class KpisAnswer(msgspec.Struct, frozen=True):
    """What was counted, and each figure beside what the standards ask; `operators` share the alarms."""

    operators: int
    figures: tuple[Figure, ...]
    tallied: Tallied


@router.get("/kpis", responses=shows(KpisAnswer))
async def kpis(
    parts: UsesParts,
    user: SignedIn,
    from_: Annotated[int, Query(alias="from", ge=0)],
    to: Annotated[int, Query(ge=0)],
) -> Response:
    """Alarm-management figures from `from` until just before `to` (ms, whole seconds), at most until now."""
    del user
    try:
        period = Period(from_, to)
    except PeriodError as error:
        raise ProblemError(422, f"from, to: {error}") from error
    return json(await kpis_of(parts, period))


async def kpis_of(parts: Parts, period: Period) -> KpisAnswer:
    """The figures, made where it delays nobody. Raises `StoreDownError`."""
    operators = parts.options.operators
    scope = Scope(
        period.from_ms,
        period.until(parts.clock.now_ms()),
        operators=operators,
        stale_ms=parts.options.stale_ms,
    )
    tallied = await parts.lanes.slow.do(lambda: parts.kpis.tallied(scope))
    return KpisAnswer(operators, figures(tallied, operators), tallied)
