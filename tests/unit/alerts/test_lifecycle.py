"""The life of one alarm, by its table and by its sentences."""

import itertools
from dataclasses import replace
from typing import Final

import pytest
from msgspec.structs import replace as replace_struct

from alerts.rules.lifecycle import TRANSITIONS, Case, Cue, Nothing, Why, step
from alerts.rules.occasions import (
    Absorbed,
    Ack,
    AckExpired,
    Began,
    Close,
    Comment,
    Ended,
    Event,
    Hasten,
    Numbers,
    Shelve,
    StoodFor,
    Take,
    Unshelve,
)
from gascore.alarm import QUIETED, AlarmCause, AlarmKind, AlarmStatus, GroupKind, Outage
from gascore.journal import AlarmStep
from gascore.operators import Outcome
from gascore.words import AlarmId, Level, Priority

T: Final = 1_790_000_000_000


def leak(level: Level = Level.LOW, *, priority: Priority = Priority.HIGH, lel: float = 12.0) -> Began:
    return Began(
        id=AlarmId(1),
        key="detector:D7:leak",
        kind=AlarmKind.LEAK,
        priority=priority,
        since_ms=T,
        received_ms=T,
        level=level,
        lel=lel,
    )


def fault(*codes: str) -> Began:
    return Began(
        id=AlarmId(2),
        key="detector:D7:fault",
        kind=AlarmKind.FAULT,
        priority=Priority.MEDIUM,
        since_ms=T,
        received_ms=T,
        codes=codes,
    )


def after(*events: Began | Ended | Ack | Close | Comment) -> Case:
    """The case after these events, one second apart."""
    case: Case | None = None
    for number, event in enumerate(events):
        case = step(case, event, T + number * 1000).state
    assert case is not None
    return case


CASES: Final[dict[AlarmStatus | None, Case | None]] = {
    None: None,
    AlarmStatus.UNACKED_ACTIVE: after(leak()),
    AlarmStatus.UNACKED_NORMAL: after(leak(), Ended()),
    AlarmStatus.ACKED_ACTIVE: after(leak(), Ack("ann")),
    AlarmStatus.ACKED_NORMAL: after(leak(), Ack("ann"), Ended()),
    AlarmStatus.CLOSED: after(leak(), Ack("ann"), Ended(), Close("ann", AlarmCause.TEST)),
}
_LEAK, _HIGH = leak(), leak(Level.HIGH, priority=Priority.URGENT)
_SHELVE = Shelve("bo", T + 9_500, "spare part", 3_600_000)
EVENTS: Final[dict[str, Event]] = {
    "same": _LEAK,
    "higher": _HIGH,
    "over": Ended(),
    "ack": Ack("bo"),
    "stale ack": Ack("bo", seen_version=0),
    "expired": AckExpired(),
    "close": Close("bo", AlarmCause.REAL_LEAK),
    "close without cause": Close("bo", None),
    "close as the service does": Close("bo", AlarmCause.CLEARED),
    "close as false": Close("bo", AlarmCause.FALSE_ALARM),
    "close as other": Close("bo", AlarmCause.OTHER),
    "comment": Comment("bo", "on my way"),
    "shelve": _SHELVE,
    "unshelve": Unshelve("bo"),
    "take": Take("cy"),
    "hasten": Hasten("bo"),
    "absorbed": Absorbed(),
    "stood for": StoodFor(AlarmId(9)),
}
_COLUMNS: Final = (
    None,
    AlarmStatus.UNACKED_ACTIVE,
    AlarmStatus.UNACKED_NORMAL,
    AlarmStatus.ACKED_ACTIVE,
    AlarmStatus.ACKED_NORMAL,
    AlarmStatus.CLOSED,
)
_S, _O, _SAME = AlarmStep, Outcome, Nothing.SAME
EXPECTED: Final[dict[str, tuple[Why, ...]]] = {
    # no alarm, unacked active, unacked normal, acked active, acked normal, closed
    "same": (_S.OPENED, _SAME, _S.CAME_BACK, _SAME, _S.CAME_BACK, _SAME),
    "higher": (_S.OPENED, _S.WORSE, _S.CAME_BACK, _S.WORSE, _S.CAME_BACK, _SAME),
    "over": (Nothing.NOT_OPEN, _S.NORMAL, _SAME, _S.NORMAL, _SAME, _SAME),
    "ack": (_O.NOT_FOUND, _S.ACKED, _S.ACKED, _O.ALREADY, _O.ALREADY, _O.ALREADY),
    "stale ack": (
        _O.NOT_FOUND,
        _O.CHANGED_MEANWHILE,
        _O.CHANGED_MEANWHILE,
        _O.ALREADY,
        _O.ALREADY,
        _O.ALREADY,
    ),
    "expired": (_SAME, _SAME, _SAME, _S.ACK_EXPIRED, _SAME, _SAME),
    "close": (_O.NOT_FOUND, _O.STILL_ACTIVE, _O.NOT_ACKED, _O.STILL_ACTIVE, _S.CLOSED, _O.ALREADY),
    "close without cause": (
        _O.NOT_FOUND,
        _O.STILL_ACTIVE,
        _O.NOT_ACKED,
        _O.STILL_ACTIVE,
        _O.CAUSE_MISSING,
        _O.ALREADY,
    ),
    "close as the service does": (
        _O.NOT_FOUND,
        _O.STILL_ACTIVE,
        _O.NOT_ACKED,
        _O.STILL_ACTIVE,
        _O.CAUSE_MISSING,
        _O.ALREADY,
    ),
    "close as false": (
        _O.NOT_FOUND,
        _O.STILL_ACTIVE,
        _O.NOT_ACKED,
        _O.STILL_ACTIVE,
        _O.TRIGGER_MISSING,
        _O.ALREADY,
    ),
    "close as other": (
        _O.NOT_FOUND,
        _O.STILL_ACTIVE,
        _O.NOT_ACKED,
        _O.STILL_ACTIVE,
        _O.NOTE_MISSING,
        _O.ALREADY,
    ),
    "comment": (_O.NOT_FOUND, *[_S.COMMENTED] * 5),
    "shelve": (_O.NOT_FOUND, *[_O.NEVER_SHELVED] * 4, _O.ALREADY),
    "unshelve": (_O.NOT_FOUND, *[_O.NOT_SHELVED] * 4, _O.ALREADY),
    "take": (_O.NOT_FOUND, _S.TAKEN, _S.TAKEN, _O.OWNED, _O.OWNED, _O.ALREADY),
    "hasten": (_O.NOT_FOUND, *[_S.HASTENED] * 4, _O.ALREADY),
    "absorbed": (_SAME,) * 6,
    "stood for": (_SAME,) * 6,
}
"""Of a low leak, said here once more and not taken from the table that is tested."""


