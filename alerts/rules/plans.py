"""Who is told when: the ladders, one for each kind of alarm (docs/adr/0008).

The field's example climbs every 5 min until somebody answers (Nanjing Qinhuai); ours is quicker for leaks,
because a low leak becomes a high one within minutes in a small room.
"""

from dataclasses import dataclass
from typing import Final

from gascore.alarm import AlarmKind
from gascore.registry import Role
from gascore.words import Priority

_SECOND: Final = 1_000
_MINUTE: Final = 60 * _SECOND
_HOUR: Final = 60 * _MINUTE


@dataclass(frozen=True, slots=True)
class Rung:
    """These roles are told `after_ms` from the ladder's start."""

    after_ms: int
    roles: frozenset[Role]


@dataclass(frozen=True, slots=True)
class Plan:
    """Rungs in order of time; after the last one everybody on it is told again every `repeat_ms`, without end."""

    name: str
    rungs: tuple[Rung, ...]
    repeat_ms: int

    @property
    def everybody(self) -> frozenset[Role]:
        """All roles of all rungs."""
        return frozenset().union(*(rung.roles for rung in self.rungs))


def _rung(after_ms: int, *roles: Role) -> Rung:
    return Rung(after_ms, frozenset(roles))


_URGENT_ROLES: Final = (
    Role.OWNER,
    Role.SAFETY_OFFICER,
    Role.SHIFT_LEADER,
    Role.DUTY_OFFICER,
    Role.SUPPLIER_DISPATCH,
    Role.MAINTENANCE,
    Role.GRID_WORKER,
)

URGENT: Final = Plan(
    "urgent",
    (
        _rung(0, Role.OWNER, Role.SAFETY_OFFICER, Role.SHIFT_LEADER),
        _rung(90 * _SECOND, Role.DUTY_OFFICER, Role.SUPPLIER_DISPATCH),
        _rung(180 * _SECOND, Role.MAINTENANCE, Role.GRID_WORKER),
        _rung(300 * _SECOND, *_URGENT_ROLES),
    ),
    300 * _SECOND,
)
LOW_LEAK: Final = Plan(
    "low_leak",
    (
        _rung(0, Role.OWNER, Role.SAFETY_OFFICER),
        _rung(90 * _SECOND, Role.SHIFT_LEADER),
        _rung(300 * _SECOND, Role.OWNER, Role.MAINTENANCE, Role.GRID_WORKER),
        _rung(900 * _SECOND, Role.DUTY_OFFICER, Role.SUPPLIER_DISPATCH),
    ),
    300 * _SECOND,
)
TECHNICAL: Final = Plan("technical", (_rung(0, Role.OWNER), _rung(2 * _HOUR, Role.MAINTENANCE)), 24 * _HOUR)
OURS: Final = Plan(
    "ours", (_rung(15 * _SECOND, Role.SHIFT_LEADER), _rung(300 * _SECOND, Role.DUTY_OFFICER)), 900 * _SECOND
)
"""We can't see: nobody at a site can do anything about it. A restart or a lost connection that mends itself
within seconds is on the console and in the evidence, but is no text."""
CARE: Final = Plan(
    "care", (_rung(120 * _SECOND, Role.SHIFT_LEADER), _rung(_HOUR, Role.DUTY_OFFICER)), 8 * _HOUR
)
"""We see, but something of ours needs a hand before it gets worse. Calmer than `OURS`: a trouble that is over
within two minutes is no text, and once in a shift reminds."""
TOGETHER: Final = Plan(
    "together",
    (
        _rung(30 * _SECOND, Role.SHIFT_LEADER, Role.GRID_WORKER, Role.SUPPLIER_DISPATCH),
        _rung(15 * _MINUTE, Role.DUTY_OFFICER),
    ),
    2 * _HOUR,
)
"""Many detectors at once: their owners can do nothing about it. The first text waits until most of the group
is counted, and until the best explanation (docs/adr/0017) has taken the place of the first one."""
STRANGER: Final = Plan("stranger", (_rung(0, Role.SHIFT_LEADER, Role.DUTY_OFFICER),), 300 * _SECOND)
"""A leak at a detector that is not in the ledger: nobody knows whose it is, so operators are told at once."""
NOBODY: Final = Plan("nobody", (), 24 * _HOUR)
"""An advisory: seen on the console."""

PLANS: Final = {
    plan.name: plan for plan in (URGENT, LOW_LEAK, TECHNICAL, OURS, CARE, TOGETHER, STRANGER, NOBODY)
}


def plan_for(kind: AlarmKind, priority: Priority) -> Plan:
    """The ladder of an alarm."""
    if kind is AlarmKind.BLIND:
        return OURS
    if kind is AlarmKind.TROUBLE:
        return CARE
    if kind is AlarmKind.OUTAGE:
        return TOGETHER
    if kind is AlarmKind.UNKNOWN_LEAK:
        return STRANGER
    by_priority = {
        Priority.URGENT: URGENT,
        Priority.HIGH: LOW_LEAK,
        Priority.MEDIUM: TECHNICAL,
        Priority.LOW: NOBODY,
    }
    return by_priority[priority]
