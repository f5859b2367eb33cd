"""Whose readings are taken out."""

from typing import Final, NamedTuple

from sqlalchemy import Engine, select

from dashboard.rules.uptime import NoSuchPlaceError
from gascore.readings import Labels
from gascore.words import AreaId, DetectorId, SiteId
from gaswatch.stores.engine import reading
from gaswatch.stores.ledger_history import areas_below
from gaswatch.stores.schema import detector, room, site

_ROWS_AT_ONCE: Final = 10_000


class Scope(NamedTuple):
    """One detector, one site, or one area with all below it; at most one of them. None at all: everything."""

    detector: DetectorId | None = None
    site: SiteId | None = None
    area: AreaId | None = None


def labels_of(engine: Engine, scope: Scope) -> dict[int, Labels]:
    """The detectors of the scope by number, with the places that the ledger gives them now. Blocking.

    Raises:
        NoSuchPlaceError: what was asked for is not in the ledger.
        StoreDownError: the ledger can't be read.
    """
    query = (
        select(detector.c.no, detector.c.id, detector.c.site, site.c.area, room.c.supply_gas)
        .join(site, site.c.id == detector.c.site)
        .join(room, room.c.id == detector.c.room)
        .order_by(detector.c.no)
    )
    with reading(engine) as connection:
        if scope.detector is not None:
            query = query.where(detector.c.id == scope.detector)
        elif scope.site is not None:
            if connection.scalar(select(site.c.id).where(site.c.id == scope.site)) is None:
                raise NoSuchPlaceError(f"there is no site {scope.site} in the ledger")
            query = query.where(site.c.id == scope.site)
        elif scope.area is not None:
            query = query.where(site.c.area.in_(areas_below(connection, scope.area)))
        rows = connection.execution_options(yield_per=_ROWS_AT_ONCE).execute(query)
        found = {no: Labels(*values) for no, *values in rows}
    if scope.detector is not None and not found:
        raise NoSuchPlaceError(f"there is no detector {scope.detector} in the ledger")
    return found
