"""The series database killed, away and hanging; the spooling process killed: nothing that was acknowledged is lost."""

import subprocess
import sys
from pathlib import Path
from random import Random
from threading import Event, Thread

import pytest

from gascore.readings import Labels, Reading
from gascore.words import DetectorId, ReportedState
from gaswatch.clock import SystemClock
from gaswatch.stores.influx.drainer import Drainer
from gaswatch.stores.influx.sink import SERIES, InfluxReadings
from gaswatch.stores.influx.spool import Spool
from gaswatch.stores.influx.transport import Target, Transport
from gaswatch.stores.rollups import Rollups
from support.clock import ManualClock
from support.influx import InfluxServer, an_influxdb
from support.waiting import until

pytestmark = pytest.mark.faults
AT_MS = 1_790_000_000_000
BATCH = 200
MINUTE_MS = 60_000


def a_drainer(spool: Spool, server: InfluxServer, clock: SystemClock | ManualClock, seed: int = 1) -> Drainer:
    transport = Transport(Target(server.url, "", "", server.database), read_s=5)
    return Drainer(spool, transport, clock, Random(seed))  # noqa: S311 -- jitter


def a_batch(number: int) -> list[Reading]:
    """Each reading has an instant of its own, so that all of them can be counted."""
    return [
        Reading(one % 50, AT_MS + number * BATCH + one, ReportedState.NORMAL, 1.0) for one in range(BATCH)
    ]


def labels() -> dict[int, Labels]:
    return {no: Labels(DetectorId(f"GD-{no}"), "s", "a", "lpg") for no in range(50)}


@pytest.mark.parametrize("seed", range(3))
async def test_influxdb_killed_again_and_again_under_load_has_every_reading_once(
    tmp_path: Path, seed: int
) -> None:
    rng = Random(seed)  # noqa: S311 -- when to kill
    with an_influxdb(tmp_path) as server:
        clock, spool = SystemClock(), Spool(tmp_path / "spool.db", 1 << 30)
        drainer = a_drainer(spool, server, clock, seed)
        drainer.start()
        sink = InfluxReadings(spool, Rollups(tmp_path / "rollups.db"), drainer, clock)
        sink.label(labels())
        stop, written = Event(), 0

        def load() -> None:
            nonlocal written
            while not stop.wait(0.01):
                sink.write(a_batch(written))
                written += 1

        loading = Thread(target=load)
        loading.start()

        async def some_more(most: int) -> None:
            bound = written + rng.randint(5, most)
            await until(lambda: written >= bound, within_s=30, what="the load goes on")

        for _ in range(4):
            await some_more(60)
            server.stop(kill=True)
            await some_more(30)
            server.start()
        stop.set()
        loading.join()
        await until(lambda: not spool.fill.points, within_s=60, what="the spool is empty")
        sink.close()
        assert server.count("detector", "state") == written * BATCH
        assert (spool.fill.dead, spool.fill.dropped) == (0, 0)


def test_influxdb_away_for_an_hour_has_every_reading_afterwards(tmp_path: Path) -> None:
    """1,200 detectors at one reading a minute, in batches of ten seconds; the clock is moved."""
    clock = ManualClock()
    with an_influxdb(tmp_path) as server:
        spool = Spool(tmp_path / "spool.db", 1 << 30)
        drainer = a_drainer(spool, server, clock)
        sink = InfluxReadings(spool, Rollups(tmp_path / "rollups.db"), drainer, clock)
        written, due_ms = 0, clock.now_ms()

        def ten_seconds() -> None:
            nonlocal written, due_ms
            numbers = range(written % 1_200, written % 1_200 + 200)
            sink.write([Reading(no, clock.now_ms(), ReportedState.NORMAL, 1.0) for no in numbers])
            written += 200
            for _ in range(10):
                clock.advance_now(1_000)
                if clock.now_ms() >= due_ms:
                    due_ms = clock.now_ms() + drainer.step()

        for _ in range(6):
            ten_seconds()
        server.stop(kill=True)
        told_s = []
        for ten in range(360):
            ten_seconds()
            if SERIES in sink.health(clock.now_ms()).troubles:
                told_s.append(10 * (ten + 1))
        assert told_s[0] in {60, 70}
        assert told_s[-1] == 3_600
        assert 3_580 <= int(sink.health(clock.now_ms()).notes["spool_oldest_s"]) <= 3_600
        server.start()
        back_ms = clock.now_ms()
        while spool.fill.points:
            ten_seconds()
            assert clock.now_ms() - back_ms < 3 * MINUTE_MS, "it takes too long to catch up"
        assert sink.health(clock.now_ms()).troubles == {}
        assert server.count("detector", "state") == written
        sink.close()


