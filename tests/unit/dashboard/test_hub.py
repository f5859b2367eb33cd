"""The hub's promises, in particular: a slow browser neither misses a change nor holds anybody up."""

import asyncio
from collections.abc import AsyncGenerator

from dashboard.rules.stream import Ring
from dashboard.service.hub import Hub


class Town:
    """A hub over a number that grows; a snapshot is that number."""

    def __init__(self, deltas: int = 20) -> None:
        self.now = 0
        self.hub = Hub(Ring("e1", deltas=deltas), lambda: (self.now, b"%d" % self.now))

    def change(self, times: int = 1) -> None:
        for _ in range(times):
            self.now += 1
            self.hub.publish(self.now, b"%d" % self.now)


async def read(stream: AsyncGenerator[bytes]) -> tuple[str, bytes]:
    """Name and data of the next event."""
    async with asyncio.timeout(5):
        text = await anext(stream)
    lines = dict(line.split(b": ", 1) for line in text.strip().split(b"\n"))
    return lines[b"event"].decode(), lines[b"data"]


async def test_a_new_browser_gets_a_snapshot_and_then_every_change() -> None:
    town = Town()
    town.change()
    stream = town.hub.stream(None)
    assert await read(stream) == ("snapshot", b"1")
    town.change(2)
    assert await read(stream) == ("delta", b"2")
    assert await read(stream) == ("delta", b"3")
    await stream.aclose()


async def test_changes_while_the_snapshot_is_being_sent_are_not_lost() -> None:
    town = Town(deltas=20)
    stream = town.hub.stream(None)
    assert await read(stream) == ("snapshot", b"0")
    town.change(60)  # three times what the ring holds, while the slow browser still reads its snapshot
    assert await read(stream) == ("snapshot", b"60")
    town.change()
    assert await read(stream) == ("delta", b"61")
    await stream.aclose()


async def test_a_slow_browser_holds_nobody_up() -> None:
    town = Town(deltas=20)
    slow, quick = town.hub.stream(None), town.hub.stream(None)
    await read(slow)
    await read(quick)
    for number in range(1, 101):
        town.change()
        assert await read(quick) == ("delta", b"%d" % number)
    assert await read(slow) == ("snapshot", b"100")
    await slow.aclose()
    await quick.aclose()


async def test_a_browser_that_comes_back_goes_on_without_a_snapshot() -> None:
    town = Town()
    town.change(3)
    stream = town.hub.stream("2-e1")
    assert await read(stream) == ("delta", b"2")
    assert await read(stream) == ("delta", b"3")
    await stream.aclose()


async def test_a_browser_of_another_process_gets_a_snapshot() -> None:
    town = Town()
    town.change(3)
    stream = town.hub.stream("2-e0")
    assert await read(stream) == ("snapshot", b"3")
    await stream.aclose()


async def test_of_heartbeats_only_the_newest_is_sent() -> None:
    town = Town()
    stream = town.hub.stream(None)
    await read(stream)
    town.hub.beat(b"1")
    town.hub.beat(b"2")
    assert await read(stream) == ("hb", b"2")
    town.change()
    assert await read(stream) == ("delta", b"1")
    await stream.aclose()


async def test_a_waiting_browser_is_told_goodbye() -> None:
    town = Town()
    stream = town.hub.stream(None)
    await read(stream)
    waiting = asyncio.ensure_future(read(stream))
    asyncio.get_running_loop().call_soon(town.hub.close)
    assert await waiting == ("bye", b"{}")
    assert [event async for event in stream] == []
    assert town.hub.browsers == 0
