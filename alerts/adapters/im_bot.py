"""Messages to a team's room by its robot: DingTalk, WeCom or Feishu, told apart by the robot's address.

Robots take about 20 messages a minute, give no receipt and hear no answer (console.md 5.4): good for a team that looks
at its room, never the only way to reach somebody.
"""

import base64
import hashlib
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote_plus, urlsplit

import msgspec
import requests

from alerts.adapters.failures import UNREADABLE, unanswered
from alerts.adapters.webhook import ANSWER_S, UNKNOWN, post
from alerts.rules.delivery import CannotSay, Handed, LookedUp, NoAnswer, Refused, Sent, TryLater
from alerts.rules.letters import Capabilities, Health, Letter
from gascore.alarm import ChannelKind
from gascore.clock import Clock

MINUTE_MS: Final = 60_000
_TOO_MANY: Final = 429
_SERVER_ERROR: Final = 500


@dataclass(frozen=True, slots=True)
class Room:
    """A robot's address, and the secret it signs with; "": it does not."""

    url: str
    secret: str = ""


@dataclass(frozen=True, slots=True)
class Request:
    """What is posted."""

    url: str
    body: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Dialect:
    """How one maker's robots are spoken to.

    Attributes:
        code: the key of its answer's code; 0 is good.
        limits: codes that mean "too many for now"; wrong: key, signature or robot are wrong.
    """

    request: Callable[[Room, str, int], Request]
    code: str
    limits: frozenset[int]
    wrong: frozenset[int]


def dialect_of(url: str) -> Dialect | None:
    """By the path, which is the same behind a relay; None: no robot of theirs."""
    path = urlsplit(url).path
    return next((one for beginning, one in DIALECTS.items() if path.startswith(beginning)), None)


class ImBot:
    """Implements `alerts.ports.Channel`. An address is the name of a room in the settings."""

    name: Final = "im_bot"
    kind: Final = ChannelKind.IM
    can: Final = Capabilities()

    def __init__(self, rooms: Mapping[str, Room], clock: Clock, *, answer_s: float = ANSWER_S) -> None:
        """`rooms`: by name."""
        self._rooms = rooms
        self._clock = clock
        self._answer_s = answer_s

    def send(self, letter: Letter) -> Sent:
        """Post it; trouble of any kind is an answer."""
        room = self._rooms.get(letter.address)
        dialect = dialect_of(room.url) if room else None
        if room is None or dialect is None:
            return Refused(UNKNOWN)
        request = dialect.request(room, letter.text, self._clock.now_ms())
        body = msgspec.json.encode(request.body)
        try:
            answer = post(request.url, body, {"Content-Type": "application/json"}, self._answer_s)
        except requests.RequestException as error:
            return unanswered(error)
        return _meaning(answer, dialect, f"gw{letter.notice}")

    def look_up(self, letter: Letter) -> LookedUp:
        """A robot can't be asked."""
        del letter
        return CannotSay("cannot_be_asked")

    def probe(self) -> Health:
        """Nothing can be asked without a message."""
        return Health(ok=True)


def _meaning(answer: requests.Response, dialect: Dialect, called: str) -> Sent:
    if answer.status_code == _TOO_MANY:
        return TryLater(str(_TOO_MANY), MINUTE_MS)
    if answer.status_code >= _SERVER_ERROR:
        return TryLater(str(answer.status_code))
    try:
        said = msgspec.json.decode(answer.content, type=dict[str, Any])
        code = int(said.get(dialect.code, said.get("StatusCode", "")))
    except (msgspec.DecodeError, ValueError, TypeError):
        return NoAnswer(UNREADABLE)
    if code == 0:
        return Handed(called, receipt_ms=None)
    if code in dialect.limits:
        return TryLater(str(code), MINUTE_MS)
    return TryLater(str(code), account=True) if code in dialect.wrong else Refused(str(code))


def _dingtalk(room: Room, text: str, now_ms: int) -> Request:
    url = room.url
    if room.secret:
        digest = hmac.new(room.secret.encode(), f"{now_ms}\n{room.secret}".encode(), hashlib.sha256).digest()
        url += f"&timestamp={now_ms}&sign={quote_plus(base64.b64encode(digest))}"
    return Request(url, {"msgtype": "text", "text": {"content": text}})


def _wecom(room: Room, text: str, now_ms: int) -> Request:
    del now_ms
    return Request(room.url, {"msgtype": "text", "text": {"content": text}})


def _feishu(room: Room, text: str, now_ms: int) -> Request:
    body: dict[str, Any] = {"msg_type": "text", "content": {"text": text}}
    if room.secret:
        now_s = now_ms // 1000
        # Its key is what others sign, and it signs nothing (open.feishu.cn, custom bot).
        digest = hmac.new(f"{now_s}\n{room.secret}".encode(), b"", hashlib.sha256).digest()
        body |= {"timestamp": str(now_s), "sign": base64.b64encode(digest).decode()}
    return Request(room.url, body)


DIALECTS: Final[Mapping[str, Dialect]] = {
    "/robot/send": Dialect(
        _dingtalk, "errcode", frozenset({130101, 410100}), frozenset({310000, 300001, 400101})
    ),
    "/cgi-bin/webhook/send": Dialect(_wecom, "errcode", frozenset({45009, 45033}), frozenset({93000, 40058})),
    "/open-apis/bot/": Dialect(
        _feishu, "code", frozenset({9499, 11232}), frozenset({19001, 19021, 19022, 19024})
    ),
}
"""By how the robot's path begins: DingTalk, WeCom, Feishu."""
