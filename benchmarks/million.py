"""How the collector starts with a million detectors: `python -m benchmarks.million [--detectors N] [--json FILE]`.

A ledger of N detectors, three at a site, is made first and counts for nothing. Then `gaswatch run collector`
is started as its own process beside a mosquitto, twice: the first time nothing is saved and no label is in
the time series; the second time every detector has reported and has a saved state. Measured from the
process's start until the broker has its subscription, and what the process then keeps in memory. Last, one
record changes and then a whole area, with the collector running. The baseline is the same rows fetched by
the bare SQLite driver.
"""

import argparse
import json
import os
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event
from typing import Any, Final

import msgspec

from collector.rules.page import Standing
from collector.rules.saving import Saved
from collector.rules.sequence import ALL_SEEN
from gascore.registry import Ledger
from gascore.words import AreaId, DetectorId
from gaswatch.settings import Settings
from gaswatch.stores.engine import open_engine
from gaswatch.stores.migrate import migrate
from gaswatch.stores.registry import SqlRegistry

START_S: Final = 20.0
MEMORY_MB: Final = 1_500.0
DEADLINE_S: Final = 300.0
AREAS: Final = 100
PER_SITE: Final = 3
_DAY_MS: Final = 86_400_000
_SINCE_MS: Final = 1_700_000_000_000
_FITTING: Final = {"lpg": "lpg", "natural_gas": "methane+co", "mine_gas": "methane"}
WRONG: Final = 200
"""One in so many is of the wrong gas, and as many more have no known gas."""


def main() -> int:
    """Print the figures; 1 when a promise is broken."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--detectors", type=int, default=1_000_000)
    arguments.add_argument("--json", type=Path)
    given = arguments.parse_args()
    found: dict[str, float] = {"detectors": given.detectors}
    with TemporaryDirectory() as name, a_broker(Path(name)) as broker:
        settings = Settings(data_dir=Path(name) / "var", mqtt_url=(broker.url,), log_format="json")
        print(f"making a ledger of {given.detectors:,} detectors …", flush=True)
        make_ledger(settings, given.detectors)
        found["baseline_s"] = baseline(settings)
        for title in ("first", "second"):
            if title == "second":
                make_states(settings, given.detectors)
            found |= {f"{title}_{key}": value for key, value in start(settings, broker, change=title).items()}
    found["first_to_baseline"] = found["first_start_s"] / found["baseline_s"]
    found["second_to_baseline"] = found["second_start_s"] / found["baseline_s"]
    for key, value in found.items():
        print(f"{key:28} {value:12,.2f}")
    if given.json:
        given.json.write_text(json.dumps(found, indent=1))
    slow = max(found["first_start_s"], found["second_start_s"]) > START_S
    return 1 if slow or max(found["first_peak_mb"], found["second_peak_mb"]) > MEMORY_MB else 0


class Broker(msgspec.Struct, frozen=True):
    """A mosquitto that says in a file who has subscribed."""

    url: str
    log: Path

    def subscriptions(self) -> int:
        """How often the collector has subscribed to its topics."""
        return self.log.read_text(errors="replace").count("gas/1/+/status (QoS 1)")


@contextmanager
def a_broker(folder: Path) -> Iterator[Broker]:
    """A mosquitto on a free port, ended afterwards."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    log, file = folder / "mosquitto.log", folder / "mosquitto.conf"
    file.write_text(f"listener {port} 127.0.0.1\nallow_anonymous true\nlog_dest stderr\nlog_type all\n")
    with log.open("wb") as out:
        process = subprocess.Popen(["/usr/sbin/mosquitto", "-c", str(file)], stdout=out, stderr=out)
    try:
        yield Broker(f"mqtt://127.0.0.1:{port}", log)
    finally:
        process.terminate()
        process.wait(10)


