"""The load as a process: `python -m benchmarks.load.flooding PLAN SEQS`, both JSON files.

It says how it goes once a second. Detectors count on from the numbers in SEQS, and leave theirs there: a
detector that begins anew is the exception, and takes the collector longer.
"""

import asyncio
import sys
from pathlib import Path

import msgspec
import uvloop

from gaswatch.clock import SystemClock
from simulator.adapters.flood import Flood, Plan


class Said(msgspec.Struct, frozen=True):
    """One line of what the process says."""

    at_ms: int
    sent: int
    acknowledged: int
    again: int
    held_ms: int
    late_ms: int
    behind_ms: int
    lost_connections: int
    leaks: int
    done: bool


async def send(plan: Plan, seqs: list[int]) -> list[int]:
    """Send it all; from and to the detectors' numbers."""
    clock = SystemClock()
    flood = Flood(plan, clock, seqs=seqs)
    running = asyncio.create_task(flood.run())
    while not running.done():
        say(flood, clock.now_ms(), done=False)
        next_ms = clock.now_ms() + 1000
        sleeping = asyncio.ensure_future(clock.sleep_until(next_ms))
        await asyncio.wait({sleeping, running}, return_when=asyncio.FIRST_COMPLETED)
        sleeping.cancel()
    await running
    say(flood, clock.now_ms(), done=True)
    return flood.seqs


def say(flood: Flood, now_ms: int, *, done: bool) -> None:
    """One line on the standard output."""
    said = Said(at_ms=now_ms, done=done, **msgspec.structs.asdict(flood.report))
    sys.stdout.buffer.write(msgspec.json.encode(said) + b"\n")
    sys.stdout.buffer.flush()


def main(plan: Path, seqs: Path) -> None:
    """Read, send, write."""
    before = msgspec.json.decode(seqs.read_bytes(), type=list[int]) if seqs.exists() else []
    after = uvloop.run(send(msgspec.json.decode(plan.read_bytes(), type=Plan), before))
    seqs.write_bytes(msgspec.json.encode(after))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
