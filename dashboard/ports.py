"""What the dashboard needs of the world, in its own words.

All calls block and raise `gascore.journal.StoreDownError` when the store can't be read or written.
"""

from collections.abc import Collection, Sequence
from typing import Literal, Protocol, TypeAlias

import msgspec

from dashboard.rules.board import Names, Tracked
from dashboard.rules.kpi import Tallied
from dashboard.rules.progress import Climb
from dashboard.rules.tally import Scope
from gascore.alarm import AlarmKind
from gascore.contacts import Reachability
from gascore.hazard import Hazard
from gascore.journal import Entry, Event
from gascore.registry import Area, Detector, Role, Room, Site
from gascore.rehearsal import Rehearsal
from gascore.thresholds import Thresholds
from gascore.windows import Window
from gascore.words import (
    AlarmId,
    Condition,
    DetectorId,
    Language,
    Level,
    PersonId,
    Protection,
    ReportedState,
    SiteId,
)

UserRole: TypeAlias = Literal["operator", "inspector", "admin"]
"""Inspectors look and export; operators and admins also acknowledge, close and comment."""


class User(msgspec.Struct, frozen=True):
    """Somebody who may sign in."""

    name: str
    display_name: str
    role: UserRole
    language: Language
    disabled: bool = False


class Account(msgspec.Struct, frozen=True):
    """A user with the hash of the password."""

    user: User
    password_hash: str


class Session(msgspec.Struct, frozen=True):
    """A signed-in browser: `seen_ms` is its last request (kept to the minute)."""

    user: User
    created_ms: int
    seen_ms: int
    expires_ms: int


class Accounts(Protocol):
    """Users and their sessions. Implementation: `gaswatch.stores.accounts.SqlAccounts`."""

    def account(self, name: str) -> Account | None:
        """The account of this name."""
        ...

    def open_session(self, token_hash: bytes, user: str, created_ms: int, expires_ms: int) -> None:
        """Remember a session; sessions that are over are forgotten on the way."""
        ...

    def session(self, token_hash: bytes) -> Session | None:
        """The session of this token, whether it is over or not."""
        ...

    def seen(self, token_hash: bytes, at_ms: int) -> None:
        """The session made a request."""
        ...

    def close_session(self, token_hash: bytes) -> None:
        """Forget the session; unknown ones are none."""
        ...


class Passwords(Protocol):
    """Slow on purpose. Implementation: `dashboard.adapters.passwords.Argon2Passwords`."""

    def hash(self, password: str) -> str:
        """A salted hash that names its own parameters."""
        ...

    def matches(self, password: str, password_hash: str | None) -> bool:
        """Whether they fit; None costs as much time and never fits. Raises nothing for a damaged hash: False."""
        ...


class Climbs(Protocol):
    """How far the escalation of an alarm has come. Implementation: `gaswatch.stores.climbs.SqlClimbs`."""

    def climb(self, wanted: AlarmId) -> Climb | None:
        """Where it stands, and what is next; None: nothing is kept of it."""
        ...


class OpenAlarms(msgspec.Struct, frozen=True):
    """All that was journaled about the alarms that are open as of entry `cursor`, in order."""

    cursor: int
    entries: Sequence[Entry]


class Callbacks(Protocol):
    """What providers tell us, each of it once. Implementation: `gaswatch.stores.callbacks.SqlCallbacks`."""

    def take(self, digest: bytes, events: Sequence[Event], at_ms: int) -> int | None:
        """Journal what a call says and remember the call by its `digest`, or neither.

        Returns when it was taken before (ms), and does nothing then; None: it is new. Raises `StoreDownError`.
        """
        ...


class Rehearsals(Protocol):
    """Tries out whom an alarm would tell. Implementation: `gaswatch.stores.rehearsal.SqlRehearsals`."""

    def rehearse(self, detector: DetectorId, kind: AlarmKind, level: Level, at_ms: int) -> Rehearsal | None:
        """Who would be told of such an alarm that starts at `at_ms`; None: no such detector in the ledger."""
        ...


