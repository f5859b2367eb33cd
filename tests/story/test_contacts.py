"""People who can't be reached: found by receipts, refusals, STOP and monthly tests; told once, not site by site."""

from pathlib import Path
from typing import Final

import pytest

from alerts.rules.delivery import Refused
from alerts.rules.reach import is_office_hour
from alerts.service.contacts import Reachable
from gascore.alarm import NoticePurpose, NoticeState
from gascore.contacts import ContactStepped, SiteReachStepped
from gascore.journal import ReceiptReceived, TroubleBegan, TroubleEnded
from gascore.registry import Role
from gaswatch.stores.contacts import SqlContactBooks
from support.alarm_town import PEOPLE, SITE, ZONE, AlarmTown

DAY_S: Final = 86_400
OWN: Final = (Role.OWNER, Role.SAFETY_OFFICER, Role.MAINTENANCE)


@pytest.fixture
def town(tmp_path: Path) -> AlarmTown:
    return AlarmTown(tmp_path)


def contacts(town: AlarmTown, days: int = 0) -> Reachable:
    return Reachable(SqlContactBooks(town.engine), ZONE, days, town.audit)


def go(town: AlarmTown, rounds: Reachable) -> None:
    rounds.go(town.clock.now_ms())
    town.settle()


def known(town: AlarmTown) -> list[tuple[str, str, str]]:
    return [(one.person, one.state.value, one.why or one.by) for one in town.events(ContactStepped)]


def test_a_receipt_and_a_reply_prove_a_contact(town: AlarmTown) -> None:
    rounds = contacts(town)
    town.leak()
    town.receipt("SM1", "delivered")
    town.reply(Role.SAFETY_OFFICER, town.code(Role.SAFETY_OFFICER))
    go(town, rounds)
    go(town, rounds)
    assert sorted(known(town)) == [("owner", "reachable", "sms"), ("safety_officer", "reachable", "reply")]
    assert town.events(TroubleBegan) == []


def test_stop_is_told_to_the_operators_is_answered_by_nothing_and_start_undoes_it(town: AlarmTown) -> None:
    rounds = contacts(town)
    town.reply(Role.OWNER, "退订")
    go(town, rounds)
    assert known(town) == [("owner", "unreachable", "stopped")]
    assert [one.detail for one in town.events(TroubleBegan)] == ["person owner"]
    assert town.heard(Role.OWNER) == []
    town.advance(125)
    assert len(town.heard(Role.SHIFT_LEADER)) == 1
    town.reply(Role.OWNER, "START")
    go(town, rounds)
    assert known(town)[-1] == ("owner", "reachable", "reply")
    assert len(town.events(TroubleEnded)) == 1


def test_a_site_of_which_nobody_can_be_reached_is_a_condition_of_the_site_and_one_trouble(
    town: AlarmTown,
) -> None:
    rounds = contacts(town)
    for role in OWN:
        town.phones.trouble[PEOPLE[role]] = Refused("21610")
    town.leak()
    town.advance(600)
    go(town, rounds)
    assert [(one.site, one.reachable) for one in town.events(SiteReachStepped)] == [(SITE, False)]
    assert len(town.events(TroubleBegan)) == 1
    assert town.events(TroubleBegan)[0].detail.startswith("site li, person ")
    town.reply(Role.MAINTENANCE, "START")
    go(town, rounds)
    assert [(one.site, one.reachable) for one in town.events(SiteReachStepped)][-1] == (SITE, True)


def test_a_call_that_nobody_takes_or_can_make_says_nothing_of_the_phone(town: AlarmTown) -> None:
    rounds = contacts(town)
    town.leak()
    town.receipt("SM1", "undelivered", "30003")
    calls = [one for one in town.notices().values() if one.channel == "voice"]
    assert [(one.state, one.code) for one in calls] == [(NoticeState.REFUSED, "no_channel")]
    go(town, rounds)
    assert known(town) == [], "one lost text is no proof, and nobody has called"


def test_more_of_them_are_told_again_after_a_day_not_one_by_one(town: AlarmTown) -> None:
    rounds = contacts(town)
    town.reply(Role.OWNER, "STOP")
    go(town, rounds)
    town.reply(Role.MAINTENANCE, "STOP")
    go(town, rounds)
    assert len(town.events(TroubleBegan)) == 1
    town.clock.advance_now(DAY_S * 1000)
    go(town, rounds)
    assert [one.detail for one in town.events(TroubleBegan)] == [
        "person owner",
        "person maintenance, person owner",
    ]


def test_everybody_gets_one_test_text_a_month_in_office_hours_and_its_receipt_proves_them(
    town: AlarmTown,
) -> None:
    rounds = contacts(town, days=30)
    for _ in range(31 * 24):
        town.clock.advance_now(3_600_000)
        before = town.phones.count
        go(town, rounds)
        for number in range(before + 1, town.phones.count + 1):
            town.say(ReceiptReceived(channel="twilio_sms", provider_id=f"SM{number}", status="delivered"))
    assert {role: len(town.heard(role)) for role in PEOPLE} == dict.fromkeys(PEOPLE, 1)
    purposes = {notice.purpose for notice in town.notices().values()}
    assert purposes == {NoticePurpose.TEST}
    assert {state for _, state, _ in known(town)} == {"reachable"}
    for role in PEOPLE:
        at_ms = town.start_ms + town.heard_at(role)[0] * 1000
        assert is_office_hour(at_ms, ZONE)


def test_a_new_process_goes_on_where_the_old_one_was(town: AlarmTown) -> None:
    town.reply(Role.OWNER, "STOP")
    go(town, contacts(town))
    go(town, contacts(town))
    assert len(known(town)) == 1
    assert len(town.events(TroubleBegan)) == 1
