"""The collector's recorder and the services' board, on each store."""

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DatabaseError

from collector.ports import Quarantined, Recording
from gascore.journal import StoreDownError
from gascore.service_status import Histogram, MessageCounts, ServiceStatus
from gaswatch.stores.engine import reading, writing
from gaswatch.stores.journal import SqlJournal
from gaswatch.stores.recorder import SqlRecorder
from gaswatch.stores.schema import quarantine
from gaswatch.stores.status import SqlStatusBoard
from support.stores import Store, signed_in

pytestmark = pytest.mark.contract


def rejected(number: int, *, topic: str = "gas/1/x/status", detail: str = "") -> Quarantined:
    return Quarantined(number, topic, None, "not_json", detail, b"\x00\xff")


def kept(store: Store) -> list[int]:
    with reading(store.engine) as connection:
        return list(connection.scalars(select(quarantine.c.received_ms).order_by(quarantine.c.id)))


def test_all_of_a_recording_is_stored(store: Store) -> None:
    recorder = SqlRecorder(store.engine)
    recorder.record(
        Recording(at_ms=5, events=[signed_in("a")], states={0: b"own", 7: b"x"}, quarantined=[rejected(5)])
    )
    assert (recorder.own(), list(recorder.states())) == ({0: b"own"}, [(7, b"x")])
    assert [(one.id, one.at_ms) for one in SqlJournal(store.engine).after(0, 10)] == [(1, 5)]
    assert kept(store) == [5]


def test_later_conditions_replace_earlier_ones(store: Store) -> None:
    recorder = SqlRecorder(store.engine)
    recorder.record(Recording(at_ms=5, states={7: b"x", 8: b"y"}))
    recorder.record(Recording(at_ms=6, states={7: b"z"}))
    assert list(recorder.states()) == [(7, b"z"), (8, b"y")]


def test_of_a_recording_that_fails_nothing_is_stored(store: Store) -> None:
    recorder = SqlRecorder(store.engine)
    everything = Recording(at_ms=5, events=[signed_in("a")], states={7: b"x"}, quarantined=[rejected(5)])
    with writing(store.engine) as connection:
        connection.execute(text("ALTER TABLE journal RENAME TO journal_away"))
    with pytest.raises((StoreDownError, DatabaseError)):  # the journal is written last
        recorder.record(everything)
    with writing(store.engine) as connection:
        connection.execute(text("ALTER TABLE journal_away RENAME TO journal"))
    assert (list(recorder.states()), kept(store), SqlJournal(store.engine).last_id()) == ([], [], 0)
    recorder.record(everything)
    assert (list(recorder.states()), kept(store), SqlJournal(store.engine).last_id()) == ([(7, b"x")], [5], 1)


def test_the_quarantine_keeps_the_newest(store: Store) -> None:
    recorder = SqlRecorder(store.engine, quarantine_rows=3)
    recorder.record(Recording(at_ms=1, quarantined=[rejected(1), rejected(2)]))
    recorder.record(Recording(at_ms=2, quarantined=[rejected(3), rejected(4)]))
    assert kept(store) == [2, 3, 4]
    recorder.record(Recording(at_ms=3, quarantined=[rejected(number) for number in range(10, 20)]))
    assert kept(store) == [17, 18, 19]


def test_what_no_text_column_takes_does_not_hold_up_the_batch(store: Store) -> None:
    SqlRecorder(store.engine).record(
        Recording(at_ms=1, quarantined=[rejected(1, topic="a\x00b", detail="\ud800")])
    )
    with reading(store.engine) as connection:
        assert connection.execute(select(quarantine.c.topic, quarantine.c.detail)).one() == ("a\ufffdb", "?")


def test_the_board_shows_the_newest_word_of_each_service(store: Store) -> None:
    board = SqlStatusBoard(store.engine)
    assert board.read() == {}
    collector = ServiceStatus(
        name="collector",
        pid=7,
        started_ms=1,
        at_ms=2,
        messages=MessageCounts(received=3, stored=2, pending=1),
        rejected_by={"oversize": 1},
        newest_message_ms=2,
        links={"broker:1883": "up"},
        states={"protected": 4},
        latency={"journal": Histogram((1, 2), 2, 0.5)},
        notes={"readings": "down"},
    )
    board.say(ServiceStatus(name="collector", pid=7, started_ms=1, at_ms=1))
    board.say(ServiceStatus(name="alerts", pid=8, started_ms=1, at_ms=1))
    board.say(collector)
    assert board.read()["collector"] == collector
    assert board.read().keys() == {"collector", "alerts"}
