"""Texts through Aliyun (SendSms 2017-05-25): approved templates only.

Our own number of a notice goes along as `OutId`, and comes back in receipts and in QuerySendDetails: it is the
notice's name at the provider, so a text whose request got no answer is found again.
"""

import json
from typing import Any, Final

from alerts.adapters.aliyun import (
    ANSWER_MS,
    EXTRA,
    Account,
    Failed,
    asked,
    config_of,
    days,
    health,
    national,
    once,
    out_id,
)
from alerts.adapters.failures import MissingExtraError
from alerts.rules.delivery import CannotSay, Found, Handed, LookedUp, NotFound, Refused, Sent
from alerts.rules.letters import Capabilities, Health, Letter
from alerts.rules.templates import NO_TEMPLATE, Book
from gascore.alarm import ChannelKind, NoticeState

HOST: Final = "dysmsapi.aliyuncs.com"
_STATUS: Final = {1: NoticeState.HANDED_OVER, 2: NoticeState.UNDELIVERED, 3: NoticeState.DELIVERED}
"""`SendStatus`: waits for its receipt, failed, arrived."""
_PAGE: Final = 50
_PAGES: Final = 10
_WITHIN_MS: Final = 15 * 60_000
"""A text leaves so long after its making at the latest, if it is one whose day matters."""


class AliyunSms:
    """Implements `alerts.ports.Channel`. `hears`: replies reach us."""

    name: Final = "aliyun_sms"
    kind: Final = ChannelKind.SMS

    def __init__(
        self, account: Account, book: Book, *, hears: bool = True, answer_ms: int = ANSWER_MS
    ) -> None:
        """Raises `MissingExtraError`."""
        config = config_of(account, account.sms_url, HOST)
        try:
            from alibabacloud_dysmsapi20170525 import client, models  # type: ignore[import-untyped]  # noqa: PLC0415 -- an extra
        except ImportError as error:
            raise MissingExtraError(EXTRA) from error
        self.can = Capabilities(receipts=hears, looks_up=True, replies=hears, templates_only=True)
        self._models: Any = models
        self._client = client.Client(config)
        self._book = book
        self._answer_ms = answer_ms

    def send(self, letter: Letter) -> Sent:
        """Hand a text over; trouble of any kind is an answer."""
        template = self._book.of(letter.template, letter.language)
        if template is None:
            return Refused(NO_TEMPLATE, elsewhere=True)
        request = self._models.SendSmsRequest(
            phone_numbers=national(letter.address),
            sign_name=self._book.signature,
            template_code=template.code,
            template_param=json.dumps(template.values(letter.params), ensure_ascii=False),
            out_id=out_id(letter.notice),
        )
        try:
            asked(lambda: self._client.send_sms_with_options(request, once(self._answer_ms)))
        except Failed as failed:
            return failed.sent
        return Handed(out_id(letter.notice))

    def look_up(self, letter: Letter) -> LookedUp:
        """By number, day and our own number of it."""
        try:
            for day in days(letter.since_ms, _WITHIN_MS):
                found = self._found(letter, day)
                if found is not None:
                    return found
        except Failed as failed:
            return CannotSay(getattr(failed.sent, "code", "failed"))
        return NotFound()

    def probe(self) -> Health:
        """Whether the account may ask for its signatures."""
        request = self._models.QuerySmsSignListRequest(page_index=1, page_size=1)
        return health(lambda: self._client.query_sms_sign_list_with_options(request, once(self._answer_ms)))

    def _found(self, letter: Letter, day: str) -> LookedUp | None:
        wanted = out_id(letter.notice)
        for page in range(1, _PAGES + 1):
            request = self._models.QuerySendDetailsRequest(
                phone_number=national(letter.address), send_date=day, page_size=_PAGE, current_page=page
            )
            body = self._details(request)
            rows = getattr(body.sms_send_detail_dtos, "sms_send_detail_dto", None) or []
            for row in rows:
                if row.out_id == wanted:
                    state = _STATUS.get(int(row.send_status or 0), NoticeState.HANDED_OVER)
                    return Found(wanted, state, row.err_code if state is NoticeState.UNDELIVERED else None)
            if len(rows) < _PAGE:
                return None
        return CannotSay("too_many_texts")

    def _details(self, request: Any) -> Any:  # noqa: ANN401 -- the library has no types
        return asked(lambda: self._client.query_send_details_with_options(request, once(self._answer_ms)))
