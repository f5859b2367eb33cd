"""Our own blindness as a book: what is down since when, and the events when that changes.

The book is saved with each change, so that a start knows what the run before left open.
"""

from collections.abc import Mapping
from typing import Final, TypeAlias

import msgspec

from gascore.journal import BlindBegan, BlindEnded, BlindScope

Key: TypeAlias = tuple[BlindScope, str]


class Spell(msgspec.Struct, frozen=True):
    """Something of our own is down."""

    scope: BlindScope
    name: str
    since_ms: int
    reason: str


Book: TypeAlias = Mapping[Key, Spell]
SEEING: Final[Book] = {}
"""Nothing is down."""

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(tuple[Spell, ...]).decode


def begin(book: Book, spell: Spell) -> tuple[Book, list[BlindBegan]]:
    """Something went down; if it was down before, the first word stays."""
    key = (spell.scope, spell.name)
    if key in book:
        return book, []
    began = BlindBegan(scope=spell.scope, name=spell.name, since_ms=spell.since_ms, reason=spell.reason)
    return {**book, key: spell}, [began]


def end(book: Book, scope: BlindScope, name: str, at_ms: int) -> tuple[Book, list[BlindEnded]]:
    """Something works again; nothing happens if it was not down."""
    spell = book.get((scope, name))
    if spell is None:
        return book, []
    ended = BlindEnded(
        scope=scope,
        name=name,
        since_ms=spell.since_ms,
        ended_ms=max(at_ms, spell.since_ms),
        reason=spell.reason,
    )
    return {key: value for key, value in book.items() if key != (scope, name)}, [ended]


def save(book: Book) -> bytes:
    """The stored form."""
    return _encode(tuple(book.values()))


def restore(body: bytes | None) -> Book:
    """The inverse of `save`; SEEING when nothing was saved."""
    spells = _decode(body) if body is not None else ()
    return {(spell.scope, spell.name): spell for spell in spells}
