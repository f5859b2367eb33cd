"""The journal's events: the only road between services.

Append-only; ids grow by one without a gap. The collector, alerts and the dashboard append; the live
stream, the response chain and the uptime arithmetic are folds over it. Readings do not go here.
An event's kind (its tag) and its fields are a stored format: add fields with a default, never
change or remove one (docs/adr/0004).
"""

from enum import StrEnum
from typing import Protocol, TypeAlias

import msgspec

from gascore.alarm import Alarm, Notice
from gascore.canary import CanaryMeasured
from gascore.contacts import ContactStepped, SiteReachStepped
from gascore.event import EventBase
from gascore.hazard import AlarmChatters, FloodBegan, FloodEnded, HazardClosed, HazardOpened, HazardRequested
from gascore.operators import OperatorAnswered, OperatorRequested
from gascore.windows import WindowBegan, WindowEnded, WindowSet
from gascore.words import Condition, DetectorId, Level, NoticeId, ReportedState, SiteId


class Reason(StrEnum):
    """Because … – why a condition began, changed or ended."""

    REPORTED_STATE = "reported_state"
    """the detector says so itself."""
    OVER_SET_POINT = "over_set_point"
    """the number is at or over the set point."""
    OUT_OF_RANGE = "out_of_range"
    """a value was impossible."""
    LAST_WILL = "last_will"
    """the broker published its last will."""
    SILENCE = "silence"
    """nothing came by the deadline."""
    NO_FIRST_REPORT = "no_first_report"
    """it was commissioned and never reported."""
    MESSAGE = "message"
    """a live message proves it."""
    LEDGER = "ledger"
    """the ledger says so (supply gas, target gas, commissioning, retirement)."""
    DECLARED_GAS = "declared_gas"
    """the detector's own message names another gas."""
    RISING = "rising"
    """the number goes up fast."""
    STAYING = "staying"
    """gas below the set point has been there for long."""
    OVERTAKEN = "overtaken"
    """it has become something worse (a trend: a leak)."""


class BlindScope(StrEnum):
    """What of our own is down; all detectors are unmonitored meanwhile."""

    LINK = "link"
    COLLECTOR = "collector"
    STORE = "store"


class Sample(msgspec.Struct, frozen=True, omit_defaults=True):
    """The message behind an event: %LEL (`corrected_lel`: at most so much in truth, in another gas), ppm, ms."""

    received_ms: int
    state: ReportedState | None = None
    measured_ms: int | None = None
    seq: int | None = None
    lel: float | None = None
    co: float | None = None
    corrected_lel: float | None = None


class ConditionRaised(EventBase, frozen=True, tag="condition.raised"):
    """A detector entered a condition. `since_ms` may be earlier than the entry (silence, late data)."""

    detector: DetectorId
    site: SiteId
    condition: Condition
    since_ms: int
    reason: Reason
    level: Level = Level.NONE
    codes: tuple[str, ...] = ()
    sample: Sample | None = None
    late: bool = False


class ConditionChanged(EventBase, frozen=True, tag="condition.changed"):
    """Level or codes of an active condition changed, or a leak's peak: the highest %LEL since it began."""

    detector: DetectorId
    site: SiteId
    condition: Condition
    since_ms: int
    reason: Reason
    level: Level = Level.NONE
    previous: Level = Level.NONE
    codes: tuple[str, ...] = ()
    sample: Sample | None = None
    late: bool = False
    peak_lel: float | None = None


class ConditionCleared(EventBase, frozen=True, tag="condition.cleared"):
    """A detector left a condition that held from `since_ms` to `ended_ms`; `peak_lel`: of a leak, its highest %LEL."""

    detector: DetectorId
    site: SiteId
    condition: Condition
    since_ms: int
    ended_ms: int
    reason: Reason
    sample: Sample | None = None
    peak_lel: float | None = None


class FirstReport(EventBase, frozen=True, tag="detector.first_report"):
    """The first message ever of a registered detector; before it nothing was proven."""

    detector: DetectorId
    site: SiteId
    received_ms: int


