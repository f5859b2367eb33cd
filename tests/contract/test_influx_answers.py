"""Whatever the series database answers, or does not: every line is taken, a dead letter, or still in the spool."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random

import pytest

from gaswatch.stores.influx.drainer import LINGER_MS, Drainer
from gaswatch.stores.influx.lines import Packed, compress
from gaswatch.stores.influx.policy import CONFIGURATION_MS, MOST_MS
from gaswatch.stores.influx.spool import Spool
from gaswatch.stores.influx.transport import Target, Transport
from support.broker import free_port
from support.clock import ManualClock
from support.fake_influx import BABBLES, HANGS, RESETS, FakeInflux, a_fake_influx
from support.odd_server import Reply

pytestmark = pytest.mark.contract
TOKEN = "the-token"


@dataclass
class Way:
    """From a spool to a server that misbehaves."""

    fake: FakeInflux
    spool: Spool
    transport: Transport
    drainer: Drainer
    clock: ManualClock

    def put(self, *numbers: int) -> None:
        """One row of the spool with these lines."""
        lines = "".join(f"{line(number)}\n" for number in numbers)
        self.spool.put([Packed(len(numbers), compress(lines.encode()))], self.clock.now_ms())

    def stored(self) -> set[str]:
        return {
            " ".join((key.split(" ")[0], fields, key.split(" ")[1]))
            for key, fields in self.fake.stored.items()
        }

    def why(self) -> str:
        assert self.drainer.held is not None
        return self.drainer.held.words

    def drain(self, most: int = 30) -> None:
        """Step until the spool is empty, moving the clock over the waits."""
        for _ in range(most):
            if not self.spool.fill.points:
                return
            self.clock.advance_now(self.drainer.step())
        raise AssertionError(f"{self.spool.fill} after {most} steps; {self.drainer.held}")


def line(number: int) -> str:
    return f"detector,area=a,detector=GD-{number},gas=lpg,site=s state=0i,lel=1.0 1790000000000"


def lines(*numbers: int) -> set[str]:
    return set(map(line, numbers))


@pytest.fixture
def way(tmp_path: Path) -> Iterator[Way]:
    with a_fake_influx() as fake:
        clock = ManualClock()
        spool = Spool(tmp_path / "spool.db", 1 << 30)
        transport = Transport(Target(fake.url, TOKEN, "org", "bucket"), connect_s=1, read_s=0.3)
        rng = Random(1)  # noqa: S311 -- jitter
        yield Way(fake, spool, transport, Drainer(spool, transport, clock, rng), clock)
        transport.close()
        spool.close()


def test_rows_that_wait_go_out_as_one_write_with_precision_token_and_bucket(way: Way) -> None:
    way.put(1)
    way.put(2, 3)
    assert way.drainer.step() == LINGER_MS
    assert way.fake.writes == [[line(1), line(2), line(3)]]
    assert way.fake.odd.asked[-1] == {
        "path": "/api/v2/write",
        "bucket": "bucket",
        "org": "org",
        "precision": "ms",
        "authorization": f"Token {TOKEN}",
    }
    assert way.spool.fill.points == 0
    assert way.drainer.held is None


def test_an_empty_spool_asks_nobody(way: Way) -> None:
    assert way.drainer.step() == LINGER_MS
    assert way.fake.odd.asked == []


def test_a_backlog_goes_out_without_pauses_and_in_order(way: Way) -> None:
    for number in range(3):
        way.put(*range(number * 4_000, number * 4_000 + 4_000))
    assert way.drainer.step() == 0
    assert [len(one) for one in way.fake.writes] == [4_000]
    way.drain()
    assert [one[0] for one in way.fake.writes] == [line(0), line(4_000), line(8_000)]


@pytest.mark.parametrize("version", ["1.6.7~rc0", "1.7.11", "v1.0.2"])
def test_an_old_influxdb_is_written_to_by_its_own_way(way: Way, version: str) -> None:
    way.fake.version = version
    way.put(1)
    way.drainer.step()
    asked = way.fake.odd.asked[-1]
    assert (asked["path"], asked["db"], asked["precision"]) == ("/write", "bucket", "ms")
    assert way.stored() == lines(1)


@pytest.mark.parametrize("version", ["1.8.10", "v2.0.4", "v2.7.12", "3.0.1", "3.11.0", None, "unknown"])
def test_every_other_server_is_written_to_by_the_way_of_version_2(way: Way, version: str | None) -> None:
    way.fake.version = version
    way.put(1)
    way.drainer.step()
    assert way.fake.odd.asked[-1]["path"] == "/api/v2/write"
    assert way.stored() == lines(1)


@pytest.mark.parametrize("status", [400, 422])
@pytest.mark.parametrize("keeps_good", [True, False], ids=["keeps good lines", "all or nothing"])
def test_one_bad_line_becomes_a_dead_letter_and_the_others_are_taken(
    way: Way,
    status: int,
    keeps_good: bool,  # noqa: FBT001 -- a parameter of the test
) -> None:
    way.fake.keeps_good = keeps_good
    way.fake.refusal = Reply(status, '{"message":"field type conflict"}')
    way.fake.refuses = lambda one: one == line(37)
    way.put(*range(100))
    way.drainer.step()
    assert way.stored() == lines(*range(100)) - lines(37)
    assert [(one.status, one.line) for one in way.spool.dead_letters(10)] == [(status, line(37))]
    assert "field type conflict" in way.spool.dead_letters(1)[0].error
    assert way.spool.fill.points == 0


def test_a_wrong_schema_is_a_configuration_error_and_nothing_is_given_up(way: Way) -> None:
    way.fake.refuses = lambda _: True
    way.put(*range(5_000))
    assert way.drainer.step() == CONFIGURATION_MS
    assert way.drainer.held is not None
    assert way.drainer.held.is_lasting
    assert "types of its fields (it says: field type conflict)" in way.why()
    assert (way.spool.fill.points, way.spool.fill.dead) == (5_000, 0)
    way.fake.refuses = lambda _: False
    way.drain()
    assert way.stored() == lines(*range(5_000))


def test_readings_older_than_the_retention_do_not_hold_up_the_newer_ones(way: Way) -> None:
    way.fake.refuses = lambda one: int(one.split("GD-")[1].split(",")[0]) < 1_000
    way.fake.next.append(Reply(400, '{"error":"partial write: points beyond retention policy dropped=1000"}'))
    way.put(*range(1_000))
    way.put(*range(1_000, 2_000))
    way.fake.refusal = Reply(400, '{"error":"partial write: points beyond retention policy dropped=1000"}')
    way.drain()
    assert way.stored() == lines(*range(1_000, 2_000))
    assert way.spool.fill.dead == 1_000
    assert len(way.fake.writes) < 10


def test_too_many_lines_are_halved_and_later_writes_are_smaller(way: Way) -> None:
    way.fake.most = 400
    way.put(*range(1_000))
    for number in range(1_000, 1_010):
        way.put(*range(number * 100, number * 100 + 100))
    way.drain()
    assert len(way.stored()) == 2_000
    assert [len(one) for one in way.fake.writes if len(one) > 400] == [
        2_000,
        1_000,
        1_000,
        500,
        500,
        500,
        500,
    ]
    way.put(5)
    way.drain()
    assert way.spool.fill.dead == 0


def test_a_single_line_that_is_too_much_is_a_dead_letter(way: Way) -> None:
    way.fake.next.extend([Reply(413)])
    way.put(1)
    way.put(2)
    way.fake.next.extend([Reply(413), Reply(204), Reply(204)])
    way.drain()
    assert way.spool.fill.points == 0
    assert way.spool.fill.dead == 1


@pytest.mark.parametrize(
    ("status", "says"),
    [
        (401, "check INFLUXDB_V2_TOKEN"),
        (403, "may not write to the bucket 'bucket'"),
        (404, "no bucket 'bucket'"),
        (200, "check INFLUXDB_V2_URL"),
        (302, "check INFLUXDB_V2_URL"),
        (405, "check INFLUXDB_V2_URL"),
    ],
)
def test_a_configuration_error_keeps_everything_and_says_what_to_do(way: Way, status: int, says: str) -> None:
    way.fake.always = Reply(status, '{"message":"its own words"}')
    way.put(1, 2)
    for _ in range(5):
        assert way.drainer.step() == CONFIGURATION_MS
    assert way.drainer.held is not None
    assert way.drainer.held.is_lasting
    assert says in way.why()
    assert "its own words" in way.why()
    assert TOKEN not in way.why()
    assert (way.spool.fill.points, way.spool.fill.dead) == (2, 0)
    way.fake.always = None
    way.drain()
    assert way.stored() == lines(1, 2)
    assert way.drainer.held is None


def test_a_server_of_another_kind_is_called_so(way: Way) -> None:
    way.fake.odd.replies = None
    way.fake.odd.status, way.fake.odd.body = 404, "<html>nginx</html>"
    way.put(1)
    assert way.drainer.step() == CONFIGURATION_MS
    assert "is no InfluxDB: check INFLUXDB_V2_URL" in way.why()


def test_an_organization_that_is_not_named_is_found_before_a_line_is_sent(way: Way) -> None:
    way.fake.always = Reply(400, '{"code":"invalid","message":"Please provide either orgID or org"}')
    way.put(1)
    assert way.drainer.step() == CONFIGURATION_MS
    assert "INFLUXDB_V2_ORG" in way.why()
    assert way.fake.writes == []


@pytest.mark.parametrize("seed", range(5))
def test_a_server_that_does_anything_at_all_gets_every_line_or_has_refused_it(way: Way, seed: int) -> None:
    rng = Random(seed)  # noqa: S311 -- which answer comes next
    answers = [Reply(status) for status in (204, 200, 302, 400, 401, 404, 413, 422, 429, 500, 503)] + [
        RESETS,
        BABBLES,
    ]
    number, lied = 0, set[str]()
    for _ in range(40):
        for _ in range(rng.randint(0, 4)):
            count = rng.randint(1, 30)
            way.put(*range(number, number + count))
            number += count
        reply = rng.choice(answers)
        way.fake.next.append(reply)
        wrote = len(way.fake.writes)
        way.clock.advance_now(way.drainer.step())
        if reply.status == 204 and reply.mood == "answer" and len(way.fake.writes) > wrote:
            lied.update(way.fake.writes[wrote])  # taken, says the server, and has not stored them
    way.fake.next.clear()
    way.drain(200)
    dead = [one.line for one in way.spool.dead_letters(10_000)]
    assert len(dead) == len(set(dead)) == way.spool.fill.dead
    assert way.stored() | set(dead) | lied == lines(*range(number))


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
def test_a_server_in_trouble_is_asked_again_at_growing_intervals(way: Way, status: int) -> None:
    way.fake.always = Reply(status, "<html><body>busy</body></html>")
    way.put(1)
    waits = [way.drainer.step() for _ in range(12)]
    assert waits[0] <= 200
    assert MOST_MS // 2 <= waits[-1] <= MOST_MS
    assert f"it answers {status}" in way.why()
    assert "html" not in way.why()
    way.fake.always = None
    way.drain()
    assert way.stored() == lines(1)


def test_retry_after_is_followed(way: Way) -> None:
    way.put(1)
    way.fake.next.append(Reply(429, headers={"Retry-After": "17"}))
    assert way.drainer.step() == 17_000
    for nonsense in ("Wed, 21 Oct 2026 07:28:00 GMT", "nan", "inf", "-5", "soon"):
        way.fake.next.append(Reply(503, headers={"Retry-After": nonsense}))
        assert way.drainer.step() <= MOST_MS
    way.drain()
    assert way.stored() == lines(1)


@pytest.mark.parametrize(
    ("reply", "says"),
    [(HANGS, "does not answer"), (RESETS, "the connection broke"), (BABBLES, "the connection broke")],
    ids=["hangs", "resets", "is no web server"],
)
@pytest.mark.parametrize("at", ["the probe", "the write"])
def test_no_answer_keeps_everything(way: Way, reply: Reply, says: str, at: str) -> None:
    way.put(1, 2)
    if at == "the probe":
        way.fake.always = reply
    else:
        way.fake.next.append(reply)
    assert way.drainer.step() <= 200
    assert says in way.why()
    way.fake.always = None
    way.drain()
    assert way.stored() == lines(1, 2)


def test_a_server_that_breaks_off_after_storing_gets_the_same_lines_again_and_has_them_once(way: Way) -> None:
    way.put(1, 2)
    way.fake.says_once = RESETS
    way.drain()
    assert len(way.fake.writes) == 2
    assert way.stored() == lines(1, 2)


def test_trouble_in_the_middle_of_a_search_keeps_all_of_it(way: Way) -> None:
    way.fake.keeps_good = False
    way.fake.refuses = lambda one: one == line(5)
    way.put(*range(16))
    way.fake.next.extend([Reply(422), Reply(204), Reply(503)])
    way.drainer.step()
    assert (way.spool.fill.points, way.spool.fill.dead) == (16, 0)
    way.drain()
    assert way.stored() == lines(*range(16)) - lines(5)
    assert way.spool.fill.dead == 1


def test_small_rows_are_merged_during_an_outage_and_arrive_whole_and_in_order(way: Way) -> None:
    way.fake.always = RESETS
    for number in range(0, 12_000, 30):
        way.put(*range(number, number + 30))
    before = way.spool.fill
    way.drainer.step()
    assert way.spool.fill.points == before.points == 12_000
    assert way.spool.fill.bytes < before.bytes / 2
    way.fake.always = None
    way.drain()
    assert [one for sent in way.fake.writes for one in sent] == [line(number) for number in range(12_000)]


def test_a_server_that_is_not_there_is_waited_for(way: Way, tmp_path: Path) -> None:
    del tmp_path
    target = Target(f"http://user:secret@127.0.0.1:{free_port()}", TOKEN, "org", "bucket")
    transport = Transport(target, connect_s=0.3)
    drainer = Drainer(way.spool, transport, way.clock, Random(1))  # noqa: S311 -- jitter
    way.put(1)
    drainer.step()
    assert drainer.held is not None
    assert "Connection refused" in drainer.held.words
    assert "secret" not in drainer.held.words
    assert not drainer.held.is_lasting
    transport.close()


def test_an_upgraded_server_is_noticed_without_a_restart(way: Way) -> None:
    way.fake.version = "1.7.11"
    way.put(1)
    way.drainer.step()
    way.put(2)
    way.fake.next.append(Reply(503))
    way.drainer.step()
    way.fake.version = "1.8.10"
    way.drain()
    assert way.fake.odd.asked[-1]["path"] == "/api/v2/write"


def test_a_row_that_the_disk_has_spoilt_holds_up_no_others(way: Way) -> None:
    way.put(1)
    way.spool.put([Packed(7, b"\x1f\x8bnot gzip")], way.clock.now_ms())
    way.put(2)
    way.drain()
    assert way.stored() == lines(1, 2)
    assert [(one.error, one.line) for one in way.spool.dead_letters(9)] == [
        ("damaged in the spool", "7 readings")
    ]


def test_a_lie_cannot_be_found_out(way: Way) -> None:
    """204 is all that a server says; one that says it and stores nothing loses the lines (docs/adr/0015)."""
    way.put(1)
    way.fake.next.append(Reply(204))
    way.drainer.step()
    assert way.stored() == set()
    assert way.spool.fill.points == 0
