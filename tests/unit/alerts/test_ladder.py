"""Who is told when, on time and after a pause."""

from typing import Final

import pytest

from alerts.rules.ladder import (
    Answered,
    Because,
    Closed,
    Drop,
    Event,
    Hold,
    Hush,
    Ladder,
    Over,
    Phase,
    Resume,
    Start,
    Tell,
    Tick,
    Unreached,
    set_back,
    step,
)
from alerts.rules.ladder_times import CLEAR_HOLD_MS
from gascore import plans
from gascore.alarm import AlarmKind, NoticePurpose
from gascore.policy import Chain, Facts, Policy, chain_of
from gascore.registry import Role
from gascore.words import Priority
from support.ladders import S, T, run

URGENT, LOW_LEAK, STRANGER = (
    chain_of(one, AlarmKind.LEAK) for one in (plans.URGENT, plans.LOW_LEAK, plans.STRANGER)
)
TECHNICAL, OURS, CARE, TOGETHER, NOBODY = (
    chain_of(one, AlarmKind.FAULT)
    for one in (plans.TECHNICAL, plans.OURS, plans.CARE, plans.TOGETHER, plans.NOBODY)
)
PLANS: Final = {name: chain_of(one, AlarmKind.LEAK) for name, one in plans.BUILT_IN.items()}


def plan_for(kind: AlarmKind, priority: Priority) -> Policy:
    return plans.built_in(Facts(kind, priority))