def make_ledger(settings: Settings, count: int) -> None:
    """Write `count` detectors past the registry: what is measured is reading them."""
    settings.data_dir.mkdir()
    migrate(settings.database)
    sites = -(-count // PER_SITE)
    text = "INSERT INTO {} ({}) VALUES ({})"

    def insert(table: str, rows: Iterator[dict[str, object]]) -> None:
        first = next(rows)
        statement = text.format(table, ",".join(first), ",".join("?" * len(first)))
        connection.execute(statement, tuple(first.values()))
        connection.executemany(statement, (tuple(row.values()) for row in rows))

    with closing(sqlite3.connect(_file(settings))) as connection:
        insert("area", ({"id": f"grid-{one}", "name": "网格", "name_en": "Grid"} for one in range(AREAS)))
        insert("site", (_a_site(one) for one in range(sites)))
        insert("room", (_a_room(one) for one in range(sites)))
        insert("detector", (_a_detector(no) for no in range(1, count + 1)))
        connection.commit()


def _a_site(one: int) -> dict[str, object]:
    texts = dict.fromkeys(("name", "name_en", "short_name", "short_name_en", "address"), f"餐馆{one}")
    hours = {"kind": "restaurant", "area": f"grid-{one % AREAS}", "opens": "09:00", "closes": "22:00"}
    return {"id": f"S-{one:07}", **texts, **hours}


def _a_room(one: int) -> dict[str, object]:
    named = {"name": "厨房", "name_en": "Kitchen", "kind": "kitchen", "volume_m3": 45.0}
    return {"id": f"S-{one:07}-k", "site": f"S-{one:07}", "supply_gas": _supply(one), **named}


def _supply(at: int) -> str:
    return tuple(_FITTING)[at % len(_FITTING)]


def _a_detector(no: int) -> dict[str, object]:
    at = (no - 1) // PER_SITE
    odd: dict[int, str | None] = {0: "co", 1: None}
    return {
        "no": no,
        "id": _name(no),
        "site": f"S-{at:07}",
        "room": f"S-{at:07}-k",
        "model": "GD-1",
        "target": odd.get(no % WRONG, _FITTING[_supply(at)]),
        "every_s": 60.0,
        "low_lel": 25.0,
        "high_lel": 50.0,
        "commissioned_ms": _SINCE_MS + no % 700 * _DAY_MS,
    }


def _name(no: int) -> DetectorId:
    return DetectorId(f"86{no:013}")  # as long as an IMEI


def make_states(settings: Settings, count: int) -> None:
    """What the collector has saved when each of them has reported."""

    def bodies() -> Iterator[tuple[int, bytes, int]]:
        quiet = {supply: Standing(reported=True, declared=gas) for supply, gas in _FITTING.items()}
        for no in range(1, count + 1):
            standing = quiet[_supply((no - 1) // PER_SITE)]
            saved = Saved(_name(no), standing, _SINCE_MS + no, no % 50_000, ALL_SEEN)
            yield no, msgspec.json.encode(saved), _SINCE_MS

    with closing(sqlite3.connect(_file(settings))) as connection:
        connection.executemany(
            "INSERT OR REPLACE INTO detector_state(no, body, changed_ms) VALUES (?, ?, ?)", bodies()
        )
        connection.commit()


def baseline(settings: Settings) -> float:
    """Seconds to fetch the detectors, and do nothing with them."""

    def fetch() -> None:
        with closing(sqlite3.connect(_file(settings))) as connection:
            for _ in connection.execute("SELECT no, id, site, room, target, every_s FROM detector"):
                pass

    return min(_seconds(fetch) for _ in range(3))


def start(settings: Settings, broker: Broker, *, change: str) -> dict[str, float]:
    """Start the collector, look at it, change the ledger under it, and end it."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith("GASWATCH_")} | {
        "GASWATCH_DATA_DIR": str(settings.data_dir),
        "GASWATCH_MQTT_URL": settings.mqtt_url[0],
        "GASWATCH_LOG_FORMAT": "json",
    }
    log, before = settings.data_dir.parent / f"{change}.log", broker.subscriptions()
    began = time.perf_counter()
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "gaswatch", "run", "collector"], env=environment, stderr=out, stdout=out
        )
    try:
        until(process, log, lambda: broker.subscriptions() > before)
        found = {"start_s": time.perf_counter() - began, "start_cpu_s": _cpu_s(process.pid)}
        loaded = said(log, "ledger taken in")[0]
        found |= {
            key.replace("_ms", "_s"): value / 1000 for key, value in loaded.items() if key.endswith("_ms")
        }
        found |= {"peak_mb": _memory_mb(process.pid, "VmHWM"), "steady_mb": _memory_mb(process.pid, "VmRSS")}
        found |= reread(settings, process, log)
        found["rest_mb"] = _memory_mb(process.pid, "VmRSS")
        found["over_all_peak_mb"] = _memory_mb(process.pid, "VmHWM")
    finally:
        process.terminate()
        process.wait(60)
    return found


def reread(settings: Settings, process: "subprocess.Popen[bytes]", log: Path) -> dict[str, float]:
    """CPU seconds and seconds until a change of the ledger has come through: a detector, then an area's sites."""
    engine = open_engine(settings.database)
    registry, found = SqlRegistry(engine), {}
    try:
        one = registry.detector(_name(2))
        assert one is not None
        some = [site for site in registry.ledger().sites if site.area == "grid-7"]
        longer = msgspec.structs.replace(one, every_s=one.every_s + 1)
        moved = [msgspec.structs.replace(site, area=AreaId("grid-8")) for site in some]
        back = [msgspec.structs.replace(site, area=AreaId("grid-7")) for site in some]
        for title, ledger in (
            ("one", Ledger(detectors=(longer,))),
            ("area", Ledger(sites=tuple(moved))),
            ("area_back", Ledger(sites=tuple(back))),
        ):
            cpu_s, began = _cpu_s(process.pid), time.perf_counter()
            more = partial(_is_said, log, "ledger read", len(said(log, "ledger read")))
            registry.put(ledger, by="benchmark", at_ms=_SINCE_MS)
            until(process, log, more)
            found[f"reread_{title}_s"] = time.perf_counter() - began
            found[f"reread_{title}_cpu_s"] = _cpu_s(process.pid) - cpu_s
    finally:
        engine.dispose()
    return found


def until(process: "subprocess.Popen[bytes]", log: Path, fact: Callable[[], bool]) -> None:
    """Wait for a fact; the process must live."""
    for _ in range(round(DEADLINE_S / 0.02)):
        if fact():
            return
        if process.poll() is not None:
            break
        Event().wait(0.02)
    raise SystemExit(f"the collector did not get there:\n{log.read_text()[-2000:]}")


def said(log: Path, event: str) -> list[dict[str, Any]]:
    """The lines of the log about one event."""
    lines = [line for line in log.read_text().splitlines() if event in line and line.startswith("{")]
    return [one for one in map(json.loads, lines) if one["event"] == event]


def _is_said(log: Path, event: str, over: int) -> bool:
    return len(said(log, event)) > over


def _memory_mb(pid: int, name: str) -> float:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) / 1024
    raise KeyError(name)


def _cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _file(settings: Settings) -> Path:
    return Path(settings.database.removeprefix("sqlite:///"))


def _seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


if __name__ == "__main__":
    sys.exit(main())
