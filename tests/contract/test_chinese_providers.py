"""Aliyun and Tencent through their own libraries, on a server that answers as they do, or does not."""

import dataclasses
import json
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Final

import pytest

from alerts.adapters import aliyun, tencent_sms
from alerts.adapters.aliyun_sms import AliyunSms
from alerts.adapters.aliyun_voice import AliyunVoice
from alerts.adapters.tencent_sms import TencentSms
from alerts.ports import Channel
from alerts.rules.delivery import CannotSay, Found, Handed, NoAnswer, NotFound, Refused, Sent, TryLater
from alerts.rules.letters import Health
from gascore.alarm import ChannelKind, NoticeState
from support.letters import PHONE, SINCE_MS, a_book, a_letter
from support.odd_server import OddServer, Reply, an_odd_server

pytestmark = pytest.mark.contract
ANSWER_S: Final = 0.4


@dataclass(frozen=True)
class Provider:
    """How to make a channel to an address, and how the provider says yes and no."""

    channel: Callable[[str], Channel]
    kind: ChannelKind
    yes: dict[str, object]
    handed: str
    no: Callable[[str], dict[str, object]]
    limit: str
    broke: str
    trouble: str
    withdrawn: str


def an_aliyun_sms(url: str) -> Channel:
    account = aliyun.Account("id", "secret", sms_url=url)
    return AliyunSms(account, a_book(), answer_ms=int(ANSWER_S * 1000))


def an_aliyun_voice(url: str) -> Channel:
    account = aliyun.Account("id", "secret", voice_url=url)
    return AliyunVoice(account, a_book(spoken=True), "057100000000", answer_ms=int(ANSWER_S * 1000))


def a_tencent_sms(url: str) -> Channel:
    return TencentSms(tencent_sms.Account("id", "key", "1400", url=url), a_book(), answer_s=ANSWER_S)


def of_tencent(code: str, serial: str = "") -> dict[str, object]:
    row = {"SerialNo": serial, "PhoneNumber": PHONE, "SessionContext": "gw7", "Code": code, "Message": "x"}
    return {"Response": {"SendStatusSet": [row], "RequestId": "r"}}


ALL: Final = {
    "aliyun_sms": Provider(
        an_aliyun_sms,
        ChannelKind.SMS,
        {"Code": "OK", "BizId": "900", "RequestId": "r"},
        "gw7",
        lambda code: {"Code": code, "Message": "x", "RequestId": "r"},
        "isv.BUSINESS_LIMIT_CONTROL",
        "isv.AMOUNT_NOT_ENOUGH",
        "isp.SYSTEM_ERROR",
        "isv.SMS_TEMPLATE_ILLEGAL",
    ),
    "aliyun_voice": Provider(
        an_aliyun_voice,
        ChannelKind.VOICE,
        {"Code": "OK", "CallId": "c^1", "RequestId": "r"},
        "c^1",
        lambda code: {"Code": code, "Message": "x", "RequestId": "r"},
        "isv.BUSINESS_LIMIT_CONTROL",
        "isv.OUT_OF_SERVICE",
        "isp.SYSTEM_ERROR",
        "isv.TTS_TEMPLATE_ILLEGAL",
    ),
    "tencent_sms": Provider(
        a_tencent_sms,
        ChannelKind.SMS,
        of_tencent("Ok", "2026:1"),
        "2026:1",
        of_tencent,
        "LimitExceeded.PhoneNumberDailyLimit",
        "FailedOperation.InsufficientBalanceInSmsPackage",
        "InternalError.OtherError",
        "FailedOperation.TemplateIncorrectOrUnapproved",
    ),
}
EACH = pytest.mark.parametrize("name", ALL)


@pytest.fixture
def server() -> Iterator[OddServer]:
    with an_odd_server() as odd:
        yield odd


def send(server: OddServer, name: str, **changed: str) -> Sent:
    return ALL[name].channel(server.url).send(a_letter(**changed))  # type: ignore[arg-type]  # texts alone


