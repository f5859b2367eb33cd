"""When a crashed service is started again."""

from random import Random

from gaswatch.restarts import FIRST_MS, MOST_MS, STEADY_MS, after_crash


def chance(seed: int = 1) -> Random:
    return Random(seed)  # noqa: S311 -- jitter, no secret


def test_each_crash_in_a_row_doubles_the_wait_up_to_a_limit() -> None:
    crashes = 0
    waits = []
    for _ in range(12):
        crashes, wait_ms = after_crash(crashes, 100, chance())
        waits.append(wait_ms)
    for number, wait_ms in enumerate(waits):
        full_ms = min(FIRST_MS << number, MOST_MS)
        assert full_ms // 2 <= wait_ms <= full_ms
    assert crashes == 12


def test_chance_spreads_restarts_of_services_that_crashed_together() -> None:
    assert len({after_crash(5, 0, chance(seed)).wait_ms for seed in range(20)}) > 10


def test_a_service_that_ran_for_a_minute_starts_over() -> None:
    assert after_crash(9, STEADY_MS, chance()).crashes == 1
    assert after_crash(9, STEADY_MS - 1, chance()).crashes == 10