@pytest.mark.parametrize("status", CASES)
@pytest.mark.parametrize("event", EVENTS)
def test_a_leak_does_what_is_expected_of_it_and_else_the_same_object_comes_back(
    status: AlarmStatus | None, event: str
) -> None:
    case = CASES[status]
    if status is AlarmStatus.CLOSED and isinstance(EVENTS[event], Began):
        return  # a closed alarm has no open key: the condition opens the next alarm
    expected = EXPECTED[event][_COLUMNS.index(status)]
    done = step(case, EVENTS[event], T + 9000)
    assert done.reason == expected
    if isinstance(expected, AlarmStep):
        assert done.state is not None
        assert done.state.alarm.version == (case.alarm.version if case else 0) + 1
        assert done.state.alarm.changed_ms == T + 9000
        assert [effect.step for effect in done.effects] == [expected]
        assert done.effects[0].alarm == done.state.alarm
    else:
        assert done.state is case
        assert done.effects == ()


PERSONS: Final = frozenset(Cue) - {
    Cue.BEGAN,
    Cue.WORSENED,
    Cue.EASED,
    Cue.RISEN,
    Cue.UNCHANGED,
    Cue.ENDED_LATCHED,
    Cue.ENDED,
    Cue.COVER,
    Cue.UNCOVER,
    Cue.ABSORBED,
    Cue.STOOD_FOR,
    Cue.ON_ITS_OWN,
    Cue.NUMBERS,
    Cue.ACK_EXPIRED,
}
"""What a person asks for: all but what happens by itself."""


def test_every_pair_of_state_and_persons_action_has_an_answer() -> None:
    without_alarm = {(None, Cue.STALE_ACK)}  # there is no version of it that could be stale
    pairs = set(itertools.product(CASES, PERSONS)) - without_alarm
    assert {pair for pair in pairs if pair not in TRANSITIONS} == set()


def test_a_leak_that_is_over_and_acknowledged_still_waits_for_a_cause() -> None:
    case = after(leak(), Ack("ann"), Ended())
    assert case.alarm.status is AlarmStatus.ACKED_NORMAL
    assert step(case, Close("ann", None), T).outcome is Outcome.CAUSE_MISSING
    closed = step(case, Close("ann", AlarmCause.REAL_LEAK, "hose"), T).state
    assert closed is not None
    assert (closed.alarm.cause, closed.alarm.closed_by, closed.alarm.note) == (
        AlarmCause.REAL_LEAK,
        "ann",
        "hose",
    )


