"""Disks that are full and files that somebody else has locked: alarms go on if they can, and nothing is lost."""

from pathlib import Path

import pytest

from gascore.journal import BlindBegan, BlindScope, ConditionRaised
from gascore.words import Condition
from support.disk import a_small_disk, no_room_for
from support.fault_town import FaultTown, a_fault_town, a_shipped_mosquitto, locked
from support.kills import TRUTH_MS
from support.prefork import Forked
from support.reckoning import Reckoning
from support.waiting import until

pytestmark = pytest.mark.faults
JOURNAL, READINGS = (BlindScope.STORE, "journal"), (BlindScope.STORE, "readings")


async def ready(town: FaultTown) -> Forked:
    """A collector that sees, and a load."""
    process = town.start()
    await town.sees(process)
    town.send()
    await town.sent(300)
    return process


async def said(town: FaultTown, words: str) -> None:
    """Wait until the collector's log says so."""
    await until(lambda: words in town.site.log, within_s=60, what=f"the word {words!r}")


def spells(reckoning: Reckoning) -> list[tuple[BlindScope, str]]:
    """What was down. That we were behind afterwards depends on the machine."""
    return [(one.scope, one.name) for one in reckoning.blind if one.scope is not BlindScope.COLLECTOR]


def leaks(town: FaultTown) -> int:
    events = [entry.event for entry in town.entries()]
    return sum(isinstance(one, ConditionRaised) and one.condition is Condition.LEAK for one in events)


async def recovers(town: FaultTown, process: Forked) -> Reckoning:
    """The fault is over: nobody does anything, and all is well again."""
    await town.sent(300)
    await town.finish()
    reckoning = await town.settles(process, within_s=90)
    assert reckoning.faults == {}
    assert town.unequal == []
    assert process.poll() is None
    return reckoning


async def test_when_the_journals_disk_is_full_everything_waits_and_nothing_is_lost(tmp_path: Path) -> None:
    with a_shipped_mosquitto(tmp_path) as broker, a_small_disk(tmp_path / "disk") as disk:
        database = f"sqlite:///{disk.folder / 'gaswatch.db'}"
        async with a_fault_town(tmp_path, broker, settings={"database_url": database}) as town:
            process = await ready(town)
            disk.fill()
            full_ms = town.clock.now_ms()
            await said(town, "journal lost")
            lost_ms = town.clock.now_ms()
            told = leaks(town)
            await town.sent(2_000)
            assert leaks(town) == told
            disk.free()
            free_ms = town.clock.now_ms()
            reckoning = await recovers(town, process)
            assert spells(reckoning) == [JOURNAL]
            [blind] = reckoning.blind
            assert full_ms <= blind.since_ms <= lost_ms
            assert free_ms <= blind.ended_ms <= free_ms + TRUTH_MS


async def test_when_the_readings_disk_is_full_leaks_are_told_until_nothing_gets_through_and_all_is_kept(
    tmp_path: Path,
) -> None:
    with a_shipped_mosquitto(tmp_path) as broker, a_small_disk(tmp_path / "disk") as disk:
        settings = {"data_dir": disk.folder, "database_url": f"sqlite:///{tmp_path / 'gaswatch.db'}"}
        async with a_fault_town(tmp_path, broker, rate=4_000, settings=settings) as town:
            process = await ready(town)
            disk.fill()
            await said(town, "readings lost")
            told = leaks(town)
            await until(lambda: leaks(town) > told + 5, what="leaks that don't wait for the time series")
            began = [entry.event for entry in town.entries() if isinstance(entry.event, BlindBegan)]
            assert began == []
            # The window is 20,000: then nothing more is read, and we are blind.
            await said(town, "name=readings")
            await town.sent(4_000)
            disk.free()
            reckoning = await recovers(town, process)
            assert spells(reckoning) == [READINGS]


async def test_when_no_write_works_any_more_nothing_is_lost(tmp_path: Path) -> None:
    with a_shipped_mosquitto(tmp_path) as broker:
        async with a_fault_town(tmp_path, broker) as town:
            process = await ready(town)
            with no_room_for(process.pid):
                # Its log can't be written either: nobody hears of it but by the word that grows old.
                before = town.status
                await town.sent(3_000)
                assert before is not None
                assert town.status == before
            reckoning = await recovers(town, process)
            assert (JOURNAL in spells(reckoning)) or READINGS in spells(reckoning)


async def test_disk_broker_and_collector_fail_together_and_nothing_is_lost(tmp_path: Path) -> None:
    with a_shipped_mosquitto(tmp_path) as broker:
        async with a_fault_town(tmp_path, broker) as town:
            process = await ready(town)
            with no_room_for(process.pid):
                await town.sent(500)
                broker.stop()  # politely: it saves what nobody has acknowledged
                broker.start()
                await town.sent(1_000)
                process.kill()  # with everything in its memory that it could not store
                process.wait()
                await town.sent(500)
            process = town.start()
            await town.sees(process)
            await recovers(town, process)


async def test_files_that_somebody_else_keeps_locked_hold_everything_up_and_nothing_is_lost(
    tmp_path: Path,
) -> None:
    with a_shipped_mosquitto(tmp_path) as broker:
        async with a_fault_town(tmp_path, broker, rate=500) as town:
            process = await ready(town)
            folder = town.site.settings.data_dir
            with locked(folder / "readings.db"):
                await town.sent(300)  # one write waits there before the journal lets none through
                with locked(folder / "gaswatch.db"):
                    await said(town, "journal lost")
                    await said(town, "readings lost")
            reckoning = await recovers(town, process)
            assert JOURNAL in spells(reckoning)
