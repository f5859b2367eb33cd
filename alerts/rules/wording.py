"""Puts texts together. Each fits one segment, whatever goes in (tested for all).

One Chinese character makes a whole SMS UCS-2, 70 characters to a segment; plain English is GSM-7, 160 characters.
A longer text comes in parts, late, or not at all. What must be said always has room; what helps is added while
there is room. The same facts are given as the parameters of a template, for providers that take no free text.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from enum import StrEnum
from typing import Final

from alerts.rules.words_of_texts import (
    CALL,
    KINDS,
    LATE,
    LATE_MARK,
    LEVELS,
    NAME_LENGTH,
    NEWS,
    NO_SUCH_CODE,
    OVER_SINCE,
    REMINDER,
    REPLY,
    ROOMS,
    SIGNATURE,
    TAKEN_BEFORE,
    TIME,
    TO_DO,
    TOOK_OVER,
    UNANSWERED,
    WHICH_ONE,
)
from gascore.alarm import Alarm, AlarmKind, NoticePurpose
from gascore.operators import Outcome
from gascore.words import Language, RoomKind

LIMIT: Final = 70
"""Characters in one segment of UCS-2 …"""
PLAIN_LIMIT: Final = 160
"""… and of GSM-7 (3GPP TS 23.038)."""
_NOT_PLAIN: Final = frozenset("[]{}^|~\\`")
"""Printable ASCII that is not in GSM-7, or takes two places there."""
UNANSWERED_PURPOSE: Final = "unanswered"
"""In a template's name: it is over, but nobody has taken responsibility."""
_ALWAYS: Final = 0
_CODES_NAMED: Final = 4
_DAY_MS: Final = 86_400_000


@dataclass(frozen=True, slots=True)
class Reader:
    """Who reads it: the language, the time zone of the town, and whom to call there."""

    language: Language
    zone: tzinfo
    call: str = CALL


@dataclass(frozen=True, slots=True)
class Names:
    """What a place is called, in the reader's language: the site's short name, the kind of the room."""

    site: str
    room: RoomKind | None = None


@dataclass(frozen=True, slots=True)
class _Piece:
    """A piece of a text; the smaller `rank`, the more it matters. Rank 0 is never left out."""

    text: str
    rank: int = _ALWAYS


@dataclass(frozen=True, slots=True)
class Said:
    """What a person is told: as free text, and as a template's name and parameters.

    Attributes:
        template: "{alarm kind}.{purpose}", such as "leak.raised", or of `Answers` (`alerts.rules.templates`).
        params: by name: "place", "level", "count", "when", "code"; those that have something to say.
    """

    text: str
    template: str
    params: Mapping[str, str] = field(default_factory=dict)


class Answers(StrEnum):
    """Names of the templates of our answers."""

    NO_SUCH_CODE = "answer.no_such_code"
    TOOK_OVER = "answer.took_over"
    TAKEN_BEFORE = "answer.taken_before"
    OVER = "answer.over"
    WHICH_ONE = "answer.which_one"


def is_plain(text: str) -> bool:
    """Whether a text is GSM-7, with one place for each character."""
    return text.isascii() and text.isprintable() and not _NOT_PLAIN.intersection(text)


def limit_of(text: str) -> int:
    """How many characters such a text may have to be one segment."""
    return PLAIN_LIMIT if is_plain(text) else LIMIT


def said_of(
    alarm: Alarm,
    purpose: NoticePurpose,
    *,
    names: Names,
    reader: Reader,
    reply_code: str | None,
    remind: bool = False,
) -> Said:
    """What tells somebody of an alarm; `reply_code` None: it needs no answer.

    `remind`: to who has taken over and is to say so again (a template says the same as a repeat).
    """
    if purpose is NoticePurpose.CLEARED:
        reply_code = None
    over = not alarm.active and purpose is not NoticePurpose.CLEARED
    return Said(
        text=_fit(_pieces(alarm, purpose, names, reader, remind=remind), reader.language, reply_code),
        template=f"{alarm.kind}.{UNANSWERED_PURPOSE if over else purpose}",
        params=_params_of(alarm, purpose, names, reader, reply_code),
    )


