"""What the stores cost here: `python -m benchmarks.stores [--detectors N] [--placed N] [--json FILE]`.

Readings: a day of detectors that report twice a minute (%LEL with one decimal, jitter in the instant),
written batch by batch, read, packed, read again. Journal: commits of a batch of entries, each one on the disk
before the next. Ledger: reading a million placed detectors, as the collector does when it starts.
"""

import argparse
import json
import random
import sqlite3
import sys
import time
from collections.abc import Callable
from contextlib import closing
from functools import partial
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from sqlalchemy import insert

from gascore.journal import SignedIn
from gascore.readings import Reading
from gascore.words import ReportedState
from gaswatch.stores.engine import open_engine, writing
from gaswatch.stores.journal import SqlJournal
from gaswatch.stores.migrate import migrate
from gaswatch.stores.readings import EmbeddedReadings
from gaswatch.stores.registry import SqlRegistry
from gaswatch.stores.schema import area, detector, room, site

HOUR_MS = 3_600_000
BEGIN_MS = 500_000 * HOUR_MS
HOURS = 25
EVERY_MS = 30_000
PLACED_S = 20.0
DAY_MS = 5.0
"""A day of one detector: design, section 5."""
BYTES = 10.0
_COMMITS = 200
_PER_ROOM = 3


def main() -> int:
    """Print the figures; 1 when a promise is broken."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--detectors", type=int, default=500)
    arguments.add_argument("--placed", type=int, default=1_000_000)
    arguments.add_argument("--json", type=Path)
    given = arguments.parse_args()
    with TemporaryDirectory() as folder:
        found = (
            readings(Path(folder), given.detectors)
            | journal(Path(folder))
            | ledger(Path(folder), given.placed)
        )
    for name, value in found.items():
        print(f"{name:38} {value:12,.2f}")
    if given.json:
        given.json.write_text(json.dumps(found, indent=1))
    broken = found["day_packed_ms"] > DAY_MS or found["bytes_per_packed_reading"] > BYTES
    return 1 if broken or found["placed_s"] > PLACED_S else 0


def readings(folder: Path, detectors: int) -> dict[str, float]:
    """The embedded time series."""
    rng = random.Random(1)  # noqa: S311 -- the same data each time, no secret
    store, path = EmbeddedReadings(folder / "readings.db"), folder / "readings.db"
    written, spent_s = 0, 0.0
    for at_ms in range(BEGIN_MS, BEGIN_MS + HOURS * HOUR_MS, EVERY_MS):
        batch = [
            Reading(
                no,
                at_ms + rng.randrange(400),
                ReportedState.NORMAL,
                rng.randrange(30) / 10,
                None,
                97.0,
                -60.0 - rng.randrange(5),
            )
            for no in range(1, detectors + 1)
        ]
        spent_s += timed(partial(store.write, batch))
        written += len(batch)
        if at_ms % HOUR_MS == 0:
            store.seal(at_ms)
    hot_ms = timed(lambda: store.series(7, at_ms - HOUR_MS, at_ms)) * 1000
    store.seal(at_ms)
    to_ms = BEGIN_MS + 24 * HOUR_MS
    packed_ms = median(timed(partial(store.series, no, BEGIN_MS, to_ms)) * 1000 for no in range(1, 100))
    newest_ms = median(timed(partial(store.latest, [no])) * 1000 for no in range(1, 100))
    sealing_s = timed(lambda: store.seal(at_ms + 2 * HOUR_MS))
    store.close()
    with closing(sqlite3.connect(path)) as connection:
        (chunks, rows) = connection.execute("SELECT sum(length(data)), sum(number) FROM chunk").fetchone()
        (pages,) = connection.execute("PRAGMA page_count").fetchone()
        (free,) = connection.execute("PRAGMA freelist_count").fetchone()
        (page,) = connection.execute("PRAGMA page_size").fetchone()
    return {
        "readings": written,
        "written_per_s": written / spent_s,
        "sealed_per_s": detectors * (HOUR_MS / EVERY_MS) / sealing_s,
        "hot_hour_ms": hot_ms,
        "day_packed_ms": packed_ms,
        "newest_ms": newest_ms,
        "chunk_bytes_per_reading": chunks / rows,
        "bytes_per_packed_reading": (pages - free) * page / rows,
    }


def journal(folder: Path) -> dict[str, float]:
    """Commits on the disk (synchronous=FULL)."""
    url = f"sqlite:///{folder / 'gaswatch.db'}"
    migrate(url)
    engine = open_engine(url)
    store = SqlJournal(engine)
    event = SignedIn(user="somebody", ok=True, address="127.0.0.1")
    one = sorted(timed(lambda: store.append([event], 1)) * 1000 for _ in range(_COMMITS))
    hundred = sorted(timed(lambda: store.append([event] * 100, 1)) * 1000 for _ in range(_COMMITS))
    last = [timed(store.last_id) * 1000 for _ in range(_COMMITS)]
    while store.seal(HOUR_MS):
        pass
    entries = store.last_id()
    verify_s = timed(store.verify)
    engine.dispose()
    return {
        "commit_1_entry_ms": median(one),
        "commit_1_entry_p99_ms": one[_COMMITS * 99 // 100],
        "commit_100_entries_ms": median(hundred),
        "last_id_ms": median(last),
        "verified_per_s": entries / verify_s,
    }


def ledger(folder: Path, count: int) -> dict[str, float]:
    """All detectors with their rooms, as the collector reads them."""
    engine = open_engine(f"sqlite:///{folder / 'gaswatch.db'}")
    places = range(-(-count // _PER_ROOM))
    with writing(engine) as connection:
        connection.execute(insert(area).values(id="town", name="镇", name_en="Town"))
        texts = ("name", "name_en", "short_name", "short_name_en", "address")
        common = dict.fromkeys(texts, "x") | {
            "kind": "other",
            "area": "town",
            "opens": "09:00",
            "closes": "22:00",
        }
        connection.execute(insert(site), [{"id": f"S{one}", **common} for one in places])
        kitchen = {"name": "x", "name_en": "x", "kind": "kitchen", "supply_gas": "lpg", "volume_m3": 45.0}
        connection.execute(
            insert(room), [{"id": f"S{one}-k", "site": f"S{one}", **kitchen} for one in places]
        )
        nameplate = {"model": "x", "target": "lpg", "every_s": 60.0, "low_lel": 25.0, "high_lel": 50.0}
        connection.execute(
            insert(detector),
            [
                {"no": no, "id": f"GD-{no}", "site": f"S{at}", "room": f"S{at}-k", **nameplate}
                for no in range(1, count + 1)
                for at in ((no - 1) // _PER_ROOM,)
            ],
        )
    registry = SqlRegistry(engine)
    spent_s = timed(lambda: sum(1 for _ in registry.placed()))
    engine.dispose()
    return {"placed": count, "placed_s": spent_s}


def timed(work: Callable[[], object]) -> float:
    """Seconds that `work` takes."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


if __name__ == "__main__":
    sys.exit(main())
