"""From a policy's step to the people who are told, and how: used when a step is due, and to try it out beforehand."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from enum import StrEnum
from typing import Final, TypeAlias

from gascore.alarm import ChannelKind
from gascore.plans import built_in
from gascore.policy import Chain, Facts, Policy, Step, Target, TargetKind, chain_of, policy_for
from gascore.registry import Person, Role
from gascore.roster import Roster, on_duty
from gascore.words import PersonId


@dataclass(frozen=True, slots=True)
class Contact:
    """One way to one person. `address`: E.164, an e-mail address, or the name of a room or a hook."""

    channel: ChannelKind
    address: str
    person: Person
    role: str


@dataclass(frozen=True, slots=True)
class Route:
    """The ways to try one after the other until one reaches somebody; never empty.

    `asks`: whoever is reached is asked to take responsibility.
    """

    contacts: tuple[Contact, ...]
    asks: bool = True

    @property
    def first(self) -> Contact:
        """Where it begins."""
        return self.contacts[0]


class Why(StrEnum):
    """Because … – why a target is told to nobody."""

    NOBODY_HAS_THE_ROLE = "nobody_has_the_role"
    NO_SUCH_PERSON = "no_such_person"
    NO_SUCH_ROSTER = "no_such_roster"
    NOBODY_ON_DUTY = "nobody_on_duty"
    NO_CONTACT = "no_contact"
    """the person has no number or address for any of the step's channels."""


@dataclass(frozen=True, slots=True)
class Gap:
    """A target of which nobody is told."""

    target: Target
    why: Why


@dataclass(frozen=True, slots=True)
class Staff:
    """Who can be told of an alarm: by role, and by name."""

    duties: Sequence[tuple[Role, Person]]
    person: Callable[[PersonId], Person | None]
    roster: Callable[[str], Roster | None]
    zone: tzinfo


Found: TypeAlias = tuple[list[Route], list[Gap]]
_ADDRESS: Final[dict[ChannelKind, Callable[[Person], str]]] = {
    ChannelKind.SMS: lambda person: person.phone,
    ChannelKind.VOICE: lambda person: person.phone,
    ChannelKind.EMAIL: lambda person: person.email,
    ChannelKind.IM: lambda person: person.im,
    ChannelKind.WEBHOOK: lambda person: person.webhook,
}
"""Of a person. The board is nobody's: a step that names it tells it once, whomever it names besides."""
BOARD: Final = Person(PersonId("console"), "值班大屏", "the board", phone="")
"""Stands for the centre's board among those who are told; no record of the ledger."""


def chain_for(facts: Facts, at_ms: int, zone: tzinfo, policies: Iterable[Policy]) -> Chain:
    """The steps that an alarm takes along when its ladder starts at `at_ms`."""
    local = datetime.fromtimestamp(at_ms / 1000, zone)
    return chain_of(policy_for(facts, local, policies) or built_in(facts), facts.kind)


def resolve(step: Step, staff: Staff, at_ms: int) -> Found:
    """Who is told by a step that is due at `at_ms`, and of which of its targets nobody is."""
    routes = [
        Route(contacts)
        for role, person in staff.duties
        if role in step.roles and (contacts := _ways(person, role.value, step))
    ]
    gaps = []
    for target in step.whom:
        if target.kind is TargetKind.ROLE:
            why = _lacking(target, step, staff)
        else:
            people, why = _people(target, staff, at_ms)
            ways = tuple(way for person in people for way in _ways(person, target.kind.value, step))
            if ways:
                routes.append(Route(ways, asks=target.kind is not TargetKind.BODY))
            elif why is None:
                why = Why.NO_CONTACT
        if why is not None and not (why is Why.NO_CONTACT and is_for_the_board(step)):
            gaps.append(Gap(target, why))
    if ChannelKind.CONSOLE in step.channels:
        board = Contact(ChannelKind.CONSOLE, BOARD.id, BOARD, ChannelKind.CONSOLE.value)
        routes.append(Route((board,), asks=False))
    return routes, gaps


def is_for_the_board(step: Step) -> bool:
    """Whether it tells the board alone, without anybody's phone."""
    return set(step.channels) == {ChannelKind.CONSOLE}


def _lacking(target: Target, step: Step, staff: Staff) -> Why | None:
    people = [person for role, person in staff.duties if role.value == target.id]
    if not people:
        return Why.NOBODY_HAS_THE_ROLE
    return None if any(_ways(one, target.id, step) for one in people) else Why.NO_CONTACT


def _people(target: Target, staff: Staff, at_ms: int) -> tuple[list[Person], Why | None]:
    if target.kind is not TargetKind.ROSTER:
        person = staff.person(PersonId(target.id))
        return ([person], None) if person else ([], Why.NO_SUCH_PERSON)
    roster = staff.roster(target.id)
    if roster is None:
        return [], Why.NO_SUCH_ROSTER
    people = [one for name in on_duty(roster, at_ms, staff.zone) if (one := staff.person(name))]
    return people, None if people else Why.NOBODY_ON_DUTY


def _ways(person: Person, role: str, step: Step) -> tuple[Contact, ...]:
    addresses = ((one, _ADDRESS[one](person)) for one in step.channels if one in _ADDRESS)
    return tuple(Contact(one, address, person, role) for one, address in addresses if address)
