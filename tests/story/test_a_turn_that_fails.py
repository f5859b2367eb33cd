"""A turn that fails has not happened: nothing of it is remembered either."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from alerts.ports import Transaction
from gascore.hazard import FloodBegan
from gascore.journal import Sample, StoreDownError, UnknownLeak
from gascore.words import DetectorId, Level
from gaswatch.stores.desk import SqlBooks
from support.alarm_town import AlarmTown


class Failing(SqlBooks):
    """The first transaction fails at its end."""

    has_failed = False

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        with super().transaction() as books:
            yield books
            if not self.has_failed:
                self.has_failed = True
                raise StoreDownError("the disk is full")


def test_the_first_turn_after_a_start_fails_and_its_alarms_are_not_counted_twice(tmp_path: Path) -> None:
    town = AlarmTown(tmp_path)
    town.settle()
    now_ms = town.clock.now_ms()
    sample = Sample(received_ms=now_ms, lel=20.0)
    town.journal.append(
        [UnknownLeak(detector=DetectorId(f"X-{n}"), level=Level.LOW, sample=sample) for n in range(8)], now_ms
    )
    town.restart(Failing(town.engine))
    with pytest.raises(StoreDownError):
        town.desk.turn(now_ms)
    town.settle()
    assert town.events(FloodBegan) == [], "eight alarms are no flood"
