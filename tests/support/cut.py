"""A wire between the collector and its broker that a test can cut: bytes are dropped, nothing is reset."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Final

from support.broker import free_port

PIECE: Final = 65_536


class Wire:
    """Forwards connections; `cut` makes what is on the way vanish, and what comes afterwards, too."""

    def __init__(self, target: int) -> None:
        self.port = free_port()
        self.passed = 0
        """Bytes forwarded, both ways."""
        self._target = target
        self._is_cut = self._refuses = False
        self._open: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def url(self) -> str:
        """What the collector is told instead of the broker's address."""
        return f"mqtt://127.0.0.1:{self.port}"

    def cut(self) -> None:
        """From now on nothing arrives, and nobody is told: as when somebody unplugs a switch."""
        self._is_cut = True
        for task in self._tasks:
            task.cancel()
        self._tasks.clear()

    def refuse(self) -> None:
        """From now on every connection ends at once, as when the other machine is there and the service is not."""
        self._refuses = True
        self.cut()
        for writer in self._open:
            writer.close()
        self._open.clear()

    def mend(self) -> None:
        """New connections pass. The old ones stay dead: what they had on the way is gone."""
        self._is_cut = self._refuses = False

    async def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection from the collector."""
        if self._refuses:
            writer.close()
            return
        self._open.add(writer)
        if self._is_cut:
            return  # the handshake is this machine's; behind it is nobody
        try:
            there = await asyncio.open_connection("127.0.0.1", self._target)
        except OSError:
            writer.close()  # the broker is down, and says so
            return
        self._open.add(there[1])
        for source, target in ((reader, there[1]), (there[0], writer)):
            task = asyncio.create_task(self._forward(source, target))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _forward(self, source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while piece := await source.read(PIECE):
                self.passed += len(piece)
                target.write(piece)
                await target.drain()
        target.close()  # an end is forwarded as an end

    def close(self) -> None:
        """Let go of everything."""
        self.cut()
        for writer in self._open:
            writer.close()


@asynccontextmanager
async def a_wire(target: int) -> AsyncIterator[Wire]:
    """A wire to a port of this machine."""
    wire = Wire(target)
    server = await asyncio.start_server(wire.take, "127.0.0.1", wire.port)
    try:
        yield wire
    finally:
        server.close()
        wire.close()
