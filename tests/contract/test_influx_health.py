"""The sink says what an operator must know, when it is so and no longer; and a reading never waits for a server."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random

import pytest

from gascore.journal import StoreDownError
from gascore.readings import HourStat, Labels, Reading
from gascore.words import DetectorId, ReportedState
from gaswatch.clock import SystemClock
from gaswatch.stores.influx.drainer import ASK_MS, Drainer
from gaswatch.stores.influx.query import AwayError
from gaswatch.stores.influx.sink import AWAY_MS, DEAD, LOST, NEWS_MS, READ, SERIES, SPOOL, InfluxReadings
from gaswatch.stores.influx.spool import Entry, Spool
from gaswatch.stores.influx.transport import Target, Transport
from gaswatch.stores.rollups import Rollups
from support.clock import ManualClock
from support.fake_influx import HANGS, RESETS, FakeInflux, a_fake_influx
from support.odd_server import Reply
from support.waiting import until

pytestmark = pytest.mark.contract
MAX_BYTES = 20_000


@dataclass
class Site:
    """A sink with a small spool; the test is its drainer's thread."""

    fake: FakeInflux
    sink: InfluxReadings
    drainer: Drainer
    clock: ManualClock
    rollups: Rollups
    wrote: int = 0

    def write(self, count: int = 1) -> None:
        readings = [
            Reading(1, self.clock.now_ms() + index, ReportedState.NORMAL, 1.0 + index % 7)
            for index in range(count)
        ]
        self.sink.write(readings)
        self.wrote += count

    def pass_ms(self, ms: int) -> None:
        """Let time pass and the drainer do its work when it is due."""
        end_ms = self.clock.now_ms() + ms
        while (due_ms := self.clock.now_ms() + max(self.drainer.step(), 1)) <= end_ms:
            self.clock.set(due_ms)
        self.clock.set(end_ms)

    def troubles(self) -> dict[str, str]:
        return self.sink.health(self.clock.now_ms()).troubles

    def note(self, name: str) -> int:
        return int(self.sink.health(self.clock.now_ms()).notes[name])


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with a_fake_influx() as fake:
        clock = ManualClock()
        spool, rollups = Spool(tmp_path / "spool.db", MAX_BYTES), Rollups(tmp_path / "rollups.db")
        transport = Transport(Target(fake.url, "", "", "b"), connect_s=1, read_s=0.3)
        drainer = Drainer(spool, transport, clock, Random(1))  # noqa: S311 -- jitter
        sink = InfluxReadings(spool, rollups, drainer, clock)
        sink.label({1: Labels(DetectorId("GD-1"), "s", "a", "lpg")})
        yield Site(fake, sink, drainer, clock, rollups)
        sink.close()


def test_a_healthy_one_has_no_troubles_and_its_figures(site: Site) -> None:
    site.write(3)
    site.pass_ms(2_000)
    health = site.sink.health(site.clock.now_ms())
    assert health.troubles == {}
    assert health.notes == {
        "spool_bytes": "0",
        "spool_max_bytes": str(MAX_BYTES),
        "spool_points": "0",
        "spool_oldest_s": "0",
        "spool_dropped": "0",
        "dead_letters": "0",
    }


def test_how_much_waits_and_for_how_long_is_known(site: Site) -> None:
    site.fake.always = RESETS
    site.write(3)
    site.pass_ms(10_000)
    assert (site.note("spool_points"), site.note("spool_oldest_s")) == (3, 10)
    assert site.note("spool_bytes") > 0


def test_a_server_that_restarts_is_no_trouble_one_that_stays_away_is(site: Site) -> None:
    site.fake.always = RESETS
    site.write()
    site.pass_ms(AWAY_MS - 1)
    assert site.troubles() == {}
    site.pass_ms(1)
    assert set(site.troubles()) == {SERIES}
    assert "does not answer: the connection broke" in site.troubles()[SERIES]
    assert "nothing is lost" in site.troubles()[SERIES]
    site.fake.always = None
    site.pass_ms(60_000)
    assert site.troubles() == {}


def test_a_server_that_was_idle_for_long_is_not_away(site: Site) -> None:
    site.write()
    site.pass_ms(10 * AWAY_MS)
    site.write()
    assert site.troubles() == {}


