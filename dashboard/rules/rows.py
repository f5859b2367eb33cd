"""What the console shows of the town: rows of open alarms, counts, and how our own services are.

These are stored nowhere and sent as JSON; the field names are the stream's contract (docs/adr/0010).
Instants are ms since 1970 UTC.
"""

from enum import StrEnum

import msgspec

from gascore.alarm import AlarmKind, AlarmStatus, GroupKind, NoticePurpose, NoticeState, Suppression
from gascore.words import AlarmId, DetectorId, Level, NoticeId, PersonId, Priority, SiteId, SupplyGas


class NoticeRow(msgspec.Struct, frozen=True):
    """Who was told, how, and how far it got; `at_ms` is the newest instant known of it."""

    id: NoticeId
    person_name: str
    role: str
    channel: str
    purpose: NoticePurpose
    state: NoticeState
    at_ms: int
    person: PersonId | None = None


class OutageRow(msgspec.Struct, frozen=True):
    """What a group alarm is about: `offline` of the `size` detectors of a group, `most` at its worst."""

    kind: GroupKind
    id: str
    name: str
    name_en: str
    offline: int
    most: int
    size: int
    listed: tuple[DetectorId, ...]


class Row(msgspec.Struct, frozen=True):
    """One open alarm.

    Attributes:
        lel, peak_lel: %LEL now (the newest reading) and the worst so far, as the detector shows them.
        corrected_lel: what `lel` may be at most in truth, where the detector hangs in another gas than its own.
        received_ms: receipt of the message that opened it.
        since_ms: since when the condition holds.
        count: how often the condition has come while the alarm was open.
        rung: how far up the ladder people were told, None before the first.
        loud: its escalation came to the last step, and nobody has answered.
        hazard_ms: it is a hazard now, to be put right until then; such rows come last.
        chatters: it was set three times within a minute.
        suppression: why nobody is told, until when at most, by whose word and for what reason.
        owner: who works on it.
        acks_missing: so many more must take responsibility, though somebody has.
        ack_expires_ms: when the acknowledgement counts no more without a sign of progress; None: never.
        inside: the alarm that stands for this one; such rows are not on the console, but in its list.
    """

    id: AlarmId
    version: int
    status: AlarmStatus
    kind: AlarmKind
    priority: Priority
    level: Level
    peak_level: Level
    lel: float | None
    peak_lel: float | None
    detector: DetectorId | None
    site: SiteId | None
    site_name: str
    site_name_en: str
    room_name: str
    room_name_en: str
    address: str
    supply_gas: SupplyGas | None
    opened_ms: int
    changed_ms: int
    since_ms: int
    received_ms: int
    acked_by: str | None
    acked_ms: int | None
    count: int
    late: bool
    codes: tuple[str, ...]
    notices: tuple[NoticeRow, ...]
    rung: int | None
    inside: AlarmId | None = None
    outage: OutageRow | None = None
    corrected_lel: float | None = None
    hazard_ms: int | None = None
    chatters: bool = False
    suppression: Suppression = Suppression.NONE
    suppressed_until_ms: int | None = None
    suppressed_by: str = ""
    suppressed_reason: str = ""
    owner: str | None = None
    loud: bool = False
    acks_missing: int = 0
    ack_expires_ms: int | None = None


class Counts(msgspec.Struct, frozen=True):
    """Open alarms by priority ("1" to "4"), those nobody has acknowledged, detectors by protection state.

    `inside`: alarms for which another one stands; they are in none of the other numbers. `hazards`: so many of the
    open ones are hazards. `flood_ms`: since when there are too many alarms at once, None: there are not.
    `silent`: shelved, or in a maintenance window; they are in none of the other numbers either.
    """

    by_priority: dict[str, int]
    unacked: int
    detectors: dict[str, int]
    inside: int = 0
    hazards: int = 0
    flood_ms: int | None = None
    silent: int = 0


class SystemState(StrEnum):
    """How a service or a broker link is."""

    UP = "up"
    DOWN = "down"
    RESTARTING = "restarting"


class SystemRow(msgspec.Struct, frozen=True):
    """A service or a link of ours.

    `detail` says why it isn't up, or is empty. `crashed_ms`: when it crashed, as long as that was lately.
    """

    name: str
    state: SystemState
    detail: str
    crashed_ms: int | None = None
