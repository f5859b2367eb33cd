"""Garbage in: a short run of what `script/bench fuzz` does with a million payloads."""

from pathlib import Path

import pytest

from benchmarks.load.fuzzing import Fuzz
from benchmarks.load.garbage import Garbage
from gascore.wire import RejectReason

PAYLOADS = 16_000
GROWTH = 64 * 1024 * 1024


@pytest.mark.parametrize("seed", [1, 20_261_125])
def test_no_payload_gets_an_exception_out_and_each_is_accounted_for(tmp_path: Path, seed: int) -> None:
    fuzz = Fuzz(tmp_path, seed)
    try:
        outcome = fuzz.run(PAYLOADS)
    finally:
        fuzz.close()
    assert outcome.failures == []
    assert outcome.payloads == outcome.outcomes["received"] == PAYLOADS
    assert outcome.residual == outcome.outcomes["pending"] == 0
    assert outcome.outcomes["stored"] > PAYLOADS / 10, "some of it is sound, or little would be tested"
    assert all(outcome.rejected_by[reason] for reason in RejectReason), outcome.rejected_by
    assert outcome.rss_last - outcome.rss_early < GROWTH


def test_the_same_seed_makes_the_same_garbage() -> None:
    one, other = (Garbage(7, ["D1"]) for _ in range(2))
    assert [one.message(now_ms) for now_ms in range(200)] == [other.message(now_ms) for now_ms in range(200)]
