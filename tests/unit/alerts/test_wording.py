"""Every text fits one segment, and says what a person must know."""

import itertools
from typing import Final
from zoneinfo import ZoneInfo

import msgspec
import pytest

from alerts.rules.wording import LIMIT, Names, Reader, answer_of, limit_of, said_of, which_one
from alerts.rules.words_of_texts import CALL, CALL_LENGTH, TO_DO
from gascore.alarm import Alarm, AlarmKind, GroupKind, NoticePurpose, Outage
from gascore.operators import Outcome
from gascore.words import AlarmId, Language, Level, Priority, RoomKind

ZONE: Final = ZoneInfo("Asia/Shanghai")
ZH: Final = Reader(Language.ZH, ZONE)
EN: Final = Reader(Language.EN, ZONE)
T: Final = 1_790_000_000_000
LONGEST: Final = {Language.ZH: "老城区液化气供应站", Language.EN: "Old Town Depots"}  # one too many
CALLS: Final = (CALL, "9" * CALL_LENGTH)
OF_NO_ALARM: Final = {NoticePurpose.ANSWER, NoticePurpose.TEST}
TELLING: Final = tuple(purpose for purpose in NoticePurpose if purpose not in OF_NO_ALARM)


def text_of(
    alarm: Alarm, purpose: NoticePurpose, *, names: Names, reader: Reader, reply_code: str | None
) -> str:
    return said_of(alarm, purpose, names=names, reader=reader, reply_code=reply_code).text


def an_alarm(kind: AlarmKind = AlarmKind.LEAK, level: Level = Level.HIGH) -> Alarm:
    return Alarm(
        id=AlarmId(1),
        key="k",
        kind=kind,
        priority=Priority.URGENT,
        version=1,
        active=True,
        latched=True,
        opened_ms=T,
        changed_ms=T,
        received_ms=T,
        since_ms=T,
        level=level,
        peak_level=level,
        peak_lel=100.0,
        late=True,
        acked_by="Maximilian the Great",
        acked_ms=T,
    )


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("purpose", TELLING)
@pytest.mark.parametrize("kind", AlarmKind)
def test_every_text_fits_one_segment(
    kind: AlarmKind, purpose: NoticePurpose, language: Language, call: str
) -> None:
    must = TO_DO[language][kind][0].format(call=call)
    for level, room in itertools.product(Level, (*RoomKind, None)):
        text = text_of(
            an_alarm(kind, level),
            purpose,
            names=Names(LONGEST[language], room),
            reader=Reader(language, ZONE, call),
            reply_code="9999",
        )
        assert len(text) <= limit_of(text), text
        assert LONGEST[language][:-1] in text
        assert ("9999" in text) == (purpose is not NoticePurpose.CLEARED)
        assert (must in text) == (purpose is not NoticePurpose.CLEARED) or not must
        assert language is Language.ZH or text.isascii()


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("purpose", TELLING)
def test_the_text_of_an_outage_fits_with_a_million_detectors_and_says_how_many_if_it_can(
    purpose: NoticePurpose, language: Language
) -> None:
    def said(number: int, name: str) -> str:
        outage = Outage(GroupKind.AREA, "a", number, number, number)
        alarm = msgspec.structs.replace(
            an_alarm(AlarmKind.OUTAGE, Level.NONE), outage=outage, late=False, latched=False
        )
        names = Names(name)
        return text_of(alarm, purpose, names=names, reader=Reader(language, ZONE), reply_code="9999")

    text = said(1_000_000, LONGEST[language])
    assert len(text) <= limit_of(text)
    if purpose is NoticePurpose.RAISED:
        assert "40/40" in said(40, LONGEST[language])


def test_an_outage_says_where_how_many_when_and_that_leaks_are_told_besides() -> None:
    alarm = msgspec.structs.replace(
        an_alarm(AlarmKind.OUTAGE, Level.NONE),
        outage=Outage(GroupKind.AREA, "a", 40, 40, 52),
        late=False,
    )
    assert (
        text_of(alarm, NoticePurpose.RAISED, names=Names("老城东格"), reader=ZH, reply_code="137")
        == "【燃气监管】老城东格成片离线40/52,22:13。请查停电或网络,泄漏照常另报。回137接手"
    )
    assert (
        text_of(alarm, NoticePurpose.RAISED, names=Names("Old Town"), reader=EN, reply_code="137")
        == "Mass outage Old Town 40/52 22:13 power? Reply 137"
    )


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("outcome", Outcome)
def test_every_answer_fits_one_segment(outcome: Outcome, language: Language) -> None:
    for alarm in (
        None,
        an_alarm(),
        msgspec.structs.replace(an_alarm(), acked_by=None, acked_ms=None, closed_ms=T),
    ):
        text = answer_of(outcome, alarm, site=LONGEST[language], reader=Reader(language, ZONE)).text
        assert len(text) <= LIMIT, text
    assert len(which_one(tuple(str(n) for n in range(1000, 1900)), language).text) <= LIMIT


