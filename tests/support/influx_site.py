"""A collector's site whose readings go to a real InfluxDB: what is set for it, and what has arrived there."""

import asyncio
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from gascore.service_status import ServiceStatus
from gaswatch.wiring.series import SPOOL_FILE
from support.influx import InfluxServer
from support.waiting import elapse


def influx_settings(server: InfluxServer) -> dict[str, Any]:
    """The collector's settings, with the names of `gaswatch.settings`."""
    return {"series": "influx", "influx_url": server.url, "influx_bucket": server.database}


def instants(server: InfluxServer, names: Sequence[str]) -> list[list[int]]:
    """Of each detector, when its readings in InfluxDB were made; one that is there under two labels comes twice."""
    found: dict[str, list[int]] = {}
    for series in server.query('SELECT "state" FROM detector GROUP BY *'):
        found.setdefault(series["tags"]["detector"], []).extend(row[0] for row in series["values"])
    assert set(found) <= set(names), "readings of nobody"
    return [found.get(name, []) for name in names]


def has_spooled(data_dir: Path) -> bool:
    """Whether a reading has ever been durable in the spool, sent on or not."""
    file = data_dir / SPOOL_FILE
    if not file.exists():
        return False
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as connection:
        try:
            return bool(connection.execute("SELECT seq FROM sqlite_sequence WHERE name = 'spool'").fetchall())
        except sqlite3.OperationalError:  # its tables are being made
            return False


def waits(status: ServiceStatus) -> bool:
    """Whether readings wait for InfluxDB, as the collector says."""
    return status.notes.get("spool_points", "0") != "0"


def given_up(status: ServiceStatus) -> dict[str, str]:
    """What the collector says of readings that will never be in InfluxDB; empty when there are none."""
    figures = {name: status.notes.get(name, "0") for name in ("spool_dropped", "dead_letters")}
    return {name: count for name, count in figures.items() if count != "0"}


class Killable:
    """InfluxDB for whoever kills it at random: it comes back by itself."""

    def __init__(self, server: InfluxServer) -> None:
        self._server = server
        self._returning: asyncio.Task[None] | None = None

    async def kill(self, away_s: float) -> None:
        """SIGKILL; it is started again so much later. One that is away already is waited for first."""
        await self.is_back()
        await asyncio.to_thread(self._server.stop, kill=True)
        self._returning = asyncio.create_task(self._return(away_s))

    async def is_back(self) -> None:
        """Return when it answers again."""
        if self._returning is not None:
            await self._returning
            self._returning = None

    async def _return(self, away_s: float) -> None:
        await elapse(away_s)
        await asyncio.to_thread(self._server.start)
