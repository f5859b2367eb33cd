import msgspec

from dashboard.rules.board import NOTICES_SHOWN, Board, Names, outage_row, urgency
from gascore.alarm import Alarm, AlarmKind, AlarmStatus, GroupKind, NoticeState, Outage
from gascore.journal import AlarmStep, ConditionCleared, NoticeStepped, Reason, Sample
from gascore.registry import Area, Person, Room, Site, SiteKind
from gascore.words import (
    AlarmId,
    AreaId,
    Condition,
    DetectorId,
    PersonId,
    Priority,
    RoomId,
    RoomKind,
    SiteId,
    SupplyGas,
)
from support.alarms import NOW_MS, a_leak, a_notice, acked, closed, entries, later, raised, stepped

SITE = Site(
    id=SiteId("S1"),
    name="川味小馆",
    name_en="Sichuan House",
    short_name="川味",
    short_name_en="Sichuan",
    kind=SiteKind.RESTAURANT,
    area=AreaId("grid-1"),
    address="人民路1号",
)
ROOM = Room(RoomId("S1-kitchen"), SITE.id, "后厨", "Kitchen", RoomKind.KITCHEN, SupplyGas.NATURAL_GAS)
OWNER = Person(PersonId("p1"), "李敏", "Li Min", "+861000000001")
NAMES = Names(sites={SITE.id: SITE}, rooms={ROOM.id: ROOM}, people={OWNER.id: OWNER})


def test_an_opened_alarm_is_a_row_with_its_place_and_its_measurement() -> None:
    board = Board(NAMES)
    board.fold(entries(raised(25.5), stepped(a_leak())))
    (row,) = board.take().rows
    assert (row.site_name, row.room_name_en, row.address) == ("川味小馆", "Kitchen", "人民路1号")
    assert (row.lel, row.peak_lel, row.supply_gas) == (25.5, 26.0, SupplyGas.NATURAL_GAS)
    assert row.status is AlarmStatus.UNACKED_ACTIVE


def test_what_did_not_change_is_not_taken_twice() -> None:
    board = Board(NAMES)
    board.fold(entries(stepped(a_leak(1)), stepped(a_leak(2, detector="d2"))))
    board.take()
    board.fold(entries(stepped(acked(a_leak(2, detector="d2")), AlarmStep.ACKED), first_id=3))
    assert [row.id for row in board.take().rows] == [2]
    assert not board.take()


def test_a_closed_alarm_is_gone_and_stays_gone() -> None:
    board = Board(NAMES)
    board.fold(entries(stepped(a_leak())))
    board.take()
    board.fold(entries(stepped(closed(a_leak()), AlarmStep.CLOSED), first_id=2))
    assert board.take().gone == (1,)
    board.fold(entries(NoticeStepped(notice=a_notice(1, a_leak(), NoticeState.DELIVERED)), first_id=3))
    assert not board.take()
    assert board.rows() == ()


def test_folding_the_same_entries_again_changes_nothing() -> None:
    told = NoticeStepped(notice=a_notice(1, a_leak(), NoticeState.HANDED_OVER))
    history = entries(raised(30.0), stepped(a_leak()), told)
    once, twice = Board(NAMES), Board(NAMES)
    once.fold(history)
    twice.fold(history)
    twice.fold(history)
    assert once.rows() == twice.rows()


def test_a_row_says_who_was_told_and_how_far_up_the_ladder() -> None:
    board = Board(NAMES)
    alarm = a_leak()
    board.fold(
        entries(
            stepped(alarm),
            NoticeStepped(notice=a_notice(1, alarm)),
            NoticeStepped(notice=a_notice(1, alarm, NoticeState.DELIVERED)),
            stepped(later(alarm), AlarmStep.ESCALATED, rung=2),
            stepped(acked(alarm), AlarmStep.ACKED),
        )
    )
    (row,) = board.rows()
    (notice,) = row.notices
    assert (notice.person_name, notice.state, row.rung) == ("李敏", NoticeState.DELIVERED, 2)


def test_only_the_newest_notices_are_shown_of_a_ladder_that_repeats_for_days() -> None:
    board = Board(NAMES)
    board.fold(
        entries(stepped(a_leak()), *(NoticeStepped(notice=a_notice(one, a_leak())) for one in range(1, 100)))
    )
    (row,) = board.rows()
    assert [one.id for one in row.notices] == list(range(100 - NOTICES_SHOWN, 100))


