"""The load as a process: reads a plan (JSON) from a file, says how it goes once a second."""

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
    lost_connections: int
    done: bool


async def send(plan: Plan) -> None:
    """Send it all."""
    clock = SystemClock()
    flood = Flood(plan, clock)
    running = asyncio.create_task(flood.run())
    while not running.done():
        say(flood, clock.now_ms(), done=False)
        next_ms = clock.now_ms() + 1000
        sleeping = asyncio.ensure_future(clock.sleep_until(next_ms))
        await asyncio.wait({sleeping, running}, return_when=asyncio.FIRST_COMPLETED)
        sleeping.cancel()
    await running
    say(flood, clock.now_ms(), done=True)


def say(flood: Flood, now_ms: int, *, done: bool) -> None:
    """One line on the standard output."""
    said = Said(at_ms=now_ms, done=done, **msgspec.structs.asdict(flood.report))
    sys.stdout.buffer.write(msgspec.json.encode(said) + b"\n")
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    uvloop.run(send(msgspec.json.decode(Path(sys.argv[1]).read_bytes(), type=Plan)))