class Alarms(Protocol):
    """Alarms as the journal tells them. Implementation: `gaswatch.stores.board.SqlBoard`."""

    def open_alarms(self) -> OpenAlarms:
        """What the board starts with: one consistent moment."""
        ...

    def closed(self, before: AlarmId | None, limit: int) -> list[Tracked]:
        """Closed alarms, newest id first, with ids below `before`."""
        ...

    def inside(self, other: AlarmId, after: AlarmId | None, limit: int) -> list[Tracked]:
        """The alarms for which another one stands or stood last, open and closed, by id, after `after`."""
        ...

    def alarm(self, alarm: AlarmId) -> Tracked | None:
        """One alarm, open or closed."""
        ...

    def entries(self, alarm: AlarmId, limit: int) -> list[Entry]:
        """The newest `limit` entries about it, oldest first."""
        ...


class Windows(Protocol):
    """Maintenance windows. Implementation: `gaswatch.stores.windows.SqlWindows`."""

    def live(self, since_ms: int) -> list[Window]:
        """Those that may hold at or after an instant; who ends first is first."""
        ...

    def window(self, key: str) -> Window | None:
        """One window, over or not."""
        ...

    def put(self, window: Window, by: str, at_ms: int) -> None:
        """Make or change a window, with its journal entry in the same transaction."""
        ...


class DetectorQuery(msgspec.Struct, frozen=True):
    """Detectors sorted by id, after `after`; `text` is looked for in ids and the names of sites.

    `site`: of this one alone.
    """

    text: str = ""
    protection: Protection | None = None
    after: DetectorId | None = None
    limit: int = 100
    site: SiteId | None = None


class ActiveCondition(msgspec.Struct, frozen=True):
    """An active condition; `reason` is a `gascore.journal.Reason`."""

    condition: Condition
    level: Level
    since_ms: int
    reason: str
    codes: tuple[str, ...]


class Installed(msgspec.Struct, frozen=True):
    """A detector with its place and what holds of it now; `declared`: the target gas as it last named it itself."""

    detector: Detector
    site: Site
    room: Room
    protection: Protection
    conditions: tuple[ActiveCondition, ...]
    declared: str | None = None


class InstalledPage(msgspec.Struct, frozen=True):
    """Some detectors, how many match in all, and where the next page begins (None: it was the last)."""

    found: tuple[Installed, ...]
    total: int
    next_after: DetectorId | None


class SitesPage(msgspec.Struct, frozen=True):
    """Some sites, sorted by id, and where the next page begins (None: it was the last)."""

    found: tuple[Site, ...]
    next_after: str | None


class Town(Protocol):
    """The ledger and the detectors' states. Implementation: `gaswatch.stores.board.SqlTown`."""

    def names(self) -> Names:
        """What rows show of the ledger."""
        ...

    def detectors(self, query: DetectorQuery, now_ms: int, *, monitored: bool) -> InstalledPage:
        """A page of detectors; `monitored` False: we can't see, required ones are unmonitored."""
        ...

    def detector(self, detector: DetectorId, now_ms: int, *, monitored: bool) -> Installed | None:
        """One detector."""
        ...

    def thresholds(self, one: Installed) -> Thresholds:
        """What is asked of its numbers: its own set points, the profiles of the ledger, the settings."""
        ...

    def entries(self, detector: DetectorId, limit: int) -> list[Entry]:
        """Its newest `limit` journal entries, newest first."""
        ...

    def sites(self, after: str | None, limit: int) -> SitesPage:
        """A page of sites."""
        ...

    def areas(self) -> list[Area]:
        """All areas, sorted by id."""
        ...


class Quarantined(msgspec.Struct, frozen=True):
    """A message that was not taken and kept for the operator to see."""

    id: int
    received_ms: int
    topic: str
    detector: str | None
    reason: str
    detail: str
    payload: bytes


