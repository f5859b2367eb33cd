"""Messages as no detector should send them, made from a seed: what a fuzz test throws at the collector.

Most begin as a sound status and are damaged a little, because what is nearly right gets furthest; the rest is
known bad: other encodings, deep nesting, numbers that are none, topics with wild characters.
"""

import json
from collections.abc import Callable, Sequence
from random import Random
from typing import Any, Final

import msgspec

from gascore.wire import MAX_PAYLOAD, Status

_KEYS: Final = (*Status.__struct_fields__, "x", "", "STATE", "状态")
_STATES: Final = ("normal", "low", "high", "fault", "warmup", "test", "shielded", "NORMAL", "")
_TEXTS: Final = (
    "",
    "methane",
    "methane+co",
    "lpg",
    "?",
    "mains",
    "open",
    "none",
    "on",
    "x" * 300,
    "\0",
    "燃气",
    "😀",
)
_NUMBERS: Final = (
    0,
    -0.0,
    1,
    -1,
    0.1,
    24.9,
    25,
    50,
    99.9,
    100,
    100.1,
    1e4,
    65_535,
    2**31,
    2**53,
    2**63,
    2**64,
    -(2**63),
)
_RAW: Final = (
    b"NaN",
    b"-Infinity",
    b"Infinity",
    b"1e999",
    b"-1e999",
    b"1e-999",
    b"9" * 400,
    b"-" + b"9" * 5000,
    b"0x1f",
    b"01",
    b"1_000",
    b"+1",
    b".5",
    b"5.",
    b"True",
    b"None",
    b"undefined",
    b"'normal'",
    b'"12"',
    b'"1,5"',
    b'"\\ud800"',
    b'"\\udfff\\ud800"',
    b'"\\u0000"',
    b'"\\x41"',
    b'"\xff"',
    b'"\xed\xa0\x80"',
    b"[]",
    b"{}",
    b"[[[[[[[[[[1]]]]]]]]]]",
)
_ENCODINGS: Final = (
    "utf-8-sig",
    "utf-16",
    "utf-16-le",
    "utf-32",
    "gbk",
    "gb18030",
    "big5",
    "latin-1",
    "cp037",
)
_LEVELS: Final = (
    "",
    "+",
    "#",
    "$SYS",
    "$share",
    "..",
    "a.b",
    "a b",
    "\0",
    "\x07",
    "\u202e",
    "探测器",
    "\ufeffD1",
    "x" * 65,
    "😀",
)
_ENDINGS: Final = ("status", "online", "ack", "cmd", "STATUS", "status ", "stat\0us", "#", "+", "")
Message = tuple[str, bytes]


