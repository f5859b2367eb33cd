"""What Aliyun and Tencent tell us: receipts, replies and keys, which neither of them signs.

So they come to a secret address (a token in its path, from the settings), from listed networks where a list is set, and
what they say is little: which of our own messages, and what became of it. A wrong token is answered as if there were
no such page. Each provider repeats what is not answered in its own words; the very same again is not taken again
(`dashboard.adapters.once`).
"""

import hmac
from collections.abc import Iterator
from ipaddress import ip_address, ip_network
from typing import Annotated, Any, Final, TypeVar

import msgspec
from fastapi import APIRouter, Depends, Request

from dashboard.adapters.once import digest_of, take_once
from dashboard.adapters.parts import Parts, UsesParts
from dashboard.adapters.problems import ProblemError
from gascore.journal import Event, KeyPressed, ReceiptReceived, ReplyReceived
from gascore.voice import TAKES_OVER
from gascore.words import NoticeId

ALIYUN_OK: Final = {"code": 0, "msg": "接收成功"}
TENCENT_OK: Final = {"result": 0, "errmsg": "OK"}
MOST: Final = 500
"""Entries in one call; providers send up to 100."""
BODY_KEPT: Final = 500
"""Characters of a reply."""
_OURS: Final = "gw"
"""How our own number of a notice begins (`alerts.adapters.aliyun.out_id`)."""
_DIGITS: Final = 18
"""Fewer than a number that the store could not hold."""
_ANSWERED: Final = "200000"
"""Aliyun's code of a call that was answered (help.aliyun.com 55085)."""
_UNDER_WAY: Final = frozenset({"200001", "300000", "300001"})
"""Nothing final, or not for certain: the call may go on. What became of it the provider is asked later."""
_SMS, _VOICE, _TENCENT = "aliyun_sms", "aliyun_voice", "tencent_sms"
_MOBILE: Final = 11
"""Digits of a mobile number of the mainland."""
_T = TypeVar("_T")


class _SmsReport(msgspec.Struct):
    success: bool
    out_id: str = ""
    biz_id: str = ""
    err_code: str = ""


class _SmsUp(msgspec.Struct):
    phone_number: str
    content: str
    sequence_id: int | str = ""
    send_time: str = ""


class _Call(msgspec.Struct):
    call_id: str
    status_code: str = ""
    dtmf: str | None = None
    out_id: str = ""
    duration: int | str | None = None
    end_time: str | None = None


class _Status(msgspec.Struct):
    sid: str
    report_status: str
    errmsg: str = ""


class _Reply(msgspec.Struct):
    mobile: str
    text: str
    nationcode: str = "86"
    time: int | str = ""
    sign: str = ""


async def _admitted(token: str, request: Request, parts: UsesParts) -> Parts:
    """Compared in constant time; nothing tells a wrong token from a page that does not exist."""
    expected = parts.options.callback_token
    if not expected or not hmac.compare_digest(token.encode(), expected.encode()):
        raise ProblemError(404, "There is no such page.")
    networks = parts.options.callback_sources
    if networks and not _is_in(request.client.host if request.client else "", networks):
        raise ProblemError(403, "This address is not in GASWATCH_CALLBACK_SOURCES.")
    return parts


Admitted = Annotated[Parts, Depends(_admitted)]
router = APIRouter(prefix="/webhooks/{token}", tags=["webhooks"], include_in_schema=False)


@router.post("/aliyun/sms-report")
async def sms_report(request: Request, parts: Admitted) -> dict[str, Any]:
    """What became of texts."""
    reports = await _body(request, list[_SmsReport])
    await _take(
        request,
        parts,
        [
            ReceiptReceived(
                channel=_SMS,
                provider_id=it.out_id or it.biz_id,
                status="delivered" if it.success else "undelivered",
                code=None if it.success else it.err_code or None,
            )
            for it in reports
            if it.out_id or it.biz_id
        ],
    )
    return ALIYUN_OK


