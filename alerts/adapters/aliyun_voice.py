"""Calls through Aliyun (IvrCall 2017-05-25): a template is read aloud, key 1 takes over.

Limits of the provider (domain.md 6): one call a minute to a number, 5 an hour, 20 a day, unless raised on request.
A call is known by its CallId alone: one whose request got no answer can't be asked for.
"""

import json
from typing import Any, Final

import msgspec

from alerts.adapters.aliyun import (
    ANSWER_MS,
    EXTRA,
    Account,
    Failed,
    asked,
    config_of,
    health,
    national,
    once,
    out_id,
)
from alerts.adapters.aliyun_sms import NO_TEMPLATE
from alerts.adapters.failures import UNREADABLE, MissingExtraError
from alerts.rules.delivery import CannotSay, Found, Handed, LookedUp, NoAnswer, Refused, Sent
from alerts.rules.letters import Capabilities, Health, Letter
from alerts.rules.templates import Book
from gascore.alarm import ChannelKind, NoticeState

HOST: Final = "dyvmsapi.aliyuncs.com"
_INTERACTIVE: Final = 11_000_000_300_005
"""The product of IvrCall in QueryCallDetailByCallId."""
_TIMES: Final = 3
"""How often the text is read; the most that the provider takes."""
_KEY_WAIT_MS: Final = 3_000
_KEY: Final = "1"


class AliyunVoice:
    """Implements `alerts.ports.Channel`. `caller`: the number that calls, bought from the provider."""

    name: Final = "aliyun_voice"
    kind: Final = ChannelKind.VOICE
    can: Final = Capabilities(receipts=True, looks_up=True, keys=True, templates_only=True)

    def __init__(self, account: Account, book: Book, caller: str, *, answer_ms: int = ANSWER_MS) -> None:
        """Raises `MissingExtraError`."""
        config = config_of(account, account.voice_url, HOST)
        try:
            from alibabacloud_dyvmsapi20170525 import client, models  # type: ignore[import-untyped]  # noqa: PLC0415 -- an extra
        except ImportError as error:
            raise MissingExtraError(EXTRA) from error
        self._models: Any = models
        self._client = client.Client(config)
        self._book = book
        self._caller = caller
        self._answer_ms = answer_ms

    def send(self, letter: Letter) -> Sent:
        """Let it ring; trouble of any kind is an answer."""
        template = self._book.of(letter.template, letter.language)
        if template is None:
            return Refused(NO_TEMPLATE)
        values = json.dumps(template.values(letter.params), ensure_ascii=False)
        key = self._models.IvrCallRequestMenuKeyMap(key=_KEY, code=template.code, tts_params=values)
        request = self._models.IvrCallRequest(
            called_number=national(letter.address),
            called_show_number=self._caller,
            start_code=template.code,
            start_tts_params=values,
            menu_key_map=[key],
            play_times=_TIMES,
            timeout=_KEY_WAIT_MS,
            out_id=out_id(letter.notice),
        )
        try:
            body = asked(lambda: self._client.ivr_call_with_options(request, once(self._answer_ms)))
        except Failed as failed:
            return failed.sent
        return Handed(body.call_id) if body.call_id else NoAnswer(UNREADABLE)

    def look_up(self, letter: Letter) -> LookedUp:
        """By the call's id, on the day of its making."""
        if letter.provider_id is None:
            return CannotSay("no_call_id")
        request = self._models.QueryCallDetailByCallIdRequest(
            call_id=letter.provider_id, prod_id=_INTERACTIVE, query_date=letter.since_ms
        )
        try:
            body = asked(
                lambda: self._client.query_call_detail_by_call_id_with_options(request, once(self._answer_ms))
            )
            state, code = _state(msgspec.json.decode(body.data or "{}", type=dict[str, Any]))
        except Failed as failed:
            return CannotSay(getattr(failed.sent, "code", "failed"))
        except msgspec.DecodeError:
            return CannotSay(UNREADABLE)
        return Found(letter.provider_id, state, code)

    def probe(self) -> Health:
        """Whether the account may ask for a call; there is none of this id."""
        request = self._models.QueryCallDetailByCallIdRequest(call_id="0", prod_id=_INTERACTIVE, query_date=0)
        return health(
            lambda: self._client.query_call_detail_by_call_id_with_options(request, once(self._answer_ms))
        )


def _state(call: dict[str, Any]) -> tuple[NoticeState, str | None]:
    """Answered (whoever it was: only a key takes over), over without an answer, or not over yet."""
    if str(call.get("duration") or "0") != "0":
        return NoticeState.DELIVERED, None
    if call.get("endDate"):
        return NoticeState.UNDELIVERED, str(call.get("state") or "") or None
    return NoticeState.HANDED_OVER, None
