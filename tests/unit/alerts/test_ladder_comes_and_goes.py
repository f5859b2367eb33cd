"""What comes and goes, or hovers, climbs as if it had stayed, until it is answered."""

from typing import Final

import pytest

from alerts.rules.ladder import (
    Answered,
    Because,
    Event,
    Expired,
    Hasten,
    Hush,
    Ladder,
    Over,
    Phase,
    Progress,
    Resume,
    Start,
    Tick,
    Unreached,
    is_expired,
    step,
)
from alerts.rules.ladder_times import CLEAR_HOLD_MS, REMIND_MS
from gascore import plans
from gascore.alarm import AlarmKind, NoticePurpose
from gascore.policy import Chain, chain_of
from support.ladders import S, T, needing, run

HOLD: Final = CLEAR_HOLD_MS // S
URGENT, LOW_LEAK, GAS_TEST = (
    chain_of(one, AlarmKind.LEAK) for one in (plans.URGENT, plans.LOW_LEAK, plans.GAS_TEST)
)
TECHNICAL: Final = chain_of(plans.TECHNICAL, AlarmKind.FAULT)
EXPIRES: Final = URGENT.ack_expires_ms // S
REMIND: Final = REMIND_MS // S


def comes_and_goes(chain: Chain, *, every_s: int, on_s: int, until_s: int, acks: str = "") -> dict[int, int]:
    """When each rung was first told, s after T."""
    ladder = Ladder()
    first: dict[int, int] = {}
    for now_s in range(0, until_s, 5):
        events: list[Event] = [Tick()]
        if now_s % every_s == 0:
            events.append(Start(chain))
            events += [Answered(acks)] if acks else []
        elif now_s % every_s == on_s:
            events.append(Over())
        for event in events:
            if isinstance(event, Tick) and (ladder.due_ms is None or ladder.due_ms > T + now_s * S):
                continue
            done = step(ladder, event, T + now_s * S)
            ladder = done.state
            for tell in done.effects:
                first.setdefault(tell.rung, now_s)
    return first


def test_an_urgent_leak_that_is_back_every_eighty_seconds_reaches_the_last_rung_in_its_time() -> None:
    told = comes_and_goes(URGENT, every_s=80, on_s=40, until_s=600)
    assert told[1] <= 100
    assert told[2] <= 200
    assert told[3] <= 320


def test_a_low_leak_that_is_back_every_ten_minutes_reaches_the_last_rung_in_its_time() -> None:
    assert comes_and_goes(LOW_LEAK, every_s=600, on_s=300, until_s=1_300)[3] == 900


def test_where_two_must_answer_and_one_always_does_the_others_are_told_all_the_same() -> None:
    told = comes_and_goes(needing(2), every_s=80, on_s=40, until_s=1_200, acks="li")
    assert max(told) == 3


def test_back_after_all_were_told_that_it_is_over_tells_all_again_up_to_where_it_was() -> None:
    steps = run(
        Ladder(), (0, Start(URGENT)), (90, Tick()), (100, Over()), (100 + HOLD, Tick()), (130, Start(URGENT))
    )
    (tell,) = steps[4].effects
    assert (tell.purpose, tell.told, tell.rungs, tell.rung) == (
        NoticePurpose.RAISED,
        True,
        URGENT.steps[:2],
        1,
    )
    assert steps[4].state.started_ms == T
    assert steps[4].wake_at == T + 180 * S


def test_what_was_due_in_the_pause_is_told_in_the_same_step_and_the_next_repeat_lies_ahead() -> None:
    steps = run(Ladder(), (0, Start(URGENT)), (20, Over()), (20 + HOLD, Tick()), (1_000, Start(URGENT)))
    assert steps[3].effects[0].rungs == URGENT.steps
    assert steps[3].wake_at == T + 1_200 * S


def test_worse_goes_on_by_the_same_time_on_the_chain_of_what_is_urgent() -> None:
    worse = Start(URGENT, NoticePurpose.WORSE)
    steps = run(Ladder(), (0, Start(LOW_LEAK)), (90, Tick()), (200, worse))
    assert (steps[2].effects[0].purpose, steps[2].effects[0].rung) == (NoticePurpose.WORSE, 2)
    assert steps[2].effects[0].told
    assert steps[2].wake_at == T + 300 * S


def test_a_rung_that_was_told_before_its_time_stays_told() -> None:
    for early in (Unreached(0), Hasten()):
        steps = run(Ladder(), (0, Start(LOW_LEAK)), (5, early), (20, Start(URGENT, NoticePurpose.WORSE)))
        assert steps[2].effects[0].rungs == URGENT.steps[:2]
        assert steps[2].wake_at == T + 180 * S


def test_an_episode_that_was_answered_and_comes_back_starts_anew() -> None:
    answered = ((0, Start(URGENT)), (200, Tick()), (210, Answered("li")))
    for back in (
        (*answered, (300, Start(URGENT))),
        (*answered, (250, Over()), (255, Start(URGENT))),
        (*answered, (250, Over()), (270, Tick()), (300, Start(URGENT))),
    ):
        done = run(Ladder(), *back)[-1]
        assert (done.state.rung, done.effects[0].rung, done.state.acks) == (0, 0, ())
        assert done.state.started_ms == T + back[-1][0] * S


def test_an_answer_of_too_few_that_is_long_ago_leaves_what_comes_back_to_start_anew() -> None:
    two = needing(2)
    steps = run(
        Ladder(), (0, Start(two)), (5, Answered("li")), (20, Over()), (40, Tick()), (90_000, Start(two))
    )
    assert (steps[-1].state.rung, steps[-1].state.started_ms) == (0, T + 90_000 * S)


