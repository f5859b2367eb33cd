"""An alarm and a notice as everybody sees them: the snapshots that travel in the journal.

How they change is decided in `alerts.rules`; here are only the facts. ISA-18.2's two axes are kept
apart (condition active or normal; acknowledged or not), with the latch beside them; status is derived.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

import msgspec

from gascore.words import AlarmId, Condition, DetectorId, Level, NoticeId, PersonId, Priority, RoomId, SiteId


class AlarmKind(StrEnum):
    """What an alarm is about: a detector's condition, or the service itself."""

    LEAK = "leak"
    FAULT = "fault"
    OFFLINE = "offline"
    NEVER_REPORTED = "never_reported"
    WRONG_GAS = "wrong_gas"
    TREND = "trend"
    """Gas below the set point that stays or goes up fast: a pre-alarm, operators only."""
    UNKNOWN_LEAK = "unknown_leak"
    """A leak reported by a detector that is not in the ledger: operators only."""
    BLIND = "blind"
    """The service can't see: broker, collector or store down."""
    TROUBLE = "trouble"
    """The service sees, but something of its own is not as it should be."""
    OUTAGE = "outage"
    """Many detectors of an area, a gateway or a supplier went offline together: one alarm with the list."""
    UNSTABLE = "unstable"
    """A detector goes offline and comes back again and again: one alarm for all of it."""


class AlarmStatus(StrEnum):
    """Derived from the facts: the states of ISA-18.2, and our close. Its state A, normal, is no open alarm."""

    UNACKED_ACTIVE = "unacked_active"
    UNACKED_NORMAL = "unacked_normal"
    ACKED_ACTIVE = "acked_active"
    ACKED_NORMAL = "acked_normal"
    """Returned to normal and acknowledged, but latched: waits for a cause."""
    CLOSED = "closed"
    SHELVED = "shelved"
    """State E: a person has put it aside until an instant."""
    SUPPRESSED = "suppressed"
    """State F, by design: another alarm stands for it."""
    OUT_OF_SERVICE = "out_of_service"
    """State G: a maintenance window covers it."""


class Suppression(StrEnum):
    """Why nobody, or not everybody, is told of an alarm."""

    NONE = "none"
    SHELVED = "shelved"
    MAINTENANCE = "maintenance"
    GAS_TEST = "gas_test"
    """A low leak while gas is let out on purpose: the operators are told, nobody else."""
    BY_DESIGN = "by_design"
    """Another alarm stands for it (`Alarm.inside`)."""


class Shelf(msgspec.Struct, frozen=True):
    """A person `by` put the alarm aside until `until_ms` (never without an end), and said why."""

    by: str
    until_ms: int
    reason: str


class Cover(msgspec.Struct, frozen=True):
    """A maintenance window lies over the alarm.

    Attributes:
        window: the window's id; by: who answers for it.
        until_ms: when this time of the window ends, as planned.
    """

    window: str
    by: str
    until_ms: int
    reason: str
    gas_test: bool = False


class AlarmCause(StrEnum):
    """Why it alarmed; a person says so when closing."""

    REAL_LEAK = "real_leak"
    FALSE_ALARM = "false_alarm"
    TEST = "test"
    MAINTENANCE = "maintenance"
    OTHER = "other"
    CLEARED = "cleared"
    """Not a leak and over by itself: closed without a person."""
    ABSORBED = "absorbed"
    """A group alarm that explains more has taken its place."""


class FalseTrigger(StrEnum):
    """What a detector took for gas (domain reference, section 7)."""

    ALCOHOL = "alcohol"
    STEAM = "steam"
    """Steam or condensation."""
    INSECTICIDE = "insecticide"
    """Insecticide, hair spray: the propellant is propane or butane."""
    COOKING_SMOKE = "cooking_smoke"
    DISINFECTANT = "disinfectant"
    PAINT = "paint"
    """Paint or solvent."""
    OTHER = "other"
    """Something else; the remark says what."""


class GroupKind(StrEnum):
    """What detectors that fail together have in common, the most telling first."""

    GATEWAY = "gateway"
    AREA = "area"
    SUPPLIER = "supplier"


