"""A town under load for tests that break things: real mosquitto, real collector processes, an exact account."""

import asyncio
import os
import sqlite3
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, closing, contextmanager
from pathlib import Path
from typing import Any, Final

import msgspec
from sqlalchemy import select

from gascore.journal import Entry, StoreDownError
from gascore.service_status import MessageCounts, ServiceStatus
from gascore.words import DetectorId, SupplyGas, TargetGas
from gaswatch.broker import mosquitto
from gaswatch.clock import SystemClock
from gaswatch.stores.engine import reading
from gaswatch.stores.schema import quarantine
from simulator.adapters.flood import Flood, Plan
from support.broker import Broker, free_port
from support.collector_site import CollectorSite
from support.influx import InfluxServer
from support.influx_site import has_spooled, influx_settings, instants, waits
from support.prefork import Forked, Nursery, a_nursery
from support.reckoning import Number, Reckoning, Taken, reckon
from support.scrapes import Onlooker, Scrapes, scraping
from support.waiting import until

STRANGER: Final = DetectorId("X1")
"""Reports like the others, and is not in the ledger."""
EVERY_S: Final = 2
"""What detectors say of their report interval; they report more often."""
OFFLINE_MIN_S: Final = 25.0
LEAK_MESSAGES: Final = 15
"""Gas does not go away within the second that a killed broker may forget."""
IDLE_WORDS: Final = 3
"""So many words of the collector, one each second, without a new message: nothing comes any more."""


@contextmanager
def a_shipped_mosquitto(folder: Path, *, persistence: bool = True) -> Iterator[Broker]:
    """Mosquitto as we ship it, but it saves each second, and anybody may come in: the load shares its connections."""
    port = free_port()
    text = mosquitto.configuration(folder, port, is_root=os.geteuid() == 0)
    lines = [line for line in text.splitlines() if not line.startswith(("password_file", "acl_file"))]
    text = "\n".join(lines).replace("allow_anonymous false", "allow_anonymous true") + "\n"
    # Else each kill costs ten seconds of what waits, and nothing could be told of the order in which it went.
    text = text.replace("autosave_interval 10\n", "autosave_interval 1\n")
    if not persistence:
        text = text.replace("persistence true", "persistence false")
    config = folder / "mosquitto.conf"
    config.write_text(text)
    broker = Broker([mosquitto.program() or "mosquitto", "-c", str(config)], port, folder / "mosquitto.log")
    broker.start()
    try:
        yield broker
    finally:
        broker.stop(kill=True)


