"""Waiting for a fact instead of for time."""

import asyncio
from collections.abc import Callable


async def until(fact: Callable[[], object], *, within_s: float = 10.0, what: str = "the fact") -> None:
    """Return as soon as `fact()` is true; fail when it is not within the deadline."""
    try:
        async with asyncio.timeout(within_s):
            while not fact():  # noqa: ASYNC110 -- the facts are other threads' and other processes'
                await asyncio.sleep(0.005)  # noqa: TID251 -- the one place where tests look again
    except TimeoutError:
        raise AssertionError(f"{what} did not come true within {within_s} s") from None


async def elapse(seconds: float) -> None:
    """Let time pass where the instant itself is the point, such as that of a kill; for a fact, use `until`."""
    await asyncio.sleep(seconds)  # noqa: TID251 -- same