class Quarantine(Protocol):
    """Implementation: `gaswatch.stores.board.SqlQuarantine`."""

    def newest(self, limit: int) -> list[Quarantined]:
        """Newest first."""
        ...


class Contact(msgspec.Struct, frozen=True):
    """A person, and what is known of the phone (`gascore.contacts.ContactStepped`).

    Attributes:
        phone_end: the last digits of the number.
        sites: where the person has a duty.
        since_ms: since when the state holds; None: nothing is known.
        proven_ms, tested_ms: when a receipt or a reply last proved it; when the last test text was made.
    """

    person: PersonId
    name: str
    name_en: str
    phone_end: str
    sites: tuple[SiteId, ...]
    state: Reachability
    since_ms: int | None
    why: str
    by: str
    proven_ms: int | None
    tested_ms: int | None


class Keeper(msgspec.Struct, frozen=True):
    """A person with the roles that he or she has at a site."""

    contact: Contact
    roles: tuple[Role, ...]


class ContactQuery(msgspec.Struct, frozen=True):
    """People in this state (None: all) with ids after `after`."""

    state: Reachability | None
    after: PersonId | None
    limit: int


class Contacts(Protocol):
    """Who can be told. Implementation: `gaswatch.stores.contact_list.SqlContactList`."""

    def page(self, query: ContactQuery) -> list[Contact]:
        """Up to one more than `limit`, by id."""
        ...

    def of_site(self, site: SiteId) -> list[Keeper]:
        """The people of a site, in the order of their duties; not those who have a duty for everything."""
        ...

    def unreached(self) -> dict[SiteId, int]:
        """The sites of which nobody can be reached, and since when (ms)."""
        ...


class Kpis(Protocol):
    """What alarms asked of people in a period. Implementation: `gaswatch.stores.kpis.SqlKpis`."""

    def tallied(self, scope: Scope) -> Tallied:
        """Count it; seconds for a year."""
        ...


class HazardQuery(msgspec.Struct, frozen=True):
    """Hazards with numbers below `before`; None: whatever it is. `overdue`: only those past their deadline."""

    is_open: bool | None = True
    overdue: bool = False
    site: SiteId | None = None
    detector: DetectorId | None = None
    before: int | None = None
    limit: int = 100


class HazardsPage(msgspec.Struct, frozen=True):
    """Some hazards, the newest first, and where the next page begins (None: it was the last)."""

    found: tuple[Hazard, ...]
    next_before: int | None


class Hazards(Protocol):
    """What is to be put right. Implementation: `gaswatch.stores.hazards.SqlHazardList`."""

    def page(self, query: HazardQuery, now_ms: int) -> HazardsPage:
        """The newest first."""
        ...

    def hazard(self, wanted: int) -> Hazard | None:
        """One hazard."""
        ...


class Newest(msgspec.Struct, frozen=True):
    """A detector's newest stored reading."""

    at_ms: int
    state: ReportedState
    lel: float | None
    co: float | None


Point: TypeAlias = tuple[int, float | None, float | None, float | None]
"""Begin of a step in ms, then least, greatest and mean %LEL in it (None: no valid value)."""


class Gauges(Protocol):
    """What detectors measure now. Implementation: `gaswatch.stores.curves.StoredGauges`."""

    def lel(self, detectors: Collection[DetectorId], since_ms: int) -> dict[DetectorId, float]:
        """The newest valid %LEL of each; those that have none since `since_ms` are missing."""
        ...


class Series(Protocol):
    """Readings over time. Implementation: `gaswatch.stores.curves.StoredSeries`."""

    def newest(self, no: int) -> Newest | None:
        """The newest reading of the detector with this number."""
        ...

    def points(self, no: int, from_ms: int, to_ms: int, every_s: int) -> list[Point]:
        """Steps of `every_s` from `from_ms` until just before `to_ms`; steps without a reading are missing."""
        ...
