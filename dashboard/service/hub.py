"""Where deltas go out: browsers are cursors into one ring, so a slow one holds nobody up."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from typing import Final

from dashboard.rules.stream import Ring, encode_event

BYE: Final = encode_event("bye", b"{}")
"""The last event of a server that stops on purpose: come back soon, this is no failure."""


class Hub:
    """Lives in one event loop. `snapshot` gives (journal id, JSON) of everything as it is now."""

    def __init__(self, ring: Ring, snapshot: Callable[[], tuple[int, bytes]]) -> None:
        self._ring = ring
        self._snapshot = snapshot
        self._newest_id = 0
        self._beat = b""
        self._beats = 0
        self._woken = asyncio.Event()
        self._closed = False
        self.browsers = 0
        """How many streams are open now."""

    def publish(self, journal_id: int, delta: bytes) -> None:
        """Send a delta (JSON) to everybody."""
        self._newest_id = max(self._newest_id, journal_id)
        self._ring.push(journal_id, encode_event("delta", delta, self._ring.event_id(journal_id)))
        self._wake()

    def beat(self, heartbeat: bytes) -> None:
        """Send a heartbeat (JSON); a browser that is behind gets only the newest."""
        self._beat = encode_event("hb", heartbeat)
        self._beats += 1
        self._wake()

    def close(self) -> None:
        """Let every stream end with `bye`. Idempotent."""
        self._closed = True
        self._wake()

    async def stream(self, last_event_id: str | None) -> AsyncGenerator[bytes]:
        """What one browser gets, from now on or from where it was, until `close`."""
        self.browsers += 1
        try:
            cursor = self._resumed(last_event_id)
            beats = self._beats
            while not self._closed:
                woken = self._woken
                bodies, cursor = self._missed(cursor)
                for body in bodies:
                    yield body
                if beats != self._beats:
                    beats = self._beats
                    yield self._beat
                elif not bodies:
                    await woken.wait()
            yield BYE
        finally:
            self.browsers -= 1

    def _resumed(self, last_event_id: str | None) -> int | None:
        if last_event_id is None:
            return None
        return self._ring.resume(last_event_id, self._newest_id)

    def _missed(self, cursor: int | None) -> tuple[tuple[bytes, ...], int]:
        """What to send next and the cursor after it, taken at one moment: nothing can slip in between."""
        missed = None if cursor is None else self._ring.since(cursor)
        if missed is not None:
            return missed.bodies, missed.cursor
        journal_id, data = self._snapshot()
        self._newest_id = max(self._newest_id, journal_id)
        return (encode_event("snapshot", data, self._ring.event_id(journal_id)),), self._ring.end

    def _wake(self) -> None:
        self._woken.set()
        self._woken = asyncio.Event()