class Outage(msgspec.Struct, frozen=True):
    """What a group alarm says of its group.

    Attributes:
        offline: how many of its detectors that went since it began are offline now; `most`: the most so far.
        size: how many detectors the group has in service.
        listed: the first of them (`LISTED`); all: `GET /api/v1/alarms/{id}/inside`.
        acked: how many were offline when somebody answered for it, or put it aside; far more are another matter.
        spans: from when to when (ms) its detectors went; who goes offline later is no part of it.
    """

    kind: GroupKind
    id: str
    offline: int
    most: int
    size: int
    listed: tuple[DetectorId, ...] = ()
    acked: int = 0
    spans: tuple[tuple[int, int], ...] = ()


LISTED: Final = 20
"""Detectors named in a group alarm's snapshot, which travels in the journal with every step."""
LEAKS: Final = frozenset({AlarmKind.LEAK, AlarmKind.UNKNOWN_LEAK})
"""The kinds that are latched, and never delayed, shelved, merged away or suppressed (design, section 3)."""
QUIETED: Final = frozenset({AlarmKind.OFFLINE, AlarmKind.UNSTABLE})
"""The only kinds that are ever silent inside another alarm. Leaks never are (design, section 3)."""


class Alarm(msgspec.Struct, frozen=True):
    """One alarm: at most one is open per `key`.

    Attributes:
        key: "detector:{id}:{kind}", "unknown:{id}:leak" or "system:{scope}:{name}" (`TROUBLE`: scope "trouble").
        version: grows by one with every change; an operator's action names the version it saw.
        level: now; `peak_level`, `peak_lel` (%LEL): the worst so far.
        received_ms: receipt of the message that opened it; the start of every latency.
        since_ms: since when the condition holds.
        first_level: the level at which it opened, at `opened_ms`.
        last_ms: when its condition last began, changed or ended, ms; None: written before that was kept.
        count: the number of its present episode: how many times the condition came back while it was open, plus one.
        late: opened by a message measured long before it was received.
        latched: stays open, though normal and acknowledged, until a person closes it with a cause.
        owner: who works on it; acked_by: who took responsibility, who need not be the same.
        recorded_by: the operator who wrote down an acknowledgement that came by telephone.
        shelf, cover, inside: what keeps people from being told of it; separate facts, `suppression` sums them up.
        trigger: what a false alarm was about.
        unanswered: its escalation came to the last step.
        told_level: only a higher one is worse: the highest since it began, or came back though it was answered.
        acks_missing: so many more must take responsibility of what somebody has acknowledged already.
        ack_expires_ms: when the acknowledgement counts no more without a sign of progress; None: never.
        codes: fault codes; why it is a trend; the reason of blindness; a trouble's name and its detail in words.
    """

    id: AlarmId
    key: str
    kind: AlarmKind
    priority: Priority
    version: int
    active: bool
    latched: bool
    opened_ms: int
    changed_ms: int
    received_ms: int
    since_ms: int
    detector: DetectorId | None = None
    site: SiteId | None = None
    room: RoomId | None = None
    level: Level = Level.NONE
    peak_level: Level = Level.NONE
    peak_lel: float | None = None
    count: int = 1
    late: bool = False
    codes: tuple[str, ...] = ()
    acked_by: str | None = None
    acked_ms: int | None = None
    closed_by: str | None = None
    closed_ms: int | None = None
    cause: AlarmCause | None = None
    note: str = ""
    inside: AlarmId | None = None
    outage: Outage | None = None
    first_level: Level = Level.NONE
    last_ms: int | None = None
    owner: str | None = None
    recorded_by: str | None = None
    shelf: Shelf | None = None
    cover: Cover | None = None
    trigger: FalseTrigger | None = None
    unanswered: bool = False
    told_level: Level = Level.NONE
    acks_missing: int = 0
    ack_expires_ms: int | None = None

    @property
    def news_level(self) -> Level:
        """`told_level`, also of what was written before that was kept."""
        return self.told_level or self.peak_level

    @property
    def is_loud(self) -> bool:
        """The last ones who could be told were, and nobody, or too few, took responsibility: the board says so, loudly."""
        return self.unanswered and not self.is_answered and self.closed_ms is None

    @property
    def is_answered(self) -> bool:
        """As many as must took responsibility."""
        return self.acked_ms is not None and not self.acks_missing

    @property
    def suppression(self) -> Suppression:
        """Why nobody, or not everybody, is told: the most telling reason first."""
        if self.inside is not None:
            return Suppression.BY_DESIGN
        if self.shelf is not None:
            return Suppression.SHELVED
        if self.cover is not None:
            return Suppression.GAS_TEST if self.kind in LEAKS else Suppression.MAINTENANCE
        return Suppression.NONE

    @property
    def is_silent(self) -> bool:
        """Nobody is told of it at present. Never true of a leak."""
        return self.suppression not in {Suppression.NONE, Suppression.GAS_TEST}

    @property
    def status(self) -> AlarmStatus:
        """The ISA-18.2 state, derived."""
        if self.closed_ms is None and self.is_silent:
            return _SILENT[self.suppression]
        return self.standing

    @property
    def standing(self) -> AlarmStatus:
        """The same as if nothing suppressed it: condition and acknowledgement."""
        if self.closed_ms is not None:
            return AlarmStatus.CLOSED
        if self.acked_ms is None:
            return AlarmStatus.UNACKED_ACTIVE if self.active else AlarmStatus.UNACKED_NORMAL
        return AlarmStatus.ACKED_ACTIVE if self.active else AlarmStatus.ACKED_NORMAL