def climb(plan: Chain, until_s: int) -> list[tuple[int, Tell]]:
    """Everything that is told up to `until_s`, waking exactly when the ladder says so."""
    done = step(Ladder(), Start(plan), T)
    told = [(0, effect) for effect in done.effects]
    while done.wake_at is not None and done.wake_at <= T + until_s * S:
        now_ms = done.wake_at
        assert step(done.state, Tick(), now_ms - 1).effects == ()
        done = step(done.state, Tick(), now_ms)
        told += [((now_ms - T) // S, effect) for effect in done.effects]
    return told


def test_an_urgent_leak_climbs_every_ninety_seconds_and_then_everybody_is_told_every_five_minutes() -> None:
    told = climb(URGENT, 1000)
    assert [at for at, _ in told] == [0, 90, 180, 300, 600, 900]
    assert told[0][1].roles == {Role.OWNER, Role.SAFETY_OFFICER, Role.SHIFT_LEADER}
    assert told[1][1].roles == {Role.DUTY_OFFICER, Role.SUPPLIER_DISPATCH}
    assert told[2][1].roles == {Role.MAINTENANCE, Role.GRID_WORKER}
    assert told[3][1].roles == set(Role)
    assert told[4][1].purpose is NoticePurpose.REPEAT
    assert told[4][1].roles == set(Role)


def test_the_other_plans_have_their_times() -> None:
    assert [at for at, _ in climb(LOW_LEAK, 1600)] == [0, 90, 300, 900, 1200, 1500]
    assert [at for at, _ in climb(TECHNICAL, 200_000)] == [0, 7200, 7200 + 86_400, 7200 + 2 * 86_400]
    assert [at for at, _ in climb(OURS, 2200)] == [15, 300, 1200, 2100]
    assert [at for at, _ in climb(STRANGER, 700)] == [0, 300, 600]
    assert climb(NOBODY, 10**6) == []


def test_the_kind_and_the_priority_choose_the_plan() -> None:
    assert plan_for(AlarmKind.LEAK, Priority.URGENT) is plans.URGENT
    assert plan_for(AlarmKind.LEAK, Priority.HIGH) is plans.LOW_LEAK
    assert plan_for(AlarmKind.OFFLINE, Priority.MEDIUM) is plans.TECHNICAL
    assert plan_for(AlarmKind.WRONG_GAS, Priority.LOW) is plans.NOBODY
    assert plan_for(AlarmKind.BLIND, Priority.MEDIUM) is plans.OURS
    assert plan_for(AlarmKind.TROUBLE, Priority.MEDIUM) is plans.CARE
    assert plan_for(AlarmKind.UNKNOWN_LEAK, Priority.URGENT) is plans.STRANGER


@pytest.mark.parametrize("plan", PLANS.values(), ids=lambda plan: plan.policy)
@pytest.mark.parametrize("pause_s", [1, 89, 91, 240, 301, 601, 3000, 100_000])
def test_after_a_pause_everybody_due_is_told_once_and_the_next_instant_is_as_if_on_time(
    plan: Chain, pause_s: int
) -> None:
    started = step(Ladder(), Start(plan), T).state
    late = step(started, Tick(), T + pause_s * S)
    at_once = bool(plan.steps) and not plan.steps[0].after_ms
    on_time = climb(plan, pause_s)[at_once:]
    assert len(late.effects) <= 1
    told = late.effects[0].roles if late.effects else frozenset()
    assert told == frozenset().union(*(effect.roles for _, effect in on_time))
    again = step(late.state, Tick(), T + pause_s * S)
    assert again.effects == ()
    if late.wake_at is not None:
        assert late.wake_at > T + pause_s * S
        assert [at for at, _ in climb(plan, (late.wake_at - T) // S)][-1] * S == late.wake_at - T


def test_an_answer_stops_it() -> None:
    steps = run(Ladder(), (0, Start(TECHNICAL)), (30, Answered()), (90, Tick()), (10_000, Tick()))
    assert [len(done.effects) for done in steps] == [1, 0, 0, 0]
    assert steps[1].wake_at is None
    assert steps[2].reason is Because.NOT_DUE


def test_when_it_is_over_all_who_were_told_hear_of_it_after_the_hold() -> None:
    hold = CLEAR_HOLD_MS // S
    steps = run(
        Ladder(),
        (0, Start(URGENT)),
        (90, Tick()),
        (100, Over()),
        (100 + hold - 1, Tick()),
        (100 + hold, Tick()),
    )
    assert [len(done.effects) for done in steps] == [1, 1, 0, 0, 1]
    assert steps[2].wake_at == T + (100 + hold) * S
    assert steps[4].effects[0] == Tell(NoticePurpose.CLEARED, (), 1, 0, told=True)
    assert steps[4].state.phase is Phase.UNANSWERED


def test_back_within_the_hold_is_no_news_but_the_ladder_goes_on_from_its_start() -> None:
    steps = run(Ladder(), (0, Start(URGENT)), (50, Over()), (55, Start(URGENT)), (90, Tick()))
    assert [len(done.effects) for done in steps] == [1, 0, 0, 1]
    assert steps[2].reason is Because.BACK_IN_HOLD
    assert steps[2].wake_at == T + 90 * S


def test_a_rung_that_fell_due_within_the_hold_is_made_up_for_when_it_comes_back() -> None:
    steps = run(Ladder(), (0, Start(URGENT)), (85, Over()), (95, Start(URGENT)))
    assert steps[2].effects[0].roles == {Role.DUTY_OFFICER, Role.SUPPLIER_DISPATCH}


def test_back_after_the_hold_tells_all_who_were_told_and_climbs_on_from_the_first_start() -> None:
    steps = run(Ladder(), (0, Start(URGENT)), (50, Over()), (70, Tick()), (80, Start(URGENT)))
    assert steps[3].reason is Because.STARTED_AGAIN
    assert steps[3].effects[0].told
    assert steps[3].wake_at == T + 90 * S


def test_back_after_an_answer_starts_again_even_within_the_hold() -> None:
    steps = run(Ladder(), (0, Start(LOW_LEAK)), (5, Answered()), (10, Over()), (12, Start(LOW_LEAK)))
    assert len(steps[3].effects) == 1


def test_worse_is_told_at_once_and_climbs_the_urgent_ladder_by_the_time_since_the_first_start() -> None:
    worse = Start(URGENT, NoticePurpose.WORSE)
    steps = run(Ladder(), (0, Start(LOW_LEAK)), (40, worse))
    assert steps[1].effects == (Tell(NoticePurpose.WORSE, URGENT.steps[:1], 0, told=True),)
    assert steps[1].wake_at == T + 90 * S
    held = run(Ladder(), (0, Start(LOW_LEAK)), (40, Over()), (45, worse))
    assert held[2].effects[0].purpose is NoticePurpose.WORSE


def test_when_nobody_of_a_rung_can_be_reached_the_next_one_is_told_at_once() -> None:
    steps = run(
        Ladder(), (0, Start(LOW_LEAK)), (2, Unreached(0)), (2, Unreached(0)), (90, Tick()), (300, Tick())
    )
    assert steps[1].effects == (Tell(NoticePurpose.RAISED, LOW_LEAK.steps[1:2], 1),)
    assert steps[2].effects == ()
    assert steps[3].effects == ()
    assert steps[4].effects[0].roles == {Role.OWNER, Role.MAINTENANCE, Role.GRID_WORKER}


def test_an_unreachable_last_rung_is_asked_again_at_its_time_only() -> None:
    steps = run(Ladder(), (0, Start(STRANGER)), (2, Unreached(0)), (300, Tick()))
    assert [len(done.effects) for done in steps] == [1, 0, 1]


@pytest.mark.parametrize("before", [(), ((5, Answered()),)])
def test_closing_tells_those_who_were_told_at_once(before: tuple[tuple[int, Event], ...]) -> None:
    steps = run(Ladder(), (0, Start(TECHNICAL)), *before, (10, Closed()), (7200, Tick()))
    assert steps[-2].effects[0].purpose is NoticePurpose.CLEARED
    assert steps[-1].effects == ()


def test_closing_after_all_were_told_that_it_is_over_tells_nobody() -> None:
    steps = run(Ladder(), (0, Start(URGENT)), (5, Answered()), (50, Over()), (70, Tick()), (90, Closed()))
    assert [len(done.effects) for done in steps] == [1, 0, 0, 1, 0]


def test_an_answer_within_the_hold_keeps_the_hold() -> None:
    steps = run(Ladder(), (0, Start(URGENT)), (50, Over()), (55, Answered()), (65, Tick()))
    assert steps[3].effects[0].purpose is NoticePurpose.CLEARED


def test_a_leak_that_is_over_and_that_nobody_answered_climbs_on_but_is_not_repeated() -> None:
    steps = run(
        Ladder(),
        (0, Start(URGENT)),
        (60, Over()),
        (75, Tick()),
        (90, Tick()),
        (180, Tick()),
        (300, Tick()),
        (600, Tick()),
    )
    assert steps[2].wake_at == T + 90 * S
    assert steps[3].reason is Because.CLIMBED_AFTER
    assert [done.effects[0].roles for done in steps[3:6]] == [rung.roles for rung in URGENT.steps[1:]]
    assert steps[5].wake_at is None
    assert steps[6].effects == ()


@pytest.mark.parametrize("event", [Answered(), Closed()])
def test_an_answer_to_a_leak_that_is_over_ends_the_ladder_without_another_text(event: Event) -> None:
    steps = run(Ladder(), (0, Start(URGENT)), (60, Over()), (75, Tick()), (80, event), (90, Tick()))
    assert steps[3].state.phase is Phase.DONE
    assert [done.effects for done in steps[3:]] == [(), ()]
    assert steps[3].wake_at is None


def test_nobody_reached_after_it_was_over_goes_up_at_once_and_stops_at_the_top() -> None:
    steps = run(Ladder(), (0, Start(STRANGER)), (60, Over()), (75, Tick()), (76, Unreached(0)))
    assert steps[3].effects == ()
    assert steps[3].wake_at is None
    steps = run(Ladder(), (0, Start(URGENT)), (60, Over()), (75, Tick()), (76, Unreached(0)))
    assert steps[3].effects[0].rung == 1
    assert steps[3].wake_at == T + 180 * S


def test_an_answered_leak_that_is_over_climbs_no_further() -> None:
    steps = run(Ladder(), (0, Start(URGENT)), (30, Answered()), (60, Over()), (75, Tick()), (90, Tick()))
    assert steps[3].state.phase is Phase.DONE
    assert steps[4].effects == ()


def test_blindness_that_ends_within_seconds_is_told_to_nobody() -> None:
    steps = run(Ladder(), (0, Start(OURS)), (14, Tick()), (14, Closed()))
    assert [done.effects for done in steps[:2]] == [(), ()]
    assert steps[0].wake_at == T + 15 * S
    assert steps[2].wake_at is None


# --- held, and silent while another alarm stands for it ------------------------------------------------
def test_a_silence_is_told_after_the_hold_and_climbs_from_then_on() -> None:
    steps = run(Ladder(), (0, Hold(TECHNICAL, 45 * S)), (44, Tick()), (45, Tick()))
    assert [done.effects for done in steps[:2]] == [(), ()]
    assert steps[0].wake_at == T + 45 * S
    assert steps[2].effects[0].roles == {Role.OWNER}
    assert steps[2].wake_at == T + (45 + 7200) * S


def test_a_silence_that_is_over_within_the_hold_is_told_to_nobody() -> None:
    steps = run(Ladder(), (0, Hold(TECHNICAL, 45 * S)), (30, Closed()), (45, Tick()))
    assert [done.effects for done in steps] == [(), (), ()]
    assert steps[1].state.phase is Phase.DONE


def test_while_another_alarm_stands_for_it_nobody_is_told_however_long() -> None:
    steps = run(Ladder(), (0, Hush(TECHNICAL)), (100_000, Tick()), (100_001, Closed()))
    assert steps[0].wake_at is None
    assert all(effect.told and not effect.roles for done in steps for effect in done.effects)


def test_on_its_own_again_it_is_held_like_a_new_one() -> None:
    steps = run(Ladder(), (0, Hush(TECHNICAL)), (500, Hold(TECHNICAL, 60 * S)), (560, Tick()))
    assert steps[1].effects == ()
    assert steps[2].effects[0].roles == {Role.OWNER}


def test_who_was_told_before_hears_of_its_end_and_is_not_told_again_as_if_it_were_new() -> None:
    told = run(Ladder(), (0, Hold(TECHNICAL, 0)), (0, Tick()), (10, Hush(TECHNICAL)))[-1].state
    assert told.rung == 0
    (over,) = run(told, (20, Closed()))
    assert over.effects[0].purpose is NoticePurpose.CLEARED
    (again,) = run(told, (20, Hold(TECHNICAL, 45 * S)))
    assert again.effects == ()
    assert again.wake_at == T + 7200 * S, "maintenance, when it was due from the start"


def test_somebody_who_answered_is_left_in_peace_by_a_group() -> None:
    steps = run(
        Ladder(),
        (0, Hold(TECHNICAL, 0)),
        (0, Tick()),
        (5, Answered("li")),
        (9, Hush(TECHNICAL)),
        (7200, Tick()),
        (7300, Resume(TECHNICAL)),  # what `following` says when it stands on its own again
        (90_000, Tick()),
    )
    assert [len(done.effects) for done in steps] == [0, 1, 0, 0, 0, 0, 0]
    assert steps[-1].state.phase is Phase.ANSWERED
    assert steps[-1].state.acks == ("li",)


def test_an_alarm_whose_place_another_takes_is_not_told_to_be_over() -> None:
    for event in (Start(TOGETHER), Hold(TOGETHER, 0), Hush(TOGETHER)):
        steps = run(Ladder(), (0, event), (40, Tick()), (50, Drop()), (60, Tick()))
        assert steps[2].effects == ()
        assert steps[2].state.phase is Phase.DONE
        assert steps[3].effects == ()


def test_the_clock_that_is_set_back_holds_no_longer() -> None:
    held = run(Ladder(), (0, Hold(TECHNICAL, 45 * S)))[0].state
    assert set_back(held, 3600 * S).due_ms == T + (45 - 3600) * S
