"""How a million detectors' readings are packed: `python -m benchmarks.sealing [--detectors N] [--minutes M]`.

An hour has M minutes of one reading each of N detectors, written as the collector does (a batch each 20 ms of
16,700 a second; the writing goes on as fast as it can). Then the hour is over and is packed, call by call as the
collector calls it, while a writer goes on at full load: what a writer waits, how much the process keeps in memory,
how many processor seconds a row costs. Each phase costs in proportion to the rows, so an hour of 60 minutes takes
60 / M times as long. The baseline is the same rows read by detector without packing them.
"""

import argparse
import json
import os
import random
import resource
import sqlite3
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event, Thread
from typing import Final

from gascore.readings import Reading
from gascore.words import ReportedState
from gaswatch.stores.readings import EmbeddedReadings

HOUR_MS: Final = 3_600_000
BEGIN_MS: Final = 500_000 * HOUR_MS
MINUTE_MS: Final = 60_000
NEEDED_PER_S: Final = 16_700
WAIT_MS: Final = 1_000.0
BATCH: Final = 5_000


def main() -> int:
    """Print the figures; 1 when packing can't keep up, or a writer has to wait too long."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--detectors", type=int, default=1_000_000)
    arguments.add_argument("--minutes", type=int, default=6)
    arguments.add_argument("--folder", type=Path, help="where the file is made (as large as the readings)")
    arguments.add_argument("--json", type=Path)
    given = arguments.parse_args()
    with TemporaryDirectory(dir=given.folder) as name:
        found = measure(Path(name) / "readings.db", given.detectors, given.minutes)
    for key, value in found.items():
        print(f"{key:28} {value:14,.2f}")
    if given.json:
        given.json.write_text(json.dumps(found, indent=1))
    return 1 if found["sealed_per_s"] < NEEDED_PER_S or found["longest_write_ms"] > WAIT_MS else 0


def measure(path: Path, detectors: int, minutes: int) -> dict[str, float]:
    """Write an hour, let it be over, pack it beside a writer."""
    store = EmbeddedReadings(path)
    print(f"writing {detectors * minutes:,} readings …", flush=True)
    wall_s, cpu_s = time.perf_counter(), time.process_time()
    for batch in _batches(detectors, BEGIN_MS, minutes):
        store.write(batch)
    wall_s, cpu_s = time.perf_counter() - wall_s, time.process_time() - cpu_s
    rows = detectors * minutes
    found: dict[str, float] = {
        "readings": rows,
        "written_per_s": rows / wall_s,
        "write_cpu_us": cpu_s / rows * 1e6,
    }
    found["baseline_s"] = _baseline(path)
    found |= _seal(store, path, detectors, rows)
    store.close()
    with closing(sqlite3.connect(path)) as connection:
        packed, size = connection.execute("SELECT sum(number), sum(length(data)) FROM chunk").fetchone()
    assert packed == rows, "every reading is in a chunk"
    return found | {"bytes_per_reading": size / packed}


def _batches(detectors: int, begin_ms: int, minutes: int) -> Iterator[list[Reading]]:
    """Every detector once a minute, in no order of number."""
    rng = random.Random(1)  # noqa: S311 -- the same data each time, no secret
    order = list(range(1, detectors + 1))
    rng.shuffle(order)
    for minute in range(minutes):
        for start in range(0, detectors, BATCH):
            at_ms = begin_ms + minute * MINUTE_MS + start * MINUTE_MS // detectors
            yield [
                Reading(
                    no,
                    at_ms + no % 300,
                    ReportedState.NORMAL,
                    (no + minute) % 30 / 10,
                    None,
                    97.0,
                    -60.0 - no % 5,
                )
                for no in order[start : start + BATCH]
            ]


def _baseline(path: Path) -> float:
    """Seconds to fetch every row once, as it lies."""
    began = time.perf_counter()
    with closing(sqlite3.connect(path)) as connection:
        for _ in connection.execute("SELECT * FROM hot"):
            pass
    return time.perf_counter() - began


def _left(path: Path) -> bool:
    """Whether readings of the hour are still to be packed or removed."""
    with closing(sqlite3.connect(path)) as connection:
        (oldest,) = connection.execute("SELECT min(k) FROM hot").fetchone()
    return oldest is not None and oldest < BEGIN_MS + HOUR_MS << 20


def _seal(store: EmbeddedReadings, path: Path, detectors: int, rows: int) -> dict[str, float]:
    """Pack all, with a writer beside it that writes what comes at full load."""
    stop, waits_ms, now_ms = Event(), [0.0], BEGIN_MS + 2 * HOUR_MS
    written_cpu_s = [0.0]

    def write() -> None:
        rate = BATCH / min(NEEDED_PER_S, detectors)
        for batch in _batches(detectors, now_ms, 60):
            if stop.wait(rate):
                return
            began, cpu_s = time.perf_counter(), time.thread_time()
            store.write(batch)
            waits_ms.append((time.perf_counter() - began) * 1000)
            written_cpu_s[0] += time.thread_time() - cpu_s

    writer = Thread(target=write)
    before_mb = _peak_mb()
    wall_s, cpu_s, calls, packed = time.perf_counter(), time.thread_time(), list[float](), 0
    writer.start()
    try:
        while packed < rows or _left(path):
            began = time.perf_counter()
            packed += store.seal(now_ms)
            calls.append(time.perf_counter() - began)
    finally:
        wall_s, cpu_s = time.perf_counter() - wall_s, time.thread_time() - cpu_s
        stop.set()
        writer.join()
    waits_ms.sort()
    return {
        "sealed_per_s": rows / wall_s,
        "seal_cpu_us": cpu_s / rows * 1e6,
        "seal_calls": len(calls),
        "longest_call_s": max(calls),
        "writes_beside": len(waits_ms) - 1,
        "write_beside_p50_ms": waits_ms[len(waits_ms) // 2],
        "write_beside_p99_ms": waits_ms[len(waits_ms) * 99 // 100],
        "longest_write_ms": waits_ms[-1],
        "peak_more_mb": _peak_mb() - before_mb,
        "hour_of_a_million_cpu_s": cpu_s / rows * 60 * 1_000_000,
        "cores": float(os.cpu_count() or 1),
    }


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    sys.exit(main())
