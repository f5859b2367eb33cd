"""How Twilio's Messages API behaves, as facts and pure functions (reference: console 5.2; twilio.com/docs).

The resource's shape is checked against Twilio's own OpenAPI in tests/contract/test_carrier_openapi.py.
"""

import base64
import hashlib
import hmac
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import format_datetime
from enum import StrEnum
from typing import Final

import msgspec

API_VERSION: Final = "2010-04-01"
MAX_BODY: Final = 1600
"""Characters; more is error 21617."""
PAGE: Final = 50
DEFAULT_VALIDITY_S: Final = 36_000
EXPIRED: Final = 30036


class SmsStatus(StrEnum):
    """Twilio's message states, those that an SMS can have."""

    ACCEPTED = "accepted"
    QUEUED = "queued"
    SENT = "sent"
    DELIVERED = "delivered"
    UNDELIVERED = "undelivered"
    FAILED = "failed"
    RECEIVED = "received"


class ApiError(msgspec.Struct, frozen=True):
    """An error answer: HTTP status, Twilio's code and its text."""

    status: int
    code: int
    message: str

    def body(self) -> dict[str, object]:
        """The JSON that Twilio sends."""
        return {
            "code": self.code,
            "message": self.message,
            "more_info": f"https://www.twilio.com/docs/errors/{self.code}",
            "status": self.status,
        }


class Sms(msgspec.Struct, frozen=True):
    """One message on its way; `at_ms` is its creation, `changed_ms` its last change."""

    sid: str
    direction: str
    sender: str
    to: str
    text: str
    status: SmsStatus
    at_ms: int
    changed_ms: int
    service: str | None = None
    callback: str | None = None
    expires_ms: int | None = None
    """From ValidityPeriod: not sent by then, it never will be."""
    sent_ms: int | None = None
    error: int | None = None


ERRORS: Final[Mapping[int, tuple[int, str]]] = {
    20003: (401, "Authenticate"),
    20404: (404, "The requested resource was not found"),
    20429: (429, "Too Many Requests"),
    20500: (500, "Internal Server Error"),
    21201: (400, "No 'To' number is specified"),
    21205: (400, "Url is not a valid URL: "),
    21211: (400, "The 'To' number {to} is not a valid phone number."),
    21212: (
        400,
        "The 'From' number {sender} is not a valid phone number, shortcode, or alphanumeric sender ID.",
    ),
    21408: (
        400,
        "Permission to send an SMS has not been enabled for the region indicated by the 'To' number: {to}.",
    ),
    21602: (400, "Message body is required."),
    21603: (400, "A 'From' phone number is required."),
    21604: (400, "A 'To' phone number is required."),
    21606: (
        400,
        "The 'From' phone number {sender} is not a valid, SMS-capable inbound phone number for your account.",
    ),
    21608: (400, "The number {to} is unverified. Trial accounts cannot send messages to unverified numbers."),
    21610: (400, "Attempt to send to unsubscribed recipient"),
    21611: (429, "This 'From' number {sender} has exceeded the maximum number of queued messages."),
    21612: (
        400,
        "The 'To' phone number: {to}, is not currently reachable using the 'From' phone number: {sender}.",
    ),
    21614: (400, "'To' number is not a valid mobile number"),
    21617: (400, "The concatenated message body exceeds the 1600 character limit"),
}
"""Code -> HTTP status and text, with `{to}` and `{sender}` to fill in."""

UNDELIVERED: Final[Mapping[int, str]] = {
    30001: "Queue overflow",
    30002: "Account suspended",
    30003: "Unreachable destination handset",
    30004: "Message blocked",
    30005: "Unknown destination handset",
    30006: "Landline or unreachable carrier",
    30007: "Message filtered",
    30008: "Unknown error",
    EXPIRED: "Validity Period Expired",
}
"""Codes of a message that was taken and then not delivered."""

MAGIC_TO: Final = {
    "+15005550001": 21211,
    "+15005550002": 21612,
    "+15005550003": 21408,
    "+15005550004": 21610,
    "+15005550009": 21614,
}
MAGIC_FROM: Final = {"+15005550001": 21212, "+15005550007": 21606, "+15005550008": 21611}
"""Twilio's magic numbers: an error for each; from +15005550006 everything is taken."""

STOP_WORDS: Final = frozenset({"STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT"})
START_WORDS: Final = frozenset({"START", "YES", "UNSTOP"})

_E164: Final = re.compile(r"\+[1-9]\d{6,14}")
_SERVICE: Final = re.compile(r"MG[0-9a-f]{32}")


def error(code: int, *, to: str = "", sender: str = "") -> ApiError:
    """The answer for a code of ERRORS; any other code is sent as a plain 400."""
    status, text = ERRORS.get(code, (400, "Error"))
    return ApiError(status, code, text.format(to=to, sender=sender))


