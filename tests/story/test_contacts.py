"""People who can't be reached: found by receipts, refusals, STOP and monthly tests; told once, not site by site."""

from pathlib import Path
from typing import Final

import pytest

from alerts.rules.delivery import Refused
from alerts.rules.reach import is_office_hour
from alerts.rules.words_of_texts import CONTACT_CALL
from alerts.service.contacts import Reachable
from alerts.service.courier import Courier
from alerts.service.switchboard import Registered, Switchboard
from gascore.alarm import ChannelKind, Notice, NoticePurpose, NoticeState
from gascore.contacts import ContactStepped, SiteReachStepped
from gascore.journal import KeyPressed, NoticeStepped, ReceiptReceived, TroubleBegan, TroubleEnded
from gascore.registry import Duty, Ledger, Person, Role
from gascore.words import Language, NoticeId, PersonId
from gaswatch.stores.contacts import SqlContactBooks
from gaswatch.stores.desk import SqlBooks
from support.alarm_town import PEOPLE, SITE, ZONE, AlarmTown
from support.phones import Phones

DAY_S: Final = 86_400
OWN: Final = (Role.OWNER, Role.SAFETY_OFFICER, Role.MAINTENANCE)


@pytest.fixture
def town(tmp_path: Path) -> AlarmTown:
    return AlarmTown(tmp_path)


def contacts(town: AlarmTown, days: int = 0) -> Reachable:
    def way(phone: str) -> ChannelKind | None:
        kinds = (ChannelKind.SMS, ChannelKind.VOICE)
        return next((one for one in kinds if town.switchboard.for_(one, phone)), None)

    return Reachable(SqlContactBooks(town.engine), ZONE, days, town.audit, way)


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


def notice(
    town: AlarmTown,
    role: Role,
    state: NoticeState,
    *,
    channel: ChannelKind = ChannelKind.SMS,
    provider: str | None = "twilio_sms",
    code: str | None = None,
) -> None:
    """A notice to this person, as the journal says it; created now."""
    now_ms = town.clock.now_ms()
    one = Notice(
        id=NoticeId(900),
        alarm=None,
        person=PersonId(role.value),
        role="",
        step=0,
        channel=channel,
        purpose=NoticePurpose.RAISED,
        state=state,
        created_ms=now_ms,
        provider=provider,
        code=code,
    )
    town.journal.append([NoticeStepped(notice=one)], now_ms)


@pytest.mark.parametrize(
    ("channel", "provider", "code"),
    [
        (ChannelKind.SMS, None, "budget"),
        (ChannelKind.SMS, None, "no_channel"),
        (ChannelKind.SMS, "aliyun_sms", "no_template"),
        (ChannelKind.SMS, "aliyun_sms", "isv.SMS_TEMPLATE_ILLEGAL"),
        (ChannelKind.SMS, "aliyun_sms", "isv.BUSINESS_LIMIT_CONTROL"),
        (ChannelKind.SMS, "tencent_sms", "LimitExceeded.PhoneNumberDailyLimit"),
        (ChannelKind.EMAIL, "email", "550"),
        (ChannelKind.IM, "im", "21211"),
    ],
)
def test_what_we_or_a_provider_refuse_marks_nobody_unreachable(
    town: AlarmTown, channel: ChannelKind, provider: str | None, code: str
) -> None:
    rounds = contacts(town)
    for _ in range(3):
        for role in OWN:
            notice(town, role, NoticeState.REFUSED, channel=channel, provider=provider, code=code)
            notice(town, role, NoticeState.UNDELIVERED, channel=channel, provider=provider, code=code)
    go(town, rounds)
    assert known(town) == []
    assert town.events(SiteReachStepped) == []
    assert town.events(TroubleBegan) == []


@pytest.mark.parametrize(
    "channel", [ChannelKind.EMAIL, ChannelKind.IM, ChannelKind.WEBHOOK, ChannelKind.CONSOLE]
)
def test_what_a_robot_or_a_board_took_does_not_clear_a_dead_phone(
    town: AlarmTown, channel: ChannelKind
) -> None:
    rounds = contacts(town)
    notice(town, Role.OWNER, NoticeState.REFUSED, code="21211")
    go(town, rounds)
    notice(town, Role.OWNER, NoticeState.DELIVERED, channel=channel, provider="webhook")
    go(town, rounds)
    assert known(town) == [("owner", "unreachable", "21211")]


def test_a_text_that_arrives_after_a_stop_and_a_code_prove_that_texts_go_on(town: AlarmTown) -> None:
    rounds = contacts(town)
    for role in (Role.OWNER, Role.MAINTENANCE, Role.SAFETY_OFFICER):
        town.reply(role, "T")
        go(town, rounds)
    town.clock.advance_now(1_000)
    notice(town, Role.OWNER, NoticeState.DELIVERED)
    town.reply(Role.MAINTENANCE, "137,5分钟到")
    town.reply(Role.SAFETY_OFFICER, "谢谢")
    go(town, rounds)
    assert known(town)[3:] == [("owner", "reachable", "sms"), ("maintenance", "reachable", "reply")]


