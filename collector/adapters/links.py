"""Which link a broker gets: MQTT 5 where it is spoken, else 3.1.1."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from random import Random
from typing import Literal

import structlog

from collector.adapters.endpoint import Endpoint, parse_url
from collector.adapters.gmqtt_link import GmqttLink
from collector.adapters.mqtt5_link import Mqtt5Link
from collector.adapters.persistence import VersionRefusedError
from collector.ports import Arrival, Link, Token
from gascore.clock import Clock

_log = structlog.get_logger()


class AutoLink:
    """Implements `collector.ports.Link`: tries MQTT 5 first and stays with what the broker took."""

    def __init__(self, endpoint: Endpoint, *, client_id: str, clock: Clock, rng: Random) -> None:
        self.name = endpoint.name
        self._link: Link = Mqtt5Link(endpoint, client_id=client_id, clock=clock, rng=rng)
        self._older = GmqttLink(endpoint, client_id=client_id, clock=clock, rng=rng)
        self._stopped = asyncio.Event()

    @property
    def told(self) -> Mapping[str, str]:
        """See `Link.told`."""
        return self._link.told

    async def run(
        self,
        *,
        arrived: Callable[[Arrival], None],
        changed: Callable[[str, str, int], None],
        is_full: Callable[[], bool],
    ) -> None:
        """See `Link.run`."""
        try:
            await self._link.run(arrived=arrived, changed=changed, is_full=is_full)
        except VersionRefusedError:
            _log.info("the broker speaks MQTT 3.1.1 only", link=self.name)
            self._link = self._older
            if not self._stopped.is_set():
                await self._link.run(arrived=arrived, changed=changed, is_full=is_full)

    def acknowledge(self, tokens: Sequence[Token]) -> None:
        """See `Link.acknowledge`."""
        self._link.acknowledge(tokens)

    async def stop(self) -> None:
        """See `Link.stop`."""
        self._stopped.set()
        await self._link.stop()


def make_link(
    url: str, version: Literal["auto", "5", "3.1.1"], *, client_id: str, clock: Clock, rng: Random
) -> Link:
    """The link for one broker.

    Args:
        url: `mqtt://user:pass@host:port` or `mqtts://…`.
        version: which MQTT to speak; "auto" finds out.
        client_id: the name of the persistent session; the same after each start, no other client's.
        clock: real time.
        rng: jitter.
    """
    endpoint = parse_url(url)
    kinds: dict[str, type[AutoLink | Mqtt5Link | GmqttLink]] = {
        "auto": AutoLink,
        "5": Mqtt5Link,
        "3.1.1": GmqttLink,
    }
    return kinds[version](endpoint, client_id=client_id, clock=clock, rng=rng)
