"""What matters goes first: leaks, and that we are blind, before however many silences wait."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from alerts.ports import Transaction
from gascore.alarm import Alarm, AlarmKind
from gascore.journal import AlarmStep, AlarmStepped, StoreDownError
from gaswatch.stores.desk import SqlBooks
from support.quarter import Quarter, names

pytestmark = pytest.mark.story


class WatchedBooks:
    """A store that fails when it is told to; how many leaks were known whenever all that is open was read."""

    def __init__(self, books: SqlBooks) -> None:
        self._books = books
        self.fails_at = ""
        self.leaks_when_read: list[int] = []

    def open_of(self, kinds: Collection[AlarmKind]) -> list[Alarm]:
        self.leaks_when_read.append(len(self._books.open_of([AlarmKind.LEAK])))
        return self._books.open_of(kinds)

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        if self.fails_at == "begin":
            raise StoreDownError("the disk is away")
        with self._books.transaction() as one:
            yield one
            if self.fails_at == "end":
                raise StoreDownError("the disk is full")


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Quarter]:
    town = Quarter(tmp_path)
    yield town
    town.engine.dispose()


def test_a_leak_is_told_in_the_turn_in_which_thousands_of_silences_wait(town: Quarter) -> None:
    town.running = False
    town.go(*names("west"), *names("east"))
    town.leaks("east-11")
    town.desk.turn(town.clock.now_ms())
    opened = [event.alarm.key for event in town.events(AlarmStepped) if event.step is AlarmStep.OPENED]
    assert opened[0] == "detector:east-11:leak"


def test_that_we_are_blind_is_known_in_the_turn_in_which_thousands_of_silences_wait(town: Quarter) -> None:
    town.running = False
    town.go(*names("west"), *names("east"))
    town.goes_blind()
    town.has_trouble("series")
    town.desk.turn(town.clock.now_ms())
    opened = [event.alarm.kind for event in town.events(AlarmStepped) if event.step is AlarmStep.OPENED]
    assert opened[:2] == [AlarmKind.BLIND, AlarmKind.TROUBLE]


def test_a_leaks_ladder_goes_on_though_the_ladders_of_many_silences_are_due(town: Quarter) -> None:
    town.go(*names("west", 0, 15))  # too few for an outage: each is told of on its own
    town.advance(5)
    town.leaks("east-11")
    town.running = False
    town.clock.advance_now(200_000)
    town.running = True
    town.desk.turn(town.clock.now_ms())
    escalated = [event.alarm.key for event in town.events(AlarmStepped) if event.step is AlarmStep.ESCALATED]
    assert escalated == ["detector:east-11:leak"]


def test_a_leak_is_told_before_a_whole_outage_is_read_again(town: Quarter) -> None:
    town.go(*names("west"))
    town.advance(60)
    books = WatchedBooks(SqlBooks(town.engine))
    town.restart(books)
    town.settle()
    assert books.leaks_when_read == [0], "once, at the start"
    books.fails_at = "end"
    with pytest.raises(StoreDownError):
        town.desk.turn(town.clock.now_ms())
    books.fails_at = ""
    town.leaks("east-11")
    assert books.leaks_when_read == [0, 1]
    assert [at for at, _ in town.owner_heard("east-11")] == [60]
    books.fails_at = "begin"
    with pytest.raises(StoreDownError):
        town.desk.turn(town.clock.now_ms())
    books.fails_at = ""
    town.settle()
    assert len(books.leaks_when_read) == 2, "nothing had happened yet: nothing to forget"
