"""When a provider counts as out, and how it comes back."""

from alerts.rules.circuit import (
    FAILURES,
    FIRST_PAUSE_MS,
    LONGEST_PAUSE_MS,
    TRIAL_MS,
    WINDOW_MS,
    Asked,
    Because,
    Circuit,
    Event,
    Failed,
    Phase,
    Worked,
    step,
)

T = 1_790_000_000_000
DOWN = Failed("503")


def after(*events: tuple[int, Event]) -> Circuit:
    state = Circuit()
    for at_ms, event in events:
        state = step(state, event, T + at_ms).state
    return state


def opened() -> Circuit:
    return after(*((number, DOWN) for number in range(FAILURES)))


def test_a_hiccup_does_not_open_it() -> None:
    state = after(*((number, DOWN) for number in range(FAILURES - 1)))
    assert state.phase is Phase.CLOSED
    assert step(state, Asked(), T).effects


def test_several_outage_answers_within_the_window_open_it() -> None:
    assert opened().phase is Phase.OPEN
    assert not step(opened(), Asked(), T + 1_000).effects


def test_outage_answers_far_apart_do_not() -> None:
    assert after(*((number * WINDOW_MS, DOWN) for number in range(5))).phase is Phase.CLOSED


def test_a_success_in_between_starts_the_count_anew() -> None:
    assert after((0, DOWN), (1, DOWN), (2, Worked()), (3, DOWN), (4, DOWN)).phase is Phase.CLOSED


def test_a_fault_of_our_account_opens_it_at_once() -> None:
    assert after((0, Failed("20003", account=True))).phase is Phase.OPEN


def test_an_outage_that_took_long_to_say_opens_it_at_once() -> None:
    assert after((0, Failed("503", at_once=True))).phase is Phase.OPEN


def test_after_the_pause_one_message_is_the_trial_and_the_others_go_elsewhere() -> None:
    due_ms = T + FAILURES - 1 + FIRST_PAUSE_MS
    trial = step(opened(), Asked(), due_ms)
    assert (trial.reason, trial.state.phase, len(trial.effects)) == (Because.TRIAL, Phase.HALF_OPEN, 1)
    assert not step(trial.state, Asked(), due_ms + 1).effects
    assert step(trial.state, Asked(), due_ms + TRIAL_MS).effects, "a trial that never ended is forgotten"


def test_a_trial_that_works_closes_it() -> None:
    trial = step(opened(), Asked(), T + 60_000).state
    assert step(trial, Worked(), T + 60_100).state == Circuit()


def test_each_trial_that_fails_doubles_the_pause_up_to_the_longest() -> None:
    state, now_ms, pauses = opened(), T, []
    for _ in range(6):
        now_ms = state.until_ms
        state = step(step(state, Asked(), now_ms).state, DOWN, now_ms).state
        pauses.append(state.until_ms - now_ms)
    assert pauses[:2] == [2 * FIRST_PAUSE_MS, 4 * FIRST_PAUSE_MS]
    assert pauses[-1] == LONGEST_PAUSE_MS


def test_since_when_it_fails_is_kept_until_it_works() -> None:
    assert opened().failing_ms == T
    later = step(opened(), DOWN, T + 30_000)
    assert (later.reason, later.state.failing_ms) == (Because.LATE, T)


def test_a_clock_that_is_set_back_does_not_keep_it_open() -> None:
    assert step(opened(), Asked(), T - 3_600_000).effects
