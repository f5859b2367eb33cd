"""A real alerts process is killed with SIGKILL at random instants while leaks come in and texts go out.

The texts are counted at the carrier: each at least once, and none twice that the carrier took before the kill.
Every single store call as the place of the kill: `test_killed_between_store_calls`.
"""

import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Final

import pytest

from gascore.alarm import Notice, NoticePurpose, NoticeState
from gascore.journal import AlarmStep, AlarmStepped, ConditionRaised, NoticeStepped, Reason, Sample
from gascore.operators import OperatorAction, OperatorRequested
from gascore.registry import Role
from gascore.words import AlarmId, Condition, DetectorId, Level, NoticeId
from gaswatch.clock import SystemClock
from gaswatch.stores.engine import open_engine
from gaswatch.stores.journal import SqlJournal
from gaswatch.stores.migrate import migrate
from gaswatch.stores.registry import SqlRegistry
from support.alarm_town import PEOPLE, SITE, town
from support.carrier import ACCOUNT, SENDER, TOKEN, RunningCarrier, a_carrier
from support.command import environment
from support.prefork import Forked, Nursery, a_nursery
from support.waiting import until

pytestmark = pytest.mark.faults
KILLS: Final = 200 if os.environ.get("CI") else 12
COMMANDS: Final = 20 if os.environ.get("CI") else 6
"""One start in so many is of the command itself, which takes seconds; the others are forks of what it imports."""
BACKLOG: Final = 20
"""Leaks at most whose texts are not settled when the next one comes: a machine that is busy otherwise must keep up."""
CLOCK: Final = SystemClock()
OPEN: Final = {NoticeState.PENDING, NoticeState.SENDING, NoticeState.UNKNOWN}
FIRST: Final = (Role.OWNER, Role.SAFETY_OFFICER, Role.SHIFT_LEADER)


