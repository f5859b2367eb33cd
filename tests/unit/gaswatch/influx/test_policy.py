"""No answer of a server makes us give up a reading that it might still take."""

from random import Random

import pytest

from gaswatch.stores.influx.policy import (
    CONFIGURATION_MS,
    MOST_MS,
    NO_ANSWER,
    RETRY_AFTER_MOST_MS,
    Answer,
    Outcome,
    judge,
    wait_ms,
)

RNG = Random(1)  # noqa: S311 -- jitter
MEANINGS = {
    Outcome.DONE: [204],
    Outcome.BISECT: [400, 422],
    Outcome.HALVE: [413],
    Outcome.CONFIGURATION: [200, 201, 202, 301, 302, 308, 401, 402, 403, 404, 405, 409, 411, 415, 451],
    Outcome.LATER: [NO_ANSWER, 408, 425, 429, 500, 502, 503, 504, 507, 599],
}


@pytest.mark.parametrize(
    ("status", "outcome"), [(status, one) for one, statuses in MEANINGS.items() for status in statuses]
)
def test_each_status_has_its_meaning(status: int, outcome: Outcome) -> None:
    assert judge(Answer(status), 10) is outcome


def test_lines_beyond_the_retention_are_dead_letters_when_it_is_all_of_them() -> None:
    answer = Answer(400, '{"error":"partial write: points beyond retention policy dropped=3"}')
    assert judge(answer, 3) is Outcome.TOO_OLD
    assert judge(answer, 4) is Outcome.BISECT


def test_a_limit_of_the_server_is_not_the_lines_fault() -> None:
    said = "partial write: max-series-per-database limit exceeded: (1000000) dropped=2"
    assert judge(Answer(400, said), 2) is Outcome.CONFIGURATION


def test_waits_grow_from_a_fifth_of_a_second_to_half_a_minute() -> None:
    waits = [wait_ms(Outcome.LATER, failures, None, RNG) for failures in range(1, 200)]
    assert 100 <= waits[0] <= 200
    assert all(MOST_MS // 2 <= one <= MOST_MS for one in waits[8:])


def test_the_servers_own_wish_is_followed_within_reason() -> None:
    assert wait_ms(Outcome.LATER, 1, 7.5, RNG) == 7_500
    assert wait_ms(Outcome.LATER, 1, 1e9, RNG) == RETRY_AFTER_MOST_MS
    assert wait_ms(Outcome.LATER, 1, 0.0, RNG) <= 200


def test_a_configuration_is_looked_at_again_slowly() -> None:
    assert wait_ms(Outcome.CONFIGURATION, 1, None, RNG) == CONFIGURATION_MS
