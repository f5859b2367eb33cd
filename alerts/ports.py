"""What alerts needs from outside, in the field's words. All of it is blocking.

Stores raise `gascore.journal.StoreDownError`: then nothing of the transaction happened.
"""

from collections.abc import Collection, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from alerts.rules.casefile import CaseFile
from alerts.rules.delivery import Parcel, Receipt, Sent
from alerts.rules.outage import Group
from gascore.alarm import Alarm, AlarmKind
from gascore.journal import Entry, Event
from gascore.registry import Detector, Person, Role, Room, Site
from gascore.words import AlarmId, DetectorId, NoticeId, RoomId, RoomKind, SiteId


class SpoiledError(Exception):
    """An attempt failed by a defect of ours, not of the store: it is undone, the rest of the transaction stands."""


class Lane(StrEnum):
    """Two readers of the journal: when the power of a quarter fails, a leak does not queue behind the outage."""

    URGENT = "alerts.urgent"
    """Leaks, what people ask for or answer, and texts that did not arrive."""
    OTHERS = "alerts"


@dataclass(frozen=True, slots=True)
class Member:
    """Where a detector hangs and what it has in common with others: the most telling group first."""

    site: SiteId
    room: RoomId
    room_kind: RoomKind
    every_s: float
    groups: tuple[Group, ...]


class Registry(Protocol):
    """The ledger, as far as alarms need it. Implementation: `gaswatch.stores.registry.SqlRegistry`."""

    def detector(self, detector: DetectorId) -> Detector | None:
        """One detector; None: not in the ledger."""
        ...

    def site(self, site: SiteId) -> Site | None:
        """One site; None: not in the ledger."""
        ...

    def room(self, room: RoomId) -> Room | None:
        """One room; None: not in the ledger."""
        ...

    def people_on_duty(self, site: SiteId | None) -> list[tuple[Role, Person]]:
        """Who is to be told about `site`; None: those who have a duty for everything."""
        ...

    def person_by_phone(self, phone: str) -> Person | None:
        """Who has this number (E.164)."""
        ...


class Groups(Protocol):
    """What detectors have in common. Implementation: `gaswatch.stores.groups.SqlGroups`."""

    def members(self, detectors: Collection[DetectorId]) -> dict[DetectorId, Member]:
        """Several detectors at once; those that are not in the ledger are missing."""
        ...

    def sizes(self, now_ms: int) -> Mapping[Group, int]:
        """How many detectors are in service behind each gateway, in each area and of each supplier.

        Looks at the whole ledger: seconds for a million detectors.
        """
        ...

    def names(self, group: Group) -> tuple[str, str] | None:
        """What it is called, in Chinese and in English; None: it has no name but its id."""
        ...

    def people_of(self, group: Group, roles: Collection[Role]) -> list[tuple[Role, Person]]:
        """Who has one of these roles at any of the group's sites, each of them once."""
        ...


class Cases(Protocol):
    """The alarms, inside a transaction."""

    def new_id(self) -> AlarmId:
        """The id of the next alarm."""
        ...

    def of_key(self, key: str) -> CaseFile | None:
        """The open alarm of a key."""
        ...

    def of_id(self, alarm: AlarmId) -> CaseFile | None:
        """An alarm, open or closed."""
        ...

    def open_of(self, kinds: Collection[AlarmKind]) -> list[Alarm]:
        """All open alarms of these kinds, the oldest first."""
        ...

    def times(self, detector: DetectorId, since_ms: int, stands_for: AlarmId | None) -> int:
        """How often a detector went offline since then on its own, or inside the alarm `stands_for`."""
        ...

    def due(self, now_ms: int, limit: int) -> list[CaseFile]:
        """Alarms whose ladder is due, by rank (`alerts.rules.priority`); then the longest overdue first."""
        ...

    def next_due_ms(self) -> int | None:
        """When the next ladder is due."""
        ...

    def put(self, file: CaseFile) -> None:
        """Store; the store itself refuses a second open alarm of the same key."""
        ...


class Notices(Protocol):
    """The outbox, inside a transaction."""

    def new_id(self) -> NoticeId:
        """The id of the next notice."""
        ...

    def add(self, parcel: Parcel) -> bool:
        """Store a new notice; False: one with its `once_key` exists, nothing was stored."""
        ...

    def put(self, parcel: Parcel) -> None:
        """Replace a notice; what it says, to whom and with which code never changes."""
        ...

    def of_id(self, notice: NoticeId) -> Parcel | None:
        """One notice."""
        ...

    def of_alarm(self, alarm: AlarmId) -> list[Parcel]:
        """All notices of an alarm, in the order of their making."""
        ...

    def of_provider(self, provider_id: str) -> Parcel | None:
        """The notice that a provider calls so."""
        ...

    def open_codes(self, address: str) -> dict[str, AlarmId]:
        """The reply codes that a phone was given, of alarms that are still open."""
        ...

    def forget_codes(self, alarm: AlarmId) -> None:
        """The alarm is closed: its codes mean nothing any more."""
        ...

    def answers_since(self, address: str, since_ms: int) -> int:
        """How many answers to replies a phone was given since then."""
        ...

    def due(self, now_ms: int, limit: int) -> list[Parcel]:
        """Notices to be sent, or whose sender's lease ran out: the most urgent and then the oldest first."""
        ...

    def next_due_ms(self) -> int | None:
        """When the next notice is to be looked at."""
        ...

    def receipts(self, provider_id: str, since_ms: int) -> list[Receipt]:
        """Receipts that came before we knew that `provider_id` is ours."""
        ...


class Transaction(Protocol):
    """All or nothing: what is done through it is durable when its context ends without an exception."""

    @property
    def cases(self) -> Cases:
        """The alarms."""
        ...

    @property
    def notices(self) -> Notices:
        """The outbox."""
        ...

    def cursor(self, lane: Lane) -> int:
        """The id of the last journal entry that this lane has read."""
        ...

    def entries(self, cursor: int, limit: int) -> list[Entry]:
        """The journal after a cursor."""
        ...

    def attempt(self) -> AbstractContextManager[None]:
        """Undo what is done within, if it fails, and only that.

        Raises:
            SpoiledError: it failed by any error but the store's own.
        """
        ...

    def move(self, lane: Lane, cursor: int) -> None:
        """The lane has read up to here."""
        ...

    def append(self, events: list[Event], at_ms: int) -> None:
        """Write to the journal."""
        ...


class Books(Protocol):
    """Where alarms and notices are kept. Implementation: `gaswatch.stores.desk.SqlBooks`."""

    def open_of(self, kinds: Collection[AlarmKind]) -> list[Alarm]:
        """All open alarms of these kinds, the oldest first; no writer has to wait meanwhile."""
        ...

    def transaction(self) -> AbstractContextManager[Transaction]:
        """One write transaction, alone."""
        ...


class SmsSender(Protocol):
    """Sends texts. Implementation: `alerts.adapters.twilio_sms.TwilioSms`."""

    def send(self, address: str, text: str, *, valid_ms: int) -> Sent:
        """Hand a text to the provider, which may keep it for up to `valid_ms`.

        Trouble of the provider is an answer, not an exception. Returns within 20 s.
        """
        ...