def test_the_newest_measurement_of_the_leak_is_shown_and_ends_with_the_alarm() -> None:
    board = Board(NAMES)
    normal = ConditionCleared(
        detector=DetectorId("d1"),
        site=SITE.id,
        condition=Condition.LEAK,
        since_ms=NOW_MS,
        ended_ms=NOW_MS + 1,
        reason=Reason.REPORTED_STATE,
        sample=Sample(received_ms=NOW_MS + 1, lel=3.0),
    )
    board.fold(entries(raised(26.0), stepped(a_leak()), normal))
    assert board.rows()[0].lel == 3.0
    board.fold(entries(stepped(closed(a_leak()), AlarmStep.CLOSED), stepped(a_leak(2)), first_id=4))
    assert board.rows()[0].lel is None


def test_a_detector_that_leaked_has_no_measurement_in_its_offline_alarm() -> None:
    board = Board(NAMES)
    offline = later(a_leak(2), kind=AlarmKind.OFFLINE)
    board.fold(entries(raised(26.0), stepped(a_leak(1)), stepped(offline)))
    assert {row.id: row.lel for row in board.rows()} == {1: 26.0, 2: None}


def test_another_name_in_the_ledger_changes_every_row() -> None:
    board = Board()
    board.fold(entries(stepped(a_leak())))
    assert board.take().rows[0].site_name == ""
    board.rename(NAMES)
    assert board.take().rows[0].site_name == "川味小馆"


def test_unacknowledged_and_urgent_alarms_stand_first() -> None:
    board = Board(NAMES)
    board.fold(
        entries(
            stepped(acked(later(a_leak(1), priority=Priority.URGENT)), AlarmStep.ACKED),
            stepped(a_leak(2)),
            stepped(later(a_leak(3), priority=Priority.URGENT)),
            stepped(a_leak(4, received_ms=NOW_MS + 5)),
        )
    )
    assert [row.id for row in board.rows()] == [3, 4, 2, 1]
    assert sorted(board.rows(), key=urgency) == list(board.rows())


def test_open_alarms_are_counted_by_priority_and_acknowledgement() -> None:
    board = Board(NAMES)
    board.fold(entries(stepped(a_leak(1)), stepped(acked(a_leak(2)), AlarmStep.ACKED)))
    counts = board.counts({"protected": 7})
    assert counts.by_priority == {"1": 0, "2": 2, "3": 0, "4": 0}
    assert (counts.unacked, counts.detectors) == (1, {"protected": 7})
    assert board.lel(a_leak(AlarmId(9))) is None


def test_an_alarm_inside_another_is_counted_apart_and_not_shown() -> None:
    board = Board(NAMES)
    silent = msgspec.structs.replace(a_leak(2), kind=AlarmKind.OFFLINE, latched=False)
    board.fold(entries(stepped(silent), stepped(a_leak(3, detector="d3"))))
    board.take()
    board.fold(entries(stepped(later(silent, inside=AlarmId(1)), AlarmStep.QUIETED), first_id=3))
    assert board.take().gone == (2,)
    assert [row.id for row in board.rows()] == [3]
    assert [row.inside for row in board.rows_of(DetectorId("d1"))] == [1]
    counts = board.counts({})
    assert (counts.unacked, counts.inside, counts.by_priority["2"]) == (1, 1, 1)
    board.rename(NAMES)
    assert [row.id for row in board.take().rows] == [3]
    board.fold(entries(stepped(later(silent), AlarmStep.ON_ITS_OWN), first_id=4))
    assert [row.id for row in board.take().rows] == [2]


def test_an_alarm_that_was_never_shown_is_not_told_to_be_gone() -> None:
    board = Board(NAMES)
    silent = msgspec.structs.replace(a_leak(2), kind=AlarmKind.OFFLINE, latched=False, inside=AlarmId(1))
    board.fold(entries(stepped(silent)))
    board.fold(entries(stepped(closed(silent), AlarmStep.CLOSED), first_id=2))
    assert not board.take()


def test_a_group_alarm_has_the_name_of_its_group() -> None:
    town = Area(AreaId("town"), "老城", "Old Town")
    board = Board(msgspec.structs.replace(NAMES, areas={"town": town}))
    outage = Outage(GroupKind.AREA, "town", 12, 20, 30, (DetectorId("d1"),))
    alarm = Alarm(
        **{**msgspec.structs.asdict(a_leak()), "kind": AlarmKind.OUTAGE, "detector": None, "outage": outage}
    )
    board.fold(entries(stepped(alarm)))
    (row,) = board.rows()
    assert row.outage is not None
    assert (row.outage.name, row.outage.name_en, row.outage.offline) == ("老城", "Old Town", 12)
    nameless = Outage(GroupKind.GATEWAY, "gw-1", 5, 5, 5)
    assert outage_row(nameless, NAMES).name == "gw-1"


