"""What a text from a person means: a code, or "yes" when only one alarm is open for that phone.

Codes are digits: no change of keyboard, and no clash with the words that stop a subscription (STOP, END,
QUIT …), which providers act upon themselves and which are therefore never an answer to an alarm, but make a
person unreachable (`alerts.rules.reach`).
"""

import unicodedata
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, TypeAlias

from gascore.words import AlarmId

FIRST_CODE: Final = 100
CODES: Final = 900
"""Three digits, 100 to 999; a phone with more open alarms than that gets four."""
YES: Final = frozenset({"1", "收到", "ok", "好", "好的", "是", "确认", "接手"})

STOPS: Final = frozenset(
    {"stop", "stopall", "unsubscribe", "end", "quit", "cancel", "revoke", "optout", "td", "t", "退订", "停止"}
)
"""Whoever sends one of these alone wants no more texts. The Latin ones but TD and T are Twilio's, which then sends
no more itself (its error 21610); 退订, TD and T are what Chinese texts say (回T退订)."""
STARTS: Final = frozenset({"start", "unstop", "订阅", "恢复"})
"""… and undoes it by one of these. Twilio's YES is none of ours: it may answer an alarm."""

_WITHOUT_MARKS: Final = str.maketrans("", "", ".,!?。、~ ")


@dataclass(frozen=True, slots=True)
class Takes:
    """The sender takes responsibility for this alarm."""

    alarm: AlarmId


@dataclass(frozen=True, slots=True)
class NoSuchCode:
    """The sender means an alarm that we don't find."""


@dataclass(frozen=True, slots=True)
class WhichOne:
    """The sender says yes, and several alarms are open for the phone."""

    codes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Chatter:
    """Not for us: no digits and no yes. It is in the journal; nobody is answered."""


Reply: TypeAlias = Takes | NoSuchCode | WhichOne | Chatter


class Wish(StrEnum):
    """What a text says about texts."""

    STOP = "stop"
    START = "start"


def wish_of(body: str) -> Wish | None:
    """Whether the sender wants no more texts, or texts again; None: it is about something else."""
    said = _plain(body)
    if said in STOPS:
        return Wish.STOP
    return Wish.START if said in STARTS else None


def parse(body: str, open_codes: Mapping[str, AlarmId], waiting: Collection[AlarmId]) -> Reply:
    """What `body` means to a phone that was told these codes of open alarms.

    A yes means the alarms that are `waiting` for somebody; when none is, any open one (it gets "already").
    """
    said = _plain(body)
    digits = "".join(c for c in said if c.isdecimal())
    if digits and digits in open_codes:
        return Takes(open_codes[digits])
    if said in YES:
        unanswered = {code: alarm for code, alarm in open_codes.items() if alarm in waiting}
        return _yes(unanswered or open_codes)
    return NoSuchCode() if digits else Chatter()


def _plain(body: str) -> str:
    """Narrow letters, lower case, without marks and spaces."""
    return unicodedata.normalize("NFKC", body).lower().translate(_WITHOUT_MARKS).strip()


def _yes(open_codes: Mapping[str, AlarmId]) -> Reply:
    alarms = set(open_codes.values())
    if len(alarms) == 1:
        return Takes(alarms.pop())
    return WhichOne(tuple(sorted(open_codes))) if alarms else NoSuchCode()


def new_code(alarm: AlarmId, taken: Collection[str]) -> str:
    """A code that this phone has not been given for another open alarm; the same input gives the same code."""
    for offset in range(CODES):
        code = str(FIRST_CODE + (alarm + offset) % CODES)
        if code not in taken:
            return code
    longer = (str(number) for number in range(1000, 10_000))
    return next(code for code in longer if code not in taken)