def test_a_leak_says_where_how_much_when_what_to_do_and_how_to_answer() -> None:
    alarm = msgspec.structs.replace(an_alarm(), late=False, peak_lel=62.4)
    names = Names("李家面馆", RoomKind.CYLINDER_ROOM)
    assert (
        text_of(alarm, NoticePurpose.RAISED, names=names, reader=ZH, reply_code="137")
        == "【燃气监管】李家面馆气瓶间燃气泄漏高限62%LEL,22:13。关阀禁火禁电,撤到室外拨119,开窗。回137接手"
    )
    assert (
        text_of(
            alarm,
            NoticePurpose.WORSE,
            names=Names("Li's Bar", RoomKind.KITCHEN),
            reader=EN,
            reply_code="137",
        )
        == "Worse:GAS LEAK HIGH 62%LEL Li's Bar kitchen 22:13 GET OUT, CLOSE VALVE, NO FLAME, NO SWITCHES,"
        " OUTSIDE CALL 119 Reply 137"
    )
    assert (
        text_of(alarm, NoticePurpose.CLEARED, names=names, reader=ZH, reply_code=None)
        == "【燃气监管】解除:李家面馆气瓶间燃气泄漏,22:13"
    )


def test_a_text_without_a_place_still_says_what_is_wrong() -> None:
    alarm = msgspec.structs.replace(an_alarm(AlarmKind.BLIND, Level.NONE), late=False)
    text = text_of(
        alarm,
        NoticePurpose.RAISED,
        names=Names("collector"),
        reader=EN,
        reply_code="100",
    )
    assert text == "Monitoring down collector 22:13 stay alert Reply 100"


def test_an_answer_says_who_has_taken_over() -> None:
    alarm = msgspec.structs.replace(an_alarm(), acked_by="王五")
    assert (
        answer_of(Outcome.DONE, alarm, site="李家面馆", reader=ZH).text
        == "【燃气监管】李家面馆:王五已于22:13接手,谢谢"
    )
    assert "已由王五" in answer_of(Outcome.ALREADY, alarm, site="李家面馆", reader=ZH).text


@pytest.mark.parametrize("language", Language)
def test_a_leak_that_is_over_and_unanswered_is_told_as_such(language: Language) -> None:
    ended = msgspec.structs.replace(an_alarm(), active=False, level=Level.NONE)
    for kind, room in itertools.product((AlarmKind.LEAK, AlarmKind.UNKNOWN_LEAK), (*RoomKind, None)):
        text = text_of(
            msgspec.structs.replace(ended, kind=kind),
            NoticePurpose.RAISED,
            names=Names(LONGEST[language], room),
            reader=Reader(language, ZONE),
            reply_code="9999",
        )
        assert len(text) <= limit_of(text), text
        assert "9999" in text
        assert ("无人确认" if language is Language.ZH else "unanswered") in text
        assert TO_DO[language][AlarmKind.LEAK][0].format(call=CALL) not in text


