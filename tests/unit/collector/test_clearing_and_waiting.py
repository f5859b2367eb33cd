"""A leak is over only when it stays over; a silence may be allowed to last before it is "offline"."""

from itertools import count
from typing import Any

import pytest

from collector.rules.judgement import FellSilent, LastWill, StayedQuiet
from collector.rules.saving import read, restore, save
from collector.rules.supervision import TICK_MS, WILL_MS, Supervisor
from collector.rules.watch import Watch, apply, hear
from gascore.journal import ConditionCleared, ConditionRaised, Reason
from gascore.words import Condition, Level, SupplyGas, TargetGas
from support.collector_words import LIMITS, T0, a_placed, a_standing, a_status

SECOND = 1_000


class Room:
    """One supervised detector and the clock; what is told is kept."""

    def __init__(self, *, every_s: float = 10.0, **placed: Any) -> None:  # noqa: ANN401 -- fields of Placed
        self.watch = Watch(a_placed(every_s=every_s, **placed), a_standing(), every_s)
        self.now_ms = T0
        self.supervisor = Supervisor(LIMITS, T0 - 3_600_000)
        self.told: list[object] = []
        self._seq = count(1)

    def shows(self, lel: float | None, state: str = "normal") -> None:
        """One message, one interval later; the wheel turns first."""
        self.waits(self.watch.every_s)
        status = a_status(state, lel=lel, seq=next(self._seq), ts=self.now_ms)
        self.told += hear(self.watch, status, self.now_ms, flagged=False, limits=LIMITS).effects
        self.supervisor.arm(self.watch, self.now_ms)

    def waits(self, seconds: float) -> None:
        """Time passes without a message."""
        end_ms = self.now_ms + int(seconds * SECOND)
        while self.now_ms < end_ms:
            self.now_ms = min(self.now_ms + TICK_MS, end_ms)
            for watch, event in self.supervisor.expired(self.now_ms, 10)[0]:
                self.told += apply(watch, event, LIMITS).effects
                self.supervisor.arm(watch, self.now_ms)

    @property
    def leaks(self) -> bool:
        return Condition.LEAK in self.watch.standing.held

    def cleared(self) -> list[ConditionCleared]:
        return [
            one for one in self.told if isinstance(one, ConditionCleared) and one.condition is Condition.LEAK
        ]


def test_a_leak_ends_when_messages_have_shown_no_gas_for_the_whole_delay() -> None:
    room = Room(clear_delay_s=30.0)
    room.shows(30.0)
    for _ in range(3):
        room.shows(1.0)
    assert room.leaks
    room.shows(1.0)
    assert not room.leaks
    (cleared,) = room.cleared()
    assert cleared.reason is Reason.MESSAGE
    assert 40 * SECOND <= cleared.ended_ms - cleared.since_ms <= 40 * SECOND + TICK_MS


def test_gas_that_comes_back_within_the_delay_is_the_same_leak() -> None:
    room = Room(clear_delay_s=30.0)
    for _ in range(20):
        room.shows(30.0)
        room.shows(1.0)
        room.shows(1.0)
    assert room.leaks
    assert sum(isinstance(one, ConditionRaised) for one in room.told) == 1
    assert room.cleared() == []


def test_a_leak_that_lessens_is_told_at_once_and_ends_late() -> None:
    room = Room(clear_delay_s=30.0)
    room.shows(60.0)
    room.shows(30.0)
    assert room.watch.standing.held[Condition.LEAK].level is Level.LOW
    room.shows(1.0)
    room.shows(60.0)
    assert room.watch.standing.held[Condition.LEAK].level is Level.HIGH
    assert room.watch.standing.held[Condition.LEAK].over_ms is None


def test_a_detector_that_reports_rarely_need_not_report_twice() -> None:
    room = Room(every_s=3600.0, clear_delay_s=30.0)
    room.shows(30.0)
    room.shows(0.0)
    over_ms = room.now_ms
    room.waits(29)
    assert room.leaks
    room.waits(1.5)
    assert not room.leaks
    assert room.cleared()[0].ended_ms == over_ms + 30 * SECOND


def test_when_messages_stop_within_the_delay_the_leak_stays() -> None:
    room = Room(clear_delay_s=30.0)
    room.shows(30.0)
    room.shows(0.0)
    room.waits(3600)
    assert room.leaks
    assert Condition.OFFLINE in room.watch.standing.held
    room.shows(0.0)
    assert room.leaks, "what it showed before the silence counts no more"
    for _ in range(4):
        room.shows(0.0)
    assert not room.leaks


@pytest.mark.parametrize("state", ["fault", "warmup"])
def test_a_detector_that_can_not_see_does_not_bring_the_end_nearer(state: str) -> None:
    room = Room(clear_delay_s=30.0)
    room.shows(30.0)
    room.shows(0.0)
    room.shows(None, state)
    for _ in range(3):
        room.shows(0.0)
    assert room.leaks
    room.shows(0.0)
    room.shows(0.0)
    assert not room.leaks