def answers(server: OddServer, body: object, status: int = 200) -> None:
    server.status, server.body, server.mood = status, json.dumps(body), "answer"
    server.headers = {"Content-Type": "application/json"}


@EACH
def test_a_template_is_handed_over_with_its_values(server: OddServer, name: str) -> None:
    answers(server, ALL[name].yes)
    assert send(server, name) == Handed(ALL[name].handed)
    assert len(server.heard) == 1
    query, (_, body) = server.asked[0], server.heard[0]
    if name == "tencent_sms":
        asked = json.loads(body)
        assert asked["PhoneNumberSet"] == [PHONE]
        assert (asked["TemplateId"], asked["SignName"]) == ("T.leak.raised", "燃气监管")
        assert asked["TemplateParamSet"] == ["李家面馆厨房", "高限62%LEL", "22:13", "137"]
    elif name == "aliyun_sms":
        assert (query["PhoneNumbers"], query["TemplateCode"], query["OutId"]) == (
            "13800000001",
            "T.leak.raised",
            "gw7",
        )
        assert json.loads(query["TemplateParam"])["place"] == "李家面馆厨房"
    else:
        assert (query["CalledNumber"], query["StartCode"]) == ("13800000001", "T.leak.raised")
        assert json.loads(query["StartTtsParams"])["level"] == "高限62%LEL"
        assert query["MenuKeyMap.1.Key"] == "1"


@EACH
def test_what_has_no_template_is_refused_without_a_request(server: OddServer, name: str) -> None:
    answers(server, ALL[name].yes)
    assert ALL[name].channel(server.url).send(a_letter(template=None)) == Refused(
        "no_template", elsewhere=True
    )
    assert server.heard == []


@EACH
def test_a_number_that_had_its_share_is_refused_so_that_the_next_is_told(
    server: OddServer, name: str
) -> None:
    answers(server, ALL[name].no(ALL[name].limit))
    assert send(server, name) == Refused(ALL[name].limit, elsewhere=True)


@EACH
def test_a_template_that_was_withdrawn_is_for_another_provider_and_for_us_to_mend(
    server: OddServer, name: str
) -> None:
    answers(server, ALL[name].no(ALL[name].withdrawn))
    assert send(server, name) == Refused(ALL[name].withdrawn, elsewhere=True, ours=True)


@EACH
def test_an_account_without_money_is_the_accounts_fault(server: OddServer, name: str) -> None:
    answers(server, ALL[name].no(ALL[name].broke))
    sent = send(server, name)
    assert isinstance(sent, TryLater)
    assert (sent.code, sent.account) == (ALL[name].broke, True)


@EACH
def test_of_a_providers_own_trouble_nobody_knows_whether_it_was_sent(server: OddServer, name: str) -> None:
    answers(server, ALL[name].no(ALL[name].trouble))
    assert send(server, name) == NoAnswer(ALL[name].trouble)


@EACH
def test_too_many_requests_are_for_later(server: OddServer, name: str) -> None:
    code = "RequestLimitExceeded" if name == "tencent_sms" else "Throttling.User"
    answers(server, ALL[name].no(code))
    assert send(server, name) == TryLater(code)


@EACH
def test_without_the_secret_of_callbacks_nobody_is_expected_to_answer(name: str) -> None:
    account, tencent = aliyun.Account("id", "secret"), tencent_sms.Account("id", "key", "1")
    deaf: dict[str, Channel] = {
        "aliyun_sms": AliyunSms(account, a_book(), hears=False),
        "aliyun_voice": AliyunVoice(account, a_book(spoken=True), "0571", hears=False),
        "tencent_sms": TencentSms(tencent, a_book(), hears=False),
    }
    can = deaf[name].can
    assert (can.replies, can.keys, can.receipts, can.looks_up) == (False, False, False, True)


@EACH
@pytest.mark.parametrize("mood", ["hang", "reset", "babble"])
def test_a_request_that_left_and_got_no_answer_is_unknown_and_not_repeated(
    server: OddServer, name: str, mood: str
) -> None:
    server.mood = mood
    sent = send(server, name)
    assert isinstance(sent, NoAnswer), sent
    assert len(server.heard) == 1


