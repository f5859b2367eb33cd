"""What an outage of thousands of detectors costs alerts: `python -m benchmarks.outage [--detectors N] [--gateways N]`.

All detectors of a town go offline at once, as the collector books it. Half-way through a leak is journaled.
Measured are the time until every alarm is there, the longest transaction (the collector can't write meanwhile),
how long the leak waited for its alarm, how long another writer (such as the collector) waited for the write lock,
and the first turn of a new process in the middle of the outage. The baseline is in the same run: the journal's and the alarms' rows
of the same outage written in bare SQL, without any decision, in transactions of the same size.
"""

import argparse
import json
import logging
import sys
import threading
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from zoneinfo import ZoneInfo

import structlog
from msgspec.structs import replace
from sqlalchemy import Engine, insert

from alerts.rules.lost import LOOK_MS
from alerts.service.desk import ENTRIES, Desk, Turned, rest_ms
from alerts.service.grouping import Grouping, Limits
from benchmarks.uptime import a_town
from gascore.journal import AlarmStepped, ConditionRaised, Event, FirstReport, Reason, Sample
from gascore.registry import Detector
from gascore.words import Condition, Level
from gaswatch.stores.desk import SqlBooks
from gaswatch.stores.engine import open_engine, writing
from gaswatch.stores.groups import SqlGroups
from gaswatch.stores.journal import SqlJournal, append_in
from gaswatch.stores.registry import SqlRegistry
from gaswatch.stores.schema import alarm, metadata

NOW_MS = 1_790_000_000_000
ZONE = ZoneInfo("Asia/Shanghai")
CHUNK = 1_000
"""Entries that the collector books in one transaction."""
WHOLE = 4
"""Where gateways die, the town has so many times the detectors: too many for the area to be out."""
LEAK_MS = 100.0
"""The promise: a leak waits no longer for its alarm, whatever else is folded."""


def offline(one: Detector) -> Event:
    """As the collector books a connection that broke off."""
    return ConditionRaised(
        detector=one.id,
        site=one.site,
        condition=Condition.OFFLINE,
        since_ms=NOW_MS,
        reason=Reason.LAST_WILL,
    )


def leak(one: Detector) -> Event:
    """A high leak, seen now."""
    return ConditionRaised(
        detector=one.id,
        site=one.site,
        condition=Condition.LEAK,
        since_ms=NOW_MS,
        reason=Reason.REPORTED_STATE,
        level=Level.HIGH,
        sample=Sample(received_ms=NOW_MS, lel=60.0),
    )


class Writer(threading.Thread):
    """Appends an entry twenty times a second, as the collector would, and notes how long each took."""

    def __init__(self, journal: SqlJournal, detector: Detector) -> None:
        super().__init__()
        self.waits_ms: list[float] = []
        self._journal = journal
        self._event = FirstReport(detector=detector.id, site=detector.site, received_ms=NOW_MS)
        self._stopped = threading.Event()

    def run(self) -> None:
        """Until `stop`."""
        while not self._stopped.wait(0.05):
            begun = time.perf_counter()
            self._journal.append([self._event], NOW_MS)
            self.waits_ms.append((time.perf_counter() - begun) * 1000)

    def stop(self) -> None:
        """Finish."""
        self._stopped.set()
        self.join()


class Town:
    """The desk over a ledger of `count` detectors, and the instants of its turns."""

    def __init__(self, engine: Engine, count: int, gateways: int) -> None:
        metadata.create_all(engine)
        ledger = a_town(count * (WHOLE if gateways else 1))
        if gateways:
            behind = tuple(
                replace(one, gateway=f"gw-{number * gateways // count}" if number < count else None)
                for number, one in enumerate(ledger.detectors)
            )
            ledger = replace(ledger, detectors=behind)
        self.detectors = ledger.detectors[:count]
        self.journal = SqlJournal(engine)
        self.turns_ms: list[float] = []
        self.leak_ms = 0.0
        self._engine = engine
        self._registry = SqlRegistry(engine)
        self._registry.put(ledger, by="benchmark", at_ms=NOW_MS - 3_600_000)
        self.desk = self.a_desk()
        while self.desk.turn(NOW_MS - 3_600_000).more:
            pass
        for begin in range(0, count, CHUNK):
            self.journal.append([offline(one) for one in self.detectors[begin : begin + CHUNK]], NOW_MS)

    def a_desk(self) -> Desk:
        """A new process's."""
        grouping = Grouping(SqlGroups(self._engine), Limits())
        desk = Desk(SqlBooks(self._engine), self._registry, ZONE, grouping)
        desk.survey(NOW_MS)
        return desk

    def fold(self) -> float:
        """Turn until everything is taken in; returns the seconds that it took."""
        begun, leaked_at, later_ms = time.perf_counter(), 0.0, 0
        while True:
            turned = self._turn(self.desk, NOW_MS + later_ms + round((time.perf_counter() - begun) * 1000))
            if leaked_at and not self.leak_ms:
                self.leak_ms = (time.perf_counter() - leaked_at) * 1000
            if not leaked_at and len(self.turns_ms) * ENTRIES > len(self.detectors) // 2:
                leaked_at = time.perf_counter()
                self.journal.append([leak(self.detectors[-1])], NOW_MS)
            if turned.more:
                time.sleep(rest_ms(turned, round(self.turns_ms[-1])) / 1000)  # noqa: TID251 -- as the service does
            elif turned.cursor >= len(self.detectors):
                if later_ms:
                    return time.perf_counter() - begun
                later_ms = 2 * LOOK_MS  # a small outage is over before the groups are looked at

    def restart(self) -> float:
        """The first turn of a new process, ms; it reads what is open before its transaction begins."""
        self._turn(self.a_desk(), NOW_MS + 600_000)
        return self.turns_ms.pop()

    def _turn(self, desk: Desk, now_ms: int) -> Turned:
        begun = time.perf_counter()
        turned = desk.turn(now_ms)
        self.turns_ms.append((time.perf_counter() - begun) * 1000)
        return turned


