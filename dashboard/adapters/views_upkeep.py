"""What the templates of upkeep are given: hazards, and maintenance windows."""

from dashboard.adapters.views import BaseContext
from dashboard.rules.kpi import Figure, Tallied
from gascore.hazard import Hazard
from gascore.registry import Person
from gascore.windows import PlaceKind, Window


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


class WindowsContext(BaseContext):
    """Maintenance windows; `error` says what is wrong with the one that was sent, "" otherwise."""

    windows: tuple[WindowItem, ...]
    people: tuple[Person, ...]
    places: tuple[PlaceKind, ...]
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
