"""What the collector is put together from."""

from collections.abc import Callable
from random import Random

import msgspec

from collector.ports import Link, ReadingSink, Recorder, Registry
from collector.rules.conditions import Limits
from collector.rules.missing import GapLimits
from gascore.clock import Clock
from gascore.journal import Journal
from gascore.service_status import StatusBoard


class Parts(msgspec.Struct, frozen=True):
    """Ports, thresholds and the world's time and chance."""

    links: list[Link]
    registry: Registry
    recorder: Recorder
    readings: ReadingSink
    journal: Journal
    board: StatusBoard
    clock: Clock
    rng: Random
    limits: Limits
    pid: int
    close: Callable[[], None]
    """Called once at the very end."""
    gaps: GapLimits = GapLimits()
