"""What the ladder of `alerts.rules.ladder` is made of: where it stands, what happens to it, what it asks for."""

from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

import msgspec

from gascore.alarm import AlarmKind, NoticePurpose
from gascore.plans import BUILT_IN
from gascore.policy import Chain, chain_of
from gascore.policy import Step as Rung


class Phase(StrEnum):
    """Where a ladder stands."""

    IDLE = "idle"
    """Not started."""
    HELD = "held"
    """Starts after a short while, if it is not over or explained by then."""
    QUIET = "quiet"
    """Another alarm stands for it: nobody is told."""
    CLIMBING = "climbing"
    ANSWERED = "answered"
    """As many as must be took responsibility."""
    CLEARING = "clearing"
    """Over, unanswered; the people will be told after the hold."""
    CLEARING_ANSWERED = "clearing_answered"
    """Over, answered; the people will be told after the hold."""
    UNANSWERED = "unanswered"
    """Over, and the people know; but nobody took responsibility, so those further up are told."""
    DONE = "done"


class Ladder(msgspec.Struct, frozen=True):
    """The saved state.

    Attributes:
        plan: the name of the built-in policy; only in what was stored before there were chains.
        rung: the last one told (-1: none); repeats: how many repeats were told.
        chain: the steps, as they were when it started.
        started_ms: when people were first told of what nobody, or not enough people, have answered since.
        told_ms: when they were last told of it as news: it came back, or got worse.
        acks: who has taken responsibility: ids of people, and names of users.
        expires_ms, remind_ms: when their answer counts no more, and when they are reminded of that.
        reminders: how many reminders were told.
        hastened: the rung that was told because a person asked for it, though it was answered (-1: none).
        hastes: so many repeats were told because a person asked for them; they put off none of the others.
    """

    phase: Phase = Phase.IDLE
    plan: str = ""
    started_ms: int = 0
    rung: int = -1
    repeats: int = 0
    due_ms: int | None = None
    chain: Chain = Chain()
    acks: tuple[str, ...] = ()
    expires_ms: int | None = None
    reminders: int = 0
    told_ms: int = 0
    remind_ms: int | None = None
    hastened: int = -1
    hastes: int = 0

    @property
    def rungs(self) -> tuple[Rung, ...]:
        """The steps of its chain."""
        return self.chain.steps

    @property
    def told_again(self) -> int:
        """How many repeats were told in all: the number of the last one."""
        return self.repeats + self.hastes

    @property
    def acks_needed(self) -> int:
        """How many must take responsibility, as far up as it has come."""
        return max((one.acks for one in self.rungs[: max(self.rung, 0) + 1]), default=1)

    @property
    def acks_missing(self) -> int:
        """How many more must take responsibility of what still holds and somebody has answered already."""
        if self.phase is not Phase.CLIMBING or not self.acks:
            return 0
        return max(0, self.acks_needed - len(self.acks))

    def of_now(self, kind: AlarmKind) -> "Ladder":
        """The same, if it was stored before there were chains: with the steps of its plan."""
        if self.chain.policy or self.plan not in BUILT_IN:
            return self
        return msgspec.structs.replace(self, plan="", chain=chain_of(BUILT_IN[self.plan], kind))


@dataclass(frozen=True, slots=True)
class Start:
    """The alarm opened, came back or got worse. What nobody has answered yet climbs on by this chain.

    `anew`: from the first rung in any case.
    """

    chain: Chain
    purpose: NoticePurpose = NoticePurpose.RAISED
    anew: bool = False


@dataclass(frozen=True, slots=True)
class Resume:
    """Nothing keeps the alarm silent any more, and `by` has answered; start by this chain if others must, too."""

    chain: Chain
    by: str = ""


@dataclass(frozen=True, slots=True)
class Hold:
    """The alarm opened, or stands on its own again: start by this chain, but only after `hold_ms`."""

    chain: Chain
    hold_ms: int


@dataclass(frozen=True, slots=True)
class Hush:
    """Another alarm stands for this one; `chain` is the one by which it may go on some day."""

    chain: Chain


@dataclass(frozen=True, slots=True)
class Drop:
    """The alarm is closed because another one has taken its place: those who were told hear of that one."""


@dataclass(frozen=True, slots=True)
class Tick:
    """Time passed."""


@dataclass(frozen=True, slots=True)
class Answered:
    """Somebody took responsibility: a person's id, or a user's name."""

    by: str = ""


@dataclass(frozen=True, slots=True)
class Progress:
    """Somebody works on it: the answer goes on counting, from now."""


@dataclass(frozen=True, slots=True)
class Expired:
    """The answer counts no more."""


@dataclass(frozen=True, slots=True)
class Over:
    """The condition ended; the alarm stays open."""


@dataclass(frozen=True, slots=True)
class Closed:
    """The alarm is closed."""


@dataclass(frozen=True, slots=True)
class Unreached:
    """Nobody of the rung could be told (refused, no number, no such person): don't wait for the next one."""

    rung: int


@dataclass(frozen=True, slots=True)
class Hasten:
    """A person wants the next ones to be told at once; after the last rung, everybody again."""


Event: TypeAlias = (
    Start
    | Resume
    | Hold
    | Hush
    | Drop
    | Tick
    | Answered
    | Progress
    | Expired
    | Over
    | Closed
    | Unreached
    | Hasten
)


@dataclass(frozen=True, slots=True)
class Tell:
    """Tell those of these rungs; with `told` everybody who was told before, too.

    Attributes:
        rung: the highest one, counted from 0.
        acked: they have answered: left in peace, but for a reminder, which is for them alone (`remind`).
    """

    purpose: NoticePurpose
    rungs: tuple[Rung, ...]
    rung: int
    repeat: int = 0
    told: bool = False
    acked: tuple[str, ...] = ()
    remind: bool = False

    @property
    def roles(self) -> frozenset[str]:
        """The roles among those who are told."""
        return frozenset().union(*(one.roles for one in self.rungs))


class Because(StrEnum):
    """Because … – why the ladder did what it did."""

    STARTED = "started"
    STARTED_AGAIN = "started_again"
    CLIMBED = "climbed"
    REPEATED = "repeated"
    UNREACHED = "unreached"
    """the ones before could not be reached."""
    HASTENED = "hastened"
    """a person asked for it."""
    ANSWERED = "answered"
    ANSWERED_BY_TOO_FEW = "answered_by_too_few"
    """others must answer, too."""
    PROGRESS = "progress"
    REMINDED = "reminded"
    ACK_EXPIRED = "ack_expired"
    OVER = "over"
    BACK_IN_HOLD = "back_in_hold"
    """it came back before anybody was told that it was over."""
    CLEARED = "cleared"
    CLIMBED_AFTER = "climbed_after"
    """it is over, and nobody has answered."""
    CLOSED = "closed"
    HELD = "held"
    HUSHED = "hushed"
    DROPPED = "dropped"
    NOT_DUE = "not_due"


@dataclass(frozen=True, slots=True)
class Step:
    """What came of an event; nothing happens before `wake_at` unless something else does."""

    state: Ladder
    effects: tuple[Tell, ...]
    reason: Because

    @property
    def wake_at(self) -> int | None:
        """When the next step is due, ms."""
        return self.state.due_ms
