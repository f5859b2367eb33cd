"""What the templates of upkeep are given: hazards, and maintenance windows."""

import msgspec

from dashboard.adapters.views import BaseContext
from dashboard.rules.kpi import Figure, Tallied
from dashboard.rules.places import Place
from gascore.alarm import AlarmKind
from gascore.hazard import Hazard
from gascore.registry import Person
from gascore.windows import Window


class HazardItem(Hazard, frozen=True, kw_only=True):
    """A hazard, where it is, and whether it should have been put right by now."""

    overdue: bool
    site_name: str
    site_name_en: str


class WindowItem(Window, frozen=True, kw_only=True):
    """A window, what its place and its person are called, and when it holds.

    Attributes:
        running_until_ms: it lies over its place until then; null: not now.
        next_ms: when it begins (again); null: never, or it runs.
    """

    place_name: str
    place_name_en: str
    person_name: str
    running_until_ms: int | None
    next_ms: int | None


class WindowForm(msgspec.Struct, frozen=True):
    """What stands in the form; instants are the town's wall clock, "2026-11-25T20:30".

    Attributes:
        key: the window that is changed; "": a new one.
        where: the place, as it was chosen or typed.
        days: of the week, Monday is 1; none: it holds all the time.
        passes: kinds of alarms that reach people as always.
    """

    key: str = ""
    where: str = ""
    person: str = ""
    reason: str = ""
    begins: str = ""
    ends: str = ""
    days: tuple[int, ...] = ()
    day_begins: str = ""
    day_ends: str = ""
    passes: tuple[str, ...] = ()
    gas_test: bool = False


class WindowsContext(BaseContext):
    """Maintenance windows, and the form of one.

    Keys:
        places: to choose from, before anything is typed.
        kinds: of alarms that may pass a window.
        before_id: stands between the name and the id of a place.
        changed: the window that the form is about; None: a new one.
        error: says what is wrong with the one that was sent, "" otherwise.
    """

    windows: tuple[WindowItem, ...]
    people: tuple[Person, ...]
    places: tuple[Place, ...]
    kinds: tuple[AlarmKind, ...]
    before_id: str
    changed: WindowItem | None
    form: WindowForm
    error: str


class UpkeepContext(BaseContext):
    """Open hazards, and what alarms asked of the operators.

    Keys:
        next_before: give it as `?before=` for the next page; None on the last.
        figures: beside what the standards ask; tallied: what was counted.
    """

    hazards: tuple[HazardItem, ...]
    next_before: int | None
    operators: int
    figures: tuple[Figure, ...]
    tallied: Tallied
