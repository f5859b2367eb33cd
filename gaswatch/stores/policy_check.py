"""What must hold of policies and rosters before they are stored, and what they leave to the built-in ones. Pure."""

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from datetime import datetime
from itertools import product
from typing import Final

from gascore.alarm import AlarmKind
from gascore.policy import LEAKS, OF_A_DETECTOR, Facts, Match, Policy, Step, Target, TargetKind, policy_for
from gascore.registry import Role
from gascore.roster import Roster
from gascore.words import AreaId, PersonId, Priority, RoomKind

_TIME: Final = re.compile(r"([01]\d|2[0-3]):[0-5]\d|24:00")
_DAY: Final = (2026, 1, 1)
_MOST_ACKS: Final = 10
_LONGEST_S: Final = 7 * 86_400
_SHORTEST_S: Final = 60
_ROLES: Final = ", ".join(Role)


def problems_of(
    policies: Sequence[Policy],
    rosters: Sequence[Roster],
    *,
    people: Collection[str],
    known_rosters: Collection[str],
    areas: Collection[str],
) -> Iterator[str]:
    """Each names a record and says what to do. `known_rosters` and `areas`: with those that are stored already."""
    exists: dict[TargetKind, Callable[[str], bool]] = {
        TargetKind.ROLE: lambda name: name in set(Role),
        TargetKind.PERSON: people.__contains__,
        TargetKind.BODY: people.__contains__,
        TargetKind.ROSTER: known_rosters.__contains__,
    }
    for policy in policies:
        yield from _of_policy(policy, areas)
        for number, step in enumerate(policy.steps, 1):
            yield from _of_step(policy, number, step, exists)
    for roster in rosters:
        yield from _of_roster(roster, people, areas)


def people_of(policies: Iterable[Policy], rosters: Iterable[Roster]) -> set[PersonId]:
    """The people that they name."""
    targets = (target for policy in policies for step in policy.steps for target in step.whom)
    named = {PersonId(one.id) for one in targets if one.kind in {TargetKind.PERSON, TargetKind.BODY}}
    for roster in rosters:
        named.update(roster.people, (one.person for one in roster.overrides))
        named.update(person for holiday in roster.holidays for person in holiday.people)
    return named


def uncovered(policies: Sequence[Policy]) -> str | None:
    """The priority 1 alarms for which the built-in policies hold, in one line; None: there are none, or no policies.

    Looked at for the whole town and for each area that a policy names, at every time at which a policy begins or ends.
    """
    used = [one for one in policies if one.enabled]
    if not used:
        return None
    times = sorted(
        {
            "00:00",
            *(one.match.since or "00:00" for one in used),
            *(one.match.until or "00:00" for one in used),
        }
    )
    areas: list[tuple[AreaId, ...]] = [(), *((one.match.area,) for one in used if one.match.area)]
    if any(not at for at in areas) and not any(one.match.area is None for one in used):
        areas = areas[1:]  # the ones outside are meant to have the built-in policies
    rooms: list[tuple[AlarmKind, RoomKind | None]] = [(AlarmKind.LEAK, room) for room in RoomKind]
    rooms.append((AlarmKind.UNKNOWN_LEAK, None))
    gaps = [
        " ".join([kind, *([room] if room else []), *area, f"from {time}"])
        for (kind, room), area, time in product(rooms, areas, times)
        if (room or not area)  # a leak at an unknown detector is in no area
        and policy_for(Facts(kind, Priority.URGENT, room, area), _at(time), used) is None
    ]
    if not gaps:
        return None
    first, *more = gaps
    others = f" and {len(more)} more" if more else ""
    return (
        f"no policy of yours is for priority 1: {first}{others}; the built-in policy holds there: "
        "add a policy without `rooms`, `since` and `until` if that is not meant"
    )


def _at(time: str) -> datetime:
    hour, minute = ("00", "00") if time == "24:00" else time.split(":")
    return datetime(*_DAY, int(hour), int(minute))  # noqa: DTZ001 -- a time on the town's clocks


