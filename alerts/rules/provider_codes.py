"""What a provider's refusal means: for this number, for now, or for our whole account.

Twilio's error codes as of 2026 (docs/adr/0008). A code that is not listed is judged by its HTTP status. A server error
does not say whether the message was taken: only 429 and 503 do, which turn a request away before anything is done.
"""

from typing import Final

from alerts.rules.delivery import LONGEST_RETRY_MS, NoAnswer, Refused, Sent, TryLater

BAD_NUMBER: Final = frozenset(
    {
        21211,  # not a number
        21217,  # not a number
        21265,  # is a short code
        21610,  # has opted out
        21614,  # not a mobile number
        21617,  # the text is too long: ours never is; another try would not help
        21635,  # a landline
    }
)
"""Never again to this number, whoever carries it: the next person is told at once."""
NOT_FROM_HERE: Final = frozenset(
    {
        21214,  # can't be reached
        21408,  # no permission for its country
        21612,  # can't be reached from ours
    }
)
"""Not by this provider: another one may reach it."""
OUR_ACCOUNT: Final = frozenset(
    {
        20003,  # wrong SID or token
        20005,  # account not active
        20008,  # test credentials
        21212,  # our number is no number
        21609,  # our address for receipts is no public one
        21603,  # our number is missing
        21606,  # our number is not ours, or can't send texts
        21659,  # our number is not ours
        21660,  # our number belongs to another account
        21701,  # no such messaging service
        21703,  # messaging service without a number
        30002,  # account suspended
    }
)
"""Nobody can be told until somebody mends it: retried slowly, and said loudly."""
TURNED_AWAY: Final = frozenset({429, 503})
"""Too many requests, or out of service: nothing was done."""
SERVER_ERROR: Final = 500
_NO_ENTRY: Final = frozenset({401, 403, 404})
"""Not allowed in, or no such account or address: it would be the same for every number."""


def meaning_of(status: int, code: int | None) -> Sent:
    """The outcome of a request that was answered with an error."""
    said = str(code or status)
    if code in OUR_ACCOUNT or (status in _NO_ENTRY and code not in BAD_NUMBER | NOT_FROM_HERE):
        return TryLater(said, LONGEST_RETRY_MS, account=True)
    if code in BAD_NUMBER:
        return Refused(said)
    return by_status(said, status)


def by_status(said: str, status: int) -> Sent:
    """What an answer means whose code says nothing to us."""
    if status in TURNED_AWAY:
        return TryLater(said)
    if status >= SERVER_ERROR:
        return NoAnswer(said)
    return Refused(said, elsewhere=True)
