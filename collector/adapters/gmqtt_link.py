"""A link to a broker that speaks only MQTT 3.1.1 (NATS, some clouds): `gmqtt` by its public API.

`gmqtt` acknowledges a message when the coroutine that took it returns, so each waits for its own future.
It can't stop reading; while we are full the messages wait here, bounded by the broker's own window, since
none of them is acknowledged.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from itertools import count
from random import Random
from typing import Any, Final

import gmqtt  # type: ignore[import-untyped]  # ships no types
from gmqtt.mqtt.constants import MQTTv311  # type: ignore[import-untyped]  # likewise
from gmqtt.mqtt.handler import MQTTConnectError  # type: ignore[import-untyped]  # likewise

from collector.adapters.endpoint import FILTERS, KEEP_ALIVE_S, SYS, SYS_TRIES, TOLD, Endpoint
from collector.adapters.persistence import LinkDownError, keep_connected
from collector.ports import Arrival, Token
from gascore.clock import Clock

GRANT_S: Final = 10
RELEASE_MS: Final = 5
"""How often it is looked whether we are still full."""
_FAILED: Final = 0x80
_NEVER: Final = -2
"""As `reconnect_retries`: connecting again is ours (-1 would mean always, 0 once)."""
_WORDS: Final = {4: "user name or password refused", 5: "not authorised"}

# Its warnings are one line per message of a dead connection; what matters we say ourselves.
logging.getLogger("gmqtt").setLevel(logging.CRITICAL)


class _Session:
    """One connection: what waits to be handed over, and what waits for its acknowledgement."""

    def __init__(self, arrived: Callable[[Arrival], None], is_full: Callable[[], bool], clock: Clock) -> None:
        self.up: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.closed = asyncio.Event()
        self.told: dict[str, str] = {}
        self.sys_answered = False
        self.unacknowledged: dict[int, asyncio.Future[None]] = {}
        self._arrived = arrived
        self._is_full = is_full
        self._clock = clock
        self._waiting: deque[Arrival] = deque()
        self._releasing: asyncio.Task[None] | None = None

    async def message(
        self,
        numbers: "count[int]",
        client: gmqtt.Client,
        topic: str | bytes,
        payload: bytes,
        qos: int,
        properties: dict[str, Any],
    ) -> int:
        """Hand the message over and return, which acknowledges it, once that is due."""
        del client
        number = next(numbers)
        name = topic if isinstance(topic, str) else topic.decode(errors="replace")
        if name in SYS:
            self.told[SYS[name]] = bytes(payload[:TOLD]).decode(errors="replace")
            return 0
        arrival = Arrival(
            self._clock.now_ms(),
            name,
            bytes(payload),
            bool(properties["retain"]),
            bool(properties["dup"]),
            number if qos else None,
        )
        due = asyncio.get_running_loop().create_future()
        if qos:
            self.unacknowledged[number] = due
        self._waiting.append(arrival)
        self._hand_over()
        if qos:
            await due
        return 0

    def _hand_over(self) -> None:
        while self._waiting and not self._is_full():
            self._arrived(self._waiting.popleft())
        if self._waiting and (self._releasing is None or self._releasing.done()):
            self._releasing = asyncio.ensure_future(self._release())

    async def _release(self) -> None:
        while self._waiting and not self.closed.is_set():
            await self._clock.sleep_until(self._clock.now_ms() + RELEASE_MS)
            while self._waiting and not self._is_full():
                self._arrived(self._waiting.popleft())

    def subscribed(self, client: gmqtt.Client, mid: int, granted: Sequence[int], properties: object) -> None:
        """The broker's answer to the subscription."""
        del client, mid, properties
        if self.up.done():
            self.sys_answered = True
            return
        if any(code >= _FAILED for code in granted):
            self.up.set_exception(LinkDownError("subscription: refused by the broker"))
        else:
            self.up.set_result(None)

    def ended(self, client: gmqtt.Client, packet: object) -> None:
        """The connection is gone: nothing of it can be acknowledged any more."""
        del client, packet
        self.end()

    def end(self) -> None:
        """Let the coroutines go; what they acknowledge goes to a closed connection, that is nowhere."""
        self.closed.set()
        self._waiting.clear()
        if not self.up.done():
            self.up.set_exception(LinkDownError("connection closed by the broker"))
            self.up.exception()
        for due in self.unacknowledged.values():
            if not due.done():
                due.set_result(None)
        self.unacknowledged.clear()


