"""A test leak's way: measured when it arrives or is late, and put away in any case."""

from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

import pytest

from alerts.rules.canary import (
    AGAIN_MS,
    GIVE_UP_MS,
    Answer,
    Close,
    Closed,
    Delivered,
    Due,
    Effect,
    Event,
    Handed,
    Journaled,
    Leak,
    Left,
    Measured,
    Missed,
    NoGas,
    Normal,
    Opened,
    Phase,
    Run,
    Tick,
    Unsent,
    next_ms,
    step,
)
from gascore.words import AlarmId

T: Final = 1_790_000_000_000
ALARM: Final = AlarmId(7)
ZONE: Final = ZoneInfo("Asia/Shanghai")


def play(*events: tuple[int, Event]) -> tuple[Run, list[Effect]]:
    run, effects = Run(), list[Effect]()
    for after_ms, event in events:
        done = step(run, event, T + after_ms)
        run = done.state
        effects += done.effects
    return run, effects


SENT: Final = (0, Due(120_000))
SEEN: Final = (100, Journaled(T + 100))
RAISED: Final = (200, Opened(ALARM, T + 200))
TAKEN: Final = (300, Handed(T + 300))
THERE: Final = (2_000, Delivered(T + 2_000))


def test_one_that_arrives_is_measured_answered_and_closed_when_the_gas_is_gone() -> None:
    run, effects = play(SENT, SEEN, RAISED, TAKEN, THERE)
    assert effects == [Leak(), Measured(), NoGas(), Answer(ALARM)]
    assert (run.journaled_ms, run.opened_ms, run.handed_ms, run.delivered_ms) == (
        T + 100,
        T + 200,
        T + 300,
        T + 2_000,
    )
    run, effects = play(SENT, SEEN, RAISED, TAKEN, THERE, (40_000, Normal()), (40_100, Closed()))
    assert effects[-1] == Close(ALARM)
    assert run == Run()


@pytest.mark.parametrize(
    ("passed", "why"),
    [
        ([], "not in the journal"),
        ([SEEN], "no alarm"),
        ([SEEN, RAISED], "not handed over"),
        ([SEEN, RAISED, TAKEN], "no receipt"),
    ],
)
def test_one_that_is_late_says_where_it_stayed(passed: list[tuple[int, Event]], why: str) -> None:
    _, before = play(SENT, *passed, (119_999, Tick()))
    assert before == [Leak()]
    run, effects = play(SENT, *passed, (120_000, Tick()))
    assert effects[1:3] == [Measured(why), NoGas()]
    assert run.phase is Phase.ENDING


def test_one_that_the_broker_did_not_take_is_measured_at_once() -> None:
    _, effects = play(SENT, (10, Unsent("ConnectionRefusedError")))
    assert effects[1] == Measured("not sent: ConnectionRefusedError")


def test_an_alarm_that_comes_after_all_is_put_away_too() -> None:
    run, effects = play(SENT, (120_000, Tick()), (130_000, Opened(ALARM, T)), (170_000, Normal()))
    assert effects[-3:] == [NoGas(), Answer(ALARM), Close(ALARM)]
    assert run.alarm == ALARM


def test_closing_is_asked_for_again_until_it_is_closed() -> None:
    _, effects = play(SENT, RAISED, THERE, (2_000 + AGAIN_MS - 1, Tick()), (2_000 + AGAIN_MS, Tick()))
    assert effects[4:] == [NoGas(), Answer(ALARM), Close(ALARM)]


def test_one_that_never_became_an_alarm_is_forgotten() -> None:
    run, _ = play(SENT, (120_000, Tick()), (120_000 + AGAIN_MS, Tick()))
    assert run.phase is Phase.ENDING
    run, _ = play(SENT, (120_000, Tick()), (GIVE_UP_MS + 1, Tick()))
    assert run.phase is Phase.IDLE


def test_what_a_killed_process_left_is_put_away_at_once() -> None:
    _, effects = play((0, Left(ALARM)), (0, Tick()))
    assert effects == [NoGas(), Answer(ALARM), Close(ALARM)]


def test_the_next_one_waits_for_the_end_of_this_one() -> None:
    _, effects = play(SENT, SEEN, (60_000, Due(120_000)))
    assert effects == [Leak()]


def test_one_that_is_due_while_the_last_one_can_not_be_put_away_has_failed() -> None:
    later = 120_000 + AGAIN_MS
    assert play(SENT, SEEN, RAISED, TAKEN, THERE, (later, Due(120_000)))[1][-1] == Answer(ALARM)
    run, effects = play(SENT, SEEN, RAISED, TAKEN, THERE, (later + 1, Due(120_000)))
    assert effects[-1] == Missed("the last one has not ended")
    assert run.phase is Phase.ENDING, "its alarm is still to be closed"


def test_one_that_is_due_just_after_a_start_is_no_failure_of_what_was_left() -> None:
    assert play((0, Left(ALARM)), (1_000, Due(120_000)))[1] == []


def test_once_a_day_at_ten_or_every_minute_from_then_on() -> None:
    now_ms = round(datetime(2026, 11, 25, 9, 59, 30, tzinfo=ZONE).timestamp() * 1000)
    assert next_ms(now_ms, "10:00", 86_400_000, ZONE) == now_ms + 30_000
    assert next_ms(now_ms + 30_000, "10:00", 86_400_000, ZONE) == now_ms + 30_000 + 86_400_000
    assert next_ms(now_ms, "08:15", 60_000, ZONE) == now_ms + 30_000
    assert next_ms(now_ms + 30_000, "23:00", 60_000, ZONE) == now_ms + 90_000
