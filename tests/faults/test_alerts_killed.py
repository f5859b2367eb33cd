"""A real alerts process is killed with SIGKILL at random instants while leaks come in and texts go out.

The texts are counted at the carrier: each at least once, and none twice that the carrier took before the kill.
Every single store call as the place of the kill: `test_killed_between_store_calls`.
"""

import os
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from random import Random
from typing import Final

import pytest

from gascore.alarm import Notice, NoticePurpose, NoticeState
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
from support.prefork import Forked, Nursery, a_nursery
from support.waiting import until

pytestmark = pytest.mark.faults
KILLS: Final = 200 if os.environ.get("CI") else 12
CLOCK: Final = SystemClock()
OPEN: Final = {NoticeState.PENDING, NoticeState.SENDING, NoticeState.UNKNOWN}
FIRST: Final = (Role.OWNER, Role.SAFETY_OFFICER, Role.SHIFT_LEADER)


@contextmanager
def alerts_at(folder: Path, carrier: RunningCarrier) -> Iterator[Nursery]:
    """Starts alerts processes."""
    environment = {
        "GASWATCH_DATA_DIR": str(folder),
        "TWILIO_ACCOUNT_SID": ACCOUNT,
        "TWILIO_AUTH_TOKEN": TOKEN,
        "GASWATCH_TWILIO_FROM": SENDER,
        "GASWATCH_TWILIO_URL": carrier.url,
    }
    with a_nursery(environment, folder / "alerts.log") as nursery:
        yield nursery


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


async def test_no_text_of_a_leak_is_lost_by_a_kill_and_none_is_sent_twice(tmp_path: Path) -> None:
    leaks, chance = Leaks(tmp_path), Random(20261125)  # noqa: S311 -- repeatable instants
    with a_carrier() as carrier, alerts_at(tmp_path, carrier) as nursery:
        carrier.behave(answer_after_s=0.05, callbacks=False)
        for _ in range(KILLS):
            process = nursery.start("alerts")
            await until(partial(_has_begun, process, leaks), within_s=60, what="a sign of life")
            leaks.one_more()
            _wait(chance.uniform(0.0, 0.4))
            process.kill()
            process.wait()
        nursery.start("alerts")
        leaks.one_more()
        await until(lambda: len(leaks.opened()) >= leaks.count, within_s=60, what="every alarm")
        await until(
            lambda: not OPEN & {one.state for one in leaks.notices() if one.purpose is NoticePurpose.RAISED},
            within_s=120,
            what="every first text being settled",
        )
        keys = leaks.opened()
        assert len(keys) == len(set(keys)) == leaks.count
        duplicates = 0
        for role in FIRST:
            texts = Counter(text for text in carrier.to(PEOPLE[role]) if "泄漏" in text)
            codes = {text.rsplit("回", 1)[1] for text in texts}
            assert len(codes) == leaks.count, f"{role}: {texts}"
            duplicates += texts.total() - len(texts)
        # What is not in the carrier's books when it is asked, half a minute after the kill, was never taken.
        assert duplicates == 0
    leaks.engine.dispose()


def _has_begun(process: Forked, leaks: Leaks) -> bool:
    assert process.poll() is None, "alerts ended by itself"
    return len(leaks.opened()) >= leaks.count


def _wait(seconds: float) -> None:
    """The instant of the kill is the point here; nothing is waited for."""
    time.sleep(seconds)  # noqa: TID251 -- same