def _of_policy(policy: Policy, areas: Collection[str]) -> Iterator[str]:
    name, match = f"policy {policy.id!r}", policy.match
    if not policy.steps:
        yield f"{name} has no steps: add one, or set `enabled` to false and let another policy hold"
    if not _SHORTEST_S <= policy.repeat_s <= _LONGEST_S:
        yield f"{name}: `repeat_s` is {policy.repeat_s}: it is told again without end, every 60 to 604800 seconds"
    expires_s = policy.ack_expires_s
    if expires_s and not _SHORTEST_S <= expires_s <= _LONGEST_S:
        yield f"{name}: `ack_expires_s` is {expires_s}: give 60 to 604800 seconds, or 0 for never"
    is_for_leaks = bool(LEAKS & (match.kinds or OF_A_DETECTOR))
    if is_for_leaks and policy.steps and min(one.after_s for one in policy.steps) > 0:
        yield f"{name} is for leaks, and its first step comes late: set its `after_s` to 0"
    yield from _of_acks(policy)
    yield from _of_match(name, match, areas)


def _of_acks(policy: Policy) -> Iterator[str]:
    """Nobody could ever satisfy a step that asks for more answers than there are who can give one.

    A role may have any number of people; a body never answers.
    """
    asked: set[Target] = set()
    for number, step in enumerate(sorted(policy.steps, key=lambda one: one.after_s), 1):
        asked.update(one for one in step.whom if one.kind is not TargetKind.BODY)
        has_roles = any(one.kind is TargetKind.ROLE for one in asked)
        if 1 < step.acks <= _MOST_ACKS and not has_roles and step.acks > len(asked):
            yield (
                f"policy {policy.id!r}, step {number}: `acks` is {step.acks}, and until then only {len(asked)} "
                "can answer: lower it, or give more people in `whom`"
            )


def _of_match(name: str, match: Match, areas: Collection[str]) -> Iterator[str]:
    if match.area is not None and match.area not in areas:
        yield f"{name}: there is no area {match.area!r}: add it or correct `area`"
    for field, time in (("since", match.since), ("until", match.until)):
        if time is not None and not _TIME.fullmatch(time):
            yield f"{name}: `{field}` is {time!r}: write it like 22:00"
    if (match.since is None) != (match.until is None) or (match.since and match.since == match.until):
        yield f"{name}: give both `since` and `until`, and two different times, or neither"


def _of_step(
    policy: Policy, number: int, step: Step, exists: dict[TargetKind, Callable[[str], bool]]
) -> Iterator[str]:
    name = f"policy {policy.id!r}, step {number}"
    if not step.whom:
        yield f"{name} tells nobody: give `whom`"
    if not 0 <= step.after_s <= _LONGEST_S:
        yield f"{name}: `after_s` is {step.after_s}: give 0 to 604800 seconds"
    if not 1 <= step.acks <= _MOST_ACKS:
        yield f"{name}: `acks` is {step.acks}: give 1 to {_MOST_ACKS}"
    for target in step.whom:
        if not exists[target.kind](target.id):
            yield _unknown(name, target)


def _unknown(name: str, target: Target) -> str:
    if target.kind is TargetKind.ROLE:
        return f"{name}: there is no role {target.id!r}: take one of {_ROLES}"
    what = "roster" if target.kind is TargetKind.ROSTER else "person"
    return f"{name}: there is no {what} {target.id!r}: add it or correct `whom`"


def _of_roster(roster: Roster, people: Collection[str], areas: Collection[str]) -> Iterator[str]:
    name = f"roster {roster.id!r}"
    for person in sorted(people_of((), (roster,)) - set(people)):
        yield f"{name}: there is no person {person!r}: add them or correct the roster"
    if not roster.people:
        yield f"{name} has no people: add one"
    if not _TIME.fullmatch(roster.handover) or roster.handover == "24:00":
        yield f"{name}: `handover` is {roster.handover!r}: write it like 08:30"
    if roster.days < 1:
        yield f"{name}: `days` is {roster.days}: a turn is at least 1 day long"
    if roster.area is not None and roster.area not in areas:
        yield f"{name}: there is no area {roster.area!r}: add it or correct `area`"
    for one in roster.overrides:
        if one.end <= one.start:
            yield f"{name}: the override of {one.person!r} ends at {one.end}, not after its start: correct it"
