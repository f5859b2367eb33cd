"""A broker that lets everybody in and grants nobody a subscription, as strict brokers do by their access lists.

Mosquitto before 2.1 grants every filter and keeps the messages to itself, so it can't stand in for them.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from support.broker import free_port

_CONNECT, _SUBSCRIBE, _PINGREQ, _DISCONNECT = 1, 8, 12, 14
_V5: Final = 5
_VERSION_AT: Final = 6
"""The version follows the protocol name, "MQTT", and its length."""


class RefusingBroker:
    """Speaks MQTT 3.1.1 and 5, as much as a subscriber needs.

    Attributes:
        code: the answer to every filter; below 0x80 it grants it at that QoS.
        asked: how many subscriptions it has answered.
    """

    def __init__(self, code: int) -> None:
        self.code = code
        self.asked = 0
        self.port = free_port()
        self._open: set[asyncio.StreamWriter] = set()

    @property
    def url(self) -> str:
        """Its address, as the settings say it."""
        return f"mqtt://127.0.0.1:{self.port}"

    async def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        self._open.add(writer)
        is_v5 = False
        try:
            while True:
                kind, body = await _packet(reader)
                if kind == _CONNECT:
                    is_v5 = body[_VERSION_AT] == _V5
                    writer.write(b"\x20\x03\x00\x00\x00" if is_v5 else b"\x20\x02\x00\x00")
                elif kind == _SUBSCRIBE:
                    writer.write(self._answer(body, is_v5=is_v5))
                elif kind == _PINGREQ:
                    writer.write(b"\xd0\x00")
                elif kind == _DISCONNECT:
                    break
        except (asyncio.IncompleteReadError, ConnectionError):
            pass  # the other end hung up
        self._open.discard(writer)
        writer.close()

    def _answer(self, body: bytes, *, is_v5: bool) -> bytes:
        self.asked += 1
        at = (
            3 + body[2] if is_v5 else 2
        )  # behind the packet's id, and the properties of MQTT 5, which are short
        filters = 0
        while at < len(body):
            at += 2 + int.from_bytes(body[at : at + 2]) + 1
            filters += 1
        answer = body[:2] + (b"\x00" if is_v5 else b"") + bytes([self.code]) * filters
        return bytes([0x90, len(answer)]) + answer

    def close(self) -> None:
        """Hang up on everybody."""
        for writer in self._open:
            writer.close()


async def _packet(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    """Its type, and what follows its length."""
    head = (await reader.readexactly(1))[0] >> 4
    size = shift = 0
    while True:
        byte = (await reader.readexactly(1))[0]
        size |= (byte & 0x7F) << shift
        shift += 7
        if not byte & 0x80:
            return head, await reader.readexactly(size)


@asynccontextmanager
async def a_refusing_broker(code: int) -> AsyncIterator[RefusingBroker]:
    """It answers every subscription with `code` (0x80: failure, 0x87 of MQTT 5: not authorised)."""
    broker = RefusingBroker(code)
    server = await asyncio.start_server(broker.take, "127.0.0.1", broker.port)
    try:
        yield broker
    finally:
        server.close()
        broker.close()
