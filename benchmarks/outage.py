"""What an outage of thousands of detectors costs alerts: `python -m benchmarks.outage [--detectors N] [--json FILE]`.

All detectors of a town go offline at once, as the collector books it. Half-way through a leak is journaled.
Measured are the time until every alarm is there, the longest transaction (the collector can't write meanwhile),
and how long the leak waited for its alarm. The baseline is in the same run: the journal's and the alarms' rows
of the same outage written in bare SQL, without any decision, in transactions of the same size.
"""

import argparse
import json
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from zoneinfo import ZoneInfo

from sqlalchemy import Engine, insert

from alerts.rules.lost import LOOK_MS
from alerts.service.desk import ENTRIES, Desk
from alerts.service.grouping import Grouping, Limits
from benchmarks.uptime import a_town
from gascore.journal import AlarmStepped, ConditionRaised, Event, Reason, Sample
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


def outage(engine: Engine, count: int) -> dict[str, float]:
    """Let alerts take the outage in; seconds and milliseconds."""
    metadata.create_all(engine)
    ledger = a_town(count)
    registry, journal = SqlRegistry(engine), SqlJournal(engine)
    registry.put(ledger, by="benchmark", at_ms=NOW_MS - 3_600_000)
    desk = Desk(SqlBooks(engine), registry, ZONE, Grouping(SqlGroups(engine), Limits()))
    desk.survey(NOW_MS)
    while desk.turn(NOW_MS - 3_600_000).more:
        pass
    for begin in range(0, count, CHUNK):
        journal.append([offline(one) for one in ledger.detectors[begin : begin + CHUNK]], NOW_MS)
    turns: list[float] = []
    leaked_at, leak_ms = 0.0, 0.0
    begun, later_ms = time.perf_counter(), 0
    while True:
        turned_at = time.perf_counter()
        turned = desk.turn(NOW_MS + later_ms + round((turned_at - begun) * 1000))
        turns.append((time.perf_counter() - turned_at) * 1000)
        if leaked_at and not leak_ms:
            leak_ms = (time.perf_counter() - leaked_at) * 1000
        if not leaked_at and len(turns) * ENTRIES > count // 2:
            # As the worst moment has it: just when the desk has begun its next transaction.
            leaked_at = time.perf_counter()
            journal.append([leak(ledger.detectors[-1])], NOW_MS)
        if not turned.more and turned.cursor >= count:
            if later_ms:
                break
            later_ms = 2 * LOOK_MS  # a small outage is over before the groups are looked at
    folded_s = time.perf_counter() - begun
    steps = [entry.event for entry in journal.after(0, 1 << 40) if isinstance(entry.event, AlarmStepped)]
    assert len({step.alarm.detector for step in steps if step.alarm.kind == "offline"}) == count
    turns.sort()
    return {
        "folded_s": round(folded_s, 2),
        "alarms_per_s": round(count / folded_s),
        "turns": len(turns),
        "turn_p50_ms": round(turns[len(turns) // 2], 1),
        "turn_p99_ms": round(turns[len(turns) * 99 // 100], 1),
        "turn_max_ms": round(turns[-1], 1),
        "leak_waited_ms": round(leak_ms, 1),
        "group_alarms": sum(step.alarm.kind == "outage" and step.step == "opened" for step in steps),
        "alarm_steps": len(steps),
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


def run(count: int) -> dict[str, float]:
    """Both, each on its own file."""
    with TemporaryDirectory() as folder:
        bare, whole = (open_engine(f"sqlite:///{Path(folder) / name}.db") for name in ("bare", "whole"))
        bare_s = baseline(bare, count)
        figures = outage(whole, count)
        bare.dispose()
        whole.dispose()
    return {
        "detectors": count,
        "baseline_s": round(bare_s, 2),
        **figures,
        "ratio": round(figures["folded_s"] / bare_s, 1),
    }


def main() -> int:
    """Measure and print; exits 1 when the leak waited too long."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--detectors", type=int, default=10_000)
    parser.add_argument("--json", type=Path, help="also write the figures here")
    arguments = parser.parse_args()
    figures = run(arguments.detectors)
    for name, value in figures.items():
        print(f"{name:>22}  {value:,}")
    is_kept = figures["leak_waited_ms"] < LEAK_MS
    print(f"a leak in the middle waits under {LEAK_MS:g} ms: {'kept' if is_kept else 'NOT KEPT'}")
    if arguments.json:
        arguments.json.write_text(json.dumps(figures, indent=2) + "\n")
    return 0 if is_kept else 1


if __name__ == "__main__":
    sys.exit(main())
