"""Maintenance windows: when a place is worked on, who answers for it, and what of it still reaches people.

A window is data; when it holds is arithmetic with the town's time zone. What follows for alarms is decided in
`alerts.rules.suppression`, what follows for protection time in `dashboard.rules.protection`.
"""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta, tzinfo
from enum import StrEnum
from typing import Final, TypeAlias

import msgspec

from gascore.alarm import AlarmKind
from gascore.event import EventBase
from gascore.words import PersonId

Span: TypeAlias = tuple[int, int]
"""From the first instant to the one after the last, ms."""
LONGEST_MS: Final = 366 * 86_400_000
"""From the begin to the end of a window, or of its repetition: none is forgotten for ever."""
DAYS: Final = frozenset(range(1, 8))
"""Monday is 1 (ISO 8601)."""


class WindowError(ValueError):
    """A window makes no sense; the message says what to change."""


class PlaceKind(StrEnum):
    """What a window lies over."""

    AREA = "area"
    """With all areas below it."""
    SITE = "site"
    ROOM = "room"
    DETECTOR = "detector"


class Weekly(msgspec.Struct, frozen=True):
    """On these days of the week (Monday is 1) from `begins` to `ends`, "HH:MM" in the town's time zone.

    An end that is not after the begin is on the next day. Times that a clock change skips or doubles are as
    `datetime` with `fold=0` has them.
    """

    days: frozenset[int]
    begins: str
    ends: str


class Window(msgspec.Struct, frozen=True):
    """A maintenance window.

    Attributes:
        place, at: what kind of place it lies over, and the place's id.
        person: who answers for it and is reminded before it ends; by: the user who wrote it down.
        from_ms, until_ms: from the first instant to the one after the last; of a weekly one: of its repetition.
        passes: kinds of alarms that reach people as always. Leaks always do, but for low ones in a gas test.
        gas_test: gas is let out on purpose: a low leak that opens meanwhile reaches the operators alone.
        over_ms: somebody ended it before its time.
    """

    id: str
    place: PlaceKind
    at: str
    person: PersonId
    by: str
    reason: str
    from_ms: int
    until_ms: int
    weekly: Weekly | None = None
    passes: frozenset[AlarmKind] = frozenset()
    gas_test: bool = False
    over_ms: int | None = None

    @property
    def last_ms(self) -> int:
        """The instant from which on it never holds again."""
        return self.until_ms if self.over_ms is None else min(self.until_ms, self.over_ms)


class WindowSet(EventBase, frozen=True, tag="window.set"):
    """A maintenance window was made, changed or ended by `by`; the whole window travels along."""

    window: Window
    by: str


class WindowBegan(EventBase, frozen=True, tag="window.began"):
    """One time of a maintenance window began at `since_ms`; it is to last until `until_ms`."""

    window: str
    place: PlaceKind
    at: str
    since_ms: int
    until_ms: int


class WindowEnded(EventBase, frozen=True, tag="window.ended"):
    """A maintenance window lay over a place from `since_ms` to `ended_ms`."""

    window: str
    place: PlaceKind
    at: str
    since_ms: int
    ended_ms: int


def check(window: Window) -> None:
    """Raises `WindowError` for one that makes no sense."""
    if not window.reason.strip():
        raise WindowError("say the reason")
    if window.until_ms <= window.from_ms:
        raise WindowError("the end must be after the begin")
    if window.until_ms - window.from_ms > LONGEST_MS:
        raise WindowError("it may last, or repeat, for a year at most: choose an earlier end")
    if window.weekly is None:
        return
    if not window.weekly.days or not window.weekly.days <= DAYS:
        raise WindowError("name at least one day of the week, 1 (Monday) to 7")
    for text in (window.weekly.begins, window.weekly.ends):
        _time_of(text)


def times(window: Window, from_ms: int, until_ms: int, zone: tzinfo) -> Iterator[Span]:
    """When it holds, in order: every time that has an instant in the period, cut only by the window's own ends."""
    begin_ms, end_ms = window.from_ms, window.last_ms
    if window.weekly is None:
        spans: Iterator[Span] = iter([(begin_ms, end_ms)])
    else:
        spans = _weekly(window.weekly, max(begin_ms, from_ms), min(end_ms, until_ms), zone)
    for since_ms, ended_ms in spans:
        span = max(since_ms, begin_ms), min(ended_ms, end_ms)
        if span[0] < span[1] and span[0] < until_ms and span[1] > from_ms:
            yield span


def time_at(window: Window, at_ms: int, zone: tzinfo) -> Span | None:
    """The time of the window that holds at this instant; None: it does not."""
    return next(times(window, at_ms, at_ms + 1, zone), None)


def next_time(window: Window, after_ms: int, zone: tzinfo) -> Span | None:
    """The first time that begins after this instant."""
    # No time is more than a week after the one before it.
    begin_ms = max(after_ms, window.from_ms - 1)
    spans = times(window, begin_ms, begin_ms + _FORTNIGHT_MS, zone)
    return next((span for span in spans if span[0] > after_ms), None)


_FORTNIGHT_MS: Final = 14 * 86_400_000


def _weekly(weekly: Weekly, from_ms: int, until_ms: int, zone: tzinfo) -> Iterator[Span]:
    """Overlapping times (Mon 20:00 to 20:00 of Tuesday, every day) are one after the other, never twice."""
    begins, ends = _time_of(weekly.begins), _time_of(weekly.ends)
    day = datetime.fromtimestamp(from_ms / 1000, zone).date() - timedelta(days=1)
    overnight = timedelta(days=1 if ends <= begins else 0)
    while (since_ms := _ms(day, begins, zone)) < until_ms:
        if day.isoweekday() in weekly.days:
            yield since_ms, _ms(day + overnight, ends, zone)
        day += timedelta(days=1)


def _ms(day: date, at: time, zone: tzinfo) -> int:
    return round(datetime.combine(day, at, zone).timestamp() * 1000)


def _time_of(text: str) -> time:
    try:
        return datetime.strptime(text, "%H:%M").time()  # noqa: DTZ007 -- a time of day has no zone
    except ValueError as error:
        raise WindowError(f"{text!r} is no time of day: write it like 08:30") from error
