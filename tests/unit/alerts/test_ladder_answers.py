"""Answers: how many are needed, how long they count, and what is progress."""

from typing import Final

import msgspec

from alerts.rules.ladder import (
    Answered,
    Because,
    Expired,
    Hush,
    Ladder,
    Over,
    Phase,
    Progress,
    Start,
    Tick,
    is_expired,
    set_back,
    step,
)
from alerts.rules.ladder_times import REMIND_MS, next_due
from gascore.alarm import AlarmKind, NoticePurpose
from support.ladders import URGENT, S, T, needing, run

HALF_HOUR: Final = URGENT.ack_expires_ms // S
REMIND: Final = REMIND_MS // S


def test_who_answers_is_reminded_before_the_answer_counts_no_more() -> None:
    steps = run(
        Ladder(),
        (0, Start(URGENT)),
        (60, Answered("li")),
        (60 + HALF_HOUR - REMIND - 1, Tick()),
        (60 + HALF_HOUR - REMIND, Tick()),
        (60 + HALF_HOUR - 1, Tick()),
    )
    assert [len(done.effects) for done in steps] == [1, 0, 0, 1, 0]
    (reminder,) = steps[3].effects
    assert (reminder.remind, reminder.acked, reminder.rungs) == (True, ("li",), ())
    assert steps[3].wake_at == T + (60 + HALF_HOUR) * S
    assert not is_expired(steps[4].state, T + (60 + HALF_HOUR) * S - 1)
    assert is_expired(steps[4].state, T + (60 + HALF_HOUR) * S)


def test_then_the_ladder_climbs_on_from_where_it_was_with_the_same_gaps() -> None:
    end = 100 + HALF_HOUR
    steps = run(
        Ladder(),
        (0, Start(URGENT)),
        (90, Tick()),
        (100, Answered("li")),
        (end, Expired()),
        (end + 119, Tick()),
        (end + 120, Tick()),
    )
    assert steps[3].reason is Because.ACK_EXPIRED
    assert steps[3].state.acks == ()
    assert steps[3].effects[0].rungs == URGENT.steps[2:3]
    assert steps[3].effects[0].purpose is NoticePurpose.RAISED
    assert steps[4].effects == ()
    assert steps[5].effects[0].rungs == URGENT.steps[3:4]


def test_after_the_last_step_an_expired_answer_is_a_repeat_to_everybody() -> None:
    steps = run(
        Ladder(), (0, Start(URGENT)), (700, Tick()), (710, Answered("li")), (710 + HALF_HOUR, Expired())
    )
    assert steps[3].effects[0].purpose is NoticePurpose.REPEAT
    assert steps[3].effects[0].rungs == URGENT.steps
    assert steps[3].wake_at == T + (710 + HALF_HOUR) * S + URGENT.repeat_ms


def test_a_comment_or_another_answer_begins_the_time_anew() -> None:
    for event in (Progress(), Answered("wang")):
        steps = run(
            Ladder(),
            (0, Start(URGENT)),
            (60, Answered("li")),
            (60 + HALF_HOUR - 1, event),
            (60 + HALF_HOUR, Tick()),
        )
        assert steps[2].reason is Because.PROGRESS
        assert steps[3].effects == ()
        assert steps[3].wake_at == T + (60 + 2 * HALF_HOUR - 1 - REMIND) * S


def test_without_a_time_an_answer_counts_without_end() -> None:
    forever = msgspec.structs.replace(URGENT, ack_expires_s=0)
    steps = run(Ladder(), (0, Start(forever)), (60, Answered("li")), (100_000, Tick()))
    assert steps[1].wake_at is None
    assert steps[2].effects == ()


def test_an_answer_to_what_is_over_does_not_expire() -> None:
    steps = run(
        Ladder(), (0, Start(URGENT)), (60, Answered("li")), (70, Over()), (85, Tick()), (5_000, Tick())
    )
    assert steps[3].state.phase is Phase.DONE
    assert steps[4].effects == ()


def test_where_two_must_answer_it_climbs_on_after_the_first_and_leaves_that_one_in_peace() -> None:
    steps = run(
        Ladder(),
        (0, Start(needing(2))),
        (10, Answered("li")),
        (20, Answered("li")),
        (90, Tick()),
        (100, Answered("wang")),
        (180, Tick()),
    )
    assert steps[1].reason is Because.ANSWERED_BY_TOO_FEW
    assert steps[2].state.phase is Phase.CLIMBING
    assert steps[3].effects[0].acked == ("li",)
    assert steps[4].state.phase is Phase.ANSWERED
    assert steps[4].state.acks == ("li", "wang")
    assert steps[5].effects == ()


def test_when_it_is_over_one_answer_is_enough() -> None:
    steps = run(
        Ladder(), (0, Start(needing(2))), (10, Answered("li")), (20, Over()), (35, Tick()), (90, Tick())
    )
    assert steps[3].state.phase is Phase.DONE


def test_a_clock_that_is_set_back_leaves_an_answer_as_long_as_it_had() -> None:
    answered = run(Ladder(), (0, Start(URGENT)), (60, Answered("li")))[-1].state
    back = set_back(answered, 3600 * S)
    assert back.expires_ms == T + (60 + HALF_HOUR - 3600) * S
    assert back.due_ms == T + (60 + HALF_HOUR - REMIND - 3600) * S


def test_a_ladder_stored_before_there_were_chains_goes_on_by_its_plan() -> None:
    old = msgspec.json.decode(
        b'{"phase":"climbing","plan":"low_leak","started_ms":1790000000000,"rung":0,"repeats":0,"due_ms":1790000090000}',
        type=Ladder,
    ).of_now(AlarmKind.LEAK)
    assert next_due(old) == T + 90 * S
    told = step(old, Tick(), T + 90 * S)
    assert told.effects[0].roles == {"shift_leader"}
    assert told.state.of_now(AlarmKind.LEAK) is told.state


def test_a_chain_is_kept_though_its_policy_is_changed() -> None:
    started = run(Ladder(), (0, Start(URGENT)))[-1].state
    stored = msgspec.json.decode(msgspec.json.encode(started), type=Ladder)
    assert stored == started
    assert stored.of_now(AlarmKind.LEAK).chain == URGENT


def test_what_is_hushed_and_was_answered_by_too_few_is_quiet() -> None:
    steps = run(Ladder(), (0, Start(needing(2))), (5, Answered("li")), (9, Hush(URGENT)))
    assert steps[-1].state.phase is Phase.QUIET
