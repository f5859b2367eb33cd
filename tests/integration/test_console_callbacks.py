"""What Aliyun and Tencent tell us, at their secret address: taken in their words, and nothing from anybody else."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

import httpx2
import msgspec
import pytest

from dashboard.adapters.parts import Parts
from gascore.journal import Event, KeyPressed, ReceiptReceived, ReplyReceived
from gascore.words import NoticeId
from support.console import Console, a_console

pytestmark = pytest.mark.integration
TOKEN: Final = "a-secret-of-24-letters-x"
PHONE: Final = "+8613700000000"
SMS_REPORT: Final = [
    {
        "phone_number": "13700000000",
        "success": True,
        "err_code": "DELIVERED",
        "biz_id": "900",
        "out_id": "gw7",
    },
    {
        "phone_number": "13700000000",
        "success": False,
        "err_code": "MK:0008",
        "biz_id": "901",
        "sms_size": "1",
    },
]
SMS_UP: Final = [
    {
        "phone_number": "13700000000",
        "send_time": "2026-09-21 22:13:00",
        "content": "137",
        "sign_name": "燃气监管",
        "dest_code": "1",
        "sequence_id": 1234,
    }
]
CALLS: Final = [
    {"call_id": "c^1", "status_code": "200000", "duration": "12", "out_id": "gw7"},
    {"call_id": "c^2", "status_code": "200005", "duration": "0秒", "out_id": "gw8"},
    {"call_id": "c^3", "status_code": "300000", "dtmf": "", "out_id": "gw9"},
    {"call_id": "c^4", "status_code": "200001", "out_id": "gw10"},
    {
        "call_id": "c^5",
        "status_code": "200001",
        "out_id": "gw11",
        "duration": "0",
        "end_time": "2026-09-21 22:14:00",
    },
]
STATUS: Final = [
    {
        "nationcode": "86",
        "mobile": "13700000000",
        "report_status": "SUCCESS",
        "errmsg": "DELIVRD",
        "sid": "2026:1",
    },
    {
        "nationcode": "86",
        "mobile": "13700000000",
        "report_status": "FAIL",
        "errmsg": "MI:0024",
        "sid": "2026:2",
    },
]
REPLY: Final = {
    "extend": "",
    "mobile": "13700000000",
    "nationcode": "86",
    "sign": "燃气监管",
    "text": "137",
    "time": 1457336869,
}
EVERY: Final = {
    "aliyun/sms-report": SMS_REPORT,
    "aliyun/sms-up": SMS_UP,
    "aliyun/voice": CALLS,
    "tencent/status": STATUS,
    "tencent/reply": REPLY,
}


def with_token(parts: Parts, *sources: str, token: str = TOKEN) -> Parts:
    options = msgspec.structs.replace(parts.options, callback_token=token, callback_sources=sources)
    return msgspec.structs.replace(parts, options=options)


@pytest.fixture
async def console(tmp_path: Path) -> AsyncIterator[Console]:
    async with a_console(tmp_path, change=with_token) as found:
        yield found


async def call(console: Console, path: str, body: object, token: str = TOKEN) -> httpx2.Response:
    return await console.client().post(f"/webhooks/{token}/{path}", json=body)


async def told(console: Console, path: str) -> list[Event]:
    before = console.journal.last_id()
    answer = await call(console, path, EVERY[path])
    assert answer.status_code == 200, answer.text
    expected = {"code": 0, "msg": "接收成功"} if path.startswith("aliyun") else {"result": 0, "errmsg": "OK"}
    assert answer.json() == expected
    return [entry.event for entry in console.journal.after(before, 10)]


async def test_receipts_of_texts_go_into_the_journal(console: Console) -> None:
    assert await told(console, "aliyun/sms-report") == [
        ReceiptReceived(channel="aliyun_sms", provider_id="gw7", status="delivered"),
        ReceiptReceived(channel="aliyun_sms", provider_id="901", status="undelivered", code="MK:0008"),
    ]
    assert await told(console, "tencent/status") == [
        ReceiptReceived(channel="tencent_sms", provider_id="2026:1", status="delivered"),
        ReceiptReceived(channel="tencent_sms", provider_id="2026:2", status="undelivered", code="MI:0024"),
    ]


async def test_a_key_is_of_the_call_and_of_our_notice_while_the_call_goes_on(console: Console) -> None:
    before = console.journal.last_id()
    pressed = {"call_id": "c^4", "status_code": "300000", "dtmf": "1", "out_id": "gw12"}
    strange = {"call_id": "c^5", "status_code": "300000", "dtmf": "9", "out_id": "other-12"}
    several = {"call_id": "c^7", "status_code": "300000", "dtmf": "521", "out_id": "gw13"}
    huge = {"call_id": "c^6", "status_code": "300000", "dtmf": "1", "out_id": "gw" + "9" * 40}
    assert (await call(console, "aliyun/voice", [pressed, strange, several, huge])).status_code == 200
    assert [entry.event for entry in console.journal.after(before, 10)] == [
        KeyPressed(channel="aliyun_voice", provider_id="c^4", digit="1", notice=NoticeId(12)),
        KeyPressed(channel="aliyun_voice", provider_id="c^5", digit="9"),
        KeyPressed(channel="aliyun_voice", provider_id="c^7", digit="1", notice=NoticeId(13)),
        KeyPressed(channel="aliyun_voice", provider_id="c^6", digit="1"),
    ]


async def test_replies_are_of_a_number_with_its_country_and_have_a_name_of_their_own(
    console: Console,
) -> None:
    assert await told(console, "aliyun/sms-up") == [
        ReplyReceived(
            channel="aliyun_sms", provider_id="aliyun_sms:1234:13700000000", sender=PHONE, body="137"
        )
    ]
    assert await told(console, "tencent/reply") == [
        ReplyReceived(
            channel="tencent_sms", provider_id="tencent_sms:1457336869:13700000000", sender=PHONE, body="137"
        )
    ]


async def test_a_call_that_is_over_was_answered_or_not_and_one_that_goes_on_is_nothing_yet(
    console: Console,
) -> None:
    assert await told(console, "aliyun/voice") == [
        ReceiptReceived(channel="aliyun_voice", provider_id="c^1", status="completed"),
        ReceiptReceived(channel="aliyun_voice", provider_id="c^2", status="undelivered", code="200005"),
        ReceiptReceived(channel="aliyun_voice", provider_id="c^5", status="undelivered", code="200001"),
    ]


@pytest.mark.parametrize("path", EVERY)
@pytest.mark.parametrize("token", ["wrong", TOKEN[:-1], TOKEN + "x", "密码"])
async def test_with_a_wrong_token_there_is_no_such_page_and_nothing_is_done(
    console: Console, path: str, token: str
) -> None:
    before = console.journal.last_id()
    assert (await call(console, path, EVERY[path], token)).status_code == 404
    assert console.journal.last_id() == before


@pytest.mark.parametrize("path", EVERY)
async def test_without_a_token_in_the_settings_there_is_no_such_page(tmp_path: Path, path: str) -> None:
    async with a_console(tmp_path) as console:
        for token in ("", " ", TOKEN):
            assert (await call(console, path, EVERY[path], token)).status_code in {404, 405}


@pytest.mark.parametrize(("source", "status"), [("127.0.0.0/8", 200), ("203.0.113.0/24", 403)])
async def test_where_networks_are_listed_only_they_are_heard(
    tmp_path: Path, source: str, status: int
) -> None:
    async with a_console(tmp_path, change=lambda parts: with_token(parts, source)) as console:
        before = console.journal.last_id()
        assert (await call(console, "aliyun/sms-report", SMS_REPORT)).status_code == status
        assert (console.journal.last_id() > before) == (status == 200)


@pytest.mark.parametrize("path", EVERY)
@pytest.mark.parametrize("body", [b"", b"{", b"[1]", b'"a"', b'[{"success": "yes"}]', b"\xff"])
async def test_garbage_is_refused_and_nothing_is_done(console: Console, path: str, body: bytes) -> None:
    before = console.journal.last_id()
    answer = await console.client().post(f"/webhooks/{TOKEN}/{path}", content=body)
    assert answer.status_code == 422
    assert TOKEN not in answer.text.replace(f"/webhooks/{TOKEN}/{path}", "")
    assert console.journal.last_id() == before


async def test_what_is_too_large_is_refused(console: Console) -> None:
    big = [{**SMS_REPORT[0], "err_msg": "x" * 600} for _ in range(500)]
    assert (await call(console, "aliyun/sms-report", big)).status_code == 413
    many = [SMS_REPORT[0]] * 501
    assert (await call(console, "aliyun/sms-report", many)).status_code == 413


async def test_the_same_call_twice_is_answered_twice_and_done_once(console: Console) -> None:
    assert len(await told(console, "aliyun/sms-report")) == 2
    assert await told(console, "aliyun/sms-report") == []
