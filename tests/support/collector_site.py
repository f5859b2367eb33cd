"""A collector with everything real around it: mosquitto, stores on disk, its own process if wanted."""

import asyncio
import os
import socket
import struct
import subprocess
import sys
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import aiomqtt
import mqtt5

from collector.service import Collector
from gascore.clock import Clock
from gascore.journal import Entry
from gascore.registry import Area, Detector, Ledger, Room, Site, SiteKind
from gascore.service_status import ServiceStatus
from gascore.words import AreaId, DetectorId, RoomId, RoomKind, SiteId, SupplyGas, TargetGas
from gaswatch.clock import SystemClock
from gaswatch.settings import Settings
from gaswatch.stores.engine import open_engine
from gaswatch.stores.journal import SqlJournal
from gaswatch.stores.migrate import migrate
from gaswatch.stores.readings import EmbeddedReadings
from gaswatch.stores.registry import SqlRegistry
from gaswatch.stores.status import SqlStatusBoard
from gaswatch.wiring.collector import collector_of
from gaswatch.wiring.series import READINGS_FILE
from support.broker import Broker, free_port
from support.collector_words import T0, a_payload
from support.deployment import variables_of_settings
from support.waiting import until


class CollectorSite:
    """Stores in `folder`, with a ledger of `detectors` in one kitchen."""

    def __init__(
        self,
        folder: Path,
        broker: Broker,
        detectors: Iterable[str],
        *,
        gas: tuple[SupplyGas, TargetGas] = (SupplyGas.NATURAL_GAS, TargetGas.METHANE),
        settings: Mapping[str, Any] | None = None,
    ) -> None:
        """`gas` is in the room and what detectors are for; `settings` are changes to the collector's."""
        self.broker = broker
        usual: dict[str, Any] = {
            "data_dir": folder / "var",
            "mqtt_url": (broker.url(),),
            "http_port": free_port(),
            "offline_min_s": 30.0,
            "clear_delay_s": 0.0,  # so that each leak that is sent is one of its own
            "log_format": "text",
        }
        self._given = usual | dict(settings or {})
        self.settings = Settings(**self._given)
        self._folder = folder
        self._processes: list[subprocess.Popen[bytes]] = []
        self.settings.data_dir.mkdir(exist_ok=True)
        migrate(self.settings.database)
        self.engine = open_engine(self.settings.database)
        self._readings = EmbeddedReadings(self.settings.data_dir / READINGS_FILE)
        self.journal = SqlJournal(self.engine)
        self.board = SqlStatusBoard(self.engine)
        SqlRegistry(self.engine).put(_ledger(detectors, gas), by="test", at_ms=T0)

    def close(self) -> None:
        for process in self._processes:
            if process.poll() is None:
                process.kill()
                process.wait(10)
        self._readings.close()
        self.engine.dispose()

    @property
    def environment(self) -> dict[str, str]:
        """The collector's settings as environment variables."""
        variables = {setting: variable for variable, setting in variables_of_settings().items()}
        return {variables[key]: _text(value) for key, value in self._given.items()}

    def start(self) -> subprocess.Popen[bytes]:
        """The collector as its own process, as `gaswatch up` would run it."""
        environment = {key: value for key, value in os.environ.items() if not key.startswith("GASWATCH_")}
        environment |= self.environment
        environment["PYTHONPATH"] = os.pathsep.join(path for path in sys.path if path)
        with (self._folder / "collector.log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "gaswatch", "run", "collector"],
                cwd=self._folder,
                env=environment,
                stdout=log,
                stderr=log,
            )
        self._processes.append(process)
        return process

    @property
    def log(self) -> str:
        return (self._folder / "collector.log").read_text()

    @property
    def status(self) -> ServiceStatus | None:
        return self.board.read().get("collector")

    def is_served_by(self, process: subprocess.Popen[bytes]) -> bool:
        """Whether this process has said that it sees."""
        assert process.poll() is None, self.log[-3000:]
        status = self.status
        return status is not None and status.pid == process.pid and set(status.links.values()) == {"up"}

    def entries(self) -> list[Entry]:
        return self.journal.after(0, 1_000_000)

    def readings(self, no: int) -> list[int]:
        """The instants of a detector's stored readings."""
        return [point.at_ms for point in self._readings.series(no, 0, 2**42)]


async def publish(
    client: aiomqtt.Client, name: str, seq: int, at_ms: int, state: str = "normal", lel: float = 1.0
) -> None:
    """A status message of a detector, taken over by the broker when this returns."""
    payload = a_payload(state, seq=seq, ts=at_ms, lel=lel, every=10.0)
    await client.publish(f"gas/1/{name}/status", payload, qos=1)


def _text(value: object) -> str:
    return ",".join(value) if isinstance(value, tuple) else str(value)


def _ledger(detectors: Iterable[str], gas: tuple[SupplyGas, TargetGas]) -> Ledger:
    area = Area(AreaId("town"), "镇", "Town")
    site = Site(
        id=SiteId("S1"),
        name="一号餐馆",
        name_en="Restaurant 1",
        short_name="一号",
        short_name_en="No 1",
        kind=SiteKind.RESTAURANT,
        area=area.id,
        address="人民路1号",
    )
    room = Room(RoomId("S1-kitchen"), site.id, "厨房", "Kitchen", RoomKind.KITCHEN, gas[0])
    found = tuple(
        Detector(
            no=no,
            id=DetectorId(name),
            site=site.id,
            room=room.id,
            model="GD-1",
            target=frozenset({gas[1]}),
            every_s=10.0,
            commissioned_ms=T0,
        )
        for no, name in enumerate(detectors, 1)
    )
    return Ledger(areas=(area,), sites=(site,), rooms=(room,), detectors=found)


@contextmanager
def a_connection_with_a_will(broker: Broker, name: str) -> Iterator[None]:
    """A detector that is connected until the block ends, when its mains are cut: no goodbye."""
    will = mqtt5.Will(f"gas/1/{name}/online", payload=b"0", qos=mqtt5.QoS.AT_LEAST_ONCE, retain=True)
    hello = mqtt5.ConnectPacket(name, clean_start=True, keep_alive=10, will=will)
    with socket.create_connection(("127.0.0.1", broker.port), timeout=5) as line:
        line.sendall(hello.write())
        answer, _ = mqtt5.read(memoryview(line.recv(1024)))
        assert isinstance(answer, mqtt5.ConnAckPacket)
        assert answer.reason_code == mqtt5.ConnAckReasonCode.SUCCESS
        yield
        line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # a reset, not an end


@asynccontextmanager
async def collecting(site: CollectorSite, clock: Clock | None = None) -> AsyncIterator[Collector]:
    """A collector in this process, once all of its links are up; stopped politely at the end."""
    collector = collector_of(site.settings, clock or SystemClock(), open_engine(site.settings.database))
    task = asyncio.create_task(collector.run())
    try:
        await until(lambda: set(collector.status().links.values()) == {"up"} or task.done(), what="the links")
        yield collector
    finally:
        collector.stop()
        await asyncio.wait_for(task, 20)
