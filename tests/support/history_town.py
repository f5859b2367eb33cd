"""A small town whose journal a test writes entry by entry, and reads as protection time."""

from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec
from sqlalchemy import Engine, delete, insert

from dashboard.rules.protection import Stretch
from dashboard.rules.uptime import Period, SiteUptime, UptimeQuery, UptimeReport
from gascore.journal import (
    BlindBegan,
    BlindEnded,
    BlindScope,
    ConditionCleared,
    ConditionRaised,
    Event,
    FirstReport,
    Reason,
)
from gascore.registry import Area, Detector, Ledger, Room, Site, SiteKind
from gascore.words import AreaId, Condition, DetectorId, RoomId, RoomKind, SiteId, SupplyGas
from gaswatch.stores.engine import open_engine, writing
from gaswatch.stores.history import SqlHistory
from gaswatch.stores.journal import SqlJournal
from gaswatch.stores.registry import SqlRegistry
from gaswatch.stores.schema import checkpoint, metadata, service_status

SHANGHAI = ZoneInfo("Asia/Shanghai")


def ms(text: str) -> int:
    """An instant of the town's wall clock."""
    return round(datetime.fromisoformat(text).replace(tzinfo=SHANGHAI).timestamp() * 1000)


JANUARY_MS = ms("2026-01-01")
LATER_MS = ms("2027-06-01")


def a_site(name: str, *, area: str = "grid-1", opens: str = "09:00", closes: str = "22:00") -> Site:
    return Site(
        id=SiteId(name),
        name=f"{name}餐馆",
        name_en=f"Restaurant {name}",
        short_name=name,
        short_name_en=name,
        kind=SiteKind.RESTAURANT,
        area=AreaId(area),
        address="人民路1号",
        opens=opens,
        closes=closes,
    )


def a_detector(
    name: str, *, no: int = 1, site: str = "S1", commissioned_ms: int | None = JANUARY_MS
) -> Detector:
    return Detector(
        no=no,
        id=DetectorId(name),
        site=SiteId(site),
        room=RoomId(f"{site}-kitchen"),
        model="GD-1",
        target=None,
        commissioned_ms=commissioned_ms,
    )


def a_ledger(*, detectors: tuple[Detector, ...], sites: tuple[Site, ...]) -> Ledger:
    areas = (
        Area(AreaId("town"), "镇", "Town"),
        Area(AreaId("grid-1"), "一网格", "Grid 1", AreaId("town")),
        Area(AreaId("grid-2"), "二网格", "Grid 2", AreaId("town")),
    )
    rooms = tuple(
        Room(RoomId(f"{one.id}-kitchen"), one.id, "厨房", "Kitchen", RoomKind.KITCHEN, SupplyGas.LPG)
        for one in sites
    )
    return Ledger(areas=areas, sites=sites, rooms=rooms, detectors=detectors)


class Town:
    """Writes with the stores that the services write with."""

    def __init__(self, folder: Path, *, checkpoint_every: int = 20_000, url: str = "") -> None:
        self.url = url or f"sqlite:///{folder / 'gaswatch.db'}"
        self.engine: Engine = open_engine(self.url)
        metadata.create_all(self.engine)
        self.journal = SqlJournal(self.engine)
        self.history = SqlHistory(
            self.engine, zone=SHANGHAI, margin_s=1800, checkpoint_every=checkpoint_every
        )

    def close(self) -> None:
        self.engine.dispose()

    def register(self, *detectors: Detector, sites: tuple[Site, ...] = (), at_ms: int = JANUARY_MS) -> None:
        """Put detectors (and sites; S1 if none) into the ledger and let them report for the first time."""
        ledger = a_ledger(detectors=detectors, sites=sites or (a_site("S1"),))
        SqlRegistry(self.engine).put(ledger, by="test", at_ms=at_ms)
        self.append(
            at_ms, *(FirstReport(detector=one.id, site=one.site, received_ms=at_ms) for one in detectors)
        )

    def change(self, ledger: Ledger, *, at_ms: int) -> None:
        SqlRegistry(self.engine).put(ledger, by="test", at_ms=at_ms)

    def append(self, at_ms: int, *events: Event) -> None:
        if events:
            self.journal.append(list(events), at_ms)

    def raised(self, detector: str, condition: Condition, since: str, *, at: str | None = None) -> None:
        event = ConditionRaised(
            detector=DetectorId(detector),
            site=SiteId("S1"),
            condition=condition,
            since_ms=ms(since),
            reason=Reason.SILENCE,
        )
        self.append(ms(at or since), event)

    def cleared(
        self, detector: str, condition: Condition, since: str, ended: str, *, at: str | None = None
    ) -> None:
        event = ConditionCleared(
            detector=DetectorId(detector),
            site=SiteId("S1"),
            condition=condition,
            since_ms=ms(since),
            ended_ms=ms(ended),
            reason=Reason.MESSAGE,
        )
        self.append(ms(at or ended), event)

    def blind(self, since: str, ended: str | None = None) -> None:
        scope, name = BlindScope.COLLECTOR, "collector"
        if ended is None:
            began = BlindBegan(scope=scope, name=name, since_ms=ms(since), reason="broker away")
            self.append(ms(since), began)
        else:
            over = BlindEnded(
                scope=scope, name=name, since_ms=ms(since), ended_ms=ms(ended), reason="broker back"
            )
            self.append(ms(ended), over)

    def collector_said(self, at_ms: int) -> None:
        """The collector's last word on the status board."""
        with writing(self.engine) as connection:
            connection.execute(delete(service_status))
            connection.execute(insert(service_status).values(name="collector", at_ms=at_ms, body=b"{}"))

    def forget_checkpoint(self) -> None:
        with writing(self.engine) as connection:
            connection.execute(delete(checkpoint))

    def has_checkpoint(self) -> bool:
        with self.engine.connect() as connection:
            return connection.execute(checkpoint.select()).first() is not None

    def report(
        self,
        from_: str,
        to: str,
        *,
        area: str | None = None,
        site: str | None = None,
        now_ms: int = LATER_MS,
    ) -> UptimeReport:
        query = UptimeQuery(
            Period(ms(from_), ms(to)),
            area=None if area is None else AreaId(area),
            site=None if site is None else SiteId(site),
        )
        return self.history.uptime(query, now_ms=now_ms)

    def site(self, name: str, from_: str, to: str, *, now_ms: int = LATER_MS) -> SiteUptime:
        return self.report(from_, to, site=name, now_ms=now_ms).sites[0]

    def timeline(self, detector: str, from_: str, to: str, *, now_ms: int = LATER_MS) -> list[Stretch]:
        return self.history.timeline(DetectorId(detector), Period(ms(from_), ms(to)), now_ms=now_ms)


def moved(detector: Detector, **changes: object) -> Detector:
    """The same detector with another record."""
    return msgspec.structs.replace(detector, **changes)
