"""Once a second: how is everything of ours that can be in trouble? What it answers is told, and noted."""

import asyncio

import structlog

from collector.ports import ReadingSink
from collector.service.brokers import Brokers
from collector.service.troubles import Troubles
from gascore.journal import StoreDownError

_log = structlog.get_logger()
READINGS = "readings"


class Health:
    """Asks, and lets `troubles` tell. `notes` are the figures of the last answers, for the status."""

    def __init__(self, readings: ReadingSink, brokers: Brokers, troubles: Troubles) -> None:
        self._readings = readings
        self._brokers = brokers
        self._troubles = troubles
        self._notes: dict[str, str] = {}
        self._is_silent = False

    @property
    def notes(self) -> dict[str, str]:
        """Figures by name, and each trouble with what is known of it now."""
        told = {f"trouble {one.name}": one.detail for one in self._troubles.open if one.over_ms is None}
        return self._notes | self._brokers.notes | told

    async def look(self, now_ms: int) -> None:
        """Ask the time series (in a thread: it may be slow to answer) and tell what it says."""
        try:
            health = await asyncio.to_thread(self._readings.health, now_ms)
        except StoreDownError as error:  # the pipeline says so, and books it
            if not self._is_silent:
                _log.warning("the time series does not say how it is", reason=str(error))
            self._is_silent = True
        else:
            self._is_silent = False
            self._notes = dict(health.notes)
            self._troubles.hear(READINGS, health.troubles, now_ms)
        self._brokers.look(now_ms)
        self._troubles.settle(now_ms)
