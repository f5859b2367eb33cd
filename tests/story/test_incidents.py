"""Incidents as they would be reported: a night without an answer, a wrong code, a storm of leaks with restarts.

With the budgets and bundles that a deployment has; people can be texted and called.
"""

from collections.abc import Iterator
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Final

import pytest

from alerts.ports import Books
from alerts.service.courier import Courier, HouseRules
from alerts.service.switchboard import Registered, Switchboard
from gascore.alarm import AlarmStatus, ChannelKind, NoticeState
from gascore.journal import AlarmStep, AlarmStepped, ConditionRaised, NoticeStepped, Reason, Sample
from gascore.registry import Role
from gascore.words import Condition, DetectorId, Level
from gaswatch.stores.desk import SqlBooks
from support.alarm_town import PEOPLE, AlarmTown
from support.killer import Killed, KillingBooks
from support.phones import Phones
from support.street import a_street, phone_of, site_of

pytestmark = pytest.mark.story
LEAKS: Final = 200
STORM_S: Final = 60
STEPS_S: Final = (90, 300, 900)
"""When the ladder of a low leak goes on, after its first step (docs/adr/0008)."""
SLACK_S: Final = 2
CAUGHT_S: Final = 35
"""A text that a kill caught in sending: first its lease runs out (30 s), then the provider is asked."""


class InProduction(AlarmTown):
    """As it is deployed; `heard` has calls, too."""

    @cached_property
    def calls(self) -> Phones:
        """Who is called."""
        return Phones(self.clock, self.start_ms, name="twilio_voice", kind=ChannelKind.VOICE, count=100_000)

    def restart(self, books: Books | None = None) -> None:
        """A new process over the same store."""
        self.house_rules = HouseRules()
        super().restart(books)
        self.switchboard = Switchboard([Registered(self.phones), Registered(self.calls)], self.clock)
        self.courier = Courier(books or SqlBooks(self.engine), self.switchboard, self.house_rules)

    def heard(self, role: Role) -> list[tuple[int, str]]:
        """Texts and calls."""
        return sorted(super().heard(role) + self.calls.inbox.get(PEOPLE[role], []))


@pytest.fixture
def town(tmp_path: Path) -> Iterator[AlarmTown]:
    town = InProduction(tmp_path)
    yield town
    town.engine.dispose()


def test_nobody_answers_all_night_and_nobody_is_left_in_peace(town: AlarmTown) -> None:
    town.leak("kitchen-1", lel=30)
    town.advance(8 * 3600)

    told = {Role.OWNER, Role.SAFETY_OFFICER, Role.SHIFT_LEADER, Role.MAINTENANCE, Role.GRID_WORKER}
    told |= {Role.DUTY_OFFICER, Role.SUPPLIER_DISPATCH}
    assert town.told() == told
    for role in told:
        heard = town.heard_at(role)
        assert heard[-1] > 8 * 3600 - 301, f"{role} was forgotten"
        waits = [later - earlier for earlier, later in pairwise(heard)]
        assert max(waits[3:]) <= 300, f"{role} was left in peace"
    escalated = [e for e in town.events(AlarmStepped) if e.step is AlarmStep.ESCALATED]
    assert [e.rung for e in escalated][:3] == [1, 2, 3]
    assert town.alarm().status is AlarmStatus.UNACKED_ACTIVE

    town.reply(Role.GRID_WORKER, town.code(Role.GRID_WORKER))
    before = town.phones.count
    town.advance(600)
    assert town.phones.count == before, "somebody took over"


def test_the_owner_replies_and_everybody_else_is_spared(town: AlarmTown) -> None:
    town.leak("kitchen-1", lel=30)
    town.advance(40)
    town.reply(Role.OWNER, town.code(Role.OWNER))
    town.advance(300)

    assert town.told() == {Role.OWNER, Role.SAFETY_OFFICER}, "the shift leader would have been next, at 90 s"
    assert town.alarm().acked_by == "owner"
    assert town.alarm().acked_ms == town.start_ms + 40_000
    town.clears()
    town.advance(30)
    assert "解除:" in town.heard(Role.OWNER)[-1][1]
    assert "解除:" in town.heard(Role.SAFETY_OFFICER)[-1][1]
    assert town.alarm().status is AlarmStatus.ACKED_NORMAL, "a leak waits for its cause"


