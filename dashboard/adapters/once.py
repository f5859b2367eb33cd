"""What a provider tells us is done once, however often it comes.

Providers repeat what was not answered in time, so the same call is answered for a while as it was the first time, and
nothing is done. Later it can only be somebody who recorded it.
"""

import hashlib
from collections.abc import Sequence

import structlog
from fastapi import Request

from dashboard.adapters.parts import Parts
from dashboard.adapters.problems import ProblemError
from gascore.journal import Event

_log = structlog.get_logger()


async def take_once(parts: Parts, digest: bytes, events: Sequence[Event]) -> None:
    """Journal what a call says; of one that was taken before nothing.

    Raises:
        ProblemError: 403, it was taken longer ago than a provider repeats it.
    """
    if not events:
        return
    now_ms = parts.clock.now_ms()
    first_ms = await parts.lanes.urgent.do(lambda: parts.callbacks.take(digest, events, now_ms))
    if first_ms is None:
        return
    is_late = now_ms - first_ms > parts.options.callback_repeats_ms
    _log.info("callback_again", after_ms=now_ms - first_ms, refused=is_late)
    if is_late:
        raise ProblemError(403, "This very call was taken before: it is not done again.")


def digest_of(request: Request, proof: bytes, *, without: str = "") -> bytes:
    """What makes a call this one: its address and what proves or makes up its contents. `without`: a secret in its path."""
    path: str = request.scope["path"]
    address = path.partition(without)[2] if without else path
    parts = (address.encode(), bytes(request.scope["query_string"]), proof)
    return hashlib.sha256(b"".join(len(part).to_bytes(4) + part for part in parts)).digest()