class UnknownDetector(EventBase, frozen=True, tag="detector.unknown"):
    """A detector that is not in the ledger spoke for the first time; its messages are quarantined."""

    detector: DetectorId
    received_ms: int


class UnknownLeak(EventBase, frozen=True, tag="detector.unknown_leak"):
    """A detector that is not in the ledger reports a leak (`level` NONE: it reports no leak any more)."""

    detector: DetectorId
    level: Level
    sample: Sample


class CommandAnswered(EventBase, frozen=True, tag="command.answered"):
    """A detector answered a command; `valve` is its state now ("open", "closed", "fault", "none")."""

    detector: DetectorId
    site: SiteId
    command: str
    ok: bool
    received_ms: int
    valve: str | None = None


class BlindBegan(EventBase, frozen=True, tag="blind.began"):
    """Since `since_ms` we can't see; every detector is unmonitored."""

    scope: BlindScope
    name: str
    since_ms: int
    reason: str


class BlindEnded(EventBase, frozen=True, tag="blind.ended"):
    """We were blind from `since_ms` to `ended_ms`."""

    scope: BlindScope
    name: str
    since_ms: int
    ended_ms: int
    reason: str


class TroubleBegan(EventBase, frozen=True, tag="trouble.began"):
    """Something of our own is not as it should be, though we still see: told to the operators.

    `name` says what ("broker_drops", "series_spool" …), `detail` is for the operator to read.
    """

    name: str
    since_ms: int
    detail: str


class TroubleEnded(EventBase, frozen=True, tag="trouble.ended"):
    """That trouble held from `since_ms` to `ended_ms`; `reason`: why it ended, if not because all is well."""

    name: str
    since_ms: int
    ended_ms: int
    reason: str = ""


class LedgerChanged(EventBase, frozen=True, tag="ledger.changed"):
    """A record of the ledger was added, changed or removed; `before`/`after` are its JSON."""

    entity: str
    key: str
    by: str
    before: str | None = None
    after: str | None = None


class AlarmStep(StrEnum):
    """Because … – why an alarm is as it is now."""

    OPENED = "opened"
    CAME_BACK = "came_back"
    WORSE = "worse"
    LESS = "less"
    MORE = "more"
    """The level rose again, though not above the one that people were told of."""
    NORMAL = "normal"
    ACKED = "acked"
    CLOSED = "closed"
    COMMENTED = "commented"
    ESCALATED = "escalated"
    """The next people up the ladder were told (`step` says how far up)."""
    QUIETED = "quieted"
    """Another alarm stands for it (`Alarm.inside`): it is shown, but silent."""
    ON_ITS_OWN = "on_its_own"
    """The alarm that stood for it is over, and it is not."""
    COUNTED = "counted"
    """Its numbers changed: how many of a group are offline, how often a connection broke off, a leak's peak."""
    ALSO_ACKED = "also_acked"
    """One more person took responsibility."""
    REMINDED = "reminded"
    """Who has acknowledged was told that more is expected."""
    ACK_EXPIRED = "ack_expired"
    """Nothing came of the acknowledgement in time: people are told again."""
    SHELVED = "shelved"
    """A person put it aside until an instant (`Alarm.shelf`)."""
    UNSHELVED = "unshelved"
    """A person took it back, or (without `by`) the instant has come."""
    COVERED = "covered"
    """A maintenance window lies over it (`Alarm.cover`)."""
    UNCOVERED = "uncovered"
    """The maintenance window is over, and it still holds."""
    TAKEN = "taken"
    """Somebody works on it (`Alarm.owner`)."""
    HASTENED = "hastened"
    """A person asked for the next people up the ladder at once."""
    LOUD = "loud"  # on the board, from now on (`Alarm.is_loud`)
    NOBODY_TOLD = "nobody_told"  # nobody of the step `rung` can be reached


