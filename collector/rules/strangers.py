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
    """The level that each unknown detector reported last; what `hear` does costs the same however many there are."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._announced = 0
        self._quiet: dict[DetectorId, None] = {}
        self._leaks: dict[DetectorId, Level] = {}

    def hear(
        self, detector: DetectorId, status: Status | None, received_ms: int
    ) -> list[UnknownDetector | UnknownLeak]:
        """What to journal of a message; `status` is None when it said nothing of gas."""
        events: list[UnknownDetector | UnknownLeak] = []
        before = self._leaks.get(detector, Level.NONE)
        if not before and detector not in self._quiet:
            if self._announced < self._most:
                self._announced += 1
                events.append(UnknownDetector(detector=detector, received_ms=received_ms))
            self._make_room()
        level = _level(status) if status is not None else before
        self._put(detector, level)
        if status is not None and level != before:
            sample = Sample(received_ms, status.state, status.ts, status.seq, status.lel, status.co)
            events.append(UnknownLeak(detector=detector, level=level, sample=sample))
        return events

    def forget(self, detector: DetectorId, now_ms: int) -> list[UnknownLeak]:
        """It is in the ledger now: what it reports from here on is its own, so this leak is over."""
        self._quiet.pop(detector, None)
        if not self._leaks.pop(detector, Level.NONE):
            return []
        return [UnknownLeak(detector=detector, level=Level.NONE, sample=Sample(now_ms))]

    @property
    def leaking(self) -> list[DetectorId]:
        """Who reports a leak."""
        return list(self._leaks)

    def save(self) -> bytes:
        """Who reports a leak: what must survive a restart, or nobody would ever hear that it is over."""
        return _encode(self._leaks)

    def restore(self, body: bytes | None) -> None:
        """The inverse of `save`."""
        if body is not None:
            for detector, level in _decode(body).items():
                self._put(detector, level)

    def _put(self, detector: DetectorId, level: Level) -> None:
        if level:
            self._quiet.pop(detector, None)
            self._leaks[detector] = level
        else:
            self._leaks.pop(detector, None)
            self._quiet[detector] = None

    def _make_room(self) -> None:
        """Forget somebody quiet, else the leak that is known for longest."""
        if len(self._quiet) + len(self._leaks) >= self._most:
            some = self._quiet or self._leaks
            del some[next(iter(some))]


def _level(status: Status) -> Level:
    said = {ReportedState.LOW: Level.LOW, ReportedState.HIGH: Level.HIGH}.get(status.state, Level.NONE)
    return max(said, level_of(status.lel, LOW_LEL, HIGH_LEL))