@EACH
@pytest.mark.parametrize(("status", "body"), [(200, "<html>"), (500, "<html>"), (200, "{}"), (200, "[]")])
def test_an_answer_in_other_words_is_no_answer(server: OddServer, name: str, status: int, body: str) -> None:
    server.status, server.body = status, body
    assert isinstance(send(server, name), NoAnswer)
    assert len(server.heard) == 1


@EACH
def test_where_nobody_listens_nothing_was_sent(name: str) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    assert ALL[name].channel(f"http://127.0.0.1:{port}").send(a_letter()) == TryLater("no_connection")


def test_a_wrong_key_is_the_accounts_fault(server: OddServer) -> None:
    answers(server, {"Code": "InvalidAccessKeyId.NotFound", "Message": "x", "RequestId": "r"}, status=404)
    for name in ("aliyun_sms", "aliyun_voice"):
        sent = send(server, name)
        assert isinstance(sent, TryLater)
        assert sent.account
        assert ALL[name].channel(server.url).probe() == Health(ok=False, code="InvalidAccessKeyId.NotFound")
    answers(
        server,
        {"Response": {"Error": {"Code": "AuthFailure.SecretIdNotFound", "Message": "x"}, "RequestId": "r"}},
    )
    sent = send(server, "tencent_sms")
    assert isinstance(sent, TryLater)
    assert sent.account
    assert ALL["tencent_sms"].channel(server.url).probe() == Health(
        ok=False, code="AuthFailure.SecretIdNotFound"
    )


def test_an_account_that_works_is_healthy(server: OddServer) -> None:
    answers(server, {"Code": "OK", "RequestId": "r"})
    assert ALL["aliyun_sms"].channel(server.url).probe() == Health(ok=True)
    assert ALL["aliyun_voice"].channel(server.url).probe() == Health(ok=True)
    answers(server, {"Response": {"TotalCount": 0, "DescribeTemplateStatusSet": [], "RequestId": "r"}})
    assert ALL["tencent_sms"].channel(server.url).probe() == Health(ok=True)


def test_tencents_own_time_out_leaves_open_whether_it_was_sent(server: OddServer) -> None:
    answers(server, of_tencent("InternalError.Timeout"))
    assert send(server, "tencent_sms") == NoAnswer("InternalError.Timeout")


# --- look-ups -------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("status", "code", "state"),
    [
        (1, "", NoticeState.HANDED_OVER),
        (2, "MK:0008", NoticeState.UNDELIVERED),
        (3, "DELIVERED", NoticeState.DELIVERED),
    ],
)
def test_aliyun_finds_a_text_by_our_own_number_of_it(
    server: OddServer, status: int, code: str, state: NoticeState
) -> None:
    rows = [{"OutId": "gw6", "SendStatus": 3}, {"OutId": "gw7", "SendStatus": status, "ErrCode": code}]
    answers(server, {"Code": "OK", "TotalCount": 2, "SmsSendDetailDTOs": {"SmsSendDetailDTO": rows}})
    found = an_aliyun_sms(server.url).look_up(a_letter())
    assert found == Found("gw7", state, code if state is NoticeState.UNDELIVERED else None)
    assert (server.asked[0]["SendDate"], server.asked[0]["PhoneNumber"]) == ("20260921", "13800000001")


def test_aliyun_says_when_it_never_got_a_text(server: OddServer) -> None:
    answers(server, {"Code": "OK", "TotalCount": 0, "SmsSendDetailDTOs": {"SmsSendDetailDTO": []}})
    assert an_aliyun_sms(server.url).look_up(a_letter()) == NotFound()


@EACH
def test_a_look_up_without_an_answer_says_nothing(server: OddServer, name: str) -> None:
    server.mood = "hang"
    letter = a_letter(provider_id=ALL[name].handed)
    assert isinstance(ALL[name].channel(server.url).look_up(letter), CannotSay)


