"""A real alerts process is killed with SIGKILL at random instants while leaks come in and texts go out."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Final

import pytest

from gascore.alarm import Notice, NoticeState
from gascore.journal import AlarmStep, AlarmStepped, ConditionRaised, NoticeStepped, Reason, Sample
from gascore.registry import Role
from gascore.words import Condition, DetectorId, Level
from gaswatch.clock import SystemClock
from gaswatch.stores.engine import open_engine
from gaswatch.stores.journal import SqlJournal
from gaswatch.stores.migrate import migrate
from gaswatch.stores.registry import SqlRegistry
from support.alarm_town import PEOPLE, SITE, town
from support.carrier import ACCOUNT, SENDER, TOKEN, RunningCarrier, a_carrier
from support.waiting import until

pytestmark = pytest.mark.faults
KILLS: Final = 60 if os.environ.get("CI") else 6
CLOCK: Final = SystemClock()
AGAIN: Final = "重发:"
OPEN: Final = {NoticeState.PENDING, NoticeState.SENDING}
FIRST: Final = (Role.OWNER, Role.SAFETY_OFFICER, Role.SHIFT_LEADER)


@contextmanager
def alerts(folder: Path, carrier: RunningCarrier) -> Iterator[subprocess.Popen[bytes]]:
    """`gaswatch run alerts`; it is dead when the block ends."""
    environment = os.environ | {
        "GASWATCH_DATA_DIR": str(folder),
        "TWILIO_ACCOUNT_SID": ACCOUNT,
        "TWILIO_AUTH_TOKEN": TOKEN,
        "GASWATCH_TWILIO_FROM": SENDER,
        "GASWATCH_TWILIO_URL": carrier.url,
        "PYTHONPATH": str(Path(__file__).resolve().parents[2]),
    }
    with (folder / "alerts.log").open("ab") as log:
        command = [sys.executable, "-m", "gaswatch", "run", "alerts"]
        process = subprocess.Popen(command, cwd=folder, env=environment, stdout=log, stderr=log)
        try:
            yield process
        finally:
            process.send_signal(signal.SIGKILL)
            process.wait(10)


class Leaks:
    """The journal as the collector writes it, and what alerts has made of it."""

    def __init__(self, folder: Path) -> None:
        url = f"sqlite:///{folder / 'gaswatch.db'}"
        migrate(url)
        self.engine = open_engine(url)
        SqlRegistry(self.engine).put(town(), by="test", at_ms=CLOCK.now_ms())
        self.journal = SqlJournal(self.engine)
        self.count = 0

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

    def opened(self) -> list[str]:
        """The keys of the detectors' alarms; that there is no collector here is an alarm, too."""
        events = [entry.event for entry in self.journal.after(0, 1_000_000)]
        steps = [e for e in events if isinstance(e, AlarmStepped) and e.step is AlarmStep.OPENED]
        return [e.alarm.key for e in steps if e.alarm.detector]

    def notices(self) -> list[Notice]:
        """Every notice about a leak as the journal last said."""
        events = [entry.event for entry in self.journal.after(0, 1_000_000)]
        latest = {e.notice.id: e.notice for e in events if isinstance(e, NoticeStepped) and e.site}
        return list(latest.values())


async def test_no_leak_and_no_text_is_lost_by_a_kill_and_what_comes_twice_says_so(tmp_path: Path) -> None:
    leaks, chance = Leaks(tmp_path), Random(20261125)  # noqa: S311 -- repeatable instants
    with a_carrier() as carrier:
        carrier.behave(answer_after_s=0.1, callbacks=False)
        for _ in range(KILLS):
            with alerts(tmp_path, carrier) as process:
                await until(lambda: _has_begun(process, leaks), within_s=60, what="a sign of life")
                leaks.one_more()
                leaks.one_more()
                _wait(chance.uniform(0.0, 0.5))
        with alerts(tmp_path, carrier) as process:
            leaks.one_more()
            await until(lambda: len(leaks.opened()) >= leaks.count, within_s=60, what="every alarm")
            await until(
                lambda: not OPEN & {one.state for one in leaks.notices()}, within_s=90, what="an empty outbox"
            )
        keys = leaks.opened()
        assert len(keys) == len(set(keys)) == leaks.count
        for role in FIRST:
            texts = [text for text in carrier.to(PEOPLE[role]) if "泄漏" in text]
            assert len({text.rsplit("回", 1)[1] for text in texts}) == leaks.count, f"{role}: {texts}"
            unmarked = [text for text in texts if not text.startswith(AGAIN)]
            assert len(unmarked) <= sum(one.role == role for one in leaks.notices())
    leaks.engine.dispose()


def _has_begun(process: subprocess.Popen[bytes], leaks: Leaks) -> bool:
    assert process.poll() is None, "alerts ended by itself"
    return len(leaks.opened()) >= leaks.count


def _wait(seconds: float) -> None:
    """The instant of the kill is the point here; nothing is waited for."""
    time.sleep(seconds)  # noqa: TID251 -- same
