"""What a request that got no answer means: whether it left."""

import requests
from urllib3.exceptions import MaxRetryError, NewConnectionError

from alerts.rules.delivery import NoAnswer, Sent, TryLater

UNREADABLE = "unreadable_answer"
"""Answered, but not in the provider's words: it may well have been taken."""


def unanswered(error: requests.RequestException) -> Sent:
    """The outcome of a request that `requests` gave up."""
    return TryLater("no_connection") if never_left(error) else NoAnswer(short(error))


def never_left(error: requests.RequestException) -> bool:
    """No connection was made, so nothing was sent."""
    if isinstance(
        error, requests.ConnectTimeout | requests.exceptions.SSLError | requests.exceptions.ProxyError
    ):
        return True
    cause = error.args[0] if error.args else None
    return isinstance(cause, MaxRetryError) and isinstance(cause.reason, NewConnectionError)


def short(error: requests.RequestException) -> str:
    """In one word."""
    return "timeout" if isinstance(error, requests.Timeout) else "connection_lost"


class MissingExtraError(Exception):
    """A provider's library is not installed; the message is one line that says how to get it."""

    def __init__(self, extra: str) -> None:
        super().__init__(f"{extra} is set up, but its library is missing: pip install 'gaswatch[{extra}]'")
