"""Can this person be reached? A receipt, a key or a reply proves it; a dead number and "STOP" prove the contrary.

What changes it is in `TRANSITIONS`, and nowhere else. Peers verify a contact once, when it is entered; phones are
changed, barred and opted out later, and that is found only in the leak (reference: peers, section 2, 8).
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Final, TypeAlias
from zlib import crc32

import msgspec
from msgspec.structs import replace

from alerts.rules.number_codes import OPTED_OUT
from gascore.contacts import Reachability
from gascore.words import PersonId, SiteId

STOPPED: Final = "stopped"
TRIES: Final = 2
"""So many texts in a row must be lost before a phone counts as unreachable: one may have been off."""
DAY_MS: Final = 86_400_000
FIRST_HOUR: Final = 9
LAST_HOUR: Final = 17
"""Test texts are sent from nine to five, the town's time: nobody is woken by a test."""


class Reach(msgspec.Struct, frozen=True):
    """What is known of one person.

    Attributes:
        phone: the number for which it is known; with another one all begins anew.
        since_ms: since when the state holds; `why`, `by` as in `gascore.contacts.ContactStepped`.
        proven_ms: when a receipt or a reply last proved it.
        tested_ms: when the last test text was made.
        lost: texts in a row that did not arrive.
        stopped_ms: when the newest STOP came; what was sent before proves nothing against it.
    """

    person: PersonId
    phone: str
    since_ms: int
    state: Reachability = Reachability.UNVERIFIED
    why: str = ""
    by: str = ""
    proven_ms: int | None = None
    tested_ms: int | None = None
    lost: int = 0
    stopped_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Proven:
    """A receipt by this channel, or a "reply".

    `heals`: it proves that texts reach the person, also after a STOP from before `sent_ms` (when the text was made,
    or the reply came).
    """

    by: str
    sent_ms: int = 0
    heals: bool = False


@dataclass(frozen=True, slots=True)
class Lost:
    """A text did not arrive for the number's sake (`alerts.rules.number_codes`); `code` says why.

    `refused`: the provider will never send to this number.
    """

    code: str
    refused: bool = False


@dataclass(frozen=True, slots=True)
class Stopped:
    """The person wants no texts. Some providers then send none until the person says START; others go on."""


@dataclass(frozen=True, slots=True)
class Started:
    """The person wants texts again."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A test text was made."""


@dataclass(frozen=True, slots=True)
class Moved:
    """The ledger has another number."""

    phone: str


Event: TypeAlias = Proven | Lost | Stopped | Started | Asked | Moved


def step(reach: Reach, event: Event, now_ms: int) -> Reach:
    """What is known after an event at `now_ms`; without a change the same object comes back."""
    move = TRANSITIONS.get(type(event))
    return move(reach, event, now_ms) if move else reach


def _proven(reach: Reach, event: Event, now_ms: int) -> Reach:
    if not isinstance(event, Proven):
        raise TypeError(f"TRANSITIONS proves a phone by {type(event).__name__}")
    heals = event.heals and event.sent_ms > (reach.stopped_ms or 0)
    if reach.why == STOPPED and not heals:
        return reach  # by another channel the person may be reached, by text not
    known = replace(reach, proven_ms=now_ms, lost=0)
    return _in(known, Reachability.REACHABLE, now_ms, by=event.by)


def _lost(reach: Reach, event: Event, now_ms: int) -> Reach:
    if not isinstance(event, Lost) or reach.why == STOPPED:
        return reach
    if event.code == OPTED_OUT:
        return _stopped(reach, event, now_ms)
    counted = replace(reach, lost=reach.lost + 1)
    if event.refused or counted.lost >= TRIES:
        return _in(counted, Reachability.UNREACHABLE, now_ms, why=event.code)
    return counted


def _stopped(reach: Reach, event: Event, now_ms: int) -> Reach:
    del event
    return _in(replace(reach, stopped_ms=now_ms), Reachability.UNREACHABLE, now_ms, why=STOPPED)


def _started(reach: Reach, event: Event, now_ms: int) -> Reach:
    del event
    return _in(replace(reach, proven_ms=now_ms, lost=0, why=""), Reachability.REACHABLE, now_ms, by="reply")


def _tested(reach: Reach, event: Event, now_ms: int) -> Reach:
    del event
    return replace(reach, tested_ms=now_ms)


def _moved(reach: Reach, event: Event, now_ms: int) -> Reach:
    if not isinstance(event, Moved) or event.phone == reach.phone:
        return reach
    return Reach(reach.person, event.phone, now_ms)


def _in(reach: Reach, state: Reachability, now_ms: int, *, why: str = "", by: str = "") -> Reach:
    if reach.state is state and reach.why == why:
        return reach
    return replace(reach, state=state, since_ms=now_ms, why=why, by=by)


TRANSITIONS: Final[Mapping[type, Callable[[Reach, Event, int], Reach]]] = {
    Proven: _proven,
    Lost: _lost,
    Stopped: _stopped,
    Started: _started,
    Asked: _tested,
    Moved: _moved,
}
"""Event -> the move."""


def ask_ms(reach: Reach, days: int, zone: tzinfo) -> int | None:
    """From when on the person is to be sent a test text; None: never (the person wants none, or `days` is 0).

    A real text that arrived counts as one. Who was never proven gets the first one on a day of the month that
    the id decides, so that a whole town is not tested in one morning.
    """
    if not days or reach.why == STOPPED:
        return None
    draw = crc32(reach.person.encode())
    last_ms = max(reach.proven_ms or 0, reach.tested_ms or 0)
    at_ms = last_ms + days * DAY_MS if last_ms else reach.since_ms + draw % days * DAY_MS
    day = datetime.fromtimestamp(at_ms / 1000, zone).replace(hour=0, minute=0, second=0, microsecond=0)
    minute = FIRST_HOUR * 60 + draw // days % ((LAST_HOUR - FIRST_HOUR) * 60)
    wanted = day.replace(hour=minute // 60, minute=minute % 60)
    return round(wanted.timestamp() * 1000)


def is_office_hour(now_ms: int, zone: tzinfo) -> bool:
    """Whether a test text may be sent now."""
    return FIRST_HOUR <= datetime.fromtimestamp(now_ms / 1000, zone).hour < LAST_HOUR


def unreachable_sites(
    sites: Mapping[SiteId, Collection[PersonId]], reaches: Mapping[PersonId, Reach]
) -> frozenset[SiteId]:
    """Where nobody is left: no person at all, or each of them unreachable. Unverified is not unreachable."""
    return frozenset(
        site
        for site, people in sites.items()
        if all(person in reaches and reaches[person].state is Reachability.UNREACHABLE for person in people)
    )
