"""Listens to everything that a fleet says on a real broker."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from random import Random

import aiomqtt

from gascore.clock import Clock
from gascore.words import DetectorId
from simulator.adapters.fleet import Fleet
from simulator.adapters.line import Endpoint


@dataclass
class Heard:
    """What was published, in order: topic, payload."""

    client: aiomqtt.Client
    messages: list[tuple[str, bytes]] = field(default_factory=list)

    def of(self, topic: str) -> list[bytes]:
        return [payload for name, payload in self.messages if name == topic]


@asynccontextmanager
async def listening(port: int, user: str = "listener", password: str = "") -> AsyncIterator[Heard]:
    """A subscriber to `gas/1/#`."""
    async with aiomqtt.Client("127.0.0.1", port, username=user, password=password or None) as client:
        await client.subscribe("gas/1/#", qos=1)
        heard = Heard(client)

        async def listen() -> None:
            async for message in client.messages:
                assert isinstance(message.payload, bytes)
                heard.messages.append((str(message.topic), message.payload))

        task = asyncio.create_task(listen())
        try:
            yield heard
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


@asynccontextmanager
async def a_fleet(
    port: int,
    detectors: list[DetectorId],
    clock: Clock,
    *,
    on_command: Callable[[DetectorId, bytes], None] = lambda _detector, _payload: None,
    password: Callable[[DetectorId], str] = lambda detector: f"pw-{detector}",
) -> AsyncIterator[Fleet]:
    """Detectors that keep their connections until the end of the block."""
    endpoint = Endpoint("127.0.0.1", port, keepalive_s=5)
    fleet = Fleet(endpoint, password, clock, Random(1), spread_s=0.1)  # noqa: S311 -- jitter
    task = asyncio.create_task(fleet.run(detectors, on_command))
    try:
        yield fleet
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
