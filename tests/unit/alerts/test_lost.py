"""What detectors that fail together have in common, and when it is over."""

from collections.abc import Iterable
from typing import Final

import pytest

from alerts.rules.lost import LOOK_MS, Lost, Register, Turn
from alerts.rules.outage import Because, Counted, Group, Limits, Phase, Span, State, step
from gascore.alarm import GroupKind
from gascore.words import DetectorId, SiteId

T: Final = 1_790_000_000_000
CITY, TOWN, OTHER = (Group(GroupKind.AREA, name) for name in ("city", "town", "other-town"))
EAST, WEST = (Group(GroupKind.AREA, name) for name in ("east", "west"))
GATEWAY: Final = Group(GroupKind.GATEWAY, "gw")
MINE: Final = Group(GroupKind.SUPPLIER, "mine")
SIZES: Final = {CITY: 300, TOWN: 100, OTHER: 200, EAST: 50, WEST: 50, GATEWAY: 30, MINE: 40}
LIMITS: Final = Limits()


class LookedAt(Register):
    """Counts how often it looks at a group."""

    looks = 0

    def _burst(self, group: Group, news: Span) -> tuple[Span, int] | None:
        self.looks += 1
        return super()._burst(group, news)


def lost(name: str, *groups: Group, at_s: float = 0, site: str | None = None) -> Lost:
    return Lost(DetectorId(name), SiteId(site or f"site-{name}"), groups, T + round(at_s * 1000))


def some(prefix: str, count: int, *groups: Group, at_s: float = 0, every_s: float = 0) -> list[Lost]:
    return [lost(f"{prefix}{n}", *groups, at_s=at_s + n * every_s) for n in range(count)]


def a_register(*gone: Iterable[Lost]) -> Register:
    register = Register(LIMITS)
    register.survey(SIZES)
    for several in gone:
        for one in several:
            register.went(one)
    return register


def decide(register: Register, at_s: float = 0) -> list[Turn]:
    """As the desk does: at once, and when it is asked to come again."""
    now_ms = T + round(at_s * 1000)
    return register.decide(now_ms) + register.decide(now_ms + LOOK_MS)


def began(turns: list[Turn]) -> list[Group]:
    return [turn.group for turn in turns if turn.reason is Because.BEGAN]


@pytest.mark.parametrize(("size", "enough"), [(3, 5), (10, 5), (16, 5), (17, 6), (52, 16), (1000, 301)])
def test_enough_is_more_than_the_share_and_at_least_the_number(size: int, enough: int) -> None:
    assert LIMITS.enough(size) == enough


@pytest.mark.parametrize(("count", "is_out"), [(15, False), (16, True)])
def test_a_grid_is_out_when_more_than_its_share_went(count: int, is_out: bool) -> None:  # noqa: FBT001 -- a column
    register = a_register(some("e", count, EAST, TOWN, CITY))
    assert began(decide(register)) == ([EAST] if is_out else [])


@pytest.mark.parametrize(("every_s", "is_out"), [(7.0, True), (9.0, False)])
def test_only_those_that_went_within_the_window_count_together(every_s: float, is_out: bool) -> None:  # noqa: FBT001 -- same
    register = a_register(some("e", 16, EAST, every_s=every_s))
    assert began(decide(register, 200)) == ([EAST] if is_out else [])


def test_words_that_come_late_and_out_of_order_are_put_where_they_belong() -> None:
    gone = some("e", 16, EAST, every_s=7)
    register = a_register(gone[::2])
    assert began(decide(register, 120)) == []
    for one in reversed(gone[1::2]):
        register.went(one)
    (turn,) = decide(register, 400)
    assert turn.group == EAST
    assert turn.state.began_ms == T


def test_a_town_is_not_out_because_one_of_its_grids_is() -> None:
    assert began(decide(a_register(some("e", 50, EAST, TOWN, CITY)))) == [EAST]


def test_a_town_is_out_when_both_of_its_grids_are() -> None:
    register = a_register(some("e", 50, EAST, TOWN, CITY), some("w", 50, WEST, TOWN, CITY))
    assert began(decide(register)) == [TOWN]


def test_a_wider_area_takes_the_place_of_the_narrower_one() -> None:
    register = a_register(some("e", 50, EAST, TOWN, CITY))
    assert began(decide(register)) == [EAST]
    for one in some("w", 50, WEST, TOWN, CITY, at_s=30):
        register.went(one)
    turns = decide(register, 30)
    assert [(turn.group, turn.absorbed) for turn in turns if turn.absorbed] == [(TOWN, (EAST,))]
    assert register.out() == (TOWN,)


