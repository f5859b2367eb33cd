"""What operators ask of alerts, and what becomes of it: journal events (docs/adr/0004)."""

from enum import StrEnum

from gascore.alarm import AlarmCause, FalseTrigger
from gascore.event import EventBase
from gascore.words import AlarmId, PersonId


class OperatorAction(StrEnum):
    """What an operator can ask for."""

    ACK = "ack"
    CLOSE = "close"
    COMMENT = "comment"
    ACK_FOR = "ack_for"
    """`person`, or somebody of this `name`, took responsibility by telephone; the operator writes it down."""
    SHELVE = "shelve"
    UNSHELVE = "unshelve"
    OWN = "own"
    """Work on it; `take_over`: also if somebody else does."""
    ESCALATE = "escalate"
    """The next people up the ladder at once."""


class OperatorRequested(EventBase, frozen=True, tag="operator.requested"):
    """An operator asks; alerts answers with `OperatorAnswered` of the same `request`."""

    request: str
    alarm: AlarmId
    action: OperatorAction
    by: str
    seen_version: int | None = None
    cause: AlarmCause | None = None
    note: str = ""
    trigger: FalseTrigger | None = None
    until_ms: int | None = None
    person: PersonId | None = None
    name: str = ""
    """Of somebody by telephone who is not in the ledger."""
    take_over: bool = False


class Outcome(StrEnum):
    """What became of an operator's request."""

    DONE = "done"
    CHANGED_MEANWHILE = "changed_meanwhile"
    """It got worse since `seen_version`: look again."""
    ALREADY = "already"
    NOT_FOUND = "not_found"
    STILL_ACTIVE = "still_active"
    NOT_ACKED = "not_acked"
    CAUSE_MISSING = "cause_missing"
    TRIGGER_MISSING = "trigger_missing"
    """A false alarm of what?"""
    NOTE_MISSING = "note_missing"
    """"Other" says nothing without words; shelving needs a reason."""
    NEVER_SHELVED = "never_shelved"
    """A leak is never put aside."""
    BAD_END = "bad_end"
    """The end is missing, past, or too far away."""
    NOT_SHELVED = "not_shelved"
    OWNED = "owned"
    """Somebody else works on it: ask, then say `take_over`."""
    NOBODY_LEFT = "nobody_left"
    """There is nobody further up, or nobody is to be told at all."""
    NO_SUCH_PERSON = "no_such_person"


class OperatorAnswered(EventBase, frozen=True, tag="operator.answered"):
    """What alerts did with a request."""

    request: str
    alarm: AlarmId
    outcome: Outcome
    version: int | None = None
