"""When maintenance windows lay over which detectors, for the uptime figures."""

from collections.abc import Mapping
from typing import Final

import msgspec
from sqlalchemy import ColumnElement, Connection, select

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
    if place is PlaceKind.DETECTOR:
        return [DetectorId(at)]
    found = connection.scalars(select(detector.c.id).where(_is_at(place, at)))
    return [DetectorId(one) for one in found]


def _is_at(place: PlaceKind, at: str) -> ColumnElement[bool]:
    if place is PlaceKind.ROOM:
        return detector.c.room == at
    if place is PlaceKind.SITE:
        return detector.c.site == at
    return detector.c.site.in_(select(site.c.id).where(site.c.area.in_(select(below(AreaId(at)).c.id))))