def test_between_two_entries_a_leak_shows_what_is_measured_now() -> None:
    board = Board(NAMES)
    board.fold(entries(raised(26.0), stepped(a_leak())))
    board.take()
    assert board.leaking() == ("d1",)
    board.measure({DetectorId("d1"): 41.5, DetectorId("d9"): 3.0})
    (row,) = board.take().rows
    assert (row.lel, row.peak_lel) == (41.5, 41.5)
    board.measure({DetectorId("d1"): 41.5})
    assert not board.take(), "the same value is no change"
    board.measure({DetectorId("d1"): 30.0})
    (row,) = board.take().rows
    assert (row.lel, row.peak_lel) == (30.0, 41.5), "a peak never falls"
    board.fold(entries(stepped(closed(a_leak()), AlarmStep.CLOSED), first_id=3))
    assert board.leaking() == ()


def a_trend(number: int, detector: str = "d1") -> Alarm:
    return msgspec.structs.replace(
        a_leak(number, detector=detector), kind=AlarmKind.TREND, priority=Priority.LOW, latched=False
    )


def test_a_pre_alarm_shows_its_measurement_beside_a_leak_of_the_same_detector() -> None:
    board = Board(NAMES)
    trend = msgspec.structs.replace(raised(6.0), condition=Condition.TREND)
    board.fold(entries(stepped(a_leak(1)), stepped(a_trend(2)), trend))
    assert [row.lel for row in board.rows()] == [6.0, 6.0]
    board.fold(entries(stepped(closed(a_trend(2)), AlarmStep.CLOSED), first_id=4))
    board.measure({DetectorId("d1"): 7.0})
    (row,) = board.rows()
    assert (row.id, row.lel) == (1, 7.0)


def test_a_detector_in_another_gas_shows_both_numbers_and_the_corrected_one_moves_along() -> None:
    board = Board(NAMES)
    wrong = msgspec.structs.replace(raised(20.0), sample=Sample(NOW_MS, lel=20.0, corrected_lel=35.0))
    board.fold(entries(wrong, stepped(a_leak(1)), stepped(a_leak(2, detector="d2"))))
    board.measure({DetectorId("d1"): 40.0, DetectorId("d2"): 40.0})
    one, other = sorted(board.rows(), key=lambda row: row.id)
    assert (one.lel, one.corrected_lel) == (40.0, 70.0)
    assert (other.lel, other.corrected_lel) == (40.0, None)


def test_a_detector_that_was_replaced_shows_one_number_again() -> None:
    board = Board(NAMES)
    wrong = msgspec.structs.replace(raised(20.0), sample=Sample(NOW_MS, lel=20.0, corrected_lel=35.0))
    board.fold(entries(wrong, stepped(a_leak(1)), raised(21.0)))
    assert [row.corrected_lel for row in board.rows()] == [None]


def test_a_test_leak_is_no_row_and_no_count() -> None:
    board = Board(NAMES)
    leak = a_leak(1, detector="canary-grid-1")
    board.fold(entries(stepped(leak), NoticeStepped(notice=a_notice(1, leak, NoticeState.DELIVERED))))
    assert not board.take()
    assert board.rows() == ()
    assert sum(board.counts({}).by_priority.values()) == 0


def test_an_alarm_that_nobody_answers_to_the_last_step_is_loud_until_somebody_does() -> None:
    board = Board(NAMES)
    told = later(a_leak(), unanswered=True)
    board.fold(entries(stepped(a_leak()), stepped(told, AlarmStep.ESCALATED, rung=3)))
    assert [row.loud for row in board.take().rows] == [True]
    board.fold(entries(stepped(acked(told), AlarmStep.ACKED), first_id=3))
    assert [row.loud for row in board.take().rows] == [False]


def test_while_too_few_have_answered_the_row_says_so_stays_loud_and_counts_as_not_acknowledged() -> None:
    board = Board(NAMES)
    alarm = later(acked(a_leak()), unanswered=True, acks_missing=1, ack_expires_ms=NOW_MS + 1_800_000)
    board.fold(entries(stepped(alarm, AlarmStep.ACKED)))
    (row,) = board.take().rows
    assert (row.loud, row.acks_missing, row.ack_expires_ms) == (True, 1, NOW_MS + 1_800_000)
    assert board.counts({}).unacked == 1
