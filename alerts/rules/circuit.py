"""The circuit of one provider: closed while it works, open after an outage, closed again after a trial.

It only ranks providers: where there is no other, an open one is still asked (`alerts.service.switchboard`).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final, TypeAlias

FAILURES: Final = 3
"""So many outage answers within `WINDOW_MS` open it: one may be a hiccup."""
WINDOW_MS: Final = 60_000
FIRST_PAUSE_MS: Final = 15_000
LONGEST_PAUSE_MS: Final = 120_000
"""From opening to the first trial; doubled after each trial that fails, up to the longest."""
TRIAL_MS: Final = 20_000
"""A request takes no longer (`alerts.ports.Channel.send`): after it, a trial that never ended is forgotten."""


class Phase(StrEnum):
    """How a circuit stands."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"
    """One trial is under way."""


@dataclass(frozen=True, slots=True)
class Circuit:
    """One provider's circuit; instants in ms.

    Attributes:
        failures: outage answers since the last success, none older than `WINDOW_MS`.
        failing_ms: the first failure since the last success; None: it works.
        code: what the last failure said; `account`: it was our account's fault.
        until_ms: OPEN: not tried before; HALF_OPEN: when the trial is forgotten.
        pause_ms: how long it stays open after the next failure.
    """

    phase: Phase = Phase.CLOSED
    failures: tuple[int, ...] = ()
    failing_ms: int | None = None
    code: str = ""
    account: bool = False
    until_ms: int = 0
    pause_ms: int = FIRST_PAUSE_MS


@dataclass(frozen=True, slots=True)
class Asked:
    """A message wants to go this way."""


@dataclass(frozen=True, slots=True)
class Worked:
    """The provider answered about the message itself: it took or refused it."""


@dataclass(frozen=True, slots=True)
class Failed:
    """The provider is out. `at_once`: that is certain (our account), or it was dear (it answered very late)."""

    code: str
    account: bool = False
    at_once: bool = False


Event: TypeAlias = Asked | Worked | Failed


class Because(StrEnum):
    """Because … – why a circuit is as it is."""

    ADMITTED = "admitted"
    TRIAL = "trial"
    CLOSED_TO_ALL = "closed_to_all"
    """it is open, and nobody has to wait for what it would say."""
    WORKS = "works"
    COUNTED = "counted"
    OPENED = "opened"
    LATE = "late"
    """it is open already: the answer belongs to a request from before."""


@dataclass(frozen=True, slots=True)
class Admit:
    """Effect: the message may go this way."""


@dataclass(frozen=True, slots=True)
class Step:
    """What came of an event."""

    state: Circuit
    effects: tuple[Admit, ...]
    reason: Because

    @property
    def wake_at(self) -> int | None:
        """When it would admit a trial, ms; None: it admits all."""
        return None if self.state.phase is Phase.CLOSED else self.state.until_ms


def step(state: Circuit, event: Event, now_ms: int) -> Step:
    """Change a circuit by an event at `now_ms`."""
    return TRANSITIONS[state.phase, type(event)](state, event, now_ms)


def _admit(state: Circuit, event: Event, now_ms: int) -> Step:
    del event, now_ms
    return Step(state, (Admit(),), Because.ADMITTED)


def _try(state: Circuit, event: Event, now_ms: int) -> Step:
    del event
    # A pause that lies further away than it can be long was begun before the clock was set back.
    if state.until_ms - LONGEST_PAUSE_MS <= now_ms < state.until_ms:
        return Step(state, (), Because.CLOSED_TO_ALL)
    trial = replace(state, phase=Phase.HALF_OPEN, until_ms=now_ms + TRIAL_MS)
    return Step(trial, (Admit(),), Because.TRIAL)


def _close(state: Circuit, event: Event, now_ms: int) -> Step:
    del state, event, now_ms
    return Step(Circuit(), (), Because.WORKS)


def _count(state: Circuit, event: Event, now_ms: int) -> Step:
    recent = (*(at for at in state.failures if 0 <= now_ms - at < WINDOW_MS), now_ms)
    failing = _with(state, event, now_ms, recent)
    if len(recent) >= FAILURES or failing.account or getattr(event, "at_once", False):
        return _open(failing, now_ms)
    return Step(failing, (), Because.COUNTED)


def _open_again(state: Circuit, event: Event, now_ms: int) -> Step:
    longer = replace(state, pause_ms=min(2 * state.pause_ms, LONGEST_PAUSE_MS))
    return _open(_with(longer, event, now_ms, state.failures), now_ms)


def _stay_open(state: Circuit, event: Event, now_ms: int) -> Step:
    return Step(_with(state, event, now_ms, state.failures), (), Because.LATE)


def _open(state: Circuit, now_ms: int) -> Step:
    return Step(replace(state, phase=Phase.OPEN, until_ms=now_ms + state.pause_ms), (), Because.OPENED)


def _with(state: Circuit, event: Event, now_ms: int, failures: tuple[int, ...]) -> Circuit:
    account = getattr(event, "account", False)
    changed = state.failing_ms is None or state.account != account
    return replace(
        state,
        failures=failures,
        failing_ms=now_ms if changed else state.failing_ms,
        code=getattr(event, "code", ""),
        account=account,
    )


_Move: TypeAlias = Callable[[Circuit, Event, int], Step]

TRANSITIONS: Final[Mapping[tuple[Phase, type], _Move]] = {
    (Phase.CLOSED, Asked): _admit,
    (Phase.CLOSED, Worked): _close,
    (Phase.CLOSED, Failed): _count,
    (Phase.OPEN, Asked): _try,
    (Phase.OPEN, Worked): _close,
    (Phase.OPEN, Failed): _stay_open,
    (Phase.HALF_OPEN, Asked): _try,
    (Phase.HALF_OPEN, Worked): _close,
    (Phase.HALF_OPEN, Failed): _open_again,
}
"""Phase x event -> the move."""
