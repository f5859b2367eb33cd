"""What may keep people from being told of an alarm: a shelf, a maintenance window. Never of a leak (docs/adr/0024).

A low leak that opens in a gas test is no exception: its operators are told at once, with repeats.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from alerts.rules.occasions import Began
from gascore.alarm import LEAKS, Alarm, AlarmKind, Cover, Shelf
from gascore.windows import Window
from gascore.words import Priority


def may_shelve(kind: AlarmKind) -> bool:
    """Whether a person may put such an alarm aside (design, section 3)."""
    return kind not in LEAKS


def may_cover(kind: AlarmKind, priority: Priority, cover: Cover) -> bool:
    """Whether a window may lie over such an alarm.

    Over a leak only in a gas test, and never over an urgent one: a high leak, any in a cylinder room, and the leak
    that a detector for another gas shows, which may be far bigger than it says.
    """
    return kind not in LEAKS or (cover.gas_test and priority > Priority.URGENT)


@dataclass(frozen=True, slots=True)
class Subject:
    """What decides whether a window covers an alarm: `window` lies over it now; `is_opening`: it opens just now."""

    kind: AlarmKind
    priority: Priority
    window: str | None = None
    is_opening: bool = False


def cover_of(subject: Subject, running: Iterable[tuple[Window, Cover]]) -> Cover | None:
    """Of the windows that hold where the alarm is, the one that covers it for the longest; None: none does.

    A leak is covered from its opening or not at all: one that was there before the gas test is none of it.
    """
    found = [
        cover
        for window, cover in running
        if subject.kind not in window.passes
        and may_cover(subject.kind, subject.priority, cover)
        and (subject.kind not in LEAKS or subject.is_opening or subject.window == window.id)
    ]
    return max(found, key=lambda one: (one.until_ms, one.window), default=None)


NEVER_HANDED_ON: Final = LEAKS | {AlarmKind.OUTAGE, AlarmKind.BLIND, AlarmKind.TROUBLE}
"""A group that fails again may be another matter altogether; what we are ourselves, we say each time."""


def shelf_left(before: Alarm | None, began: Began, now_ms: int) -> Shelf | None:
    """What is left of the shelf of the alarm that had the same key before: shelving outlives a flapping condition.

    Only of what was put aside then: no other codes, nothing higher, nothing more urgent.
    """
    if before is None or before.shelf is None or before.shelf.until_ms <= now_ms:
        return None
    is_same = (
        set(began.codes) <= set(before.codes)
        and began.priority >= before.priority
        and began.level <= before.peak_level
    )
    return before.shelf if is_same and began.kind not in NEVER_HANDED_ON else None