def test_a_clock_that_is_set_back_by_an_hour_delays_no_trouble(site: Site) -> None:
    site.write()
    site.pass_ms(2_000)
    site.clock.set(site.clock.now_ms() - 3_600_000)
    site.fake.always = RESETS
    site.write()
    site.pass_ms(AWAY_MS + 1_000)
    assert set(site.troubles()) == {SERIES}
    assert site.note("spool_oldest_s") <= 61


def test_emptying_a_big_spool_is_no_trouble(site: Site) -> None:
    site.fake.always = RESETS
    for _ in range(30):
        site.write()
        site.pass_ms(10_000)
    site.fake.always = None
    site.pass_ms(30_000)
    site.fake.always = RESETS
    site.write()
    site.pass_ms(AWAY_MS - 10_000)
    assert site.troubles() == {}


def test_after_a_start_the_server_has_its_time_whatever_was_left(site: Site, tmp_path: Path) -> None:
    site.fake.always = RESETS
    site.write()
    site.pass_ms(AWAY_MS)
    site.sink.close()
    spool = Spool(tmp_path / "spool.db", MAX_BYTES)
    drainer = Drainer(spool, Transport(Target(site.fake.url, "", "", "b")), site.clock, Random(1))  # noqa: S311 -- jitter
    again = InfluxReadings(spool, Rollups(tmp_path / "rollups.db"), drainer, site.clock)
    assert again.health(site.clock.now_ms()).troubles == {}
    assert set(again.health(site.clock.now_ms() + AWAY_MS).troubles) == {SERIES}
    again.close()


def test_a_configuration_error_is_said_at_once_and_what_to_do(site: Site) -> None:
    site.fake.always = Reply(401, '{"message":"unauthorized"}')
    site.write()
    site.pass_ms(1)
    assert "set INFLUXDB_V2_TOKEN" in site.troubles()[SERIES]


def test_a_database_that_takes_readings_and_does_not_give_them_back_is_said_until_it_is_mended(
    site: Site, tmp_path: Path
) -> None:
    answers: list[str | None] = ["it has no DBRP mapping: make one"]
    spool = Spool(tmp_path / "second.db", MAX_BYTES)
    transport = Transport(Target(site.fake.url, "", "", "b"), connect_s=1, read_s=0.3)
    drainer = Drainer(spool, transport, site.clock, Random(1), lambda: answers[-1])  # noqa: S311 -- jitter
    again = InfluxReadings(spool, Rollups(tmp_path / "second-rollups.db"), drainer, site.clock)
    again.label({1: Labels(DetectorId("GD-1"), "s", "a", "lpg")})
    second = Site(site.fake, again, drainer, site.clock, site.rollups)
    second.write()
    second.pass_ms(2_000)
    assert "make one" in second.troubles()[READ]
    answers.append(None)
    second.write()
    second.pass_ms(2_000)
    assert READ in second.troubles(), "it is not asked with every write"
    second.pass_ms(ASK_MS)
    second.write()
    second.pass_ms(2_000)
    assert second.troubles() == {}
    again.close()


def test_a_database_that_goes_away_while_it_is_asked_is_no_trouble_and_is_asked_again(
    site: Site, tmp_path: Path
) -> None:
    asked: list[int] = []

    def ask() -> str | None:
        asked.append(site.clock.now_ms())
        if len(asked) == 1:
            raise AwayError("no connection")
        return None

    spool = Spool(tmp_path / "second.db", MAX_BYTES)
    transport = Transport(Target(site.fake.url, "", "", "b"), connect_s=1, read_s=0.3)
    drainer = Drainer(spool, transport, site.clock, Random(1), ask)  # noqa: S311 -- jitter
    again = InfluxReadings(spool, Rollups(tmp_path / "second-rollups.db"), drainer, site.clock)
    again.label({1: Labels(DetectorId("GD-1"), "s", "a", "lpg")})
    second = Site(site.fake, again, drainer, site.clock, site.rollups)
    for _ in range(3):
        second.write()
        second.pass_ms(2_000)
        assert second.troubles() == {}
    assert len(asked) == 2
    again.close()


def test_the_words_of_a_trouble_stay_the_same_while_it_lasts(site: Site) -> None:
    site.fake.always = RESETS
    site.write()
    site.pass_ms(AWAY_MS)
    before = site.troubles()
    for _ in range(5):
        site.write()
        site.pass_ms(60_000)
    assert site.troubles() == before


