"""What of a watch must survive a restart, and what becomes of it when the ledger has changed meanwhile."""

from collections.abc import Callable
from typing import Final

import msgspec

from collector.rules.episodes import Episode
from collector.rules.page import NEW, Standing, share
from collector.rules.sequence import UNCOUNTED
from collector.rules.watch import Watch
from gascore.journal import ConditionCleared, Reason
from gascore.registry import Placed
from gascore.words import DetectorId, Level, SiteId

NOBODY: Final = b"null"
"""The stored form of a number that is free."""


class Saved(msgspec.Struct, frozen=True, omit_defaults=True):
    """A watch as it is stored; the id guards against a number that changed its owner.

    The newest instant and the numbers that were heard are in it, because a broker sends again what was
    stored but not yet acknowledged: a leak that is over must not begin once more. The site is there only
    beside conditions, which can end after the detector has left the ledger.
    """

    id: str
    standing: Standing
    newest_ms: int = 0
    seq: int = 0
    seen: int = 0
    site: str = ""
    leaks: tuple[tuple[int, int | None, Level], ...] = ()
    told: tuple[Episode, ...] = ()


_encode = msgspec.json.Encoder().encode
_decode: Callable[[bytes], Saved | None] = msgspec.json.Decoder(Saved | None).decode


def save(watch: Watch) -> bytes:
    """The stored form of what must survive a restart."""
    site = watch.placed.site if watch.standing.held else ""
    heard = watch.newest_ms, watch.seq, watch.seen
    return _encode(Saved(watch.placed.id, watch.standing, *heard, site, watch.leaks, watch.told))


def read(body: bytes) -> Saved | None:
    """A stored form; None: the number is nobody's."""
    return _decode(body)


def restore(placed: Placed, saved: Saved | None, now_ms: int) -> Watch:
    """A watch as it was saved, or a new one when there is nothing, or another detector's, to go on from.

    An instant saved by a clock that was ahead of `now_ms` would make all that comes old news: it is cut off.
    """
    if saved is None or saved.id != placed.id:
        return Watch(placed, NEW, placed.every_s)
    return Watch(
        placed,
        share(saved.standing),
        placed.every_s,
        seq=saved.seq,
        seen=saved.seen,
        gaps=UNCOUNTED if saved.seen else 0,
        newest_ms=min(saved.newest_ms, now_ms),
        leaks=saved.leaks,
        told=saved.told,
    )


def strike(saved: Saved, at_ms: int) -> list[ConditionCleared]:
    """End the conditions of a detector that left the ledger unseen."""
    return [
        ConditionCleared(
            detector=DetectorId(saved.id),
            site=SiteId(saved.site),
            condition=condition,
            since_ms=held.since_ms,
            ended_ms=max(at_ms, held.since_ms),
            reason=Reason.LEDGER,
            peak_lel=held.peak_lel,
        )
        for condition, held in saved.standing.held.items()
    ]
