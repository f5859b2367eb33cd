"""The loop that plays the town, on a moved clock and without sockets."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from random import Random

import msgspec
import pytest

from gascore.alarm import AlarmKind
from gascore.service_status import ServiceStatus
from gascore.wire import Ack, Channel, Status, decode_status
from gascore.words import DetectorId
from simulator.ports import OnCommand
from simulator.rules.story import tell
from simulator.rules.town import build_town
from simulator.service.simulator import Simulator
from simulator.service.stage import Stage
from support.clock import ManualClock

TOWN = build_town(1)
STORY = tell("demo", TOWN)
ONE = DetectorId("GD-0100")


class Radio:
    """Keeps what is said."""

    def __init__(self) -> None:
        self.said: list[tuple[DetectorId, Channel, bytes]] = []
        self.silent: set[DetectorId] = set()
        self.command: OnCommand = lambda _detector, _payload: None
        self.detectors: Sequence[DetectorId] = ()

    async def run(self, detectors: Sequence[DetectorId], on_command: OnCommand) -> None:
        self.detectors, self.command = detectors, on_command
        await asyncio.Event().wait()

    def send(self, detector: DetectorId, channel: Channel, payload: bytes) -> None:
        self.said.append((detector, channel, payload))

    def go_silent(self, detector: DetectorId) -> None:
        self.silent.add(detector)

    def come_back(self, detector: DetectorId) -> None:
        self.silent.discard(detector)

    def connected(self) -> int:
        return len(self.detectors) - len(self.silent)


class Board:
    def __init__(self) -> None:
        self.newest: ServiceStatus | None = None

    def say(self, status: ServiceStatus) -> None:
        self.newest = status

    def read(self) -> dict[str, ServiceStatus]:
        return {} if self.newest is None else {self.newest.name: self.newest}


@asynccontextmanager
async def playing(radio: Radio, clock: ManualClock) -> AsyncIterator[None]:
    simulator = Simulator(
        TOWN,
        lambda start_ms: Stage(TOWN, STORY, start_ms=start_ms, chance=Random(1)),  # noqa: S311 -- a play
        radio,
        clock,
    )
    task = asyncio.create_task(simulator.run())
    await clock.advance(0)
    yield
    simulator.stop()
    await asyncio.wait_for(task, 5)


async def seconds(clock: ManualClock, count: int) -> None:
    for _ in range(count):
        await clock.advance(1000)


async def test_everybody_is_connected_and_reports_in_the_first_ten_seconds() -> None:
    radio, clock = Radio(), ManualClock()
    async with playing(radio, clock):
        await seconds(clock, 11)
        assert len(radio.detectors) == 150
        assert {detector for detector, _, _ in radio.said} == set(radio.detectors)
        assert all(isinstance(decode_status(payload), Status) for _, _, payload in radio.said)


async def test_a_mains_cut_takes_the_connections_with_it() -> None:
    radio, clock = Radio(), ManualClock()
    async with playing(radio, clock):
        await seconds(clock, 22)
        assert radio.silent == {one.detector for one in STORY.expectations() if one.kind is AlarmKind.OFFLINE}


async def test_a_command_is_answered_at_once_and_nonsense_is_ignored() -> None:
    radio, clock = Radio(), ManualClock()
    async with playing(radio, clock):
        await seconds(clock, 2)
        radio.said.clear()
        radio.command(ONE, b"nonsense")
        assert radio.said == []
        radio.command(ONE, b'{"id":"c1","do":"close_valve"}')
        detector, channel, payload = radio.said[0]
        assert (detector, channel) == (ONE, Channel.ACK)
        assert msgspec.json.decode(payload, type=Ack) == Ack(id="c1", ok=True, valve="closed")  # type: ignore[arg-type]  # an enum of texts
        assert radio.said[1][1] is Channel.STATUS


async def test_when_a_part_fails_the_whole_ends_with_its_error() -> None:
    async def fails() -> None:
        raise RuntimeError("the phones are on fire")

    clock = ManualClock()
    simulator = Simulator(
        TOWN,
        lambda start_ms: Stage(TOWN, STORY, start_ms=start_ms, chance=Random(1)),  # noqa: S311 -- a play
        Radio(),
        clock,
        beside=fails,
    )
    with pytest.raises(RuntimeError, match="on fire"):
        await asyncio.wait_for(simulator.run(), 5)
