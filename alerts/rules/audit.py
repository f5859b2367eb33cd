"""The self-audit: does every open alarm have a next deadline that is not overdue, and every notice its end in time?

Looks at stored facts alone, from outside the escalation (docs/adr/0025); it changes nothing and asks nobody.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from alerts.rules.casefile import CaseFile
from alerts.rules.delivery import Parcel
from alerts.rules.ladder import Ladder, Phase
from alerts.rules.sending import wake_ms
from gascore.alarm import Alarm, AlarmKind, NoticeState
from gascore.words import Priority


class Code(StrEnum):
    """What is wrong; the second word of the trouble's name ("audit {code}")."""

    LADDER_MISSING = "ladder_missing"
    """An open alarm that somebody must be told of has no next deadline."""
    LADDER_OVERDUE = "ladder_overdue"
    """A deadline has passed and nothing happened."""
    LADDER_FAR = "ladder_far"
    """A leak's next deadline is later than its chain can have: it was reckoned by another clock."""
    ROW_UNREADABLE = "row_unreadable"
    """A stored alarm, notice, policy or roster that this version can't read: nothing of it is done."""
    NOTICE_WAITS = "notice_waits"
    """A notice could be sent and was not."""
    NOTICE_STUCK = "notice_stuck"
    """A sender's lease ran out, and nobody took the notice over."""
    NOTICE_UNASKED = "notice_unasked"
    """It should have been asked about, or its receipt be called missing, and was not."""
    NOTICE_NOT_EXPIRED = "notice_not_expired"
    """A notice has no final state though its time is over."""
    DESK_STANDS = "desk_stands"
    """The desk says nothing or has not looked at the journal."""
    JOURNAL_UNREAD = "journal_unread"
    """Entries that the desk has not taken in."""
    CONSOLE_SILENT = "console_silent"
    """The dashboard says nothing: operators see nothing."""


