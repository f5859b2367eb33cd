"""The audit's rule over stored facts: what is late, what rests for a reason, what is none of its business."""

import pytest

from alerts.rules.audit import Code, Finding, Grace, Snapshot, confirmed, findings
from alerts.rules.delivery import Parcel
from alerts.rules.ladder import Ladder, Phase
from gascore.alarm import Alarm, AlarmKind, Notice, NoticePurpose, NoticeState
from gascore.words import AlarmId, NoticeId, Priority

NOW = 1_790_000_000_000
GRACE = Grace(leak_ms=15_000, other_ms=300_000)


def an_alarm(
    kind: AlarmKind = AlarmKind.LEAK,
    *,
    priority: Priority = Priority.URGENT,
    active: bool = True,
    acked_ms: int | None = None,
    inside: int | None = None,
    closed_ms: int | None = None,
) -> Alarm:
    return Alarm(
        id=AlarmId(7),
        key="detector:x:leak",
        kind=kind,
        priority=priority,
        version=1,
        active=active,
        latched=True,
        opened_ms=NOW - 60_000,
        changed_ms=NOW - 60_000,
        received_ms=NOW - 60_000,
        since_ms=NOW - 60_000,
        acked_ms=acked_ms,
        inside=None if inside is None else AlarmId(inside),
        closed_ms=closed_ms,
    )


def codes(seen: Snapshot) -> list[Code]:
    return [one.code for one in findings(seen, NOW, GRACE)]


def of_ladder(alarm: Alarm, ladder: Ladder) -> list[Code]:
    return codes(Snapshot(ladders=((alarm, ladder),)))


def climbing(due_ms: int | None) -> Ladder:
    return Ladder(Phase.CLIMBING, "urgent", NOW - 60_000, 0, 0, due_ms)


def a_parcel(state: NoticeState, *, due: int = 0, expires: int = 600_000, lease: int | None = None) -> Parcel:
    notice = Notice(
        id=NoticeId(3),
        alarm=AlarmId(7),
        person=None,
        role="owner",
        step=0,
        channel="sms",
        purpose=NoticePurpose.RAISED,
        state=state,
        created_ms=NOW - 60_000,
    )
    return Parcel(
        notice=notice,
        once_key="k",
        address="+8613800000001",
        urgency=Priority.URGENT,
        text="x",
        due_ms=NOW + due,
        expires_ms=NOW + expires,
        lease_ms=None if lease is None else NOW + lease,
    )


def of_notice(parcel: Parcel) -> list[Code]:
    return codes(Snapshot(notices=(parcel,)))


def test_nothing_is_wrong_with_nothing() -> None:
    assert codes(Snapshot()) == []


def test_a_ladder_whose_next_deadline_is_to_come_is_well() -> None:
    assert of_ladder(an_alarm(), climbing(NOW + 1)) == []
    assert of_ladder(an_alarm(), climbing(NOW - 15_000)) == [], "the desk may be at it"


def test_a_leaks_deadline_that_passed_is_found_after_the_grace() -> None:
    assert of_ladder(an_alarm(), climbing(NOW - 15_001)) == [Code.LADDER_OVERDUE]


def test_a_silences_deadline_has_a_longer_grace() -> None:
    offline = an_alarm(AlarmKind.OFFLINE, priority=Priority.MEDIUM)
    assert of_ladder(offline, climbing(NOW - 300_000)) == []
    assert of_ladder(offline, climbing(NOW - 300_001)) == [Code.LADDER_OVERDUE]


@pytest.mark.parametrize(
    "phase", [Phase.IDLE, Phase.HELD, Phase.CLIMBING, Phase.CLEARING, Phase.CLEARING_ANSWERED]
)
def test_a_phase_that_waits_must_have_a_deadline(phase: Phase) -> None:
    assert of_ladder(an_alarm(), Ladder(phase)) == [Code.LADDER_MISSING]


