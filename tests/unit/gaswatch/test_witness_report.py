"""What the witness says of a run, and when it is not content."""

from typing import Any

import msgspec

from gascore.alarm import Alarm, AlarmKind, Notice, NoticePurpose, NoticeState
from gascore.journal import (
    AlarmStep,
    AlarmStepped,
    ConditionCleared,
    ConditionRaised,
    Entry,
    Event,
    NoticeStepped,
    Reason,
)
from gascore.service_status import LATENCY_BOUNDS_S, Histogram, MessageCounts, ServiceStatus
from gascore.words import AlarmId, Condition, DetectorId, Level, NoticeId, PersonId, Priority, SiteId
from gaswatch.witness_report import Report, Screen, Seen, current, report
from simulator.rules.story import Expectation

D1 = DetectorId("GD-1")
LEAK = Expectation(D1, AlarmKind.LEAK, by_s=75, level=Level.HIGH, clears_by_s=130)


def raised(level: Level = Level.HIGH) -> ConditionRaised:
    return ConditionRaised(
        detector=D1,
        site=SiteId("S1"),
        condition=Condition.LEAK,
        since_ms=1000,
        reason=Reason.REPORTED_STATE,
        level=level,
    )


def cleared() -> ConditionCleared:
    return ConditionCleared(
        detector=D1,
        site=SiteId("S1"),
        condition=Condition.LEAK,
        since_ms=1000,
        ended_ms=2000,
        reason=Reason.MESSAGE,
    )


def alarm(**changes: Any) -> AlarmStepped:  # noqa: ANN401 -- fields of Alarm
    one = Alarm(
        id=AlarmId(7),
        key="detector:GD-1:leak",
        kind=AlarmKind.LEAK,
        priority=Priority.URGENT,
        version=1,
        active=False,
        latched=True,
        opened_ms=1010,
        changed_ms=1010,
        received_ms=1000,
        since_ms=1000,
        detector=D1,
    )
    return AlarmStepped(alarm=msgspec.structs.replace(one, **changes), step=AlarmStep.OPENED)


def notice(state: NoticeState = NoticeState.DELIVERED, *, step: int = 0) -> NoticeStepped:
    one = Notice(
        id=NoticeId(3 + step),
        alarm=AlarmId(7),
        person=PersonId("P1"),
        role="owner",
        step=step,
        channel="sms",
        purpose=NoticePurpose.RAISED,
        state=state,
        created_ms=1010,
        received_ms=1000,
        handed_ms=1200 + step * 90_000,
    )
    return NoticeStepped(notice=one)


def statuses(counts: MessageCounts | None = None) -> dict[str, ServiceStatus]:
    journal = Histogram(tuple(98 if bound < 0.2 else 100 for bound in LATENCY_BOUNDS_S), 100, 1.0)
    collector = ServiceStatus(
        name="collector",
        pid=1,
        started_ms=0,
        at_ms=1,
        messages=counts or MessageCounts(received=5, stored=3, rejected=1, pending=1),
        rejected_by={"not_json": 1, "oversize": 0},
        states={"protected": 149, "offline": 1, "fault": 0},
        latency={"journal": journal},
    )
    return {"collector": collector}


def told(*events: Event, start_id: int = 0, ran_s: float = 150, **changes: Any) -> Report:  # noqa: ANN401 -- statuses
    seen = Seen(start_id=start_id)
    for number, event in enumerate(events, 1):
        seen.add(Entry(number, 1000 + number, event))
    screen = changes.get("screen", Screen({7}, [90, 110]))
    return report(seen, changes.get("statuses", statuses()), [LEAK], screen, ran_s)


def test_a_story_that_was_noticed_alarmed_and_told_is_good_and_is_summed_up() -> None:
    done = told(raised(), alarm(), notice(), notice(step=1))
    assert done.is_good, done.text
    assert "protected 149" in done.text
    assert "fault" not in done.text
    assert "received 5 = stored 3 + quarantined 0 + rejected 1 + duplicate 0 + pending 1" in done.text
    assert "leak           unacked_normal 1" in done.text
    assert "delivered 2" in done.text
    assert "at most 10 ms / at most 200 ms of 100" in done.text
    assert "90 ms / 110 ms of 2" in done.text
    assert "200 ms / 200 ms of 1" in done.text  # the second rung was told later on purpose


