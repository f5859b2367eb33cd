"""A trend is an early word: gas that stays, or goes up fast, below the set point."""

from collections.abc import Iterable
from itertools import count
from typing import Any

import pytest

from collector.rules.conditions import Finding
from collector.rules.trend import Trail, follow
from collector.rules.watch import QUIET, Watch, hear
from gascore.journal import ConditionCleared, ConditionRaised, Reason
from gascore.thresholds import DEFAULTS
from gascore.words import Condition, SupplyGas, TargetGas
from support.collector_words import LIMITS, T0, a_placed, a_standing, a_status

MINUTE = 60_000


class Room:
    """A detector that reports the same number, or one after the other."""

    def __init__(self, *, every_s: float = 10.0, **placed: Any) -> None:  # noqa: ANN401 -- fields of Placed
        self.watch = Watch(a_placed(every_s=every_s, **placed), a_standing(), every_s)
        self.now_ms = T0
        self.effects: list[tuple[float, object]] = []
        self._seq = count(1)

    def shows(self, lels: Iterable[float | None], state: str = "normal") -> None:
        for lel in lels:
            self.now_ms += int(self.watch.every_s * 1000)
            status = a_status(state, lel=lel, seq=next(self._seq), ts=self.now_ms)
            done = hear(self.watch, status, self.now_ms, flagged=False, limits=LIMITS)
            if done is not QUIET:
                self.effects += [((self.now_ms - T0) / MINUTE, one) for one in done.effects]

    def raised(self) -> list[tuple[float, Reason]]:
        return [
            (at, one.reason)
            for at, one in self.effects
            if isinstance(one, ConditionRaised) and one.condition is Condition.TREND
        ]

    def cleared(self) -> list[tuple[float, Reason]]:
        return [
            (at, one.reason)
            for at, one in self.effects
            if isinstance(one, ConditionCleared) and one.condition is Condition.TREND
        ]


def rising(begin: float, per_minute: float, minutes: float, every_s: float) -> list[float]:
    steps = int(minutes * 60 / every_s)
    return [begin + per_minute * every_s / 60 * step for step in range(1, steps + 1)]


def test_gas_that_stays_over_five_percent_for_ten_minutes_is_a_trend() -> None:
    room = Room()
    room.shows([6.0] * 60)
    assert room.raised() == []
    room.shows([6.0] * 60)
    ((minute, reason),) = room.raised()
    assert minute == pytest.approx(10.17, abs=0.01)
    assert reason is Reason.STAYING


@pytest.mark.parametrize("every_s", [5.0, 10.0, 30.0, 60.0])
def test_a_number_that_goes_up_fast_is_a_trend_however_often_it_comes(every_s: float) -> None:
    room = Room(every_s=every_s)
    room.shows([0.5] * 3)
    room.shows(rising(0.5, 2.5, 7, every_s))
    ((at, reason),) = room.raised()
    assert reason is Reason.RISING
    assert 3.0 <= at - 3 * every_s / 60 <= 5.5


def test_noise_upon_a_rise_does_not_hide_it() -> None:
    room = Room(every_s=10.0)
    room.shows([lel + (0.3, -0.3, 0.0)[step % 3] for step, lel in enumerate(rising(0.0, 2.6, 8, 10.0))])
    assert [reason for _, reason in room.raised()] == [Reason.RISING]


@pytest.mark.parametrize(
    "lels",
    [
        [4.9] * 200,
        rising(0.0, 1.0, 4.8, 10.0),
        [*([0.5] * 6), *([8.0] * 18), *([0.5] * 6)],  # a spray can: one jump, three minutes
        [5.5, 3.0] * 100,
    ],
)
def test_what_is_small_slow_or_short_is_no_trend(lels: list[float]) -> None:
    room = Room()
    room.shows(lels)
    assert room.raised() == []


def test_a_number_that_wavers_at_the_edge_does_not_flicker() -> None:
    room = Room(clear_delay_s=30.0)
    room.shows([5.2, 4.8] * 40)
    room.shows([4.4, 5.1, 4.4, 4.6] * 20)
    assert len(room.raised()) == 1
    assert room.cleared() == []
    room.shows([4.0] * 3)
    assert room.cleared() == []
    room.shows([4.0])
    assert [reason for _, reason in room.cleared()] == [Reason.MESSAGE]


def test_a_trend_that_has_become_a_leak_is_over_as_a_trend() -> None:
    room = Room()
    room.shows([6.0] * 70)
    room.shows([30.0])
    assert set(room.watch.standing.held) == {Condition.LEAK}
    assert [reason for _, reason in room.cleared()] == [Reason.OVERTAKEN]
    room.shows([20.0] * 30)
    assert set(room.watch.standing.held) == set()
    room.shows([20.0] * 40)
    assert set(room.watch.standing.held) == {Condition.TREND}


def test_a_leak_is_never_a_trend_as_well() -> None:
    room = Room()
    room.shows([6.0] * 200, state="low")
    assert set(room.watch.standing.held) == {Condition.LEAK}
    assert room.watch.trail is None


def test_a_detector_that_does_not_measure_begins_and_ends_no_trend() -> None:
    room = Room()
    room.shows([6.0] * 50)
    room.shows([6.0] * 20, state="warmup")
    room.shows([6.0] * 50)
    assert room.raised() == []
    room.shows([6.0] * 20)
    assert len(room.raised()) == 1
    room.shows([None, None], state="fault")
    assert Condition.TREND in room.watch.standing.held


def test_a_low_number_in_between_begins_the_count_anew() -> None:
    room = Room()
    for _ in range(4):
        room.shows([6.0] * 50)
        room.shows([0.5])
    assert room.raised() == []


def test_nothing_is_kept_of_a_detector_whose_number_is_low() -> None:
    room = Room()
    room.shows([6.0] * 3)
    assert room.watch.trail is not None
    room.shows([1.9])
    room.shows([6.0])
    assert room.watch.trail == Trail(room.now_ms, room.now_ms, ((room.now_ms, 6.0),))


def test_a_silence_in_between_proves_nothing() -> None:
    room = Room()
    room.shows([6.0])
    room.now_ms += 20 * MINUTE
    room.shows([6.0])
    assert room.raised() == []


def test_a_trail_stays_short_whatever_comes() -> None:
    trail: Trail | None = None
    for step in range(5_000):
        trail, _ = follow(trail, T0 + step * 700, 3.0 + step % 7 / 10, DEFAULTS, held=False)
        assert trail is not None
        assert len(trail.points) <= 8


def test_the_number_in_another_gas_is_taken_at_its_worst() -> None:
    room = Room(supply_gas=SupplyGas.LPG, target=frozenset({TargetGas.METHANE}))
    room.shows([3.0] * 65)  # 3 %LEL of methane would be 5.25 %LEL of LPG
    assert [reason for _, reason in room.raised()] == [Reason.STAYING]


def test_a_rise_is_found_at_the_first_chance() -> None:
    _, answer = follow(
        Trail(T0, None, ((T0 - 180_000, 2.0), (T0 - 120_000, 4.1), (T0 - 60_000, 6.2))),
        T0,
        8.2,
        DEFAULTS,
        held=False,
    )
    assert answer == Finding(Reason.RISING)