def test_an_end_that_is_waited_for_is_not_lost_over_a_restart() -> None:
    room = Room(every_s=60.0, clear_delay_s=30.0)
    room.shows(30.0)
    room.shows(0.0)
    room.watch = restore(room.watch.placed, read(save(room.watch)), room.now_ms)
    room.supervisor = Supervisor(LIMITS, room.now_ms)
    room.supervisor.arm(room.watch, room.now_ms)
    room.waits(59)
    assert room.leaks, "nobody has heard it since the start"
    room.shows(0.0)
    assert not room.leaks


def test_while_we_could_not_hear_nothing_ends() -> None:
    room = Room(every_s=60.0, clear_delay_s=30.0)
    room.shows(30.0)
    room.shows(0.0)
    room.supervisor.restart(room.now_ms + 20 * SECOND)
    room.waits(50)
    assert room.leaks


def test_the_leak_of_a_detector_that_is_not_yet_required_ends_as_well() -> None:
    room = Room(every_s=3600.0, clear_delay_s=30.0, commissioned_ms=None)
    room.shows(30.0)
    room.shows(0.0)
    room.waits(31)
    assert not room.leaks


def test_an_early_word_of_quiet_ends_nothing() -> None:
    watch = Watch(a_placed(clear_delay_s=30.0), a_standing(), 10.0)
    hear(watch, a_status("low", seq=1), T0, flagged=False, limits=LIMITS)
    hear(watch, a_status("normal", lel=0.0, seq=2), T0 + 10_000, flagged=False, limits=LIMITS)
    assert apply(watch, StayedQuiet(T0 + 39_999), LIMITS).effects == ()
    assert len(apply(watch, StayedQuiet(T0 + 40_000), LIMITS).effects) == 1


def test_a_silence_that_may_last_is_offline_later_but_since_it_began() -> None:
    room = Room(offline_delay_s=300.0)
    room.shows(0.5)
    heard_ms = room.now_ms
    room.waits(389)
    assert Condition.OFFLINE not in room.watch.standing.held
    room.waits(2)
    assert room.watch.standing.held[Condition.OFFLINE].since_ms == heard_ms + 10 * SECOND
    assert room.watch.standing.held[Condition.OFFLINE].reason is Reason.SILENCE


@pytest.mark.parametrize(("delay_s", "waits_ms"), [(0.0, WILL_MS), (60.0, 60_000)])
def test_a_last_will_waits_as_long(delay_s: float, waits_ms: int) -> None:
    watch = Watch(a_placed(offline_delay_s=delay_s), a_standing(), 10.0, heard_ms=T0, gone_ms=T0 + SECOND)
    supervisor = Supervisor(LIMITS, T0 - 3_600_000)
    supervisor.arm(watch, T0 + SECOND)
    assert supervisor.expired(T0 + SECOND + waits_ms - TICK_MS, 10)[0] == []
    ((_, event),) = supervisor.expired(T0 + SECOND + waits_ms + TICK_MS, 10)[0]
    assert event == LastWill(T0 + SECOND)


def test_a_connection_that_flaps_within_the_delay_is_never_offline() -> None:
    watch = Watch(a_placed(offline_delay_s=60.0), a_standing(), 10.0, heard_ms=T0)
    supervisor = Supervisor(LIMITS, T0 - 3_600_000)
    for step in range(1, 50):
        watch.gone_ms = T0 + step * 50_000
        supervisor.arm(watch, watch.gone_ms)
        assert supervisor.expired(watch.gone_ms + 40_000, 10)[0] == []
        watch.heard_ms = watch.gone_ms + 45_000
    late = supervisor.expired(watch.heard_ms + 200_000, 10)[0]
    assert [event for _, event in late] == [FellSilent(watch.heard_ms + 10_000)]


def test_lpg_at_a_detector_for_methane_is_a_leak_before_its_number_says_so() -> None:
    room = Room(supply_gas=SupplyGas.LPG, target=frozenset({TargetGas.METHANE}))
    room.shows(14.0)
    assert not room.leaks
    room.shows(15.0)
    (raised,) = (
        one for one in room.told if isinstance(one, ConditionRaised) and one.condition is Condition.LEAK
    )
    assert raised.reason is Reason.OVER_SET_POINT
    assert raised.level is Level.LOW
    assert raised.sample is not None
    assert (raised.sample.lel, raised.sample.corrected_lel) == (15.0, 26.2)


def test_a_detector_that_calls_itself_another_kind_is_taken_at_its_worst() -> None:
    room = Room(supply_gas=SupplyGas.LPG, target=frozenset({TargetGas.LPG}))
    status = a_status("normal", lel=15.0, gas="methane", seq=1, ts=T0)
    hear(room.watch, status, T0, flagged=False, limits=LIMITS)
    assert room.leaks


def test_methane_at_a_detector_for_lpg_is_judged_by_what_it_shows() -> None:
    room = Room(supply_gas=SupplyGas.MINE_GAS, target=frozenset({TargetGas.LPG}))
    room.shows(26.0)
    (raised,) = (
        one for one in room.told if isinstance(one, ConditionRaised) and one.condition is Condition.LEAK
    )
    assert raised.sample is not None
    assert (raised.sample.lel, raised.sample.corrected_lel) == (26.0, 16.1)


def test_the_detectors_own_alarm_counts_whatever_the_thresholds_are() -> None:
    room = Room(low_lel=100.0, high_lel=100.0, trend_lel=100.0)
    room.shows(3.0, "low")
    assert room.leaks
