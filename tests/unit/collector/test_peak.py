"""A leak's peak: kept while it lasts, told as it grows, and told at the end."""

from collector.rules.conditions import Limits
from collector.rules.judgement import FellSilent, Reported, Struck, step
from collector.rules.page import NEW, Effect, Standing, Step
from collector.rules.saving import Saved, strike
from collector.rules.timing import Timing
from gascore.journal import ConditionChanged, ConditionCleared, ConditionRaised
from gascore.words import Condition, Level
from support.collector_words import LIMITS, T0, a_placed, a_standing, a_status

SECOND = 1_000
PLACED = a_placed()


def say(
    standing: Standing, lel: float | None, at_ms: int, state: str = "high", *, stale: bool = False
) -> Step:
    timing = Timing(at_ms, stale=stale, late=stale)
    return step(standing, PLACED, Reported(a_status(state, lel=lel), at_ms, timing), LIMITS)


def about_the_leak(*steps: Step) -> list[Effect]:
    found = [effect for one in steps for effect in one.effects]
    return [one for one in found if getattr(one, "condition", None) is Condition.LEAK]


def test_the_end_of_a_leak_says_its_peak_though_its_level_never_changed() -> None:
    first = say(a_standing(), 52.0, T0)
    grown = say(first.standing, 58.0, T0 + SECOND)
    fallen = say(grown.standing, 51.0, T0 + 2 * SECOND)
    over = say(fallen.standing, 1.0, T0 + 3 * SECOND, "normal")
    assert grown.effects == fallen.effects == ()
    [cleared] = over.effects
    assert isinstance(cleared, ConditionCleared)
    assert cleared.peak_lel == 58.0


def test_a_leak_that_grows_within_its_level_is_told_by_steps_and_not_too_often() -> None:
    first = say(a_standing(), 52.0, T0)
    soon = say(first.standing, 75.0, T0 + 5 * SECOND)
    assert soon.effects == ()  # within ten seconds of the last word on it
    later = say(soon.standing, 60.0, T0 + 10 * SECOND)
    [told] = later.effects
    assert isinstance(told, ConditionChanged)
    assert (told.level, told.previous, told.peak_lel) == (Level.HIGH, Level.HIGH, 75.0)
    assert told.since_ms == T0
    little = say(later.standing, 84.9, T0 + 30 * SECOND)
    assert little.effects == ()
    assert say(little.standing, 85.0, T0 + 31 * SECOND).effects != ()


def test_a_change_of_level_tells_the_peak_too_and_counts_as_told() -> None:
    low = say(a_standing(), 30.0, T0, "low")
    high = say(low.standing, 70.0, T0 + SECOND)
    less = say(high.standing, 26.0, T0 + 2 * SECOND, "low")
    raised, worse, better = about_the_leak(low, high, less)
    assert isinstance(raised, ConditionRaised)
    assert isinstance(worse, ConditionChanged)
    assert isinstance(better, ConditionChanged)
    assert (worse.peak_lel, better.peak_lel) == (70.0, 70.0)
    assert say(less.standing, 72.0, T0 + 60 * SECOND).standing.held[Condition.LEAK].told_lel == 72.0


def test_the_first_number_of_a_leak_that_began_without_one_is_told() -> None:
    begun = say(a_standing(), None, T0)
    assert begun.standing.held[Condition.LEAK].peak_lel is None
    [told] = about_the_leak(say(begun.standing, 33.0, T0 + 10 * SECOND))
    assert isinstance(told, ConditionChanged)
    assert told.peak_lel == 33.0


def test_a_late_message_of_the_same_leak_counts_for_its_peak() -> None:
    begun = say(a_standing(), 52.0, T0)
    late = step(
        begun.standing,
        PLACED,
        Reported(a_status("high", lel=94.0), T0 + 60 * SECOND, Timing(T0 + SECOND, stale=True, late=True)),
        LIMITS,
    )
    assert late.effects == ()
    before = step(
        late.standing,
        PLACED,
        Reported(a_status("high", lel=99.0), T0 + 61 * SECOND, Timing(T0 - SECOND, stale=True, late=True)),
        LIMITS,
    )
    [told] = about_the_leak(say(before.standing, 53.0, T0 + 62 * SECOND))
    assert isinstance(told, ConditionChanged)
    assert told.peak_lel == 94.0


def test_an_end_without_a_message_says_the_peak() -> None:
    grown = say(say(a_standing(), 52.0, T0).standing, 61.0, T0 + SECOND)
    silent = step(grown.standing, PLACED, FellSilent(T0 + 60 * SECOND), LIMITS)
    struck = step(silent.standing, PLACED, Struck(T0 + 90 * SECOND), LIMITS)
    [cleared] = about_the_leak(struck)
    assert isinstance(cleared, ConditionCleared)
    assert cleared.peak_lel == 61.0
    [unseen] = strike(Saved(PLACED.id, grown.standing, site=PLACED.site), T0 + 90 * SECOND)
    assert unseen.peak_lel == 61.0


def test_while_it_is_waited_whether_a_leak_is_over_nothing_begins_its_wait_anew() -> None:
    placed = a_placed(clear_delay_s=30.0)
    limits = Limits(peak_every_ms=10_000)

    def hear(standing: Standing, lel: float, at_ms: int, state: str) -> Step:
        return step(standing, placed, Reported(a_status(state, lel=lel), at_ms, Timing(at_ms)), limits)

    grown = hear(hear(a_standing(), 52.0, T0, "high").standing, 90.0, T0 + SECOND, "high")
    low = hear(grown.standing, 1.0, T0 + 2 * SECOND, "normal")
    later = hear(low.standing, 1.0, T0 + 20 * SECOND, "normal")
    assert later.effects == ()
    over = hear(later.standing, 1.0, T0 + 32 * SECOND, "normal")
    [cleared] = about_the_leak(over)
    assert isinstance(cleared, ConditionCleared)
    assert cleared.peak_lel == 90.0


def test_other_conditions_have_no_peak() -> None:
    begun = step(NEW, PLACED, Reported(a_status("fault", lel=3.0), T0, Timing(T0)), LIMITS)
    assert begun.standing.held[Condition.FAULT].peak_lel is None
