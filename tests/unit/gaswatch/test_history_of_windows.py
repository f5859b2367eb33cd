"""Maintenance windows in the uptime figures, with exact begin and end."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from dashboard.rules.uptime import Seconds
from gascore.windows import PlaceKind, WindowBegan, WindowEnded
from gascore.words import Condition
from support.history_town import Town, a_detector, a_site, ms

HOUR, DAY = 3600, 86_400


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    town = Town(tmp_path)
    town.register(
        a_detector("D1"), a_detector("D2", no=2, site="S2"), sites=(a_site("S1"), a_site("S2", area="grid-2"))
    )
    yield town
    town.close()


def began(place: PlaceKind, at: str, since: str, until: str) -> WindowBegan:
    return WindowBegan(window="w1", place=place, at=at, since_ms=ms(since), until_ms=ms(until))


def ended(place: PlaceKind, at: str, since: str, at_last: str) -> WindowEnded:
    return WindowEnded(window="w1", place=place, at=at, since_ms=ms(since), ended_ms=ms(at_last))


@pytest.mark.parametrize(
    ("place", "at"),
    [
        (PlaceKind.DETECTOR, "D1"),
        (PlaceKind.ROOM, "S1-kitchen"),
        (PlaceKind.SITE, "S1"),
        (PlaceKind.AREA, "grid-1"),
    ],
)
def test_a_window_counts_as_maintenance_where_it_lay_and_nowhere_else(
    town: Town, place: PlaceKind, at: str
) -> None:
    since, last = "2026-11-01T08:00", "2026-11-01T09:30:07"
    town.append(ms(last), began(place, at, since, "2026-11-01T10:00"), ended(place, at, since, last))

    figures = town.site("S1", "2026-11-01", "2026-11-02").figures.all_hours
    assert figures == Seconds(maintenance=5407, protected=DAY - 5407)
    assert town.site("S2", "2026-11-01", "2026-11-02").figures.all_hours == Seconds(protected=DAY)


def test_an_area_has_the_areas_below_it(town: Town) -> None:
    since, last = "2026-11-01T08:00", "2026-11-01T09:00"
    town.append(
        ms(last), began(PlaceKind.AREA, "town", since, last), ended(PlaceKind.AREA, "town", since, last)
    )

    for site in ("S1", "S2"):
        assert town.site(site, "2026-11-01", "2026-11-02").figures.all_hours.maintenance == HOUR


def test_a_window_that_runs_counts_until_now(town: Town) -> None:
    town.append(ms("2026-11-01T08:00"), began(PlaceKind.SITE, "S1", "2026-11-01T08:00", "2026-11-01T09:00"))

    assert town.site("S1", "2026-11-01", "2026-11-02").figures.all_hours.maintenance == 16 * HOUR


def test_offline_goes_before_maintenance(town: Town) -> None:
    since, last = "2026-11-01T08:00", "2026-11-01T10:00"
    town.append(ms(last), began(PlaceKind.SITE, "S1", since, last), ended(PlaceKind.SITE, "S1", since, last))
    town.cleared("D1", Condition.OFFLINE, "2026-11-01T09:00", "2026-11-01T11:00")

    figures = town.site("S1", "2026-11-01", "2026-11-02").figures.all_hours
    assert figures == Seconds(maintenance=HOUR, offline=2 * HOUR, protected=21 * HOUR)
