"""The one trouble for all contacts together: when it is told, and told again."""

from dataclasses import dataclass
from typing import Final

from alerts.rules.reach import DAY_MS
from gascore import journal
from gascore.journal import TroubleBegan, TroubleEnded

TROUBLE: Final = "contacts"
"""Its name."""
SHOWN: Final = 5
SETTLE_MS: Final = 300_000
"""A trouble is told after two minutes; told anew sooner than that, it would never be."""
AT_ONCE: Final = 5
"""So often within a day it is told anew at once: somebody has said STOP, or a site has nobody left."""


@dataclass(frozen=True, slots=True)
class ContactTrouble:
    """What operators were told last; None: it is over.

    Attributes:
        told: the people and sites that were meant; `told_ms`: when.
        hasty_ms: when it was told anew at once, of the last day.
    """

    told: frozenset[str] | None = None
    told_ms: int = 0
    hasty_ms: tuple[int, ...] = ()

    def next(
        self, now: frozenset[str], urgent: frozenset[str], now_ms: int
    ) -> tuple["ContactTrouble", list[journal.Event]]:
        """What to write when `now` are meant; `urgent`: those of them that operators hear of without delay."""
        began = TroubleBegan(name=TROUBLE, since_ms=now_ms, detail=_detail(now))
        ended = TroubleEnded(name=TROUBLE, since_ms=self.told_ms, ended_ms=now_ms)
        hasty_ms = tuple(at_ms for at_ms in self.hasty_ms if now_ms - at_ms < DAY_MS)
        if not now:
            return ContactTrouble(None, 0, hasty_ms), [] if self.told is None else [ended]
        if self.told is None:
            return ContactTrouble(now, now_ms, hasty_ms), [began]
        elapsed_ms = now_ms - self.told_ms
        if now - self.told:
            if elapsed_ms >= DAY_MS:
                return ContactTrouble(now, now_ms, hasty_ms), [ended, began]
            if urgent - self.told and elapsed_ms >= SETTLE_MS and len(hasty_ms) < AT_ONCE:
                return ContactTrouble(now, now_ms, (*hasty_ms, now_ms)), [ended, began]
        return self, []


def _detail(now: frozenset[str]) -> str:
    listed = sorted(now, key=lambda one: (not one.startswith("site "), one))
    return ", ".join(listed[:SHOWN]) + (f" … ({len(listed)})" if len(listed) > SHOWN else "")
