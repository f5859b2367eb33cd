"""Tells another computer: a POST of JSON, signed, that is delivered when it is answered with 2xx.

`X-Gas-Signature: t={seconds},v1={hex}`; v1 is HMAC-SHA256 of "{t}.{body}" with the shared secret. Who receives it
compares both in constant time, refuses what is older than some minutes, and takes an `id` only once: a second try
has the same. Where it goes comes from the settings alone, never from a message.
"""

import hashlib
import hmac
from collections.abc import Mapping
from typing import Final

import msgspec
import requests

from alerts.adapters.failures import unanswered
from alerts.rules.delivery import Handed, LookedUp, NotFound, Refused, Sent, TryLater
from alerts.rules.letters import Capabilities, Health, Letter
from gascore.alarm import ChannelKind
from gascore.clock import Clock

CONNECT_S: Final = 5.0
ANSWER_S: Final = 10.0
SIGNATURE: Final = "X-Gas-Signature"
_OK: Final = range(200, 300)
_LATER: Final = frozenset({408, 425, 429})
_SERVER_ERROR: Final = 500
_ACCOUNT: Final = frozenset({401, 403})
UNKNOWN: Final = "unknown_address"


class Webhook:
    """Implements `alerts.ports.Channel`. An address is the name of a hook in the settings."""

    name: Final = "webhook"
    kind: Final = ChannelKind.WEBHOOK
    can: Final = Capabilities(receipts=True, looks_up=True)

    def __init__(
        self, hooks: Mapping[str, str], secret: str, clock: Clock, *, answer_s: float = ANSWER_S
    ) -> None:
        """`hooks`: URLs by name."""
        self._hooks = hooks
        self._secret = secret.encode()
        self._clock = clock
        self._answer_s = answer_s

    def send(self, letter: Letter) -> Sent:
        """Post it; trouble of any kind is an answer."""
        url = self._hooks.get(letter.address)
        if url is None:
            return Refused(UNKNOWN)
        body = msgspec.json.encode(
            {
                "id": f"gw{letter.notice}",
                "text": letter.text,
                "template": letter.template,
                "params": dict(letter.params),
                "language": letter.language,
                "priority": int(letter.urgency),
                "reply_code": letter.reply_code,
            }
        )
        headers = {
            "Content-Type": "application/json",
            SIGNATURE: signature(self._secret, body, self._clock.now_ms() // 1000),
        }
        try:
            answer = post(url, body, headers, self._answer_s)
        except requests.RequestException as error:
            return unanswered(error)
        return _meaning(answer.status_code, f"gw{letter.notice}")

    def look_up(self, letter: Letter) -> LookedUp:
        """It can't be asked; but who receives it takes an id only once: to send the same again is harmless."""
        del letter
        return NotFound()

    def probe(self) -> Health:
        """Nothing can be asked without a message."""
        return Health(ok=True)


def signature(secret: bytes, body: bytes, now_s: int) -> str:
    """The header's value."""
    digest = hmac.new(secret, f"{now_s}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={now_s},v1={digest}"


def post(url: str, body: bytes, headers: Mapping[str, str], answer_s: float) -> requests.Response:
    """One request over a connection of its own, without a redirect, a proxy of the environment or a login file.

    Raises:
        requests.RequestException: there was no answer.
    """
    with requests.Session() as session:
        session.trust_env = False
        return session.post(
            url,
            data=body,
            headers={**headers, "Connection": "close"},
            timeout=(CONNECT_S, answer_s),
            allow_redirects=False,
        )


def _meaning(status: int, called: str) -> Sent:
    if status in _OK:
        return Handed(called, delivered=True)
    if status in _ACCOUNT:
        return TryLater(str(status), account=True)
    if status in _LATER or status >= _SERVER_ERROR:
        return TryLater(str(status))
    return Refused(str(status))
