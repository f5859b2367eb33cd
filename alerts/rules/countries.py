"""Which provider reaches which number: by its country and by what kind of line it is.

Twilio (twilio.com/docs/messaging/guidelines/cn and /voice guidelines, as of 2026; reference: domain 9, peers 3):
texts to mainland China go one way, from numbers that can't be answered, and calls to it aren't placed. Hong
Kong (+852), Macau (+853) and Taiwan (+886) are countries of their own here. Providers of the mainland reach
+86 and nothing else. A number that the library doesn't know is still tried: plans of numbers change faster.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberType

from gascore.alarm import ChannelKind

MAINLAND: Final = 86
"""The country code of mainland China (ITU-T E.164)."""


class Line(StrEnum):
    """What kind of line a number is."""

    MOBILE = "mobile"
    FIXED = "fixed"
    """Takes calls, no texts."""
    UNSURE = "unsure"
    """The number doesn't tell (North America), or the library doesn't know it."""


@dataclass(frozen=True, slots=True)
class Number:
    """A telephone number, read; `is_valid` False: possible, but in no country's plan that we know."""

    country: int
    line: Line
    is_valid: bool


@dataclass(frozen=True, slots=True)
class Coverage:
    """Where one provider's channel reaches.

    Attributes:
        only: country codes; empty: everywhere but `never`.
        one_way: countries whose people can't answer through it.
    """

    only: frozenset[int] = frozenset()
    never: frozenset[int] = frozenset()
    one_way: frozenset[int] = frozenset()


EVERYWHERE: Final = Coverage()
"""No limit known, as of a server of one's own that speaks a provider's language."""
TWILIO_SMS: Final = Coverage(one_way=frozenset({MAINLAND}))
TWILIO_VOICE: Final = Coverage(never=frozenset({MAINLAND}))
CHINA_ONLY: Final = Coverage(only=frozenset({MAINLAND}))
"""Aliyun's and Tencent's domestic products."""

_FIXED: Final = frozenset({PhoneNumberType.FIXED_LINE})
_MOBILE: Final = frozenset({PhoneNumberType.MOBILE, PhoneNumberType.PAGER})
_BY_NUMBER: Final = frozenset({ChannelKind.SMS, ChannelKind.VOICE})


class Because(StrEnum):
    """Because … – why a channel does not reach an address."""

    NO_NUMBER = "no_number"
    """it can't be a telephone number."""
    COUNTRY = "country"
    LANDLINE = "landline"
    """it takes no texts."""


def number_of(address: str) -> Number | None:
    """Read an E.164 number; None: it can't be one.

    >>> number_of("+8613912345678").line.value, number_of("+861012345678").line.value, number_of("139")
    ('mobile', 'fixed', None)
    """
    try:
        read = phonenumbers.parse(address)
    except NumberParseException:
        return None
    if not phonenumbers.is_possible_number(read):
        return None
    kind = phonenumbers.number_type(read)
    line = Line.FIXED if kind in _FIXED else Line.MOBILE if kind in _MOBILE else Line.UNSURE
    return Number(read.country_code or 0, line, phonenumbers.is_valid_number(read))


def obstacle(coverage: Coverage, kind: ChannelKind, address: str) -> Because | None:
    """Why this can't be sent there; None: it can. Only texts and calls go by number."""
    if kind not in _BY_NUMBER:
        return None
    number = number_of(address)
    if number is None:
        return Because.NO_NUMBER
    if number.country in coverage.never or (coverage.only and number.country not in coverage.only):
        return Because.COUNTRY
    if kind is ChannelKind.SMS and number.line is Line.FIXED:
        return Because.LANDLINE
    return None


def can_answer(coverage: Coverage, address: str) -> bool:
    """Whether a person there can answer through it."""
    number = number_of(address)
    return number is not None and number.country not in coverage.one_way
