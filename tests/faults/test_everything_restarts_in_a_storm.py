"""Two hundred leaks within a minute, and three times everything that is ours dies at once: broker and services.

Real mosquitto, detectors on MQTT, real processes, texts counted at the carrier; only the provider stays up.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import msgspec
import pytest

from gascore.alarm import AlarmKind, Notice, NoticePurpose, NoticeState
from gascore.journal import AlarmStep, AlarmStepped, ConditionRaised, Entry, NoticeStepped
from gascore.policy import Match, Policy, Step, Target, TargetKind
from gascore.registry import Area, Duty, Person, Role
from gascore.words import AlarmId, AreaId, Condition, PersonId, SupplyGas, TargetGas
from gaswatch.clock import SystemClock
from gaswatch.stores.engine import open_engine
from gaswatch.stores.journal import SqlJournal
from gaswatch.stores.migrate import migrate
from gaswatch.stores.registry import SqlRegistry
from simulator.adapters.flood import Flood, Plan
from support.broker import Broker, free_port
from support.carrier import ACCOUNT, SENDER, TOKEN, RunningCarrier, a_carrier
from support.fault_town import a_shipped_mosquitto
from support.prefork import Forked, Nursery, a_nursery
from support.street import a_street, phone_of
from support.waiting import elapse, until

pytestmark = pytest.mark.faults
LEAKS: Final = 200
STORM_S: Final = 60
KILLS_S: Final = (15, 35, 55)
"""Seconds after the first leak at which everything dies."""
SERVICES: Final = ("collector", "alerts", "auditor", "dashboard")
LEADER, OFFICER = PersonId("leader"), PersonId("officer")
PHONES: Final = {LEADER: "+8613900000001", OFFICER: "+8613900000002"}
ROLES: Final = {LEADER: Role.SHIFT_LEADER, OFFICER: Role.DUTY_OFFICER}
STEPS_S: Final = (0, 20, 40)
GAS: Final = SupplyGas.LPG, TargetGas.LPG
LATE_S: Final = 30
"""A step may be late by the time in which nothing ran, and by what the machine is busy with besides."""
CLOCK: Final = SystemClock()


class Town:
    """All that is ours, on one folder."""

    def __init__(self, folder: Path, broker: Broker, nursery: Nursery, carrier: RunningCarrier) -> None:
        self.broker = broker
        self.carrier = carrier
        self._nursery = nursery
        self._log = folder / "services.log"
        self._running: dict[str, Forked] = {}
        self._engine = open_engine(_url(folder))
        self._journal = SqlJournal(self._engine)
        self._entries: list[Entry] = []

    def start(self) -> None:
        """All services at once, as `gaswatch up` does."""
        self._running = {name: self._nursery.start(name) for name in SERVICES}

    def die(self) -> None:
        """SIGKILL for everything that is ours, the broker too; nothing of it can do anything about it."""
        for process in self._running.values():
            process.kill()
        self.broker.stop(kill=True)
        for process in self._running.values():
            process.wait()

    def close(self) -> None:
        self._engine.dispose()

    @property
    def entries(self) -> list[Entry]:
        """The whole journal so far."""
        for name, process in self._running.items():
            assert process.poll() is None, f"{name} ended by itself:\n{self._log.read_text()[-3000:]}"
        cursor = self._entries[-1].id if self._entries else 0
        self._entries += self._journal.after(cursor, 1_000_000)
        return self._entries

    def alarms(self) -> dict[AlarmId, int]:
        """When each leak's alarm was opened."""
        return {
            event.alarm.id: entry.at_ms
            for entry in self.entries
            if isinstance(event := entry.event, AlarmStepped)
            and event.step is AlarmStep.OPENED
            and event.alarm.kind is AlarmKind.LEAK
        }

    def steps(self) -> dict[tuple[AlarmId, int], int]:
        """When each alarm's ladder reached each step after the first."""
        found: dict[tuple[AlarmId, int], int] = {}
        for entry in self.entries:
            event = entry.event
            if isinstance(event, AlarmStepped) and event.step is AlarmStep.ESCALATED and event.rung:
                found.setdefault((event.alarm.id, event.rung), entry.at_ms)
        return found

    def first_notices(self) -> dict[tuple[AlarmId, PersonId], Notice]:
        """What became of the first notice to each person about each alarm."""
        first: dict[tuple[AlarmId, PersonId], Notice] = {}
        for entry in self.entries:
            if not isinstance(entry.event, NoticeStepped):
                continue
            notice = entry.event.notice
            if notice.alarm is None or notice.person is None or notice.purpose is not NoticePurpose.RAISED:
                continue
            key = notice.alarm, notice.person
            if first.setdefault(key, notice).id == notice.id:
                first[key] = notice
        return first


def _url(folder: Path) -> str:
    return f"sqlite:///{folder / 'gaswatch.db'}"


