"""Whatever the series database answers, or doesn't: one line that says what is wrong and what to do."""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from gascore.journal import StoreDownError
from gaswatch.stores.influx.query import PAUSE_MS, Query, Value, quoted
from gaswatch.stores.influx.transport import Target
from support.broker import free_port
from support.clock import ManualClock
from support.influx import a_victoria_metrics, an_influxdb
from support.odd_server import OddServer, an_odd_server

pytestmark = pytest.mark.contract
TEXT = 'SELECT "state", "lel" FROM "detector"'
COLUMNS = ("time", "state", "lel")


@pytest.fixture
def odd() -> Iterator[OddServer]:
    with an_odd_server() as running:
        yield running


def ask(
    url: str, *, token: str = "", bucket: str = "gaswatch", columns: tuple[str, ...] = COLUMNS
) -> list[tuple[Value, ...]]:
    query = Query(Target(url, token, "", bucket), ManualClock(), read_s=0.5)
    try:
        return query.rows(TEXT, columns)
    finally:
        query.close()


def one_series(columns: list[str], *values: list[object], **more: object) -> str:
    series = {"name": "detector", "columns": columns, "values": values, **more}
    return msgspec.json.encode({"results": [{"statement_id": 0, "series": [series]}]}).decode()


def test_rows_come_in_the_order_asked_for_with_their_tags_in_ms(odd: OddServer) -> None:
    odd.body = one_series(["time", "lel", "state"], [5, 1.5, 0], [6, None, 6], tags={"detector": "GD-1"})
    assert ask(odd.url, columns=(*COLUMNS, "detector")) == [(5, 0, 1.5, "GD-1"), (6, 6, None, "GD-1")]
    assert ask(odd.url) == [(5, 0, 1.5), (6, 6, None)]
    assert odd.asked[0]["path"] == "/query"
    assert (odd.asked[0]["db"], odd.asked[0]["epoch"], odd.asked[0]["q"]) == ("gaswatch", "ms", TEXT)


def test_nothing_found_is_no_rows(odd: OddServer) -> None:
    odd.body = '{"results":[{"statement_id":0}]}'
    assert ask(odd.url) == []


def test_the_token_goes_along_and_a_password_as_old_servers_take_it(odd: OddServer) -> None:
    odd.body = '{"results":[{}]}'
    ask(odd.url, token="secret-token")
    ask(odd.url, token="reader:secret")
    assert [one["authorization"] for one in odd.asked] == [
        "Token secret-token",
        "Basic cmVhZGVyOnNlY3JldA==",
    ]


