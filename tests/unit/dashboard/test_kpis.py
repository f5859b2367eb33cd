"""The figures of alarm management: what is counted, and what the standards say of it."""

from zoneinfo import ZoneInfo

import msgspec

from dashboard.rules.kpi import LIMITS, Kpi, Tallied, Verdict, figures
from dashboard.rules.tally import LEAD_MS, Scope, Tally
from gascore.alarm import Alarm, AlarmKind
from gascore.journal import AlarmStep
from gascore.words import AlarmId, AreaId, Priority, SiteId
from support.alarms import a_leak, acked, closed, later, stepped

DAY_MS = 86_400_000
MINUTE_MS = 60_000
START_MS = 20_000 * DAY_MS
ZONE = ZoneInfo("UTC")
AREAS = {SiteId("S1"): AreaId("grid-1")}


class Story:
    """Tells a tally what happened; instants in seconds since the period began."""

    def __init__(self, *, days: int = 1, operators: int = 1) -> None:
        self.operators = operators
        self.tally = Tally(Scope(START_MS, START_MS + days * DAY_MS, operators), AREAS, ZONE)
        self._count = 0

    def opens(self, at_s: float, detector: str = "d1", **changes: object) -> Alarm:
        self._count += 1
        at_ms = START_MS + round(at_s * 1000)
        alarm = a_leak(self._count, received_ms=at_ms, detector=detector)
        alarm = msgspec.structs.replace(alarm, opened_ms=at_ms, changed_ms=at_ms, **changes)
        self.tally.take(at_ms, stepped(alarm))
        return alarm

    def steps(self, at_s: float, alarm: Alarm, step: AlarmStep) -> None:
        self.tally.take(START_MS + round(at_s * 1000), stepped(alarm, step))

    def flaps(self, at_s: float, long_s: float = 5, detector: str = "d1") -> None:
        alarm = self.opens(at_s, detector, kind=AlarmKind.FAULT, latched=False)
        self.steps(at_s + long_s, closed(alarm), AlarmStep.CLOSED)

    def result(self) -> Tallied:
        return self.tally.result()

    def verdicts(self) -> dict[Kpi, Verdict]:
        return {one.name: one.verdict for one in figures(self.result(), self.operators)}


def test_a_quiet_day_is_good_in_everything_that_can_be_judged() -> None:
    verdicts = Story().verdicts()
    assert set(verdicts) == set(Kpi) == set(LIMITS)
    assert set(verdicts.values()) <= {Verdict.GOOD, Verdict.NONE}
    assert verdicts[Kpi.SHARE_LOW] is Verdict.NONE


def test_rates_are_per_operator() -> None:
    story = Story(operators=2)
    for hour in range(24):
        for minute in range(0, 60, 5):
            story.opens(hour * 3600 + minute * 60, f"d{minute}")
    result = story.result()
    assert (result.annunciated, result.peak_hour, result.peak_ten_minutes) == (288, 12, 2)
    found = {one.name: one for one in figures(result, 2)}
    assert (found[Kpi.PER_DAY].value, found[Kpi.PER_HOUR].value) == (144, 6)
    assert found[Kpi.PER_DAY].verdict is Verdict.GOOD
    assert {one.name: one.verdict for one in figures(result, 1)}[Kpi.PER_DAY] is Verdict.MANAGEABLE


def test_what_another_alarm_stands_for_counts_only_when_it_is_on_its_own() -> None:
    story = Story()
    alarm = story.opens(0, inside=AlarmId(99))
    assert not story.tally.result().annunciated
    story.steps(60, later(alarm, inside=None), AlarmStep.ON_ITS_OWN)
    assert story.result().annunciated == 1


def test_the_time_of_a_flood_is_summed_and_cut_at_the_period() -> None:
    story = Story()
    for second in range(11):
        story.opens(second, f"d{second}")
    for second in range(11):
        story.opens(86_380 + second, f"e{second}")
    result = story.result()
    assert result.floods == 2
    # The first from the 11th alarm until the 7th is ten minutes old; the second until the end of the day.
    assert result.flood_ms == (6 + 600 - 10) * 1000 + 10_000
    assert result.peak_minute == 11


def test_a_flood_that_began_before_the_period_counts_from_its_begin() -> None:
    story = Story()
    for second in range(11):
        story.opens(second - 300, f"d{second}")
    result = story.result()
    assert (result.annunciated, result.flood_ms) == (0, (600 - 300 + 6) * 1000)


def test_three_times_within_a_minute_is_chattering_and_once_within_seconds_is_fleeting() -> None:
    story = Story()
    for at_s in (0, 20, 40):
        story.flaps(at_s, detector="flaps")
    story.flaps(3600, detector="brief")
    for at_s in (7200, 7230):
        story.flaps(at_s, detector="twice")
    story.flaps(9000, long_s=60, detector="steady")
    result = story.result()
    assert (result.chattering, result.chattering_keys) == (1, ("detector:flaps:leak",))
    assert result.fleeting == 1


def test_an_alarm_that_is_active_for_more_than_a_day_is_stale_on_each_day() -> None:
    story = Story(days=4)
    story.opens(3600, kind=AlarmKind.OFFLINE, latched=False)
    story.opens(2 * 86_400, "d2")
    result = story.result()
    assert result.stale_now == 2
    assert list(result.stale_by_day.values()) == [1, 1, 2]
    story = Story(days=4)
    alarm = story.opens(3600, kind=AlarmKind.OFFLINE, latched=False)
    story.steps(86_400 + 7200, closed(alarm), AlarmStep.CLOSED)
    result = story.result()
    assert (result.stale_now, list(result.stale_by_day.values())) == (0, [1])


def test_an_alarm_from_before_the_period_is_stale_in_it() -> None:
    story = Story()
    story.tally.begin([a_leak(7, received_ms=START_MS - 3 * DAY_MS)])
    assert story.result().stale_now == 1


def test_priorities_top_ten_and_areas_are_counted() -> None:
    story = Story()
    for number in range(12):
        story.opens(number * 900, f"d{number}", priority=Priority.LOW)
    story.opens(12_000, "d3", priority=Priority.HIGH)
    result = story.result()
    assert result.by_priority == {"2": 1, "4": 12}
    assert result.by_area == {"grid-1": 13}
    assert (result.top[0].key, result.top[0].count) == ("detector:d3:leak", 2)
    assert len(result.top) == 10
    assert story.verdicts()[Kpi.SHARE_LOW] is Verdict.GOOD


def test_the_answer_is_timed_from_when_it_was_shown() -> None:
    story = Story()
    first = story.opens(0)
    story.steps(30, acked(first), AlarmStep.ACKED)
    worse = later(first, acked_ms=None)
    story.steps(100, worse, AlarmStep.WORSE)
    story.steps(110, acked(worse), AlarmStep.ACKED)
    story.steps(200, closed(worse), AlarmStep.CLOSED)
    response = story.result().response["all"]
    assert (response.acked.count, response.acked.p50_ms, response.acked.p95_ms) == (2, 10_000, 30_000)
    assert response.closed.p50_ms == 200_000


def test_the_fold_begins_early_enough_for_a_flood_to_be_seen() -> None:
    assert LEAD_MS > 10 * MINUTE_MS
