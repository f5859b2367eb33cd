"""A collector's word for the console's tests."""

from gascore.service_status import Gaps, Histogram, MessageCounts, ServiceStatus
from gaswatch.stores.status import SqlStatusBoard
from support.alarms import NOW_MS
from support.console import Console
from support.waiting import until


def collector_says(console: Console) -> None:
    """The collector's word, now."""
    SqlStatusBoard(console.engine).say(
        ServiceStatus(
            name="collector",
            pid=1,
            started_ms=NOW_MS,
            at_ms=console.parts.clock.now_ms(),
            messages=MessageCounts(received=10, stored=7, rejected=2, duplicate=1),
            rejected_by={"too_long": 2},
            states={"protected": 1, "fault": 1},
            latency={"journal": Histogram(counts=(3,) * 16, total=3, sum_s=0.02)},
            notes={
                "spool_bytes": "2048",
                "spool_oldest_s": "75",
                "dead_letters": "3",
                "new_one": "5",
                "sequence_gaps": "4",
                "broker_dropped main:1883": "12",
                "broker_holds main:1883": "300",
                "broker_dropped cloud:8883": "not told by this broker",
            },
            gaps=Gaps({"d1": 4}, is_all=True),
        )
    )


async def is_seen(console: Console) -> None:
    """Let the collector speak, and wait until the console has heard it."""
    collector_says(console)
    picture = console.parts.follower.picture
    await until(lambda: picture.is_monitored(console.parts.clock.now_ms()), what="the collector's word")
