"""Kills collectors at random instants under load, and says what of it the journal must know."""

import asyncio
from collections.abc import Callable, Sequence
from random import Random
from typing import Final

from gascore.journal import BlindEnded, BlindScope
from support.fault_town import FaultTown
from support.prefork import Forked
from support.waiting import elapse, until

SLACK_S: Final = 0.2
TRUTH_MS: Final = 5_000
"""Blindness is booked to within this."""


async def kill_collectors(
    town: FaultTown, number: int, chance: Random, *, told: Callable[[int], None] = lambda _: None
) -> list[int]:
    """Let the load begin and kill one collector after the other; returns the instants.

    The first one makes the session at the broker. The second shows how long it takes here from the start to the
    first stored reading; later ones are killed between their first instruction and about as long after that.
    `told` hears of each kill's number.
    """
    process = town.start()
    await town.sees(process)
    killed = [await _kill(process, town)]
    town.send()
    await town.sent(1)
    process = town.start()
    await until(lambda: town.site.readings(1), within_s=40, what="the first reading")
    start_s = (town.clock.now_ms() - killed[0]) / 1000
    for done in range(number):
        await elapse(chance.uniform(0.0, 2 * start_s + SLACK_S))
        killed.append(await _kill(process, town))
        told(done + 1)
        process = town.start()
    killed.append(await _kill(process, town))
    return killed


async def _kill(process: Forked, town: FaultTown) -> int:
    process.kill()
    await asyncio.to_thread(process.wait)
    return town.clock.now_ms()


def untrue(spells: Sequence[BlindEnded], killed: Sequence[int]) -> list[BlindEnded]:
    """The collector's own spells of blindness that do not begin just before a kill."""
    return [
        spell
        for spell in spells
        if spell.scope is BlindScope.COLLECTOR
        and not any(-TRUTH_MS <= spell.since_ms - at_ms <= TRUTH_MS for at_ms in killed)
    ]