class Garbage:
    """An endless stream of messages; the same for the same seed.

    `known` are detectors of the ledger: a message that belongs to nobody does not get far.
    """

    def __init__(self, seed: int, known: Sequence[str]) -> None:
        self._dice = Random(seed)  # noqa: S311 -- repeatable
        self._known = known
        self._seq = 0
        self._payloads: tuple[Callable[[], bytes], ...] = (
            *(self._damaged,) * 12,
            self._sound,
            self._sound,
            self._sound,
            self._other_encoding,
            self._deep,
            self._noise,
            self._sized,
            self._word,
        )

    def message(self, now_ms: int) -> Message:
        """The next one; `now_ms` is what a sound one says it was measured at."""
        self._now_ms = now_ms
        return self._topic(), self._dice.choice(self._payloads)()

    def _topic(self) -> str:
        dice, roll = self._dice, self._dice.random()
        if roll < 0.8:
            return f"gas/1/{dice.choice(self._known)}/status"
        if roll < 0.9:
            return f"gas/1/{dice.choice(self._known)}/{dice.choice(_ENDINGS)}"
        if roll < 0.94:
            return f"gas/1/{dice.randrange(50_000)}/status"
        if roll < 0.95:
            return "/".join(dice.choice(_LEVELS) for _ in range(dice.randrange(40)))
        if roll < 0.951:
            return "gas/1/" + "y" * 65_000
        return f"gas/{dice.choice(('1', '2', '01', ''))}/{dice.choice(_LEVELS)}/{dice.choice(_ENDINGS)}"

    def _document(self) -> dict[str, Any]:
        """A status in which every value has the right type, and most are in their range."""
        dice = self._dice
        self._seq += dice.choice((1, 1, 1, 1, 0, 2, 50, -3))
        found: dict[str, Any] = {"state": dice.choice(_STATES[:7])}
        whole: dict[str, Callable[[], Any]] = {
            "ts": lambda: self._now_ms + dice.choice((0, 0, 0, 0, -1_000, -7_200_000, 7_200_000)),
            "seq": lambda: self._seq,
            "lel": lambda: dice.choice((0.4, 1.5, 24.0, 30.0, 60.0, 101.0)),
            "co": lambda: dice.choice((0.0, 60.0, 400.0)),
            "gas": lambda: dice.choice(_TEXTS),
            "faults": lambda: [dice.choice(_TEXTS) for _ in range(dice.randrange(4))],
            "batt": lambda: dice.choice((5, 50.5, 100)),
            "rssi": lambda: -dice.randrange(130),
            "power": lambda: dice.choice(("mains", "battery")),
            "valve": lambda: dice.choice(("open", "closed", "fault", "none")),
            "fan": lambda: dice.choice(("on", "off", "none")),
            "life": lambda: dice.randrange(-10, 2_000),
            "fw": lambda: dice.choice(_TEXTS),
            "every": lambda: dice.choice((1, 10, 60.5, 86_400)),
        }
        for key, make in whole.items():
            if dice.random() < 0.5:
                found[key] = make()
        return found

    def _sound(self) -> bytes:
        return msgspec.json.encode(self._document())

    def _damaged(self) -> bytes:
        dice = self._dice
        if dice.random() < 0.5:
            return self._with_wrong_values()
        body = bytearray(self._sound())
        for _ in range(dice.randrange(1, 5)):
            at = dice.randrange(len(body) + 1)
            end = at + dice.randrange(1, 20)
            match dice.randrange(5):
                case 0:
                    body[at:at] = dice.randbytes(dice.randrange(1, 4))
                case 1:
                    del body[at:end]
                case 2:
                    body[at:at] = body[at:end]
                case 3:
                    body[at:end] = dice.choice(_RAW)
                case _:
                    body[at : at + 1] = bytes([dice.randrange(256)])
        return bytes(body)

    def _with_wrong_values(self) -> bytes:
        """Well-formed more often than not, and twice the same key now and then."""
        dice = self._dice
        parts = [(key, json.dumps(value).encode()) for key, value in self._document().items()]
        for _ in range(dice.randrange(1, 3)):
            value: Any = dice.choice((dice.choice(_NUMBERS), dice.choice(_TEXTS), None, True, [1], {"a": {}}))
            raw = dice.choice(_RAW) if dice.random() < 0.5 else json.dumps(value).encode()
            parts.insert(dice.randrange(len(parts) + 1), (dice.choice(_KEYS), raw))
        body = b",".join(json.dumps(key).encode() + b":" + raw for key, raw in parts)
        return b"{" + body + b"}"

    def _other_encoding(self) -> bytes:
        text = json.dumps(self._document() | {"fw": "燃气é"}, ensure_ascii=False)
        return text.encode(self._dice.choice(_ENCODINGS), errors="replace")

    def _deep(self) -> bytes:
        depth = self._dice.choice((10, 100, 600, 2_000, 100_000))
        opening, closing = self._dice.choice(((b"[", b"]"), (b'{"a":', b"}")))
        return b'{"state":"normal","x":' + opening * depth + b"1" + closing * depth + b"}"

    def _noise(self) -> bytes:
        return self._dice.randbytes(self._dice.randrange(300))

    def _sized(self) -> bytes:
        """Around the limit, and sometimes far beyond it."""
        size = MAX_PAYLOAD + self._dice.randrange(-40, 40) if self._dice.random() < 0.99 else 1_000_000
        return b'{"state":"normal","fw":"' + b"z" * (size - 26) + b'"}'

    def _word(self) -> bytes:
        return self._dice.choice(
            (b"", b"0", b"1", b"2", b"null", b"[]", b'"normal"', b'{"id":"c1","ok":true}', b"\0")
        )