class Starter:
    """Starts alerts, one after the other."""

    def __init__(self, folder: Path, settings: dict[str, str], nursery: Nursery) -> None:
        self._folder = folder
        self._settings = settings
        self._nursery = nursery
        self._command: subprocess.Popen[bytes] | None = None
        self._count = 0

    @property
    def said(self) -> str:
        """The end of its log."""
        return "\n".join((self._folder / "alerts.log").read_text(errors="replace").splitlines()[-30:])

    def start(self) -> Forked | subprocess.Popen[bytes]:
        """The next one; the one before must be dead."""
        self._count += 1
        if self._count % COMMANDS:
            return self._nursery.start("alerts")
        with (self._folder / "alerts.log").open("ab") as log:
            self._command = subprocess.Popen(
                [sys.executable, "-m", "gaswatch", "run", "alerts"],
                env=environment(self._folder, self._settings),
                cwd=self._folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        return self._command

    def close(self) -> None:
        """End the command, if it still runs."""
        if self._command is not None:
            self._command.kill()
            self._command.wait()


@contextmanager
def alerts_at(folder: Path, carrier: RunningCarrier) -> Iterator[Starter]:
    """Starts alerts processes; none is left."""
    settings = {
        "GASWATCH_DATA_DIR": str(folder),
        "TWILIO_ACCOUNT_SID": ACCOUNT,
        "TWILIO_AUTH_TOKEN": TOKEN,
        "GASWATCH_TWILIO_FROM": SENDER,
        "GASWATCH_TWILIO_URL": carrier.url,
    }
    with a_nursery(settings, folder / "alerts.log") as nursery:
        starter = Starter(folder, settings, nursery)
        try:
            yield starter
        finally:
            starter.close()


class Leaks:
    """The journal as the collector writes it, and what alerts has made of it."""

    def __init__(self, folder: Path) -> None:
        url = f"sqlite:///{folder / 'gaswatch.db'}"
        migrate(url)
        self.engine = open_engine(url)
        SqlRegistry(self.engine).put(town(), by="test", at_ms=CLOCK.now_ms())
        self.journal = SqlJournal(self.engine)
        self.count = 0
        self._cursor = 0
        self.opened: list[str] = []
        self._first: dict[AlarmId, dict[str, Notice]] = {}
        self._answered: set[AlarmId] = set()
        self.caught: set[NoticeId] = set()
        """Whose sender was killed while it was sending them."""

    def one_more(self) -> None:
        now_ms = CLOCK.now_ms()
        event = ConditionRaised(
            detector=DetectorId(f"D{self.count}"),
            site=SITE,
            condition=Condition.LEAK,
            since_ms=now_ms,
            reason=Reason.REPORTED_STATE,
            level=Level.HIGH,
            sample=Sample(received_ms=now_ms, lel=float(50 + self.count % 40)),
        )
        self.count += 1
        self.journal.append([event], now_ms)

    def look(self) -> None:
        """Take in what is new in the journal."""
        for entry in self.journal.after(self._cursor, 1_000_000):
            self._cursor = entry.id
            event = entry.event
            # That there is no collector here is an alarm, too.
            if isinstance(event, AlarmStepped) and event.step is AlarmStep.OPENED and event.alarm.detector:
                self.opened.append(event.alarm.key)
            if isinstance(event, NoticeStepped) and event.site:
                self._take_in(event.notice)

    def _take_in(self, notice: Notice) -> None:
        if notice.code == "sender_died":
            self.caught.add(notice.id)
        if notice.purpose is NoticePurpose.RAISED and notice.alarm is not None:
            first = self._first.setdefault(notice.alarm, {})
            if first.setdefault(notice.role, notice).id == notice.id:
                first[notice.role] = notice

    def has_all(self) -> bool:
        """Whether every leak is an alarm."""
        self.look()
        return len(self.opened) >= self.count

    @property
    def unsettled(self) -> int:
        """Leaks of whose first texts it is not known yet what became of them."""
        return self.count - len(self._settled())

    def is_settled(self) -> bool:
        """Whether there are none of those left."""
        self.look()
        return self.unsettled == 0

    def answer(self) -> None:
        """Operators take on what everybody was told of; else hundreds of ladders would go on climbing."""
        for alarm in self._settled() - self._answered:
            ack = OperatorRequested(request=f"R{alarm}", alarm=alarm, action=OperatorAction.ACK, by="op")
            self.journal.append([ack], CLOCK.now_ms())
            self._answered.add(alarm)

    def _settled(self) -> set[AlarmId]:
        return {
            alarm
            for alarm, first in self._first.items()
            if all(role in first and first[role].state not in OPEN for role in FIRST)
        }


async def test_no_text_of_a_leak_is_lost_by_a_kill_and_none_is_sent_twice(tmp_path: Path) -> None:
    leaks, chance = Leaks(tmp_path), Random(20261125)  # noqa: S311 -- repeatable instants
    with a_carrier() as carrier, alerts_at(tmp_path, carrier) as alerts:
        carrier.behave(answer_after_s=0.05, callbacks=False)

        def has_begun() -> bool:
            assert process.poll() is None, f"alerts ended by itself:\n{alerts.said}"
            return leaks.has_all() and leaks.unsettled <= BACKLOG

        for _ in range(KILLS):
            process = alerts.start()
            await until(has_begun, within_s=60, what="a sign of life")
            leaks.answer()
            leaks.one_more()
            _wait(chance.uniform(0.0, 0.4))
            process.kill()
            process.wait()
        process = alerts.start()
        leaks.one_more()
        await until(has_begun, within_s=60, what="every alarm")
        await until(leaks.is_settled, within_s=120, what="every first text being settled")
        keys = leaks.opened
        assert len(keys) == len(set(keys)) == leaks.count
        duplicates = 0
        for role in FIRST:
            texts = Counter(text for text in carrier.to(PEOPLE[role]) if "泄漏" in text)
            codes = {text.rsplit("回", 1)[1] for text in texts}
            assert len(codes) == leaks.count, f"{role}: {texts}"
            duplicates += texts.total() - len(texts)
        # What is not in the carrier's books five seconds after its sender's death is known was never taken.
        assert duplicates == 0
        assert len(leaks.caught) >= KILLS // 10, "the kills met hardly any text on its way"
    leaks.engine.dispose()


def _wait(seconds: float) -> None:
    """The instant of the kill is the point here; nothing is waited for."""
    time.sleep(seconds)  # noqa: TID251 -- same
