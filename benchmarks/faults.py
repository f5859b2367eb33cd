"""Kills under load, and an account of every message: `script/bench faults [--kills N] [--seed N] [--json FILE]`.

A town reports through a real mosquitto at QoS 1, with leaks, while its collector is killed with SIGKILL at random
instants; then another town, in which every second kill hits the broker instead, and a third one with its readings in
InfluxDB, in which all three are killed. Then each message that the broker acknowledged is looked for by its number,
in the third town in InfluxDB itself. What a killed mosquitto had acknowledged and not yet
saved is its own loss (docs/broker.md) and is counted apart; leaks last longer than that. Exit 0: nothing else is lost,
no leak at all, nothing is invented or told twice, and nobody was called offline.
"""

import argparse
import asyncio
import json
import sys
from contextlib import ExitStack
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Final

from gaswatch.clock import SystemClock
from support.fault_town import a_fault_town, a_shipped_mosquitto
from support.influx import an_influxdb
from support.kills import Shares, brokers_own, judged, kill_at_random

TRIALS: Final = (
    ("the collector is killed", 0.5, Shares()),
    ("the collector or the broker is killed", 0.2, Shares(broker=0.5)),
    ("any of the three is killed, the readings are in InfluxDB", 0.3, Shares(broker=0.2, influx=0.3)),
)
"""Title, share of the kills, whom they hit."""
DETECTORS: Final = 300
RATE: Final = 1_500.0
SHOWN_EVERY: Final = 50
SETTLED_S: Final = 120.0
"""What waits for InfluxDB has to get there, too."""


def main() -> int:
    """Kill, reckon, print; 1 when something must not have happened."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--kills", type=int, default=1_000)
    arguments.add_argument("--seed", type=int, default=20261125)
    arguments.add_argument("--json", type=Path)
    given = arguments.parse_args()
    accounts: dict[str, dict[str, int]] = {}
    wrong: dict[str, str] = {}
    for title, share, shares in TRIALS:
        with TemporaryDirectory() as name:
            trial = run(Path(name), round(given.kills * share), given.seed, shares)
            accounts[title], found = asyncio.run(trial)
        wrong |= {f"{title}: {what}": detail for what, detail in found.items()}
        print(f"{title} (seed {given.seed})")
        for what, number in accounts[title].items():
            print(f"    {what:44} {number:12,}")
    if given.json is not None:
        given.json.write_text(json.dumps({"seed": given.seed, "wrong": wrong} | accounts, indent=2) + "\n")
    for what, detail in wrong.items():
        print(f"MUST NOT BE: {what}: {detail}")
    return int(bool(wrong))


async def run(folder: Path, kills: int, seed: int, shares: Shares) -> tuple[dict[str, int], dict[str, str]]:
    """The account in numbers, and what is wrong with it."""

    def told(number: int) -> None:
        if number % SHOWN_EVERY == 0:
            print(f"{number} of {kills} kills", file=sys.stderr, flush=True)

    clock = SystemClock()
    begun_ms = clock.now_ms()
    with a_shipped_mosquitto(folder) as broker, ExitStack() as servers:
        influx = servers.enter_context(an_influxdb(folder)) if shares.influx else None
        async with a_fault_town(folder, broker, detectors=DETECTORS, rate=RATE, influx=influx) as town:
            chance = Random(seed)  # noqa: S311 -- repeatable instants
            killed = await kill_at_random(town, kills, chance, shares, told=told)
            last = town.start()
            await town.sees(last)
            await town.finish()
            reckoning = await town.settles(last, within_s=SETTLED_S)
            found = {
                "kills of the collector": len(killed.collector),
                "kills of the broker": len(killed.broker),
                "kills of InfluxDB": len(killed.influx),
                "seconds": (clock.now_ms() - begun_ms) // 1000,
                "detectors": DETECTORS,
            } | reckoning.summary()
            found["lost by the killed broker itself"] = len(brokers_own(town, reckoning, killed))
            found["scrapes of /metrics"] = town.scrapes.looks
            found["of these that did not add up"] = len(town.unequal)
            wrong = judged(town, reckoning, killed)
            return found, {name: str(what)[:500] for name, what in wrong.items()}


if __name__ == "__main__":
    sys.exit(main())
