"""Numbers have budgets: faults wait for them, leaks go round them, and never wait."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from alerts.rules.budget import HOUR_MS, Cap
from alerts.rules.delivery import Hop, Refused, TryLater
from alerts.service.courier import Courier, HouseRules
from alerts.service.switchboard import Registered, Switchboard
from gascore.alarm import AlarmCause, ChannelKind, NoticeState
from gascore.journal import AlarmStep, AlarmStepped, NoticeStepped
from gascore.operators import OperatorAction
from gascore.registry import Role
from gascore.words import AlarmId, Condition, PersonId
from gaswatch.stores.desk import SqlBooks
from support.alarm_town import PEOPLE, AlarmTown
from support.phones import Phones

pytestmark = pytest.mark.story
OWNER = PEOPLE[Role.OWNER]


@pytest.fixture
def town(tmp_path: Path) -> Iterator[AlarmTown]:
    town = AlarmTown(tmp_path)
    yield town
    town.engine.dispose()


def capped(town: AlarmTown, most: int, calls: int = 9) -> Phones:
    """So many texts and calls an hour to each number; returns who is called."""
    voice = Phones(town.clock, town.start_ms, name="twilio_voice", kind=ChannelKind.VOICE, count=1000)
    caps = {
        ChannelKind.SMS: (Cap(HOUR_MS, most),),
        ChannelKind.VOICE: (Cap(HOUR_MS, calls),),
    }
    board = Switchboard([Registered(town.phones), Registered(voice)], town.clock)
    town.courier = Courier(SqlBooks(town.engine), board, HouseRules(caps=caps))
    return voice


def codes(town: AlarmTown) -> list[str | None]:
    return [one.notice.code for one in town.events(NoticeStepped)]


def test_a_fault_waits_for_the_budget_and_a_leak_does_not(town: AlarmTown) -> None:
    capped(town, 1, calls=0)
    town.raised(Condition.FAULT, "kitchen-1", codes=("E1",))
    town.advance(200)
    town.raised(Condition.FAULT, "kitchen-2", codes=("E2",))
    town.advance(200)
    assert len(town.heard(Role.OWNER)) == 1
    assert "budget" in codes(town)
    town.leak("bottles-1", lel=70)
    assert "泄漏" in town.heard(Role.OWNER)[-1][1]
    assert "over_budget" in codes(town), "sent all the same, and it is on record"
    town.operator(OperatorAction.ACK, 3)
    town.clears(detector="bottles-1")
    town.operator(OperatorAction.CLOSE, 3, cause=AlarmCause.TEST)
    town.advance(3 * 3_600)
    assert len([text for _, text in town.heard(Role.OWNER) if "故障" in text]) == 2, (
        "it waited, it is not lost"
    )


def test_a_leak_is_told_by_a_call_before_the_texts_run_out(town: AlarmTown) -> None:
    voice = capped(town, 1)
    town.raised(Condition.FAULT, "kitchen-1", codes=("E1",))
    town.phones.down = TryLater("503")
    town.leak("bottles-1", lel=70)
    with SqlBooks(town.engine).transaction() as books:
        for parcel in books.notices.of_alarm(AlarmId(2)):
            if parcel.address == OWNER:
                way = Hop(ChannelKind.VOICE, OWNER, PersonId("owner"), "owner")
                books.notices.put(replace(parcel, hops=(way,)))
    town.phones.down = None
    town.advance(1)
    assert len(voice.inbox[OWNER]) == 1
    assert len(town.heard(Role.OWNER)) == 1, "only the fault"
    first = next(one for one in town.notices().values() if one.alarm == 2 and one.role == "owner")
    assert (first.state, first.code) == (NoticeState.REFUSED, "budget")


def test_who_does_not_take_the_call_gets_the_text_after_all_before_the_next_step_is_told(
    town: AlarmTown,
) -> None:
    voice = capped(town, 1)
    leader = PEOPLE[Role.SHIFT_LEADER]
    voice.trouble = {leader: Refused("21214")}
    town.goes_blind()
    town.advance(20)
    assert len(town.heard(Role.SHIFT_LEADER)) == 1, "the hour's text is used up"
    town.leak(lel=12)
    town.advance(299)
    texts = [(at, "泄漏" in text) for at, text in town.heard(Role.SHIFT_LEADER)]
    assert texts == [(15, False), (110, True)]
    assert Role.MAINTENANCE not in town.told(), "nobody was told early for the budget's sake"
    town.advance(1)
    assert Role.MAINTENANCE in town.told()
    climbed = [
        one.rung for one in town.events(AlarmStepped) if one.step is AlarmStep.ESCALATED and one.alarm.id == 2
    ]
    assert climbed == [1, 2]


def test_that_we_cannot_see_is_told_at_once_though_many_texts_went_before(town: AlarmTown) -> None:
    for number in range(14):  # more than half of what an hour has for faults, within a few minutes
        town.leak("kitchen-1", lel=70)
        town.clears(detector="kitchen-1")
        town.advance(20 if number % 2 else 10)
    before = len(town.heard(Role.SHIFT_LEADER))
    assert before >= 14
    town.goes_blind()
    at_s = (town.clock.now_ms() - town.start_ms) // 1000
    town.advance(16)
    blind = [at for at, text in town.heard(Role.SHIFT_LEADER)[before:] if "泄漏" not in text]
    assert blind == [at_s + 15]
