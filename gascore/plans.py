"""The built-in policies: who is told when, where the ledger has no policy of its own (docs/adr/0008, 0021).

The field's example climbs every 5 min until somebody answers (Nanjing Qinhuai); ours is quicker for leaks,
because a low leak becomes a high one within minutes in a small room.
"""

from typing import Final

from gascore.alarm import AlarmKind
from gascore.policy import Facts, Policy, Step, Target, TargetKind
from gascore.registry import Role
from gascore.words import Priority

_MINUTE: Final = 60
_HOUR: Final = 60 * _MINUTE
NO_DUTY: Final = "roster"
"""The first word of the trouble that a roster has nobody on duty."""
NO_WAY: Final = "target"
"""The first word of the trouble that a person, role or roster which a policy names can't be told."""


def _step(after_s: float, *roles: Role) -> Step:
    return Step(after_s, tuple(Target(TargetKind.ROLE, role.value) for role in roles))


_URGENT_ROLES: Final = (
    Role.OWNER,
    Role.SAFETY_OFFICER,
    Role.SHIFT_LEADER,
    Role.DUTY_OFFICER,
    Role.SUPPLIER_DISPATCH,
    Role.MAINTENANCE,
    Role.GRID_WORKER,
)

URGENT: Final = Policy(
    "urgent",
    "紧急泄漏",
    "Urgent leak",
    (
        _step(0, Role.OWNER, Role.SAFETY_OFFICER, Role.SHIFT_LEADER),
        _step(90, Role.DUTY_OFFICER, Role.SUPPLIER_DISPATCH),
        _step(180, Role.MAINTENANCE, Role.GRID_WORKER),
        _step(300, *_URGENT_ROLES),
    ),
    300,
)
LOW_LEAK: Final = Policy(
    "low_leak",
    "低限泄漏",
    "Low leak",
    (
        _step(0, Role.OWNER, Role.SAFETY_OFFICER),
        _step(90, Role.SHIFT_LEADER),
        _step(300, Role.OWNER, Role.MAINTENANCE, Role.GRID_WORKER),
        _step(900, Role.DUTY_OFFICER, Role.SUPPLIER_DISPATCH),
    ),
    300,
)
TECHNICAL: Final = Policy(
    "technical",
    "探测器异常",
    "Detector trouble",
    (_step(0, Role.OWNER), _step(2 * _HOUR, Role.MAINTENANCE)),
    24 * _HOUR,
)
OURS: Final = Policy(
    "ours",
    "监测中断",
    "Monitoring down",
    (_step(15, Role.SHIFT_LEADER), _step(300, Role.DUTY_OFFICER)),
    900,
)
"""We can't see: nobody at a site can do anything about it. A restart or a lost connection that mends itself
within seconds is on the console and in the evidence, but is no text."""
CARE: Final = Policy(
    "care",
    "平台异常",
    "Platform trouble",
    (_step(120, Role.SHIFT_LEADER), _step(_HOUR, Role.DUTY_OFFICER)),
    8 * _HOUR,
)
"""We see, but something of ours needs a hand before it gets worse. Calmer than `OURS`: a trouble that is over
within two minutes is no text, and once in a shift reminds."""
UNMANNED: Final = Policy(
    "unmanned",
    "无人值班",
    "Nobody on duty",
    (_step(0, Role.SHIFT_LEADER), _step(300, Role.DUTY_OFFICER)),
    _HOUR,
)
"""A roster has nobody on duty: told at once, for the next leak would find nobody."""
TOGETHER: Final = Policy(
    "together",
    "成片离线",
    "Mass outage",
    (
        _step(30, Role.SHIFT_LEADER, Role.GRID_WORKER, Role.SUPPLIER_DISPATCH),
        _step(15 * _MINUTE, Role.DUTY_OFFICER),
    ),
    2 * _HOUR,
)
"""Many detectors at once: their owners can do nothing about it. The first text waits until most of the group
is counted, and until the best explanation (docs/adr/0017) has taken the place of the first one."""
STRANGER: Final = Policy(
    "stranger",
    "未登记探测器报漏",
    "Leak at an unknown detector",
    (_step(0, Role.SHIFT_LEADER, Role.DUTY_OFFICER),),
    300,
)
"""A leak at a detector that is not in the ledger: nobody knows whose it is, so operators are told at once."""
GAS_TEST: Final = Policy(
    "gas_test",
    "通气试验",
    "Gas test",
    (_step(0, Role.SHIFT_LEADER), _step(300, Role.DUTY_OFFICER)),
    300,
)
"""A low leak while gas is let out on purpose: the operators alone, but without delay (docs/adr/0024)."""
NOBODY: Final = Policy("nobody", "仅显示", "Shown only", (), 24 * _HOUR)
"""An advisory: seen on the console."""

BUILT_IN: Final = {
    one.id: one
    for one in (URGENT, LOW_LEAK, TECHNICAL, OURS, CARE, UNMANNED, TOGETHER, STRANGER, GAS_TEST, NOBODY)
}
_BY_KIND: Final = {
    AlarmKind.BLIND: OURS,
    AlarmKind.OUTAGE: TOGETHER,
    AlarmKind.UNKNOWN_LEAK: STRANGER,
}
_BY_PRIORITY: Final = {
    Priority.URGENT: URGENT,
    Priority.HIGH: LOW_LEAK,
    Priority.MEDIUM: TECHNICAL,
    Priority.LOW: NOBODY,
}


def built_in(facts: Facts) -> Policy:
    """The built-in policy of an alarm; a priority 1 alarm always gets one with steps."""
    if facts.kind is AlarmKind.TROUBLE:
        return UNMANNED if facts.code == NO_DUTY else CARE
    return _BY_KIND.get(facts.kind) or _BY_PRIORITY[facts.priority]