@dataclass(frozen=True, slots=True)
class Grace:
    """How late is too late, ms. `leak_ms` for what is about leaks and people, `other_ms` for all else.

    `leak_ms`: a turn of the desk takes well under a second, and waits for a locked store for up to 10 s.
    `other_ms`: OnCall's audit of escalations uses 5 min (reference: peers 3.12); the silences of a whole town
    queue for minutes by design (docs/adr/0017).
    """

    leak_ms: int = 15_000
    other_ms: int = 300_000


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What the auditor saw in one read of the store.

    Attributes:
        ladders: open alarms with their ladders (one that was never stored is `IDLE`): at least those that are
            overdue or have no deadline, and leaks whose deadline is far.
        notices: parcels without a final state: at least those that are overdue.
        unread_ms: lane -> when its oldest entry that is not taken in was written.
        spoke_ms: service -> its last word; a service that has never said anything is missing.
        looked_ms: when the desk last looked at the journal, by its own word.
        unreadable: which rows can't be read, such as "alarm 7".
        texts: whether a provider of texts or calls works, by the desk's word; None: it has said nothing of it.
        canaries: the areas whose last test leak did not arrive.
    """

    ladders: tuple[tuple[Alarm, Ladder], ...] = ()
    notices: tuple[Parcel, ...] = ()
    unread_ms: Mapping[str, int] = field(default_factory=dict)
    spoke_ms: Mapping[str, int] = field(default_factory=dict)
    looked_ms: int | None = None
    unreadable: tuple[str, ...] = ()
    texts: str | None = None
    canaries: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """One thing that is not as it should be, since `since_ms`."""

    code: Code
    about: str
    since_ms: int = field(compare=False)


WORKS: Final = "ok"
"""What the desk says of its texts while they can leave (`Snapshot.texts`)."""
HASTENED: Final = 3
"""Each time an operator hastens an escalation that is at its end, the next repeat is one later: so many are believed."""
URGENT_LANE: Final = "alerts.urgent"
ALERTS: Final = "alerts"
CONSOLE: Final = "dashboard"
_RESTS: Final[frozenset[Phase]] = frozenset({Phase.QUIET, Phase.ANSWERED, Phase.UNANSWERED, Phase.DONE})
"""The phases in which a ladder may have no deadline, each for a reason that the alarm must show."""
_LEAKS: Final = frozenset({AlarmKind.LEAK, AlarmKind.UNKNOWN_LEAK})
_LATE: Final[Mapping[NoticeState, Code]] = {
    NoticeState.PENDING: Code.NOTICE_WAITS,
    NoticeState.SENDING: Code.NOTICE_STUCK,
    NoticeState.UNKNOWN: Code.NOTICE_UNASKED,
    NoticeState.HANDED_OVER: Code.NOTICE_UNASKED,
}


def findings(seen: Snapshot, now_ms: int, grace: Grace) -> tuple[Finding, ...]:
    """All that is wrong at `now_ms`, in a steady order."""
    found = {
        *_ladders(seen, now_ms, grace),
        *_notices(seen, now_ms, grace),
        *_services(seen, now_ms, grace),
        *(Finding(Code.ROW_UNREADABLE, about, now_ms) for about in seen.unreadable),
    }
    return tuple(sorted(found))


def silence(seen: Snapshot) -> str:
    """Why the world outside must not hear that all is well, though nothing is late; empty: it may.

    What a provider refuses ends in time, and what nobody tests is late for nobody: the audit finds nothing wrong.
    """
    if seen.texts not in {None, WORKS}:
        return "no provider works"
    return f"test leak {', '.join(seen.canaries)}" if seen.canaries else ""


def confirmed(now: tuple[Finding, ...], before: tuple[Finding, ...]) -> tuple[Finding, ...]:
    """What two looks in a row have found.

    One look may fall between a deadline and the turn that keeps it, and after a standstill of the whole machine
    the auditor may wake before the desk.
    """
    return tuple(one for one in now if one in before)


def _ladders(seen: Snapshot, now_ms: int, grace: Grace) -> Iterator[Finding]:
    for alarm, ladder in seen.ladders:
        if alarm.closed_ms is not None or alarm.priority is Priority.LOW:
            continue
        about = f"alarm {alarm.id}"
        late_ms = grace.leak_ms if alarm.kind in _LEAKS else grace.other_ms
        due_ms = CaseFile(alarm, ladder=ladder).due_ms
        if due_ms is None:
            if not _may_rest(alarm, ladder):
                yield Finding(Code.LADDER_MISSING, about, alarm.changed_ms)
        elif now_ms - due_ms > late_ms:
            yield Finding(Code.LADDER_OVERDUE, about, due_ms)
        elif alarm.kind in _LEAKS and due_ms - now_ms > _longest_ms(ladder) + late_ms:
            yield Finding(Code.LADDER_FAR, about, alarm.changed_ms)


def _longest_ms(ladder: Ladder) -> int:
    """No step of this ladder can wait for longer."""
    chain = ladder.chain
    last_ms = chain.steps[-1].after_ms if chain.steps else 0
    repeat_ms = (1 + min(ladder.repeats, HASTENED)) * chain.repeat_ms
    return max(last_ms + repeat_ms, chain.ack_expires_ms)


def _may_rest(alarm: Alarm, ladder: Ladder) -> bool:
    if ladder.phase not in _RESTS:
        return False
    match ladder.phase:
        case Phase.QUIET:
            return alarm.inside is not None
        case Phase.ANSWERED:
            return alarm.acked_ms is not None
        case _:
            return not alarm.active


def _notices(seen: Snapshot, now_ms: int, grace: Grace) -> Iterator[Finding]:
    for parcel in seen.notices:
        about = f"notice {parcel.notice.id}"
        late_ms = grace.leak_ms if parcel.urgency < Priority.MEDIUM else grace.other_ms
        due_ms = wake_ms(parcel)
        if parcel.notice.state is NoticeState.PENDING and now_ms - parcel.expires_ms > late_ms:
            yield Finding(Code.NOTICE_NOT_EXPIRED, about, parcel.expires_ms)
        elif due_ms is not None and now_ms - due_ms > late_ms:
            yield Finding(_LATE[parcel.notice.state], about, due_ms)


def _services(seen: Snapshot, now_ms: int, grace: Grace) -> Iterator[Finding]:
    for lane, at_ms in seen.unread_ms.items():
        if now_ms - at_ms > (grace.leak_ms if lane == URGENT_LANE else grace.other_ms):
            yield Finding(Code.JOURNAL_UNREAD, lane, at_ms)
    words = {"its word": seen.spoke_ms.get(ALERTS), "its look": seen.looked_ms}
    for what, said_ms in words.items():
        if said_ms is not None and now_ms - said_ms > grace.leak_ms:
            yield Finding(Code.DESK_STANDS, what, said_ms)
    console_ms = seen.spoke_ms.get(CONSOLE)
    if console_ms is not None and now_ms - console_ms > grace.other_ms:
        yield Finding(Code.CONSOLE_SILENT, CONSOLE, console_ms)
