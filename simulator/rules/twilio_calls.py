"""How Twilio's Calls API behaves, as facts and pure functions (twilio.com/docs/voice).

The resource's shape is checked against Twilio's own OpenAPI in tests/contract/test_carrier_openapi.py.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import format_datetime
from enum import StrEnum
from typing import Final, TypeAlias
from xml.etree.ElementTree import Element, ParseError, fromstring

import msgspec

from simulator.rules.twilio import API_VERSION, MAGIC_FROM, MAGIC_TO, ApiError, error

RING_S: Final = 60
"""Twilio's own, where the request has no Timeout."""
GATHER_S: Final = 5
"""The same for a `<Gather>`."""
_E164: Final = re.compile(r"\+[1-9]\d{6,14}")


class CallStatus(StrEnum):
    """Twilio's call states."""

    QUEUED = "queued"
    RINGING = "ringing"
    IN_PROGRESS = "in-progress"
    COMPLETED = "completed"
    BUSY = "busy"
    NO_ANSWER = "no-answer"
    FAILED = "failed"


ENDED: Final = frozenset({CallStatus.COMPLETED, CallStatus.BUSY, CallStatus.NO_ANSWER, CallStatus.FAILED})


class Call(msgspec.Struct, frozen=True):
    """One call; instants in ms.

    Attributes:
        twiml, url: what is said, or where to ask for it.
        callback: told when the call has ended.
        heard: what was said so far. `keys`: what was pressed.
    """

    sid: str
    sender: str
    to: str
    at_ms: int
    changed_ms: int
    ring_s: int
    twiml: str = ""
    url: str = ""
    callback: str | None = None
    status: CallStatus = CallStatus.QUEUED
    answered_ms: int | None = None
    ended_ms: int | None = None
    heard: tuple[str, ...] = ()
    keys: str = ""


class Say(msgspec.Struct, frozen=True):
    """Speak, `loop` times."""

    text: str
    loop: int = 1


class Gather(msgspec.Struct, frozen=True):
    """Speak, wait for a key for `timeout_s`, and tell `action` which; without a key, go on."""

    says: tuple[Say, ...]
    action: str
    timeout_s: float


class Redirect(msgspec.Struct, frozen=True):
    """Go on with what is there."""

    url: str


class Hangup(msgspec.Struct, frozen=True):
    """The call is over."""


Verb: TypeAlias = Say | Gather | Redirect | Hangup


class BadTwimlError(Exception):
    """Twilio would say "an application error has occurred" and hang up (12100)."""


def refusal(form: Mapping[str, str]) -> ApiError | None:
    """Why a request to place a call is refused for what is in it; None: it is taken."""
    to, sender = form.get("To", ""), form.get("From", "")
    checks = (
        (not to, 21201),
        (not sender, 21603),
        (not form.get("Twiml") and not form.get("Url"), 21205),
        (to in MAGIC_TO, MAGIC_TO.get(to, 0)),
        (sender in MAGIC_FROM, MAGIC_FROM.get(sender, 0)),
        (not _E164.fullmatch(to), 21211),
        (not _E164.fullmatch(sender), 21212),
    )
    code = next((code for wrong, code in checks if wrong), None)
    return None if code is None else error(code, to=to, sender=sender)


def verbs_of(twiml: str) -> list[Verb]:
    """What a TwiML document asks for; what a phone network of ours has no use for is left out.

    Raises:
        BadTwimlError: it is no TwiML.
    """
    try:
        response = fromstring(twiml)  # noqa: S314 -- our customer's, on this machine
    except ParseError as wrong:
        raise BadTwimlError(str(wrong)) from wrong
    if response.tag != "Response":
        raise BadTwimlError(f"<{response.tag}> where <Response> is due")
    return [verb for child in response if (verb := _verb(child)) is not None]


def _verb(element: Element) -> Verb | None:
    text = (element.text or "").strip()
    match element.tag:
        case "Say":
            return Say(text, int(element.get("loop", "1")))
        case "Gather":
            says = tuple(
                Say((one.text or "").strip(), int(one.get("loop", "1"))) for one in element.iter("Say")
            )
            return Gather(says, element.get("action", ""), float(element.get("timeout", str(GATHER_S))))
        case "Redirect":
            return Redirect(text)
        case "Hangup":
            return Hangup()
        case _:
            return None


def resource(call: Call, account: str) -> dict[str, object]:
    """A call as the API shows it."""
    uri = f"/{API_VERSION}/Accounts/{account}/Calls/{call.sid}"
    parts = ("notifications", "recordings", "streams", "transcriptions", "payments", "siprec", "events")
    names = {one: "/".join(word.capitalize() for word in one.split("_")) for one in parts}
    return {
        "account_sid": account,
        "answered_by": None,
        "api_version": API_VERSION,
        "caller_name": None,
        "date_created": _rfc2822(call.at_ms),
        "date_updated": _rfc2822(call.changed_ms),
        "direction": "outbound-api",
        "duration": None if call.ended_ms is None else str(_talked_s(call)),
        "end_time": None if call.ended_ms is None else _rfc2822(call.ended_ms),
        "forwarded_from": None,
        "from": call.sender,
        "from_formatted": call.sender,
        "group_sid": None,
        "parent_call_sid": None,
        "phone_number_sid": None,
        "price": None,
        "price_unit": "USD",
        "queue_time": "0",
        "sid": call.sid,
        "start_time": None if call.answered_ms is None else _rfc2822(call.answered_ms),
        "status": call.status.value,
        "subresource_uris": {name: f"{uri}/{path}.json" for name, path in names.items()},
        "to": call.to,
        "to_formatted": call.to,
        "trunk_sid": None,
        "uri": f"{uri}.json",
    }


def fields_of(call: Call, account: str) -> dict[str, str]:
    """What Twilio posts with every request about a call."""
    fields = {
        "AccountSid": account,
        "ApiVersion": API_VERSION,
        "CallSid": call.sid,
        "CallStatus": call.status.value,
        "Called": call.to,
        "Caller": call.sender,
        "Direction": "outbound-api",
        "From": call.sender,
        "To": call.to,
    }
    if call.status in ENDED:
        fields |= {
            "CallDuration": str(_talked_s(call)),
            "SequenceNumber": "0",
            "CallbackSource": "call-progress-events",
        }
    return fields


def _talked_s(call: Call) -> int:
    if call.answered_ms is None or call.ended_ms is None:
        return 0
    return (call.ended_ms - call.answered_ms) // 1000


def _rfc2822(at_ms: int) -> str:
    return format_datetime(datetime.fromtimestamp(at_ms // 1000, UTC))