def _a_ledger(folder: Path) -> None:
    """The street, two people on duty for all of it, and a policy whose steps come soon."""
    migrate(_url(folder))
    street = a_street(LEAKS, gas=GAS)
    people = tuple(Person(one, str(one), str(one), phone) for one, phone in PHONES.items())
    steps = tuple(
        Step(after_s, (Target(TargetKind.ROLE, role),))
        for after_s, role in zip(STEPS_S, (Role.OWNER, *ROLES.values()), strict=True)
    )
    match = Match(kinds=frozenset({AlarmKind.LEAK}))
    policy = Policy("storm", "暴雨", "Storm", steps=steps, repeat_s=600, match=match)
    ledger = msgspec.structs.replace(
        street,
        areas=(Area(AreaId("grid"), "一格", "Grid 1"),),
        people=street.people + people,
        duties=street.duties + tuple(Duty(one, ROLES[one]) for one in PHONES),
        policies=(policy,),
    )
    engine = open_engine(_url(folder))
    SqlRegistry(engine).put(ledger, by="test", at_ms=CLOCK.now_ms())
    engine.dispose()


@asynccontextmanager
async def a_town(folder: Path) -> AsyncIterator[Town]:
    """Everything is running and sees."""
    _a_ledger(folder)
    port = free_port()
    public = f"http://127.0.0.1:{port}"
    with a_shipped_mosquitto(folder) as broker, a_carrier(public) as carrier:
        carrier.behave(answer_after_s=0.02)
        settings = {
            "GASWATCH_DATA_DIR": str(folder),
            "GASWATCH_MQTT_URL": broker.url(),
            "GASWATCH_HTTP_PORT": str(port),
            "GASWATCH_PUBLIC_URL": public,
            "GASWATCH_OFFLINE_MIN_S": "300",
            "TWILIO_ACCOUNT_SID": ACCOUNT,
            "TWILIO_AUTH_TOKEN": TOKEN,
            "GASWATCH_TWILIO_FROM": SENDER,
            "GASWATCH_TWILIO_URL": carrier.url,
        }
        with a_nursery(settings, folder / "services.log") as nursery:
            town = Town(folder, broker, nursery, carrier)
            try:
                town.start()
                yield town
            finally:
                town.close()


def _storm(broker: Broker) -> Flood:
    """Every detector reports each five seconds; one more of them leaks every 0.3 s, and none stops."""
    detectors = tuple(one.id for one in a_street(LEAKS, gas=GAS).detectors)
    return Flood(
        Plan(
            "127.0.0.1",
            broker.port,
            detectors,
            rates=((100_000.0, LEAKS / 5),),
            connections=4,
            leak_every_s=STORM_S / LEAKS,
            leaking=tuple(range(LEAKS)),
            leak_messages=10_000,
            every_s=10,
        ),
        CLOCK,
    )


async def test_no_leak_and_no_step_is_missed_when_everything_dies_three_times_in_a_storm(
    tmp_path: Path,
) -> None:
    async with a_town(tmp_path) as town:
        flood = _storm(town.broker)
        sending = asyncio.create_task(flood.run())
        began_ms = CLOCK.now_ms()
        try:
            for kill_s in KILLS_S:
                await elapse(began_ms / 1000 + kill_s - CLOCK.now_ms() / 1000)
                town.die()
                town.broker.start()
                town.start()
            await until(lambda: flood.report.leaks >= LEAKS, within_s=60, what="every leak having begun")
            await until(lambda: len(town.alarms()) >= LEAKS, within_s=60, what="every leak's alarm")
            wanted = LEAKS * (len(STEPS_S) - 1)
            await until(lambda: len(town.steps()) >= wanted, within_s=120, what="every alarm's last step")
            await until(lambda: _are_settled(town), within_s=120, what="all first notices being settled")
        finally:
            sending.cancel()
            await asyncio.gather(sending, return_exceptions=True)

        raised = Counter(
            one.event.detector
            for one in town.entries
            if isinstance(one.event, ConditionRaised) and one.event.condition is Condition.LEAK
        )
        assert set(raised.values()) == {1}, "a leak was raised twice"
        alarms, steps = town.alarms(), town.steps()
        assert len(alarms) == LEAKS
        for alarm, opened_ms in alarms.items():
            for rung, after_s in enumerate(STEPS_S[1:], 1):
                late_s = (steps[alarm, rung] - opened_ms) / 1000 - after_s
                assert -1 < late_s < LATE_S, f"step {rung} of alarm {alarm} came {late_s} s late"
        await _everybody_was_told_once(town)


def _are_settled(town: Town) -> bool:
    first = town.first_notices().values()
    open_states = {NoticeState.PENDING, NoticeState.SENDING, NoticeState.HANDED_OVER, NoticeState.UNKNOWN}
    return len(first) >= LEAKS * len(STEPS_S) and not any(one.state in open_states for one in first)


async def _everybody_was_told_once(town: Town) -> None:
    messages = town.carrier.messages()
    duplicates = 0
    for number in range(LEAKS):
        texts = Counter(
            one["body"] for one in messages if one["to"] == phone_of(number) and "泄漏" in one["body"]
        )
        assert texts, f"owner {number} was never told"
        duplicates += texts.total() - len(texts)
    # What a kill caught is looked up at the provider before it is sent again.
    assert duplicates <= len(KILLS_S), f"{duplicates} texts came twice"
    for person in PHONES:
        reached = {
            alarm
            for (alarm, who), notice in town.first_notices().items()
            if who == person and notice.state is not NoticeState.SUPERSEDED
        }
        assert reached == set(town.alarms()), f"{person} was not told of every alarm"
