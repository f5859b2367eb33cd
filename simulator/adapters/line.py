"""One detector's own MQTT connection, on paho with our loop: paho's public "external loop" calls, no thread.

A mains cut leaves the socket open and says nothing more on it: no ping, no DISCONNECT. The broker notices
when one and a half keep-alives have passed, and publishes the will, as with a real detector.
"""

import asyncio
import ssl
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from random import Random
from typing import Any, Final

import structlog
from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from gascore.clock import Clock
from gascore.wire import Channel, topic
from gascore.words import DetectorId

MEMORY: Final = 200
"""Messages that a detector keeps while it can't send, the newest ones; half an hour at one in ten seconds."""
FIRST_WAIT_S: Final = 1.0
LONGEST_WAIT_S: Final = 30.0
"""Between two attempts to connect: doubled each time, and a random part of it is waited."""
_DIALLING: Final = ThreadPoolExecutor(8, "connect")
"""Threads of their own: while a broker hangs, 150 detectors that connect would keep all of the loop's busy, and
the simulator could neither say how it is nor show its phones."""
_ONLINE, _GONE = b"1", b"0"
_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where the broker is; `keepalive_s` is promised to it."""

    host: str
    port: int
    tls: bool = False
    keepalive_s: int = 60


class Line:
    """Keeps one detector connected while it has power. All methods belong to the loop's thread."""

    def __init__(
        self,
        detector: DetectorId,
        password: str,
        endpoint: Endpoint,
        on_command: Callable[[DetectorId, bytes], None],
        clock: Clock,
        chance: Random,
    ) -> None:
        self.detector = detector
        self.connected = False
        self.refused = False
        self._password = password
        self._endpoint = endpoint
        self._on_command = on_command
        self._clock = clock
        self._chance = chance
        self._loop = asyncio.get_running_loop()
        self._powered = asyncio.Event()
        self._powered.set()
        self._down = asyncio.Event()
        self._was_connected = False
        self._client = self._new_client()
        self._fd: int | None = None
        """What the loop watches; a number, because a closed socket forgets its own."""
        self._memory: deque[tuple[Channel, bytes]] = deque(maxlen=MEMORY)
        self._silent: list[Client] = []
        """Clients without power: kept, because a collected one would close its socket."""

    async def run(self) -> None:
        """Connect, and connect again after each loss, until cancelled."""
        failures = 0
        while True:
            await self._powered.wait()
            self._down.clear()
            self._was_connected = False
            if await self._connect():
                await self._down.wait()
            failures = 0 if self._was_connected else failures + 1
            if self._powered.is_set():
                longest_s = min(FIRST_WAIT_S * 2**failures, LONGEST_WAIT_S)
                wait_ms = round(self._chance.uniform(longest_s / 2, longest_s) * 1000)
                await self._clock.sleep_until(self._clock.now_ms() + wait_ms)

    def send(self, channel: Channel, payload: bytes) -> None:
        """Publish at QoS 1, now or when connected; when the memory is full the oldest is lost."""
        if self.connected:
            self._client.publish(topic(self.detector, channel), payload, qos=1)
            self._look()
        elif self._powered.is_set():
            self._memory.append((channel, payload))

    def tick(self) -> None:
        """Once a second: pings, and bytes that could not be written at once."""
        if self._fd is not None:
            self._client.loop_misc()
            self._look()

    def go_silent(self) -> None:
        """The mains is cut."""
        self._powered.clear()
        self.connected = False
        self._memory.clear()
        self._unwatch()
        self._silent.append(self._client)
        self._down.set()

    def come_back(self) -> None:
        """The mains is back; the old connection breaks, as a restarted detector's does."""
        if not self._powered.is_set():
            self._drop_silent()
            self._client = self._new_client()
            self._powered.set()

    def close(self) -> None:
        """Say goodbye, so that the broker publishes no will; without power just drop."""
        if self._powered.is_set():
            self._client.disconnect()
            self._client.loop_write()
        self._unwatch()
        self._drop_silent()

    def _new_client(self) -> Client:
        client = Client(
            CallbackAPIVersion.VERSION2, client_id=self.detector, protocol=MQTTProtocolVersion.MQTTv311
        )
        client.username_pw_set(self.detector, self._password)
        client.will_set(topic(self.detector, Channel.ONLINE), _GONE, qos=1, retain=True)
        client.max_queued_messages_set(MEMORY)
        if self._endpoint.tls:
            client.tls_set()
        client.on_connect = self._on_connect
        client.on_disconnect = self._on_disconnect
        client.on_socket_close = self._on_socket_close
        client.on_message = self._on_message
        return client

    async def _connect(self) -> bool:
        client, endpoint = self._client, self._endpoint
        try:
            await self._loop.run_in_executor(
                _DIALLING, client.connect, endpoint.host, endpoint.port, endpoint.keepalive_s
            )
        except OSError as error:
            _log.debug("detector can't connect", detector=self.detector, error=str(error))
            return False
        if client is not self._client or not self._powered.is_set():
            return False  # the power went while it was connecting
        sock: Any = client.socket()
        if sock is None:
            return False
        self._fd = sock.fileno()
        self._loop.add_reader(sock.fileno(), self._readable)
        self._look()
        return True

    def _readable(self) -> None:
        self._client.loop_read()
        while isinstance(sock := self._client.socket(), ssl.SSLSocket) and sock.pending():
            self._client.loop_read()
        self._look()

    def _look(self) -> None:
        """Write what waits; ask for the socket's readiness when it takes no more."""
        if self._fd is not None and self._client.want_write():
            self._client.loop_write()
        if self._fd is None:  # lost while writing
            return
        if self._client.want_write():
            self._loop.add_writer(self._fd, self._look)
        else:
            self._loop.remove_writer(self._fd)

    def _unwatch(self) -> None:
        if self._fd is not None:
            self._loop.remove_reader(self._fd)
            self._loop.remove_writer(self._fd)
            self._fd = None

    def _drop_silent(self) -> None:
        for client in self._silent:
            sock = client.socket()
            if sock is not None:
                sock.close()
        self._silent.clear()

    def _on_connect(self, client: Client, userdata: object, flags: object, reason: Any, _: object) -> None:  # noqa: ANN401 -- paho's signature
        del userdata, flags
        self.refused = reason.is_failure
        if self.refused:
            _log.warning("broker refuses a detector", detector=self.detector, reason=str(reason))
            return
        self.connected = self._was_connected = True
        client.subscribe(topic(self.detector, Channel.CMD), qos=1)
        client.publish(topic(self.detector, Channel.ONLINE), _ONLINE, qos=1, retain=True)
        while self._memory:
            channel, payload = self._memory.popleft()
            client.publish(topic(self.detector, channel), payload, qos=1)

    def _on_disconnect(self, client: Client, *_: object) -> None:
        if client is self._client:
            self.connected = False
            self._down.set()

    def _on_socket_close(self, client: Client, *_: object) -> None:
        """Before it closes, and its number may be given to another socket."""
        if client is self._client:
            self._unwatch()

    def _on_message(self, client: Client, userdata: object, message: MQTTMessage) -> None:
        del client, userdata
        # Outside paho's callback: what is answered from within it would wait for the next tick.
        self._loop.call_soon(self._on_command, self.detector, bytes(message.payload))
