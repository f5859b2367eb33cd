"""A detector says what it should, when it should, and closes the valve."""

from gascore.wire import Ack, Fan, Status, Valve
from gascore.words import DetectorId, ReportedState
from simulator.rules.detector import (
    Command,
    Effect,
    Event,
    MainsBack,
    MainsCut,
    Measured,
    Plate,
    Reason,
    SensorBroke,
    SensorReplaced,
    State,
    ValveReset,
    decode_command,
    running,
    step,
)

START_MS = 1_790_000_000_000
PLATE = Plate(DetectorId("GD-0001"), "lpg", 10.0, 25.0, 50.0, life_ends_ms=START_MS + 86_400_000 * 10)


class Played:
    """One detector, second by second."""

    def __init__(self) -> None:
        self.now_ms = START_MS
        self.state: State = running(START_MS, first_report_ms=START_MS)
        self.reason = Reason.NOTHING

    def mode(self) -> ReportedState:
        return self.state.mode

    def gets(self, event: Event, *, after_s: float = 1.0) -> tuple[Effect, ...]:
        self.now_ms += round(after_s * 1000)
        done = step(self.state, event, self.now_ms, PLATE)
        self.state, self.reason = done.state, done.reason
        return done.effects

    def sees(self, lel: float, *, for_s: int = 1) -> list[Status]:
        said: list[Status] = []
        for _ in range(for_s):
            said += [each for each in self.gets(Measured(lel)) if isinstance(each, Status)]
        return said


def test_it_reports_every_ten_seconds_with_a_growing_number() -> None:
    said = Played().sees(0.3, for_s=60)
    assert [one.seq for one in said] == list(range(7))
    assert all(one.state is ReportedState.NORMAL and one.lel == 0.3 and one.every == 10 for one in said)
    assert said[0].life == 9


def test_it_says_low_at_once_and_goes_on_with_its_beat() -> None:
    detector = Played()
    detector.sees(0.0, for_s=3)
    assert [one.state for one in detector.sees(25.0)] == [ReportedState.LOW]
    assert detector.reason is Reason.GAS_ROSE
    assert detector.sees(25.0, for_s=5) == []
    assert len(detector.sees(25.0, for_s=2)) == 1


def test_a_level_ends_only_well_below_its_set_point() -> None:
    detector = Played()
    detector.sees(26.0)
    detector.sees(20.5)
    assert detector.mode() is ReportedState.LOW
    detector.sees(19.9)
    assert detector.mode() is ReportedState.NORMAL
    assert detector.reason is Reason.GAS_FELL


def test_a_high_alarm_starts_the_fan_and_closes_the_valve_within_seconds() -> None:
    detector = Played()
    said = detector.sees(60.0)
    assert (said[0].state, said[0].fan, said[0].valve) == (ReportedState.HIGH, Fan.ON, Valve.OPEN)
    said = detector.sees(60.0, for_s=4)
    assert [one.valve for one in said] == [Valve.CLOSED]


def test_after_the_gas_the_fan_runs_on_and_the_valve_stays_closed_until_a_hand_opens_it() -> None:
    detector = Played()
    detector.sees(60.0, for_s=5)
    detector.sees(5.0)
    assert detector.state.fan is Fan.ON
    detector.sees(0.0, for_s=61)
    assert (detector.state.fan, detector.state.valve) == (Fan.OFF, Valve.CLOSED)
    detector.gets(ValveReset())
    assert detector.state.valve is Valve.OPEN
    assert detector.reason is Reason.VALVE_OPENED


def test_gas_that_comes_back_keeps_the_fan_running() -> None:
    detector = Played()
    detector.sees(60.0, for_s=5)
    detector.sees(5.0, for_s=30)
    detector.sees(30.0, for_s=60)
    assert detector.state.fan is Fan.ON


def test_without_mains_it_is_silent_and_with_mains_it_warms_up_and_counts_anew() -> None:
    detector = Played()
    detector.sees(0.0, for_s=30)
    assert detector.gets(MainsCut()) == ()
    assert detector.sees(70.0, for_s=100) == []
    said = detector.gets(MainsBack())
    assert [one.seq for one in said if isinstance(one, Status)] == [0]
    assert {one.state for one in detector.sees(70.0, for_s=59)} == {ReportedState.WARMUP}
    assert [one.state for one in detector.sees(70.0, for_s=1)] == [ReportedState.HIGH]


def test_power_that_is_there_already_changes_nothing() -> None:
    detector = Played()
    detector.sees(0.0)
    detector.gets(MainsBack())
    assert detector.reason is Reason.NOTHING


def test_a_broken_sensor_says_so_and_gives_no_number_until_it_is_replaced() -> None:
    detector = Played()
    said = [one for one in detector.gets(SensorBroke("sensor_open")) if isinstance(one, Status)]
    assert [(one.state, one.lel, one.faults) for one in said] == [
        (ReportedState.FAULT, None, ("sensor_open",))
    ]
    assert all(one.lel is None for one in detector.sees(80.0, for_s=20))
    detector.gets(SensorReplaced())
    detector.sees(0.0, for_s=60)
    assert detector.mode() is ReportedState.NORMAL


def test_it_closes_the_valve_on_command_and_says_so_in_the_answer() -> None:
    detector = Played()
    answer, said = detector.gets(Command("c1", "close_valve"))
    assert answer == Ack(id="c1", ok=True, valve=Valve.CLOSED)
    assert isinstance(said, Status)
    assert said.valve is Valve.CLOSED


def test_a_command_after_its_time_is_refused() -> None:
    detector = Played()
    effects = detector.gets(Command("c1", "close_valve", until=START_MS))
    assert Ack(id="c1", ok=False, valve=Valve.OPEN) in effects
    assert detector.reason is Reason.TOO_LATE


def test_a_self_test_ends_by_itself_and_never_hides_gas() -> None:
    detector = Played()
    detector.gets(Command("c1", "self_test"))
    assert detector.mode() is ReportedState.TEST
    detector.sees(0.0, for_s=5)
    assert detector.mode() is ReportedState.NORMAL
    detector.gets(Command("c2", "self_test"))
    detector.sees(55.0)
    assert detector.mode() is ReportedState.HIGH
    assert Ack(id="c3", ok=False, valve=Valve.OPEN) in detector.gets(Command("c3", "self_test"))


def test_a_detector_without_power_answers_nothing() -> None:
    detector = Played()
    detector.gets(MainsCut())
    assert detector.gets(Command("c1", "mute")) == ()


def test_a_command_that_cannot_be_read_is_ignored() -> None:
    assert decode_command(b'{"id":"1","do":"mute","until":5}') == Command("1", "mute", 5)
    assert decode_command(b'{"id":"1","do":"explode"}') is None
    assert decode_command(b"\xff") is None


def test_a_new_sensor_ends_a_self_test_so_that_its_warm_up_is_not_cut_short() -> None:
    detector = Played()
    detector.gets(Command("c1", "self_test"))
    detector.gets(SensorReplaced())
    detector.sees(0.0, for_s=10)
    assert detector.mode() is ReportedState.WARMUP
