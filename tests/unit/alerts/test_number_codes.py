"""Which codes speak of the number itself."""

import pytest

from alerts.rules.china_codes import ALIYUN, TENCENT
from alerts.rules.number_codes import LOSES, REFUSES, loses, refuses
from alerts.rules.provider_codes import BAD_NUMBER


@pytest.mark.parametrize(
    ("provider", "code"),
    [
        ("twilio_sms", "21211"),
        ("twilio_sms", "21610"),
        ("aliyun_sms", "isv.MOBILE_NUMBER_ILLEGAL"),
        ("tencent_sms", "FailedOperation.PhoneNumberInBlacklist"),
    ],
)
def test_a_wrong_number_is_refused_for_its_own_sake(provider: str, code: str) -> None:
    assert refuses(provider, code)


@pytest.mark.parametrize(
    ("provider", "code"),
    [
        (None, "no_channel"),
        (None, "budget"),
        ("twilio_sms", "budget"),
        ("aliyun_sms", "no_template"),
        ("aliyun_sms", "isv.BUSINESS_LIMIT_CONTROL"),
        ("aliyun_sms", "isv.DAY_LIMIT_CONTROL"),
        ("aliyun_sms", "isv.SMS_TEMPLATE_ILLEGAL"),
        ("tencent_sms", "LimitExceeded.PhoneNumberDailyLimit"),
        ("tencent_sms", "FailedOperation.TemplateIncorrectOrUnapproved"),
        ("twilio_sms", "21408"),
        ("twilio_sms", "21612"),
        ("twilio_sms", "400"),
        ("email", "550"),
        ("email", "21211"),
        ("im", "93000"),
        ("twilio_sms", None),
        ("twilio_sms", ""),
    ],
)
def test_what_is_our_own_or_the_providers_doing_says_nothing_of_the_number(
    provider: str | None, code: str | None
) -> None:
    assert not refuses(provider, code)
    assert not loses(provider, code)


@pytest.mark.parametrize(
    ("provider", "code", "is_the_numbers"),
    [
        ("twilio_sms", "30003", True),
        ("twilio_sms", "30005", True),
        ("twilio_sms", "30007", False),
        ("twilio_sms", "30008", False),
        ("aliyun_sms", "MK:0008", True),
        ("aliyun_sms", "CONTENT_KEYWORD", False),
        ("aliyun_sms", "REJECTD", False),
        ("tencent_sms", "停机", True),
        ("tencent_sms", "运营商关键字拦截", False),
        ("tencent_sms", None, False),
    ],
)
def test_a_text_is_lost_for_its_number_or_for_its_words(
    provider: str, code: str | None, *, is_the_numbers: bool
) -> None:
    assert loses(provider, code) is is_the_numbers


def test_each_code_of_a_request_is_one_that_the_provider_refuses_for_good() -> None:
    assert {int(one) for one in REFUSES["twilio_sms"]} <= BAD_NUMBER
    assert REFUSES["aliyun_sms"] <= ALIYUN.refused
    assert REFUSES["tencent_sms"] <= TENCENT.refused
    assert LOSES.keys() == REFUSES.keys()
