"""Texts through Tencent (SendSms 2021-01-11): approved templates only, their variables by number.

Its library is an extra, imported only when an account is set; it retries nothing by itself.
"""

import contextlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

import requests

from alerts.adapters.failures import UNREADABLE, MissingExtraError, unanswered
from alerts.rules.china_codes import TENCENT
from alerts.rules.delivery import CannotSay, Found, Handed, LookedUp, NoAnswer, Refused, Sent, TryLater
from alerts.rules.letters import Capabilities, Health, Letter
from alerts.rules.templates import NO_TEMPLATE, Book
from gascore.alarm import ChannelKind, NoticeState

ANSWER_S: Final = 10
"""To connect and, again, to answer: together less than a notice's lease."""
EXTRA: Final = "tencent"
HOST: Final = "sms.tencentcloudapi.com"
_PAGE: Final = 100
_STATUS: Final = {"SUCCESS": NoticeState.DELIVERED, "FAIL": NoticeState.UNDELIVERED}


@dataclass(frozen=True, slots=True)
class Account:
    """How we are known at Tencent. `app`: SmsSdkAppId; `url`: another address than Tencent's, "": Tencent's."""

    secret_id: str
    secret_key: str
    app: str
    region: str = "ap-guangzhou"
    url: str = ""


class _Failed(Exception):  # noqa: N818 -- no error of ours: it carries an outcome
    def __init__(self, sent: Sent) -> None:
        super().__init__(str(sent))
        self.sent = sent


class TencentSms:
    """Implements `alerts.ports.Channel`. `hears`: replies reach us."""

    name: Final = "tencent_sms"
    kind: Final = ChannelKind.SMS

    def __init__(
        self, account: Account, book: Book, *, hears: bool = True, answer_s: float = ANSWER_S
    ) -> None:
        """Raises `MissingExtraError`."""
        try:
            from tencentcloud.common import credential  # type: ignore[import-untyped]  # noqa: PLC0415 -- an extra
            from tencentcloud.common.profile.client_profile import ClientProfile  # type: ignore[import-untyped]  # noqa: PLC0415 -- same
            from tencentcloud.common.profile.http_profile import HttpProfile  # type: ignore[import-untyped]  # noqa: PLC0415 -- same
            from tencentcloud.sms.v20210111 import models, sms_client  # type: ignore[import-untyped]  # noqa: PLC0415 -- same
        except ImportError as error:
            raise MissingExtraError(EXTRA) from error
        parts = urlsplit(account.url or f"https://{HOST}")
        http = HttpProfile(protocol=parts.scheme, endpoint=parts.netloc, reqTimeout=answer_s)
        self.can = Capabilities(receipts=hears, looks_up=True, replies=hears, templates_only=True)
        self._models: Any = models
        self._client = sms_client.SmsClient(
            credential.Credential(account.secret_id, account.secret_key),
            account.region,
            ClientProfile(httpProfile=http),
        )
        self._app = account.app
        self._book = book

    def send(self, letter: Letter) -> Sent:
        """Hand a text over; trouble of any kind is an answer."""
        template = self._book.of(letter.template, letter.language)
        if template is None:
            return Refused(NO_TEMPLATE, elsewhere=True)
        request = self._models.SendSmsRequest()
        request.PhoneNumberSet = [letter.address]
        request.SmsSdkAppId = self._app
        request.SignName = self._book.signature
        request.TemplateId = template.code
        request.TemplateParamSet = list(template.values(letter.params).values())
        request.SessionContext = _session(letter)
        try:
            with _failing():
                status = json.loads(self._client.SendSms(request).to_json_string())["SendStatusSet"][0]
                code, serial = str(status["Code"]), status.get("SerialNo")
        except _Failed as failed:
            return failed.sent
        if code != "Ok":
            return TENCENT.meaning(code)
        return Handed(str(serial)) if serial else NoAnswer(UNREADABLE)

    def look_up(self, letter: Letter) -> LookedUp:
        """By number and time. It lists what has a receipt: what is missing may still have been sent."""
        request = self._models.PullSmsSendStatusByPhoneNumberRequest()
        request.BeginTime = letter.since_ms // 1000
        request.Offset = 0
        request.Limit = _PAGE
        request.PhoneNumber = letter.address
        request.SmsSdkAppId = self._app
        try:
            with _failing():
                answer = json.loads(self._client.PullSmsSendStatusByPhoneNumber(request).to_json_string())
                rows = answer["PullSmsSendStatusSet"] or []
        except _Failed as failed:
            return CannotSay(getattr(failed.sent, "code", "failed"))
        for row in rows:
            serial = row.get("SerialNo")
            if serial and (serial == letter.provider_id or row.get("SessionContext") == _session(letter)):
                state = _STATUS.get(str(row.get("ReportStatus")), NoticeState.HANDED_OVER)
                code = str(row.get("Description") or "") if state is NoticeState.UNDELIVERED else None
                return Found(str(serial), state, code)
        if letter.provider_id is not None:
            return Found(letter.provider_id)  # it has said so itself, by handing out the id
        return CannotSay("no_receipt_yet")

    def probe(self) -> Health:
        """Whether the account may ask for its templates."""
        request = self._models.DescribeSmsTemplateListRequest()
        request.International = 0
        request.Limit = 1
        request.Offset = 0
        try:
            with _failing():
                self._client.DescribeSmsTemplateList(request)
        except _Failed as failed:
            if isinstance(failed.sent, NoAnswer | TryLater):
                return Health(ok=False, code=failed.sent.code)
        return Health(ok=True)


def _session(letter: Letter) -> str:
    return f"gw{letter.notice}"


@contextlib.contextmanager
def _failing() -> Iterator[None]:
    from tencentcloud.common.exception import TencentCloudSDKException  # type: ignore[import-untyped]  # noqa: PLC0415 -- an extra

    try:
        yield
    except TencentCloudSDKException as error:
        cause = error.__cause__ or error.__context__
        if isinstance(cause, requests.RequestException):
            raise _Failed(unanswered(cause)) from error
        if not error.requestId or not isinstance(error.code, str):
            # Not of the service: the library names its own trouble with an answer in `code`, too ("KeyError").
            raise _Failed(NoAnswer(UNREADABLE)) from error
        raise _Failed(TENCENT.meaning(error.code)) from error
    except (ValueError, TypeError, AttributeError, KeyError, IndexError) as error:
        raise _Failed(NoAnswer(UNREADABLE)) from error
