"""How we are ourselves, and what browsers tell of their screens."""

import msgspec
from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field

from dashboard.adapters.api.answers import ALARM_MOST, json, shows
from dashboard.adapters.auth import SignedIn, from_our_page
from dashboard.adapters.lines import latency_lines, service_lines
from dashboard.adapters.parts import UsesParts
from dashboard.adapters.views_system import LatencyLine, ServiceLine
from dashboard.rules.health import COLLECTOR
from dashboard.rules.rows import Counts, SystemRow
from gascore.service_status import MessageCounts
from gascore.words import AlarmId

router = APIRouter(prefix="/api/v1", tags=["system"])


class SystemAnswer(msgspec.Struct, frozen=True):
    """Services, links and the account of messages; `residual` is 0 or something is wrong with us."""

    now_ms: int
    system: tuple[SystemRow, ...]
    services: tuple[ServiceLine, ...]
    counts: Counts
    messages: MessageCounts | None
    residual: int | None
    rejected_by: dict[str, int]
    latency: tuple[LatencyLine, ...]
    journal_id: int
    journal_lag: int


class Painted(BaseModel):
    """A browser has painted a fresh leak `ms` after its message was received (by the server's clock)."""

    alarm: int = Field(ge=1, le=ALARM_MOST)
    ms: int = Field(ge=0, le=86_400_000)


@router.get("/system", responses=shows(SystemAnswer))
async def system(parts: UsesParts, user: SignedIn) -> Response:
    """How we are ourselves."""
    del user
    now_ms = parts.clock.now_ms()
    picture = parts.follower.picture
    collector = picture.words.get(COLLECTOR)
    messages = None if collector is None else collector.messages
    return json(
        SystemAnswer(
            now_ms=now_ms,
            system=picture.system(now_ms),
            services=service_lines(picture.words, now_ms),
            counts=picture.counts(now_ms),
            messages=messages,
            residual=None if messages is None else messages.residual,
            rejected_by={} if collector is None else dict(collector.rejected_by),
            latency=latency_lines(picture.words),
            journal_id=picture.cursor,
            journal_lag=picture.heartbeat(now_ms).journal_lag,
        )
    )


@router.post("/screen", status_code=204)
async def screen(body: Painted, request: Request, parts: UsesParts, user: SignedIn) -> Response:
    """Take the time of a leak to a screen; one that was open before is passed over."""
    del user
    from_our_page(request)
    parts.follower.shown(AlarmId(body.alarm), body.ms)
    return Response(status_code=204)
