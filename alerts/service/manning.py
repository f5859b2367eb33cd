"""Looks every minute whether everybody whom a policy in use names can be told: the next leak must not find nobody.

A gap that begins is told to the operators at once, whether or not an alarm is open; it is over when it is closed,
or when no policy in use names the target any more.
"""

from typing import Final

from alerts.rules.gaps import GAPS, codes_of, site_of
from alerts.rules.occasions import Ended
from alerts.service.casework import Casework, Moment
from gascore.alarm import AlarmKind

EVERY_MS: Final = 60_000
"""A handover is at a full minute."""


class Manning:
    """Belongs to one desk."""

    def __init__(self) -> None:
        self._next_ms = 0
        self._is_asked = False

    def settle(self, work: Casework) -> None:
        """In each turn; looks only once a minute, or when policies or rosters have changed."""
        if work.policies_changed or not self._next_ms - EVERY_MS <= work.now_ms < self._next_ms:
            self._look(work)
            self._next_ms = work.now_ms + EVERY_MS

    def wake_at(self) -> int | None:
        """When `settle` is to be called even if nothing happens; None: no policy of one's own, and no gap."""
        return self._next_ms if self._is_asked else None

    def forget(self) -> None:
        """A transaction failed: look again."""
        self._next_ms = 0

    def _look(self, work: Casework) -> None:
        found = [one for one in work.books.cases.open_of([AlarmKind.TROUBLE]) if one.codes[0] in GAPS]
        gaps = work.escalating.gaps()
        for gap in gaps:
            work.lacks(gap, None)
        holding = {codes_of(gap, None)[:2] for gap in gaps}
        for one in found:
            site = site_of(one.codes)
            here = {codes_of(gap, site)[:2] for gap in work.escalating.gaps(site)} if site else holding
            if one.codes[:2] not in here:
                work.happen(work.books.cases.of_id(one.id), Ended(), Moment(work.now_ms))
        self._is_asked = bool(found or gaps or work.escalating.has_policies)
