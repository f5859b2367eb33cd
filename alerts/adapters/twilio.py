"""Twilio's own library, or anything that speaks its API (another base URL): what texts and calls have in common.

One connection for each request: a text must never fail on a connection that the other side has closed
meanwhile, because then nobody can say whether it left. The library has no types; they end here.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit, urlunsplit

import requests
from twilio.base.exceptions import TwilioException, TwilioRestException, TwilioServiceException  # type: ignore[import-untyped]  # it has no types
from twilio.http import HttpClient  # type: ignore[import-untyped]  # it has no types
from twilio.http.response import Response  # type: ignore[import-untyped]  # it has no types
from twilio.rest import Client  # type: ignore[import-untyped]  # it has no types

from alerts.adapters.failures import UNREADABLE, never_left, short, unanswered
from alerts.rules.delivery import CannotSay, Handed, LookedUp, NoAnswer, Sent
from alerts.rules.letters import Health
from alerts.rules.provider_codes import meaning_of

CONNECT_S: Final = 5.0
ANSWER_S: Final = 10.0
"""Together less than the lease of a notice (`alerts.rules.sending.LEASE_MS`)."""
_LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})
_UNREADABLE: Final = (TwilioException, ValueError, TypeError, AttributeError)
"""Answered, but not in Twilio's words: it may well have been taken."""


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


def client_of(account: Account, answer_s: float) -> Any:  # noqa: ANN401 -- the library has no types
    """The library's client for an account."""
    return Client(account.sid, account.token, http_client=_Http(account.url, answer_s))


def handed(create: Callable[[], Any]) -> Sent:
    """What came of a request that makes something with a SID. Trouble of any kind is an answer."""
    try:
        sid = create().sid
    except (TwilioRestException, TwilioServiceException) as error:
        return meaning_of(int(error.status), number_of(error.code))
    except requests.RequestException as error:
        return unanswered(error)
    except _UNREADABLE:
        return NoAnswer(UNREADABLE)
    return Handed(sid) if sid else NoAnswer(UNREADABLE)


def asked(ask: Callable[[], LookedUp]) -> LookedUp:
    """What a question was answered with; trouble of any kind: it can't say."""
    try:
        return ask()
    except (TwilioRestException, TwilioServiceException) as error:
        return CannotSay(str(number_of(error.code) or error.status))
    except requests.RequestException as error:
        return CannotSay("no_connection" if never_left(error) else short(error))
    except _UNREADABLE as error:
        return CannotSay(_of_a_list(error) or UNREADABLE)


def _of_a_list(error: Exception) -> str | None:
    """The code of a list that was refused: the library raises no error of Twilio's then, but puts its answer into one."""
    answer = error.args[1] if isinstance(error, TwilioException) and len(error.args) > 1 else None
    if not isinstance(answer, Response):
        return None
    try:
        said = json.loads(answer.text)
    except ValueError:
        said = None
    code = number_of(said.get("code")) if isinstance(said, dict) else None
    return str(code or answer.status_code)


def health_of(client: Any, sid: str) -> Health:  # noqa: ANN401 -- same
    """Whether the account is let in and active."""
    status = ""

    def ask() -> LookedUp:
        nonlocal status
        status = str(client.api.accounts(sid).fetch().status)
        return CannotSay(status)

    said = asked(ask)
    code = said.code if isinstance(said, CannotSay) else ""
    return Health(ok=status == "active", code="" if status == "active" else code)


def number_of(code: Any) -> int | None:  # noqa: ANN401 -- what the library passes on from JSON
    """An error code."""
    return code if isinstance(code, int) else int(code) if str(code).isdecimal() else None


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