def test_a_fault_closes_by_itself() -> None:
    closed = step(after(fault("E1")), Ended(), T + 5000).state
    assert closed is not None
    assert (closed.alarm.status, closed.alarm.cause) == (AlarmStatus.CLOSED, AlarmCause.CLEARED)
    assert closed.alarm.closed_by is None


def test_a_leak_that_comes_back_counts_and_needs_a_new_acknowledgement() -> None:
    alarm = after(leak(), Ack("ann"), Ended(), leak()).alarm
    assert (alarm.status, alarm.count, alarm.acked_by) == (AlarmStatus.UNACKED_ACTIVE, 2, None)


def test_worse_takes_the_acknowledgement_back() -> None:
    alarm = after(leak(), Ack("ann"), leak(Level.HIGH, priority=Priority.URGENT, lel=55.0)).alarm
    assert alarm.status is AlarmStatus.UNACKED_ACTIVE
    assert (alarm.peak_level, alarm.peak_lel) == (Level.HIGH, 55.0)


def test_less_keeps_the_acknowledgement_the_peak_and_the_priority() -> None:
    high = leak(Level.HIGH, priority=Priority.URGENT, lel=55.0)
    alarm = after(high, Ack("ann"), leak()).alarm
    assert alarm.status is AlarmStatus.ACKED_ACTIVE
    assert (alarm.level, alarm.peak_level, alarm.peak_lel) == (Level.LOW, Level.HIGH, 55.0)
    assert alarm.priority is Priority.URGENT


def test_an_acknowledgement_of_an_older_version_counts_unless_it_got_worse_since() -> None:
    eased = after(leak(Level.HIGH), leak(Level.LOW))
    assert step(eased, Ack("ann", seen_version=1), T).outcome is Outcome.DONE
    worse = after(leak(), leak(Level.HIGH))
    assert step(worse, Ack("ann", seen_version=1), T).outcome is Outcome.CHANGED_MEANWHILE
    assert step(worse, Ack("ann", seen_version=2), T).outcome is Outcome.DONE
    back = after(leak(), Ended(), leak())
    assert step(back, Ack("ann", seen_version=2), T).outcome is Outcome.CHANGED_MEANWHILE
    commented = after(leak(), Comment("bo", "hm"))
    assert step(commented, Ack("ann", seen_version=1), T).outcome is Outcome.DONE


def test_another_fault_code_is_worse_and_one_fewer_is_less() -> None:
    assert step(after(fault("E1")), fault("E1", "E2"), T).reason is AlarmStep.WORSE
    assert step(after(fault("E1", "E2")), fault("E2"), T).reason is AlarmStep.LESS
    assert step(after(fault("E1")), fault("E1"), T).reason is Nothing.SAME


def test_the_same_leak_at_a_detector_that_turns_out_to_be_of_the_wrong_gas_is_worse() -> None:
    done = step(after(leak()), leak(priority=Priority.URGENT), T)
    assert done.reason is AlarmStep.WORSE


def test_another_fault_is_news_but_another_proof_of_the_wrong_gas_is_not() -> None:
    assert after(fault("a"), fault("a", "b")).worse_version == 2
    wrong = replace(fault("ledger_mismatch"), kind=AlarmKind.WRONG_GAS)
    case = after(wrong)
    known = step(case, replace(wrong, codes=("ledger_mismatch", "declared_mismatch")), T + 1000)
    assert known.state is case
    assert known.effects == ()


# --- inside another alarm -------------------------------------------------------------------------
def silence() -> Began:
    return replace(fault(), key="detector:D7:offline", kind=AlarmKind.OFFLINE)


@pytest.mark.parametrize("kind", [kind for kind in AlarmKind if kind not in QUIETED])
def test_nothing_can_put_a_leak_or_a_fault_inside_another_alarm(kind: AlarmKind) -> None:
    case = after(replace(leak(), kind=kind, inside=AlarmId(9)))
    assert case.alarm.inside is None
    done = step(case, StoodFor(AlarmId(9)), T)
    assert (done.state, done.effects, done.reason) == (case, (), Nothing.SAME)


def test_a_silence_goes_into_a_group_and_stands_on_its_own_again() -> None:
    case = after(silence())
    inside = step(case, StoodFor(AlarmId(9)), T + 1)
    assert inside.state is not None
    assert (inside.reason, inside.state.alarm.inside) == (AlarmStep.QUIETED, 9)
    assert step(inside.state, StoodFor(AlarmId(9)), T + 2).effects == ()
    alone = step(inside.state, StoodFor(None), T + 3)
    assert alone.state is not None
    assert (alone.reason, alone.state.alarm.inside) == (AlarmStep.ON_ITS_OWN, None)
    assert alone.state.alarm.active


