"""Calls through Aliyun (IvrCall 2017-05-25): a template is read aloud, key 1 takes over.

Limits of the provider (domain.md 6): one call a minute to a number, 5 an hour, 20 a day, unless raised on request.
A call is known by its CallId alone: one whose request got no answer can't be asked for. That somebody answers proves
nothing: answering machines do, too; only a key does (as with Twilio).
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
    moments,
    national,
    once,
    out_id,
)
from alerts.adapters.failures import UNREADABLE, MissingExtraError
from alerts.rules.delivery import CannotSay, Found, Handed, LookedUp, NoAnswer, Refused, Sent
from alerts.rules.letters import Capabilities, Health, Letter
from alerts.rules.receipts import NO_KEY
from alerts.rules.templates import NO_TEMPLATE, Book
from gascore.alarm import ChannelKind, NoticeState

HOST: Final = "dyvmsapi.aliyuncs.com"
_INTERACTIVE: Final = 11_000_000_300_005
"""The product of IvrCall in QueryCallDetailByCallId."""
_TIMES: Final = 3
"""How often the text is read; the most that the provider takes."""
_KEY_WAIT_MS: Final = 3_000
_KEY: Final = "1"
_KNOWN_AFTER_MS: Final = 240_000
"""The provider wants its records of a call asked for 3 to 5 minutes after it, not sooner."""
_WITHIN_MS: Final = 10 * 60_000
"""A call is made so long after `Letter.since_ms` at the latest."""


class AliyunVoice:
    """Implements `alerts.ports.Channel`. `caller`: the number that calls, bought from the provider.

    `hears`: keys reach us; without it the phone rings all the same, but whoever presses 1 takes nothing over.
    """

    name: Final = "aliyun_voice"
    kind: Final = ChannelKind.VOICE

    def __init__(
        self, account: Account, book: Book, caller: str, *, hears: bool = True, answer_ms: int = ANSWER_MS
    ) -> None:
        """Raises `MissingExtraError`."""
        config = config_of(account, account.voice_url, HOST)
        try:
            from alibabacloud_dyvmsapi20170525 import client, models  # type: ignore[import-untyped]  # noqa: PLC0415 -- an extra
        except ImportError as error:
            raise MissingExtraError(EXTRA) from error
        self.can = Capabilities(
            receipts=hears, looks_up=True, keys=hears, templates_only=True, look_after_ms=_KNOWN_AFTER_MS
        )
        self._models: Any = models
        self._client = client.Client(config)
        self._book = book
        self._caller = caller
        self._answer_ms = answer_ms

    def send(self, letter: Letter) -> Sent:
        """Let it ring; trouble of any kind is an answer."""
        template = self._book.of(letter.template, letter.language)
        if template is None:
            return Refused(NO_TEMPLATE, elsewhere=True)
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
        """By the call's id, on the day of its making, which around midnight may be one of two."""
        if letter.provider_id is None:
            return CannotSay("no_call_id")
        try:
            for at_ms in moments(letter.since_ms, _WITHIN_MS):
                call = self._call(letter.provider_id, at_ms)
                if call:
                    return Found(letter.provider_id, *_state(call))
        except Failed as failed:
            return CannotSay(getattr(failed.sent, "code", "failed"))
        except msgspec.DecodeError:
            return CannotSay(UNREADABLE)
        return Found(letter.provider_id)  # it has said so itself, by handing out the id

    def probe(self) -> Health:
        """Whether the account may ask for a call; there is none of this id."""
        request = self._models.QueryCallDetailByCallIdRequest(call_id="0", prod_id=_INTERACTIVE, query_date=0)
        return health(
            lambda: self._client.query_call_detail_by_call_id_with_options(request, once(self._answer_ms))
        )

    def _call(self, call_id: str, at_ms: int) -> dict[str, Any]:
        """The record of a call; empty: there is none of that day."""
        request = self._models.QueryCallDetailByCallIdRequest(
            call_id=call_id, prod_id=_INTERACTIVE, query_date=at_ms
        )
        body = asked(
            lambda: self._client.query_call_detail_by_call_id_with_options(request, once(self._answer_ms))
        )
        return msgspec.json.decode(body.data or "{}", type=dict[str, Any])


def _state(call: dict[str, Any]) -> tuple[NoticeState, str | None]:
    """A key was pressed; over without one, perhaps taken by a machine; over without an answer; or not over yet."""
    if call.get("dtmf"):
        return NoticeState.DELIVERED, None
    if not call.get("endDate"):
        return NoticeState.HANDED_OVER, None
    if str(call.get("duration") or "0") != "0":
        return NoticeState.UNDELIVERED, NO_KEY
    return NoticeState.UNDELIVERED, str(call.get("state") or "") or None
