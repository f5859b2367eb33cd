"""Every detector with its own MQTT connection, in one process (implements `simulator.ports.Radio`)."""

import asyncio
from collections.abc import Callable, Sequence
from random import Random
from typing import Final

from gascore.clock import Clock
from gascore.wire import Channel
from gascore.words import DetectorId
from simulator.adapters.line import Endpoint, Line
from simulator.ports import OnCommand

SPREAD_S: Final = 4.0
"""The connections of a whole fleet are made over this time."""
TICK_MS: Final = 1000


class Fleet:
    """The connections of all detectors.

    Args:
        endpoint: the broker.
        password: gives a detector's password; its user name and client id are its id.
        clock, chance: for waits and their jitter.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        password: Callable[[DetectorId], str],
        clock: Clock,
        chance: Random,
        *,
        spread_s: float = SPREAD_S,
    ) -> None:
        self._endpoint = endpoint
        self._password = password
        self._clock = clock
        self._chance = chance
        self._spread_s = spread_s
        self._lines: dict[DetectorId, Line] = {}

    async def run(self, detectors: Sequence[DetectorId], on_command: OnCommand) -> None:
        """Connect them, spread over a few seconds, and keep them connected until cancelled."""
        started_ms = self._clock.now_ms()
        self._lines = {
            each: Line(each, self._password(each), self._endpoint, on_command, self._clock, self._chance)
            for each in detectors
        }
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._tick())
                for index, line in enumerate(self._lines.values()):
                    turn_ms = started_ms + round(self._spread_s * 1000 * index / len(self._lines))
                    await self._clock.sleep_until(turn_ms)
                    group.create_task(line.run())
        finally:
            for line in self._lines.values():
                line.close()

    def send(self, detector: DetectorId, channel: Channel, payload: bytes) -> None:
        """Send at QoS 1; while the connection is down it waits in the detector's memory."""
        self._lines[detector].send(channel, payload)

    def go_silent(self, detector: DetectorId) -> None:
        """Its mains is cut."""
        self._lines[detector].go_silent()

    def come_back(self, detector: DetectorId) -> None:
        """Its mains is back."""
        self._lines[detector].come_back()

    def connected(self) -> int:
        """How many are connected now."""
        return sum(line.connected for line in self._lines.values())

    def refused(self) -> int:
        """How many the broker refused at their last attempt."""
        return sum(line.refused for line in self._lines.values())

    def known(self) -> frozenset[DetectorId]:
        """Whose connections are kept."""
        return frozenset(self._lines)

    async def _tick(self) -> None:
        while True:
            await self._clock.sleep_until(self._clock.now_ms() + TICK_MS)
            for line in self._lines.values():
                line.tick()
