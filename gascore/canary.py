"""What a canary proved: a test leak went the whole way, from a detector's message to a phone."""

from gascore.event import EventBase
from gascore.words import AlarmId, AreaId, DetectorId


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
