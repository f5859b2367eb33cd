"""What we could not see is booked as such, with a begin and an end that are true to within seconds."""

from pathlib import Path

import pytest
from msgspec.structs import replace

from gascore.journal import BlindScope
from support.fault_town import a_fault_town, a_shipped_mosquitto
from support.kills import TRUTH_MS

pytestmark = pytest.mark.faults
HOUR_MS = 3_600_000


async def test_a_collector_that_was_dead_for_an_hour_books_that_hour(tmp_path: Path) -> None:
    with a_shipped_mosquitto(tmp_path) as broker:
        async with a_fault_town(tmp_path, broker) as town:
            process = town.start()
            await town.sees(process)
            town.send()
            await town.sent(2_000)
            process.kill()
            process.wait()
            dead_ms = town.clock.now_ms()
            # An hour passes: the last word is an hour old. The minute that it really takes would prove no more.
            last = town.site.status
            assert last is not None
            town.site.board.say(replace(last, at_ms=last.at_ms - HOUR_MS))
            await town.sent(200)
            process = town.start()
            await town.sees(process)
            back_ms = town.clock.now_ms()
            await town.finish()
            reckoning = await town.settles(process)
            assert reckoning.faults == {}
            assert town.unequal == []
            [blind] = reckoning.blind
            assert (blind.scope, blind.name, blind.reason) == (
                BlindScope.COLLECTOR,
                "collector",
                "ended without a word",
            )
            assert abs(blind.since_ms - (dead_ms - HOUR_MS)) <= TRUTH_MS
            assert back_ms - TRUTH_MS <= blind.ended_ms <= back_ms


async def test_a_collector_that_is_stopped_books_from_its_stop_to_its_return(tmp_path: Path) -> None:
    with a_shipped_mosquitto(tmp_path) as broker:
        async with a_fault_town(tmp_path, broker) as town:
            process = town.start()
            await town.sees(process)
            town.send()
            await town.sent(500)
            process.terminate()
            assert process.wait() == 0
            stopped_ms = town.clock.now_ms()
            await town.sent(2_000)
            process = town.start()
            await town.sees(process)
            back_ms = town.clock.now_ms()
            await town.finish()
            reckoning = await town.settles(process)
            assert reckoning.faults == {}
            assert town.unequal == []
            [blind] = reckoning.blind
            assert blind.reason == "stopped"
            assert 0 <= stopped_ms - blind.since_ms <= TRUTH_MS
            assert back_ms - TRUTH_MS <= blind.ended_ms <= back_ms
