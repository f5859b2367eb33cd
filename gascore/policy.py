"""Escalation policies as data: which alarm, who, when, by which way (docs/adr/0021).

A policy says whom it is for (`Match`) and what is done (`Step`s). An alarm takes a copy of the steps when its
ladder starts (`Chain`), so that a policy that is changed changes nothing that is under way.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Final

import msgspec

from gascore.alarm import AlarmKind, ChannelKind
from gascore.words import AreaId, Priority, RoomKind

LEAKS: Final = frozenset({AlarmKind.LEAK, AlarmKind.UNKNOWN_LEAK})
OF_A_DETECTOR: Final = frozenset(
    {
        AlarmKind.LEAK,
        AlarmKind.FAULT,
        AlarmKind.OFFLINE,
        AlarmKind.NEVER_REPORTED,
        AlarmKind.WRONG_GAS,
        AlarmKind.TREND,
        AlarmKind.UNSTABLE,
    }
)
"""What a policy that names no kinds is for: a trouble of our own, a group, a leak at an unknown detector have
no site whose roles could be told."""
ACK_EXPIRES_S: Final = 1_800
"""After so long without a sign of progress, the answer to a leak counts no more. Grafana OnCall takes back an
acknowledgement after 5 to 45 min, as the user sets it (peers.md 3.7); a policy may say otherwise."""
LEAK_CHANNELS: Final = (ChannelKind.SMS, ChannelKind.VOICE)
CHANNELS: Final = (ChannelKind.SMS,)


class TargetKind(StrEnum):
    """What a step tells."""

    ROLE = "role"
    """Everybody who has this role at the alarm's site, or for everything."""
    PERSON = "person"
    ROSTER = "roster"
    """Who is on duty; if that one can't be reached, the stand-by."""
    BODY = "body"
    """An external body such as the fire station: told, but never expected to answer. `id` is a person's."""


class Target(msgspec.Struct, frozen=True):
    """A role, or the id of a person, a roster or a body."""

    kind: TargetKind
    id: str


class Step(msgspec.Struct, frozen=True, omit_defaults=True):
    """These are told `after_s` from the start, each by these ways in this order until one reaches them.

    Attributes:
        channels: without one: texts, and for leaks a call after that.
        acks: so many must take responsibility before this and the further steps are left out.
    """

    after_s: float
    whom: tuple[Target, ...]
    channels: tuple[ChannelKind, ...] = ()
    acks: int = 1

    @property
    def after_ms(self) -> int:
        """The same in milliseconds."""
        return round(self.after_s * 1000)

    @property
    def roles(self) -> frozenset[str]:
        """The roles (`gascore.registry.Role`) among those who are told."""
        return frozenset(one.id for one in self.whom if one.kind is TargetKind.ROLE)


class Chain(msgspec.Struct, frozen=True, omit_defaults=True):
    """What an alarm keeps of its policy: after the last step everybody is told again, without end.

    `ack_expires_s`: 0 is never.
    """

    policy: str = ""
    version: int = 0
    steps: tuple[Step, ...] = ()
    repeat_s: float = 86_400
    ack_expires_s: float = 0

    @property
    def repeat_ms(self) -> int:
        """The same in milliseconds."""
        return round(self.repeat_s * 1000)

    @property
    def ack_expires_ms(self) -> int:
        """The same in milliseconds."""
        return round(self.ack_expires_s * 1000)

    @property
    def everybody(self) -> frozenset[str]:
        """All roles of all steps."""
        return frozenset().union(*(one.roles for one in self.steps))


class Match(msgspec.Struct, frozen=True, omit_defaults=True):
    """Which alarms a policy is for; what is left out does not matter.

    Attributes:
        kinds: without one: all that an alarm of a detector can be about (`OF_A_DETECTOR`).
        priorities: without one: 1 to 3. Advisories (4) are told only if they are named.
        area: with all areas below it.
        since, until: the time of day in the town, "HH:MM"; `until` before `since` is past midnight.
    """

    kinds: frozenset[AlarmKind] = frozenset()
    priorities: frozenset[Priority] = frozenset()
    rooms: frozenset[RoomKind] = frozenset()
    area: AreaId | None = None
    since: str | None = None
    until: str | None = None


class Policy(msgspec.Struct, frozen=True, omit_defaults=True):
    """Who is told when, and of what.

    Attributes:
        version: counted by the store; what a file says is left alone.
        ack_expires_s: an answer without progress counts so long; None: 30 min for leaks, for others without end.
        enabled: False takes it out of use; it is never removed.
    """

    id: str
    name: str
    name_en: str
    steps: tuple[Step, ...]
    repeat_s: float
    match: Match = Match()
    ack_expires_s: float | None = None
    enabled: bool = True
    version: int = 0


class Facts(msgspec.Struct, frozen=True):
    """What chooses the policy of an alarm.

    Attributes:
        areas: the area of its site and those above it, the nearest first.
        code: what an alarm about ourselves is about.
    """

    kind: AlarmKind
    priority: Priority
    room: RoomKind | None = None
    areas: tuple[AreaId, ...] = ()
    code: str = ""


def policy_for(facts: Facts, at: datetime, policies: Iterable[Policy]) -> Policy | None:
    """The policy of an alarm that starts at the local time `at`; None: the built-in one (`gascore.plans`).

    The nearest area wins; then who names the kind, the room, the priority, the time of day, in this order;
    then the first by id.
    """
    found = [one for one in policies if one.enabled and one.steps and matches(one.match, facts, at)]
    return min(found, key=lambda one: (_rank(one.match, facts), one.id), default=None)


def matches(match: Match, facts: Facts, at: datetime) -> bool:
    """Whether a policy is for such an alarm at this local time."""
    return (
        facts.kind in (match.kinds or OF_A_DETECTOR)
        and (facts.priority in match.priorities if match.priorities else facts.priority < Priority.LOW)
        and (not match.rooms or facts.room in match.rooms)
        and (match.area is None or match.area in facts.areas)
        and _is_within(match, f"{at:%H:%M}")
    )


def chain_of(policy: Policy, kind: AlarmKind) -> Chain:
    """What an alarm of this kind takes along of a policy, with everything filled in that was left out."""
    is_leak = kind in LEAKS
    channels = LEAK_CHANNELS if is_leak else CHANNELS
    expires_s = policy.ack_expires_s
    if expires_s is None:
        expires_s = ACK_EXPIRES_S if is_leak else 0
    return Chain(
        policy=policy.id,
        version=policy.version,
        steps=tuple(
            msgspec.structs.replace(one, channels=one.channels or channels) for one in _in_order(policy.steps)
        ),
        repeat_s=policy.repeat_s,
        ack_expires_s=expires_s,
    )


def _in_order(steps: Sequence[Step]) -> list[Step]:
    return sorted(steps, key=lambda one: one.after_s)


def _rank(match: Match, facts: Facts) -> tuple[int, bool, bool, bool, bool]:
    distance = len(facts.areas) if match.area is None else facts.areas.index(match.area)
    return distance, not match.kinds, not match.rooms, not match.priorities, match.since is None


def _is_within(match: Match, time: str) -> bool:
    since, until = match.since or "00:00", match.until or "24:00"
    return since <= time < until if since < until else time >= since or time < until