def outage(engine: Engine, count: int, gateways: int) -> dict[str, float]:
    """Let alerts take the outage in; seconds and milliseconds."""
    town = Town(engine, count, gateways)
    other = Writer(town.journal, town.detectors[0])
    other.start()
    folded_s = town.fold()
    other.stop()
    restart_ms = town.restart()
    steps = [entry.event for entry in town.journal.after(0, 1 << 40) if isinstance(entry.event, AlarmStepped)]
    assert len({step.alarm.detector for step in steps if step.alarm.kind == "offline"}) == count
    return {
        "folded_s": round(folded_s, 2),
        "alarms_per_s": round(count / folded_s),
        "turns": len(town.turns_ms),
        **_spread("turn", town.turns_ms),
        "leak_waited_ms": round(town.leak_ms, 1),
        **_spread("writer", other.waits_ms),
        "restart_ms": round(restart_ms, 1),
        "group_alarms": sum(step.alarm.kind == "outage" and step.step == "opened" for step in steps),
        "alarm_steps": len(steps),
    }


def _spread(name: str, values: list[float]) -> dict[str, float]:
    ordered = sorted(values)
    return {
        f"{name}_p50_ms": round(ordered[len(ordered) // 2], 1),
        f"{name}_p99_ms": round(ordered[len(ordered) * 99 // 100], 1),
        f"{name}_max_ms": round(ordered[-1], 1),
    }


def baseline(engine: Engine, count: int) -> float:
    """Seconds for the bare rows: one entry and one alarm for each detector, as many in a transaction."""
    metadata.create_all(engine)
    events = [offline(one) for one in a_town(count).detectors]
    begun = time.perf_counter()
    for begin in range(0, count, ENTRIES):
        numbers = range(begin + 1, min(begin + ENTRIES, count) + 1)
        with writing(engine) as connection:
            append_in(connection, events[begin : begin + ENTRIES], NOW_MS)
            connection.execute(insert(alarm), [_row(number) for number in numbers])
    return time.perf_counter() - begun


def _row(number: int) -> dict[str, object]:
    key = f"detector:GD-{number:06}:offline"
    row: dict[str, object] = dict.fromkeys(("site", "detector"), f"GD-{number:06}")
    return row | {
        "id": number,
        "key": key,
        "open_key": key,
        "kind": "offline",
        "priority": 3,
        "opened_ms": NOW_MS,
        "closed_ms": None,
        "body": bytes(400),
    }


def run(count: int, gateways: int) -> dict[str, float]:
    """Both, each on its own file."""
    with TemporaryDirectory() as folder:
        bare, whole = (open_engine(f"sqlite:///{Path(folder) / name}.db") for name in ("bare", "whole"))
        bare_s = baseline(bare, count)
        figures = outage(whole, count, gateways)
        bare.dispose()
        whole.dispose()
    return {
        "detectors": count,
        "gateways": gateways,
        "baseline_s": round(bare_s, 2),
        **figures,
        "ratio": round(figures["folded_s"] / bare_s, 1),
    }


def main() -> int:
    """Measure and print; exits 1 when the leak waited too long."""
    # Ten thousand alarms are ten thousand lines; where they go is not what is measured.
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--detectors", type=int, default=10_000)
    parser.add_argument(
        "--gateways", type=int, default=0, help="so many die at once, in a town that does not"
    )
    parser.add_argument("--json", type=Path, help="also write the figures here")
    arguments = parser.parse_args()
    figures = run(arguments.detectors, arguments.gateways)
    for name, value in figures.items():
        print(f"{name:>22}  {value:,}")
    is_kept = figures["leak_waited_ms"] < LEAK_MS
    print(f"a leak in the middle waits under {LEAK_MS:g} ms: {'kept' if is_kept else 'NOT KEPT'}")
    if arguments.json:
        arguments.json.write_text(json.dumps(figures, indent=2) + "\n")
    return 0 if is_kept else 1


if __name__ == "__main__":
    sys.exit(main())