def _pieces(
    alarm: Alarm, purpose: NoticePurpose, names: Names, reader: Reader, *, remind: bool
) -> list[_Piece]:
    if purpose is NoticePurpose.CLEARED:
        return _all_clear(alarm, names, reader)
    if not alarm.active:
        return _nobody_answered(alarm, names, reader)
    if remind and alarm.acked_ms is not None:
        return _reminder(alarm, alarm.acked_ms, names, reader)
    if reader.language is Language.ZH:
        return _chinese(alarm, purpose, names, reader)
    return _english(alarm, purpose, names, reader)


def _params_of(
    alarm: Alarm, purpose: NoticePurpose, names: Names, reader: Reader, reply_code: str | None
) -> dict[str, str]:
    """None of them empty: providers refuse that."""
    language = reader.language
    cleared = purpose is NoticePurpose.CLEARED
    when = _clock(alarm.changed_ms, reader) if cleared else _since(alarm, reader)
    params = {
        "place": _joined(_place(names, language)),
        "level": (LEVELS[language][alarm.level] + _before(" ", _lel(alarm), language)).strip(),
        "count": _of_how_many(alarm),
        "when": when + (LATE_MARK[language] if alarm.late and not cleared else ""),
        "code": reply_code or "",
    }
    return {name: value for name, value in params.items() if value}


def answer_of(outcome: Outcome, alarm: Alarm | None, *, site: str, reader: Reader) -> Said:
    """Our answer to a reply: who has taken over and when, or that there is no such code."""
    language = reader.language
    if alarm is None or outcome is Outcome.NOT_FOUND:
        return Said(NO_SUCH_CODE[language], Answers.NO_SUCH_CODE)
    who = alarm.acked_by or alarm.closed_by
    at_ms = (alarm.acked_ms if alarm.acked_by else alarm.closed_ms) or alarm.changed_ms
    name, words = (Answers.TAKEN_BEFORE, TAKEN_BEFORE)
    if not who:
        name, words = (Answers.OVER, OVER_SINCE)
    elif outcome is Outcome.DONE:
        name, words = (Answers.TOOK_OVER, TOOK_OVER)
    limit = NAME_LENGTH[language]
    params = {"place": site[:limit], "who": (who or "")[:limit], "when": _clock(at_ms, reader)}
    text = SIGNATURE[language] + words[language].format(**params)
    return Said(text, name, {key: value for key, value in params.items() if value})


def which_one(codes: tuple[str, ...], language: Language) -> Said:
    """Several alarms are open for this phone: which one? At most four codes are named."""
    params = {"count": str(len(codes)), "codes": "/".join(codes[:_CODES_NAMED])}
    return Said(SIGNATURE[language] + WHICH_ONE[language].format(**params), Answers.WHICH_ONE, params)


def _chinese(alarm: Alarm, purpose: NoticePurpose, names: Names, reader: Reader) -> list[_Piece]:
    must, *may = _to_do(alarm, reader)
    return [
        _Piece(SIGNATURE[Language.ZH] + NEWS[Language.ZH][purpose]),
        _Piece(LATE[Language.ZH] if alarm.late else ""),
        *_place(names, Language.ZH),
        _Piece(_what(alarm, Language.ZH)),
        _Piece(_lel(alarm), rank=4),
        _Piece(_of_how_many(alarm), rank=1),
        _Piece(_after_time(_since(alarm, reader), Language.ZH)),
        _Piece(must),
        *(_Piece(text, rank=2) for text in may),
    ]


def _english(alarm: Alarm, purpose: NoticePurpose, names: Names, reader: Reader) -> list[_Piece]:
    must, *may = _to_do(alarm, reader)
    return [
        _Piece(NEWS[Language.EN][purpose]),
        _Piece(LATE[Language.EN] if alarm.late else ""),
        _Piece(_what(alarm, Language.EN)),
        _Piece(" " + _lel(alarm) if _lel(alarm) else "", rank=4),
        _Piece(" "),
        *_place(names, Language.EN),
        _Piece(" " + _of_how_many(alarm) if alarm.outage else "", rank=1),
        _Piece(_after_time(_since(alarm, reader), Language.EN)),
        _Piece(must),
        *(_Piece(text, rank=2) for text in may),
    ]


def _to_do(alarm: Alarm, reader: Reader) -> list[str]:
    return [text.format(call=reader.call) for text in TO_DO[reader.language][alarm.kind]]