def test_what_has_been_so_for_long_has_its_date_instead_of_a_time_of_day() -> None:
    old = msgspec.structs.replace(
        an_alarm(AlarmKind.WRONG_GAS, Level.NONE), since_ms=T - 30 * 86_400_000, late=False
    )
    said = text_of(
        old, NoticePurpose.RAISED, names=Names("老灶台", RoomKind.KITCHEN), reader=ZH, reply_code="101"
    )
    assert said == "【燃气监管】老灶台厨房探测器气种不符,08-22。漏气可能不报警,请更换。回101接手"


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("room", [*RoomKind, None])
@pytest.mark.parametrize("late", [True, False])
@pytest.mark.parametrize("purpose", [NoticePurpose.RAISED, NoticePurpose.WORSE, NoticePurpose.REPEAT])
def test_a_leak_always_says_valve_flame_switches_out_and_call_from_outside(
    purpose: NoticePurpose, *, late: bool, room: RoomKind | None, call: str
) -> None:
    alarm = msgspec.structs.replace(an_alarm(), late=late)
    zh, en = Reader(Language.ZH, ZONE, call), Reader(Language.EN, ZONE, call)
    chinese = text_of(alarm, purpose, names=Names(LONGEST[Language.ZH], room), reader=zh, reply_code="9999")
    for must in ("关阀", "禁火", "禁电", "撤到室外", f"室外拨{call}"):
        assert must in chinese
    english = text_of(alarm, purpose, names=Names(LONGEST[Language.EN], room), reader=en, reply_code="9999")
    for must in ("CLOSE VALVE", "NO FLAME", "NO SWITCHES", "GET OUT", f"OUTSIDE CALL {call}", "100%LEL"):
        assert must in english


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("kind", AlarmKind)
def test_a_reminder_fits_and_says_that_it_was_taken_over_when_and_how_to_answer(
    kind: AlarmKind, language: Language
) -> None:
    for level, room in itertools.product(Level, (*RoomKind, None)):
        text = said_of(
            an_alarm(kind, level),
            NoticePurpose.REPEAT,
            names=Names(LONGEST[language], room),
            reader=Reader(language, ZONE, "9" * CALL_LENGTH),
            reply_code="9999",
            remind=True,
        ).text
        assert len(text) <= limit_of(text), text
        assert LONGEST[language][:-1] in text
        for must in ("22:13", "9999", "接手,请再次确认" if language is Language.ZH else "still on it?"):
            assert must in text


def test_a_reminder_reads_like_this() -> None:
    alarm = msgspec.structs.replace(an_alarm(), late=False, peak_lel=62.4)

    def said(reader: Reader, name: str) -> str:
        names = Names(name, RoomKind.KITCHEN)
        return said_of(
            alarm, NoticePurpose.REPEAT, names=names, reader=reader, reply_code="137", remind=True
        ).text

    assert (
        said(ZH, "李家面馆")
        == "【燃气监管】仍在:李家面馆厨房燃气泄漏高限62%LEL,22:13已接手,请再次确认。关阀禁火禁电,撤到室外拨119,开窗。回137接手"
    )
    assert (
        said(EN, "Li's Bar")
        == "Still:GAS LEAK HIGH 62%LEL Li's Bar kitchen, taken over 22:13, still on it? GET OUT, CLOSE VALVE, NO FLAME, "
        "NO SWITCHES, OUTSIDE CALL 119 Reply 137"
    )


def test_a_reminder_of_what_is_over_says_that_it_is_over() -> None:
    ended = msgspec.structs.replace(an_alarm(), active=False, level=Level.NONE)
    said = said_of(ended, NoticePurpose.REPEAT, names=Names("a"), reader=ZH, reply_code="137", remind=True)
    assert "已解除" in said.text


def test_an_english_text_of_a_place_with_a_chinese_name_fits_70_and_still_says_to_get_out() -> None:
    text = text_of(
        an_alarm(),
        NoticePurpose.REPEAT,
        names=Names("老城区液化气供应站老城区液化气", RoomKind.KITCHEN),
        reader=EN,
        reply_code="9999",
    )
    assert len(text) <= LIMIT
    assert "GET OUT" in text


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("purpose", TELLING)
@pytest.mark.parametrize("kind", AlarmKind)
def test_what_a_template_is_given_is_what_the_text_says(
    kind: AlarmKind, purpose: NoticePurpose, language: Language
) -> None:
    reader = Reader(language, ZONE)
    said = said_of(
        msgspec.structs.replace(an_alarm(kind), late=False),
        purpose,
        names=Names("Li's Bar"),
        reader=reader,
        reply_code="137",
    )
    assert said.template == f"{kind}.{purpose}"
    assert {"place", "when"} <= said.params.keys()
    assert all(said.params.values())
    assert ("code" in said.params) == (purpose is not NoticePurpose.CLEARED)
    for name in ("place", "when", "code"):
        assert said.params.get(name, "") in said.text


def test_a_template_is_told_the_level_and_that_the_news_is_late() -> None:
    names = Names("李家面馆", RoomKind.CYLINDER_ROOM)
    said = said_of(an_alarm(), NoticePurpose.RAISED, names=names, reader=ZH, reply_code="137")
    assert said.params == {
        "place": "李家面馆气瓶间",
        "level": "高限100%LEL",
        "when": "22:13(迟报)",
        "code": "137",
    }


def test_what_is_over_but_unanswered_has_a_template_of_its_own() -> None:
    ended = msgspec.structs.replace(an_alarm(), active=False, level=Level.NONE)
    said = said_of(ended, NoticePurpose.REPEAT, names=Names("a"), reader=ZH, reply_code="137")
    assert said.template == "leak.unanswered"
