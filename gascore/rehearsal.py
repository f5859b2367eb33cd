"""Tries out an alarm: who would be told of it when, and how? Nobody is."""

from collections.abc import Callable
from enum import StrEnum
from typing import TypeAlias

import msgspec

from gascore.alarm import AlarmKind, ChannelKind, Suppression
from gascore.escalation import Contact, Gap, Staff, Why, resolve
from gascore.policy import Chain
from gascore.words import AlarmId, DetectorId, Language, Level, PersonId, Priority


class Way(StrEnum):
    """Whether what is set up reaches an address."""

    OPEN = "open"
    ONE_WAY = "one_way"
    """The person is told, but can't answer by it."""
    NO_NUMBER = "no_number"
    """It can't be a telephone number."""
    LANDLINE = "landline"
    """It takes no texts."""
    NO_PROVIDER = "no_provider"
    """No provider that is set up carries this kind to this address."""


class Reached(msgspec.Struct, frozen=True):
    """What is known of a way. `country`: the number's country code, such as 86; 0: none."""

    way: Way
    country: int = 0


Ways: TypeAlias = Callable[[ChannelKind, str], Reached | None]
"""What is set up for an address; None: that can't be said."""


class Line(msgspec.Struct, frozen=True):
    """At one instant one person is told by one way; or nobody of a target is, and `why`.

    Attributes:
        step: counted from 1.
        role: a role, or "person", "roster", "body"; "console" is the centre's board.
        address: its end only.
        instead: only if the lines before it reach nobody.
        target: for a line without a person: the role, person or roster that is told to nobody.
        way, country: see `Reached`; None: what is set up can't be asked, or it is the board.
    """

    step: int
    after_s: float
    at_ms: int
    role: str
    person: PersonId | None = None
    name: str = ""
    name_en: str = ""
    language: Language | None = None
    channel: ChannelKind | None = None
    address: str = ""
    instead: bool = False
    target: str = ""
    why: Why | None = None
    way: Way | None = None
    country: int = 0


class Quiet(msgspec.Struct, frozen=True):
    """Something that would keep people, or all but the operators, from being told.

    Attributes:
        until_ms: None: as long as `alarm` is open.
        by: who answers for it: of a window a person, of a shelf a user.
        window, passes: of a maintenance window; the kinds that it lets pass.
        alarm: the one that stands for this one, or whose shelf goes on.
    """

    suppression: Suppression
    until_ms: int | None = None
    by: str = ""
    reason: str = ""
    window: str = ""
    passes: frozenset[AlarmKind] = frozenset()
    alarm: AlarmId | None = None


class Then(msgspec.Struct, frozen=True):
    """Who is told from `at_ms` on, when a gas test is over and there is gas still, as if it had just begun."""

    at_ms: int
    policy: str
    version: int
    repeat_s: float
    lines: tuple[Line, ...]


class Rehearsal(msgspec.Struct, frozen=True):
    """What the alarm would be, which policy it would take along, and everybody who would be told.

    `version` 0: a built-in policy. If nobody answers, everybody is told again every `repeat_s`, without end.

    Attributes:
        hold_s: so long people are not told of it yet: it may have an explanation.
        quiet: what keeps people from being told, one thing after the other; `lines` come after all of it, but
            in a gas test they are for its duration, and `then` comes after it.
        then: after a gas test.
        open: the alarm of this kind that is open already: nothing new would open.
        blind: the open alarms that say that we can't see: it might go unheard.
    """

    detector: DetectorId
    kind: AlarmKind
    level: Level
    priority: Priority
    at_ms: int
    policy: str
    version: int
    repeat_s: float
    ack_expires_s: float
    lines: tuple[Line, ...]
    hold_s: float = 0.0
    quiet: tuple[Quiet, ...] = ()
    then: Then | None = None
    open: AlarmId | None = None
    blind: tuple[AlarmId, ...] = ()


def rehearse(
    chain: Chain, staff: Staff, at_ms: int, *, begin_ms: int | None = None, ways: Ways | None = None
) -> tuple[Line, ...]:
    """Every step once, as if nobody ever answered; the rosters are asked for the instant of each step.

    Args:
        chain: the steps.
        staff: who can be told.
        at_ms: when it alarms; `Line.after_s` counts from here.
        begin_ms: when the first step is due; None: at once.
        ways: asked of every address; None: nothing is.
    """
    found: list[Line] = []
    begin_ms = at_ms if begin_ms is None else begin_ms
    for number, step in enumerate(chain.steps, 1):
        due_ms = begin_ms + step.after_ms
        due = Line(number, (due_ms - at_ms) / 1000, due_ms, "")
        routes, gaps = resolve(step, staff, due.at_ms)
        # Who has several roles, or shares a phone, is told once.
        once = {route.first.address: route for route in reversed(routes)}
        for route in reversed(once.values()):
            for place, one in enumerate(route.contacts):
                line = _told(due, one, instead=place > 0)
                found.append(_reached(line, one, ways, asks=route.asks) if ways else line)
        found += [_nobody(due, gap) for gap in gaps]
    return tuple(found)


def masked(address: str) -> str:
    """An address of which only the end is shown: enough to know it by, too little to use it."""
    return f"…{address[-4:]}"


def _told(due: Line, contact: Contact, *, instead: bool) -> Line:
    person = contact.person
    is_board = contact.channel is ChannelKind.CONSOLE
    return msgspec.structs.replace(
        due,
        role=contact.role,
        person=None if is_board else person.id,
        name=person.name,
        name_en=person.name_en,
        language=person.language,
        channel=contact.channel,
        address="" if is_board else masked(contact.address),
        instead=instead,
    )


def _reached(line: Line, contact: Contact, ways: Ways, *, asks: bool) -> Line:
    reached = ways(contact.channel, contact.address)
    if reached is None:
        return line
    way = Way.OPEN if reached.way is Way.ONE_WAY and not asks else reached.way
    return msgspec.structs.replace(line, way=way, country=reached.country)


def _nobody(due: Line, gap: Gap) -> Line:
    return msgspec.structs.replace(due, role=gap.target.kind.value, target=gap.target.id, why=gap.why)
