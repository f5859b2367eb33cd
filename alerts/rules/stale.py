"""When an alarm that nobody put right becomes a hazard (隐患), until when that is to be done, and how it ends.

ISA-18.2: an alarm that is active for more than a day is stale, for nobody can act on it any more; the register
of hazards, with a deadline and a name, can (domain reference, sections 2.7, 4 and 5.4; docs/adr/0026).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, TypeAlias

from msgspec.structs import replace

from gascore.alarm import Alarm, AlarmKind
from gascore.hazard import Hazard, HazardClosed, HazardEnd, HazardOpened

_DAY_MS: Final = 86_400_000


@dataclass(frozen=True, slots=True)
class Limits:
    """Durations in ms: how long an alarm may be active, and how long a hazard may stay.

    The field's example gives 30 days for a detector that is not activated or not made for its gas, and 1 to 30
    days for what is broken (one company's rule, so they are settings). Gas that stays is a matter of one day.
    """

    after_ms: int = _DAY_MS
    broken_ms: int = 7 * _DAY_MS
    unfit_ms: int = 30 * _DAY_MS
    gas_ms: int = _DAY_MS

    def deadline_ms(self, kind: AlarmKind, opened_ms: int) -> int:
        """Until when a hazard that is opened now is to be put right."""
        return opened_ms + {AlarmKind.TREND: self.gas_ms, **dict.fromkeys(_UNFIT, self.unfit_ms)}.get(
            kind, self.broken_ms
        )


_UNFIT: Final = (AlarmKind.NEVER_REPORTED, AlarmKind.WRONG_GAS)
HAZARDOUS: Final = frozenset(
    {
        AlarmKind.FAULT,
        AlarmKind.OFFLINE,
        AlarmKind.NEVER_REPORTED,
        AlarmKind.WRONG_GAS,
        AlarmKind.TREND,
        AlarmKind.OUTAGE,
        AlarmKind.UNSTABLE,
    }
)
"""Never a leak, which stays an alarm until somebody answers; nor trouble of our own, which is no site's hazard."""


def stale_from_ms(alarm: Alarm) -> int | None:
    """Since when it counts as active for too long; None: it does not, or not now."""
    counts = alarm.kind in HAZARDOUS and alarm.active and alarm.closed_ms is None and not alarm.is_silent
    return alarm.opened_ms if counts else None


@dataclass(frozen=True, slots=True)
class Stale:
    """The alarm has been active for too long; `id` is the number of the hazard, if it becomes one."""

    id: int
    alarm: Alarm


@dataclass(frozen=True, slots=True)
class Over:
    """The alarm is closed: its condition ended."""


@dataclass(frozen=True, slots=True)
class Explained:
    """Another alarm stands for it now."""


@dataclass(frozen=True, slots=True)
class CloseByHand:
    """An operator closes it, and says why in a note."""

    by: str
    note: str


Event: TypeAlias = Stale | Over | Explained | CloseByHand


class Because(StrEnum):
    """Because … – why a hazard is as it is."""

    STALE = "stale"
    OVER = "over"
    EXPLAINED = "explained"
    BY_HAND = "by_hand"
    NO_NOTE = "no_note"
    """to close it by hand takes a note."""
    NOT_OPEN = "not_open"
    SAME = "same"


@dataclass(frozen=True, slots=True)
class Step:
    """What came of an event; a hazard waits for no instant, so `wake_at` is always None."""

    state: Hazard | None
    reason: Because
    effects: tuple[HazardOpened | HazardClosed, ...] = ()
    wake_at: None = None


TRANSITIONS: Final[Mapping[tuple[bool, type[Event]], Because]] = {
    (False, Stale): Because.STALE,
    (False, Over): Because.NOT_OPEN,
    (False, Explained): Because.NOT_OPEN,
    (False, CloseByHand): Because.NOT_OPEN,
    (True, Stale): Because.SAME,
    (True, Over): Because.OVER,
    (True, Explained): Because.EXPLAINED,
    (True, CloseByHand): Because.BY_HAND,
}
"""(is a hazard open, event) -> why."""
_ENDS: Final[Mapping[Because, HazardEnd]] = {
    Because.OVER: HazardEnd.PUT_RIGHT,
    Because.EXPLAINED: HazardEnd.EXPLAINED,
    Because.BY_HAND: HazardEnd.BY_HAND,
}


def step(state: Hazard | None, event: Event, now_ms: int, limits: Limits) -> Step:
    """Change a hazard at `now_ms`; `state` None or closed: there is none."""
    is_open = state is not None and state.closed_ms is None
    reason = TRANSITIONS[is_open, type(event)]
    if isinstance(event, Stale) and reason is Because.STALE:
        opened = _opened(event, now_ms, limits)
        return Step(opened, reason, (HazardOpened(hazard=opened),))
    if isinstance(event, CloseByHand) and reason is Because.BY_HAND and not event.note.strip():
        return Step(state, Because.NO_NOTE)
    if state is None or reason not in _ENDS:
        return Step(state, reason)
    closed = replace(
        state,
        closed_ms=now_ms,
        closed_by=getattr(event, "by", None),
        note=getattr(event, "note", ""),
        end=_ENDS[reason],
    )
    return Step(closed, reason, (HazardClosed(hazard=closed),))


def _opened(event: Stale, now_ms: int, limits: Limits) -> Hazard:
    alarm = event.alarm
    return Hazard(
        id=event.id,
        alarm=alarm.id,
        kind=alarm.kind,
        since_ms=alarm.opened_ms,
        opened_ms=now_ms,
        deadline_ms=limits.deadline_ms(alarm.kind, now_ms),
        site=alarm.site,
        detector=alarm.detector,
        codes=alarm.codes,
    )
