"""Canaries: virtual detectors whose test leaks go the whole way, from a detector's message to a test phone."""

from typing import Final

from gascore.alarm import ChannelKind
from gascore.event import EventBase
from gascore.policy import Chain, Step, Target, TargetKind
from gascore.words import AlarmId, AreaId, DetectorId

PREFIX: Final = "canary-"
"""Of a canary's detector, site, room and person; the ledger refuses it to everybody else. The area's id follows."""

KEEPER: Final = "auditor"
"""Who alone puts canaries into the ledger."""


def is_canary(record: str | None) -> bool:
    """Whether this id of a detector or a site is a canary's: a test, for nobody but its test phone."""
    return record is not None and record.startswith(PREFIX)


def canary_chain(detector: str) -> Chain:
    """Who is told of a canary's leak: its test phone, and nobody else."""
    whom = (Target(TargetKind.PERSON, detector),)
    return Chain("canary", 1, (Step(0, whom, (ChannelKind.SMS,)),), repeat_s=86_400)


class CanaryMeasured(EventBase, frozen=True, tag="canary.measured"):
    """One test leak's way, in instants (ms); None: it did not come so far.

    Attributes:
        sent_ms: when the virtual detector published it.
        journaled_ms, opened_ms: when the collector's and the alarm's entry were written.
        handed_ms, delivered_ms: when the provider took the text, and when its receipt came.
        ok: it was delivered in time; else `why` says where it stayed.
    """

    area: AreaId
    detector: DetectorId
    sent_ms: int
    ok: bool
    alarm: AlarmId | None = None
    journaled_ms: int | None = None
    opened_ms: int | None = None
    handed_ms: int | None = None
    delivered_ms: int | None = None
    why: str = ""

    @property
    def took_ms(self) -> int | None:
        """From the detector's message to the test phone; None: it did not arrive."""
        return None if self.delivered_ms is None else max(0, self.delivered_ms - self.sent_ms)
