"""Incidents in which the provider of the texts is the trouble, and there is another one."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from alerts.rules.delivery import NoAnswer, TryLater
from alerts.service import Courier, Registered, Switchboard
from alerts.service.watch import watch
from gascore.alarm import AlarmStatus
from gascore.registry import Role
from gascore.service_status import ServiceStatus
from gaswatch.stores.desk import SqlBooks
from support.alarm_town import AlarmTown
from support.phones import Phones

pytestmark = pytest.mark.story
DOWN = "system:alerts:twilio_sms"


class Town(AlarmTown):
    """The same with two providers of texts: the usual one, and `backup`."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.backup = Phones(self.clock, self.start_ms, self.phones.inbox, name="backup")
        self.switchboard = Switchboard([Registered(self.phones), Registered(self.backup)], self.clock)
        self.courier = Courier(SqlBooks(self.engine), self.switchboard)

    def look(self) -> None:
        """The watch, as the service does it each second."""
        now_ms = self.clock.now_ms()
        said = {"collector": ServiceStatus(name="collector", pid=1, started_ms=now_ms, at_ms=now_ms)}
        troubles = self.switchboard.troubles(now_ms)
        self.watched = watch(said, troubles, started_ms=self.start_ms, now_ms=now_ms)
        self.settle()

    def carried_by(self) -> set[str | None]:
        """Of the notices that were sent: one may wait, or be part of another."""
        sent = [one for one in self.notices().values() if one.handed_ms is not None]
        return {notice.provider for notice in sent}


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    town = Town(tmp_path)
    yield town
    town.engine.dispose()


def test_the_usual_provider_is_down_and_the_other_one_tells_of_the_leak_at_once(town: Town) -> None:
    town.phones.down = TryLater("503")
    town.leak(lel=70)
    assert town.told() == {Role.OWNER, Role.SAFETY_OFFICER, Role.SHIFT_LEADER}
    assert town.heard_at(Role.OWNER) == [0], "not a second later"
    assert town.carried_by() == {"backup"}


def test_the_outage_is_one_alarm_of_its_own_that_closes_when_a_trial_works(town: Town) -> None:
    town.phones.down = TryLater("503")
    town.leak(lel=70)
    town.advance(61)
    town.look()
    assert town.alarm(2).key == DOWN
    town.phones.down = None
    town.advance(60)
    town.look()
    assert town.alarm(2).status is AlarmStatus.CLOSED
    assert town.carried_by() == {"backup", "twilio_sms"}, "the next text was the trial"


def test_a_text_that_got_no_answer_is_not_sent_by_the_other_provider_too(town: Town) -> None:
    town.phones.down = NoAnswer("timeout")
    town.leak(lel=70)
    assert len(town.heard(Role.OWNER)) == 1
    assert {notice.provider for notice in town.notices().values() if notice.step == 0} == {"twilio_sms"}


def test_when_both_are_down_the_first_that_is_back_tells(town: Town) -> None:
    town.phones.down = town.backup.down = TryLater("503")
    town.leak(lel=70)
    town.advance(120)
    assert town.told() == set()
    town.backup.down = None
    town.advance(31)
    assert town.told() >= {Role.OWNER, Role.SAFETY_OFFICER, Role.SHIFT_LEADER}
    assert town.carried_by() <= {"backup", "twilio_sms"}
