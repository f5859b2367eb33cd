"""What we can't digest must not keep the other alarms from people."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from alerts.rules.delivery import Refused, Sent, TryLater
from alerts.rules.letters import Letter
from alerts.service.courier import Courier
from alerts.service.desk import OWN_JOURNAL
from alerts.service.switchboard import Registered, Switchboard
from gascore.alarm import AlarmKind, AlarmStatus, NoticeState
from gascore.journal import AlarmStep, AlarmStepped, StoreDownError
from gascore.registry import Detector, Person, Role
from gascore.words import Condition, DetectorId, Priority, SiteId
from gaswatch.stores.desk import SqlBooks
from gaswatch.stores.registry import SqlRegistry
from support.alarm_town import PEOPLE, AlarmTown
from support.phones import Phones

pytestmark = pytest.mark.story


class BrokenRegistry(SqlRegistry):
    """Fails for one detector, in a way that nobody has thought of or because the store does."""

    failure: Exception = ValueError("a value that nobody has thought of")

    def detector(self, detector: DetectorId) -> Detector | None:
        if detector == "kitchen-2":
            raise self.failure
        return super().detector(detector)


class BreakingPhones(Phones):
    """Breaks at the owner's number."""

    def send(self, letter: Letter) -> Sent:
        if letter.address == PEOPLE[Role.OWNER]:
            raise KeyError("what the library did not expect")
        return super().send(letter)


class StumblingRegistry(SqlRegistry):
    """Fails the first time that it is asked whom to tell."""

    has_failed = False

    def people_on_duty(self, site: SiteId | None) -> list[tuple[Role, Person]]:
        if not self.has_failed:
            self.has_failed = True
            raise ValueError("a value that nobody has thought of")
        return super().people_on_duty(site)


@pytest.fixture
def town(tmp_path: Path) -> Iterator[AlarmTown]:
    town = AlarmTown(tmp_path)
    yield town
    town.engine.dispose()


def test_an_entry_that_we_cannot_digest_is_skipped_loudly_and_the_next_leak_is_told(town: AlarmTown) -> None:
    town.desk = town.a_desk(registry=BrokenRegistry(town.engine))
    town.raised(Condition.FAULT, "kitchen-2")
    town.leak("kitchen-1", lel=70)
    assert town.heard(Role.OWNER)
    keys = [event.alarm.key for event in town.events(AlarmStepped)]
    assert keys[0] == OWN_JOURNAL
    assert "detector:kitchen-1:leak" in keys
    assert "detector:kitchen-2:fault" not in keys

    town.restart()
    town.settle()
    assert town.alarm(1).status is AlarmStatus.CLOSED, "the next process begins with a clear conscience"


def test_a_store_that_fails_skips_nothing(town: AlarmTown) -> None:
    registry = BrokenRegistry(town.engine)
    registry.failure = StoreDownError("disk full")
    town.desk = town.a_desk(registry=registry)
    with pytest.raises(StoreDownError):
        town.raised(Condition.FAULT, "kitchen-2")
    assert town.events(AlarmStepped) == []
    town.restart()
    town.settle()
    assert [event.alarm.key for event in town.events(AlarmStepped)] == ["detector:kitchen-2:fault"]


def test_a_leak_does_not_queue_behind_the_power_cut_of_a_quarter(town: AlarmTown) -> None:
    town.running = False
    for number in range(300):
        town.raised(Condition.OFFLINE, f"quarter-{number}")
    town.leak("kitchen-1", lel=70)
    turned = town.desk.turn(town.clock.now_ms())
    assert turned.more
    opened = [event.alarm.key for event in town.events(AlarmStepped)]
    assert opened == ["detector:kitchen-1:leak"], "in the very first turn, before all else is read"
    town.desk.turn(town.clock.now_ms())
    opened = [event.alarm.key for event in town.events(AlarmStepped)]
    assert len(opened) == 11
    town.running = True
    town.settle()
    assert len({event.alarm.key for event in town.events(AlarmStepped)}) == 301


def test_a_text_that_did_not_arrive_does_not_queue_behind_a_power_cut_either(town: AlarmTown) -> None:
    town.phones.trouble = {
        PEOPLE[role]: Refused("21610") for role in (Role.SAFETY_OFFICER, Role.SHIFT_LEADER)
    }
    town.leak("kitchen-1", lel=70)
    town.running = False
    for number in range(50):
        town.raised(Condition.OFFLINE, f"quarter-{number}")
    town.receipt("SM1", "undelivered", "30005")
    now_ms = town.clock.now_ms()
    town.desk.turn(now_ms)
    town.desk.turn(now_ms)
    onwards = [one for one in town.notices().values() if one.state is NoticeState.PENDING]
    assert [(one.role, one.channel) for one in onwards] == [("owner", "voice")], "the owner is called instead"


