"""Our own broker service in a test: a real program on generated files, a ledger that the test changes."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import aiomqtt

from gascore.journal import LedgerChanged
from gascore.service_status import ServiceStatus
from gascore.words import DetectorId
from gaswatch.broker.choice import choose
from gaswatch.broker.service import BrokerParts, BrokerService, Program, make_folder
from gaswatch.clock import SystemClock
from gaswatch.network import free_port
from gaswatch.secrets import Secrets
from gaswatch.settings import Settings
from gaswatch.stores.engine import open_engine
from gaswatch.stores.journal import SqlJournal
from gaswatch.stores.schema import metadata
from support.waiting import until


@dataclass
class Board:
    """Remembers the newest word of each service."""

    said: dict[str, ServiceStatus] = field(default_factory=dict)

    def say(self, status: ServiceStatus) -> None:
        self.said[status.name] = status

    def read(self) -> dict[str, ServiceStatus]:
        return dict(self.said)


class OwnBroker:
    """A town of detectors' ids, and the service that lets them in."""

    def __init__(
        self,
        folder: Path,
        kind: Literal["mosquitto", "nats"],
        detectors: list[str],
        *,
        port: int = 0,
        program: Program | None = None,
    ) -> None:
        self.port = port or free_port("127.0.0.1")
        self.detectors = [DetectorId(one) for one in detectors]
        self.secrets = Secrets(folder)
        self.board = Board()
        self.clock = SystemClock()
        settings = Settings(data_dir=folder, mqtt_port=self.port, broker=kind)
        engine = open_engine(settings.database)
        metadata.create_all(engine)
        self.journal = SqlJournal(engine)
        self.service = BrokerService(
            BrokerParts(
                program=program or choose(settings, make_folder(folder)),
                port=self.port,
                secrets=self.secrets,
                detectors=lambda: self.detectors,
                journal=self.journal,
                board=self.board,
                clock=self.clock,
            )
        )

    def register(self, detector: str) -> None:
        """A new record of the ledger, as the registry journals it."""
        self.detectors.append(DetectorId(detector))
        event = LedgerChanged(entity="detector", key=detector, by="test", after="{}")
        self.journal.append([event], self.clock.now_ms())

    def is_up(self) -> bool:
        said = self.board.said.get("broker")
        return said is not None and said.links == {"listener": "up"}

    def client(self, user: str, password: str | None = None, *, will: str | None = None) -> aiomqtt.Client:
        """A client with the derived password, or with another one; `will` is a topic."""
        return aiomqtt.Client(
            "127.0.0.1",
            self.port,
            username=user.replace(":", "."),
            password=password or self.secrets.mqtt_password(user),
            protocol=aiomqtt.ProtocolVersion.V311,
            identifier=f"test-{user}",
            timeout=5,
            will=aiomqtt.Will(will, b"0", qos=1, retain=True) if will else None,
        )


@asynccontextmanager
async def own_broker(
    folder: Path, kind: Literal["mosquitto", "nats"], detectors: list[str]
) -> AsyncIterator[OwnBroker]:
    """A broker that answers; ended politely."""
    broker = OwnBroker(folder, kind, detectors)
    running = asyncio.create_task(broker.service.run())
    try:
        await until(lambda: broker.is_up() or running.done(), within_s=20, what="the broker's answer")
        assert not running.done(), running.exception()
        yield broker
    finally:
        broker.service.stop()
        await running
