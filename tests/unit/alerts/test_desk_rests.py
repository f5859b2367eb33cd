"""The desk leaves the write lock to others, but never makes a leak wait for that."""

from alerts.service.desk import REST_MS, Turned, rest_ms


def test_a_turn_is_followed_by_a_rest_as_long_as_itself_up_to_a_limit() -> None:
    assert rest_ms(Turned(1, more=True, wake_ms=None, told=0), 20) == 20
    assert rest_ms(Turned(1, more=True, wake_ms=None, told=0), 10_000) == REST_MS


def test_a_leak_that_waits_is_not_rested_for_and_a_clock_that_was_set_back_asks_for_nothing() -> None:
    assert rest_ms(Turned(1, more=True, wake_ms=None, told=0, is_urgent=True), 20) == 0
    assert rest_ms(Turned(1, more=True, wake_ms=None, told=0), -3_600_000) == 0
