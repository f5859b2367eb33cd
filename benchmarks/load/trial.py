"""One trial: a load for some seconds onto a reader, watched from outside."""

from contextlib import suppress
from pathlib import Path
from typing import Final

import msgspec

from benchmarks.load.counting import Counted
from benchmarks.load.flooding import Said
from benchmarks.load.meter import Use, has_ended, percentile, use_of
from benchmarks.load.world import LOAD_USER, World, until
from gascore.words import DetectorId
from gaswatch.clock import SystemClock
from simulator.adapters.flood import Plan

BEHIND: Final = 0.01
"""Share of the time in which the load generator may be behind; more, and it was the bottleneck."""
WARM_MS: Final = 2_000
"""The begin of a trial that is not measured."""
DRAIN_S: Final = 180.0


class Look(msgspec.Struct, frozen=True):
    """A look at all processes at one instant."""

    at_ms: int
    reader: Use
    broker: Use
    load: Use


class Trial(msgspec.Struct, frozen=True):
    """What one trial found. Times are ms, memory bytes.

    Attributes:
        offered: messages a second that the plan asks for (0: not constant).
        sent: all messages that the broker has taken over.
        missing: of these, never acknowledged by the reader within the time to drain.
        surplus: acknowledged more than once (redelivery).
        rate: messages a second that the reader acknowledged while the load lasted.
        p50_ms, p99_ms, max_ms: from the instant in a message to its acknowledgement.
        reader_cpu_s, broker_cpu_s: for 100,000 messages.
        reader_core, broker_core, load_core: share of one core.
        drained_s: after the end of the load, until the last was acknowledged.
        leaks: sent.
        load_late_ms: how far the load generator was behind by its own fault, at most.
        load_behind: share of the time in which that was more than 100 ms.
    """

    name: str
    offered: float
    rate: float
    p50_ms: float
    p99_ms: float
    max_ms: float
    reader_cpu_s: float
    broker_cpu_s: float
    reader_core: float
    broker_core: float
    load_core: float
    reader_rss: int
    reader_peak_rss: int
    broker_rss: int
    sent: int = 0
    missing: int = 0
    surplus: int = 0
    drained_s: float = 0.0
    load_late_ms: int = 0
    load_behind: float = 0.0
    leaks: int = 0

    @property
    def is_valid(self) -> bool:
        """The load was what it says it was."""
        return self.load_behind <= BEHIND


class Reader(msgspec.Struct, frozen=True):
    """Who is loaded: its process, and the file in which it counts."""

    pid: int
    counts: Path

    def lines(self) -> list[Counted]:
        """All that it has counted so far."""
        whole = self.counts.read_bytes().rpartition(b"\n")[0] if self.counts.exists() else b""
        return msgspec.json.Decoder(Counted).decode_lines(whole)


class Load(msgspec.Struct, frozen=True):
    """What to send: see `simulator.adapters.flood.Plan`."""

    name: str
    rates: tuple[tuple[float, float], ...]
    leak_every_s: float = 0.0
    leaking: tuple[int, ...] = ()
    in_flight: int = 60_000

    @property
    def offered(self) -> float:
        """Messages a second, on average."""
        return sum(seconds * rate for seconds, rate in self.rates) / self.seconds

    @property
    def seconds(self) -> float:
        """How long the plan is."""
        return sum(seconds for seconds, _ in self.rates)


class Bench(msgspec.Struct, frozen=True):
    """Where trials run: a world with its broker (process id), its detectors, and the reader under load."""

    world: World
    broker: int
    detectors: tuple[DetectorId, ...]
    reader: Reader

    async def attempt(self, load: Load) -> Trial:
        """Run one trial to its end: everything acknowledged, or `DRAIN_S` later."""
        world, clock = self.world, SystemClock()
        path, seqs = world.folder / "plan.json", self.reader.counts.with_suffix(".seqs")
        path.write_bytes(msgspec.json.encode(self._plan(load)))
        before = self._acknowledged()
        world.log("load").unlink(missing_ok=True)
        async with world.python("load", "benchmarks.load.flooding", str(path), str(seqs)) as pid:
            await until(lambda: any(said.sent for said in self._said()), 60, "the load")
            looks, next_ms = [], clock.now_ms() + WARM_MS
            while not self._said()[-1].done:
                await clock.sleep_until(next_ms)
                next_ms += 1000
                if not self._said()[-1].done:
                    use = (use_of(self.reader.pid), use_of(self.broker), use_of(pid))
                    looks.append(Look(clock.now_ms(), *use))
            await until(lambda: has_ended(pid), 30, "the load's end")
        said = self._said()[-1]
        begun_ms = clock.now_ms()
        with suppress(TimeoutError):  # what is missing then is in the result
            await until(lambda: self._acknowledged() >= before + said.acknowledged, DRAIN_S, "the rest")
        drained_s = (clock.now_ms() - begun_ms) / 1000
        found = self._sum_up(load, looks)
        done = self._acknowledged() - before
        return msgspec.structs.replace(
            found,
            sent=said.acknowledged,
            missing=max(said.acknowledged - done, 0),
            surplus=max(done - said.acknowledged, 0),
            drained_s=drained_s,
            load_late_ms=said.late_ms,
            load_behind=said.behind_ms / 1000 / load.seconds,
            leaks=said.leaks,
        )

    def _plan(self, load: Load) -> Plan:
        return Plan(
            "127.0.0.1",
            self.world.port,
            self.detectors,
            load.rates,
            user=LOAD_USER,
            password=LOAD_USER,
            leak_every_s=load.leak_every_s,
            leaking=load.leaking,
            in_flight=load.in_flight,
        )

    def _said(self) -> list[Said]:
        log = self.world.log("load")
        whole = log.read_bytes().rpartition(b"\n")[0] if log.exists() else b""
        return msgspec.json.Decoder(Said).decode_lines(whole)

    def _acknowledged(self) -> int:
        lines = self.reader.lines()
        return lines[-1].acknowledged if lines else 0

    def _sum_up(self, load: Load, looks: list[Look]) -> Trial:
        first, last = looks[0], looks[-1]
        span_s = (last.at_ms - first.at_ms) / 1000
        lines = [one for one in self.reader.lines() if first.at_ms <= one.at_ms <= last.at_ms]
        counted = lines[-1].acknowledged - lines[0].acknowledged
        rate = counted / (lines[-1].at_ms - lines[0].at_ms) * 1000
        took_ms = [float(one) for line in lines[1:] for one in line.took_ms]
        reader_s, broker_s, load_s = (
            getattr(last, who).cpu_s - getattr(first, who).cpu_s for who in ("reader", "broker", "load")
        )
        now = use_of(self.reader.pid)
        return Trial(
            name=load.name,
            offered=load.offered,
            rate=rate,
            p50_ms=percentile(took_ms, 0.5),
            p99_ms=percentile(took_ms, 0.99),
            max_ms=max(took_ms, default=float("nan")),
            reader_cpu_s=reader_s / (rate * span_s) * 100_000,
            broker_cpu_s=broker_s / (rate * span_s) * 100_000,
            reader_core=reader_s / span_s,
            broker_core=broker_s / span_s,
            load_core=load_s / span_s,
            reader_rss=now.rss,
            reader_peak_rss=now.peak_rss,
            broker_rss=use_of(self.broker).rss,
        )