def test_an_acknowledgement_stays_when_numbers_change() -> None:
    outage = Outage(GroupKind.AREA, "a", 5, 5, 9)
    case = after(replace(fault(), key="group:area:a", kind=AlarmKind.OUTAGE, outage=outage), Ack("ann", 1))
    grown = step(case, Numbers(Outage(GroupKind.AREA, "a", 7, 7, 9)), T + 9)
    assert grown.state is not None
    assert (grown.reason, grown.state.alarm.acked_by) == (AlarmStep.COUNTED, "ann")
    assert grown.state.alarm.outage == Outage(GroupKind.AREA, "a", 7, 7, 9)
    assert step(grown.state, Numbers(grown.state.alarm.outage), T + 10).effects == ()


def test_an_acknowledgement_of_a_group_says_how_many_it_was_for_and_is_gone_when_it_is_worse() -> None:
    outage = Outage(GroupKind.AREA, "a", 5, 5, 50)
    case = after(replace(fault(), key="group:area:a", kind=AlarmKind.OUTAGE, outage=outage), Ack("ann", 1))
    assert case.alarm.outage is not None
    assert (case.alarm.acked_by, case.alarm.outage.acked) == ("ann", 5)
    more = replace_struct(case.alarm.outage, offline=10)
    worse = step(case, Numbers(more, worse=True), T + 9)
    assert worse.state is not None
    assert (worse.reason, worse.state.alarm.acked_by, worse.state.alarm.outage) == (
        AlarmStep.WORSE,
        None,
        more,
    )
    assert worse.state.alarm.status is AlarmStatus.UNACKED_ACTIVE
    late = step(worse.state, Ack("bob", case.alarm.version), T + 10)
    assert late.reason is Outcome.CHANGED_MEANWHILE, "who saw five has not answered for ten"


def test_a_group_alarm_that_another_one_absorbs_is_closed_with_that_cause_and_no_other_kind_is() -> None:
    done = step(after(replace(fault(), kind=AlarmKind.OUTAGE)), Absorbed(), T + 1)
    assert done.state is not None
    assert done.state.alarm.cause is AlarmCause.ABSORBED
    case = after(leak())
    assert step(case, Absorbed(), T + 1).state is case


def test_more_gas_at_the_same_level_raises_the_peak_and_leaves_the_acknowledgement_alone() -> None:
    before = after(leak(Level.HIGH, lel=52.0), Ack("ann"))
    grown = step(before, leak(Level.HIGH, lel=94.0), T + 5_000)
    assert grown.state is not None
    assert (grown.reason, grown.state.alarm.peak_lel) == (AlarmStep.COUNTED, 94.0)
    assert (grown.state.alarm.acked_by, grown.state.worse_version) == ("ann", before.worse_version)
    assert step(grown.state, leak(Level.HIGH, lel=93.0), T + 6_000).reason is Nothing.SAME


def test_the_end_of_a_leak_brings_its_true_peak() -> None:
    over = step(after(leak(Level.HIGH, lel=52.0)), Ended(58.0), T + 5_000)
    assert over.state is not None
    assert (over.reason, over.state.alarm.peak_lel) == (AlarmStep.NORMAL, 58.0)
    assert after(leak(lel=52.0), Ended()).alarm.peak_lel == 52.0


# --- hovering ------------------------------------------------------------------------------------------
def test_a_leak_that_hovers_round_the_high_set_point_gets_worse_once_and_stays_acknowledged() -> None:
    urgent = leak(Level.HIGH, priority=Priority.URGENT)
    low = leak(priority=Priority.URGENT)
    case = after(urgent, Ack("ann"), low)
    again = step(case, urgent, T + 9_000)
    assert again.state is not None
    assert again.reason is AlarmStep.MORE
    assert (again.state.alarm.level, again.state.alarm.acked_by) == (Level.HIGH, "ann")
    assert again.state.worse_version == case.worse_version


def test_an_answered_leak_that_comes_back_low_gets_worse_when_it_is_high_again() -> None:
    urgent, low = leak(Level.HIGH, priority=Priority.URGENT), leak(priority=Priority.URGENT)
    case = after(urgent, Ack("ann"), Ended(), low, Ack("ann"))
    assert step(case, urgent, T + 9_000).reason is AlarmStep.WORSE
    unanswered = after(urgent, Ended(), low)
    assert step(unanswered, urgent, T + 9_000).reason is AlarmStep.MORE


def test_an_alarm_that_was_written_before_levels_were_told_goes_by_its_peak() -> None:
    case = after(leak(Level.HIGH), leak())
    old = replace(case, alarm=replace_struct(case.alarm, told_level=Level.NONE))
    assert step(old, leak(Level.HIGH), T + 9_000).reason is AlarmStep.MORE
