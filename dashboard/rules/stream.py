"""A bounded ring of deltas that were encoded once, and who may go on where (docs/adr/0010).

A reader is a cursor, never a queue: however many browsers there are and however slow they are, memory is
the ring. A cursor that fell out of it gets a snapshot. Across connections a browser names the event that
it saw last, `{journal id}-{epoch}`; the epoch is this process's, because another process (or another
database behind the same address) may have told another story under the same ids.
"""

from collections import deque
from typing import Final

import msgspec

RING_DELTAS: Final = 512
RING_BYTES: Final = 4_000_000
"""Some thousand changed rows: more than a browser should take one by one."""


class Kept(msgspec.Struct, frozen=True, gc=False):
    """A delta as it goes over the wire, and the newest journal id in it."""

    journal_id: int
    body: bytes


class Missed(msgspec.Struct, frozen=True, gc=False):
    """What a reader has to be sent: these bodies, in order; then its cursor is `cursor`."""

    bodies: tuple[bytes, ...]
    cursor: int


class Ring:
    """Deltas under positions that grow by one; `end` is the position after the newest."""

    def __init__(self, epoch: str, *, deltas: int = RING_DELTAS, size: int = RING_BYTES) -> None:
        """Keep at most `deltas` of them and `size` bytes, but always the newest one."""
        self._epoch = epoch
        self._kept: deque[Kept] = deque()
        self._begin = 0
        self._bytes = 0
        self._deltas = deltas
        self._size = size
        self._lost_id = -1

    @property
    def end(self) -> int:
        """The cursor of somebody who has everything."""
        return self._begin + len(self._kept)

    def event_id(self, journal_id: int) -> str:
        """What a browser gives back as Last-Event-ID."""
        return f"{journal_id}-{self._epoch}"

    def push(self, journal_id: int, body: bytes) -> None:
        """Append a delta; the oldest ones make room."""
        self._kept.append(Kept(journal_id, body))
        self._bytes += len(body)
        while len(self._kept) > 1 and (len(self._kept) > self._deltas or self._bytes > self._size):
            dropped = self._kept.popleft()
            self._begin += 1
            self._bytes -= len(dropped.body)
            self._lost_id = dropped.journal_id

    def since(self, cursor: int) -> Missed | None:
        """What a reader at `cursor` has missed; None: it needs a snapshot."""
        if not self._begin <= cursor <= self.end:
            return None
        bodies = tuple(self._kept[index].body for index in range(cursor - self._begin, len(self._kept)))
        return Missed(bodies, self.end)

    def resume(self, last_event_id: str, newest_id: int) -> int | None:
        """The cursor from which a browser that saw `last_event_id` goes on; None: it needs a snapshot.

        Several deltas can end at one journal id, so those of its id are sent again: they say what is, not
        what changed, and twice is the same as once.

        Args:
            last_event_id: as the browser sent it; nonsense and another process's ids give None.
            newest_id: the newest journal id that was ever given out.
        """
        number, _, epoch = last_event_id.partition("-")
        if epoch != self._epoch or not (number.isascii() and number.isdigit()):
            return None
        seen = int(number) if len(number) < 20 else newest_id + 1  # noqa: PLR2004 -- beyond 64 bits
        if not self._lost_id < seen <= newest_id:
            return None
        before = sum(kept.journal_id < seen for kept in self._kept)
        return self._begin + before


def encode_event(name: str, data: bytes, event_id: str | None = None) -> bytes:
    """One Server-Sent Event; `data` is JSON without line breaks."""
    head = f"event: {name}\n".encode() if event_id is None else f"event: {name}\nid: {event_id}\n".encode()
    return head + b"data: " + data + b"\n\n"
