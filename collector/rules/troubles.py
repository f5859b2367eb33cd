"""What of our own is not as it should be though we see: a book of troubles that does not flicker.

A trouble is told the first time that somebody says it, and is over once nobody has said it for `CALM_MS`:
it ends at the instant from which nobody did. So each name costs at most two events per `CALM_MS`. The book
is saved with each change, so that a start knows what the run before left open.
"""

from collections.abc import Mapping
from typing import Final, TypeAlias

import msgspec

from gascore.journal import TroubleBegan, TroubleEnded

CALM_MS: Final = 60_000
"""So long nobody may have said it before a trouble is over."""
MOST: Final = 64
"""Names in the book; what comes beyond is not told. We know of a dozen, so more is a defect of ours."""
DETAIL: Final = 300
"""Characters kept of a detail; an operator reads one line."""


class Trouble(msgspec.Struct, frozen=True, omit_defaults=True):
    """`name` is not as it should be since `since_ms`; nobody says so any more since `over_ms`."""

    name: str
    since_ms: int
    detail: str
    over_ms: int | None = None


Book: TypeAlias = Mapping[str, Trouble]
FINE: Final[Book] = {}
"""Nothing to tell."""

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(tuple[Trouble, ...]).decode


def say(book: Book, name: str, detail: str | None, now_ms: int) -> tuple[Book, list[TroubleBegan]]:
    """Somebody says that a trouble holds, and its details; or (None) that it does not."""
    known = book.get(name)
    if detail is None:
        if known is None or known.over_ms is not None:
            return book, []
        return {**book, name: msgspec.structs.replace(known, over_ms=now_ms)}, []
    detail = detail[:DETAIL]
    if known is not None:
        if known.over_ms is None and known.detail == detail:
            return book, []
        return {**book, name: Trouble(name, known.since_ms, detail)}, []
    if len(book) >= MOST:
        return book, []
    began = TroubleBegan(name=name, since_ms=now_ms, detail=detail)
    return {**book, name: Trouble(name, now_ms, detail)}, [began]


def settle(book: Book, now_ms: int) -> tuple[Book, list[TroubleEnded]]:
    """End what has been calm for long enough. A clock that was set back makes nobody wait for it."""
    rest: dict[str, Trouble] = {}
    ended: list[TroubleEnded] = []
    for name, trouble in book.items():
        over_ms = trouble.over_ms
        if over_ms is not None and over_ms > now_ms:
            over_ms = now_ms
            rest[name] = msgspec.structs.replace(trouble, over_ms=now_ms)
        elif over_ms is None or now_ms - over_ms < CALM_MS:
            rest[name] = trouble
        else:
            since_ms = trouble.since_ms
            ended.append(TroubleEnded(name=name, since_ms=since_ms, ended_ms=max(over_ms, since_ms)))
    return (rest if rest != book else book), ended


def save(book: Book) -> bytes:
    """The stored form."""
    return _encode(tuple(book.values()))


def restore(body: bytes | None, now_ms: int) -> Book:
    """The inverse of `save`: whoever still has a trouble says so again, or it is over since `now_ms`."""
    troubles = _decode(body) if body is not None else ()
    return {one.name: msgspec.structs.replace(one, over_ms=now_ms) for one in troubles}
