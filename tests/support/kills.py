"""Kills collectors, brokers and InfluxDB at random instants under load, and says what of it the journal must know."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from random import Random
from typing import Any, Final, NamedTuple

from gascore.journal import BlindEnded, BlindScope, TroubleBegan
from gaswatch.stores.influx.sink import SERIES
from support.fault_town import STRANGER, FaultTown
from support.influx import InfluxServer
from support.influx_site import Killable, given_up
from support.prefork import Forked
from support.reckoning import Number, Reckoning
from support.waiting import elapse, until

SLACK_S: Final = 0.2
AWAY_S: Final = 2.0
"""A killed InfluxDB is started again within this: collectors and brokers are killed meanwhile, too."""
TRUTH_MS: Final = 5_000
"""Blindness is booked to within this."""
UNSAVED_MS: Final = 2_500
"""What a killed mosquitto loses was acknowledged since its last save: `autosave_interval 1`, looked at once a second."""


@dataclass
class Kills:
    """When who was killed, ms."""

    collector: list[int] = field(default_factory=list)
    broker: list[int] = field(default_factory=list)
    influx: list[int] = field(default_factory=list)


class Shares(NamedTuple):
    """So many of the kills hit the broker or InfluxDB instead of the collector, which then goes on."""

    broker: float = 0.0
    influx: float = 0.0


async def kill_at_random(
    town: FaultTown,
    number: int,
    chance: Random,
    shares: Shares,
    *,
    told: Callable[[int], None] = lambda _: None,
) -> Kills:
    """Let the load begin and kill one collector after the other.

    The first one makes the session at the broker. The second shows how long it takes here from the start to the
    first stored reading; later ones are killed between their first instruction and about as long after that.

    Args:
        town: nothing runs in it yet; afterwards no collector does.
        number: kills under load.
        chance: for the instants.
        shares: whom they hit.
        told: hears of each kill's number.
    """
    killed = Kills()
    process = town.start()
    await town.sees(process)
    killed.collector.append(await _kill(process, town))
    town.send()
    await town.sent(1)
    process = town.start()
    await until(lambda: town.has_stored, within_s=40, what="the first reading")
    start_s = (town.clock.now_ms() - killed.collector[0]) / 1000
    async with _killable(town.influx) as influx:
        for done in range(number):
            await elapse(chance.uniform(0.0, 2 * start_s + SLACK_S))
            whom = chance.random()
            if whom < shares.broker:
                town.broker.stop(kill=True)
                killed.broker.append(town.clock.now_ms())
                town.broker.start()
            elif influx is not None and whom < shares.broker + shares.influx:
                await influx.kill(chance.uniform(0.0, AWAY_S))
                killed.influx.append(town.clock.now_ms())
            else:
                killed.collector.append(await _kill(process, town))
                process = town.start()
            told(done + 1)
        killed.collector.append(await _kill(process, town))
    return killed


@asynccontextmanager
async def _killable(server: InfluxServer | None) -> AsyncIterator[Killable | None]:
    """InfluxDB, if there is one; it is back when the block ends."""
    if server is None:
        yield None
        return
    influx = Killable(server)
    try:
        yield influx
    finally:
        await influx.is_back()


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
    # InfluxDB is never away for long enough that anybody has to hear of it.
    events = [entry.event for entry in town.entries()]
    faults["series"] = [e for e in events if isinstance(e, TroubleBegan) and e.name.startswith(SERIES)]
    status = town.status
    faults["given up"] = [] if status is None else list(given_up(status).items())
    return {name: found for name, found in faults.items() if found}


def known(town: FaultTown) -> set[Number]:
    """Messages of detectors in the ledger: nobody counts the gaps of a stranger."""
    stranger = town.names.index(STRANGER)
    return {number for number in town.taken.by_number if number[0] != stranger}
