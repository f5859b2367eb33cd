"""The book of what is down, and how long to wait before the next try."""

from random import Random

import pytest

from collector.rules.backoff import delay_ms
from collector.rules.blindness import SEEING, Spell, begin, end, restore, save
from gascore.journal import BlindBegan, BlindEnded, BlindScope
from support.collector_words import T0

LINK = Spell(BlindScope.LINK, "broker:1883", T0, "refused")


def test_a_spell_is_begun_once_and_ended_once() -> None:
    book, began = begin(SEEING, LINK)
    assert began == [BlindBegan(scope=BlindScope.LINK, name="broker:1883", since_ms=T0, reason="refused")]
    again, nothing = begin(book, Spell(BlindScope.LINK, "broker:1883", T0 + 5, "another reason"))
    assert (again, nothing) == (book, [])
    seeing, ended = end(book, BlindScope.LINK, "broker:1883", T0 + 9)
    assert ended == [
        BlindEnded(scope=BlindScope.LINK, name="broker:1883", since_ms=T0, ended_ms=T0 + 9, reason="refused")
    ]
    assert seeing == SEEING
    assert end(seeing, BlindScope.LINK, "broker:1883", T0 + 10) == (SEEING, [])


def test_two_things_can_be_down_apart() -> None:
    book, _ = begin(SEEING, LINK)
    book, began = begin(book, Spell(BlindScope.STORE, "journal", T0 + 1, "disk is full"))
    assert len(began) == 1
    book, _ = end(book, BlindScope.LINK, "broker:1883", T0 + 2)
    assert list(book) == [(BlindScope.STORE, "journal")]


def test_a_spell_never_ends_before_it_began() -> None:
    book, _ = begin(SEEING, LINK)
    _, [ended] = end(book, BlindScope.LINK, "broker:1883", T0 - 100)
    assert ended.ended_ms == T0


def test_the_book_survives_being_saved() -> None:
    book, _ = begin(SEEING, LINK)
    assert restore(save(book)) == book
    assert restore(None) == SEEING


@pytest.mark.parametrize(
    ("failures", "least_ms", "most_ms"),
    [(1, 50, 101), (2, 100, 201), (5, 800, 1601), (20, 30_000, 60_001), (10_000, 30_000, 60_001)],
)
def test_the_wait_doubles_up_to_the_most_and_half_of_it_is_chance(
    failures: int, least_ms: int, most_ms: int
) -> None:
    waits = {
        delay_ms(failures, Random(seed), first_ms=100, most_ms=60_000)  # noqa: S311 -- jitter
        for seed in range(50)
    }
    assert all(least_ms <= wait < most_ms for wait in waits)
    assert len(waits) > 20
