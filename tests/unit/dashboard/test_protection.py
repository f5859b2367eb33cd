"""Hand-computed examples of protection states."""

from collections.abc import Sequence

import msgspec
import pytest

from dashboard.rules.protection import (
    ALWAYS_MS,
    NEVER_MS,
    ORDER,
    PROTECTION_OF,
    RANK_OF,
    Blind,
    ConditionFold,
    DetectorHistory,
    Registered,
    Said,
    Span,
    Stretch,
    blind_spans,
    claim,
    protection,
    service_spans,
    state_at,
    timeline,
)
from gascore.journal import ConditionCleared, ConditionRaised, Reason, encode
from gascore.registry import Detector
from gascore.words import Condition, DetectorId, Protection, RoomId, SiteId

D = DetectorId("D1")
HERE, THERE = SiteId("here"), SiteId("there")
HOUR = 3_600_000


def states(
    *said: Said,
    required: Sequence[Span] = ((0, NEVER_MS),),
    first_report_ms: int | None = 0,
    blind: Sequence[Span] = (),
    to_ms: int = 100,
) -> list[tuple[int, int, str]]:
    """The timeline from 0 to `to_ms`."""
    fold = ConditionFold(from_ms=0, to_ms=to_ms)
    fold.add(said)
    history = DetectorHistory(D, required, first_report_ms, fold.edges().get(D, []))
    found = timeline(history, blind, from_ms=0, to_ms=to_ms)
    return [(one.since_ms, one.ended_ms, str(one.state)) for one in found]


def over(condition: Condition, since_ms: int, ended_ms: int) -> Said:
    return Said(D, condition, since_ms, ended_ms)


def begun(condition: Condition, since_ms: int) -> Said:
    return Said(D, condition, since_ms)


def a_detector(
    *, commissioned_ms: int | None = 0, retired_ms: int | None = None, site: SiteId = HERE
) -> Detector:
    return Detector(
        no=1,
        id=D,
        site=site,
        room=RoomId("kitchen"),
        model="GD-1",
        target=None,
        commissioned_ms=commissioned_ms,
        retired_ms=retired_ms,
    )


def test_a_detector_of_which_nothing_is_said_protects() -> None:
    assert states() == [(0, 100, "protected")]


@pytest.mark.parametrize(("condition", "state"), PROTECTION_OF.items())
def test_a_condition_takes_protection_away_while_it_holds(condition: Condition, state: Protection) -> None:
    assert states(over(condition, 10, 30)) == [
        (0, 10, "protected"),
        (10, 30, str(state)),
        (30, 100, "protected"),
    ]


@pytest.mark.parametrize("condition", sorted(set(Condition) - PROTECTION_OF.keys()))
def test_the_other_conditions_leave_it_protecting(condition: Condition) -> None:
    assert states(begun(condition, 10)) == [(0, 100, "protected")]


def test_the_first_state_that_applies_wins_where_conditions_overlap_and_nest() -> None:
    assert states(
        begun(Condition.WRONG_GAS, 5),
        over(Condition.FAULT, 20, 60),
        over(Condition.OFFLINE, 30, 40),
        blind=[(35, 50)],
    ) == [
        (0, 5, "protected"),
        (5, 20, "unfit"),
        (20, 30, "fault"),
        (30, 35, "offline"),
        (35, 50, "unmonitored"),
        (50, 60, "fault"),
        (60, 100, "unfit"),
    ]


def test_offline_counts_from_when_it_was_due_though_it_was_noticed_later() -> None:
    assert states(begun(Condition.OFFLINE, 40)) == [(0, 40, "protected"), (40, 100, "offline")]


def test_a_clear_without_a_raise_and_the_same_clear_twice_count_once() -> None:
    clear = over(Condition.FAULT, 10, 20)
    assert states(clear, clear) == [(0, 10, "protected"), (10, 20, "fault"), (20, 100, "protected")]


def test_a_condition_raised_twice_holds_since_the_earlier_instant_until_its_clear() -> None:
    raised_twice = begun(Condition.FAULT, 50), begun(Condition.FAULT, 40)
    assert states(*raised_twice) == [(0, 40, "protected"), (40, 100, "fault")]
    assert states(*raised_twice, over(Condition.FAULT, 40, 70))[-1] == (70, 100, "protected")


def test_a_stretch_that_ends_before_it_begins_is_none() -> None:
    assert states(over(Condition.FAULT, 30, 10)) == [(0, 100, "protected")]


def test_before_its_first_report_a_commissioned_detector_is_offline() -> None:
    assert states(required=[(20, NEVER_MS)], first_report_ms=50) == [
        (0, 20, "not_required"),
        (20, 50, "offline"),
        (50, 100, "protected"),
    ]


def test_a_detector_that_never_reported_is_offline_until_now() -> None:
    assert states(first_report_ms=None) == [(0, 100, "offline")]


def test_a_detector_that_is_not_required_is_not_even_unmonitored() -> None:
    assert states(required=[(20, 60)], blind=[(0, 100)]) == [
        (0, 20, "not_required"),
        (20, 60, "unmonitored"),
        (60, 100, "not_required"),
    ]


