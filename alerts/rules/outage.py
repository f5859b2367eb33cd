"""When detectors fail together: one group at a time. Everything that changes a group is in `TRANSITIONS`.

A burst (enough of a group went offline within one window) begins an outage; a later one in the same group goes
on with it. Who goes offline on its own in between is no part of it. It is over when the number has
been below a lower mark for a while (hysteresis), so that a network that comes and goes is one event.
Which groups a burst is counted for, and which one stands for a detector, is in `alerts.rules.lost`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import Enum, StrEnum, auto
from typing import Final, NamedTuple, TypeAlias

from gascore.alarm import GroupKind

SITES: Final = 2
"""An area or a supplier is at work only where several sites are hit: a single one is its owner's own matter,
and the owner must hear of it; also where it has a gateway of its own, which is the owner's, too."""
Span: TypeAlias = tuple[int, int]
"""From when to when detectors went offline together, both included."""


class Group(NamedTuple):
    """Detectors that have something in common."""

    kind: GroupKind
    id: str

    @property
    def key(self) -> str:
        """The key of its alarm."""
        return f"group:{self.kind.value}:{self.id}"


@dataclass(frozen=True, slots=True)
class Limits:
    """From when on many is a mass (docs/adr/0017).

    Attributes:
        share: of a group's detectors in service; more than this …
        number: … and at least so many …
        window_ms: … that went within so long of each other.
        calm_ms: it is over when fewer than half of that have been offline for so long.
    """

    share: float = 0.3
    number: int = 5
    window_ms: int = 120_000
    calm_ms: int = 300_000

    def enough(self, size: int) -> int:
        """How many of a group of `size` begin an outage."""
        return max(self.number, int(self.share * size) + 1)

    def is_few(self, offline: int, size: int) -> bool:
        """Whether they are below the lower mark."""
        return 2 * offline < self.enough(size)

    def is_news(self, spans: tuple[Span, ...]) -> bool:
        """Whether the last burst came so long after the one before it that an answer to that says nothing of it."""
        return len(spans) > 1 and spans[-1][0] - spans[-2][1] > self.calm_ms

    def has_grown(self, acked: int, offline: int, size: int) -> bool:
        """Whether it is another matter than the one somebody answered for when `acked` of them were offline."""
        return offline >= max(self.number, min(2 * acked, acked + self.enough(size)))


class Phase(StrEnum):
    """Where a group stands."""

    QUIET = "quiet"
    OUT = "out"
    EASING = "easing"
    """Few are still offline; over, if it stays so."""


@dataclass(frozen=True, slots=True)
class State:
    """`began_ms`: when the first of them went offline; `easing_ms`: since when few are left."""

    phase: Phase = Phase.QUIET
    began_ms: int = 0
    easing_ms: int = 0


@dataclass(frozen=True, slots=True)
class Counted:
    """A group now: `burst_ms` is the begin of a new window in which enough went; `offline`: in all its bursts."""

    size: int
    offline: int
    burst_ms: int | None = None


class Cue(Enum):
    """A count in the light of the group's state."""

    BURST = auto()
    SOME = auto()
    FEW = auto()
    FEW_FOR_LONG = auto()


class Because(StrEnum):
    """Because … – why a group is as it is now."""

    BEGAN = "began"
    """enough went at once."""
    EASED = "eased"
    """few are left."""
    WORSE_AGAIN = "worse_again"
    """more than a few are offline again, or enough went at once again."""
    OVER = "over"
    SAME = "same"


@dataclass(frozen=True, slots=True)
class Step:
    """What came of a count. Its effect is its reason: a shell opens the alarm on BEGAN and ends it on OVER."""

    state: State
    reason: Because
    wake_at: int | None = None


TRANSITIONS: Final[Mapping[tuple[Phase, Cue], tuple[Phase, Because]]] = {
    (Phase.QUIET, Cue.BURST): (Phase.OUT, Because.BEGAN),
    (Phase.OUT, Cue.BURST): (Phase.OUT, Because.WORSE_AGAIN),
    (Phase.OUT, Cue.FEW): (Phase.EASING, Because.EASED),
    (Phase.EASING, Cue.SOME): (Phase.OUT, Because.WORSE_AGAIN),
    (Phase.EASING, Cue.BURST): (Phase.OUT, Because.WORSE_AGAIN),
    (Phase.EASING, Cue.FEW_FOR_LONG): (Phase.QUIET, Because.OVER),
}
"""Phase x cue -> the next phase, and why; a pair without a row changes nothing."""


def step(state: State, event: Counted, now_ms: int, limits: Limits) -> Step:
    """Change a group by a count at `now_ms`."""
    phase, reason = TRANSITIONS.get((state.phase, _cue(state, event, now_ms, limits)), (state.phase, None))
    if reason is None:
        return Step(state, Because.SAME, _wake_at(state, limits))
    after = replace(state, phase=phase)
    if reason is Because.BEGAN:
        after = replace(after, began_ms=event.burst_ms or now_ms)
    elif reason is Because.EASED:
        after = replace(after, easing_ms=now_ms)
    return Step(after, reason, _wake_at(after, limits))


def _cue(state: State, event: Counted, now_ms: int, limits: Limits) -> Cue:
    if event.burst_ms is not None:
        return Cue.BURST
    if not limits.is_few(event.offline, event.size):
        return Cue.SOME
    # The clock may have been set back meanwhile: then the calm counts from now at the latest.
    is_long = state.phase is Phase.EASING and abs(now_ms - state.easing_ms) >= limits.calm_ms
    return Cue.FEW_FOR_LONG if is_long else Cue.FEW


def _wake_at(state: State, limits: Limits) -> int | None:
    return state.easing_ms + limits.calm_ms if state.phase is Phase.EASING else None