_SILENT: Final[Mapping[Suppression, AlarmStatus]] = {
    Suppression.BY_DESIGN: AlarmStatus.SUPPRESSED,
    Suppression.SHELVED: AlarmStatus.SHELVED,
    Suppression.MAINTENANCE: AlarmStatus.OUT_OF_SERVICE,
}

ALARM_OF_CONDITION: dict[Condition, AlarmKind] = {
    Condition.LEAK: AlarmKind.LEAK,
    Condition.FAULT: AlarmKind.FAULT,
    Condition.OFFLINE: AlarmKind.OFFLINE,
    Condition.NEVER_REPORTED: AlarmKind.NEVER_REPORTED,
    Condition.WRONG_GAS: AlarmKind.WRONG_GAS,
    Condition.TREND: AlarmKind.TREND,
}
"""The conditions that raise an alarm; the others are seen on the detector's page and in the journal."""


class NoticeState(StrEnum):
    """How far a notice has come. Receipts only ever move it forward (rank in `alerts.rules.delivery`)."""

    PENDING = "pending"
    SENDING = "sending"
    HANDED_OVER = "handed_over"
    """The provider took it."""
    DELIVERED = "delivered"
    UNDELIVERED = "undelivered"
    REFUSED = "refused"
    """The provider said no; the code says why."""
    UNKNOWN = "unknown"
    """The request left, no answer came: it may or may not have been sent."""
    EXPIRED = "expired"
    SUPERSEDED = "superseded"
    """Not sent because it was no longer needed (acknowledged or closed before)."""


class ChannelKind(StrEnum):
    """How a person is told; which provider does it is decided when it is sent."""

    SMS = "sms"
    VOICE = "voice"
    EMAIL = "email"
    IM = "im"
    """A message to a team's room (DingTalk, WeCom, Feishu)."""
    WEBHOOK = "webhook"
    """Another computer is told, signed."""
    CONSOLE = "console"
    """The centre's board, loudly."""


class NoticePurpose(StrEnum):
    """Why a person is told."""

    RAISED = "raised"
    WORSE = "worse"
    REPEAT = "repeat"
    CLEARED = "cleared"
    ANSWER = "answer"
    """Our answer to a reply: "taken over by … at …", or "no such code"."""
    TEST = "test"
    """Of no alarm: whether the phone can be reached at all."""


class Notice(msgspec.Struct, frozen=True):
    """One message to one person, without the text and the number (those stay in the outbox).

    `received_ms` is the receipt of the message that caused the alarm, for the latency to hand-over.
    `channel` is a `ChannelKind`; `provider` the module that carried it ("twilio_sms"), None: not sent yet.
    `overdue_ms`: since when a receipt is missing; the next channel or person is told meanwhile.
    """

    id: NoticeId
    alarm: AlarmId | None
    person: PersonId | None
    role: str
    step: int
    channel: str
    purpose: NoticePurpose
    state: NoticeState
    created_ms: int
    received_ms: int | None = None
    handed_ms: int | None = None
    final_ms: int | None = None
    provider_id: str | None = None
    code: str | None = None
    provider: str | None = None
    overdue_ms: int | None = None
