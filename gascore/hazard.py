"""Hazards (隐患) and floods: what stays wrong after an alarm has said all it can, and too many alarms at once."""

from enum import StrEnum
from typing import Final

import msgspec

from gascore.alarm import AlarmKind
from gascore.event import EventBase
from gascore.words import AlarmId, DetectorId, SiteId


class HazardEnd(StrEnum):
    """Why a hazard is closed."""

    PUT_RIGHT = "put_right"
    """The condition ended, or the alarm about it."""
    BY_HAND = "by_hand"
    """An operator closed it, with a note."""
    EXPLAINED = "explained"
    """Another alarm stands for it now; what that one becomes is one hazard for all of them."""


class Hazard(msgspec.Struct, frozen=True):
    """One hazard; of an alarm at most one is open.

    Attributes:
        kind: of the alarm that it was.
        since_ms: since when the alarm is open.
        deadline_ms: until when it is to be put right.
    """

    id: int
    alarm: AlarmId
    kind: AlarmKind
    since_ms: int
    opened_ms: int
    deadline_ms: int
    site: SiteId | None = None
    detector: DetectorId | None = None
    codes: tuple[str, ...] = ()
    closed_ms: int | None = None
    closed_by: str | None = None
    end: HazardEnd | None = None
    note: str = ""

    def is_overdue(self, now_ms: int) -> bool:
        """Whether it should have been put right by now."""
        return self.closed_ms is None and now_ms > self.deadline_ms


class HazardOpened(EventBase, frozen=True, tag="hazard.opened"):
    """An alarm that nobody put right in time became a hazard."""

    hazard: Hazard


class HazardClosed(EventBase, frozen=True, tag="hazard.closed"):
    """A hazard is over; `hazard` says why and by whom."""

    hazard: Hazard


class HazardRequested(EventBase, frozen=True, tag="hazard.requested"):
    """An operator asks to close a hazard; alerts answers with `OperatorAnswered` of the same `request`."""

    request: str
    hazard: int
    alarm: AlarmId
    by: str
    note: str


class FloodBegan(EventBase, frozen=True, tag="flood.began"):
    """Since `since_ms` there are more alarms than the operators can take in."""

    since_ms: int
    alarms: int


class FloodEnded(EventBase, frozen=True, tag="flood.ended"):
    """There were, from `since_ms` to `ended_ms`; `alarms` in all."""

    since_ms: int
    ended_ms: int
    alarms: int


class AlarmChatters(EventBase, frozen=True, tag="alarm.chatters"):
    """An alarm of one key was set three times within a minute; `alarm` is the newest."""

    alarm: AlarmId
    detector: DetectorId | None = None
    site: SiteId | None = None


UPKEEP: Final = (HazardOpened, HazardClosed, FloodBegan, FloodEnded, AlarmChatters)
"""What alerts itself says of the alarms as a whole."""