def test_a_text_of_before_the_stop_proves_nothing(town: AlarmTown) -> None:
    rounds = contacts(town)
    town.leak()
    town.clock.advance_now(1_000)
    town.reply(Role.OWNER, "T")
    town.receipt("SM1", "delivered")
    go(town, rounds)
    assert known(town)[-1] == ("owner", "unreachable", "stopped")


def test_a_person_who_is_added_to_a_site_that_nobody_reached_makes_it_reachable_at_once(
    town: AlarmTown,
) -> None:
    rounds = contacts(town)
    for role in OWN:
        notice(town, role, NoticeState.REFUSED, code="21211")
    go(town, rounds)
    now_ms = town.clock.now_ms()
    new = Person(id=PersonId("new"), name="新", name_en="New", phone="+8613900000099")
    town.registry.put(Ledger(people=(new,)), by="test", at_ms=now_ms)
    town.registry.put(Ledger(duties=(Duty(new.id, Role.OWNER, SITE),)), by="test", at_ms=now_ms)
    go(town, rounds)
    assert [one.reachable for one in town.events(SiteReachStepped)] == [False, True]


def test_a_person_who_was_added_while_nobody_looked_makes_it_reachable_too(town: AlarmTown) -> None:
    for role in OWN:
        notice(town, role, NoticeState.REFUSED, code="21211")
    go(town, contacts(town))
    new = Person(id=PersonId("new"), name="新", name_en="New", phone="+8613900000099")
    ledger = Ledger(people=(new,), duties=(Duty(new.id, Role.OWNER, SITE),))
    town.registry.put(ledger, by="test", at_ms=town.clock.now_ms())
    go(town, contacts(town))
    assert [one.reachable for one in town.events(SiteReachStepped)] == [False, True]


def test_a_line_that_takes_no_texts_is_called_once_a_month_and_its_key_proves_it(town: AlarmTown) -> None:
    calls = Phones(town.clock, town.start_ms, name="aliyun_voice", kind=ChannelKind.VOICE, cannot_say=True)
    town.switchboard = Switchboard([Registered(town.phones), Registered(calls)], town.clock)
    town.courier = Courier(SqlBooks(town.engine), town.switchboard, town.house_rules)
    desk = Person(id=PersonId("desk"), name="前台", name_en="Desk", phone="+861012345678")
    town.registry.put(Ledger(people=(desk,)), by="test", at_ms=town.clock.now_ms())
    rounds = contacts(town, days=30)
    for _ in range(31 * 4):
        town.clock.advance_now(6 * 3_600_000)
        go(town, rounds)
    assert [text for _, text in calls.inbox[desk.phone]] == [CONTACT_CALL[Language.ZH]]
    assert desk.phone not in town.phones.inbox
    assert not [one for one in known(town) if one[0] == "desk"]
    call = next(id_ for id_, one in town.notices().items() if one.person == "desk")
    town.say(KeyPressed(channel="voice", provider_id="CA1", digit="1", notice=NoticeId(call)))
    go(town, rounds)
    assert known(town)[-1] == ("desk", "reachable", "voice")


def test_a_number_that_nothing_can_carry_is_not_tested(town: AlarmTown) -> None:
    desk = Person(id=PersonId("desk"), name="前台", name_en="Desk", phone="+861012345678")
    town.registry.put(Ledger(people=(desk,)), by="test", at_ms=town.clock.now_ms())
    rounds = contacts(town, days=1)
    for _ in range(48):
        town.clock.advance_now(3_600_000)
        go(town, rounds)
    assert "desk" not in {one.person for one in town.notices().values()}
    assert not [one for one in known(town) if one[0] == "desk"]


def test_another_stop_is_told_as_soon_as_the_first_one_was_heard_of(town: AlarmTown) -> None:
    rounds = contacts(town)
    town.reply(Role.OWNER, "STOP")
    go(town, rounds)
    town.advance(200)
    town.reply(Role.MAINTENANCE, "STOP")
    go(town, rounds)
    assert len(town.events(TroubleBegan)) == 1, "told too soon, the first one would be lost"
    town.advance(100)
    go(town, rounds)
    assert [one.detail for one in town.events(TroubleBegan)][1:] == ["person maintenance, person owner"]
    town.advance(125)
    assert len([text for _, text in town.heard(Role.SHIFT_LEADER) if "解除" not in text]) == 2


def test_only_some_stops_a_day_are_told_at_once(town: AlarmTown) -> None:
    rounds = contacts(town)
    for role in Role:
        town.reply(role, "STOP")
        town.clock.advance_now(600_000)
        go(town, rounds)
    assert len(PEOPLE) > 6
    assert len(town.events(TroubleBegan)) == 6
    town.clock.advance_now(DAY_S * 1000)
    go(town, rounds)
    assert len(town.events(TroubleBegan)) == 7


def test_more_of_them_are_told_again_after_a_day_not_one_by_one(town: AlarmTown) -> None:
    rounds = contacts(town)
    notice(town, Role.OWNER, NoticeState.REFUSED, code="21211")
    go(town, rounds)
    town.advance(1_000)
    notice(town, Role.MAINTENANCE, NoticeState.REFUSED, code="21211")
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
