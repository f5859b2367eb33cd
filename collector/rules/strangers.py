"""Detectors that are not in the ledger: their messages are quarantined, but a leak is still told.

Bounded: the one heard first is forgotten first. A flood of made-up names can't fill memory, and from
`most` names on a new one is only announced when it reports a leak.
"""

from typing import Final

import msgspec

from collector.rules.conditions import level_of
from gascore.journal import Sample, UnknownDetector, UnknownLeak
from gascore.wire import Status
from gascore.words import DetectorId, Level, ReportedState

MOST: Final = 10_000
LOW_LEL: Final = 25.0
HIGH_LEL: Final = 50.0
"""Set points where no ledger names any: GB 15322.1-2019 industrial and commercial practice."""


_encode = msgspec.json.Encoder(order="deterministic").encode
_decode = msgspec.json.Decoder(dict[DetectorId, Level]).decode


class Strangers:
    """The level that each unknown detector reported last."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._announced = 0
        self._levels: dict[DetectorId, Level] = {}

    def hear(
        self, detector: DetectorId, status: Status | None, received_ms: int
    ) -> list[UnknownDetector | UnknownLeak]:
        """What to journal of a message; `status` is None when it said nothing of gas."""
        events: list[UnknownDetector | UnknownLeak] = []
        before = self._levels.get(detector)
        if before is None:
            if self._announced < self._most:
                self._announced += 1
                events.append(UnknownDetector(detector=detector, received_ms=received_ms))
            self._make_room()
        level = _level(status) if status is not None else (before or Level.NONE)
        self._levels[detector] = level
        if status is not None and level != (before or Level.NONE):
            sample = Sample(received_ms, status.state, status.ts, status.seq, status.lel, status.co)
            events.append(UnknownLeak(detector=detector, level=level, sample=sample))
        return events

    def forget(self, detector: DetectorId, now_ms: int) -> list[UnknownLeak]:
        """It is in the ledger now: what it reports from here on is its own, so this leak is over."""
        if not self._levels.pop(detector, Level.NONE):
            return []
        return [UnknownLeak(detector=detector, level=Level.NONE, sample=Sample(now_ms))]

    @property
    def leaking(self) -> list[DetectorId]:
        """Who reports a leak."""
        return [name for name, level in self._levels.items() if level]

    def save(self) -> bytes:
        """Who reports a leak: what must survive a restart, or nobody would ever hear that it is over."""
        return _encode({name: level for name, level in self._levels.items() if level})

    def restore(self, body: bytes | None) -> None:
        """The inverse of `save`."""
        if body is not None:
            self._levels.update(_decode(body))

    def _make_room(self) -> None:
        if len(self._levels) >= self._most:
            quiet = (name for name, level in self._levels.items() if level is Level.NONE)
            del self._levels[next(quiet, next(iter(self._levels)))]


def _level(status: Status) -> Level:
    said = {ReportedState.LOW: Level.LOW, ReportedState.HIGH: Level.HIGH}.get(status.state, Level.NONE)
    return max(said, level_of(status.lel, LOW_LEL, HIGH_LEL))
