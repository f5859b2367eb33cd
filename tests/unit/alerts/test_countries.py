"""Who can be reached how."""

import pytest

from alerts.rules.countries import (
    CHINA_ONLY,
    EVERYWHERE,
    TWILIO_SMS,
    TWILIO_VOICE,
    Because,
    Coverage,
    can_answer,
    number_of,
    obstacle,
)
from gascore.alarm import ChannelKind

CHINESE, HONG_KONG, MACAU, GERMAN = "+8613912345678", "+85251234567", "+85366123456", "+4915112345678"
BEIJING_LANDLINE = "+861065551234"


@pytest.mark.parametrize(
    ("coverage", "kind", "address", "why"),
    [
        (TWILIO_SMS, ChannelKind.SMS, CHINESE, None),
        (TWILIO_VOICE, ChannelKind.VOICE, CHINESE, Because.COUNTRY),
        (TWILIO_VOICE, ChannelKind.VOICE, HONG_KONG, None),
        (TWILIO_VOICE, ChannelKind.VOICE, MACAU, None),
        (TWILIO_VOICE, ChannelKind.VOICE, GERMAN, None),
        (CHINA_ONLY, ChannelKind.SMS, CHINESE, None),
        (CHINA_ONLY, ChannelKind.SMS, HONG_KONG, Because.COUNTRY),
        (CHINA_ONLY, ChannelKind.VOICE, BEIJING_LANDLINE, None),
        (EVERYWHERE, ChannelKind.SMS, BEIJING_LANDLINE, Because.LANDLINE),
        (EVERYWHERE, ChannelKind.VOICE, CHINESE, None),
        (EVERYWHERE, ChannelKind.SMS, "13912345678", Because.NO_NUMBER),
        (EVERYWHERE, ChannelKind.SMS, "+86139", Because.NO_NUMBER),
        (EVERYWHERE, ChannelKind.EMAIL, "a@example.org", None),
    ],
)
def test_country_and_line_decide_the_channel(
    coverage: Coverage, kind: ChannelKind, address: str, why: Because | None
) -> None:
    assert obstacle(coverage, kind, address) is why


@pytest.mark.parametrize("address", ["+8610000000001", "+8619912345678", "+12025550100"])
def test_a_number_whose_line_nobody_knows_is_tried_by_text_and_by_voice(address: str) -> None:
    assert obstacle(EVERYWHERE, ChannelKind.SMS, address) is None
    assert obstacle(EVERYWHERE, ChannelKind.VOICE, address) is None


def test_from_mainland_china_nobody_can_answer_a_text_of_twilio() -> None:
    assert not can_answer(TWILIO_SMS, CHINESE)
    assert can_answer(TWILIO_SMS, HONG_KONG)
    assert can_answer(CHINA_ONLY, CHINESE)


def test_a_number_in_nobodys_plan_is_possible_but_not_valid() -> None:
    made_up = number_of("+8610000000001")
    assert made_up is not None
    assert not made_up.is_valid
