"""Some clouds hang up on a client that asks for what it may not have: the link learns not to ask for `$SYS`."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from random import Random
from typing import TYPE_CHECKING, Literal

import pytest

from collector.adapters.links import make_link
from gaswatch.clock import SystemClock
from support.waiting import until

if TYPE_CHECKING:
    from collector.ports import Arrival

pytestmark = pytest.mark.integration
CONNECT, SUBSCRIBE, PING = 1, 8, 12
Version = Literal["5", "3.1.1"]


class Cloud:
    """Grants the detectors' topics; what it does about `$SYS` is the test's."""

    def __init__(self, version: Version, *, hangs_up: bool) -> None:
        self.connections = 0
        self.asked = 0
        self._is_5 = version == "5"
        self._hangs_up = hangs_up

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while True:
                kind, body = await _packet(reader)
                if kind == CONNECT:
                    writer.write(b"\x20\x03\0\0\0" if self._is_5 else b"\x20\x02\0\0")
                elif kind == PING:
                    writer.write(b"\xd0\0")
                elif kind == SUBSCRIBE and b"$SYS" in body:
                    self.asked += 1
                    if self._hangs_up:
                        return
                    self._answer(writer, body[:2], bytes([0x87 if self._is_5 else 0x80] * 2))
                elif kind == SUBSCRIBE:
                    self._answer(writer, body[:2], b"\1\1\1")
        except asyncio.IncompleteReadError:
            return  # the client has gone
        finally:
            writer.close()

    def _answer(self, writer: asyncio.StreamWriter, number: bytes, codes: bytes) -> None:
        rest = number + (b"\0" if self._is_5 else b"") + codes
        writer.write(bytes([0x90, len(rest)]) + rest)


async def _packet(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    kind = (await reader.readexactly(1))[0] >> 4
    size = shift = 0
    while True:
        byte = (await reader.readexactly(1))[0]
        size |= (byte & 0x7F) << shift
        shift += 7
        if not byte & 0x80:
            return kind, await reader.readexactly(size)


@asynccontextmanager
async def linked(cloud: Cloud, version: Version) -> AsyncIterator[list[str]]:
    """A running link's words."""
    words: list[str] = []
    arrivals: list[Arrival] = []

    def changed(name: str, word: str, since_ms: int) -> None:
        del name, since_ms
        words.append(word)

    server = await asyncio.start_server(cloud.serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    link = make_link(
        f"mqtt://127.0.0.1:{port}",
        version,
        client_id="c",
        clock=SystemClock(),
        rng=Random(1),  # noqa: S311 -- jitter
    )
    running = asyncio.create_task(
        link.run(
            arrived=arrivals.append,
            changed=changed,
            is_full=lambda: False,
        )
    )
    try:
        yield words
        assert link.told == {}
        assert arrivals == []
    finally:
        await link.stop()
        await asyncio.wait_for(running, 10)
        server.close()
        await server.wait_closed()


@pytest.mark.parametrize("version", ["5", "3.1.1"])
async def test_a_broker_that_hangs_up_is_not_asked_a_third_time(version: Version) -> None:
    cloud = Cloud(version, hangs_up=True)
    async with linked(cloud, version) as words:
        await until(lambda: cloud.connections == 3 and words[-1] == "up", what="the third connection")
        assert cloud.asked == 2
        assert words.count("up") == 3


@pytest.mark.parametrize("version", ["5", "3.1.1"])
async def test_a_broker_that_refuses_it_keeps_its_link(version: Version) -> None:
    cloud = Cloud(version, hangs_up=False)
    async with linked(cloud, version) as words:
        await until(lambda: cloud.asked == 1, what="the question")
        assert words == ["up"]
    assert cloud.connections == 1