def test_an_operator_hears_before_the_spool_is_full(site: Site) -> None:
    site.fake.always = RESETS
    while not site.troubles().keys() & {SPOOL, LOST}:
        site.write()
        site.clock.advance_now(1)
    assert "GASWATCH_SPOOL_MAX_MB" in site.troubles()[SPOOL]
    assert LOST not in site.troubles()
    assert 0.8 <= site.note("spool_bytes") / MAX_BYTES < 0.9


def test_when_the_spool_is_full_readings_go_on_and_what_made_room_is_counted(site: Site) -> None:
    site.fake.always = RESETS
    while site.note("spool_dropped") < 50:
        site.write()
        site.clock.advance_now(1)
    assert {SPOOL, LOST} <= site.troubles().keys()
    assert site.note("spool_points") + site.note("spool_dropped") == site.wrote
    site.fake.always = None
    site.pass_ms(60_000)
    assert len(site.fake.stored) == site.wrote - site.note("spool_dropped")
    assert set(site.troubles()) == {LOST}
    site.pass_ms(NEWS_MS)
    assert site.troubles() == {}
    assert site.note("spool_dropped") == 50


def test_hourly_figures_do_not_depend_on_the_server(site: Site) -> None:
    site.fake.always = RESETS
    hour_ms = site.clock.now_ms() // 3_600_000 * 3_600_000
    while site.note("spool_dropped") < 50:
        site.write()
        site.clock.advance_now(1)
    found = site.rollups.hourly(1, hour_ms, hour_ms + 3_600_000)
    assert found == [HourStat(1, hour_ms, site.wrote, 1.0, 1.0)]


def test_dead_letters_are_said_for_an_hour_and_counted_for_ever(site: Site) -> None:
    site.fake.refuses = lambda line: "lel=3.0" in line
    site.write(10)
    site.pass_ms(1_000)
    assert "dead_letter" in site.troubles()[DEAD]
    assert site.note("dead_letters") == 2
    site.pass_ms(NEWS_MS)
    assert site.troubles() == {}
    assert site.note("dead_letters") == 2


def test_a_write_that_the_disk_refuses_leaves_nothing_in_the_spool(site: Site, tmp_path: Path) -> None:
    del tmp_path
    site.rollups.close()
    with pytest.raises(Exception, match="closed"):
        site.write()
    assert site.note("spool_points") == 0


async def test_a_hanging_server_holds_up_neither_a_write_nor_a_stop(tmp_path: Path) -> None:
    with a_fake_influx() as fake:
        clock = SystemClock()
        spool = Spool(tmp_path / "spool.db", 1 << 20)
        transport = Transport(Target(fake.url, "", "", "b"), read_s=30)
        drainer = Drainer(spool, transport, clock, Random(1))  # noqa: S311 -- jitter
        drainer.start()
        sink = InfluxReadings(spool, Rollups(tmp_path / "rollups.db"), drainer, clock)
        fake.next.append(HANGS)
        sink.write([Reading(1, 1, ReportedState.NORMAL)])
        await until(lambda: fake.writes, what="the server has the lines and hangs")
        for at_ms in range(2, 50):
            sink.write([Reading(1, at_ms, ReportedState.NORMAL)])
        assert sink.health(clock.now_ms()).notes["spool_points"] == "49"
        assert not drainer.stop()
        fake.odd.let_go.set()
        await until(drainer.stop, what="the thread has ended")
        sink.close()


async def test_a_full_disk_does_not_end_the_drainer(tmp_path: Path) -> None:
    """Whatever `step` meets, the thread goes on, and says why it can't."""
    with a_fake_influx() as fake:
        clock, spool = SystemClock(), _BrokenSpool(tmp_path / "spool.db", 1 << 20)
        drainer = Drainer(spool, Transport(Target(fake.url, "", "", "b")), clock, Random(1))  # noqa: S311 -- jitter
        drainer.start()
        await until(lambda: drainer.held, what="it says so")
        assert drainer.held is not None
        assert "the spool fails: disk is full" in drainer.held.words
        spool.is_broken = False
        sink = InfluxReadings(spool, Rollups(tmp_path / "rollups.db"), drainer, clock)
        sink.write([Reading(1, 1, ReportedState.NORMAL)])
        await until(lambda: len(fake.stored) == 1, what="the reading is stored")
        sink.close()


class _BrokenSpool(Spool):
    is_broken = True

    def oldest(self, most_points: int) -> list[Entry]:
        if self.is_broken:
            raise StoreDownError("disk is full")
        return super().oldest(most_points)
