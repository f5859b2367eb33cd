"""Protection time out of a real journal on SQLite."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from dashboard.rules.uptime import NoSuchPlaceError, Seconds
from gascore.journal import StoreDownError
from gascore.words import Condition, DetectorId, Protection, SiteId
from support.history_town import JANUARY_MS, Town, a_detector, a_ledger, a_site, moved, ms

HOUR, DAY = 3600, 86_400


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    town = Town(tmp_path)
    yield town
    town.close()


def test_a_restaurant_that_cuts_the_power_at_night(town: Town) -> None:
    town.register(a_detector("D1"))
    town.raised("D1", Condition.OFFLINE, "2026-11-01T22:00", at="2026-11-01T22:03")
    town.cleared("D1", Condition.OFFLINE, "2026-11-01T22:00", "2026-11-02T06:00")

    first, second = (
        town.site("S1", *days).figures
        for days in [("2026-11-01", "2026-11-02"), ("2026-11-02", "2026-11-03")]
    )

    assert first.all_hours == Seconds(offline=2 * HOUR, protected=22 * HOUR)
    assert second.all_hours == Seconds(offline=6 * HOUR, protected=18 * HOUR)
    assert first.business_hours == Seconds(offline=HOUR // 2, protected=27 * HOUR // 2)


def test_what_is_still_open_holds_until_now_however_long_ago_it_began(town: Town) -> None:
    town.register(a_detector("D1"))
    town.raised("D1", Condition.WRONG_GAS, "2026-01-01T00:00")

    assert town.site("S1", "2026-11-01", "2026-11-02").figures.all_hours == Seconds(unfit=DAY)


def test_an_offline_that_is_noticed_after_the_period_still_counts_in_it(town: Town) -> None:
    town.register(a_detector("D1"))
    town.raised("D1", Condition.OFFLINE, "2026-11-01T23:00", at="2026-11-02T08:00")

    assert town.site("S1", "2026-11-01", "2026-11-02").figures.all_hours.offline == HOUR


def test_a_stretch_that_ended_before_the_period_or_began_after_it_is_not_in_it(town: Town) -> None:
    town.register(a_detector("D1"))
    town.cleared("D1", Condition.FAULT, "2026-10-30", "2026-11-01")
    town.cleared("D1", Condition.FAULT, "2026-11-02", "2026-11-03")

    assert town.site("S1", "2026-11-01", "2026-11-02").figures.all_hours == Seconds(protected=DAY)


def test_an_hour_of_blindness_is_unmonitored_for_everybody(town: Town) -> None:
    town.register(a_detector("D1"), a_detector("D2", no=2))
    town.blind("2026-11-01T10:00")
    town.blind("2026-11-01T10:00", "2026-11-01T11:00")

    found = town.site("S1", "2026-11-01", "2026-11-02").figures.all_hours
    assert found == Seconds(unmonitored=2 * HOUR, protected=46 * HOUR)


def test_blindness_that_goes_on_counts_until_now(town: Town) -> None:
    town.register(a_detector("D1"))
    town.blind("2026-11-01T10:00")

    found = town.site("S1", "2026-11-01", "2026-11-02", now_ms=ms("2026-11-01T12:00"))
    assert found.figures.all_hours == Seconds(unmonitored=2 * HOUR, protected=10 * HOUR)


def test_before_the_journal_begins_nobody_watched(town: Town) -> None:
    town.register(a_detector("D1", commissioned_ms=ms("2025-12-31")), at_ms=ms("2026-01-01T06:00"))

    found = town.site("S1", "2026-01-01", "2026-01-02").figures.all_hours
    assert found == Seconds(unmonitored=6 * HOUR, protected=18 * HOUR)


def test_a_collector_that_fell_silent_is_blindness_since_its_last_word(town: Town) -> None:
    town.register(a_detector("D1"))
    town.collector_said(ms("2026-11-01T10:00"))

    heard = town.site("S1", "2026-11-01", "2026-11-02", now_ms=ms("2026-11-01T10:00:10"))
    silent = town.site("S1", "2026-11-01", "2026-11-02", now_ms=ms("2026-11-01T10:00:11"))

    assert heard.figures.all_hours.unmonitored == 0
    assert silent.figures.all_hours.unmonitored == 11


def test_a_detector_that_never_reported_is_offline_since_it_was_commissioned(town: Town) -> None:
    town.register(a_detector("D1"))
    never = a_detector("D2", no=2, commissioned_ms=ms("2026-11-01T12:00"))
    town.change(a_ledger(detectors=(never,), sites=(a_site("S1"),)), at_ms=ms("2026-11-01T12:00"))

    found = {
        one.detector: one.figures.all_hours for one in town.site("S1", "2026-11-01", "2026-11-02").detectors
    }
    assert found[DetectorId("D2")] == Seconds(not_required=12 * HOUR, offline=12 * HOUR)


def test_a_moved_detector_has_its_time_at_each_site(town: Town) -> None:
    sites = (a_site("S1"), a_site("S2", area="grid-2"))
    detector = a_detector("D1")
    town.register(detector, sites=sites)
    there = moved(detector, site=SiteId("S2"), room="S2-kitchen")
    town.change(a_ledger(detectors=(there,), sites=sites), at_ms=ms("2026-11-01T06:00"))

    report = town.report("2026-11-01", "2026-11-02")

    assert [(one.site, one.figures.all_hours) for one in report.sites] == [
        ("S1", Seconds(not_required=18 * HOUR, protected=6 * HOUR)),
        ("S2", Seconds(not_required=6 * HOUR, protected=18 * HOUR)),
    ]
    assert [one.state for one in town.timeline("D1", "2026-11-01", "2026-11-02")] == [Protection.PROTECTED]


def test_new_opening_times_do_not_change_what_was_before(town: Town) -> None:
    town.register(a_detector("D1"), sites=(a_site("S1", opens="09:00", closes="10:00"),))
    town.change(
        a_ledger(detectors=(), sites=(a_site("S1", opens="00:00", closes="24:00"),)), at_ms=ms("2026-11-02")
    )

    def business(from_: str, to: str) -> int:
        return town.site("S1", from_, to).figures.business_hours.total

    assert business("2026-11-01", "2026-11-02") == 2 * HOUR
    assert business("2026-11-02", "2026-11-03") == DAY


def test_an_area_has_all_sites_below_it(town: Town) -> None:
    sites = (a_site("S1", area="grid-1"), a_site("S2", area="grid-2"))
    town.register(a_detector("D1"), a_detector("D2", no=2, site="S2"), sites=sites)

    def names(area: str | None) -> list[str]:
        return [one.site for one in town.report("2026-11-01", "2026-11-02", area=area).sites]

    assert names("town") == names(None) == ["S1", "S2"]
    assert names("grid-2") == ["S2"]


def test_a_place_that_is_not_in_the_ledger_is_said(town: Town) -> None:
    town.register(a_detector("D1"))
    with pytest.raises(NoSuchPlaceError, match="no area nowhere"):
        town.report("2026-11-01", "2026-11-02", area="nowhere")
    with pytest.raises(NoSuchPlaceError, match="no site S9"):
        town.report("2026-11-01", "2026-11-02", site="S9")


def test_an_unknown_detector_was_never_required(town: Town) -> None:
    town.register(a_detector("D1"))
    assert [one.state for one in town.timeline("D9", "2026-11-01", "2026-11-02")] == [Protection.NOT_REQUIRED]


def test_a_timeline_ends_now(town: Town) -> None:
    town.register(a_detector("D1"))
    town.raised("D1", Condition.FAULT, "2026-11-01T10:00")

    found = town.timeline("D1", "2026-11-01", "2026-11-02", now_ms=ms("2026-11-01T12:00"))
    assert [(one.since_ms, one.ended_ms, one.state) for one in found] == [
        (ms("2026-11-01"), ms("2026-11-01T10:00"), Protection.PROTECTED),
        (ms("2026-11-01T10:00"), ms("2026-11-01T12:00"), Protection.FAULT),
    ]


def test_a_checkpoint_is_written_when_it_is_worth_it_and_changes_nothing(tmp_path: Path) -> None:
    town = Town(tmp_path, checkpoint_every=5)
    town.register(a_detector("D1"), a_detector("D2", no=2))
    town.raised("D1", Condition.OFFLINE, "2026-11-01T01:00")
    town.raised("D2", Condition.FAULT, "2026-11-01T02:00")
    town.cleared("D2", Condition.FAULT, "2026-11-01T02:00", "2026-11-01T03:00")

    first = town.report("2026-11-01", "2026-11-02")
    assert town.has_checkpoint()
    again = town.report("2026-11-01", "2026-11-02")
    town.cleared("D1", Condition.OFFLINE, "2026-11-01T01:00", "2026-11-01T05:00", at="2026-11-03")
    later = town.report("2026-11-01", "2026-11-02")
    town.forget_checkpoint()
    without = town.report("2026-11-01", "2026-11-02")
    town.close()

    assert again == first
    assert first.figures.all_hours == Seconds(offline=23 * HOUR, fault=HOUR, protected=24 * HOUR)
    assert later.figures.all_hours == Seconds(offline=4 * HOUR, fault=HOUR, protected=43 * HOUR)
    assert without == later


def test_more_detectors_than_fit_into_one_question_are_read_all_the_same(town: Town) -> None:
    town.register(*(a_detector(f"D{no}", no=no) for no in range(1, 252)))
    town.cleared("D251", Condition.FAULT, "2026-11-01T02:00", "2026-11-01T03:00")

    found = town.site("S1", "2026-11-01", "2026-11-02").figures.all_hours
    assert found == Seconds(fault=HOUR, protected=251 * DAY - HOUR)


def test_a_store_that_cannot_be_read_is_said(tmp_path: Path) -> None:
    town = Town(tmp_path)
    town.register(a_detector("D1"))
    town.close()
    (tmp_path / "gaswatch.db").write_bytes(b"this is no database" * 100)
    (tmp_path / "gaswatch.db-wal").unlink(missing_ok=True)

    with pytest.raises(StoreDownError):
        town.report("2026-11-01", "2026-11-02")


def test_the_report_names_the_journal_entry_that_it_rests_on(town: Town) -> None:
    town.register(a_detector("D1"))
    assert town.report("2026-11-01", "2026-11-02").journal_id == town.journal.last_id()
    assert town.report("2026-11-01", "2026-11-02").from_ms > JANUARY_MS
