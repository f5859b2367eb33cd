"""Both relational stores for the contract tests: each test gets a migrated, empty one of each kind."""

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import Engine, event

from gascore.journal import SignedIn
from gascore.registry import (
    Area,
    Detector,
    Duty,
    Ledger,
    Person,
    Role,
    Room,
    Site,
    SiteKind,
    Supplier,
)
from gascore.words import (
    AreaId,
    DetectorId,
    Language,
    PersonId,
    RoomId,
    RoomKind,
    SiteId,
    SupplyGas,
    TargetGas,
)
from gaswatch.stores.engine import make_private, open_engine
from gaswatch.stores.migrate import migrate


class Store:
    """A migrated database; `open` is another process's view of it."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._engines: list[Engine] = []
        self.engine = self.open()

    def open(self, *pragmas: str) -> Engine:
        """Another engine; `pragmas` make an SQLite connection poorer, as a disk or another process would."""
        engine = open_engine(self.url)

        def impoverish(connection: object, record: object) -> None:
            del record
            for pragma in pragmas:
                connection.execute(f"PRAGMA {pragma}").close()  # type: ignore[attr-defined]  # sqlite3's own

        if pragmas:
            event.listen(engine, "connect", impoverish)
        self._engines.append(engine)
        return engine

    def close(self) -> None:
        for engine in self._engines:
            engine.dispose()


def sqlite_url(folder: Path) -> str:
    return f"sqlite:///{folder / 'gaswatch.db'}"


@cache
def _migrated() -> bytes:
    """A file with all tables: made once, since every revision takes its time."""
    with TemporaryDirectory() as name:
        migrate(sqlite_url(Path(name)))
        return (Path(name) / "gaswatch.db").read_bytes()


def migrated_sqlite(folder: Path) -> str:
    """The URL of a new file with all tables and nothing in them."""
    file = folder / "gaswatch.db"
    make_private(file)
    file.write_bytes(_migrated())
    return sqlite_url(folder)


def signed_in(user: str, ok: bool = True) -> SignedIn:  # noqa: FBT001, FBT002 -- as in the event
    return SignedIn(user=user, ok=ok, address="127.0.0.1")


TOWN = Ledger(
    areas=(
        Area(AreaId("grid-1"), "一网格", "Grid 1", AreaId("town")),  # before its parent, on purpose
        Area(AreaId("town"), "镇", "Town"),
    ),
    suppliers=(Supplier("mine", "煤矿", "Mine", SupplyGas.MINE_GAS),),
    people=(
        Person(PersonId("li"), "李", "Li", "+8613800000001"),
        Person(PersonId("wang"), "王", "Wang", "+8613800000002", Language.EN),
    ),
    sites=(
        Site(
            id=SiteId("S1"),
            name="餐馆",
            name_en="Restaurant",
            short_name="餐馆",
            short_name_en="Restaurant",
            kind=SiteKind.RESTAURANT,
            area=AreaId("grid-1"),
            address="人民路1号",
            supplier="mine",
            latitude=36.5,
            longitude=112.25,
            opens="10:00",
            closes="02:00",
        ),
    ),
    rooms=(
        Room(RoomId("S1-k"), SiteId("S1"), "厨房", "Kitchen", RoomKind.KITCHEN, SupplyGas.MINE_GAS, 30.5),
    ),
    detectors=(
        Detector(
            no=7,
            id=DetectorId("GD-1"),
            site=SiteId("S1"),
            room=RoomId("S1-k"),
            model="GT-1",
            target=frozenset({TargetGas.METHANE, TargetGas.CO}),
            every_s=30.0,
            low_lel=20.0,
            high_lel=40.0,
            commissioned_ms=1_700_000_000_000,
            accepted_ms=1_690_000_000_000,
        ),
        Detector(
            no=9, id=DetectorId("GD-2"), site=SiteId("S1"), room=RoomId("S1-k"), model="GT-2", target=None
        ),
    ),
    duties=(
        Duty(PersonId("li"), Role.OWNER, SiteId("S1")),
        Duty(PersonId("wang"), Role.DUTY_OFFICER),
    ),
)
"""One of each, with every field set somewhere."""
