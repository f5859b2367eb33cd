"""Each figure comes from the most specific word on it, and equal answers are one object."""

import msgspec
import pytest

from gascore.thresholds import DEFAULTS, FIGURES, Profile, Resolver, Thresholds
from gascore.words import AreaId

CITY, TOWN, GRID = AreaId("city"), AreaId("town"), AreaId("grid")
PARENTS = {CITY: None, TOWN: CITY, GRID: TOWN}


def resolver(*profiles: Profile, defaults: Thresholds = DEFAULTS) -> Resolver:
    return Resolver(profiles, PARENTS, defaults)


def test_without_a_profile_the_defaults_hold() -> None:
    assert resolver().of("JT-1", GRID, None, None) == DEFAULTS
    own = Thresholds(clear_delay_s=5.0)
    assert resolver(defaults=own).of("JT-1", GRID, None, None) == own


def test_the_most_specific_word_wins_figure_by_figure() -> None:
    found = resolver(
        Profile("all", low_lel=24.0, high_lel=45.0, trend_lel=4.0, clear_delay_s=10.0, rise_lel=1.0),
        Profile("city", area=CITY, low_lel=23.0, high_lel=44.0, trend_lel=3.0, clear_delay_s=20.0),
        Profile("town", area=TOWN, low_lel=22.0, high_lel=43.0, trend_lel=2.0),
        Profile("model", model="JT-1", low_lel=21.0, high_lel=42.0),
        Profile("both", model="JT-1", area=TOWN, low_lel=20.0),
    ).of("JT-1", GRID, None, None)
    assert (found.low_lel, found.high_lel, found.trend_lel, found.clear_delay_s, found.rise_lel) == (
        20.0,
        42.0,
        2.0,
        20.0,
        1.0,
    )


def test_a_models_profile_is_not_for_other_models() -> None:
    found = resolver(Profile("model", model="JT-1", low_lel=10.0))
    assert found.of("JT-2", GRID, None, None).low_lel == DEFAULTS.low_lel
    assert found.of("JT-1", GRID, None, None).low_lel == 10.0


def test_the_detectors_own_set_points_win_over_every_profile() -> None:
    found = resolver(Profile("both", model="JT-1", area=GRID, low_lel=20.0, high_lel=40.0))
    assert found.of("JT-1", GRID, 5.0, None) == msgspec.structs.replace(DEFAULTS, low_lel=5.0, high_lel=40.0)


def test_figures_of_two_profiles_that_are_at_odds_are_taken_with_care() -> None:
    found = resolver(
        Profile("model", model="JT-1", low_lel=30.0),
        Profile("area", area=TOWN, high_lel=20.0, methane_on_lpg=2.0, methane_on_lpg_max=2.5),
        Profile("both", model="JT-1", area=TOWN, methane_on_lpg=3.0),
    ).of("JT-1", GRID, None, None)
    assert (found.low_lel, found.high_lel) == (20.0, 20.0)
    assert (found.methane_on_lpg, found.methane_on_lpg_max) == (3.0, 3.0)


def test_a_million_detectors_of_a_few_kinds_have_a_few_objects() -> None:
    found = resolver(Profile("model", model="JT-1", low_lel=10.0))
    areas = [AreaId(f"grid-{number}") for number in range(50)]
    seen = {
        id(found.of(model, area, own, None))
        for model in ("JT-1", "JT-2", "JT-3")
        for area in areas
        for own in (None, 15.0)
    }
    assert len(seen) == 3


@pytest.mark.parametrize(
    ("changes", "quiet"),
    [
        ({}, 2.0),
        ({"low_lel": 1.5}, 1.5),
        ({"rise_lel": 20.0}, 4.5),
        ({"rise_lel": 20.0, "trend_lel": 2.0}, 1.8),
    ],
)
def test_a_number_is_quiet_only_below_everything_that_it_could_begin(
    changes: dict[str, float], quiet: float
) -> None:
    assert msgspec.structs.replace(DEFAULTS, **changes).quiet_lel == pytest.approx(quiet)


def test_a_profile_has_every_figure_that_is_not_derived() -> None:
    assert set(FIGURES) == set(Thresholds.__struct_fields__) - {"quiet_lel"}


@pytest.mark.parametrize(
    "figures",
    [
        '{"low_lell": 10}',
        '{"low_lel": 0}',
        '{"low_lel": 101}',
        '{"hysteresis": 0.6}',
        '{"clear_delay_s": -1}',
    ],
)
def test_nonsense_in_a_file_is_refused(figures: str) -> None:
    body = '{"id": "x", ' + figures[1:]
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(body, type=Profile)