@router.post("/aliyun/sms-up")
async def sms_up(request: Request, parts: Admitted) -> dict[str, Any]:
    """People answered by text."""
    replies = await _body(request, list[_SmsUp])
    await _take(
        request,
        parts,
        [
            ReplyReceived(
                channel=_SMS,
                provider_id=f"{_SMS}:{it.sequence_id or it.send_time}:{it.phone_number}",
                sender=_e164(it.phone_number),
                body=it.content[:BODY_KEPT],
            )
            for it in replies
        ],
    )
    return ALIYUN_OK


@router.post("/aliyun/voice")
async def voice(request: Request, parts: Admitted) -> dict[str, Any]:
    """Calls go on (VoiceCallReport) or are over (VoiceReport); a key may have been pressed."""
    calls = await _body(request, list[_Call])
    await _take(request, parts, [event for call in calls for event in _of_call(call)])
    return ALIYUN_OK


def _of_call(call: _Call) -> Iterator[Event]:
    """That it was answered proves nothing, machines answer, too: "completed", as Twilio says it, is no receipt."""
    if call.dtmf:
        # Several keys may come as one string, in the order in which they were pressed.
        digit = TAKES_OVER if TAKES_OVER in call.dtmf else call.dtmf[0]
        yield KeyPressed(channel=_VOICE, provider_id=call.call_id, digit=digit, notice=_notice(call.out_id))
    is_over = call.end_time or call.status_code not in _UNDER_WAY
    if not call.status_code or not is_over:
        return
    answered = call.status_code == _ANSWERED or str(call.duration or "0").rstrip("秒") != "0"
    yield ReceiptReceived(
        channel=_VOICE,
        provider_id=call.call_id,
        status="completed" if answered else "undelivered",
        code=None if answered else call.status_code,
    )


@router.post("/tencent/status")
async def tencent_status(request: Request, parts: Admitted) -> dict[str, Any]:
    """What became of texts."""
    reports = await _body(request, list[_Status])
    await _take(
        request,
        parts,
        [
            ReceiptReceived(
                channel=_TENCENT,
                provider_id=it.sid,
                status="delivered" if it.report_status == "SUCCESS" else "undelivered",
                code=None if it.report_status == "SUCCESS" else it.errmsg or None,
            )
            for it in reports
        ],
    )
    return TENCENT_OK


@router.post("/tencent/reply")
async def tencent_reply(request: Request, parts: Admitted) -> dict[str, Any]:
    """A person answered by text."""
    it = await _body(request, _Reply)
    event = ReplyReceived(
        channel=_TENCENT,
        provider_id=f"{_TENCENT}:{it.time}:{it.mobile}",
        sender=_e164(it.mobile, it.nationcode),
        body=it.text[:BODY_KEPT],
    )
    await _take(request, parts, [event])
    return TENCENT_OK


async def _body(request: Request, shape: type[_T]) -> _T:
    """Unknown fields are left out; what does not fit is refused, and nothing of it is done."""
    try:
        body = msgspec.json.decode(await request.body(), type=shape)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ProblemError(422, f"Not what this provider sends: {error}") from error
    if isinstance(body, list) and len(body) > MOST:
        raise ProblemError(413, f"At most {MOST} entries.")
    return body


async def _take(request: Request, parts: Parts, events: list[Event]) -> None:
    digest = digest_of(request, await request.body(), without=parts.options.callback_token)
    await take_once(parts, digest, events)


def _notice(out_id: str) -> NoticeId | None:
    number = out_id.removeprefix(_OURS)
    is_ours = out_id.startswith(_OURS) and number.isascii() and number.isdigit() and len(number) < _DIGITS
    return NoticeId(int(number)) if is_ours else None


def _e164(number: str, country: str = "86") -> str:
    """Numbers come without "+", those of the mainland without 86, too."""
    digits = number.lstrip("+0")
    known = number.startswith("+") or (digits.startswith(country) and len(digits) > _MOBILE)
    return f"+{digits}" if known else f"+{country}{digits}"


def _is_in(address: str, networks: tuple[str, ...]) -> bool:
    try:
        found = ip_address(address)
    except ValueError:
        return False
    return any(found in ip_network(one) for one in networks)
