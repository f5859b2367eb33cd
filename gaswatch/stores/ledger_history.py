"""Every version of the ledger that matters for a period: who was required where, and when a site was open."""

from typing import Final

import msgspec
from sqlalchemy import Connection, Row, select

from dashboard.rules.business_hours import Hours
from dashboard.rules.protection import ALWAYS_MS, Registered, Span, service_spans
from dashboard.rules.uptime import NoSuchPlaceError
from gascore.compat import parse_target
from gascore.journal import LedgerChanged
from gascore.registry import Detector, Site
from gascore.words import AreaId, DetectorId, RoomId, SiteId
from gaswatch.stores.schema import area, detector, journal, site

_LEDGER_CHANGED: Final = str(LedgerChanged.__struct_config__.tag)
_changes: Final = msgspec.json.Decoder(LedgerChanged)
_detector: Final = msgspec.json.Decoder(Detector)
_site: Final = msgspec.json.Decoder(Site)


class SiteRecord(msgspec.Struct, frozen=True):
    """A site as the ledger has it now, and every version of its opening times, oldest first."""

    id: SiteId
    name: str
    name_en: str
    area: AreaId
    area_name: str
    area_name_en: str
    hours: tuple[Hours, ...]


Service = dict[DetectorId, dict[SiteId, list[Span]]]
"""When each detector was required at each site."""


class _Change(msgspec.Struct, frozen=True):
    at_ms: int
    after: str | None


class LedgerHistory:
    """The ledger's changes up to a journal entry, read once in one transaction."""

    def __init__(self, connection: Connection, head: int) -> None:
        self._connection = connection
        self._changes: dict[tuple[str, str], list[_Change]] = {}
        rows = connection.execute(
            select(journal.c.at_ms, journal.c.body)
            .where(journal.c.kind == _LEDGER_CHANGED, journal.c.id <= head)
            .order_by(journal.c.id)
        )
        for at_ms, body in rows:
            change = _changes.decode(body)
            self._changes.setdefault((change.entity, change.key), []).append(_Change(at_ms, change.after))

    def sites(self, *, within: AreaId | None, only: SiteId | None) -> list[SiteRecord]:
        """The sites of an area with all below it, or one, or all, in the order of their ids.

        Raises:
            NoSuchPlaceError: there is no such area or site.
        """
        wanted = (
            select(site, area.c.name.label("area_name"), area.c.name_en.label("area_name_en"))
            .join_from(site, area)
            .order_by(site.c.id)
        )
        if within is not None:
            wanted = wanted.where(site.c.area.in_(areas_below(self._connection, within)))
        if only is not None:
            wanted = wanted.where(site.c.id == only)
        found = [
            SiteRecord(
                row.id, row.name, row.name_en, row.area, row.area_name, row.area_name_en, self._hours(row)
            )
            for row in self._connection.execute(wanted)
        ]
        if only is not None and not found:
            raise NoSuchPlaceError(
                f"there is no site {only} in the ledger{'' if within is None else ' there'}"
            )
        return found

    def service(self) -> Service:
        """When every detector that is or was in the ledger was required, per site."""
        current = {DetectorId(row.id): _record(row) for row in self._connection.execute(select(detector))}
        removed = {DetectorId(key) for entity, key in self._changes if entity == "detector"} - current.keys()
        found = {one: service_spans(self._versions(one, current.get(one))) for one in current}
        found.update((one, service_spans(self._versions(one, None))) for one in removed)
        return found

    def _versions(self, one: DetectorId, current: Detector | None) -> list[Registered]:
        """Its records; one that was only ever added, or came without an entry, has just the current one."""
        changes = self._changes.get(("detector", one), [])
        if current is not None and len(changes) < 2:  # noqa: PLR2004 -- added, and changed since
            return [Registered(ALWAYS_MS, current)]
        return [
            Registered(change.at_ms, None if change.after is None else _detector.decode(change.after))
            for change in changes
        ]

    def _hours(self, row: Row[tuple[object, ...]]) -> tuple[Hours, ...]:
        found: list[Hours] = []
        for change in self._changes.get(("site", row.id), []):
            if change.after is not None:
                record = _site.decode(change.after)
                if not found or (found[-1].opens, found[-1].closes) != (record.opens, record.closes):
                    found.append(Hours(change.at_ms if found else ALWAYS_MS, record.opens, record.closes))
        return tuple(found) or (Hours(ALWAYS_MS, row.opens, row.closes),)


def areas_below(connection: Connection, root: AreaId) -> set[AreaId]:
    """An area with all below it, as the ledger stands. Raises `NoSuchPlaceError`."""
    rows = connection.execute(select(area.c.id, area.c.parent)).all()
    if all(row.id != root for row in rows):
        raise NoSuchPlaceError(f"there is no area {root} in the ledger")
    children: dict[AreaId | None, list[AreaId]] = {}
    for row in rows:
        children.setdefault(row.parent, []).append(row.id)
    found: set[AreaId] = set()
    waiting = [root]
    while waiting:
        one = waiting.pop()
        if one not in found:
            found.add(one)
            waiting.extend(children.get(one, []))
    return found


def _record(row: Row[tuple[object, ...]]) -> Detector:
    return Detector(
        no=row.no,
        id=DetectorId(row.id),
        site=SiteId(row.site),
        room=RoomId(row.room),
        model=row.model,
        target=parse_target(row.target),
        commissioned_ms=row.commissioned_ms,
        retired_ms=row.retired_ms,
    )