async def test_a_killed_collector_leaves_what_it_acknowledged_and_the_next_one_sends_it(
    tmp_path: Path,
) -> None:
    with an_influxdb(tmp_path) as server:
        acknowledged = sum(killed_after(30 + 25 * run, tmp_path, server, run) for run in range(3))
        clock, spool = SystemClock(), Spool(tmp_path / "spool.db", 1 << 30)
        drainer = a_drainer(spool, server, clock)
        drainer.start()
        await until(lambda: not spool.fill.points, within_s=30, what="the spool is empty")
        assert drainer.stop()
        spool.close()
        # At each kill one more batch may have been durable, and its acknowledgement not written.
        assert acknowledged <= server.count("detector", "state") / 100 <= acknowledged + 3


def killed_after(batches: int, folder: Path, server: InfluxServer, run: int) -> int:
    """Let a process write, kill it after so many batches, and return how many it has acknowledged."""
    command = [sys.executable, "-c", _WRITES, str(folder), server.url, str(AT_MS + run * 10_000_000)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=Path.cwd()) as child:
        assert child.stdout is not None
        for _ in range(batches):
            assert child.stdout.readline() == b"done\n"
        child.kill()
        return batches + len(child.stdout.readlines())


# Writes batches of 100 readings and says so after each; the spool is emptied meanwhile.
_WRITES = """
import sys
from pathlib import Path
from random import Random
from gascore.readings import Reading
from gascore.words import ReportedState
from gaswatch.clock import SystemClock
from gaswatch.logging import configure
from gaswatch.stores.influx.drainer import Drainer
from gaswatch.stores.influx.sink import InfluxReadings
from gaswatch.stores.influx.spool import Spool
from gaswatch.stores.influx.transport import Target, Transport
from gaswatch.stores.rollups import Rollups

configure("text", "test")  # to standard error
folder, clock = Path(sys.argv[1]), SystemClock()
spool = Spool(folder / "spool.db", 1 << 30)
drainer = Drainer(spool, Transport(Target(sys.argv[2], "", "", "gaswatch")), clock, Random(1))
drainer.start()
sink = InfluxReadings(spool, Rollups(folder / "rollups.db"), drainer, clock)
at_ms = int(sys.argv[3])
while True:
    sink.write([Reading(1, at_ms + one, ReportedState.NORMAL, 1.0) for one in range(100)])
    at_ms += 100
    sys.stdout.write("done\\n")
    sys.stdout.flush()
"""


async def test_influxdb_that_hangs_gets_everything_when_it_wakes(tmp_path: Path) -> None:
    with an_influxdb(tmp_path) as server:
        clock, spool = SystemClock(), Spool(tmp_path / "spool.db", 1 << 30)
        transport = Transport(Target(server.url, "", "", server.database), read_s=0.3)
        drainer = Drainer(spool, transport, clock, Random(1))  # noqa: S311 -- jitter
        drainer.start()
        sink = InfluxReadings(spool, Rollups(tmp_path / "rollups.db"), drainer, clock)
        with server.process.hanging():
            for number in range(20):
                sink.write(a_batch(number))
            await until(lambda: drainer.held, what="the drainer sees that there is no answer")
            assert spool.fill.points == 20 * BATCH
        await until(lambda: not spool.fill.points, within_s=60, what="the spool is empty")
        sink.close()
        assert server.count("detector", "state") == 20 * BATCH
