"""Ladders in tests: what happens second by second, and policies where several must answer."""

from typing import Final

import msgspec

from alerts.rules.ladder import Event, Ladder, Step, step
from gascore import plans
from gascore.alarm import AlarmKind
from gascore.policy import Chain, chain_of

T: Final = 1_790_000_000_000
"""When a test begins, ms."""
S: Final = 1_000
URGENT: Final = chain_of(plans.URGENT, AlarmKind.LEAK)


def run(ladder: Ladder, *events: tuple[int, Event]) -> list[Step]:
    """Each event at its second after T."""
    steps = []
    for at_s, event in events:
        done = step(ladder, event, T + at_s * S)
        ladder = done.state
        steps.append(done)
    return steps


def needing(acks: int, chain: Chain = URGENT) -> Chain:
    """The same, but so many must answer each step."""
    rungs = tuple(msgspec.structs.replace(one, acks=acks) for one in chain.steps)
    return msgspec.structs.replace(chain, steps=rungs)
