"""Who is on duty: people that take turns, with swaps and holidays (docs/adr/0021). Pure."""

from datetime import date, datetime, timedelta, tzinfo
from enum import StrEnum
from typing import Annotated, Final, TypeAlias

import msgspec

from gascore.words import AreaId, PersonId

Local: TypeAlias = Annotated[datetime, msgspec.Meta(tz=False)]
"""A time on the town's clocks, such as "2026-10-01T08:30:00"."""


class Rotation(StrEnum):
    """How long a turn is."""

    DAILY = "daily"
    WEEKLY = "weekly"
    CUSTOM = "custom"
    """`Roster.days`."""


class Override(msgspec.Struct, frozen=True):
    """This person has duty from `start` until `end` instead; two of them are a swap."""

    person: PersonId
    start: Local
    end: Local


class Holiday(msgspec.Struct, frozen=True):
    """A day with people of its own; the turns of the others go on being counted."""

    day: date
    people: tuple[PersonId, ...]


class Roster(msgspec.Struct, frozen=True, omit_defaults=True):
    """People who take turns, in this order; whoever follows is the stand-by.

    A second layer (a deputy, a boss) is a second roster in the same or a later step of the policy.

    Attributes:
        start: the day on which the first one's turn begins.
        handover: the town's time at which a turn ends and the next one begins, "HH:MM".
        days: the length of a turn, if `rotation` is "custom".
        area: where it belongs, for the reader.
        overrides: of several at once the last one counts.
    """

    id: str
    name: str
    name_en: str
    people: tuple[PersonId, ...]
    start: date
    rotation: Rotation = Rotation.WEEKLY
    handover: str = "08:30"
    days: int = 1
    area: AreaId | None = None
    overrides: tuple[Override, ...] = ()
    holidays: tuple[Holiday, ...] = ()

    @property
    def turn_days(self) -> int:
        """The length of a turn, days; at least 1."""
        return max(1, _DAYS.get(self.rotation, self.days))


_DAYS: Final = {Rotation.DAILY: 1, Rotation.WEEKLY: 7}


def on_duty(roster: Roster, at_ms: int, zone: tzinfo) -> tuple[PersonId, ...]:
    """Who has duty at an instant and then the stand-by, in order; empty: nobody."""
    now = datetime.fromtimestamp(at_ms / 1000, zone).replace(tzinfo=None)
    regular = _regular(roster, now)
    instead = [one.person for one in roster.overrides if one.start <= now < one.end]
    if not instead:
        return regular
    return (instead[-1], *(one for one in regular if one != instead[-1]))


def _regular(roster: Roster, now: datetime) -> tuple[PersonId, ...]:
    hour, minute = roster.handover.split(":")
    day = (now - timedelta(hours=int(hour), minutes=int(minute))).date()
    for holiday in roster.holidays:
        if holiday.day == day:
            return holiday.people
    if not roster.people or day < roster.start:
        return ()
    first = (day - roster.start).days // roster.turn_days % len(roster.people)
    return roster.people[first:] + roster.people[:first]
