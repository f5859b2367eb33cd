"""Incidents in which the set points of the detectors alone would have been too late, or too nervous."""

from collections.abc import Iterable, Iterator
from itertools import count
from pathlib import Path

import msgspec
import pytest

from collector.rules.page import Effect
from collector.rules.supervision import Supervisor
from collector.rules.watch import Watch, apply, hear
from gascore.alarm import AlarmKind, AlarmStatus
from gascore.journal import ConditionRaised, Reason
from gascore.registry import Ledger, Role
from gascore.thresholds import Profile
from gascore.words import DetectorId, Priority, SupplyGas, TargetGas
from support.alarm_town import AlarmTown
from support.collector_words import LIMITS, a_standing, a_status

pytestmark = pytest.mark.story
EVERY_S = 10.0


class Kitchen:
    """A detector of the town, the collector's rules on what it sends, and alerts on what they say."""

    def __init__(self, town: AlarmTown, detector: str = "kitchen-1") -> None:
        self.town = town
        placed = next(one for one in town.registry.placed() if one.id == detector)
        placed = msgspec.structs.replace(placed, commissioned_ms=town.start_ms - 86_400_000)
        self.watch = Watch(placed, a_standing(), EVERY_S)
        self.supervisor = Supervisor(LIMITS, town.start_ms - 3_600_000)
        self._seq = count(1)

    def shows(self, lels: Iterable[float], state: str = "normal") -> None:
        """One message every ten seconds."""
        for lel in lels:
            self.town.advance(EVERY_S)
            now_ms = self.town.clock.now_ms()
            for watch, event in self.supervisor.expired(now_ms, 10)[0]:
                self._say(apply(watch, event, LIMITS).effects)
            status = a_status(state, lel=lel, seq=next(self._seq), ts=now_ms)
            self._say(hear(self.watch, status, now_ms, flagged=False, limits=LIMITS).effects)
            self.supervisor.arm(self.watch, now_ms)

    def _say(self, effects: tuple[Effect, ...]) -> None:
        if effects:
            self.town.say(*effects)


@pytest.fixture
def town(tmp_path: Path) -> Iterator[AlarmTown]:
    town = AlarmTown(tmp_path)
    yield town
    town.engine.dispose()


def test_a_leak_under_a_running_hood_never_comes_to_the_set_point_but_an_operator_sees_it(
    town: AlarmTown,
) -> None:
    """Reference 8.4: 2 m3/h of LPG at 12 air changes an hour stay at 19 %LEL for ever."""
    kitchen = Kitchen(town)
    kitchen.shows([0.5] * 3)
    kitchen.shows(19.0 * (1 - 0.93**step) for step in range(60))
    alarm = town.alarm()
    assert (alarm.kind, alarm.priority) == (AlarmKind.TREND, Priority.LOW)
    assert alarm.opened_ms - town.start_ms < 6 * 60_000
    assert alarm.codes == ("rising",)
    assert town.told() == set(), "a pre-alarm is for the console alone"

    kitchen.shows([19.0] * 180)
    assert town.told() == set()
    assert town.alarm().version == 1, "it does not flicker"

    kitchen.shows([0.4] * 5)  # the valve was closed
    assert town.alarm().status is AlarmStatus.CLOSED
    assert len(town.steps()) == 2


def test_a_pre_alarm_that_becomes_a_leak_makes_room_for_it(town: AlarmTown) -> None:
    kitchen = Kitchen(town)
    kitchen.shows([0.5] * 3)
    kitchen.shows(0.6 * step for step in range(1, 50))
    assert town.alarm(1).kind is AlarmKind.TREND
    assert town.alarm(1).status is AlarmStatus.CLOSED
    leak = town.alarm(2)
    assert (leak.kind, leak.status) == (AlarmKind.LEAK, AlarmStatus.UNACKED_ACTIVE)
    assert Role.OWNER in town.told()


def test_gusts_through_the_door_are_one_leak_and_one_text(town: AlarmTown) -> None:
    kitchen = Kitchen(town)
    for _ in range(6):
        kitchen.shows([31.0, 28.0, 12.0, 9.0])
    assert [one.since_ms for one in town.events(ConditionRaised)] == [town.start_ms + 10_000]
    assert town.alarm().count == 1
    assert len(town.heard(Role.OWNER)) == 1


def test_lpg_at_a_detector_for_natural_gas_is_told_while_it_still_shows_little(town: AlarmTown) -> None:
    """瓶改管 the other way round: 15 %LEL on its display are 24 to 26 %LEL of LPG."""
    detector = town.registry.detector(DetectorId("kitchen-1"))
    assert detector is not None
    room = town.registry.room(detector.room)
    assert room is not None
    town.registry.put(
        Ledger(
            rooms=(msgspec.structs.replace(room, supply_gas=SupplyGas.LPG),),
            detectors=(msgspec.structs.replace(detector, target=frozenset({TargetGas.METHANE})),),
        ),
        by="admin",
        at_ms=town.clock.now_ms(),
    )
    kitchen = Kitchen(town)
    kitchen.shows([14.0])
    assert not [one for one in town.events(ConditionRaised) if one.condition.value == "leak"]
    kitchen.shows([15.0])
    (raised,) = (one for one in town.events(ConditionRaised) if one.condition.value == "leak")
    assert raised.reason is Reason.OVER_SET_POINT
    assert raised.sample is not None
    assert (raised.sample.lel, raised.sample.corrected_lel) == (15.0, 26.2)
    assert Role.OWNER in town.told()


def test_a_profile_for_a_model_makes_its_detectors_more_careful_and_no_others(town: AlarmTown) -> None:
    detector = town.registry.detector(DetectorId("kitchen-1"))
    assert detector is not None
    home = msgspec.structs.replace(detector, model="JT-HOME")
    profile = Profile("home", model="JT-HOME", low_lel=10.0, clear_delay_s=60.0)
    town.registry.put(Ledger(detectors=(home,), profiles=(profile,)), by="admin", at_ms=town.clock.now_ms())
    kitchen, bottles = Kitchen(town), Kitchen(town, "bottles-1")
    kitchen.shows([11.0])
    bottles.shows([11.0])
    assert [one.detector for one in town.events(ConditionRaised)] == ["kitchen-1"]
    kitchen.shows([3.0] * 6)
    assert town.alarm().active, "its leaks end after a minute, not after 30 s"
    kitchen.shows([3.0])
    assert not town.alarm().active
