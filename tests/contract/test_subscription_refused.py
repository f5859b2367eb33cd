"""A broker that lets us in and grants us nothing to read: the link is down, and we say that we are blind."""

import asyncio
from pathlib import Path
from random import Random
from typing import Literal

import pytest

from collector.adapters.links import make_link
from gascore.journal import BlindBegan, BlindEnded, BlindScope
from gaswatch.clock import SystemClock
from gaswatch.stores.engine import open_engine
from gaswatch.wiring.collector import collector_of
from support.broker import Broker
from support.collector_site import CollectorSite
from support.refusing_broker import a_refusing_broker
from support.waiting import until

pytestmark = pytest.mark.contract
REFUSALS: list[tuple[Literal["auto", "5", "3.1.1"], int, str]] = [
    ("auto", 0x80, "subscription: unspecified error"),
    ("5", 0x87, "subscription: not authorised"),
    ("3.1.1", 0x80, "subscription: refused by the broker"),
]


@pytest.mark.parametrize(("version", "code", "reason"), REFUSALS)
async def test_a_refused_subscription_is_a_link_that_is_down_until_it_is_granted(
    version: Literal["auto", "5", "3.1.1"], code: int, reason: str
) -> None:
    words: list[str] = []
    async with a_refusing_broker(code) as broker:
        link = make_link(broker.url, version, client_id="contract", clock=SystemClock(), rng=Random(1))  # noqa: S311 -- jitter
        running = asyncio.create_task(
            link.run(
                arrived=lambda _: None,
                changed=lambda _name, word, _since_ms: words.append(word),
                is_full=lambda: False,
            )
        )
        await until(lambda: broker.asked >= 2, what="the second try")
        assert set(words) == {reason}
        broker.code = 1
        await until(lambda: words[-1] == "up", within_s=20, what="the link")
        await link.stop()
        await asyncio.wait_for(running, 5)


async def test_the_collector_books_it_as_blindness_with_the_reason(tmp_path: Path) -> None:
    async with a_refusing_broker(0x87) as refusing:
        site = CollectorSite(tmp_path, Broker([], refusing.port, tmp_path / "broker.log"), ["D1"])
        collector = collector_of(site.settings, SystemClock(), open_engine(site.settings.database))
        task = asyncio.create_task(collector.run())
        try:
            name = f"127.0.0.1:{refusing.port}"
            reason = "subscription: not authorised"
            await until(lambda: collector.status().links == {name: reason}, what="the reason")
            assert collector.status().states["unmonitored"] == 1
            await until(lambda: blindness(site, BlindBegan), what="the blindness")
            assert {(one.name, one.reason) for one in blindness(site, BlindBegan)} == {(name, reason)}
            assert not blindness(site, BlindEnded)
            refusing.code = 1
            await until(lambda: blindness(site, BlindEnded), within_s=20, what="the end of the blindness")
            assert collector.status().states["unmonitored"] == 0
        finally:
            collector.stop()
            await asyncio.wait_for(task, 20)
            site.close()


def blindness(site: CollectorSite, kind: type[BlindBegan | BlindEnded]) -> list[BlindBegan | BlindEnded]:
    """What the journal says of links."""
    events = (entry.event for entry in site.entries())
    return [one for one in events if isinstance(one, kind) and one.scope is BlindScope.LINK]
