"""The operators' desk: a request goes into the journal, alerts' answer comes out of it."""

import asyncio
from typing import Final

from dashboard.service.lane import Lane
from gascore.clock import Clock
from gascore.hazard import HazardRequested
from gascore.journal import Journal
from gascore.operators import OperatorAnswered, OperatorRequested

PATIENCE_S: Final = 3.0
"""How long a browser waits for alerts; the request stays in the journal and is answered when alerts is back."""


class Desk:
    """Asks alerts; used in the event loop only. `answered` must be told every answer."""

    def __init__(self, journal: Journal, clock: Clock, lane: Lane, *, patience_s: float = PATIENCE_S) -> None:
        self._journal = journal
        self._clock = clock
        self._lane = lane
        self._patience_s = patience_s
        self._waiting: dict[str, asyncio.Future[OperatorAnswered]] = {}

    async def ask(self, request: OperatorRequested | HazardRequested) -> OperatorAnswered | None:
        """Journal the request and wait; None: no answer yet, it stays asked.

        Raises:
            StoreDownError: nothing was asked; try again.
        """
        future: asyncio.Future[OperatorAnswered] = asyncio.get_running_loop().create_future()
        self._waiting[request.request] = future
        try:
            now_ms = self._clock.now_ms()
            await self._lane.do(lambda: self._journal.append([request], now_ms))
            async with asyncio.timeout(self._patience_s):
                return await future
        except TimeoutError:
            return None
        finally:
            del self._waiting[request.request]

    def answered(self, answer: OperatorAnswered) -> None:
        """Alerts answered; a listener for `Follower.listen`. Answers to others' requests are passed over."""
        future = self._waiting.get(answer.request)
        if future is not None and not future.done():
            future.set_result(answer)
