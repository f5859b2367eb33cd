"""What a text from a person means: codes, or "yes" when only one alarm is open for that phone.

People write more than the code: "137,5分钟到" ("there in 5 minutes"), "101 102". A number is looked for as it stands;
numbers with nothing but a comma, a space or an "and" between them are one list, and all codes of it are meant.

Codes are digits: no change of keyboard, and no clash with the words that stop a subscription (STOP, END,
QUIT …), which providers act upon themselves and which are therefore never an answer to an alarm, but make a
person unreachable (`alerts.rules.reach`).
"""

import re
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
_NUMBER: Final = re.compile(r"\d+")
_BETWEEN: Final = re.compile(r"(?:[\s,.;、/&+]|和|跟|与|and)*")
"""What may stand between the numbers of one list."""
_BEFORE: Final = re.compile(
    r"(?:[\s,.:;!、【】\[\]()#]|回复|回|收到|接手|确认|编号|好的|好|reply|code|no|ok|yes)*"
)
"""What may stand before the code of a text that begins with it."""
_UNIT: Final = re.compile(
    r"\s*(?:个|多)?(?:分|秒|小时|点|时|天|楼|层|室|路|米|公里|千米|人|元|块|度|%|:|min|sec|hour|hrs?\b|h\b|m\b|km|pm|am)"
)
"""After a number, it is a time, a way or a place, and no code. 号 is none of them: 137号 may well be the code."""
_LONGEST_CODE: Final = 4


@dataclass(frozen=True, slots=True)
class Takes:
    """The sender takes responsibility for these alarms; there is at least one."""

    alarms: tuple[AlarmId, ...]


@dataclass(frozen=True, slots=True)
class NoSuchCode:
    """The sender means an alarm that we don't find."""


@dataclass(frozen=True, slots=True)
class WhichOne:
    """The sender says yes, or names numbers here and there, and several alarms are open for the phone."""

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


def has_code(body: str) -> bool:
    """Whether somebody writes a number that may be a code: no machine's word, and no STOP."""
    return any(
        len(str(FIRST_CODE)) <= len(one) <= _LONGEST_CODE
        for each in _lists(_narrow(body))
        for one in each.numbers
    )


def parse(body: str, open_codes: Mapping[str, AlarmId], waiting: Collection[AlarmId]) -> Reply:
    """What `body` means to a phone that was told these codes of open alarms.

    A yes means the alarms that are `waiting` for somebody; when none is, any open one (it gets "already"). Where
    codes stand in several places of a text, the one that it begins with is meant; else the sender is asked, for a
    leak that somebody took by chance would have no one.
    """
    said = _narrow(body)
    found = [(one, codes) for one in _lists(said) if (codes := _codes(one.numbers, open_codes))]
    if found:
        first, codes = found[0]
        if len(found) == 1 or _BEFORE.fullmatch(said, 0, first.start):
            return Takes(tuple(dict.fromkeys(open_codes[one] for one in codes)))
        return WhichOne(tuple(sorted({one for _, each in found for one in each})))
    if _plain(body) in YES:
        unanswered = {code: alarm for code, alarm in open_codes.items() if alarm in waiting}
        return _yes(unanswered or open_codes)
    return NoSuchCode() if _NUMBER.search(said) else Chatter()


@dataclass(frozen=True, slots=True)
class _List:
    """Numbers that stand together, and where the first of them begins."""

    start: int
    numbers: tuple[str, ...]


def _lists(said: str) -> list[_List]:
    found: list[_List] = []
    end = None
    for match in _NUMBER.finditer(said):
        if _UNIT.match(said, match.end()) or said[: match.start()].endswith(("+", "-", ":")):
            end = None
            continue
        if end is not None and _BETWEEN.fullmatch(said, end, match.start()):
            found[-1] = _List(found[-1].start, (*found[-1].numbers, match.group()))
        else:
            found.append(_List(match.start(), (match.group(),)))
        end = match.end()
    return found


def _codes(numbers: tuple[str, ...], open_codes: Mapping[str, AlarmId]) -> list[str]:
    """The codes among these; else all of them as one, for somebody may have typed "1 3 7"."""
    codes = [one for one in numbers if one in open_codes]
    joined = "".join(numbers)
    return codes or ([joined] if joined in open_codes else [])


def _narrow(body: str) -> str:
    """Narrow letters and digits, lower case."""
    narrow = unicodedata.normalize("NFKC", body).lower()
    return "".join(str(unicodedata.decimal(one)) if one.isdecimal() else one for one in narrow)


def _plain(body: str) -> str:
    """Narrow letters, lower case, without marks and spaces."""
    return _narrow(body).translate(_WITHOUT_MARKS).strip()


def _yes(open_codes: Mapping[str, AlarmId]) -> Reply:
    alarms = set(open_codes.values())
    if len(alarms) == 1:
        return Takes((alarms.pop(),))
    return WhichOne(tuple(sorted(open_codes))) if alarms else NoSuchCode()


def new_code(alarm: AlarmId, taken: Collection[str]) -> str:
    """A code that this phone has not been given for another open alarm; the same input gives the same code."""
    for offset in range(CODES):
        code = str(FIRST_CODE + (alarm + offset) % CODES)
        if code not in taken:
            return code
    longer = (str(number) for number in range(1000, 10_000))
    return next(code for code in longer if code not in taken)
