"""What must hold in a ledger before it is stored. Pure: gets the new records and what they meet."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Final, TypeVar

import msgspec

from gascore.registry import Area, Detector, Duty, Ledger, Person, Room, Site, Supplier
from gascore.roster import Roster
from gascore.thresholds import PAIRS, Profile
from gascore.wire import is_detector_id
from gaswatch.secrets import COLLECTOR_USER
from gaswatch.stores.policy_check import problems_of

MAX_NO: Final = 2**20 - 1
"""The number has 20 bits in the key of a reading (docs/adr/0005)."""
MAX_GATEWAY: Final = 64
_SHOWN: Final = 5
_MOST_LEL: Final = 100.0
_PHONE: Final = re.compile(r"\+[1-9]\d{6,14}")
"""ITU-T E.164: at most 15 digits after the plus."""
_TIME: Final = re.compile(r"([01]\d|2[0-3]):[0-5]\d|24:00")
_KeyT = TypeVar("_KeyT", str, int)


class LedgerError(Exception):
    """The ledger can't be stored as it is; nothing was. Each problem names a record and says what to do."""

    def __init__(self, problems: list[str]) -> None:
        self.problems = problems
        more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        super().__init__(f"{problems[0]}{more}")


class Known(msgspec.Struct, frozen=True):
    """The stored records that a new ledger touches or refers to, by their keys."""

    areas: Mapping[str, Area]
    suppliers: Mapping[str, Supplier]
    people: Mapping[str, Person]
    sites: Mapping[str, Site]
    rooms: Mapping[str, Room]
    detectors: Mapping[str, Detector]
    owners: Mapping[int, str]
    """Detector number -> detector id."""
    profiles: Mapping[str, Profile]
    rosters: Mapping[str, Roster] = {}


def check(ledger: Ledger, known: Known) -> None:
    """Return if `ledger` can be put on top of what is known.

    Raises:
        LedgerError: with every problem.
    """
    problems = [*_twice(ledger), *_areas(ledger, known), *_people(ledger, known)]
    problems += [*_sites(ledger, known), *_rooms(ledger, known), *_detectors(ledger, known)]
    problems += [*_profiles(ledger, known), *_policies(ledger, known)]
    if problems:
        raise LedgerError(problems)


def parents_first(areas: Iterable[Area]) -> list[Area]:
    """The areas in an order in which each one follows its parent; those on a circle are left out."""
    waiting: dict[str, Area] = {one.id: one for one in areas}
    done: list[Area] = []
    while ready := [one for one in waiting.values() if one.parent not in waiting]:
        for one in ready:
            del waiting[one.id]
        done.extend(ready)
    return done


def _twice(ledger: Ledger) -> Iterator[str]:
    for what, ids in (
        ("area", [one.id for one in ledger.areas]),
        ("supplier", [one.id for one in ledger.suppliers]),
        ("person", [one.id for one in ledger.people]),
        ("site", [one.id for one in ledger.sites]),
        ("room", [one.id for one in ledger.rooms]),
        ("detector", [one.id for one in ledger.detectors]),
        ("profile", [one.id for one in ledger.profiles]),
        ("policy", [one.id for one in ledger.policies]),
        ("roster", [one.id for one in ledger.rosters]),
    ):
        for name in _repeated(ids):
            yield f"{what} {name!r} is in the ledger twice: remove one of them"
    numbers = set(_repeated([one.no for one in ledger.detectors]))
    names: dict[int, list[str]] = {}
    for one in ledger.detectors:
        if one.no in numbers:
            names.setdefault(one.no, []).append(one.id)
    for number, same in names.items():
        shown = ", ".join(same[:_SHOWN])
        yield f"detectors {shown} have the same no {number}: give each one a number of its own"


def _repeated(keys: Iterable[_KeyT]) -> list[_KeyT]:
    return [key for key, times in Counter(keys).items() if times > 1]


def _areas(ledger: Ledger, known: Known) -> Iterator[str]:
    together: dict[str, Area] = {**known.areas}
    together.update((one.id, one) for one in ledger.areas)
    in_order = {one.id for one in parents_first(together.values())}
    for one in ledger.areas:
        if one.parent is not None and one.parent not in together:
            yield f"area {one.id!r}: there is no area {one.parent!r} to be below: add it or correct `parent`"
        elif one.id not in in_order:
            yield f"area {one.id!r} is below itself: correct `parent`"


def _people(ledger: Ledger, known: Known) -> Iterator[str]:
    people = _ids(ledger.people, known.people)
    sites = _ids(ledger.sites, known.sites)
    for person in ledger.people:
        if not _PHONE.fullmatch(person.phone):
            yield (
                f"person {person.id!r}: {person.phone!r} is not an international number: "
                "write it like +8613800000000"
            )
    for duty in ledger.duties:
        if duty.person not in people:
            yield f"duty {_duty(duty)}: there is no person {duty.person!r}: add them or correct `person`"
        if duty.site is not None and duty.site not in sites:
            yield f"duty {_duty(duty)}: there is no site {duty.site!r}: add it or correct `site`"


