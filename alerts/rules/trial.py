"""What would keep people from being told of an alarm that opened now, one thing after the other."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Final

from alerts.rules.occasions import Began
from alerts.rules.suppression import Subject, cover_of, shelf_left
from gascore.alarm import LEAKS, Alarm, Cover, Suppression
from gascore.rehearsal import Quiet
from gascore.windows import Window
from gascore.words import DetectorId

Running = Callable[[int], Iterable[tuple[Window, Cover]]]
"""The maintenance windows that hold at the alarm's place at an instant (ms)."""
MOST: Final = 20
"""Windows one after the other that are looked at: a weekly one that never pauses has no end."""


def quiet_of(began: Began, at_ms: int, before: Alarm | None, running: Running) -> tuple[Quiet, ...]:
    """What would lie over an alarm that opens at `at_ms`, until nothing does.

    `before`: the newest alarm of the same key, open or closed, whose shelf may go on.
    """
    found: list[Quiet] = []
    subject = Subject(began.kind, began.priority, is_opening=True)
    now_ms = at_ms
    for _ in range(MOST):
        windows = list(running(now_ms))
        shelf = shelf_left(before, began, now_ms)
        cover = cover_of(subject, windows)
        ends = []
        if before is not None and shelf is not None:
            ends.append(shelf.until_ms)
            found.append(Quiet(Suppression.SHELVED, shelf.until_ms, shelf.by, shelf.reason, alarm=before.id))
        if cover is not None:
            ends.append(cover.until_ms)
            found.append(_covered(subject, cover, [window for window, _ in windows]))
        if not ends:
            break
        now_ms = max(ends)
        subject = replace(subject, is_opening=False, window=cover.window if cover else None)
    return tuple(found)


def _covered(subject: Subject, cover: Cover, windows: list[Window]) -> Quiet:
    window = next(one for one in windows if one.id == cover.window)
    return Quiet(
        Suppression.GAS_TEST if subject.kind in LEAKS else Suppression.MAINTENANCE,
        cover.until_ms,
        window.person,
        window.reason,
        window.id,
        window.passes,
    )


def group_over(groups: Iterable[tuple[str, str]], opened: Iterable[Alarm], at_ms: int) -> Alarm | None:
    """The open mass outage in one of whose bursts a silence that begins at `at_ms` lies; the most telling group first.

    `groups`: (kind, id) of the detector's groups.
    """
    outages = {(one.outage.kind.value, one.outage.id): one for one in opened if one.outage}
    for group in groups:
        alarm = outages.get(group)
        if alarm and alarm.outage and any(begin <= at_ms <= end for begin, end in alarm.outage.spans):
            return alarm
    return None


def unstable_over(detector: DetectorId, opened: Iterable[Alarm]) -> Alarm | None:
    """The open alarm of this detector's unstable connection."""
    return next((one for one in opened if one.detector == detector), None)
