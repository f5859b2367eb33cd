"""What a text from a person means."""

import pytest

from alerts.rules.replies import Chatter, NoSuchCode, Reply, Takes, WhichOne, new_code, parse
from gascore.words import AlarmId

ONE = {"137": AlarmId(37)}
TWO = {"137": AlarmId(37), "138": AlarmId(38)}


@pytest.mark.parametrize(
    ("body", "open_codes", "meaning"),
    [
        ("137", TWO, Takes(AlarmId(37))),
        (" 138 。", TWO, Takes(AlarmId(38))),
        ("回137接手", TWO, Takes(AlarmId(37))),
        ("1 3 7", TWO, Takes(AlarmId(37))),
        ("999", TWO, NoSuchCode()),
        ("137", {}, NoSuchCode()),
        ("1", ONE, Takes(AlarmId(37))),
        ("收到", ONE, Takes(AlarmId(37))),
        ("OK!", ONE, Takes(AlarmId(37))),
        ("ok", {"137": AlarmId(37), "140": AlarmId(37)}, Takes(AlarmId(37))),
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


def test_a_yes_means_the_alarm_that_still_waits_for_somebody() -> None:
    assert parse("ok", TWO, {AlarmId(38)}) == Takes(AlarmId(38))
    assert parse("ok", ONE, ()) == Takes(AlarmId(37))


def test_codes_are_three_digits_and_new_to_the_phone() -> None:
    assert new_code(AlarmId(37), ()) == "137"
    assert new_code(AlarmId(937), ()) == "137"
    assert new_code(AlarmId(937), {"137", "138"}) == "139"
    assert new_code(AlarmId(899), {"999"}) == "100"


def test_a_phone_with_nine_hundred_open_alarms_gets_four_digits() -> None:
    full = {str(n) for n in range(100, 1000)}
    assert new_code(AlarmId(1), full) == "1000"
    assert new_code(AlarmId(1), full | {"1000"}) == "1001"
