"""Readings for pages and programs. Their store may be away: no page waits long for it, or fails because of it."""

import asyncio
from typing import Final, NamedTuple

from dashboard.adapters.parts import Parts
from dashboard.adapters.problems import ProblemError
from dashboard.ports import Newest, Point
from gascore.journal import StoreDownError

NEWEST_S: Final = 2.0
"""A page is shown without the newest reading when it takes longer."""
CURVE_S: Final = 15.0
"""The curve loads by itself, beside the page."""
_SLOW: Final = "it has not answered within {patience:g} s"


class Measured(NamedTuple):
    """A detector's newest reading; `problem` says why it is not known, None: it is, or there is none."""

    last: Newest | None
    problem: str | None = None


async def newest(parts: Parts, no: int) -> Measured:
    """The newest reading of the detector with this number."""
    try:
        async with asyncio.timeout(NEWEST_S):
            return Measured(await parts.lanes.series.do(lambda: parts.series.newest(no)))
    except TimeoutError:
        return Measured(None, _SLOW.format(patience=NEWEST_S))
    except StoreDownError as error:
        return Measured(None, str(error))


async def curve(parts: Parts, no: int, from_ms: int, to_ms: int, every_s: int) -> list[Point]:
    """Steps of `every_s` from `from_ms` until just before `to_ms`. Raises `ProblemError` 503 when they can't be had."""
    try:
        async with asyncio.timeout(CURVE_S):
            return await parts.lanes.series.do(lambda: parts.series.points(no, from_ms, to_ms, every_s))
    except TimeoutError as error:
        raise _gone(_SLOW.format(patience=CURVE_S)) from error
    except StoreDownError as error:
        raise _gone(str(error)) from error


def _gone(why: str) -> ProblemError:
    return ProblemError(503, f"The readings can't be had now; alarms go on without them. {why}")