def _sites(ledger: Ledger, known: Known) -> Iterator[str]:
    areas = _ids(ledger.areas, known.areas)
    suppliers = _ids(ledger.suppliers, known.suppliers)
    for one in ledger.sites:
        if one.area not in areas:
            yield f"site {one.id!r}: there is no area {one.area!r}: add it or correct `area`"
        if one.supplier is not None and one.supplier not in suppliers:
            yield f"site {one.id!r}: there is no supplier {one.supplier!r}: add it or correct `supplier`"
        for field, time in (("opens", one.opens), ("closes", one.closes)):
            if not _TIME.fullmatch(time):
                yield f"site {one.id!r}: `{field}` is {time!r}: write it like 09:00"


def _rooms(ledger: Ledger, known: Known) -> Iterator[str]:
    sites = _ids(ledger.sites, known.sites)
    for one in ledger.rooms:
        if one.site not in sites:
            yield f"room {one.id!r}: there is no site {one.site!r}: add it or correct `site`"
        before = known.rooms.get(one.id)
        if before is not None and before.site != one.site:
            yield (
                f"room {one.id!r} belongs to site {before.site!r} and can't move to {one.site!r}: "
                "add another room"
            )
        if not one.volume_m3 > 0:
            yield f"room {one.id!r}: `volume_m3` is {one.volume_m3}: it must be more than 0"


def _detectors(ledger: Ledger, known: Known) -> Iterator[str]:
    rooms: dict[str, Room] = {**known.rooms}
    rooms.update((one.id, one) for one in ledger.rooms)
    for one in ledger.detectors:
        yield from _place(one, rooms)
        yield from _numbers(one)
        before = known.detectors.get(one.id)
        if before is not None and before.no != one.no:
            yield (
                f"detector {one.id!r} has no {before.no} and can't get {one.no}: "
                "its readings are filed under it; keep the number"
            )
        owner = known.owners.get(one.no)
        if owner is not None and owner != one.id:
            yield f"detector {one.id!r}: no {one.no} belongs to detector {owner!r}: take a free number"


def _place(one: Detector, rooms: Mapping[str, Room]) -> Iterator[str]:
    if not is_detector_id(one.id):
        yield f"detector {one.id!r}: an id has 1 to 64 of A-Z a-z 0-9 _ : - (it stands in the MQTT topic)"
    if one.id == COLLECTOR_USER:
        yield f"detector {one.id!r}: this is the broker user that hears every detector: take another id"
    if one.gateway is not None and not 0 < len(one.gateway) <= MAX_GATEWAY:
        yield (
            f"detector {one.id!r}: `gateway` has {len(one.gateway)} characters: give 1 to {MAX_GATEWAY}, "
            "or leave it out"
        )
    room = rooms.get(one.room)
    if room is None:
        yield f"detector {one.id!r}: there is no room {one.room!r}: add it or correct `room`"
    elif room.site != one.site:
        yield f"detector {one.id!r}: room {one.room!r} is at site {room.site!r}, not {one.site!r}: correct one"


def _numbers(one: Detector) -> Iterator[str]:
    if not 0 < one.no <= MAX_NO:
        yield f"detector {one.id!r}: no {one.no} is out of range: take one from 1 to {MAX_NO}"
    if not 1 <= one.every_s <= 86_400:  # noqa: PLR2004 -- docs/protocol.md, `every`
        yield f"detector {one.id!r}: `every_s` is {one.every_s}: it must be 1 to 86400 seconds"
    high = _MOST_LEL if one.high_lel is None else one.high_lel
    low = high if one.low_lel is None else one.low_lel
    if not 0 < low <= high <= _MOST_LEL:
        yield (
            f"detector {one.id!r}: set points {one.low_lel} and {one.high_lel} %LEL: "
            "0 < low_lel <= high_lel <= 100 must hold; null leaves one to the profile"
        )


def _profiles(ledger: Ledger, known: Known) -> Iterator[str]:
    areas = _ids(ledger.areas, known.areas)
    together: dict[str, Profile] = {**known.profiles}
    together.update((one.id, one) for one in ledger.profiles)
    scopes: dict[tuple[str | None, str | None], str] = {}
    for one in together.values():
        other = scopes.setdefault((one.model, one.area), one.id)
        if other != one.id:
            yield (
                f"profile {one.id!r} is for the same model and area as profile {other!r}: "
                "put the figures into one of them"
            )
    for one in ledger.profiles:
        if one.area is not None and one.area not in areas:
            yield f"profile {one.id!r}: there is no area {one.area!r}: add it or correct `area`"
        for low, high in PAIRS:
            least, most = getattr(one, low), getattr(one, high)
            if least is not None and most is not None and least > most:
                yield f"profile {one.id!r}: `{low}` {least} is over `{high}` {most}: correct one"


def _policies(ledger: Ledger, known: Known) -> Iterator[str]:
    return problems_of(
        ledger.policies,
        ledger.rosters,
        people=_ids(ledger.people, known.people),
        known_rosters=_ids(ledger.rosters, known.rosters),
        areas=_ids(ledger.areas, known.areas),
    )


def _ids(new: Iterable[Area | Supplier | Person | Site | Roster], known: Iterable[str]) -> set[str]:
    return {*known, *(one.id for one in new)}


def _duty(duty: Duty) -> str:
    return f"{duty.person!r} as {duty.role}"
