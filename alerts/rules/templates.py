"""Templates of providers that take no free text: which are needed, which one says what, and what is wrong with one.

Chinese providers approve each text beforehand (domain.md 6): up to 70 characters with the signature in 【】, variables
neither adjacent nor alone, no special characters. A template that breaks a rule is bounced by the provider or, worse,
in the night of the leak; so all of them are checked before anything starts.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from alerts.rules.wording import LIMIT, UNANSWERED_PURPOSE, Answers
from alerts.rules.words_of_texts import (
    CALL,
    CONTACT_CALL,
    CONTACT_TEST,
    KINDS,
    LATE_MARK,
    LEVELS,
    NAME_LENGTH,
    NEWS,
    NO_SUCH_CODE,
    OVER_SINCE,
    REPLY,
    ROOMS,
    SIGNATURE,
    TAKEN_BEFORE,
    TO_DO,
    TOOK_OVER,
    UNANSWERED,
    WHICH_ONE,
)
from gascore.alarm import LEAKS, AlarmKind, NoticePurpose
from gascore.words import Language

VARIABLE: Final = re.compile(r"\{(\w*)\}")
FORBIDDEN: Final = frozenset("¥￥★☆※✓√☞☛◆◇■□●○【】")
"""Special characters are refused (domain.md 6 [S81]); the platform puts the signature's brackets itself."""
VARIABLE_MAX: Final = 35
"""Characters; the largest that is known of any provider. Tencent's console may show less: a key of the file."""
LENGTHS: Final = range(2, 17)
"""Characters of a signature (domain.md 6 [S82])."""
SPOKEN_LIMIT: Final = 500
_LINK: Final = re.compile(r"https?:|www\.")
CONTACT: Final = f"contact.{NoticePurpose.TEST}"
"""The monthly text that proves that a phone can be reached."""
_ANSWERS: Final[Mapping[str, Mapping[Language, str]]] = {
    Answers.NO_SUCH_CODE: {Language.ZH: NO_SUCH_CODE[Language.ZH].removeprefix(SIGNATURE[Language.ZH])},
    Answers.TOOK_OVER: TOOK_OVER,
    Answers.TAKEN_BEFORE: TAKEN_BEFORE,
    Answers.OVER: OVER_SINCE,
    Answers.WHICH_ONE: WHICH_ONE,
    CONTACT: {Language.ZH: CONTACT_TEST[Language.ZH].removeprefix(SIGNATURE[Language.ZH])},
}
"""Of no alarm: our answers to replies, and the monthly test. Spoken is the test alone, to lines that take no texts."""
NO_TEMPLATE: Final = "no_template"
"""Why a provider was not asked: of what is to be said it has none."""
CODE: Final = "code"
"""The parameter with which a person answers."""
_MISSING: Final = "-"
"""Stands for what is not known: an empty parameter is refused."""
_FALLBACK: Final[Mapping[str, str]] = {
    NoticePurpose.WORSE: NoticePurpose.RAISED,
    NoticePurpose.REPEAT: NoticePurpose.RAISED,
    UNANSWERED_PURPOSE: NoticePurpose.CLEARED,
}
"""What still says the truth when a template of its own is missing; leaks have all of their own."""
LONGEST: Final[Mapping[str, int]] = {
    "place": max(NAME_LENGTH[it] + max(map(len, ROOMS[it].values())) for it in Language),
    "level": max(len(level.strip() + "100%LEL") + 1 for it in Language for level in LEVELS[it].values()),
    "count": len("1000000/1000000"),
    "when": max(len("00:00" + mark) for mark in LATE_MARK.values()),
    "code": len("9999"),
    "codes": len("9999/9999/9999/9999"),
    "who": max(NAME_LENGTH.values()),
}
"""The longest value of each variable in any language."""
LONGEST_ZH: Final[Mapping[str, int]] = {
    **LONGEST,
    "place": NAME_LENGTH[Language.ZH] + max(map(len, ROOMS[Language.ZH].values())),
    "level": max(map(len, LEVELS[Language.ZH].values())) + len("100%LEL"),
    "when": len("00:00" + LATE_MARK[Language.ZH]),
    "who": NAME_LENGTH[Language.ZH],
}
"""The same of those whose language is Chinese."""


@dataclass(frozen=True, slots=True)
class Template:
    """One approved text. `code`: the provider's name of it; `text`: with variables such as "{place}"."""

    code: str
    text: str

    @property
    def variables(self) -> tuple[str, ...]:
        """In the order of the text, which is the order of providers that number them."""
        return tuple(VARIABLE.findall(self.text))

    def values(self, params: Mapping[str, str]) -> dict[str, str]:
        """The variables' values, in order."""
        return {name: params.get(name) or _MISSING for name in self.variables}


@dataclass(frozen=True, slots=True)
class Book:
    """All templates of one provider.

    Attributes:
        signature: without 【】; "": it has none (calls).
        variable_max: characters that a variable may have.
        spoken: it is read aloud, and answered by a key: no code is needed, and 70 characters are no limit.
    """

    signature: str = ""
    variable_max: int = VARIABLE_MAX
    spoken: bool = False
    entries: Mapping[Language, Mapping[str, Template]] = field(default_factory=dict)

    def of(self, name: str | None, language: Language) -> Template | None:
        """The template of "{alarm kind}.{purpose}", in the other language rather than not at all."""
        for one in (language, *Language):
            found = _of(self.entries.get(one, {}), name or "")
            if found:
                return found
        return None


