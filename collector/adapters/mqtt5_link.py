"""A link to a broker that speaks MQTT 5: the sans-io codec `mqtt5` in our own asyncio protocol.

Measured at 5 % of a core for 16,700 messages a second (docs/adr/0006). Reading is coalesced: a broker
sends each message by itself, and waking up for each costs more than reading it.
"""

import asyncio
import struct
from collections.abc import Callable, Sequence
from functools import partial
from random import Random
from typing import Any, Final, cast

import mqtt5

from collector.adapters.endpoint import FILTERS, KEEP_ALIVE_S, SESSION_S, SYS, SYS_TRIES, TOLD, Endpoint
from collector.adapters.persistence import LinkDownError, VersionRefusedError, keep_connected
from collector.ports import Arrival, Token
from gascore.clock import Clock

WINDOW: Final = 20_000
"""Receive maximum. Never 65,535: the codec then leaves it out, and mosquitto falls back to its own 20."""
MAX_PACKET: Final = 16 * 1024 * 1024
"""Bytes; larger packets the broker keeps to itself."""
COALESCE_S: Final = 0.003
ENOUGH: Final = 60_000
"""Bytes read at once that need no coalescing."""
GRANT_MS: Final = 10_000
"""From connecting to the granted subscription."""
_NO_GRANT: Final = f"no subscription within {GRANT_MS // 1000} s"
GOODBYE_S: Final = 1
"""How long the broker may take to hang up."""
_MAIN, _ASIDE = 1, 2
"""Packet ids of the subscription that we live on, and of the one to `SYS`."""
_FAILED: Final = 0x80
_VERSION: Final = 0x84
_OLD_REFUSAL: Final = b"\x20\x02\x00\x01"
"""How a broker of MQTT 3.1.1 answers a version that it does not know [MQTT-3.1.2-2]."""
_WORDS: Final = {0x86: "user name or password refused", 0x87: "not authorised"}
_puback: Final = struct.Struct("!BBH").pack
_PUBACK: Final = 0x40

Receive = Callable[[int, list[mqtt5.PublishPacket]], None]