def test_a_gateway_explains_better_than_the_grid_that_most_of_it_is_in() -> None:
    register = a_register(some("g", 30, GATEWAY, EAST, TOWN, CITY), some("e", 2, EAST, TOWN, CITY))
    assert began(decide(register)) == [GATEWAY]


def test_a_power_cut_that_takes_a_gateway_along_is_the_areas() -> None:
    register = a_register(some("g", 30, GATEWAY, EAST, TOWN, CITY), some("e", 20, EAST, TOWN, CITY))
    assert began(decide(register)) == [EAST]


def test_a_suppliers_network_is_not_taken_for_that_of_the_areas_it_is_in() -> None:
    register = a_register(some("e", 20, EAST, TOWN, CITY, MINE), some("w", 20, WEST, TOWN, CITY, MINE))
    assert began(decide(register)) == [MINE]


def test_many_detectors_of_one_site_are_no_area() -> None:
    one_site = [lost(f"s{n}", EAST, TOWN, site="market") for n in range(40)]
    assert began(decide(a_register(one_site))) == []
    behind = [lost(f"s{n}", GATEWAY, EAST, site="market") for n in range(30)]
    assert began(decide(a_register(behind))) == [], "its own gateway is its owner's matter, too"


def test_who_was_offline_long_before_is_no_part_of_it() -> None:
    register = a_register([lost("old", EAST, at_s=-3600)], some("e", 20, EAST))
    decide(register)
    assert register.counted(EAST).offline == 20
    assert register.stands_for(lost("old", EAST, at_s=-3600)) is None
    assert register.stands_for(lost("e1", EAST)) == EAST


def test_who_goes_when_the_burst_is_over_is_on_its_own() -> None:
    register = a_register(some("e", 20, EAST))
    decide(register)
    for one in (lost("soon", EAST, at_s=119), lost("later", EAST, at_s=240), lost("much", EAST, at_s=10**6)):
        register.went(one)
    assert register.stands_for(lost("soon", EAST, at_s=119)) == EAST
    assert register.stands_for(lost("later", EAST, at_s=240)) is None
    assert register.stands_for(lost("much", EAST, at_s=10**6)) is None
    assert register.counted(EAST).offline == 21
    assert {one.detector for one in register.members(EAST)} == {"soon", *(f"e{n}" for n in range(20))}


def test_a_burst_goes_on_as_long_as_more_than_a_few_go_within_the_window() -> None:
    register = a_register(some("e", 20, EAST))
    decide(register)
    wave = some("w", 20, EAST, at_s=10, every_s=14)  # 8 within two minutes; few are fewer than 8
    for one in wave:
        register.went(one)
    assert {register.stands_for(one) for one in wave} == {EAST}
    drops = some("d", 10, EAST, at_s=10 + 19 * 14 + 60, every_s=60)
    for one in drops:
        register.went(one)
    assert [register.stands_for(one) for one in drops[:2]] == [EAST, EAST]
    assert {register.stands_for(one) for one in drops[2:]} == {None}


def test_words_out_of_order_make_the_same_burst() -> None:
    gone = some("e", 20, EAST) + some("w", 20, EAST, at_s=10, every_s=12)
    register = a_register(gone[:20])
    decide(register)
    for one in reversed(gone[20:]):
        register.went(one)
    decide(register, 240)
    assert {register.stands_for(one) for one in gone} == {EAST}
    assert register.spans(EAST) == ((T, gone[-1].since_ms + LIMITS.window_ms),)


def test_a_second_burst_in_a_group_that_is_out_belongs_to_it_and_what_was_between_does_not() -> None:
    register = a_register(some("e", 20, EAST))
    decide(register)
    between = lost("between", EAST, at_s=300)
    register.went(between)
    assert decide(register, 300) == []
    for one in some("f", 16, EAST, at_s=600):
        register.went(one)
    (again,) = decide(register, 600)
    assert (again.group, again.reason, again.burst_ms) == (EAST, Because.WORSE_AGAIN, T + 600_000)
    assert register.stands_for(lost("f1", EAST, at_s=600)) == EAST
    assert register.stands_for(between) is None
    assert register.counted(EAST).offline == 36


def test_a_burst_without_anybody_left_is_forgotten_when_the_next_one_comes() -> None:
    register = a_register(some("e", 20, EAST), some("stay", 8, EAST, at_s=200))
    decide(register, 200)
    for number in range(3):
        for one in some("f", 20, EAST, at_s=1000 * (number + 1)):
            register.went(one)
        decide(register, 1000 * (number + 1))
        for one in some("f", 20, EAST):
            register.back(one.detector)
    assert len(register.spans(EAST)) <= 3


