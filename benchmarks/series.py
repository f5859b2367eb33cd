"""What roll-ups and exports cost here: `python -m benchmarks.series [--detectors N] [--exported N] [--json FILE]`.

Roll-ups: detectors that report once a minute, in batches of 1,670, for 21 minutes, with the
folding that becomes due. The baseline is the same batches into the embedded store. Export: a day of detectors that
report every 30 s, by the command itself, in a process of its own.
"""

import argparse
import json
import os
import random
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.stores import ledger
from gascore.readings import Reading
from gascore.words import ReportedState
from gaswatch.stores.migrate import migrate
from gaswatch.stores.readings import EmbeddedReadings
from gaswatch.stores.rollups import Rollups

HOUR_MS, MINUTE_MS = 3_600_000, 60_000
BEGIN_MS = 490_000 * HOUR_MS
MINUTES = 21
BATCH = 1_670
"""What 1,000,000 detectors send in a tenth of a second."""
HOURS = 24
EVERY_MS = 30_000


def main() -> int:
    """Print the figures."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--detectors", type=int, default=100_000, help="for the roll-ups")
    arguments.add_argument("--exported", type=int, default=2_000, help="for the export")
    arguments.add_argument("--json", type=Path)
    given = arguments.parse_args()
    found: dict[str, float] = {}
    with TemporaryDirectory() as folder:
        found |= rollups(Path(folder), given.detectors)
    with TemporaryDirectory() as folder:
        found |= export(Path(folder), given.exported)
    for name, value in found.items():
        print(f"{name:38} {value:14,.2f}")
    if given.json:
        given.json.write_text(json.dumps(found, indent=1))
    return 0


def rollups(folder: Path, detectors: int) -> dict[str, float]:
    """Processor time for each reading: added, folded, and stored in the embedded store beside."""
    kept, embedded = Rollups(folder / "rollups.db"), EmbeddedReadings(folder / "readings.db")
    added = stored = folding = longest_s = 0.0
    count = sealed = 0
    done: list[int] = []

    def seal(now_ms: int) -> None:
        done.append(kept.seal(now_ms))

    for batch in _batches(detectors):
        wall_s = time.perf_counter()
        added += cpu(partial(kept.add, batch))
        longest_s = max(longest_s, time.perf_counter() - wall_s)
        stored += cpu(partial(embedded.write, batch))
        count += len(batch)
        # Once a minute, as the collector does.
        minute = batch[-1].at_ms // MINUTE_MS
        if minute > sealed:
            sealed = minute
            folding += cpu(partial(seal, minute * MINUTE_MS))
    folded = sum(done)
    begun_s = time.perf_counter()
    hours = kept.hourly(7, BEGIN_MS, BEGIN_MS + HOUR_MS)
    hourly_ms = (time.perf_counter() - begun_s) * 1000
    assert [one.count for one in hours] == [MINUTES]
    kept.close()
    embedded.close()
    return {
        "readings": count,
        "folded": folded,
        "added_cpu_us_per_reading": added / count * 1e6,
        "folded_cpu_us_per_reading": folding / folded * 1e6,
        "embedded_store_cpu_us_per_reading": stored / count * 1e6,
        "longest_add_ms": longest_s * 1000,
        "hour_of_one_detector_ms": hourly_ms,
    }


def _batches(detectors: int) -> Iterator[list[Reading]]:
    rng = random.Random(1)  # noqa: S311 -- the same data each time, no secret
    nos = list(range(1, detectors + 1))
    rng.shuffle(nos)
    for minute in range(MINUTES):
        for start in range(0, detectors, BATCH):
            at_ms = BEGIN_MS + minute * MINUTE_MS + start * MINUTE_MS // detectors
            yield [_reading(no, at_ms + rng.randrange(100), rng) for no in nos[start : start + BATCH]]


def export(folder: Path, detectors: int) -> dict[str, float]:
    """Readings a second and the peak of memory, of the whole command."""
    migrate(f"sqlite:///{folder / 'gaswatch.db'}")
    ledger(folder, detectors)
    store, rng = EmbeddedReadings(folder / "readings.db"), random.Random(1)  # noqa: S311 -- no secret
    for at_ms in range(BEGIN_MS, BEGIN_MS + HOURS * HOUR_MS, EVERY_MS):
        store.write([_reading(no, at_ms + rng.randrange(400), rng) for no in range(1, detectors + 1)])
        if at_ms % HOUR_MS == 0:
            store.seal(at_ms)
    store.close()
    found: dict[str, float] = {"exported_readings": detectors * HOURS * HOUR_MS / EVERY_MS}
    day = ["--from", _instant(BEGIN_MS), "--to", _instant(BEGIN_MS + HOURS * HOUR_MS)]
    for form in ("csv", "parquet"):
        file = folder / f"day.{form}"
        begun_s = time.perf_counter()
        subprocess.run(
            [sys.executable, "-m", "gaswatch", "readings", "export", str(file), *day],
            env={**os.environ, "GASWATCH_DATA_DIR": str(folder)},
            check=True,
        )
        found[f"{form}_readings_per_s"] = found["exported_readings"] / (time.perf_counter() - begun_s)
        found[f"{form}_bytes_per_reading"] = file.stat().st_size / found["exported_readings"]
        # The greatest of all children so far: CSV comes first.
        found[f"{form}_peak_mb"] = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    return found


def _reading(no: int, at_ms: int, rng: random.Random) -> Reading:
    return Reading(
        no, at_ms, ReportedState.NORMAL, rng.randrange(30) / 10, None, 97.0, -60.0 - rng.randrange(5)
    )


def _instant(at_ms: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S+00:00", time.gmtime(at_ms / 1000))


def cpu(work: Callable[[], object]) -> float:
    """Seconds of processor time."""
    begun = time.process_time()
    work()
    return time.process_time() - begun


if __name__ == "__main__":
    sys.exit(main())