class _Connection(asyncio.Protocol):
    """One TCP connection; packet ids belong to it alone."""

    def __init__(self, hello: bytes, *, arrived: Receive, is_full: Callable[[], bool], clock: Clock) -> None:
        loop = asyncio.get_running_loop()
        self.up: asyncio.Future[None] = loop.create_future()
        self.closed: asyncio.Future[None] = loop.create_future()
        self.heard_ms = clock.now_ms()
        self.held_ms = self.heard_ms
        """When we last did not listen because we were full."""
        self._loop = loop
        self._hello = hello
        self._arrived = arrived
        self._is_full = is_full
        self._clock = clock
        self._transport: asyncio.Transport | None = None
        self._parts: list[bytes] = []
        self._have = 0
        self._need = 0
        self._leaving = False
        self.sys_answered = False
        """The broker has answered the subscription to `SYS`, one way or the other."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._transport.write(self._hello)
        if self._is_full():  # else each new connection would bring some more
            self._loop.call_soon(self._pause)  # uvloop begins to read after this

    def data_received(self, data: bytes) -> None:
        self.heard_ms = self._clock.now_ms()
        if self._leaving:
            return  # not acknowledged, so it comes again
        if self._parts:
            self._parts.append(data)
            self._have += len(data)
            if self._have < self._need:
                return
            data = b"".join(self._parts)
        self._parse(data)
        if len(data) < ENOUGH or self._is_full():
            self._pause()

    def _parse(self, data: bytes) -> None:
        view, at, read = memoryview(data), 0, mqtt5.read
        published: list[mqtt5.PublishPacket] = []
        while at < len(data):
            try:
                packet, size = read(view[at:])
            except IndexError:
                break  # the rest of it is still on the way
            except ValueError as error:
                old = data.startswith(_OLD_REFUSAL)
                self.fail(VersionRefusedError() if old else LinkDownError(f"malformed packet: {error}"))
                return
            at += size
            if isinstance(packet, mqtt5.PublishPacket):
                published.append(packet)
            else:
                self._control(packet)
        rest = data[at:]
        self._parts, self._have, self._need = ([rest] if rest else []), len(rest), _packet_size(rest)
        if published:
            self._arrived(self.heard_ms, published)

    def _control(self, packet: mqtt5.Packet) -> None:
        if isinstance(packet, mqtt5.ConnAckPacket):
            code = int(packet.reason_code)
            if code == _VERSION:
                self.fail(VersionRefusedError())
            elif code >= _FAILED:
                self.fail(LinkDownError(_word("connection", packet.reason_code)))
            else:
                self.write(mqtt5.SubscribePacket(_MAIN, _filters()).write())
        elif isinstance(packet, mqtt5.SubAckPacket):
            self._subscribed(packet)
        elif isinstance(packet, mqtt5.DisconnectPacket):
            self.fail(LinkDownError(_word("connection ended by the broker", packet.reason_code)))

    def _subscribed(self, packet: mqtt5.SubAckPacket) -> None:
        if packet.packet_id == _ASIDE:
            self.sys_answered = True
            return
        # The codec's reason codes are no IntEnum, whatever its stub says: no <, no hash.
        refused = [code for code in packet.reason_codes if int(code) >= _FAILED]
        if refused:
            self.fail(LinkDownError(_word("subscription", refused[0])))
        elif not self.up.done():
            self.up.set_result(None)

    def _pause(self) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.pause_reading()
            self._loop.call_later(COALESCE_S, self._resume)

    def _resume(self) -> None:
        if self._transport is None or self._transport.is_closing():
            return
        if self._is_full() and not self._leaving:
            self.heard_ms = self.held_ms = self._clock.now_ms()  # we do not listen, so silence says nothing
            self._loop.call_later(COALESCE_S, self._resume)
        else:
            self._transport.resume_reading()

    def check(self, now_ms: int) -> None:
        """Raise `LinkDownError` when the broker is silent, or does not grant what we asked for.

        It sends what waited for us before it grants: while we don't read that, its answer can't come.
        """
        if now_ms - self.heard_ms > KEEP_ALIVE_S * 1500:
            raise LinkDownError("the broker does not answer", self.heard_ms)
        if not self.up.done() and now_ms - self.held_ms >= GRANT_MS:
            raise LinkDownError(_NO_GRANT)

    def write(self, data: bytes) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(data)

    def close(self) -> None:
        """Say goodbye; the broker hangs up when it has read everything, our last acknowledgements included.

        Hanging up ourselves would race with the next connection of this session: mosquitto drops the old
        one's unread packets when the new one comes.
        """
        self.write(mqtt5.DisconnectPacket().write())
        self._leaving = True
        if self._transport is not None and not self._transport.is_closing():
            self._transport.resume_reading()

    def fail(self, why: Exception) -> None:
        """Cut the connection; `why` comes out of the futures."""
        self._end(why)
        if self._transport is not None:
            self._transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        self._end(LinkDownError(f"connection lost: {exc}" if exc else "connection closed by the broker"))

    def _end(self, why: Exception) -> None:
        for future in (self.up, self.closed):
            if not future.done():
                future.set_exception(why)
                future.exception()  # looked at: whoever still cares gets it by awaiting


class Mqtt5Link:
    """Implements `collector.ports.Link` for MQTT 5."""

    def __init__(self, endpoint: Endpoint, *, client_id: str, clock: Clock, rng: Random) -> None:
        self.name = endpoint.name
        self.told: dict[str, str] = {}
        """See `Link.told`."""
        self._sys_tries = 0
        self._endpoint = endpoint
        self._clock = clock
        self._rng = rng
        self._stopping = asyncio.Event()
        self._connection: _Connection | None = None
        self._epoch = 0
        self._hello = mqtt5.ConnectPacket(
            client_id,
            username=endpoint.user,
            password=None if endpoint.password is None else endpoint.password.encode(),
            clean_start=False,
            session_expiry_interval=SESSION_S,
            keep_alive=KEEP_ALIVE_S,
            receive_max=WINDOW,
            max_packet_size=MAX_PACKET,
        ).write()

    async def run(
        self,
        *,
        arrived: Callable[[Arrival], None],
        changed: Callable[[str, str, int], None],
        is_full: Callable[[], bool],
    ) -> None:
        """See `Link.run`. Raises `VersionRefusedError` when the broker does not speak MQTT 5."""
        await keep_connected(
            self.name,
            session=partial(self._session, arrived, is_full),
            changed=changed,
            stopping=self._stopping,
            clock=self._clock,
            rng=self._rng,
        )

    async def _session(
        self, arrived: Callable[[Arrival], None], is_full: Callable[[], bool], granted: Callable[[], None]
    ) -> None:
        self._epoch += 1
        self.told.clear()
        connection = _Connection(
            self._hello,
            arrived=partial(_hand_over, arrived, self._epoch << 16, self.told),
            is_full=is_full,
            clock=self._clock,
        )
        try:
            async with asyncio.timeout(GRANT_MS / 1000):
                await asyncio.get_running_loop().create_connection(
                    lambda: connection,
                    self._endpoint.host,
                    self._endpoint.port,
                    ssl=self._endpoint.tls_context(),
                )
            self._connection = connection
            await self._keep_alive(connection, granted)
        except TimeoutError:
            raise LinkDownError(_NO_GRANT) from None
        finally:
            if connection.sys_answered:
                self._sys_tries = 0
            self.told.clear()
            self._connection = None
            connection.fail(LinkDownError("given up"))

    async def _keep_alive(self, connection: _Connection, granted: Callable[[], None]) -> None:
        """Ping, tell when the subscription is granted, and give up a connection that does not do its part."""
        stopping = asyncio.ensure_future(self._stopping.wait())
        is_up = False
        connection.held_ms = self._clock.now_ms()
        try:
            while True:
                next_ms = self._clock.now_ms() + KEEP_ALIVE_S * 500
                sleeping = asyncio.ensure_future(self._clock.sleep_until(next_ms))
                waits: set[asyncio.Future[Any]] = {sleeping, stopping, connection.closed}
                waits |= set() if is_up else {connection.up}
                await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
                sleeping.cancel()
                if connection.closed.done():
                    connection.closed.result()
                if stopping.done():
                    break
                if connection.up.done() and not is_up:
                    is_up = True
                    granted()
                    self._ask_aside(connection)
                else:
                    connection.check(self._clock.now_ms())
                    connection.write(mqtt5.PingReqPacket().write())
            connection.close()
            await asyncio.wait({connection.closed}, timeout=GOODBYE_S)
        finally:
            stopping.cancel()

    def _ask_aside(self, connection: _Connection) -> None:
        if self._sys_tries < SYS_TRIES:
            self._sys_tries += 1
            connection.write(mqtt5.SubscribePacket(_ASIDE, _aside()).write())

    def acknowledge(self, tokens: Sequence[Token]) -> None:
        """See `Link.acknowledge`: one write for all of them."""
        if self._connection is None:
            return
        first = self._epoch << 16
        numbers = cast("Sequence[int]", tokens)
        self._connection.write(
            b"".join([_puback(_PUBACK, 2, number & 0xFFFF) for number in numbers if number > first])
        )

    async def stop(self) -> None:
        """See `Link.stop`."""
        self._stopping.set()


def _hand_over(
    arrived: Callable[[Arrival], None],
    epoch: int,
    told: dict[str, str],
    received_ms: int,
    packets: list[mqtt5.PublishPacket],
) -> None:
    """A token is the connection's number and the packet's id in one integer."""
    for packet in packets:
        number = packet.packet_id
        if number is None and packet.topic in SYS:
            told[SYS[packet.topic]] = packet.payload[:TOLD].decode(errors="replace")
            continue
        arrived(
            Arrival(
                received_ms,
                packet.topic,
                packet.payload,
                packet.retain,
                packet.duplicate,
                None if number is None else epoch | number,
            )
        )


def _filters() -> list[mqtt5.TopicFilter]:
    return [
        mqtt5.TopicFilter(
            pattern,
            max_qos=mqtt5.QoS.AT_LEAST_ONCE,
            # Else every live `online` would look like a kept copy.
            retain_as_published=False,
            retain_handling=mqtt5.RetainHandling.SEND_NEVER,
        )
        for pattern in FILTERS
    ]


def _aside() -> list[mqtt5.TopicFilter]:
    """The kept value comes at once: the broker publishes a count only when it changes."""
    handling = mqtt5.RetainHandling.SEND_ALWAYS
    return [mqtt5.TopicFilter(name, max_qos=mqtt5.QoS.AT_MOST_ONCE, retain_handling=handling) for name in SYS]


def _word(
    what: str, code: mqtt5.ConnAckReasonCode | mqtt5.SubAckReasonCode | mqtt5.DisconnectReasonCode
) -> str:
    """A reason code in words."""
    word = _WORDS.get(int(code)) or code.name.lower().replace("_", " ")
    return f"{what}: {word}"


def _packet_size(data: bytes) -> int:
    """Bytes of the packet that `data` begins with, or one more than there are if that can't be told yet."""
    size, shift = 0, 0
    for at, byte in enumerate(data[1:5], start=2):
        size |= (byte & 0x7F) << shift
        shift += 7
        if not byte & 0x80:
            return at + size
    return len(data) + 1