@pytest.mark.parametrize(
    ("acked", "offline", "is_more"),
    [(5, 9, False), (5, 10, True), (40, 55, False), (40, 56, True), (0, 4, False), (0, 5, True)],
)
def test_a_group_has_grown_when_it_doubled_or_by_as_many_as_begin_one(
    acked: int,
    offline: int,
    is_more: bool,  # noqa: FBT001 -- a column
) -> None:
    assert LIMITS.has_grown(acked, offline, 50) == is_more


def test_many_gateways_that_die_at_once_are_each_looked_at_a_few_times_only() -> None:
    gateways = [Group(GroupKind.GATEWAY, f"gw{number}") for number in range(200)]
    register = LookedAt(LIMITS)
    register.survey(dict.fromkeys(gateways, 6) | {CITY: 100_000})
    for gateway in gateways:
        for one in some(gateway.id, 6, gateway, CITY):
            register.went(one)
    assert set(began(decide(register))) == set(gateways)
    assert register.looks <= 2 * len(gateways)


def test_within_an_area_that_is_out_no_smaller_one_begins() -> None:
    register = a_register(some("e", 30, EAST, TOWN, CITY), some("w", 30, WEST, TOWN, CITY))
    assert began(decide(register)) == [TOWN]
    for one in some("late", 20, EAST, TOWN, CITY, at_s=20):
        register.went(one)
    assert began(decide(register, 20)) == []
    assert register.counted(TOWN).offline == 80


def test_nothing_is_decided_before_the_ledger_is_counted() -> None:
    register = Register(LIMITS)
    for one in some("e", 50, EAST):
        register.went(one)
    assert decide(register) == []
    register.survey(SIZES)
    assert began(decide(register, 10)) == [EAST]


def test_it_is_over_when_few_have_been_left_for_long_and_says_who() -> None:
    register = a_register(some("e", 20, EAST))
    decide(register)
    for n in range(3, 20):
        register.back(DetectorId(f"e{n}"))
    (eased,) = decide(register, 60)
    assert eased.reason is Because.EASED
    over_ms = T + 60_000 + LOOK_MS + LIMITS.calm_ms
    assert register.wake_at() == over_ms
    assert register.decide(over_ms - 1) == []
    (over,) = register.decide(over_ms)
    assert (over.reason, set(over.left)) == (Because.OVER, {"e0", "e1", "e2"})
    assert register.out() == ()
    assert register.wake_at() is None


def test_a_group_that_is_hit_again_in_its_calm_goes_on() -> None:
    register = a_register(some("e", 20, EAST))
    decide(register)
    for n in range(20):
        register.back(DetectorId(f"e{n}"))
    decide(register, 60)
    for one in some("e", 20, EAST, at_s=120):
        register.went(one)
    (again,) = decide(register, 120)
    assert again.reason is Because.WORSE_AGAIN
    assert register.decide(T + 60_000 + LOOK_MS + LIMITS.calm_ms) == []


def test_it_does_not_last_longer_because_the_clock_was_set_back() -> None:
    register = a_register(some("e", 20, EAST))
    decide(register)
    for n in range(20):
        register.back(DetectorId(f"e{n}"))
    decide(register, 60)
    register.set_back()
    decide(register, -3600)
    wake_ms = register.wake_at()
    assert wake_ms is not None
    assert wake_ms <= T - 3_600_000 + LOOK_MS + LIMITS.calm_ms + LOOK_MS
    assert [turn.reason for turn in register.decide(wake_ms)] == [Because.OVER]


def test_whoever_begins_anew_from_those_that_are_offline_comes_to_the_same() -> None:
    gone = some("e", 50, EAST, TOWN, CITY) + some("w", 20, WEST, TOWN, CITY)
    register = a_register(gone)
    (turn, *_) = decide(register)
    heir = a_register(gone)
    for group in register.out():
        heir.resume(group, turn.state.began_ms, register.spans(group))
    assert [heir.stands_for(one) for one in gone] == [register.stands_for(one) for one in gone]
    assert began(decide(heir, 10)) == []


def test_a_group_that_left_the_ledger_is_over() -> None:
    register = a_register(some("e", 20, EAST))
    decide(register)
    for n in range(20):
        register.back(DetectorId(f"e{n}"))
    register.survey({TOWN: 100})
    decide(register, 10)
    assert [turn.reason for turn in register.decide(T + 10**6)] == [Because.OVER]


def test_a_count_that_says_what_is_known_changes_nothing() -> None:
    out = State(Phase.OUT, T)
    assert step(out, Counted(50, 20), T, LIMITS).state is out
    assert step(State(), Counted(50, 0), T, LIMITS).reason is Because.SAME