def test_a_clock_that_is_set_back_stops_neither_ladder_nor_text(town: AlarmTown) -> None:
    town.phones.down = TryLater("503")
    town.leak("kitchen-1", lel=70)
    town.advance(10)
    town.clock.set(town.clock.now_ms() - 3_600_000)
    town.settle()
    town.phones.down = None
    town.advance(30)
    assert town.heard(Role.OWNER), "its text had to wait for the provider, not for an hour"
    assert not town.heard(Role.DUTY_OFFICER)
    town.advance(60)
    assert town.heard(Role.DUTY_OFFICER), "90 s after the ladder's start"
    assert not town.heard(Role.MAINTENANCE)


def test_a_ladder_that_we_cannot_climb_is_told_of_and_holds_up_no_other(town: AlarmTown) -> None:
    town.leak("kitchen-2", lel=70)
    town.leak("kitchen-1", lel=70)
    town.desk = town.a_desk(registry=StumblingRegistry(town.engine))
    town.advance(91)
    keys = {event.alarm.key for event in town.events(AlarmStepped) if event.step is AlarmStep.ESCALATED}
    assert keys == {"detector:kitchen-1:leak"}
    assert OWN_JOURNAL in {event.alarm.key for event in town.events(AlarmStepped)}
    town.restart()
    town.advance(60)
    keys = {event.alarm.key for event in town.events(AlarmStepped) if event.step is AlarmStep.ESCALATED}
    assert "detector:kitchen-2:leak" in keys, "tried again by a process that knows better"


def test_a_ladder_does_not_wait_for_a_clock_that_is_ahead_of_ours(town: AlarmTown) -> None:
    town.running = False
    town.clock.advance_now(600_000)
    town.leak("kitchen-1", lel=70)
    town.clock.advance_now(-600_000)
    town.running = True
    town.advance(91)
    assert town.heard_at(Role.OWNER) == [0]
    assert town.heard_at(Role.DUTY_OFFICER) == [90]


def test_a_sender_that_breaks_on_one_text_does_not_keep_the_others(town: AlarmTown) -> None:
    phones = BreakingPhones(town.clock, town.start_ms, town.phones.inbox)
    town.courier = Courier(SqlBooks(town.engine), Switchboard([Registered(phones)], town.clock))
    town.leak("kitchen-1", lel=12)
    assert not town.heard(Role.OWNER)
    assert town.heard(Role.SAFETY_OFFICER)
    assert NoticeState.UNKNOWN in town.states()


def test_a_trouble_of_ours_is_one_calm_alarm_that_closes_by_itself(town: AlarmTown) -> None:
    town.has_trouble("broker_drops main:1883", "12 messages dropped: look at its queue limits")
    alarm = town.alarm()
    assert (alarm.key, alarm.kind) == ("system:trouble:broker_drops main:1883", AlarmKind.TROUBLE)
    assert alarm.priority is Priority.MEDIUM
    assert alarm.codes == ("broker_drops", "main:1883", "12 messages dropped: look at its queue limits")
    town.advance(119)
    assert town.told() == set(), "what is over soon is no text"
    town.advance(1)
    assert town.told() == {Role.SHIFT_LEADER}, "nobody at a site can do anything about it"
    assert "消息服务器异常" in town.heard(Role.SHIFT_LEADER)[0][1]
    town.has_trouble("series_spool", "80 % full")
    town.is_fine_again("broker_drops main:1883")
    assert town.alarm(1).status is AlarmStatus.CLOSED
    assert town.alarm(2).active, "each trouble is an alarm of its own"
    town.advance(3_600)
    assert town.told() == {Role.SHIFT_LEADER, Role.DUTY_OFFICER}
    assert "读数缓存空间异常" in town.heard(Role.DUTY_OFFICER)[-1][1]
    town.is_fine_again("series_spool")
    assert town.alarm(2).status is AlarmStatus.CLOSED


def test_a_trouble_that_ends_without_having_begun_is_no_alarm(town: AlarmTown) -> None:
    town.is_fine_again("series_spool")
    assert town.events(AlarmStepped) == []
