"""How far the escalation of an alarm has come, and what is next, as people see it."""

from typing import Final

import msgspec

from gascore.policy import Target
from gascore.rehearsal import Line


class ClimbStep(msgspec.Struct, frozen=True):
    """One step: planned at `at_ms`, told to `whom`; `lines`: who that is."""

    number: int
    at_ms: int
    acks: int
    whom: tuple[Target, ...]
    channels: tuple[str, ...]
    lines: tuple[Line, ...]


class Climb(msgspec.Struct, frozen=True):
    """The escalation of one alarm, as it is stored.

    Attributes:
        phase: where it stands, such as "climbing" or "answered" (`alerts.rules.ladder_words.Phase`).
        policy, version: which steps it took along; "": none yet.
        rung: the highest step that was told, counted from 0; -1: none.
        steps: from when each is planned, whom, and the people as the ledger has them now.
        due_ms: when the next step, repeat or reminder is due; None: nothing is.
        repeat_s: after the last step, everybody is told again so often.
        acks: who has taken responsibility; acks_needed: how many must, as far as it has come.
        expires_ms: when that counts no more without a sign of progress; None: never.
    """

    phase: str
    policy: str
    version: int
    rung: int
    steps: tuple[ClimbStep, ...]
    due_ms: int | None
    repeat_s: float
    acks: tuple[str, ...]
    acks_needed: int
    expires_ms: int | None


RISING: Final = frozenset({"climbing", "unanswered", "held"})
"""The phases in which `due_ms` is that of a step or a repeat."""


def next_step(climb: Climb) -> ClimbStep | None:
    """The step that is told next; None: everybody is told again, or nobody is told at all."""
    if climb.phase not in RISING:
        return None
    return next((one for one in climb.steps if one.number - 1 > climb.rung), None)