def refusal(form: Mapping[str, str]) -> ApiError | None:
    """Why a request to create a message is refused for what is in it; None: it is taken."""
    to, sender = form.get("To", ""), form.get("From", "")
    service, text = form.get("MessagingServiceSid", ""), form.get("Body", "")
    checks = (
        (not to, 21604),
        (not sender and not service, 21603),
        (not text, 21602),
        (len(text) > MAX_BODY, 21617),
        (to in MAGIC_TO, MAGIC_TO.get(to, 0)),
        (sender in MAGIC_FROM, MAGIC_FROM.get(sender, 0)),
        (not _E164.fullmatch(to), 21211),
        (bool(sender) and not _E164.fullmatch(sender), 21212),
        (bool(service) and not _SERVICE.fullmatch(service), 21606),
    )
    code = next((code for wrong, code in checks if wrong), None)
    return None if code is None else error(code, to=to, sender=sender or service)


def expires_ms(form: Mapping[str, str], now_ms: int) -> int:
    """When an unsent message is given up: after its ValidityPeriod, s; 10 h where there is none (console 5.2)."""
    period = form.get("ValidityPeriod", "")
    return now_ms + 1000 * (int(period) if period.isascii() and period.isdigit() else DEFAULT_VALIDITY_S)


def resource(sms: Sms, account: str) -> dict[str, object]:
    """A message as the API shows it."""
    uri = f"/{API_VERSION}/Accounts/{account}/Messages/{sms.sid}.json"
    return {
        "account_sid": account,
        "api_version": API_VERSION,
        "body": sms.text,
        "date_created": _rfc2822(sms.at_ms),
        "date_sent": None if sms.sent_ms is None else _rfc2822(sms.sent_ms),
        "date_updated": _rfc2822(sms.changed_ms),
        "direction": sms.direction,
        "error_code": sms.error,
        "error_message": None if sms.error is None else UNDELIVERED.get(sms.error, "Unknown error"),
        "from": sms.sender or None,
        "messaging_service_sid": sms.service,
        "num_media": "0",
        # Without a sender yet, as with a messaging service, Twilio says 0.
        "num_segments": str(segments(sms.text)) if sms.sender else "0",
        "price": None,
        "price_unit": "USD",
        "sid": sms.sid,
        "status": sms.status.value,
        "subresource_uris": {"media": uri.replace(".json", "/Media.json")},
        "to": sms.to,
        "uri": uri,
    }


def status_callback(sms: Sms, account: str) -> dict[str, str]:
    """What Twilio posts to the StatusCallback address."""
    fields = {
        "AccountSid": account,
        "ApiVersion": API_VERSION,
        "From": sms.sender,
        "MessageSid": sms.sid,
        "MessageStatus": sms.status.value,
        "SmsSid": sms.sid,
        "SmsStatus": sms.status.value,
        "To": sms.to,
    }
    if sms.service is not None:
        fields["MessagingServiceSid"] = sms.service
    if sms.error is not None:
        fields["ErrorCode"] = str(sms.error)
    return fields


def inbound(sms: Sms, account: str) -> dict[str, str]:
    """What Twilio posts when a message comes in; fields without a value are there, empty, and signed."""
    return {
        "AccountSid": account,
        "ApiVersion": API_VERSION,
        "Body": sms.text,
        "From": sms.sender,
        "FromCity": "",
        "FromCountry": "CN",
        "FromState": "",
        "FromZip": "",
        "MessageSid": sms.sid,
        "NumMedia": "0",
        "NumSegments": str(segments(sms.text)),
        "SmsMessageSid": sms.sid,
        "SmsSid": sms.sid,
        "SmsStatus": SmsStatus.RECEIVED.value,
        "To": sms.to,
        "ToCountry": "CN",
    }


def signature(token: str, url: str, fields: Mapping[str, str]) -> str:
    """X-Twilio-Signature: HMAC-SHA1 of the URL and the sorted fields, base64 (twilio.com/docs/usage/security)."""
    text = url + "".join(name + fields[name] for name in sorted(fields))
    return base64.b64encode(hmac.digest(token.encode(), text.encode(), hashlib.sha1)).decode()


_GSM: Final = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
_GSM_TWICE: Final = frozenset("^{}\\[~]|€\f")
"""The extension table (GSM 03.38): each takes two septets."""


def segments(text: str) -> int:
    """How many SMS a text takes: GSM-7 160/153 septets, else UCS-2 70/67 units.

    >>> segments("a" * 160), segments("a" * 161), segments("气" * 70), segments("气" * 71)
    (1, 2, 1, 2)
    """
    if all(each in _GSM or each in _GSM_TWICE for each in text):
        units, one, many = len(text) + sum(each in _GSM_TWICE for each in text), 160, 153
    else:
        units, one, many = len(text.encode("utf-16-be")) // 2, 70, 67
    return 1 if units <= one else -(-units // many)


def _rfc2822(at_ms: int) -> str:
    return format_datetime(datetime.fromtimestamp(at_ms // 1000, UTC))
