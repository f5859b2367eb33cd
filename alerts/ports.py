"""What alerts needs from outside, in the field's words. All of it is blocking.

Stores raise `gascore.journal.StoreDownError`: then nothing of the transaction happened.
"""

from collections.abc import Collection, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from alerts.rules.casefile import CaseFile
from alerts.rules.delivery import LookedUp, Parcel, Receipt, Sent
from alerts.rules.letters import Capabilities, Health, Letter
from alerts.rules.outage import Group
from alerts.rules.windows import WindowFile
from gascore.alarm import Alarm, AlarmKind, ChannelKind
from gascore.flood import Load
from gascore.hazard import Hazard
from gascore.journal import Entry, Event
from gascore.policy import Policy
from gascore.registry import Area, Detector, Person, Role, Room, Site
from gascore.roster import Roster
from gascore.windows import PlaceKind
from gascore.words import (
    AlarmId,
    AreaId,
    DetectorId,
    NoticeId,
    PersonId,
    Priority,
    RoomId,
    RoomKind,
    SiteId,
)


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

    def person(self, person: PersonId) -> Person | None:
        """One person; None: not in the ledger."""
        ...

    def area(self, area: AreaId) -> Area | None:
        """One area; None: not in the ledger."""
        ...

    def policies(self) -> tuple[Policy, ...]:
        """The escalation policies in their newest versions."""
        ...

    def rosters(self) -> tuple[Roster, ...]:
        """Who takes turns on duty."""
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

    def last_of_key(self, key: str) -> Alarm | None:
        """The newest alarm of a key, open or closed."""
        ...

    def covered(self, window: str | None = None) -> list[tuple[Priority, AlarmId]]:
        """The open alarms over which this maintenance window lies, None: any; with what they are worth."""
        ...

    def open_at(self, place: PlaceKind, at: str) -> list[tuple[Priority, AlarmId]]:
        """The open alarms of a detector, a room, a site, or an area with those below it; with what they are worth."""
        ...

    def times(self, detector: DetectorId, since_ms: int, stands_for: AlarmId | None) -> int:
        """How often a detector went offline since then on its own, or inside the alarm `stands_for`."""
        ...

    def due(self, now_ms: int, limit: int) -> list[CaseFile]:
        """Alarms whose ladder is due, by rank (`alerts.rules.priority`); then the longest overdue first."""
        ...

    def unreadable(self, until_ms: int) -> list[AlarmId]:
        """What `due` had to leave out, for this version can't read it; not looked at again before `until_ms`."""
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
        """Notices to be sent or asked about: the most urgent, then what is news, then the oldest first."""
        ...

    def next_due_ms(self) -> int | None:
        """When the next notice is to be looked at."""
        ...

    def leased(self) -> list[Parcel]:
        """What a sender may be at, or was when it died."""
        ...

    def waiting(self, channel: str, address: str) -> list[Parcel]:
        """What is PENDING for this address by this channel, the oldest first."""
        ...

    def begun(self, channel: ChannelKind, address: str, since_ms: int, *, broad: bool = False) -> list[int]:
        """When requests to this address left by this channel since then, ms, ascending; `broad`: of no site's alarm."""
        ...

    def provider_ids(self, address: str, since_ms: int) -> frozenset[str]:
        """What providers call the notices whose requests to this address left since then."""
        ...

    def receipts(self, provider_id: str, since_ms: int) -> list[Receipt]:
        """Receipts that came before we knew that `provider_id` is ours."""
        ...


class Hazards(Protocol):
    """What became a hazard, inside a transaction."""

    def new_id(self) -> int:
        """The number of the next hazard."""
        ...

    def of_id(self, wanted: int) -> Hazard | None:
        """A hazard, open or closed."""
        ...

    def open_of(self, wanted: AlarmId) -> Hazard | None:
        """The open hazard that an alarm became."""
        ...

    def stale(self, before_ms: int, limit: int) -> list[Alarm]:
        """Alarms since before then that are no hazard, nor were one since then; the oldest first."""
        ...

    def oldest_ms(self, before_ms: int) -> int | None:
        """Since when the oldest one counts that is no hazard."""
        ...

    def put(self, one: Hazard) -> None:
        """Store; the store itself refuses a second open hazard of an alarm."""
        ...


class WindowFiles(Protocol):
    """Maintenance windows, inside a transaction."""

    def live(self) -> list[WindowFile]:
        """Those that are not over; who ends first is first."""
        ...

    def put(self, file: WindowFile, *, is_over: bool) -> None:
        """Keep where a window stands; the window itself is never changed from here."""
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

    @property
    def hazards(self) -> Hazards:
        """What became a hazard."""
        ...

    def load(self) -> Load:
        """The newest annunciations and the flood that is on."""
        ...

    def put_load(self, load: Load) -> None:
        """Remember them."""
        ...

    @property
    def windows(self) -> WindowFiles:
        """Maintenance windows."""
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


class Channel(Protocol):
    """One way of one provider; a new provider is one module in `alerts.adapters` and one registration.

    Blocking, thread-safe. Trouble of the provider is an answer, not an exception.
    """

    @property
    def name(self) -> str:
        """The module's name, such as "twilio_sms"."""
        ...

    @property
    def kind(self) -> ChannelKind:
        """What it is to the person."""
        ...

    @property
    def can(self) -> Capabilities:
        """What it can do."""
        ...

    def send(self, letter: Letter) -> Sent:
        """Hand it over, once: no retry inside. Returns within 20 s."""
        ...

    def look_up(self, letter: Letter) -> LookedUp:
        """Ask what became of it: by `provider_id`, else by address, text and `since_ms`. Returns within 20 s."""
        ...

    def probe(self) -> Health:
        """Whether the account works; no message is sent. Returns within 20 s."""
        ...


class Presence(Protocol):
    """Which runs of alerts are alive: leases carry the name of the run that has them."""

    @property
    def run(self) -> str | None:
        """This run's name; None: nobody could tell whether it is alive."""
        ...

    def dead(self) -> frozenset[str]:
        """Runs that have certainly ended and are not buried yet; of those elsewhere nothing is known."""
        ...

    def bury(self, runs: frozenset[str]) -> None:
        """Nothing is left of theirs: forget them."""
        ...