@pytest.mark.parametrize(
    ("call", "state", "code"),
    [
        ({"duration": "12", "endDate": "2026-09-21"}, NoticeState.UNDELIVERED, "no_key"),
        ({"duration": "12", "endDate": "2026-09-21", "dtmf": "1"}, NoticeState.DELIVERED, None),
        ({"duration": "12", "dtmf": ""}, NoticeState.HANDED_OVER, None),
        ({"duration": 0, "endDate": "2026-09-21", "state": "200005"}, NoticeState.UNDELIVERED, "200005"),
        ({}, NoticeState.HANDED_OVER, None),
    ],
)
def test_aliyun_says_what_became_of_a_call(
    server: OddServer, call: dict[str, object], state: NoticeState, code: str | None
) -> None:
    answers(server, {"Code": "OK", "Data": json.dumps(call)})
    voice = an_aliyun_voice(server.url)
    assert voice.look_up(a_letter(provider_id="c^1")) == Found("c^1", state, code)
    assert voice.look_up(a_letter()) == CannotSay("no_call_id")


def test_a_call_of_the_first_minutes_of_a_day_is_asked_for_on_that_day_and_on_the_one_before(
    server: OddServer,
) -> None:
    midnight_ms = 1_790_006_400_000  # 2026-09-22 00:00 in Beijing
    late = dataclasses.replace(a_letter(provider_id="c^1"), since_ms=midnight_ms - 200_000)
    call = json.dumps({"duration": 0, "endDate": "2026-09-22", "state": "200005"})

    def answer(day: str) -> Callable[[str, bytes], Reply]:
        def of_that_day(path: str, body: bytes) -> Reply:
            del path, body
            found = call if _day(server.asked[-1]) == day else "{}"
            return Reply(
                body=json.dumps({"Code": "OK", "Data": found}), headers={"Content-Type": "application/json"}
            )

        return of_that_day

    for day, expected in (("20260922", 1), ("20260921", 2)):
        server.asked.clear()
        server.replies = answer(day)
        found = an_aliyun_voice(server.url).look_up(late)
        assert found == Found("c^1", NoticeState.UNDELIVERED, "200005")
        assert len(server.asked) == expected


def _day(asked: dict[str, str]) -> str:
    instant = datetime.fromtimestamp(int(asked["QueryDate"]) / 1000, timezone(timedelta(hours=8)))
    return instant.strftime("%Y%m%d")


def test_a_call_is_asked_for_when_the_provider_can_know() -> None:
    assert an_aliyun_voice("http://127.0.0.1:1").can.look_after_ms == 240_000


@pytest.mark.parametrize("provider_id", ["2026:1", None])
def test_tencent_finds_a_text_by_its_number_or_by_ours(server: OddServer, provider_id: str | None) -> None:
    row = {"SerialNo": "2026:1", "SessionContext": "gw7", "ReportStatus": "FAIL", "Description": "停机"}
    answers(server, {"Response": {"PullSmsSendStatusSet": [row], "RequestId": "r"}})
    found = a_tencent_sms(server.url).look_up(a_letter(provider_id=provider_id))
    assert found == Found("2026:1", NoticeState.UNDELIVERED, "停机")
    asked = json.loads(server.heard[0][1])
    assert (asked["PhoneNumber"], asked["BeginTime"]) == (PHONE, SINCE_MS // 1000)


def test_tencent_cant_say_of_a_text_that_has_no_receipt_yet(server: OddServer) -> None:
    answers(server, {"Response": {"PullSmsSendStatusSet": [], "RequestId": "r"}})
    channel = a_tencent_sms(server.url)
    assert channel.look_up(a_letter()) == CannotSay("no_receipt_yet")
    assert channel.look_up(a_letter(provider_id="2026:1")) == Found("2026:1")


@EACH
def test_each_says_what_it_is(name: str) -> None:
    channel = ALL[name].channel("http://127.0.0.1:1")
    assert (channel.name, channel.kind) == (name, ALL[name].kind)
    assert channel.can.templates_only
