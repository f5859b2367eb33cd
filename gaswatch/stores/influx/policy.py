"""What an answer of the series database means for the lines that were sent. Pure.

Nothing is ever given up because of a server's configuration or health: it is kept and sent again. Only a line
that the database refuses by itself, while it takes others, goes to the dead letters.
"""

import re
from enum import Enum
from http import HTTPStatus
from random import Random
from typing import Final, NamedTuple

from collector.rules.backoff import delay_ms

NO_ANSWER: Final = 0
"""In place of an HTTP status: refused, reset, timed out, or something that is not HTTP."""
FIRST_MS: Final = 200
MOST_MS: Final = 30_000
"""Of the back-off. InfluxDB restarts in seconds; a longer wait only makes the spool bigger."""
CONFIGURATION_MS: Final = 30_000
"""Between tries while somebody has to mend the configuration."""
RETRY_AFTER_MOST_MS: Final = 300_000
"""A server's own wish for patience is followed up to here."""
REFUSED_IN_A_ROW: Final = 20
"""Lines refused one by one, and none taken between them: the schema is wrong, not the lines."""
_RETENTION: Final = re.compile(r"beyond retention policy.*?dropped=(\d+)", re.DOTALL)
_REFUSED: Final = frozenset({HTTPStatus.BAD_REQUEST, HTTPStatus.UNPROCESSABLE_ENTITY})
_LATER: Final = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS})


class Outcome(Enum):
    """What to do with the lines that were sent."""

    DONE = "taken"
    BISECT = "refused, at least one of them: find out which"
    HALVE = "too many at once"
    TOO_OLD = "refused, all of them, for their age: dead letters"
    CONFIGURATION = "somebody has to mend something: keep, try slowly"
    LATER = "the server's trouble: keep, try again"


class Answer(NamedTuple):
    """What came back.

    Attributes:
        status: of HTTP; `NO_ANSWER` for none.
        text: the body, or why there is none.
        retry_after_s: the server's wish, where it has one.
        version: `X-Influxdb-Version`, where it is one that says so.
    """

    status: int
    text: str = ""
    retry_after_s: float | None = None
    version: str | None = None


def judge(answer: Answer, lines: int) -> Outcome:
    """What the answer to a write of so many lines means.

    Only 204 is a success: a page with status 200 is some other program's. After 400 and 422 InfluxDB 1.x and 2.x
    have kept the good lines and 3 has kept none; sending them again changes nothing.
    """
    status, text = answer.status, answer.text
    if status == HTTPStatus.NO_CONTENT:
        return Outcome.DONE
    if status in _REFUSED:
        if "limit exceeded" in text:  # max-series-per-database, max-values-per-tag: not the lines' fault
            return Outcome.CONFIGURATION
        old = _RETENTION.search(text)
        return Outcome.TOO_OLD if old and int(old[1]) >= lines else Outcome.BISECT
    if status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
        return Outcome.HALVE
    if status == NO_ANSWER or status in _LATER or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return Outcome.LATER
    return Outcome.CONFIGURATION


def wait_ms(outcome: Outcome, failures: int, retry_after_s: float | None, rng: Random) -> int:
    """How long to wait after the n-th failure in a row before the next try.

    >>> wait_ms(Outcome.LATER, 99, None, Random(1)) <= MOST_MS
    True
    """
    if outcome is Outcome.CONFIGURATION:
        return CONFIGURATION_MS
    own_ms = delay_ms(failures, rng, first_ms=FIRST_MS, most_ms=MOST_MS)
    asked_ms = min(round((retry_after_s or 0) * 1000), RETRY_AFTER_MOST_MS)
    return max(own_ms, asked_ms)