class FaultTown:
    """Everything that a fault test needs; `a_fault_town` makes it."""

    def __init__(
        self, site: CollectorSite, nursery: Nursery, plan: Plan, scrapes: Scrapes, influx: InfluxServer | None
    ) -> None:
        self.site = site
        self.influx = influx
        self.scrapes = scrapes
        self.broker = site.broker
        self.clock = SystemClock()
        self.taken = Taken()
        self._plan = plan
        self._flood = Flood(plan, self.clock, acked=self.taken)
        self.names = [str(one) for one in plan.detectors]
        self.onlooker = Onlooker(self._counts)
        self._nursery = nursery
        self._sending: asyncio.Task[object] | None = None

    def _counts(self) -> MessageCounts | None:
        try:
            status = self.site.status
        except StoreDownError:
            return None
        return None if status is None else status.messages

    def start(self, service: str = "collector") -> Forked:
        """A service in its own process."""
        return self._nursery.start(service)

    async def sees(self, process: Forked, *, within_s: float = 40.0) -> None:
        """Wait until this collector says that it sees."""
        await until(lambda: self._is_served_by(process), within_s=within_s, what="a collector that sees")

    def _is_served_by(self, process: Forked) -> bool:
        assert process.poll() is None, self.site.log[-3000:]
        status = self.status
        return status is not None and status.pid == process.pid and set(status.links.values()) == {"up"}

    @property
    def unequal(self) -> list[MessageCounts]:
        """Every account, on /metrics or in the collector's own word, that did not add up."""
        return [*self.scrapes.wrong, *self.onlooker.wrong]

    @property
    def status(self) -> ServiceStatus | None:
        """The collector's word; None also while it can't be read."""
        try:
            return self.site.status
        except StoreDownError:
            return None

    def send(self) -> None:
        """Let the load begin, or begin again where it ended."""
        numbers = self._flood.seqs
        self._flood = Flood(self._plan, self.clock, acked=self.taken)
        self._flood.seqs[:] = numbers
        self._sending = asyncio.create_task(self._flood.run())

    async def finish(self, *, within_s: float = 60.0) -> None:
        """End the load; return when the broker has taken over all of it."""
        self._flood.finish()
        assert self._sending is not None
        await asyncio.wait_for(self._sending, within_s)

    async def give_up(self) -> None:
        """End the load without waiting for anything."""
        if self._sending is not None and not self._sending.done():
            self._sending.cancel()
            await asyncio.wait({self._sending})

    async def sent(self, number: int, *, within_s: float = 60.0) -> None:
        """Wait until the broker has taken over `number` more messages."""
        goal = len(self.taken.by_number) + number
        await until(lambda: len(self.taken.by_number) >= goal, within_s=within_s, what="more messages")

    async def settles(self, process: Forked, *, within_s: float = 60.0) -> Reckoning:
        """Wait until nothing comes any more and all of it is durable; then reckon."""
        words: list[tuple[int, int]] = []

        def is_settled() -> bool:
            if not self._is_served_by(process):
                return False
            status = self.status
            if status is None or status.messages.pending or waits(status):
                words.clear()
            elif not words or words[-1][0] != status.at_ms:
                words.append((status.at_ms, status.messages.received))
            return len(words) >= IDLE_WORDS and len({count for _, count in words[-IDLE_WORDS:]}) == 1

        await until(is_settled, within_s=within_s, what="an end of what comes")
        assert self.scrapes.is_up, self.site.log[-3000:]
        status = self.status
        assert status is not None
        await self.scrapes.agree(status.messages)
        return self.reckon()

    def reckon(self) -> Reckoning:
        """The account as it is now."""
        known = {name: no for no, name in enumerate(self.names, 1) if name != STRANGER}
        if self.influx is not None:
            stored = instants(self.influx, self.names)
        else:
            stored = [self.site.readings(known[name]) if name in known else [] for name in self.names]
        return reckon(self.taken, self.names, stored, self._refused(), self.entries())

    @property
    def has_stored(self) -> bool:
        """Whether a reading has ever become durable."""
        if self.influx is not None:
            return has_spooled(self.site.settings.data_dir)
        return bool(self.site.readings(1))

    def _refused(self) -> set[Number]:
        with reading(self.site.engine) as connection:
            asked = select(quarantine.c.payload).where(quarantine.c.detector == STRANGER)
            bodies = connection.execute(asked).scalars().all()
        who = self.names.index(STRANGER)
        return {(who, msgspec.json.decode(body)["seq"]) for body in bodies}

    def entries(self) -> list[Entry]:
        """The whole journal."""
        return self.site.entries()


@asynccontextmanager
async def a_fault_town(
    folder: Path,
    broker: Broker,
    *,
    detectors: int = 200,
    rate: float = 1_000.0,
    settings: Mapping[str, Any] | None = None,
    influx: InfluxServer | None = None,
) -> AsyncIterator[FaultTown]:
    """A town with `detectors` and a stranger, of which every fifth leaks now and then.

    Args:
        folder: for all files.
        broker: where the load goes.
        detectors: how many.
        rate: messages a second, of all together.
        settings: changes to the collector's.
        influx: where readings go; none: into the embedded file.
    """
    names = [DetectorId(f"D{no}") for no in range(1, detectors + 1)]
    changes = {"offline_min_s": OFFLINE_MIN_S, "mqtt_url": (broker.url(),)} | dict(settings or {})
    changes |= {} if influx is None else influx_settings(influx)
    site = CollectorSite(folder, broker, names, gas=(SupplyGas.LPG, TargetGas.LPG), settings=changes)
    plan = Plan(
        "127.0.0.1",
        broker.port,
        (*names, STRANGER),
        rates=((100_000.0, rate),),
        connections=4,
        leak_every_s=0.2,
        leaking=tuple(range(0, detectors, 5)),
        leak_messages=LEAK_MESSAGES,
        every_s=EVERY_S,
    )
    with closing(site), a_nursery(site.environment, folder / "collector.log") as nursery:
        async with scraping(site, nursery) as scrapes:
            town = FaultTown(site, nursery, plan, scrapes, influx)
            town.onlooker.start()
            try:
                yield town
            finally:
                await town.give_up()
                town.onlooker.stop()


@contextmanager
def locked(file: Path) -> Iterator[None]:
    """Somebody else has SQLite's write lock."""
    other = sqlite3.connect(file, isolation_level=None, timeout=20)
    other.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        other.execute("ROLLBACK")
        other.close()
