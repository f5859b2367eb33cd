"""What can happen to an alarm: the events of its life (`alerts.rules.lifecycle`)."""

from dataclasses import dataclass
from typing import TypeAlias

from gascore.alarm import AlarmCause, AlarmKind, Cover, FalseTrigger, Outage, Shelf
from gascore.words import AlarmId, DetectorId, Level, PersonId, Priority, RoomId, SiteId


@dataclass(frozen=True, slots=True)
class Began:
    """A condition holds. `id` is used when this opens an alarm; `lel`: the highest %LEL so far; instants in ms."""

    id: AlarmId
    key: str
    kind: AlarmKind
    priority: Priority
    since_ms: int
    received_ms: int
    level: Level = Level.NONE
    lel: float | None = None
    codes: tuple[str, ...] = ()
    late: bool = False
    detector: DetectorId | None = None
    site: SiteId | None = None
    room: RoomId | None = None
    inside: AlarmId | None = None
    outage: Outage | None = None
    cover: Cover | None = None
    shelf: Shelf | None = None


@dataclass(frozen=True, slots=True)
class Ended:
    """The condition holds no more; `lel`: the highest %LEL that it came to, if it is known."""

    lel: float | None = None


@dataclass(frozen=True, slots=True)
class Absorbed:
    """Another alarm explains more and takes its place."""


@dataclass(frozen=True, slots=True)
class StoodFor:
    """From now on the alarm `other` stands for this one; None: it is on its own."""

    other: AlarmId | None


@dataclass(frozen=True, slots=True)
class Numbers:
    """What a group alarm counts, or how often a connection broke off (`count`).

    `worse`: so much more than when somebody answered for it that people are told again.
    """

    outage: Outage | None = None
    count: int | None = None
    worse: bool = False


@dataclass(frozen=True, slots=True)
class Ack:
    """Somebody takes responsibility, having seen `seen_version` (None: by text, without a version).

    `recorded_by`: the operator whom `by` told so by telephone; `person`: who it is in the ledger.
    """

    by: str
    seen_version: int | None = None
    note: str = ""
    recorded_by: str | None = None
    person: PersonId | None = None


@dataclass(frozen=True, slots=True)
class Close:
    """A person closes it and says why; of a false alarm also what it was about."""

    by: str
    cause: AlarmCause | None
    note: str = ""
    trigger: FalseTrigger | None = None


@dataclass(frozen=True, slots=True)
class Comment:
    """A person adds a remark."""

    by: str
    note: str


@dataclass(frozen=True, slots=True)
class Shelve:
    """A person puts it aside until `until_ms`; `longest_ms`: so far away the end may be at most."""

    by: str
    until_ms: int | None
    note: str
    longest_ms: int


@dataclass(frozen=True, slots=True)
class Unshelve:
    """A person takes it back; or, without `by`, the instant has come."""

    by: str | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Covered:
    """From now on this maintenance window lies over it; None: none does."""

    cover: Cover | None


@dataclass(frozen=True, slots=True)
class Take:
    """A person works on it; `take_over`: also if somebody else does, who was asked."""

    by: str
    take_over: bool = False
    note: str = ""


@dataclass(frozen=True, slots=True)
class Hasten:
    """A person wants the next people up the ladder to be told at once."""

    by: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class AckExpired:
    """Nothing came of the acknowledgement in time."""


Event: TypeAlias = (
    Began
    | Ended
    | Absorbed
    | StoodFor
    | Numbers
    | Ack
    | Close
    | Comment
    | Shelve
    | Unshelve
    | Covered
    | Take
    | Hasten
    | AckExpired
)
