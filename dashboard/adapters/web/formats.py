"""Template filters: instants in the town's zone, %LEL, durations, shares, words of enums."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from dashboard.adapters.web.phrases import WORDS
from gascore.words import Language

NOTHING = "–"
_MINUTE, _HOUR, _DAY = 60, 3600, 86_400
_SIZES = ("B", "kB", "MB", "GB")
_NUMBERS = frozenset({"port", "cursor", "journal_id"})
"""Notes that are numbers of something, and no amounts."""


class Formats:
    """The filters of one language.

    Args:
        timezone: IANA name.
        language: of the words.
        translate: English text -> text in `language`.
    """

    def __init__(self, timezone: str, language: Language, translate: Callable[[str], str]) -> None:
        self._zone = ZoneInfo(timezone)
        self._language = language
        self._translate = translate

    def filters(self) -> dict[str, Callable[..., str]]:
        """By the name that templates use."""
        return {
            "instant": self.instant,
            "day": self.day,
            "lel": lel,
            "duration": self.duration,
            "percent": percent,
            "word": self.word,
            "words": self.words,
            "service": self.service,
            "named": self.named,
            "note": self.note,
        }

    def instant(self, ms: int | None) -> str:
        """Local, as "2026-11-25 12:03:10"; a dash for None."""
        return NOTHING if ms is None else self._local(ms).strftime("%Y-%m-%d %H:%M:%S")

    def day(self, ms: int | None) -> str:
        """Local, as "2026-11-25"; a dash for None."""
        return NOTHING if ms is None else self._local(ms).strftime("%Y-%m-%d")

    def duration(self, seconds: float | None) -> str:
        """The two largest units: "42 s", "12 min 05 s", "3 h 05 min", "2 d 3 h"."""
        if seconds is None:
            return NOTHING
        whole = max(0, int(seconds))
        if whole < _MINUTE:
            return self._translate("{s} s").format(s=whole)
        if whole < _HOUR:
            return self._translate("{m} min {s:02} s").format(m=whole // _MINUTE, s=whole % _MINUTE)
        if whole < _DAY:
            return self._translate("{h} h {m:02} min").format(h=whole // _HOUR, m=whole % _HOUR // _MINUTE)
        return self._translate("{d} d {h} h").format(d=whole // _DAY, h=whole % _DAY // _HOUR)

    def word(self, value: object, group: str) -> str:
        """The word for an enum's value; the value itself where there is none (free text such as a channel)."""
        if value is None:
            return NOTHING
        found = WORDS[group].get(str(value))
        return str(value) if found is None else self._translate(found)

    def words(self, values: Iterable[object], group: str) -> str:
        """The words for several values, in their order."""
        return " · ".join(self.word(value, group) for value in values)

    def service(self, name: str) -> str:
        """A service's word; of a broker link ("link 127.0.0.1:1883") the word and which one."""
        kind, _, which = name.partition(" ")
        return f"{self.word(kind, 'service')} {which}".rstrip()

    def note(self, value: str, name: str) -> str:
        """A figure of a service with its words ("Oldest waiting reading: 3 min 05 s"); an unknown one as it is.

        Of one of several ("broker_dropped 127.0.0.1:1883", "trouble series") the word, and which one.
        """
        kind, _, which = name.partition(" ")
        if kind not in WORDS["note"]:
            return f"{name} {value}"
        colon = ": " if self._language is Language.EN else "："
        named = f"{colon}{self.word(which, 'code')}" if which in WORDS["code"] else f" {which}".rstrip()
        return f"{self.word(kind, 'note')}{named}{colon}{self._figure(kind, value)}"

    def _figure(self, kind: str, value: str) -> str:
        if not (value.isascii() and value.isdigit()):
            return self.word(value, "note_value")
        if kind.endswith("_ms"):
            return self.instant(int(value))
        if kind.endswith("_bytes"):
            return size(int(value))
        if kind.endswith("_s"):
            return self.duration(int(value))
        return value if kind in _NUMBERS else f"{int(value):,}"

    def named(self, chinese: str, english: str) -> str:
        """Of two names the one in the page's language; the other where that is empty."""
        return (english or chinese) if self._language is Language.EN else (chinese or english)

    def _local(self, ms: int) -> datetime:
        return datetime.fromtimestamp(ms / 1000, UTC).astimezone(self._zone)


def lel(value: float | None) -> str:
    """In %LEL, as "52" or "4.5"; a dash for None."""
    if value is None:
        return NOTHING
    return f"{value:.1f}" if value < 10 and value % 1 else f"{value:.0f}"  # noqa: PLR2004  # small values need the digit


def size(number: int) -> str:
    """Bytes, as "812 kB" or "1.5 GB"."""
    power = 0
    while number >= 1000 ** (power + 1) and power < len(_SIZES) - 1:
        power += 1
    return f"{number / 1000**power:.{1 if power > 1 else 0}f} {_SIZES[power]}"


def percent(share: float | None) -> str:
    """A share of 0 to 1 as "99.98 %", cut off and not rounded: 100 % is only shown when it is exact."""
    return NOTHING if share is None else f"{int(share * 10_000 + 1e-9) / 100:.2f} %"