class AlarmStepped(EventBase, frozen=True, tag="alarm.stepped"):
    """An alarm changed; the whole alarm travels along, so that a fold needs nothing else."""

    alarm: Alarm
    step: AlarmStep
    by: str | None = None
    note: str = ""
    rung: int | None = None


class NoticeStepped(EventBase, frozen=True, tag="notice.stepped"):
    """A notice changed its state."""

    notice: Notice
    site: SiteId | None = None


class ReceiptReceived(EventBase, frozen=True, tag="receipt.received"):
    """A provider says what became of a message; verified by its signature."""

    channel: str
    provider_id: str
    status: str
    code: str | None = None


class ReplyReceived(EventBase, frozen=True, tag="reply.received"):
    """A person answered by text; verified by the provider's signature. `sender` is E.164."""

    channel: str
    provider_id: str
    sender: str
    body: str


class KeyPressed(EventBase, frozen=True, tag="key.pressed"):
    """A person pressed a key in a call; verified by the provider's signature. `provider_id` is the call's."""

    channel: str
    provider_id: str
    digit: str
    notice: NoticeId | None = None


class ServiceStep(StrEnum):
    """What happened to one of our processes."""

    STARTED = "started"
    STOPPED = "stopped"
    CRASHED = "crashed"


class ServiceStepped(EventBase, frozen=True, tag="service.stepped"):
    """A process of ours started, stopped or crashed; a crash is followed by a restart in `retry_ms`."""

    service: str
    step: ServiceStep
    detail: str = ""
    retry_ms: int | None = None


class SignedIn(EventBase, frozen=True, tag="user.signed_in"):
    """A user signed in, or failed to."""

    user: str
    ok: bool
    address: str


Event: TypeAlias = (
    ConditionRaised
    | ConditionChanged
    | ConditionCleared
    | FirstReport
    | UnknownDetector
    | UnknownLeak
    | CommandAnswered
    | BlindBegan
    | BlindEnded
    | TroubleBegan
    | TroubleEnded
    | LedgerChanged
    | AlarmStepped
    | NoticeStepped
    | ReceiptReceived
    | ReplyReceived
    | KeyPressed
    | OperatorRequested
    | OperatorAnswered
    | WindowSet
    | WindowBegan
    | WindowEnded
    | ServiceStepped
    | SignedIn
    | HazardOpened
    | HazardClosed
    | HazardRequested
    | FloodBegan
    | FloodEnded
    | ContactStepped
    | SiteReachStepped
    | CanaryMeasured
    | AlarmChatters
)


class Entry(msgspec.Struct, frozen=True):
    """An event in its place: `id` grows by one, `at_ms` is the instant of appending."""

    id: int
    at_ms: int
    event: Event


_encode = msgspec.json.Encoder(order="deterministic").encode
_decoder: msgspec.json.Decoder[Event] = msgspec.json.Decoder(Event)


def encode(event: Event) -> bytes:
    """The stored form, UTF-8 JSON with a `kind`."""
    return _encode(event)


def decode(body: bytes | str) -> Event:
    """The inverse of `encode`.

    Raises:
        msgspec.DecodeError, msgspec.ValidationError: the body was not written by `encode`.
    """
    return _decoder.decode(body)


def kind_of(event: Event) -> str:
    """The stored kind, such as "condition.raised"."""
    return str(event.__struct_config__.tag)


class StoreDownError(Exception):
    """A store can't take what it was given; the message says what and why. Nothing was stored."""


class Journal(Protocol):
    """Append and read. Implementation: `gaswatch.stores.journal.SqlJournal`."""

    def append(self, events: list[Event], at_ms: int) -> int:
        """Store durably, in order, in one transaction; returns the last id. Blocking.

        Raises:
            StoreDownError: nothing was stored; try again.
        """
        ...

    def after(self, cursor: int, limit: int) -> list[Entry]:
        """Up to `limit` entries with an id greater than `cursor`, in order. Blocking."""
        ...

    def last_id(self) -> int:
        """The newest id, 0 for an empty journal. Cheap: it is asked many times a second."""
        ...
