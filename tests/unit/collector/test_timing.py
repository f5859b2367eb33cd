"""When a message was measured, and whether the detector's clock can be trusted."""

import pytest

from collector.rules.timing import Doubt, Timing, place
from support.collector_words import LIMITS, T0

MINUTE = 60_000
FINE = Timing(0)


def placed(
    ts: int | None, *, received: int = T0, newest: int = 0, known: Timing = FINE, patience: int = 90_000
) -> Timing:
    return place(
        ts=ts, received_ms=received, newest_ms=newest, patience_ms=patience, known=known, limits=LIMITS
    )


@pytest.mark.parametrize("off_ms", [-5 * MINUTE, -1, 0, 1, 5 * MINUTE])
def test_within_the_tolerance_the_detectors_clock_counts(off_ms: int) -> None:
    assert placed(T0 - off_ms) == Timing(T0 - off_ms)


def test_without_an_instant_the_receipt_counts() -> None:
    assert placed(None) == Timing(T0)
    assert not placed(None, known=Timing(0, trusted=False)).trusted


def test_what_was_measured_before_the_newest_is_stale() -> None:
    assert placed(T0 - 2000, newest=T0 - 1000).stale
    assert not placed(T0 - 1000, newest=T0 - 1000).stale


def test_a_clock_that_is_ahead_is_wrong_at_once() -> None:
    assert placed(T0 + 6 * MINUTE) == Timing(T0, trusted=False)


def test_a_message_from_long_ago_is_late_and_only_doubted() -> None:
    found = placed(T0 - 20 * MINUTE)
    assert found == Timing(T0 - 20 * MINUTE, late=True, doubt=Doubt(T0, 20 * MINUTE))


def test_late_data_that_catches_up_is_never_called_a_wrong_clock() -> None:
    known, received = FINE, T0
    for behind in range(60, 5, -5):  # an hour of buffered messages, sent within minutes
        known = placed(received - behind * MINUTE, received=received, known=known)
        assert known.trusted
        assert known.late
        received += 20_000
    assert placed(received - 1000, received=received, known=known) == Timing(received - 1000)


def test_a_clock_that_stays_behind_is_called_wrong_when_the_patience_is_over() -> None:
    known, received, trusted = FINE, T0, []
    for _ in range(12):
        known = placed(received - 60 * MINUTE, received=received, known=known)
        trusted.append(known.trusted)
        received += 10_000
    assert trusted == [True] * 10 + [False] * 2
    assert known.measured_ms == received - 10_000


def test_a_clock_once_wrong_is_right_again_as_soon_as_it_agrees() -> None:
    wrong = Timing(0, trusted=False)
    assert not placed(T0 - 60 * MINUTE, known=wrong).trusted
    assert placed(T0 - MINUTE, known=wrong) == Timing(T0 - MINUTE)