def _reminder(alarm: Alarm, acked_ms: int, names: Names, reader: Reader) -> list[_Piece]:
    """To who answers for it: it still holds, and silence would have others told again."""
    language = reader.language
    before, after = REMINDER[language]
    what, lel, to_do = _what(alarm, language), _lel(alarm), _to_do(alarm, reader)
    place = _place(names, language)
    if language is Language.ZH:
        head = [_Piece(SIGNATURE[language] + before), *place, _Piece(what), _Piece(lel, rank=4)]
    else:
        head = [_Piece(before + what), _Piece(f" {lel}" if lel else "", rank=4), _Piece(" "), *place]
    return [*head, _Piece(after.format(_clock(acked_ms, reader))), *(_Piece(text, rank=5) for text in to_do)]


def _all_clear(alarm: Alarm, names: Names, reader: Reader) -> list[_Piece]:
    language = reader.language
    what = KINDS[language][alarm.kind]
    place = _place(names, language)
    head = (SIGNATURE[language] if language is Language.ZH else "") + NEWS[language][NoticePurpose.CLEARED]
    body = [*place, _Piece(what)] if language is Language.ZH else [_Piece(what + " "), *place]
    return [_Piece(head), *body, _Piece(_after_time(_clock(alarm.changed_ms, reader), language))]


def _nobody_answered(alarm: Alarm, names: Names, reader: Reader) -> list[_Piece]:
    """It is over, but nobody has taken responsibility: to those further up the ladder."""
    language = reader.language
    what = KINDS[language][alarm.kind]
    if language is Language.ZH:
        body = [
            _Piece(SIGNATURE[language]),
            *_place(names, language),
            _Piece(what),
            _Piece(_lel(alarm), rank=4),
        ]
    else:
        body = [_Piece(what + " "), *_place(names, language)]
    return [*body, _Piece(_after_time(_since(alarm, reader), language)), _Piece(UNANSWERED[language])]


def _place(names: Names, language: Language) -> list[_Piece]:
    room = ROOMS[language][names.room] if names.room else ""
    return [_Piece(names.site[: NAME_LENGTH[language]]), _Piece(room, rank=3)]


def _what(alarm: Alarm, language: Language) -> str:
    level = LEVELS[language][alarm.level] if alarm.kind in {AlarmKind.LEAK, AlarmKind.UNKNOWN_LEAK} else ""
    return KINDS[language][alarm.kind] + level


def _lel(alarm: Alarm) -> str:
    """The worst so far: the value of this instant is on the console, a text is old when it is read."""
    if alarm.kind is not AlarmKind.LEAK or alarm.peak_lel is None:
        return ""
    return f"{min(100, round(alarm.peak_lel))}%LEL"


def _of_how_many(alarm: Alarm) -> str:
    """How many of a group are offline."""
    return f"{alarm.outage.offline}/{alarm.outage.size}" if alarm.outage else ""


def _since(alarm: Alarm, reader: Reader) -> str:
    """The time of day, or the date when that was not lately; both have five characters."""
    if alarm.opened_ms - alarm.since_ms < _DAY_MS:
        return _clock(alarm.since_ms, reader)
    return datetime.fromtimestamp(alarm.since_ms / 1000, reader.zone).strftime("%m-%d")


def _after_time(when: str, language: Language) -> str:
    return TIME[language].format(when)


def _before(gap: str, text: str, language: Language) -> str:
    """Words are set apart in English only."""
    return gap + text if text and language is Language.EN else text


def _joined(pieces: Iterable[_Piece]) -> str:
    return "".join(piece.text for piece in pieces)


def _clock(at_ms: int, reader: Reader) -> str:
    return datetime.fromtimestamp(at_ms / 1000, reader.zone).strftime("%H:%M")


def _fit(pieces: list[_Piece], language: Language, reply_code: str | None) -> str:
    """All pieces that must be there, and of the others those that matter most while they fit."""
    if reply_code:
        pieces = [*pieces, _Piece(REPLY[language].format(reply_code))]
    limit = limit_of(_joined(pieces))
    room = limit - sum(len(piece.text) for piece in pieces if piece.rank == _ALWAYS)
    kept = {id(piece) for piece in pieces if piece.rank == _ALWAYS}
    for piece in sorted(pieces, key=lambda piece: piece.rank):
        if piece.rank != _ALWAYS and len(piece.text) <= room:
            kept.add(id(piece))
            room -= len(piece.text)
    return _joined(piece for piece in pieces if id(piece) in kept)
