"""What the uptime arithmetic needs of the journal, for any period, without reading all of it.

Every stretch that is over is told whole by its clear, so a period needs the clears since its begin, and
what is still open now. The latter is a fold over everything; it goes on from a checkpoint, which is only
a short cut: without it the answer is the same (docs/adr/0012).
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import tzinfo
from typing import Final, TypeAlias, TypeVar

import msgspec
import structlog
from sqlalchemy import ColumnElement, Connection, Engine, Select, func, insert, select, update

from dashboard.rules.protection import (
    ALWAYS_MS,
    NEVER_MS,
    RANK,
    Blind,
    ConditionFold,
    DetectorHistory,
    Said,
    Span,
    Stretch,
    blind_spans,
    claim,
    merged,
    timeline,
)
from dashboard.rules.uptime import (
    Period,
    SiteHistory,
    TownHistory,
    UptimeQuery,
    UptimeReport,
    report,
)
from gascore.journal import BlindBegan, BlindEnded, ConditionCleared, FirstReport, StoreDownError
from gascore.words import Condition, DetectorId, Protection, SiteId
from gaswatch.stores.engine import reading, writing
from gaswatch.stores.ledger_history import LedgerHistory, Service, SiteRecord
from gaswatch.stores.maintenance import maintenance
from gaswatch.stores.schema import checkpoint, journal, service_status

CLOCK_SLACK_MS: Final = 86_400_000
"""A clear can end later than it was appended only by what the clock was stepped back in between."""
STALE_MS: Final = 10_000
"""After this long without a word from the collector nobody is listening."""
CHECKPOINT_EVERY: Final = 20_000
"""Entries after which a new checkpoint is worth writing."""
FEW: Final = 200
"""So many detectors are picked by the index; of more, everybody's entries are read."""

_CHECKPOINT: Final = "open_conditions/1"
"""Another number when `PROTECTION_OF` learns a condition: an old checkpoint would not know it."""
_MAINTENANCE: Final = RANK[Protection.MAINTENANCE]
_CHUNK: Final = 2_000
_CLEARED: Final = str(ConditionCleared.__struct_config__.tag)
_FIRST_REPORT: Final = str(FirstReport.__struct_config__.tag)
_BLIND: Final = tuple(str(event.__struct_config__.tag) for event in (BlindBegan, BlindEnded))
# Deliberately not `kind IN (…)`: after a checkpoint the entries are found by their id, not by their kind.
_IS_CONDITION: Final = func.substr(journal.c.kind, 1, len("condition.")) == "condition."
_Open: TypeAlias = list[tuple[DetectorId, Condition, int]]
_decode_open: Final = msgspec.json.Decoder(_Open).decode
_T = TypeVar("_T")
_log = structlog.get_logger()


class SqlHistory:
    """Reads protection and uptime out of the journal and the ledger; implements `UptimeSource`."""

    def __init__(
        self, engine: Engine, *, zone: tzinfo, margin_s: float, checkpoint_every: int = CHECKPOINT_EVERY
    ) -> None:
        """Read for a town in `zone` whose business hours reach `margin_s` beyond the opening times."""
        self._engine = engine
        self._zone = zone
        self._margin_s = margin_s
        self._checkpoint_every = checkpoint_every

    def uptime(self, query: UptimeQuery, *, now_ms: int) -> UptimeReport:
        """The report as the journal stands now. Blocking, seconds at most.

        Raises:
            NoSuchPlaceError: the area or site is not in the ledger.
            StoreDownError: the store can't be read.
            HoursError: a site's opening times can't be read.
        """
        town = self.town(query, now_ms=now_ms)
        return report(query, town, zone=self._zone, margin_s=self._margin_s, now_ms=now_ms)

    def town(self, query: UptimeQuery, *, now_ms: int) -> TownHistory:
        """All that decides about the period. Blocking. Raises `NoSuchPlaceError`, `StoreDownError`."""
        with reading(self._engine) as connection:
            head = _head(connection)
            ledger = LedgerHistory(connection, head)
            sites = ledger.sites(within=query.area, only=query.site)
            placed = _by_site(ledger.service())
            wanted = {one for record in sites for one in placed.get(record.id, {})}
            facts = _Facts(connection, head, query.period, wanted)
            blind = _blind(connection, head, now_ms)
        self._save(facts)
        return TownHistory(
            sites=[_site_history(record, placed.get(record.id, {}), facts) for record in sites],
            blind=blind,
            journal_id=head,
        )

    def timeline(self, detector: DetectorId, period: Period, *, now_ms: int) -> list[Stretch]:
        """One detector's states, at most until now, wherever it was. Blocking. Raises `StoreDownError`."""
        with reading(self._engine) as connection:
            head = _head(connection)
            service = LedgerHistory(connection, head).service().get(detector, {})
            facts = _Facts(connection, head, period, {detector})
            blind = _blind(connection, head, now_ms)
        self._save(facts)
        required = merged(span for spans in service.values() for span in spans)
        history = facts.history(detector, required)
        return timeline(history, blind, from_ms=period.from_ms, to_ms=period.until(now_ms))

    def _save(self, facts: "_Facts") -> None:
        """Write a checkpoint when it has become worth it; the report does not depend on it."""
        if facts.unsaved < self._checkpoint_every:
            return
        values = {"journal_id": facts.head, "body": facts.checkpoint()}
        mine = checkpoint.c.name == _CHECKPOINT
        try:
            with writing(self._engine) as connection:
                saved = connection.scalar(select(checkpoint.c.journal_id).where(mine))
                if saved is None:
                    connection.execute(insert(checkpoint).values(name=_CHECKPOINT, **values))
                elif saved < facts.head:
                    connection.execute(update(checkpoint).where(mine).values(**values))
        except StoreDownError as error:
            _log.warning("history.checkpoint_not_saved", reason=str(error))


