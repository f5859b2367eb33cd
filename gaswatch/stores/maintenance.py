"""When maintenance windows lay over which detectors, for the uptime figures."""

from collections.abc import Mapping
from typing import Final

import msgspec
from sqlalchemy import Connection, select

from dashboard.rules.protection import Maintained, Span, window_spans
from gascore.windows import PlaceKind, WindowBegan, WindowEnded
from gascore.words import AreaId, DetectorId
from gaswatch.stores.schema import detector, journal, site
from gaswatch.stores.windows import below

_KINDS: Final = tuple(str(event.__struct_config__.tag) for event in (WindowBegan, WindowEnded))
_said_of: Final = msgspec.json.Decoder(Maintained).decode


def maintenance(connection: Connection, head: int) -> Mapping[DetectorId, list[Span]]:
    """Up to the entry `head`; a detector's place is the one that the ledger has now."""
    entries = select(journal.c.body).where(journal.c.kind.in_(_KINDS), journal.c.id <= head)
    spans = window_spans(map(_said_of, connection.scalars(entries.order_by(journal.c.id))))
    found: dict[DetectorId, list[Span]] = {}
    for (place, at), over in spans.items():
        for one in _detectors(connection, place, at):
            found.setdefault(one, []).extend(over)
    return found


def _detectors(connection: Connection, place: PlaceKind, at: str) -> list[DetectorId]:
    match place:
        case PlaceKind.DETECTOR:
            return [DetectorId(at)]
        case PlaceKind.ROOM:
            where = detector.c.room == at
        case PlaceKind.SITE:
            where = detector.c.site == at
        case PlaceKind.AREA:
            sites = select(site.c.id).where(site.c.area.in_(select(below(AreaId(at)).c.id)))
            where = detector.c.site.in_(sites)
    return [DetectorId(one) for one in connection.scalars(select(detector.c.id).where(where))]