@pytest.mark.parametrize(
    ("status", "body", "said"),
    [
        (401, '{"error":"unauthorized"}', r"does not let us read \(401\): INFLUXDB_V2_TOKEN must be"),
        (403, '{"error":"no"}', r"does not let us read \(403\)"),
        (404, "404 page not found", r"has no /query \(404\): INFLUXDB_V2_URL must be the address"),
        (
            404,
            '{"code":"not found","message":"DBRP mapping not found"}',
            "influx v1 dbrp create --db gaswatch",
        ),
        (400, '{"error":"error parsing query"}', "answers 400: .*error parsing query"),
        (503, "shard is\nnot ready", "answers 503: shard is not ready"),
        (
            200,
            '{"results":[{"error":"database not found: gaswatch"}]}',
            "has no database 'gaswatch': create it",
        ),
        (200, '{"error":"database not found: gaswatch"}', "has no database 'gaswatch'"),
        (200, '{"results":[{"error":"query would exceed file limit"}]}', "query would exceed file limit"),
        (200, "<html>It works!</html>", "it is no InfluxDB"),
        (200, "[" * 100_000, "it is no InfluxDB"),
        (200, '{"results":[{"series":[{"name":"databases","columns":["name"]}]}]}', "VictoriaMetrics"),
        (200, one_series(["time", "state"], [1, 2]), "the rows don't fit the question"),
        (200, one_series(["time", "state", "lel"], [1, 2]), "the rows don't fit the question"),
        (200, one_series(["time", "state", "lel"], [1, 2, 3.0], partial=True), "raise max-row-limit"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(odd: OddServer, status: int, body: str, said: str) -> None:
    odd.status, odd.body = status, body
    with pytest.raises(StoreDownError, match=said) as raised:
        ask(odd.url)
    assert "\n" not in str(raised.value)
    assert odd.url.removeprefix("http://") in str(raised.value)


@pytest.mark.parametrize(("mood", "said"), [("hang", "does not answer"), ("reset", "the connection broke")])
def test_a_server_that_hangs_or_breaks_off_is_said_so(odd: OddServer, mood: str, said: str) -> None:
    odd.mood = mood
    with pytest.raises(StoreDownError, match=said):
        ask(odd.url)


def test_a_server_that_does_not_answer_is_left_alone_for_a_moment(odd: OddServer) -> None:
    clock = ManualClock()
    query = Query(Target(odd.url, "", "", "gaswatch"), clock, read_s=0.5)
    odd.mood = "reset"
    for _ in range(3):
        with pytest.raises(StoreDownError, match="the connection broke"):
            query.rows(TEXT, COLUMNS)
    assert len(odd.asked) == 1
    odd.mood, odd.body = "answer", '{"results":[{}]}'
    clock.advance_now(PAUSE_MS)
    assert query.rows(TEXT, COLUMNS) == []
    query.close()


def test_a_clock_that_is_set_back_does_not_prolong_the_pause(odd: OddServer) -> None:
    clock = ManualClock()
    query = Query(Target(odd.url, "", "", "gaswatch"), clock, read_s=0.5)
    odd.mood = "reset"
    with pytest.raises(StoreDownError):
        query.rows(TEXT, COLUMNS)
    odd.mood, odd.body = "answer", '{"results":[{}]}'
    clock.set(clock.now_ms() - 3_600_000)
    assert query.rows(TEXT, COLUMNS) == []
    query.close()


def test_nobody_there_is_said_with_host_and_port_and_never_a_password() -> None:
    port = free_port()
    with pytest.raises(StoreDownError, match=f"127.0.0.1:{port} does not answer: ") as raised:
        ask(f"http://reader:secret@127.0.0.1:{port}")
    assert "secret" not in str(raised.value)


def test_a_real_influxdb_without_the_database_or_with_a_wrong_password(tmp_path: Path) -> None:
    with an_influxdb(tmp_path, {"admin": "a", "reader": "b"}) as server:
        assert ask(server.url, token="admin:a") == []
        with pytest.raises(StoreDownError, match="has no database 'other': create it"):
            ask(server.url, token="admin:a", bucket="other")
        for token in ("", "admin:wrong", "no-password", "reader:b"):
            with pytest.raises(StoreDownError, match=r"does not let us read .*for 1\.x user:password"):
                ask(server.url, token=token)


def test_victoriametrics_can_not_be_read(tmp_path: Path) -> None:
    with (
        a_victoria_metrics(tmp_path) as server,
        pytest.raises(StoreDownError, match="VictoriaMetrics takes readings and can't give them back"),
    ):
        ask(server.url)


def test_a_quoted_value_is_a_value_and_never_a_piece_of_the_question(tmp_path: Path) -> None:
    names = ["it's", '"', "\\'", "a\\b"]
    with an_influxdb(tmp_path) as server:
        for at_ms, name in enumerate(names, start=1):
            server.write(f"detector,detector={name} state=0i {at_ms}\n".encode())
        query = Query(Target(server.url, "", "", server.database), ManualClock())
        for at_ms, name in enumerate(names, start=1):
            text = f'SELECT "state" FROM "detector" WHERE "detector" = {quoted(name)}'  # noqa: S608 -- the point of it
            assert query.rows(text, ("time", "state")) == [(at_ms, 0)]
        for name in ("' OR 1=1 --", "x' OR \"detector\" != '", "a\nb", "\\"):
            text = f'SELECT "state" FROM "detector" WHERE "detector" = {quoted(name)}'  # noqa: S608 -- the point of it
            assert query.rows(text, ("time", "state")) == []
        query.close()
