"""Somebody unplugs a switch between collector and broker: nothing is reset, bytes simply stop."""

from pathlib import Path

import pytest

from gascore.journal import BlindBegan, BlindEnded, BlindScope
from support.cut import a_wire
from support.fault_town import FaultTown, a_fault_town, a_shipped_mosquitto
from support.kills import TRUTH_MS
from support.waiting import until

pytestmark = pytest.mark.faults


def links_lost(town: FaultTown) -> list[BlindBegan]:
    events = [entry.event for entry in town.entries()]
    return [one for one in events if isinstance(one, BlindBegan) and one.scope is BlindScope.LINK]


async def test_a_cut_that_drops_is_blindness_since_the_last_word_and_all_comes_afterwards(
    tmp_path: Path,
) -> None:
    with a_shipped_mosquitto(tmp_path) as broker:
        async with (
            a_wire(broker.port) as wire,
            a_fault_town(tmp_path, broker, rate=500, settings={"mqtt_url": (wire.url,)}) as town,
        ):
            process = town.start()
            await town.sees(process)
            town.send()
            await town.sent(500)
            wire.cut()
            cut_ms = town.clock.now_ms()
            await until(lambda: links_lost(town), within_s=40, what="noticing it")
            wire.mend()
            mended_ms = town.clock.now_ms()
            await until(
                lambda: any(isinstance(entry.event, BlindEnded) for entry in town.entries()),
                within_s=40,
                what="the return without a hand",
            )
            back_ms = town.clock.now_ms()
            await town.sent(500)
            await town.finish()
            reckoning = await town.settles(process)
            assert reckoning.faults == {}
            [blind] = reckoning.blind
            assert (blind.scope, blind.reason) == (BlindScope.LINK, "the broker does not answer")
            assert abs(blind.since_ms - cut_ms) <= TRUTH_MS
            assert mended_ms <= blind.ended_ms <= back_ms
            assert town.unequal == []
            assert process.poll() is None
