"""The present picture of town and services, and how it is said on the stream (JSON encoded once)."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from dashboard.rules.board import LEAKS, Board, Changes, Names
from dashboard.rules.health import COLLECTOR, Life, detector_counts, live_on, system_rows
from dashboard.rules.rows import Counts, Row, SystemRow, SystemState
from gascore.canary import CanaryMeasured, is_canary
from gascore.journal import AlarmStep, AlarmStepped, Entry, LedgerChanged, NoticeStepped, ServiceStepped
from gascore.service_status import ServiceStatus
from gascore.words import AlarmId, AreaId, DetectorId

REMEMBERED: Final = 1000
"""Freshly opened leaks whose time to the screen is still taken."""
_encode = msgspec.json.Encoder().encode


class Snapshot(msgspec.Struct, frozen=True):
    """Everything, as of journal entry `seq`."""

    seq: int
    now_ms: int
    rows: tuple[Row, ...]
    counts: Counts
    system: tuple[SystemRow, ...]


class Delta(msgspec.Struct, frozen=True):
    """Rows that are new or different, alarms that are gone; counts and system always whole."""

    seq: int
    rows: tuple[Row, ...]
    gone: tuple[AlarmId, ...]
    counts: Counts
    system: tuple[SystemRow, ...]


class Heartbeat(msgspec.Struct, frozen=True):
    """So that a page can tell a quiet town from a dead line; ages in ms, None: nothing known yet."""

    now_ms: int
    seq: int
    newest_message_age_ms: int | None
    journal_lag: int
    collector_age_ms: int | None


class Picture:
    """Folds entries and the services' words; used in one thread only."""

    def __init__(self) -> None:
        self.board = Board()
        self.cursor = 0
        self.newest_id = 0
        self.words: Mapping[str, ServiceStatus] = {}
        self.notices: Counter[tuple[str, str]] = Counter()
        """Notices that reached a state since we started, by channel and state."""
        self.fresh: dict[AlarmId, int] = {}
        """Leaks opened while we were following, with the receipt of their message."""
        self.canaries: dict[AreaId, CanaryMeasured] = {}
        """The newest test leak of each area."""
        self.store_error: str | None = None
        """Why the store can't be read or written; None: it can."""
        self._lives: dict[str, Life] = {}
        self._unpushed: list[int] = []
        self._said: tuple[Counts, tuple[SystemRow, ...]] | None = None
        self._changed = 0
        self._snapshot: tuple[int, Snapshot, bytes] | None = None

    def begin(self, cursor: int, entries: Sequence[Entry], names: Names) -> None:
        """Start with what is open as of entry `cursor`."""
        self.board = Board(names)
        self.board.fold(entries)
        self.board.take()
        self._hear_canaries(entries)
        self.cursor = self.newest_id = cursor
        self._changed += 1

    def follow(self, entries: Sequence[Entry]) -> bool:
        """Take new entries, in order; True: the ledger changed, so `rename` is due."""
        is_renamed = False
        for entry in entries:
            match entry.event:
                case AlarmStepped(alarm=alarm, step=AlarmStep.OPENED) if alarm.kind in LEAKS:
                    if not is_canary(alarm.detector):
                        self._opened(alarm.id, alarm.received_ms)
                case NoticeStepped(notice=notice):
                    self.notices[notice.channel, str(notice.state)] += 1
                case ServiceStepped(service=service) as step:
                    self._lives[service] = live_on(self._lives.get(service), step, entry.at_ms)
                case LedgerChanged():
                    is_renamed = True
                case _:
                    pass
        self.board.fold(entries)
        self._hear_canaries(entries)
        if entries:
            self.cursor = entries[-1].id
            self.newest_id = max(self.newest_id, self.cursor)
            self._changed += 1
        return is_renamed

    def _hear_canaries(self, entries: Sequence[Entry]) -> None:
        for entry in entries:
            if isinstance(entry.event, CanaryMeasured):
                self.canaries[entry.event.area] = entry.event

    def rename(self, names: Names) -> None:
        """The ledger's names changed."""
        self.board.rename(names)
        self._changed += 1

    def measure(self, lel: Mapping[DetectorId, float]) -> None:
        """What detectors of open leaks measure now, %LEL."""
        self.board.measure(lel)
        self._changed += 1

    def hear(self, words: Mapping[str, ServiceStatus]) -> None:
        """The services' newest words."""
        self.words = words
        self._changed += 1

    def counts(self, now_ms: int) -> Counts:
        """Open alarms and detectors, counted."""
        return self.board.counts(detector_counts(self.words.get(COLLECTOR), now_ms))

    def system(self, now_ms: int) -> tuple[SystemRow, ...]:
        """How our services and links are."""
        rows = system_rows(self.words, self._lives, now_ms)
        if self.store_error is None:
            return rows
        return (SystemRow("store", SystemState.DOWN, self.store_error), *rows)

    def is_monitored(self, now_ms: int) -> bool:
        """Whether the collector sees its detectors."""
        counts = detector_counts(self.words.get(COLLECTOR), now_ms)
        return COLLECTOR in self.words and counts["unmonitored"] == 0

    def delta(self, now_ms: int) -> tuple[bytes, list[int]] | None:
        """What changed since the last call, and when the messages of the leaks in it were received.

        None: nothing changed.
        """
        changes: Changes = self.board.take()
        said = (self.counts(now_ms), self.system(now_ms))
        if not changes and said == self._said:
            return None
        self._said = said
        received, self._unpushed = self._unpushed, []
        return _encode(Delta(self.cursor, changes.rows, changes.gone, *said)), received

    def snapshot(self, now_ms: int) -> Snapshot:
        """Everything as it is now."""
        return Snapshot(self.cursor, now_ms, self.board.rows(), self.counts(now_ms), self.system(now_ms))

    def encoded_snapshot(self, now_ms: int) -> tuple[int, bytes]:
        """Everything, encoded once however many browsers ask within a second of each other."""
        if (kept := self._snapshot) is not None:
            changed, snapshot, body = kept
            if changed == self._changed and 0 <= now_ms - snapshot.now_ms < 1000:  # noqa: PLR2004 -- a second
                return snapshot.seq, body
        snapshot = self.snapshot(now_ms)
        body = _encode(snapshot)
        self._snapshot = (self._changed, snapshot, body)
        return snapshot.seq, body

    def heartbeat(self, now_ms: int) -> Heartbeat:
        """How far behind we are."""
        collector = self.words.get(COLLECTOR)
        newest_ms = None if collector is None else collector.newest_message_ms
        return Heartbeat(
            now_ms=now_ms,
            seq=self.cursor,
            newest_message_age_ms=None if newest_ms is None else max(now_ms - newest_ms, 0),
            journal_lag=max(self.newest_id - self.cursor, 0),
            collector_age_ms=None if collector is None else max(now_ms - collector.at_ms, 0),
        )

    def encoded_heartbeat(self, now_ms: int) -> bytes:
        """`heartbeat` as JSON."""
        return _encode(self.heartbeat(now_ms))

    def _opened(self, alarm: AlarmId, received_ms: int) -> None:
        self._unpushed.append(received_ms)
        self.fresh[alarm] = received_ms
        while len(self.fresh) > REMEMBERED:
            del self.fresh[next(iter(self.fresh))]
