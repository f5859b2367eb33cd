"""The machine's clock, and that it can be set back without stopping the loops."""

import asyncio

import pytest

from gaswatch.clock import SystemClock


async def test_an_instant_that_has_passed_is_not_waited_for() -> None:
    clock = SystemClock()
    await asyncio.wait_for(clock.sleep_until(clock.now_ms() - 1000), 1)


async def test_whoever_waits_for_an_instant_that_has_passed_lets_the_others_have_their_turn() -> None:
    clock, turns = SystemClock(), 0

    async def other() -> None:
        nonlocal turns
        turns += 1

    for turn in range(3):
        task = asyncio.create_task(other())
        await clock.sleep_until(clock.now_ms())
        assert turns == turn + 1
        await task


async def test_after_sleeping_the_instant_has_come() -> None:
    clock = SystemClock()
    at_ms = clock.now_ms() + 30
    await asyncio.wait_for(clock.sleep_until(at_ms), 5)
    assert clock.now_ms() >= at_ms


async def test_a_clock_set_back_by_an_hour_does_not_make_a_short_sleep_long(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock = SystemClock()
    sleeping = asyncio.ensure_future(clock.sleep_until(clock.now_ms() + 50))
    await asyncio.wait({sleeping}, timeout=0.005)  # it has begun
    now_ms = clock.now_ms() - 3_600_000
    monkeypatch.setattr(SystemClock, "now_ms", lambda _: now_ms)
    await asyncio.wait_for(sleeping, 5)