class GmqttLink:
    """Implements `collector.ports.Link` for MQTT 3.1.1."""

    def __init__(self, endpoint: Endpoint, *, client_id: str, clock: Clock, rng: Random) -> None:
        self.name = endpoint.name
        self._endpoint = endpoint
        self._client_id = client_id
        self._clock = clock
        self._rng = rng
        self._stopping = asyncio.Event()
        self._session: _Session | None = None
        self._numbers = count(1)
        self._sys_tries = 0

    @property
    def told(self) -> Mapping[str, str]:
        """See `Link.told`."""
        return self._session.told if self._session is not None else {}

    async def run(
        self,
        *,
        arrived: Callable[[Arrival], None],
        changed: Callable[[str, str, int], None],
        is_full: Callable[[], bool],
    ) -> None:
        """See `Link.run`."""
        await keep_connected(
            self.name,
            session=partial(self._connect, arrived, is_full),
            changed=changed,
            stopping=self._stopping,
            clock=self._clock,
            rng=self._rng,
        )

    async def _connect(
        self, arrived: Callable[[Arrival], None], is_full: Callable[[], bool], granted: Callable[[], None]
    ) -> None:
        session = self._session = _Session(arrived, is_full, self._clock)
        client = self._client(session)
        try:
            async with asyncio.timeout(GRANT_S):
                await client.connect(
                    self._endpoint.host,
                    self._endpoint.port,
                    ssl=self._endpoint.tls_context() or False,
                    keepalive=KEEP_ALIVE_S,
                    version=MQTTv311,
                )
                client.subscribe([gmqtt.Subscription(pattern, qos=1) for pattern in FILTERS])
                await session.up
            granted()
            if self._sys_tries < SYS_TRIES:
                self._sys_tries += 1
                client.subscribe([gmqtt.Subscription(name, qos=0) for name in SYS])
            await self._until_over(session)
        except MQTTConnectError as error:
            word = _WORDS.get(error.args[0], str(error))
            raise LinkDownError(f"connection: {word}") from error
        except TimeoutError:
            raise LinkDownError(f"no subscription within {GRANT_S} s") from None
        finally:
            if session.sys_answered:
                self._sys_tries = 0
            self._session = None
            await client.disconnect()
            session.end()  # only now: on an open connection it would acknowledge what nobody stored

    def _client(self, session: _Session) -> gmqtt.Client:
        client = gmqtt.Client(self._client_id, clean_session=False, optimistic_acknowledgement=False)
        client.set_config({"reconnect_retries": _NEVER})
        if self._endpoint.user is not None:
            client.set_auth_credentials(self._endpoint.user, self._endpoint.password)
        client.on_message = partial(session.message, self._numbers)
        client.on_subscribe = session.subscribed
        client.on_disconnect = session.ended
        return client

    async def _until_over(self, session: _Session) -> None:
        waits = {
            asyncio.ensure_future(session.closed.wait()),
            asyncio.ensure_future(self._stopping.wait()),
        }
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
        if session.closed.is_set():
            raise LinkDownError("connection closed by the broker")

    def acknowledge(self, tokens: Sequence[Token]) -> None:
        """See `Link.acknowledge`."""
        if self._session is None:
            return
        unacknowledged = self._session.unacknowledged
        for token in tokens:
            due = unacknowledged.pop(token, None) if isinstance(token, int) else None
            if due is not None and not due.done():
                due.set_result(None)

    async def stop(self) -> None:
        """See `Link.stop`."""
        self._stopping.set()
