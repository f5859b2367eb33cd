"""The dashboard, put together."""

import asyncio
import os
from collections.abc import Callable
from pathlib import Path
from secrets import token_urlsafe
from uuid import uuid4
from zoneinfo import ZoneInfo

from sqlalchemy import Engine

from dashboard.adapters.app import create_app
from dashboard.adapters.parts import Options, Parts, Renders
from dashboard.adapters.passwords import Argon2Passwords
from dashboard.adapters.server import HttpServer
from dashboard.adapters.throttle import Throttle
from dashboard.adapters.web.render import STATIC, AssetsMissingError, Pages
from dashboard.service.desk import Desk
from dashboard.service.follower import Follower
from dashboard.service.follower import Parts as FollowerParts
from dashboard.service.lane import Lanes
from dashboard.service.sessions import Sessions
from gascore.clock import Clock
from gaswatch import __version__
from gaswatch.network import need_free
from gaswatch.reaching import WaysSetUp
from gaswatch.reports.compliance import Compliance
from gaswatch.settings import Settings, SettingsError
from gaswatch.stores.accounts import SqlAccounts
from gaswatch.stores.board import SqlBoard, SqlQuarantine, SqlTown
from gaswatch.stores.callbacks import SqlCallbacks
from gaswatch.stores.climbs import SqlClimbs
from gaswatch.stores.contact_list import SqlContactList
from gaswatch.stores.curves import Readings, StoredGauges, StoredSeries
from gaswatch.stores.engine import open_engine
from gaswatch.stores.hazards import SqlHazardList
from gaswatch.stores.journal import SqlJournal
from gaswatch.stores.kpis import SqlKpis
from gaswatch.stores.rehearsal import SqlRehearsals
from gaswatch.stores.status import SqlStatusBoard
from gaswatch.stores.windows import SqlWindows
from gaswatch.wiring.limits import limits_of
from gaswatch.wiring.readings import open_readings


class Dashboard:
    """The service of `gaswatch run dashboard`: the follower and the HTTP server, which end together."""

    def __init__(self, follower: Follower, server: HttpServer, close: Callable[[], None]) -> None:
        self.follower = follower
        self.server = server
        self._close = close

    async def run(self) -> None:
        """Serve until `stop`. Raises when it can't go on; the supervisor restarts it."""
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self.follower.run(), name="follower")
                await self.server.serve()
                self.follower.stop()
        finally:
            self._close()

    def stop(self) -> None:
        """Say goodbye to the browsers, finish requests, let `run` return. Idempotent."""
        self.follower.stop()
        self.server.stop()


def build(settings: Settings, clock: Clock) -> Dashboard:
    """The dashboard of these settings.

    Raises:
        SettingsError: a setting can't be served, or the pages were not built.
        StoreUnusableError: the data folder or the database's address can't be used.
        PortBusyError: another program has the port.
    """
    need_free(settings.http_host, settings.http_port, "GASWATCH_HTTP_PORT")
    try:
        pages = Pages(settings.timezone)
    except AssetsMissingError as error:
        raise SettingsError(str(error)) from error
    engine = open_engine(settings.database)
    readings = open_readings(settings, engine, clock)
    parts = parts_over(engine, readings, settings, clock, pages=pages, static=STATIC)
    server = HttpServer(create_app(parts), settings.http_host, settings.http_port)

    def close() -> None:
        parts.lanes.close()
        readings.close()
        engine.dispose()

    return Dashboard(parts.follower, server, close)


def parts_over(
    engine: Engine,
    readings: Readings,
    settings: Settings,
    clock: Clock,
    *,
    pages: Renders,
    static: Path | None,
) -> Parts:
    """Everything behind the HTTP side, over these stores."""
    lanes = Lanes()
    journal = SqlJournal(engine)
    compliance = Compliance.of(engine, settings)
    follower = _follower(engine, journal, readings, clock, lanes)
    desk = Desk(journal, clock, lanes.urgent)
    follower.listen(desk.answered)
    sessions = Sessions(
        SqlAccounts(engine),
        Argon2Passwords(),
        journal,
        clock,
        lanes=lanes,
        new_token=lambda: token_urlsafe(32),
    )
    return Parts(
        clock=clock,
        lanes=lanes,
        follower=follower,
        desk=desk,
        sessions=sessions,
        throttle=Throttle(),
        journal=journal,
        alarms=SqlBoard(engine),
        climbs=SqlClimbs(engine, ZoneInfo(settings.timezone)),
        windows=SqlWindows(engine),
        town=SqlTown(engine, settings.thresholds),
        series=StoredSeries(readings),
        gauges=StoredGauges(engine, readings),
        quarantine=SqlQuarantine(engine),
        uptime=compliance,
        uptime_file=compliance.csv,
        kpis=SqlKpis(engine, ZoneInfo(settings.timezone)),
        rehearsals=SqlRehearsals(
            engine, ZoneInfo(settings.timezone), limits_of(settings), WaysSetUp(settings, clock)
        ),
        hazards=SqlHazardList(engine),
        contacts=SqlContactList(engine),
        callbacks=SqlCallbacks(engine),
        pages=pages,
        options=_options(settings, static),
        new_id=lambda: uuid4().hex,
    )


def _options(settings: Settings, static: Path | None) -> Options:
    return Options(
        public=settings.public,
        zone=ZoneInfo(settings.timezone),
        language=settings.language,
        twilio_token=settings.twilio_auth_token.get_secret_value(),
        callback_token=settings.callback_token.get_secret_value(),
        callback_sources=settings.callback_sources,
        callback_repeats_ms=round(settings.callback_repeats_s * 1000),
        static=static,
        version=__version__,
        operators=settings.operators,
        stale_ms=round(settings.hazard_after_s * 1000),
    )


def _follower(
    engine: Engine, journal: SqlJournal, readings: Readings, clock: Clock, lanes: Lanes
) -> Follower:
    """What keeps the picture of now and pushes what changes."""
    return Follower(
        FollowerParts(
            journal=journal,
            alarms=SqlBoard(engine),
            town=SqlTown(engine),
            board=SqlStatusBoard(engine),
            gauges=StoredGauges(engine, readings),
            clock=clock,
            lane=lanes.urgent,
            quick=lanes.series,
            epoch=uuid4().hex[:12],
            pid=os.getpid(),
        )
    )
