"""Texts through Twilio's own library, or through anything that speaks its API (another base URL).

One connection for each request: a text must never fail on a connection that the other side has closed
meanwhile, because then nobody can say whether it left. The library has no types; they end here.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit, urlunsplit

import requests
from twilio.base.exceptions import TwilioException, TwilioRestException, TwilioServiceException  # type: ignore[import-untyped]  # it has no types
from twilio.http import HttpClient  # type: ignore[import-untyped]  # it has no types
from twilio.http.response import Response  # type: ignore[import-untyped]  # it has no types
from twilio.rest import Client  # type: ignore[import-untyped]  # it has no types
from urllib3.exceptions import MaxRetryError, NewConnectionError

from alerts.ports import Capabilities, Health, Letter
from alerts.rules.delivery import CannotSay, Found, Handed, LookedUp, NoAnswer, NotFound, Sent, TryLater
from alerts.rules.provider_codes import meaning_of
from alerts.rules.receipts import receipt_of
from gascore.alarm import ChannelKind

CONNECT_S: Final = 5.0
ANSWER_S: Final = 10.0
"""Together less than the lease of a notice (`alerts.rules.delivery.LEASE_MS`)."""
LISTED: Final = 500
"""So many messages to one number are looked through, in pages of 50."""
_LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})


@dataclass(frozen=True, slots=True)
class Account:
    """How we are known at the provider.

    Attributes:
        sender: a number (E.164) or a messaging service SID (MG…).
        url: another base URL than Twilio's; "": Twilio's.
        receipts: where receipts are to be sent; None: nowhere (ours is not a public address).
    """

    sid: str
    token: str
    sender: str
    url: str = ""
    receipts: str | None = None


class TwilioSms:
    """Implements `alerts.ports.Channel`."""

    name: Final = "twilio_sms"
    kind: Final = ChannelKind.SMS
    can: Final = Capabilities(receipts=True, looks_up=True, replies=True)

    def __init__(self, account: Account, *, answer_s: float = ANSWER_S) -> None:
        self._account = account
        self._client = Client(account.sid, account.token, http_client=_Http(account.url, answer_s))

    def send(self, letter: Letter) -> Sent:
        """Hand a text over. Trouble of any kind is an answer."""
        wanted: dict[str, object] = {
            "to": letter.address,
            "body": letter.text,
            "validity_period": max(1, letter.valid_ms // 1000),
        }
        service = self._account.sender.startswith("MG")
        wanted["messaging_service_sid" if service else "from_"] = self._account.sender
        if self._account.receipts:
            wanted["status_callback"] = self._account.receipts
        try:
            message = self._client.messages.create(**wanted)
        except (TwilioRestException, TwilioServiceException) as error:
            return meaning_of(int(error.status), _number(error.code))
        except requests.RequestException as error:
            return TryLater("no_connection") if _never_left(error) else NoAnswer(_short(error))
        except (TwilioException, ValueError, TypeError, AttributeError):
            # Answered, but not in Twilio's words: it may well have been taken.
            return NoAnswer("unreadable_answer")
        return Handed(message.sid) if message.sid else NoAnswer("unreadable_answer")

    def look_up(self, letter: Letter) -> LookedUp:
        """Ask for the message by its SID, else among those to this number since then by its very words.

        A list filtered by DateSent may lack what waits in Twilio's queue, so ours ends by the date of creation;
        Twilio gives the newest first.
        """
        try:
            return self._fetched(letter.provider_id) if letter.provider_id else self._listed(letter)
        except (TwilioRestException, TwilioServiceException) as error:
            return CannotSay(str(_number(error.code) or error.status))
        except requests.RequestException as error:
            return CannotSay("no_connection" if _never_left(error) else _short(error))
        except (TwilioException, ValueError, TypeError, AttributeError):
            return CannotSay("unreadable_answer")

    def _fetched(self, sid: str) -> LookedUp:
        return _found(self._client.messages(sid).fetch())

    def _listed(self, letter: Letter) -> LookedUp:
        listed = 0
        for message in self._client.messages.stream(to=letter.address, limit=LISTED):
            created = message.date_created
            if created is not None and created.timestamp() * 1000 < letter.since_ms - 1000:
                return NotFound()
            if letter.text in (message.body or "") and message.sid not in letter.others:
                return _found(message)
            listed += 1
        return NotFound() if listed < LISTED else CannotSay("too_many")

    def probe(self) -> Health:
        """Whether the account is let in and active."""
        try:
            account = self._client.api.accounts(self._account.sid).fetch()
        except (TwilioRestException, TwilioServiceException) as error:
            return Health(ok=False, code=str(_number(error.code) or error.status))
        except requests.RequestException as error:
            return Health(ok=False, code="no_connection" if _never_left(error) else _short(error))
        except (TwilioException, ValueError, TypeError, AttributeError):
            return Health(ok=False, code="unreadable_answer")
        return Health(
            ok=account.status == "active", code="" if account.status == "active" else str(account.status)
        )


class _Http(HttpClient):  # type: ignore[misc]  # same
    """Sends the library's requests, to `base` instead of Twilio where one is given."""

    def __init__(self, base: str, answer_s: float) -> None:
        super().__init__(logger=None, is_async=False, timeout=None)
        self._answer_s = answer_s
        self._base = urlsplit(base.rstrip("/")) if base else None

    def request(  # noqa: PLR0913, PLR0917 -- the library's own signature
        self,
        method: str,
        url: str,
        params: Mapping[str, str] | None = None,
        data: Mapping[str, object] | None = None,
        headers: Mapping[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        timeout: float | None = None,
        allow_redirects: bool = False,  # noqa: FBT001, FBT002 -- same
    ) -> Response:
        """One request over a connection of its own."""
        del timeout, allow_redirects
        with requests.Session() as session:
            if self._base is not None and self._base.hostname in _LOOPBACK:
                session.trust_env = False  # no proxy stands between us and ourselves
            answer = session.request(
                method.upper(),
                self._at(url),
                params=dict(params or {}),
                data=dict(data or {}),
                headers={**(headers or {}), "Connection": "close"},
                auth=auth,
                timeout=(CONNECT_S, self._answer_s),
                allow_redirects=False,
            )
            return Response(answer.status_code, answer.text, answer.headers)

    def _at(self, url: str) -> str:
        if self._base is None:
            return url
        parts = urlsplit(url)
        path = self._base.path + parts.path
        return urlunsplit((self._base.scheme, self._base.netloc, path, parts.query, ""))


def _found(message: Any) -> LookedUp:  # noqa: ANN401 -- the library has no types
    code = _number(message.error_code)
    receipt = receipt_of(str(message.status), None if code is None else str(code))
    if receipt is None or not message.sid:
        return CannotSay("unreadable_answer")
    return Found(message.sid, receipt.state, receipt.code)


def _never_left(error: requests.RequestException) -> bool:
    """No connection was made, so nothing was sent."""
    if isinstance(
        error, requests.ConnectTimeout | requests.exceptions.SSLError | requests.exceptions.ProxyError
    ):
        return True
    cause = error.args[0] if error.args else None
    return isinstance(cause, MaxRetryError) and isinstance(cause.reason, NewConnectionError)


def _short(error: requests.RequestException) -> str:
    return "timeout" if isinstance(error, requests.Timeout) else "connection_lost"


def _number(code: Any) -> int | None:  # noqa: ANN401 -- what the library passes on from JSON
    return code if isinstance(code, int) else int(code) if str(code).isdecimal() else None