def needed(*, spoken: bool) -> Iterator[str]:
    """The templates without which somebody could not be told of something."""
    for kind in AlarmKind:
        yield f"{kind}.{NoticePurpose.RAISED}"
        if kind in LEAKS:
            yield from (
                f"{kind}.{it}" for it in (NoticePurpose.WORSE, NoticePurpose.REPEAT, UNANSWERED_PURPOSE)
            )
        yield f"{kind}.{NoticePurpose.CLEARED}"
    if not spoken:
        yield from _ANSWERS


def proposed(*, spoken: bool, call: str = CALL) -> dict[str, Template]:
    """Texts to have approved, of the same words as the free texts, in Chinese; the codes come from the provider.

    `call`: the number that leaks' texts say to call.
    """
    texts = {CONTACT: Template("", CONTACT_CALL[Language.ZH])} if spoken else {}
    for name in needed(spoken=spoken):
        if name in _ANSWERS:
            texts[name] = Template("", _ANSWERS[name][Language.ZH])
            continue
        kind, _, purpose = name.partition(".")
        what = KINDS[Language.ZH][AlarmKind(kind)]
        values = "".join(f"{{{it}}}" for it in ("level", "count") if it in _allowed(name))
        reply = "。按1接手" if spoken else REPLY[Language.ZH].format("{code}")
        if purpose == NoticePurpose.CLEARED:
            text = f"解除:{{place}}{what},{{when}}"
            text += "。谢谢" if spoken else ""
        elif purpose == UNANSWERED_PURPOSE:
            text = f"{{place}}{what},{{when}}{UNANSWERED[Language.ZH]}{reply}"
        else:
            news = NEWS[Language.ZH][NoticePurpose(purpose)]
            to_do = TO_DO[Language.ZH][AlarmKind(kind)][0].format(call=call)
            text = f"{news}{{place}}{what}{values},{{when}}{to_do}{reply}"
        texts[name] = Template("", text)
    return texts


def defects(provider: str, book: Book) -> list[str]:
    """What is wrong, one line each that says what to do; empty: all can be used."""
    if not any(book.entries.values()):
        return [
            f"{provider}: has no templates; `gaswatch templates {provider}` writes those to have approved"
        ]
    found = []
    if not book.spoken and len(book.signature) not in LENGTHS:
        found.append(f"{provider}: signature must have 2 to 16 characters, without 【】")
    found += [
        f"{provider}: {name} is missing; `gaswatch templates {provider}` writes its text"
        for name in needed(spoken=book.spoken)
        if book.of(name, Language.ZH) is None
    ]
    for language, entries in book.entries.items():
        for name, template in entries.items():
            found += [
                f"{provider}.{language}: {name}: {it}" for it in _defects(name, template, language, book)
            ]
    return found


def _of(entries: Mapping[str, Template], name: str) -> Template | None:
    kind, _, purpose = name.partition(".")
    if name in entries or kind in LEAKS:
        return entries.get(name)
    return entries.get(f"{kind}.{_FALLBACK.get(purpose, purpose)}")


def _allowed(name: str) -> frozenset[str]:
    """The variables that always have a value there."""
    kind, _, purpose = name.partition(".")
    if name in _ANSWERS:
        return frozenset(VARIABLE.findall(_ANSWERS[name][Language.ZH]))
    if purpose == NoticePurpose.CLEARED:
        return frozenset({"place", "when"})
    more = {"level"} if kind in LEAKS and purpose != UNANSWERED_PURPOSE else set()
    more |= {"count"} if kind == AlarmKind.OUTAGE else set()
    return frozenset({"place", "when", "code"} | more)


def _defects(name: str, template: Template, language: Language, book: Book) -> Iterator[str]:
    text, variables = template.text, template.variables
    allowed = _allowed(name)
    if not template.code:
        yield "code is missing: the provider shows it when the template is approved"
    for one in variables:
        if one not in allowed:
            yield f"{{{one}}} has no value here; there are {', '.join(sorted(allowed)) or 'none'}"
    must = ({"place"} if book.spoken else {"place", "code"}) & allowed
    for one in sorted(must - set(variables)):
        yield f"{{{one}}} is missing: nobody could tell {'where it is' if one == 'place' else 'how to answer'}"
    yield from _form(text)
    longest = LONGEST_ZH if language is Language.ZH else LONGEST
    for one in variables:
        if longest.get(one, 0) > book.variable_max:
            yield f"{{{one}}} can have {longest[one]} characters, over variable_max = {book.variable_max}"
    length = len(VARIABLE.sub("", text)) + sum(longest.get(one, 0) for one in variables)
    length += len(book.signature) + 2 if book.signature else 0
    limit = SPOKEN_LIMIT if book.spoken else LIMIT
    if length > limit:
        yield f"can have {length} characters with its signature; {limit} is one message: shorten it by {length - limit}"


def _form(text: str) -> Iterator[str]:
    if "}{" in text:
        yield "two variables are adjacent: put a character between them"
    if not re.search(r"\w", VARIABLE.sub("", text)):
        yield "has nothing but variables: add words"
    if bad := sorted(FORBIDDEN.intersection(text)):
        yield f"has {''.join(bad)}, which providers refuse"
    if _LINK.search(text):
        yield "has a link, which providers refuse"
