"""The loop that plays the town: moves the stage with the clock, and lets the detectors speak."""

import asyncio
import os
from collections.abc import Awaitable, Callable
from typing import Final

import msgspec

from gascore.clock import Clock
from gascore.service_status import ServiceStatus, StatusBoard
from gascore.wire import Channel, Status, encode_status
from gascore.words import DetectorId
from simulator.ports import Radio
from simulator.rules.detector import decode_command
from simulator.rules.town import Town
from simulator.service.stage import TICK_MS, Power, Said, Stage

STATUS_EVERY_MS: Final = 1000


class Simulator:
    """Runs until `stop`: the detectors' connections, the town, and the phones beside them."""

    def __init__(
        self,
        town: Town,
        make_stage: Callable[[int], Stage],
        radio: Radio,
        clock: Clock,
        *,
        board: StatusBoard | None = None,
        beside: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        """Prepare.

        Args:
            town: whose detectors are connected.
            make_stage: makes the play that starts at an instant, ms.
            radio: carries what the detectors say.
            clock: of the town.
            board: where it says every second how it is; None: nowhere.
            beside: something else to serve until the end, such as the phones.
        """
        self._town = town
        self._make_stage = make_stage
        self._radio = radio
        self._clock = clock
        self._board = board
        self._beside = beside
        self._stopping = asyncio.Event()
        self._sent = 0
        self._stage: Stage | None = None

    async def run(self) -> None:
        """Play until stopped. Raises what a part raises: then the whole town ends."""
        ids = [one.id for one in self._town.ledger.detectors]
        parts: list[Awaitable[None]] = [self._radio.run(ids, self._on_command), self._play()]
        if self._beside is not None:
            parts.append(self._beside())
        if self._board is not None:
            parts.append(self._report(self._board))
        tasks = [asyncio.ensure_future(part) for part in (*parts, self._until_stopped())]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        for task in done:
            task.result()

    def stop(self) -> None:
        """Let `run` return."""
        self._stopping.set()

    async def _until_stopped(self) -> None:
        await self._stopping.wait()

    async def _play(self) -> None:
        now_ms = self._clock.now_ms()
        self._stage = self._make_stage(now_ms)
        while True:
            now_ms += TICK_MS
            await self._clock.sleep_until(now_ms)
            now_ms = max(now_ms, self._clock.now_ms())
            for each in self._stage.advance(now_ms):
                self._carry(each)

    def _carry(self, each: Said | Power) -> None:
        if isinstance(each, Power):
            (self._radio.come_back if each.on else self._radio.go_silent)(each.detector)
            return
        self._sent += 1
        if isinstance(each.what, Status):
            self._radio.send(each.detector, Channel.STATUS, encode_status(each.what))
        else:
            self._radio.send(each.detector, Channel.ACK, msgspec.json.encode(each.what))

    def _on_command(self, detector: DetectorId, payload: bytes) -> None:
        command = decode_command(payload)
        if command is None or self._stage is None:
            return
        for each in self._stage.order(detector, command, self._clock.now_ms()):
            self._carry(each)

    async def _report(self, board: StatusBoard) -> None:
        started_ms = self._clock.now_ms()
        count = len(self._town.ledger.detectors)
        while True:
            now_ms = self._clock.now_ms()
            status = ServiceStatus(
                name="simulator",
                pid=os.getpid(),
                started_ms=started_ms,
                at_ms=now_ms,
                notes={"connected": f"{self._radio.connected()}/{count}", "sent": str(self._sent)},
            )
            await asyncio.to_thread(board.say, status)
            await self._clock.sleep_until(now_ms + STATUS_EVERY_MS)