def test_a_wrong_code_takes_nothing_over_and_the_ladder_goes_on(town: AlarmTown) -> None:
    town.leak("kitchen-1", lel=30)
    right = town.code(Role.OWNER)
    wrong = str(int(right) + 1)
    town.advance(30)
    before = len(town.heard(Role.OWNER))
    town.reply(Role.OWNER, wrong)
    assert len(town.heard(Role.OWNER)) == before + 1, "the owner hears that there is no such code"
    assert town.alarm().acked_by is None

    town.advance(60)
    assert Role.SHIFT_LEADER in town.told(), "on time, whatever was written"
    town.reply(Role.OWNER, f" {right} ")
    assert town.alarm().acked_by == "owner"


def test_receipts_that_come_twice_and_in_the_wrong_order_change_nothing_any_more(town: AlarmTown) -> None:
    town.leak("kitchen-1", lel=30)
    sids = [sid for sid, _, _ in town.phones.taken]
    for sid in sids:
        town.receipt(sid, "delivered")
    before = len(town.events(NoticeStepped))
    count = town.phones.count
    for sid in sids:
        for status in ("sent", "queued", "delivered", "sent"):
            town.receipt(sid, status)
    assert len(town.events(NoticeStepped)) == before
    town.advance(89)
    assert town.phones.count == count, "whoever has it needs no other way"


@pytest.mark.parametrize("seed", range(2))
def test_two_hundred_leaks_within_a_minute_while_everything_is_killed_again_and_again(
    tmp_path: Path, seed: int
) -> None:
    town = InProduction(tmp_path)
    town.registry.put(a_street(LEAKS), by="test", at_ms=town.start_ms)
    town.settle()
    chance = Random(seed)  # noqa: S311 -- the seed of a story
    began = sorted(chance.randrange(STORM_S * 1000) for _ in range(LEAKS))
    kills = {number: chance.randrange(1, 120) for number in chance.sample(range(LEAKS), 12)}

    caught: set[int] = set()
    for number, at_ms in enumerate(began):
        until_s = (town.start_ms + at_ms - town.clock.now_ms()) / 1000
        _survives(town, until_s, caught)
        if number in kills:
            town.restart(KillingBooks(SqlBooks(town.engine), kills[number]))
        town.journal.append([_leaks(number, town.clock.now_ms())], town.clock.now_ms())
        _survives(town, 0, caught)
    town.restart()
    town.advance(100)
    town.restart()
    town.advance(900)

    alarms = {e.alarm.site: e.alarm for e in town.events(AlarmStepped) if e.step is AlarmStep.OPENED}
    assert len(alarms) == LEAKS
    for number, at_ms in enumerate(began):
        told_s = town.phones.inbox[phone_of(number)][0][0] - at_ms // 1000
        was_caught = alarms[site_of(number)].id in caught
        assert told_s <= (CAUGHT_S if was_caught else SLACK_S), f"{number} was told after {told_s} s"
    climbed: dict[tuple[int, int], int] = {}
    for entry in town.journal.after(0, 1_000_000):
        event = entry.event
        if isinstance(event, AlarmStepped) and event.step is AlarmStep.ESCALATED and event.rung is not None:
            climbed.setdefault((event.alarm.id, event.rung), entry.at_ms)
    for alarm in alarms.values():
        for rung, after_s in enumerate(STEPS_S, 1):
            off_s = (climbed[alarm.id, rung] - alarm.opened_ms) / 1000 - after_s
            assert abs(off_s) <= SLACK_S, f"step {rung} of alarm {alarm.id} came {off_s} s late"
    leader = [text for _, text in town.heard(Role.SHIFT_LEADER)]
    assert all(any(f"街{number:03}" in text for text in leader) for number in range(LEAKS))


def _survives(town: AlarmTown, seconds: float, caught: set[int]) -> None:
    """Let time pass; a process that dies is started again at once. `caught`: the alarms whose text it was sending."""
    end_ms = town.clock.now_ms() + round(seconds * 1000)
    while True:
        try:
            town.advance((end_ms - town.clock.now_ms()) / 1000)
        except Killed:
            sending = [one for one in town.notices().values() if one.state is NoticeState.SENDING]
            caught.update(one.alarm for one in sending if one.alarm is not None)
            town.restart()
        else:
            return


def _leaks(number: int, now_ms: int) -> ConditionRaised:
    return ConditionRaised(
        detector=DetectorId(f"street-{number}"),
        site=site_of(number),
        condition=Condition.LEAK,
        since_ms=now_ms,
        reason=Reason.REPORTED_STATE,
        level=Level.LOW,
        sample=Sample(received_ms=now_ms, lel=30.0),
    )
