"""When alarms are a flood: more than ten in ten minutes for each operator, until fewer than five."""

from gascore.flood import (
    MINUTE_MS,
    Annunciated,
    FloodLimits,
    FloodReason,
    Load,
    Tick,
    is_annunciated,
    step,
    wake_at,
)
from gascore.journal import AlarmStep
from gascore.words import AlarmId, DetectorId
from support.alarms import a_leak, later, stepped

LIMITS = FloodLimits()


def after(times: list[int], limits: FloodLimits = LIMITS) -> Load:
    state = Load()
    for at_ms in times:
        state = step(state, Annunciated(), at_ms, limits).state
    return state


def test_ten_alarms_in_ten_minutes_are_no_flood_and_the_eleventh_makes_one() -> None:
    ten = after([minute * MINUTE_MS for minute in range(10)])
    assert ten.began_ms is None
    done = step(ten, Annunciated(), 9 * MINUTE_MS + 1, LIMITS)
    assert (done.reason, done.state.began_ms, done.state.alarms) == (FloodReason.BEGAN, 9 * MINUTE_MS + 1, 11)


def test_eleven_alarms_in_more_than_ten_minutes_are_no_flood() -> None:
    assert after([minute * MINUTE_MS for minute in range(11)]).began_ms is None


def test_a_flood_ends_when_fewer_than_five_came_within_ten_minutes() -> None:
    state = after([second * 1000 for second in range(20)])
    assert state.alarms == 20
    ends_ms = 15_000 + 10 * MINUTE_MS
    assert wake_at(state, LIMITS) == ends_ms
    before = step(state, Tick(), ends_ms - 1, LIMITS)
    assert before.reason is FloodReason.GOES_ON
    done = step(state, Tick(), ends_ms, LIMITS)
    assert done.reason is FloodReason.ENDED
    assert done.over is not None
    assert (done.over.since_ms, done.over.ended_ms, done.over.alarms) == (10_000, ends_ms, 20)


def test_a_flood_did_not_last_until_we_looked_again_after_a_pause() -> None:
    done = step(after([second * 1000 for second in range(11)]), Tick(), 86_400_000, LIMITS)
    assert done.over is not None
    assert done.over.ended_ms == 6_000 + 10 * MINUTE_MS


def test_two_operators_can_take_twice_as_much() -> None:
    limits = FloodLimits.of(2)
    assert after([0] * 20, limits).began_ms is None
    assert after([0] * 21, limits).began_ms == 0


def test_a_clock_that_was_set_back_makes_no_flood_endless() -> None:
    state = after([86_400_000] * 11)
    back = step(state, Tick(), 0, LIMITS)
    assert back.reason is FloodReason.GOES_ON
    assert back.wake_at == 10 * MINUTE_MS


def test_a_storm_is_remembered_by_the_alarms_that_decide() -> None:
    assert len(after(list(range(10_000))).times) == 11


def test_what_another_alarm_stands_for_and_what_nobody_has_to_look_at_is_not_annunciated() -> None:
    alarm = a_leak()
    assert is_annunciated(stepped(alarm))
    assert is_annunciated(stepped(alarm, AlarmStep.WORSE))
    assert not is_annunciated(stepped(later(alarm, inside=AlarmId(9))))
    assert not is_annunciated(stepped(alarm, AlarmStep.ACKED))


def test_a_canarys_test_leak_is_no_flood() -> None:
    assert not is_annunciated(stepped(later(a_leak(), detector=DetectorId("canary-north"))))


def test_what_was_kept_silent_is_annunciated_when_it_is_released_and_nobody_has_answered() -> None:
    alarm = a_leak()
    for step_ in (AlarmStep.UNSHELVED, AlarmStep.UNCOVERED):
        assert is_annunciated(stepped(alarm, step_))
        assert not is_annunciated(stepped(later(alarm, acked_ms=1), step_))
        assert not is_annunciated(stepped(later(alarm, active=False), step_))
