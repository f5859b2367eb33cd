"""What a request that got no answer means: whether it left."""

import ssl
from typing import Final

import requests
from urllib3.exceptions import MaxRetryError, NewConnectionError, SSLError

from alerts.rules.delivery import NoAnswer, Sent, TryLater

UNREADABLE = "unreadable_answer"
"""Answered, but not in the provider's words: it may well have been taken."""


def unanswered(error: requests.RequestException) -> Sent:
    """The outcome of a request that `requests` gave up."""
    return TryLater("no_connection") if never_left(error) else NoAnswer(short(error))


def never_left(error: requests.RequestException) -> bool:
    """No connection was made, so nothing was sent."""
    if isinstance(error, requests.ConnectTimeout | requests.exceptions.ProxyError):
        return True
    cause = error.args[0] if error.args else None
    reason = cause.reason if isinstance(cause, MaxRetryError) else None
    return isinstance(reason, NewConnectionError) or _is_of_handshake(reason)


_HANDSHAKE: Final = frozenset(
    {
        "CERTIFICATE_VERIFY_FAILED",
        "NO_PROTOCOLS_AVAILABLE",
        "SSLV3_ALERT_HANDSHAKE_FAILURE",
        "TLSV1_ALERT_PROTOCOL_VERSION",
        "TLSV1_ALERT_UNRECOGNIZED_NAME",
        "TLSV1_UNRECOGNIZED_NAME",
        "UNSUPPORTED_PROTOCOL",
        "WRONG_VERSION_NUMBER",
    }
)
"""OpenSSL's reasons that only arise while a connection is made; others, such as an unexpected end, arise later, too."""


def _is_of_handshake(reason: Exception | None) -> bool:
    """Whether TLS failed before anything could be sent over it."""
    cause = reason.args[0] if isinstance(reason, SSLError) and reason.args else None
    return isinstance(cause, ssl.SSLError) and cause.reason in _HANDSHAKE


def short(error: requests.RequestException) -> str:
    """In one word."""
    return "timeout" if isinstance(error, requests.Timeout) else "connection_lost"


class MissingExtraError(Exception):
    """A provider's library is not installed; the message is one line that says how to get it."""

    def __init__(self, extra: str) -> None:
        super().__init__(f"{extra} is set up, but its library is missing: pip install 'gaswatch[{extra}]'")
