"""Kills collectors and brokers at random instants under load, and says what of it the journal must know."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any, Final

from gascore.journal import BlindEnded, BlindScope
from support.fault_town import STRANGER, FaultTown
from support.prefork import Forked
from support.reckoning import Number, Reckoning
from support.waiting import elapse, until

SLACK_S: Final = 0.2
TRUTH_MS: Final = 5_000
"""Blindness is booked to within this."""
UNSAVED_MS: Final = 2_500
"""What a killed mosquitto loses was acknowledged since its last save: `autosave_interval 1`, looked at once a second."""


@dataclass
class Kills:
    """When who was killed, ms."""

    collector: list[int] = field(default_factory=list)
    broker: list[int] = field(default_factory=list)


async def kill_at_random(
    town: FaultTown,
    number: int,
    chance: Random,
    *,
    broker_share: float = 0.0,
    told: Callable[[int], None] = lambda _: None,
) -> Kills:
    """Let the load begin and kill one collector after the other.

    The first one makes the session at the broker. The second shows how long it takes here from the start to the
    first stored reading; later ones are killed between their first instruction and about as long after that.

    Args:
        town: nothing runs in it yet; afterwards no collector does.
        number: kills under load.
        chance: for the instants.
        broker_share: so many of them hit the broker instead, whose collector goes on.
        told: hears of each kill's number.
    """
    killed = Kills()
    process = town.start()
    await town.sees(process)
    killed.collector.append(await _kill(process, town))
    town.send()
    await town.sent(1)
    process = town.start()
    await until(lambda: town.site.readings(1), within_s=40, what="the first reading")
    start_s = (town.clock.now_ms() - killed.collector[0]) / 1000
    for done in range(number):
        await elapse(chance.uniform(0.0, 2 * start_s + SLACK_S))
        if chance.random() < broker_share:
            town.broker.stop(kill=True)
            killed.broker.append(town.clock.now_ms())
            town.broker.start()
        else:
            killed.collector.append(await _kill(process, town))
            process = town.start()
        told(done + 1)
    killed.collector.append(await _kill(process, town))
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
        if (spell.scope, spell.name) == (BlindScope.COLLECTOR, "collector")
        and not any(-TRUTH_MS <= spell.since_ms - at_ms <= TRUTH_MS for at_ms in killed)
    ]


def brokers_own(town: FaultTown, reckoning: Reckoning, killed: Kills) -> set[Number]:
    """Of what is lost, what a killed broker had acknowledged and not saved: no collector ever saw it."""
    sent = town.taken.by_number
    return {
        number
        for number in reckoning.lost
        if any(0 <= at_ms - sent[number].ts <= UNSAVED_MS for at_ms in killed.broker)
    }


def judged(town: FaultTown, reckoning: Reckoning, killed: Kills) -> dict[str, list[Any]]:
    """What must not be: more than a killed broker's own loss, and anything that was not so."""
    own = brokers_own(town, reckoning, killed)
    faults = reckoning.faults
    faults["lost"] = [number for number in reckoning.lost if number not in own]
    faults["equation"] = town.unequal
    faults["blind"] = list(untrue(reckoning.blind, killed.collector))
    return {name: found for name, found in faults.items() if found}


def known(town: FaultTown) -> set[Number]:
    """Messages of detectors in the ledger: nobody counts the gaps of a stranger."""
    stranger = town.names.index(STRANGER)
    return {number for number in town.taken.by_number if number[0] != stranger}
