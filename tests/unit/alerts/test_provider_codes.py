"""What a provider's refusal means."""

import pytest

from alerts.rules.china_codes import ALIYUN, TENCENT, Codes
from alerts.rules.delivery import LONGEST_RETRY_MS, NoAnswer, Refused, Sent, TryLater
from alerts.rules.provider_codes import BAD_NUMBER, OUR_ACCOUNT, meaning_of
from gascore.alarm import AlarmKind
from gascore.plans import built_in
from gascore.policy import Facts
from gascore.priority import priority_of
from gascore.words import Level, Priority, RoomKind


@pytest.mark.parametrize(
    ("status", "code", "meaning"),
    [
        (400, 21211, Refused("21211")),
        (403, 21610, Refused("21610")),
        (400, 21608, Refused("21608", elsewhere=True)),
        (400, 21408, Refused("21408", elsewhere=True)),
        (400, 21612, Refused("21612", elsewhere=True)),
        (404, 20404, TryLater("20404", LONGEST_RETRY_MS, account=True)),
        (422, None, Refused("422", elsewhere=True)),
        (429, 20429, TryLater("20429")),
        (500, None, NoAnswer("500")),
        (502, None, NoAnswer("502")),
        (504, 20500, NoAnswer("20500")),
        (503, 20503, TryLater("20503")),
        (401, 20003, TryLater("20003", LONGEST_RETRY_MS, account=True)),
        (403, None, TryLater("403", LONGEST_RETRY_MS, account=True)),
        (400, 21606, TryLater("21606", LONGEST_RETRY_MS, account=True)),
    ],
)
def test_the_number_the_hour_or_the_account(status: int, code: int | None, meaning: Sent) -> None:
    assert meaning_of(status, code) == meaning


ACCOUNT = LONGEST_RETRY_MS


@pytest.mark.parametrize(
    ("codes", "code", "status", "meaning"),
    [
        (ALIYUN, "isv.MOBILE_NUMBER_ILLEGAL", 200, Refused("isv.MOBILE_NUMBER_ILLEGAL")),
        (ALIYUN, "isv.BUSINESS_LIMIT_CONTROL", 200, Refused("isv.BUSINESS_LIMIT_CONTROL", elsewhere=True)),
        (
            ALIYUN,
            "isv.SMS_TEMPLATE_ILLEGAL",
            200,
            Refused("isv.SMS_TEMPLATE_ILLEGAL", elsewhere=True, ours=True),
        ),
        (
            ALIYUN,
            "isv.TTS_TEMPLATE_ILLEGAL",
            200,
            Refused("isv.TTS_TEMPLATE_ILLEGAL", elsewhere=True, ours=True),
        ),
        (ALIYUN, "isv.PARAM_LENGTH_LIMIT", 200, Refused("isv.PARAM_LENGTH_LIMIT", elsewhere=True, ours=True)),
        (ALIYUN, "isv.SOMETHING_NEW", 200, Refused("isv.SOMETHING_NEW", elsewhere=True)),
        (ALIYUN, "isv.OUT_OF_SERVICE", 200, TryLater("isv.OUT_OF_SERVICE", ACCOUNT, account=True)),
        (ALIYUN, "isp.RAM_PERMISSION_DENY", 200, TryLater("isp.RAM_PERMISSION_DENY", ACCOUNT, account=True)),
        (ALIYUN, "Throttling.User", 400, TryLater("Throttling.User")),
        (ALIYUN, "ServiceUnavailable", 503, TryLater("ServiceUnavailable")),
        (ALIYUN, "isp.SYSTEM_ERROR", 200, NoAnswer("isp.SYSTEM_ERROR")),
        (ALIYUN, "isp.GATEWAY_TIMEOUT", 200, NoAnswer("isp.GATEWAY_TIMEOUT")),
        (ALIYUN, "InternalError", 500, NoAnswer("InternalError")),
        (ALIYUN, "502", 502, NoAnswer("502")),
        (ALIYUN, "429", 429, TryLater("429")),
        (ALIYUN, "503", 503, TryLater("503")),
        (TENCENT, "InternalError.OtherError", 200, NoAnswer("InternalError.OtherError")),
        (TENCENT, "RequestLimitExceeded", 200, TryLater("RequestLimitExceeded")),
        (
            TENCENT,
            "LimitExceeded.DeliveryFrequencyLimit",
            200,
            Refused("LimitExceeded.DeliveryFrequencyLimit", elsewhere=True),
        ),
        (
            TENCENT,
            "FailedOperation.TemplateIncorrectOrUnapproved",
            200,
            Refused("FailedOperation.TemplateIncorrectOrUnapproved", elsewhere=True, ours=True),
        ),
        (
            TENCENT,
            "FailedOperation.PhoneNumberInBlacklist",
            200,
            Refused("FailedOperation.PhoneNumberInBlacklist"),
        ),
    ],
)
def test_each_chinese_code_means_the_number_the_provider_the_template_the_account_or_nothing_certain(
    codes: Codes, code: str, status: int, meaning: Sent
) -> None:
    assert codes.meaning(code, status) == meaning


@pytest.mark.parametrize("codes", [ALIYUN, TENCENT])
def test_no_chinese_code_stands_in_two_lists(codes: Codes) -> None:
    lists = [codes.refused, codes.elsewhere, codes.template, codes.account, codes.later, codes.unclear]
    assert len(frozenset().union(*lists)) == sum(map(len, lists))


def test_no_code_means_two_things() -> None:
    assert BAD_NUMBER.isdisjoint(OUR_ACCOUNT)


@pytest.mark.parametrize(
    ("level", "room", "wrong_gas", "priority"),
    [
        (Level.LOW, RoomKind.KITCHEN, False, Priority.HIGH),
        (Level.LOW, None, False, Priority.HIGH),
        (Level.LOW, RoomKind.CYLINDER_ROOM, False, Priority.URGENT),
        (Level.LOW, RoomKind.KITCHEN, True, Priority.URGENT),
        (Level.HIGH, RoomKind.KITCHEN, False, Priority.URGENT),
    ],
)
def test_a_leak_is_as_urgent_as_its_place(
    level: Level, room: RoomKind | None, *, wrong_gas: bool, priority: Priority
) -> None:
    assert priority_of(AlarmKind.LEAK, level, room=room, wrong_gas=wrong_gas) is priority


@pytest.mark.parametrize(
    "kind", sorted(set(AlarmKind) - {AlarmKind.LEAK, AlarmKind.UNKNOWN_LEAK, AlarmKind.TREND})
)
def test_what_is_no_leak_is_of_medium_priority(kind: AlarmKind) -> None:
    assert priority_of(kind, Level.NONE, room=RoomKind.CYLINDER_ROOM, wrong_gas=True) is Priority.MEDIUM


def test_a_trend_is_for_the_console_alone() -> None:
    priority = priority_of(AlarmKind.TREND, Level.NONE, room=RoomKind.CYLINDER_ROOM, wrong_gas=True)
    assert priority is Priority.LOW
    assert built_in(Facts(AlarmKind.TREND, priority)).steps == ()