def test_what_outlives_a_gas_test_starts_from_the_first_rung() -> None:
    steps = run(Ladder(), (0, Start(GAS_TEST)), (700, Tick()), (7_200, Start(LOW_LEAK, anew=True)))
    assert steps[2].effects[0].rungs == LOW_LEAK.steps[:1]
    assert steps[2].wake_at == T + (7_200 + 90) * S


# --- where several must answer -------------------------------------------------------------------------
def test_the_answer_of_too_few_is_reminded_of_and_expires_too() -> None:
    two = needing(2)
    steps = run(Ladder(), (0, Start(two)), (310, Tick()), (320, Answered("li")))
    answered = steps[-1].state
    assert (answered.phase, answered.acks_missing) == (Phase.CLIMBING, 1)
    assert answered.expires_ms == T + (320 + EXPIRES) * S
    ladder, reminded = answered, []
    while not is_expired(ladder, ladder.due_ms or 0):
        assert ladder.due_ms is not None
        done = step(ladder, Tick(), ladder.due_ms)
        reminded += [(ladder.due_ms, tell) for tell in done.effects if tell.remind]
        ladder = done.state
    assert [(at_ms, tell.acked) for at_ms, tell in reminded] == [(T + (320 + EXPIRES - REMIND) * S, ("li",))]
    gone = step(ladder, Expired(), T + (320 + EXPIRES) * S).state
    assert (gone.acks, gone.acks_missing, gone.expires_ms, gone.phase) == ((), 0, None, Phase.CLIMBING)
    assert gone.started_ms == T
    assert gone.due_ms is not None


def test_a_comment_keeps_the_answer_of_too_few_alive() -> None:
    steps = run(Ladder(), (0, Start(needing(2))), (10, Answered("li")), (60, Progress()))
    assert steps[2].state.expires_ms == T + (60 + EXPIRES) * S
    assert steps[2].wake_at == T + 90 * S


def test_what_is_over_needs_one_answer_also_within_the_hold_and_after_it() -> None:
    started = ((0, Start(needing(2))), (20, Over()))
    held = run(Ladder(), *started, (25, Answered("li")), (20 + HOLD, Tick()))
    assert held[-1].state.phase is Phase.DONE
    after = run(Ladder(), *started, (20 + HOLD, Tick()), (60, Answered("li")))
    assert (after[-1].state.phase, after[-1].state.acks) == (Phase.DONE, ("li",))


# --- silent, and not any more --------------------------------------------------------------------------
def test_an_answer_given_while_nobody_is_told_is_kept_and_counts_when_it_goes_on() -> None:
    quiet = run(Ladder(), (0, Hush(TECHNICAL)), (10, Answered("li")))
    assert (quiet[-1].state.phase, quiet[-1].wake_at) == (Phase.QUIET, None)
    (on,) = run(quiet[-1].state, (500, Resume(TECHNICAL, "Li Wei")))
    assert (on.state.phase, on.state.acks, on.effects) == (Phase.ANSWERED, ("li",), ())


def test_what_too_few_answered_goes_on_to_the_others_when_it_is_silent_no_more() -> None:
    two = needing(2, TECHNICAL)
    steps = run(
        Ladder(),
        (0, Start(two)),
        (10, Answered("li")),
        (20, Hush(two)),
        (500, Resume(two, "Li Wei")),
        (510, Answered("wang")),
    )
    assert (steps[3].state.phase, steps[3].state.acks) == (Phase.CLIMBING, ("li",))
    assert (steps[3].effects[0].acked, steps[3].effects[0].rung) == (("li",), 0)
    assert steps[3].wake_at == T + (500 + 7_200) * S
    assert (steps[4].state.phase, steps[4].state.acks) == (Phase.ANSWERED, ("li", "wang"))


# --- escalate now --------------------------------------------------------------------------------------
def test_who_was_asked_for_and_can_not_be_reached_is_followed_by_the_next_though_it_is_answered() -> None:
    steps = run(Ladder(), (0, Start(URGENT)), (10, Answered("li")), (60, Hasten()), (62, Unreached(1)))
    assert steps[3].reason is Because.UNREACHED
    assert (steps[3].effects[0].rung, steps[3].effects[0].acked) == (2, ("li",))
    assert steps[3].state.phase is Phase.ANSWERED
    assert steps[3].wake_at == steps[1].wake_at


@pytest.mark.parametrize("again", [(), ((61, Answered("wang")),)])
def test_what_is_answered_and_nobody_asked_more_for_stays_where_it_is(
    again: tuple[tuple[int, Event], ...],
) -> None:
    before: tuple[tuple[int, Event], ...] = ((0, Start(URGENT)), (10, Answered("li")))
    if again:
        before = (*before, (60, Hasten()), *again)
    steps = run(Ladder(), *before)
    left = step(steps[-1].state, Unreached(steps[-1].state.rung), T + 70 * S)
    assert (left.effects, left.state) == ((), steps[-1].state)


def test_repeats_that_a_person_asked_for_put_off_none_of_the_others() -> None:
    steps = run(Ladder(), (0, Start(URGENT)), (310, Tick()), *((320 + n, Hasten()) for n in range(8)))
    assert steps[-1].wake_at == T + 600 * S
    numbers = [done.effects[0].repeat for done in steps[2:]]
    repeat = step(steps[-1].state, Tick(), T + 600 * S).effects[0].repeat
    assert len({*numbers, repeat}) == 9, "each is another message"
