"""What each page's template is given. The server fills these, the templates read them; nothing else passes.

`Pages.render(TEMPLATE, language=…, **context)` gets one of the contexts below; each holds `BaseContext`.
Instants are ms since 1970 UTC (templates show them in `zone`), concentrations %LEL, durations seconds.
Names exist twice (`name`, `name_en`): templates choose by `language`.
"""

from collections.abc import Callable
from typing import Any, Final, Literal, TypedDict

import msgspec

from dashboard.ports import Contact, UserRole
from dashboard.rules.rows import Counts, Row, SystemRow
from gascore.contacts import Reachability
from gascore.correction import Corrected
from gascore.registry import SiteKind
from gascore.thresholds import Thresholds
from gascore.words import (
    AlarmId,
    Condition,
    DetectorId,
    Language,
    Level,
    Protection,
    ReportedState,
    RoomKind,
    SiteId,
    SupplyGas,
    TargetGas,
)

LOGIN: Final = "login"
CONSOLE: Final = "console"
DETECTORS: Final = "detectors"
DETECTOR: Final = "detector"
INSIDE: Final = "inside"
PROTECTION: Final = "protection"
SYSTEM: Final = "system"
PROBLEM: Final = "problem"
UPKEEP: Final = "upkeep"
WINDOWS: Final = "windows"
CONTACTS: Final = "contacts"
ALARM: Final = "alarm"
SITE: Final = "site"


class UserView(msgspec.Struct, frozen=True):
    """Who is signed in. `may_act`: the buttons of alarms are for this person."""

    name: str
    display_name: str
    role: UserRole
    language: Language
    may_act: bool


class BaseContext(TypedDict):
    """Every page has these.

    Keys:
        user: None on the login page.
        path: of the request, to mark the place in the navigation.
        asset: "live.js" -> "/static/dist/live.js?v=…".
        now_ms: the server's clock when the page was made.
        zone: IANA name of the time zone that instants are shown in.
    """

    user: UserView | None
    path: str
    asset: Callable[[str], str]
    now_ms: int
    zone: str


LoginError = Literal["wrong", "too_many", "store_down"]
"""Wrong name or password; too many attempts (wait `retry_s`); accounts can't be read now."""


class LoginContext(BaseContext):
    """`POST /login` with `name`, `password`, `next` (a path of ours)."""

    error: LoginError | None
    retry_s: int
    name: str
    next: str


class ConsoleContext(BaseContext):
    """Rows as of `seq` in their order, for the first paint and for browsers without script."""

    rows: tuple[Row, ...]
    counts: Counts
    system: tuple[SystemRow, ...]
    seq: int


class LastReading(msgspec.Struct, frozen=True):
    """The newest stored reading: %LEL, ppm, ms; `corrected`: what its %LEL may be in truth, in another gas."""

    at_ms: int
    state: ReportedState
    lel: float | None
    co: float | None
    corrected: Corrected | None = None


class Missing(msgspec.Struct, frozen=True):
    """Messages of a detector that are missing by their numbers since the collector started, at `since_ms`.

    `messages` null: some may be, but the collector keeps count of those detectors only that miss the most.
    """

    messages: int | None
    since_ms: int


class DetectorLine(msgspec.Struct, frozen=True):
    """A detector in a list. `target` None: to verify. `conditions`: active now."""

    no: int
    id: DetectorId
    model: str
    site: SiteId
    site_name: str
    site_name_en: str
    room_name: str
    room_name_en: str
    room_kind: RoomKind
    supply_gas: SupplyGas
    target: tuple[TargetGas, ...] | None
    protection: Protection
    conditions: tuple[Condition, ...]


class DetectorsContext(BaseContext):
    """One page of detectors, sorted by id.

    Keys:
        counts: detectors per protection state, of all.
        q, state: the filter as asked (text in name or id; a protection state or "").
        total: how many match the filter.
        next_after: give it as `?after=` for the next page; None on the last.
    """

    lines: tuple[DetectorLine, ...]
    counts: dict[str, int]
    q: str
    state: str
    total: int
    next_after: str | None


class ConditionLine(msgspec.Struct, frozen=True):
    """An active condition and since when; `reason` is a `gascore.journal.Reason`."""

    condition: Condition
    level: Level
    since_ms: int
    reason: str
    codes: tuple[str, ...]


class EntryLine(msgspec.Struct, frozen=True):
    """A journal entry: `kind` such as "condition.raised", `event` its fields as plain JSON values."""

    id: int
    at_ms: int
    kind: str
    event: dict[str, Any]


class DetectorContext(BaseContext):
    """One detector.

    Keys:
        every_s: seconds between its reports; figures: what is asked of its numbers.
        own_set_points: the ledger has set points of its own for it.
        readings_url: with `from`, `to` (ms) and `every` (s) filled in: {"points": [[ms, min, max, mean]…]}.
        last_problem: why its newest reading is not known now; None: it is, or it has none.
        missing: its missing messages; None: the collector says nothing of them.
        alarms: its open alarms; entries: its newest journal entries, newest first.
    """

    line: DetectorLine
    site_kind: SiteKind
    address: str
    opens: str
    closes: str
    every_s: float
    figures: Thresholds
    own_set_points: bool
    commissioned_ms: int | None
    retired_ms: int | None
    accepted_ms: int | None
    gateway: str | None
    last: LastReading | None
    last_problem: str | None
    missing: Missing | None
    conditions: tuple[ConditionLine, ...]
    alarms: tuple[Row, ...]
    entries: tuple[EntryLine, ...]
    from_ms: int
    to_ms: int
    readings_url: str


class InsideContext(BaseContext):
    """The alarms for which `alarm` stands; `next_after`: where the next page begins, None: it was the last."""

    alarm: Row
    rows: tuple[Row, ...]
    next_after: AlarmId | None


class ProblemContext(BaseContext):
    """A page that can't be shown: `status` is HTTP's, `detail` says what to do."""

    status: int
    detail: str


class SiteName(msgspec.Struct, frozen=True):
    """A site and what it is called; "" where the ledger no longer knows it."""

    id: SiteId
    name: str
    name_en: str


class ContactLine(msgspec.Struct, frozen=True):
    """A person, and where."""

    contact: Contact
    sites: tuple[SiteName, ...]


class UnreachedSite(msgspec.Struct, frozen=True):
    """A site of whose people none can be reached since then."""

    site: SiteName
    since_ms: int


class ContactsContext(BaseContext):
    """Who can be reached.

    Keys:
        unreached: the longest first; unreached_count: also those that are not shown.
        state: what was asked for; "" everybody.
        next_after: give it as `?after=` for the next page; None on the last.
    """

    people: tuple[ContactLine, ...]
    unreached: tuple[UnreachedSite, ...]
    unreached_count: int
    states: tuple[Reachability, ...]
    state: Reachability | Literal[""]
    next_after: str | None
