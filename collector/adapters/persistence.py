"""Connecting again and again until told to stop; both links share it."""

import asyncio
from collections.abc import Awaitable, Callable
from random import Random

import structlog

from collector.rules.backoff import delay_ms
from gascore.clock import Clock

_log = structlog.get_logger()
FIRST_MS = 250
MOST_MS = 15_000


class LinkDownError(Exception):
    """A connection ended or was refused; the message is the reason that operators see.

    `since_ms` is the instant since when nothing came in, if that was long before the end was noticed.
    """

    def __init__(self, reason: str, since_ms: int | None = None) -> None:
        super().__init__(reason)
        self.since_ms = since_ms


class VersionRefusedError(Exception):
    """The broker does not speak this version of MQTT."""


async def keep_connected(
    name: str,
    *,
    session: Callable[[Callable[[], None]], Awaitable[None]],
    changed: Callable[[str, str, int], None],
    stopping: asyncio.Event,
    clock: Clock,
    rng: Random,
) -> None:
    """Run `session` after `session` with back-off, telling `changed`, until `stopping` is set.

    Args:
        name: the link's.
        session: runs one connection to its end and raises why it ended; calls its argument once the
            subscription is granted.
        changed: see `Link.run`.
        stopping: set by `stop`.
        clock: for the waits.
        rng: for the jitter.

    Raises:
        VersionRefusedError: from `session`; trying again is pointless.
    """
    failures = 0

    def granted() -> None:
        nonlocal failures
        failures = 0
        _log.info("link up", link=name)
        changed(name, "up", clock.now_ms())

    while not stopping.is_set():
        try:
            await session(granted)
        except (OSError, LinkDownError) as error:
            failures += 1
            reason = str(error) or type(error).__name__
            if failures == 1:
                _log.warning("link down", link=name, reason=reason)
            if not stopping.is_set():
                since_ms = error.since_ms if isinstance(error, LinkDownError) else None
                changed(name, reason, clock.now_ms() if since_ms is None else since_ms)
                await _pause(delay_ms(failures, rng, first_ms=FIRST_MS, most_ms=MOST_MS), stopping, clock)


async def _pause(wait_ms: int, stopping: asyncio.Event, clock: Clock) -> None:
    waits = {
        asyncio.ensure_future(clock.sleep_until(clock.now_ms() + wait_ms)),
        asyncio.ensure_future(stopping.wait()),
    }
    try:
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()