class _Facts:
    """What the journal says of the detectors, up to the entry `head`."""

    def __init__(
        self, connection: Connection, head: int, period: Period, wanted: Collection[DetectorId]
    ) -> None:
        self.head = head
        begin = connection.execute(
            select(checkpoint.c.journal_id, checkpoint.c.body).where(checkpoint.c.name == _CHECKPOINT)
        ).one_or_none()
        known_id = begin.journal_id if begin and begin.journal_id <= head else 0
        self.unsaved = head - known_id
        self._fold = ConditionFold(from_ms=period.from_ms, to_ms=period.to_ms)
        # What was over before the checkpoint first: its clears must not end what the checkpoint has open.
        early = select(journal.c.body).where(
            journal.c.kind == _CLEARED,
            journal.c.at_ms >= period.from_ms - CLOCK_SLACK_MS,
            journal.c.id <= known_id,
            *_of(wanted),
        )
        tail = select(journal.c.body).where(_IS_CONDITION, journal.c.id > known_id, journal.c.id <= head)
        if begin and known_id:
            self._fold.add(_bodies(connection, early, Said))
            self._fold.go_on(
                {(one, condition): since_ms for one, condition, since_ms in _decode_open(begin.body)}
            )
        self._fold.add(_bodies(connection, tail.order_by(journal.c.id), Said))
        self._edges = self._fold.edges()
        for detector, spans in maintenance(connection, head).items():
            for since_ms, ended_ms in spans:
                self._edges.setdefault(detector, []).extend(claim(since_ms, ended_ms, _MAINTENANCE))
        first_reports = select(journal.c.body).where(
            journal.c.kind == _FIRST_REPORT, journal.c.id <= head, *_of(wanted)
        )
        self._first_reports: dict[DetectorId, int] = {}
        for one in _bodies(connection, first_reports, FirstReport):
            earliest_ms = min(one.received_ms, self._first_reports.get(one.detector, one.received_ms))
            self._first_reports[one.detector] = earliest_ms

    def history(self, detector: DetectorId, required: Sequence[Span]) -> DetectorHistory:
        """What decides about one detector while it was `required`."""
        return DetectorHistory(
            detector=detector,
            required=required,
            first_report_ms=self._first_reports.get(detector),
            conditions=self._edges.get(detector, ()),
        )

    def checkpoint(self) -> bytes:
        """The open conditions at `head`, in the stored form."""
        return msgspec.json.encode(
            [(one, condition, since_ms) for (one, condition), since_ms in self._fold.still_open.items()]
        )


def _head(connection: Connection) -> int:
    return connection.scalar(select(func.max(journal.c.id))) or 0


def _blind(connection: Connection, head: int, now_ms: int) -> list[Span]:
    """What the journal books, the time before its first entry, and a collector that is silent now."""
    entries = select(journal.c.body).where(journal.c.kind.in_(_BLIND), journal.c.id <= head)
    spans = blind_spans(_bodies(connection, entries.order_by(journal.c.id), Blind))
    first_ms = connection.scalar(select(journal.c.at_ms).order_by(journal.c.id).limit(1))
    spans.append((ALWAYS_MS, now_ms if first_ms is None else first_ms))
    heard_ms = connection.scalar(select(service_status.c.at_ms).where(service_status.c.name == "collector"))
    if heard_ms is not None and now_ms - heard_ms > STALE_MS:
        spans.append((heard_ms, NEVER_MS))
    return merged(spans)


def _of(wanted: Collection[DetectorId]) -> list[ColumnElement[bool]]:
    return [journal.c.detector.in_(wanted)] if len(wanted) <= FEW else []


def _bodies(connection: Connection, query: Select[bytes], kind: type[_T]) -> Iterator[_T]:
    """The stored bodies as `kind`, decoded as one array per chunk: several times faster than one by one."""
    decode = msgspec.json.Decoder(list[kind]).decode  # type: ignore[valid-type]  # a type made at run time
    for chunk in connection.scalars(query).partitions(_CHUNK):
        yield from decode(b"[" + b",".join(chunk) + b"]")


def _by_site(service: Service) -> dict[SiteId, dict[DetectorId, list[Span]]]:
    found: dict[SiteId, dict[DetectorId, list[Span]]] = {}
    for detector, sites in sorted(service.items()):
        for site, spans in sites.items():
            found.setdefault(site, {})[detector] = spans
    return found


def _site_history(
    record: SiteRecord, placed: Mapping[DetectorId, Sequence[Span]], facts: _Facts
) -> SiteHistory:
    return SiteHistory(
        site=record.id,
        name=record.name,
        name_en=record.name_en,
        area=record.area,
        area_name=record.area_name,
        area_name_en=record.area_name_en,
        hours=record.hours,
        detectors=tuple(facts.history(detector, required) for detector, required in placed.items()),
    )
