"""A collector is started while a file is locked or a disk is full: it waits, or says so and is started again."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path

import pytest

from gaswatch.wiring.series import SPOOL_FILE
from support.disk import a_small_disk
from support.fault_town import FaultTown, a_fault_town, a_shipped_mosquitto, locked
from support.influx import an_influxdb
from support.prefork import ERROR, Forked
from support.waiting import until

pytestmark = pytest.mark.faults


class Kept:
    """A collector that is started again when it ends, as `gaswatch up` and systemd do."""

    def __init__(self, town: FaultTown) -> None:
        self._town = town
        self.processes: list[Forked] = []

    @property
    def ends(self) -> list[int]:
        """Exit codes of those that have ended."""
        codes = [one.poll() for one in self.processes]
        return [code for code in codes if code is not None]

    @property
    def sees(self) -> bool:
        """The newest one lives and has all of its links."""
        status = self._town.status
        if not self.processes or self.processes[-1].poll() is not None or status is None:
            return False
        return status.pid == self.processes[-1].pid and set(status.links.values()) == {"up"}

    async def keep(self) -> None:
        """Until cancelled."""
        while True:
            self.processes.append(self._town.start())
            await until(lambda: self.processes[-1].poll() is not None, within_s=300, what="its end")


@asynccontextmanager
async def a_kept_collector(town: FaultTown) -> AsyncIterator[Kept]:
    """Started now; nobody starts it again when the block has ended."""
    kept = Kept(town)
    task = asyncio.create_task(kept.keep())
    try:
        yield kept
    finally:
        task.cancel()
        await asyncio.wait({task})


async def has_run(town: FaultTown) -> None:
    """A load, and a collector that was killed in it: its files are there."""
    process = town.start()
    await town.sees(process)
    town.send()
    await town.sent(300)
    process.kill()
    process.wait()
    await town.sent(300)


async def recovers(town: FaultTown, kept: Kept) -> None:
    """All is well again by itself, and each that ended has said why in one line."""
    await until(lambda: kept.sees, within_s=60, what="a collector that sees")
    assert set(kept.ends) <= {ERROR}
    assert town.site.log.count("gaswatch: ") == len(kept.ends)
    assert "Traceback" not in town.site.log
    await town.sent(300)
    await town.finish()
    assert (await town.settles(kept.processes[-1])).faults == {}
    assert town.unequal == []


@pytest.mark.parametrize(
    ("file", "sign"), [("gaswatch.db", "the start is not journaled yet"), ("readings.db", "gaswatch: ")]
)
async def test_a_start_while_a_file_is_locked_ends_well(tmp_path: Path, file: str, sign: str) -> None:
    with a_shipped_mosquitto(tmp_path) as broker:
        async with a_fault_town(tmp_path, broker, rate=500) as town:
            await has_run(town)
            with ExitStack() as bad:
                bad.enter_context(locked(town.site.settings.data_dir / file))
                async with a_kept_collector(town) as kept:
                    await until(lambda: sign in town.site.log, within_s=60, what=sign)
                    bad.close()
                    await recovers(town, kept)


async def test_a_start_while_the_spool_is_locked_ends_well(tmp_path: Path) -> None:
    with a_shipped_mosquitto(tmp_path) as broker, an_influxdb(tmp_path) as influx:
        async with a_fault_town(tmp_path, broker, rate=500, influx=influx) as town:
            await has_run(town)
            with ExitStack() as bad:
                bad.enter_context(locked(town.site.settings.data_dir / SPOOL_FILE))
                async with a_kept_collector(town) as kept:
                    await until(lambda: kept.ends, within_s=60, what="its word")
                    bad.close()
                    await recovers(town, kept)


@pytest.mark.parametrize("whose", ["journal", "readings"])
async def test_a_start_on_a_full_disk_ends_well(tmp_path: Path, whose: str) -> None:
    with a_shipped_mosquitto(tmp_path) as broker, a_small_disk(tmp_path / "disk") as disk:
        there = disk.folder if whose == "journal" else tmp_path
        settings = {"database_url": f"sqlite:///{there / 'gaswatch.db'}"}
        if whose == "readings":
            settings["data_dir"] = str(disk.folder)
        async with a_fault_town(tmp_path, broker, rate=500, settings=settings) as town:
            await has_run(town)
            disk.fill()
            async with a_kept_collector(town) as kept:
                await until(
                    lambda: len(kept.ends) > 1 or f"{whose} lost" in town.site.log,
                    within_s=60,
                    what="its word",
                )
                await town.sent(300)
                disk.free()
                await recovers(town, kept)
