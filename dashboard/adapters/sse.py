"""The live stream as Server-Sent Events (docs/adr/0010)."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Annotated, Final

from fastapi import APIRouter, Header, Request
from fastapi.responses import StreamingResponse
from starlette.types import Send

from dashboard.adapters.auth import COOKIE, SignedIn
from dashboard.adapters.parts import Parts, UsesParts
from dashboard.adapters.problems import ProblemError
from dashboard.service.hub import BYE
from gascore.journal import StoreDownError

router = APIRouter()
CHECK_MS: Final = 60_000
"""How often an open stream looks whether its session still is."""


class _Stream(StreamingResponse):
    """Ends its generator when the browser is gone, at once and not when somebody collects garbage."""

    def __init__(self, body: AsyncGenerator[bytes]) -> None:
        # no-transform and X-Accel-Buffering: proxies must pass each event on as it comes.
        headers = {"Cache-Control": "no-cache, no-transform", "X-Accel-Buffering": "no"}
        super().__init__(body, headers=headers, media_type="text/event-stream")
        self._body = body

    async def stream_response(self, send: Send) -> None:
        """Send all events."""
        async with aclosing(self._body):
            await super().stream_response(send)


@router.get("/api/v1/stream", response_class=StreamingResponse, tags=["live"])
async def stream(
    request: Request,
    parts: UsesParts,
    user: SignedIn,
    last_event_id: Annotated[str | None, Header()] = None,
) -> StreamingResponse:
    """Events `snapshot`, `delta`, `hb` and `bye`; a browser that comes back goes on after Last-Event-ID."""
    del user
    if not parts.follower.has_begun:
        raise ProblemError(503, "The journal has not been read yet. Try again in a moment.")
    return _Stream(_events(parts, request.cookies.get(COOKIE, ""), last_event_id))


async def _events(parts: Parts, token: str, last_event_id: str | None) -> AsyncGenerator[bytes]:
    checked_ms = parts.clock.now_ms()
    async with aclosing(parts.follower.hub.stream(last_event_id)) as events:
        async for event in events:
            yield event
            now_ms = parts.clock.now_ms()
            if now_ms - checked_ms >= CHECK_MS:
                checked_ms = now_ms
                if not await _is_signed_in(parts, token):
                    yield BYE
                    return


async def _is_signed_in(parts: Parts, token: str) -> bool:
    try:
        return await parts.sessions.who(token) is not None
    except StoreDownError:
        return True  # a console must not go dark because the store is; nothing new comes anyway