def test_each_step_of_the_way_is_missed_by_its_name() -> None:
    assert "leak of GD-1: not noticed" in told().text
    assert "leak of GD-1: only low, not high" in told(raised(Level.LOW), alarm(), notice()).text
    assert "leak of GD-1: no alarm in the journal" in told(raised()).text
    assert "nobody was told (no notice of alarm 7" in told(raised(), alarm()).text
    assert "nobody was told" in told(raised(), alarm(), notice(NoticeState.REFUSED)).text
    assert "not over (due after 130 s)" in told(raised(), alarm(active=True), notice()).text


def test_what_went_in_the_text_of_another_alarm_was_told_when_that_one_left() -> None:
    own = notice(NoticeState.SUPERSEDED)
    inside = NoticeStepped(notice=msgspec.structs.replace(own.notice, code="bundled:9", handed_ms=None))
    carrier = msgspec.structs.replace(own.notice, id=NoticeId(9), alarm=AlarmId(8))
    for state, good in ((NoticeState.DELIVERED, True), (NoticeState.REFUSED, False)):
        lead = NoticeStepped(notice=msgspec.structs.replace(carrier, state=state))
        assert told(raised(), alarm(), inside, lead).is_good is good
    assert "nobody was told" in told(raised(), alarm(), inside).text


def test_what_is_not_due_yet_is_not_missed_but_a_run_without_anything_due_proves_nothing() -> None:
    assert told(raised(), alarm(active=True), notice(), ran_s=100).is_good
    done = told(ran_s=60)
    assert not done.is_good
    assert "1 more were not due yet" in done.text
    assert "no part of the story was due" in done.text


def test_an_alarm_from_an_earlier_run_does_not_count_unless_its_condition_came_again_or_goes_on() -> None:
    earlier = (raised(), alarm(), notice(), cleared())
    assert "not noticed" in told(*earlier, start_id=4).text
    assert "no alarm in the journal" in told(*earlier, raised(), start_id=4).text
    assert "nobody was told" in told(*earlier, raised(), alarm(), start_id=4).text
    assert told(*earlier, raised(), alarm(), notice(), start_id=4).is_good
    assert told(*earlier[:3], start_id=3).is_good
    assert "not noticed" in told(*earlier, start_id=3).text, "it ended in this run and never came again"
    assert told(*earlier, raised(), alarm(), notice(), cleared(), start_id=3).is_good


def test_a_console_that_never_showed_anything_is_not_good() -> None:
    done = told(raised(), alarm(), notice(), screen=None)
    assert not done.is_good
    assert "the console's live stream never came" in done.text
    assert told(raised(), alarm(), notice(), screen=Screen({7}, [])).is_good
    assert (
        "alarm 7 never came to the console" in told(raised(), alarm(), notice(), screen=Screen((), [])).text
    )


def test_the_word_of_an_earlier_run_or_of_a_service_that_died_does_not_count() -> None:
    assert current(statuses(), 10_001).keys() == {"collector"}
    assert current(statuses(), 10_002) == {}


def test_unaccounted_messages_and_a_silent_collector_are_not_good() -> None:
    lost = statuses(MessageCounts(received=5, stored=3))
    assert "2 unaccounted for" in told(raised(), alarm(), notice(), statuses=lost).text
    assert "the collector says nothing" in told(raised(), alarm(), notice(), statuses={}).text


def test_an_alarm_inside_another_is_shown_and_told_by_that_one() -> None:
    expected = [Expectation(D1, AlarmKind.OFFLINE, by_s=60)]
    silent = alarm(
        id=AlarmId(8), key="detector:GD-1:offline", kind=AlarmKind.OFFLINE, active=True, inside=AlarmId(7)
    )
    group = alarm(key="group:area:a", kind=AlarmKind.OUTAGE, detector=None, active=True)
    events: tuple[Event, ...] = (
        msgspec.structs.replace(raised(), condition=Condition.OFFLINE, level=Level.NONE),
        silent,
        group,
        notice(),
    )
    seen = Seen(start_id=0)
    for number, event in enumerate(events, 1):
        seen.add(Entry(number, 1000 + number, event))
    done = report(seen, statuses(), expected, Screen({7}, [90]), 150)
    assert done.is_good, done.text
