"""Detectors that are not in the ledger."""

from collector.rules.strangers import Strangers
from gascore.journal import UnknownDetector, UnknownLeak
from gascore.words import DetectorId, Level
from support.collector_words import T0, a_status

X = DetectorId("X")


def levels(events: list[UnknownDetector | UnknownLeak]) -> list[Level]:
    return [event.level for event in events if isinstance(event, UnknownLeak)]


def test_the_first_message_is_announced_and_no_later_one() -> None:
    strangers = Strangers()
    assert strangers.hear(X, a_status(), T0) == [UnknownDetector(detector=X, received_ms=T0)]
    assert strangers.hear(X, a_status(), T0 + 1) == []
    assert strangers.hear(X, None, T0 + 2) == []


def test_its_leak_is_told_by_its_word_or_by_its_number_and_so_is_the_end() -> None:
    strangers = Strangers()
    assert levels(strangers.hear(X, a_status("high"), T0)) == [Level.HIGH]
    assert levels(strangers.hear(X, a_status("high"), T0 + 1)) == []
    assert levels(strangers.hear(X, a_status(lel=30.0), T0 + 2)) == [Level.LOW]
    assert levels(strangers.hear(X, None, T0 + 3)) == []
    assert levels(strangers.hear(X, a_status(), T0 + 4)) == [Level.NONE]


def test_a_leak_that_was_told_before_a_restart_is_ended_after_it() -> None:
    before, after = Strangers(), Strangers()
    before.hear(X, a_status("low"), T0)
    before.hear(DetectorId("Y"), a_status(), T0)
    assert before.save() == b'{"X":1}'
    after.restore(before.save())
    assert levels(after.hear(X, a_status(), T0 + 1)) == [Level.NONE]


def test_a_stranger_that_enters_the_ledger_leaks_no_more_as_a_stranger() -> None:
    strangers = Strangers()
    strangers.hear(X, a_status("high"), T0)
    assert levels([*strangers.forget(X, T0 + 1)]) == [Level.NONE]
    assert strangers.forget(X, T0 + 2) == []


def test_a_flood_of_made_up_names_is_bounded_and_hides_no_leak() -> None:
    strangers = Strangers(most=10)
    strangers.hear(X, a_status("high"), T0)
    announced = sum(len(strangers.hear(DetectorId(f"N{number}"), a_status(), T0)) for number in range(100))
    assert announced == 9
    assert levels(strangers.hear(DetectorId("LATE"), a_status("low"), T0)) == [Level.LOW]
    assert levels(strangers.hear(X, a_status("high"), T0)) == []
    assert levels(strangers.hear(X, a_status(), T0)) == [Level.NONE]
