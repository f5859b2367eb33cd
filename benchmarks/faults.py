"""Kills under load, and an account of every message: `script/bench faults [--kills N] [--seed N] [--json FILE]`.

A town reports through a real mosquitto at QoS 1, with leaks, while its collector, and now and then the broker, is
killed with SIGKILL at random instants. Afterwards each message that the broker acknowledged is looked for by its
number. What a killed mosquitto had acknowledged and not yet saved is its own loss (docs/broker.md) and is counted
apart; its leaks last longer than that. Exit 0: nothing else is lost, no leak at all, nothing is invented or told
twice, and nobody was called offline.
"""

import argparse
import asyncio
import json
import sys
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Final

from gaswatch.clock import SystemClock
from support.fault_town import a_fault_town, a_shipped_mosquitto
from support.kills import brokers_own, judged, kill_at_random

BROKER_SHARE: Final = 0.1
DETECTORS: Final = 300
RATE: Final = 1_500.0
SHOWN_EVERY: Final = 50


def main() -> int:
    """Kill, reckon, print; 1 when something must not have happened."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--kills", type=int, default=1_000)
    arguments.add_argument("--seed", type=int, default=20261125)
    arguments.add_argument("--json", type=Path)
    given = arguments.parse_args()
    with TemporaryDirectory() as name:
        found, wrong = asyncio.run(run(Path(name), given.kills, given.seed))
    for title, number in found.items():
        print(f"{title:48} {number:12,}")
    if given.json is not None:
        given.json.write_text(json.dumps(found | {"wrong": sorted(wrong)}, indent=2) + "\n")
    for title in sorted(wrong):
        print(f"MUST NOT BE: {title}: {wrong[title]}")
    return int(bool(wrong))


async def run(folder: Path, kills: int, seed: int) -> tuple[dict[str, int], dict[str, str]]:
    """The account in numbers, and what is wrong with it."""

    def told(number: int) -> None:
        if number % SHOWN_EVERY == 0:
            print(f"{number} of {kills} kills", file=sys.stderr, flush=True)

    clock = SystemClock()
    begun_ms = clock.now_ms()
    with a_shipped_mosquitto(folder) as broker:
        async with a_fault_town(folder, broker, detectors=DETECTORS, rate=RATE) as town:
            chance = Random(seed)  # noqa: S311 -- repeatable instants
            killed = await kill_at_random(town, kills, chance, broker_share=BROKER_SHARE, told=told)
            last = town.start()
            await town.sees(last)
            await town.finish()
            reckoning = await town.settles(last)
            found = {
                "seed": seed,
                "kills of the collector": len(killed.collector),
                "kills of the broker": len(killed.broker),
                "seconds": (clock.now_ms() - begun_ms) // 1000,
                "detectors": DETECTORS,
            } | reckoning.summary()
            found["lost by the killed broker itself"] = len(brokers_own(town, reckoning, killed))
            found["looks at the equation"] = town.onlooker.looks
            found["of these that did not add up"] = len(town.onlooker.wrong)
            wrong = judged(town, reckoning, killed)
            return found, {name: str(what)[:500] for name, what in wrong.items()}


if __name__ == "__main__":
    sys.exit(main())
