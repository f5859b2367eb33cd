"""Tries out an alarm: who would be told of it when, and how? Nobody is."""

import msgspec

from gascore.alarm import AlarmKind, ChannelKind
from gascore.escalation import Contact, Gap, Staff, Why, resolve
from gascore.policy import Chain
from gascore.words import DetectorId, Language, Level, PersonId, Priority


class Line(msgspec.Struct, frozen=True):
    """At one instant one person is told by one way; or nobody of a target is, and `why`.

    Attributes:
        step: counted from 1.
        role: a role, or "person", "roster", "body"; "console" is the centre's board.
        address: its end only.
        instead: only if the lines before it reach nobody.
        target: for a line without a person: the role, person or roster that is told to nobody.
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


class Rehearsal(msgspec.Struct, frozen=True):
    """What the alarm would be, which policy it would take along, and everybody who would be told.

    Maintenance windows, shelving and group alarms are not looked at. `version` 0: a built-in policy. If nobody
    answers, everybody is told again every `repeat_s`, without end.
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


def rehearse(chain: Chain, staff: Staff, at_ms: int) -> tuple[Line, ...]:
    """Every step once, as if nobody ever answered; the rosters are asked for the instant of each step."""
    found: list[Line] = []
    for number, step in enumerate(chain.steps, 1):
        due = Line(number, step.after_s, at_ms + step.after_ms, "")
        routes, gaps = resolve(step, staff, due.at_ms)
        # Who has several roles, or shares a phone, is told once.
        once = {route.first.address: route for route in reversed(routes)}
        for route in reversed(once.values()):
            found += [_told(due, one, instead=place > 0) for place, one in enumerate(route.contacts)]
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


def _nobody(due: Line, gap: Gap) -> Line:
    return msgspec.structs.replace(due, role=gap.target.kind.value, target=gap.target.id, why=gap.why)