def test_the_collector_blind_for_an_hour_is_an_hour_unmonitored_even_if_a_link_was_down_inside_it() -> None:
    blind = blind_spans(
        [
            Blind("link", "town", HOUR + 10, None),
            Blind("link", "town", HOUR + 10, HOUR + 20),
            Blind("collector", "collector", HOUR, 2 * HOUR),
        ]
    )
    assert blind == [(HOUR, 2 * HOUR)]
    assert states(begun(Condition.OFFLINE, 2 * HOUR), blind=blind, to_ms=3 * HOUR) == [
        (0, HOUR, "protected"),
        (HOUR, 2 * HOUR, "unmonitored"),
        (2 * HOUR, 3 * HOUR, "offline"),
    ]


def test_blindness_that_goes_on_has_no_end_yet() -> None:
    assert blind_spans([Blind("store", "sql", 30)]) == [(30, NEVER_MS)]


def test_two_links_down_are_two_blindnesses_and_each_ends_for_itself() -> None:
    entries = [Blind("link", "a", 10), Blind("link", "b", 20), Blind("link", "a", 10, 30)]
    assert blind_spans(entries) == [(10, NEVER_MS)]


def test_the_board_and_the_report_say_the_same_of_one_instant() -> None:
    history = DetectorHistory(D, [(0, NEVER_MS)], 0, claim(0, 10, RANK_OF[Condition.FAULT]))
    assert state_at(history, [], 9) == protection(
        [Condition.FAULT, Condition.LEAK], required=True, monitored=True, reported=True
    )
    assert state_at(history, [], 10) == protection([], required=True, monitored=True, reported=True)


@pytest.mark.parametrize(
    ("required", "monitored", "reported", "state"),
    [
        (False, False, False, Protection.NOT_REQUIRED),
        (True, False, False, Protection.UNMONITORED),
        (True, True, False, Protection.OFFLINE),
        (True, True, True, Protection.WARMING_UP),
    ],
)
def test_the_state_now_follows_the_order_of_protection(
    *, required: bool, monitored: bool, reported: bool, state: Protection
) -> None:
    conditions = [Condition.WRONG_GAS, Condition.WARMING_UP]
    assert protection(conditions, required=required, monitored=monitored, reported=reported) == state


def test_a_stored_entry_is_read_without_what_does_not_matter_here() -> None:
    raised = ConditionRaised(
        detector=D,
        site=HERE,
        condition=Condition.FAULT,
        since_ms=5,
        reason=Reason.REPORTED_STATE,
        codes=("E1",),
    )
    cleared = ConditionCleared(
        detector=D, site=HERE, condition=Condition.FAULT, since_ms=5, ended_ms=9, reason=Reason.MESSAGE
    )
    read = msgspec.json.Decoder(Said).decode
    assert read(encode(raised)) == begun(Condition.FAULT, 5)
    assert read(encode(cleared)) == over(Condition.FAULT, 5, 9)


def test_a_detector_is_required_from_its_commissioning_to_its_retirement() -> None:
    assert service_spans([Registered(7, a_detector(commissioned_ms=10, retired_ms=90))]) == {HERE: [(10, 90)]}


def test_a_detector_that_is_not_commissioned_is_not_required() -> None:
    assert service_spans([Registered(7, a_detector(commissioned_ms=None))]) == {HERE: []}


def test_a_late_correction_of_the_dates_corrects_the_past() -> None:
    versions = [
        Registered(0, a_detector(commissioned_ms=10)),
        Registered(500, a_detector(commissioned_ms=20)),
        Registered(600, a_detector(commissioned_ms=20, retired_ms=300)),
    ]
    assert service_spans(versions) == {HERE: [(20, 300)]}


def test_a_new_term_of_service_leaves_the_earlier_one_alone() -> None:
    versions = [
        Registered(0, a_detector(commissioned_ms=10, retired_ms=100)),
        Registered(500, a_detector(commissioned_ms=400)),
    ]
    assert service_spans(versions) == {HERE: [(10, 100), (400, NEVER_MS)]}


@pytest.mark.parametrize("last", [None, a_detector(commissioned_ms=None)])
def test_removing_a_detector_ends_its_term_and_erases_nothing(last: Detector | None) -> None:
    assert service_spans([Registered(0, a_detector(commissioned_ms=10)), Registered(500, last)]) == {
        HERE: [(10, 500)]
    }


def test_a_detector_that_moves_is_required_at_each_site_in_its_time() -> None:
    versions = [
        Registered(0, a_detector(commissioned_ms=10)),
        Registered(200, a_detector(commissioned_ms=10, site=THERE)),
        Registered(300, a_detector(commissioned_ms=10, site=THERE, retired_ms=250)),
    ]
    assert service_spans(versions) == {HERE: [(10, 200)], THERE: [(200, 250)]}


def test_the_order_of_the_states_is_the_order_of_protection() -> None:
    assert [str(state) for state in ORDER] == [
        "not_required",
        "unmonitored",
        "offline",
        "maintenance",
        "fault",
        "warming_up",
        "unfit",
        "protected",
    ]


def test_an_instant_is_enough_for_a_timeline() -> None:
    history = DetectorHistory(D, [(ALWAYS_MS, NEVER_MS)], 0, [])
    assert timeline(history, [], from_ms=5, to_ms=6) == [Stretch(5, 6, Protection.PROTECTED)]
    assert timeline(history, [], from_ms=5, to_ms=5) == []
