"""What the templates of one alarm and of one site are given."""

import msgspec

from dashboard.adapters.api.alarms import AlarmItem
from dashboard.adapters.views import BaseContext, DetectorLine, EntryLine
from dashboard.adapters.views_upkeep import HazardItem, WindowItem
from dashboard.ports import Keeper
from dashboard.rules.progress import Climb, ClimbStep
from dashboard.rules.rows import Row
from gascore.registry import Area, Room, Site


class AlarmContext(BaseContext):
    """One alarm.

    Keys:
        alarm: an open one as it is now.
        climb: its escalation; None: alerts has not taken it up. next: the step that is told next.
        entries: its newest journal entries, newest first.
        unreached_ms: since when nobody of its site can be reached; None: somebody can.
    """

    alarm: AlarmItem
    climb: Climb | None
    next: ClimbStep | None
    entries: tuple[EntryLine, ...]
    unreached_ms: int | None


class Hung(msgspec.Struct, frozen=True):
    """A detector of a room, and the %LEL that it measured lately (None: nothing lately, or not known)."""

    line: DetectorLine
    lel: float | None


class RoomLine(msgspec.Struct, frozen=True):
    """A room with its detectors; without any it is not watched."""

    room: Room
    detectors: tuple[Hung, ...]


class SiteContext(BaseContext):
    """One site.

    Keys:
        area: None where the ledger no longer knows it. unreached_ms: since when nobody of it can be reached.
        more: it has more detectors than are shown.
        measured: the readings could be had.
        alarms: the open ones, those inside others too; the most urgent first.
        windows: that lie over it, or over a part of it, now or later.
        new_window: the site, as the form of a window has it.
        more_hazards: there are more than are shown.
    """

    site: Site
    area: Area | None
    unreached_ms: int | None
    rooms: tuple[RoomLine, ...]
    more: bool
    measured: bool
    alarms: tuple[Row, ...]
    people: tuple[Keeper, ...]
    hazards: tuple[HazardItem, ...]
    more_hazards: bool
    windows: tuple[WindowItem, ...]
    new_window: str
