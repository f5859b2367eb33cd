"""What a text from a person means."""

import pytest

from alerts.rules.replies import Chatter, NoSuchCode, Reply, Takes, WhichOne, has_code, new_code, parse
from gascore.words import AlarmId

ONE = {"137": AlarmId(37)}
TWO = {"137": AlarmId(37), "138": AlarmId(38)}


@pytest.mark.parametrize(
    ("body", "open_codes", "meaning"),
    [
        ("137", TWO, Takes((AlarmId(37),))),
        (" 138 。", TWO, Takes((AlarmId(38),))),
        ("回137接手", TWO, Takes((AlarmId(37),))),
        ("1 3 7", TWO, Takes((AlarmId(37),))),
        ("999", TWO, NoSuchCode()),
        ("137", {}, NoSuchCode()),
        ("1", ONE, Takes((AlarmId(37),))),
        ("收到", ONE, Takes((AlarmId(37),))),
        ("OK!", ONE, Takes((AlarmId(37),))),
        ("ok", {"137": AlarmId(37), "140": AlarmId(37)}, Takes((AlarmId(37),))),
        ("收到", TWO, WhichOne(("137", "138"))),
        ("1", TWO, WhichOne(("137", "138"))),
        ("收到", {}, NoSuchCode()),
        ("STOP", ONE, Chatter()),
        ("what is this?", ONE, Chatter()),
        ("", ONE, Chatter()),
    ],
)
def test_a_code_or_a_lonely_yes_takes_over(body: str, open_codes: dict[str, AlarmId], meaning: Reply) -> None:
    assert parse(body, open_codes, set(open_codes.values())) == meaning


BUNDLED = {"101": AlarmId(1), "102": AlarmId(2), "137": AlarmId(37)}
ALL = set(BUNDLED.values())


@pytest.mark.parametrize(
    ("body", "taken"),
    [
        ("137,5分钟到", {37}),
        ("137，5分钟到", {37}),
        ("137 5分钟到", {37}),
        ("回137,我10分钟后到", {37}),
        ("我10分钟后到,137", {37}),
        ("我102分钟后到,137", {37}),
        ("137 there in 10 min", {37}),
        ("１３７", {37}),
        ("回１３７，马上到", {37}),
        ("回1 3 7,我10分钟后到", {37}),
        ("1.3.7", {37}),
        ("137号", {37}),
        ("137号报警接手", {37}),
        ("137.", {37}),
        ("【137】", {37}),
        ("137 137", {37}),
        ("101 102", {1, 2}),
        ("101,102", {1, 2}),
        ("101、102都接手", {1, 2}),
        ("回101和102接手", {1, 2}),
        ("101 and 102", {1, 2}),
        ("101\n102\n137", {1, 2, 37}),
        ("101 999", {1}),
        ("137,我坐102路来", {37}),
        ("收到 137", {37}),
    ],
)
def test_a_code_is_found_as_it_stands_among_other_words_and_numbers(body: str, taken: set[int]) -> None:
    meaning = parse(body, BUNDLED, ALL)
    assert isinstance(meaning, Takes)
    assert set(meaning.alarms) == {AlarmId(one) for one in taken}
    assert len(meaning.alarms) == len(taken)


def test_a_number_that_is_a_code_by_chance_takes_nothing_over() -> None:
    assert parse("我带102号车来,137", BUNDLED, ALL) == WhichOne(("102", "137")), "asked, not guessed"
    assert parse("137,带102号车来", BUNDLED, ALL) == Takes((AlarmId(37),)), "it begins with the code"
    assert parse("102分钟后到", BUNDLED, ALL) == NoSuchCode()
    assert parse("1小时37分", BUNDLED, ALL) == NoSuchCode(), "digits from here and there are no code"
    assert parse("13800001370", BUNDLED, ALL) == NoSuchCode(), "a telephone number is none"
    assert parse("电话+86-137-0000-0102", BUNDLED, ALL) == NoSuchCode()
    assert parse("10:137", BUNDLED, ALL) == NoSuchCode()


@pytest.mark.parametrize("body", ["137", "回137", "1001", "137,5分钟到"])
def test_a_number_may_be_a_code(body: str) -> None:
    assert has_code(body)


@pytest.mark.parametrize("body", ["", "T", "谢谢", "1", "13800001370", "在102路上"])
def test_and_other_words_are_none(body: str) -> None:
    assert not has_code(body)


def test_a_yes_means_the_alarm_that_still_waits_for_somebody() -> None:
    assert parse("ok", TWO, {AlarmId(38)}) == Takes((AlarmId(38),))
    assert parse("ok", ONE, ()) == Takes((AlarmId(37),))


def test_codes_are_three_digits_and_new_to_the_phone() -> None:
    assert new_code(AlarmId(37), ()) == "137"
    assert new_code(AlarmId(937), ()) == "137"
    assert new_code(AlarmId(937), {"137", "138"}) == "139"
    assert new_code(AlarmId(899), {"999"}) == "100"


def test_a_phone_with_nine_hundred_open_alarms_gets_four_digits() -> None:
    full = {str(n) for n in range(100, 1000)}
    assert new_code(AlarmId(1), full) == "1000"
    assert new_code(AlarmId(1), full | {"1000"}) == "1001"