def test_a_ladder_rests_only_for_a_reason_that_the_alarm_shows() -> None:
    assert of_ladder(an_alarm(), Ladder(Phase.ANSWERED)) == [Code.LADDER_MISSING], "nobody has answered"
    assert of_ladder(an_alarm(acked_ms=NOW), Ladder(Phase.ANSWERED)) == []
    assert of_ladder(an_alarm(), Ladder(Phase.QUIET)) == [Code.LADDER_MISSING], "nothing stands for it"
    assert of_ladder(an_alarm(inside=9), Ladder(Phase.QUIET)) == []
    assert of_ladder(an_alarm(), Ladder(Phase.DONE)) == [Code.LADDER_MISSING], "there still is gas"
    assert of_ladder(an_alarm(active=False), Ladder(Phase.DONE)) == []
    assert of_ladder(an_alarm(active=False), Ladder(Phase.UNANSWERED)) == []


def test_closed_alarms_and_advisories_need_no_deadline() -> None:
    assert of_ladder(an_alarm(closed_ms=NOW), climbing(None)) == []
    assert of_ladder(an_alarm(AlarmKind.TREND, priority=Priority.LOW), climbing(None)) == []


def test_a_notice_that_could_leave_and_does_not_is_found() -> None:
    assert of_notice(a_parcel(NoticeState.PENDING, due=-15_000)) == []
    assert of_notice(a_parcel(NoticeState.PENDING, due=-15_001)) == [Code.NOTICE_WAITS]
    assert of_notice(a_parcel(NoticeState.PENDING, due=30_000)) == [], "it is tried again later"


def test_a_notice_whose_sender_died_and_that_nobody_took_over_is_found() -> None:
    assert of_notice(a_parcel(NoticeState.SENDING, lease=-15_000)) == []
    assert of_notice(a_parcel(NoticeState.SENDING, lease=-15_001)) == [Code.NOTICE_STUCK]


def test_a_notice_that_nobody_asks_about_is_found() -> None:
    assert of_notice(a_parcel(NoticeState.UNKNOWN, due=-15_001)) == [Code.NOTICE_UNASKED]
    assert of_notice(a_parcel(NoticeState.HANDED_OVER, due=-15_000)) == []
    assert of_notice(a_parcel(NoticeState.HANDED_OVER, due=-15_001)) == [Code.NOTICE_UNASKED]
    assert of_notice(a_parcel(NoticeState.DELIVERED, due=-60_000)) == []


def test_a_notice_past_its_time_must_have_an_end() -> None:
    late = a_parcel(NoticeState.PENDING, due=5_000, expires=-15_001)
    assert of_notice(late) == [Code.NOTICE_NOT_EXPIRED]
    assert of_notice(a_parcel(NoticeState.EXPIRED, due=-60_000, expires=-30_000)) == []


def test_a_desk_that_says_nothing_or_does_not_look_is_found() -> None:
    assert codes(Snapshot(spoke_ms={"alerts": NOW - 15_000}, looked_ms=NOW - 15_000)) == []
    assert codes(Snapshot(spoke_ms={"alerts": NOW - 15_001}, looked_ms=NOW)) == [Code.DESK_STANDS]
    assert codes(Snapshot(spoke_ms={"alerts": NOW}, looked_ms=NOW - 15_001)) == [Code.DESK_STANDS]


def test_entries_that_nobody_takes_in_are_found_the_urgent_ones_soon() -> None:
    assert codes(Snapshot(unread_ms={"alerts.urgent": NOW - 15_001})) == [Code.JOURNAL_UNREAD]
    assert codes(Snapshot(unread_ms={"alerts": NOW - 300_000})) == []
    assert codes(Snapshot(unread_ms={"alerts": NOW - 300_001})) == [Code.JOURNAL_UNREAD]


def test_a_console_that_says_nothing_is_found() -> None:
    assert codes(Snapshot(spoke_ms={"dashboard": NOW - 300_001})) == [Code.CONSOLE_SILENT]


def test_only_what_two_looks_have_found_counts() -> None:
    one = Finding(Code.LADDER_OVERDUE, "alarm 7", NOW)
    again = Finding(Code.LADDER_OVERDUE, "alarm 7", NOW + 5_000)
    other = Finding(Code.LADDER_OVERDUE, "alarm 8", NOW)
    assert confirmed((one, other), ()) == ()
    assert confirmed((again, other), (one,)) == (again,)
