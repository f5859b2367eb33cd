"""A batch is cut up so that a leak waits for one portion at most, and no detector's story is torn apart."""

import pytest

from collector.rules.page import NEW
from collector.rules.watch import Watch
from collector.service.batch import OWN, Batch
from collector.service.portions import MOST, Lane, cut
from gascore.journal import BlindBegan, BlindScope, ConditionCleared, ConditionRaised, Event, Reason
from gascore.words import Condition, DetectorId, Level, SiteId
from support.collector_words import T0, a_placed


def raised(name: str, condition: Condition = Condition.OFFLINE) -> ConditionRaised:
    level = Level.HIGH if condition is Condition.LEAK else Level.NONE
    return ConditionRaised(
        detector=DetectorId(name),
        site=SiteId("S1"),
        condition=condition,
        since_ms=T0,
        reason=Reason.SILENCE,
        level=level,
    )


def cleared(name: str) -> ConditionCleared:
    return ConditionCleared(
        detector=DetectorId(name),
        site=SiteId("S1"),
        condition=Condition.OFFLINE,
        since_ms=T0,
        ended_ms=T0 + 1,
        reason=Reason.MESSAGE,
    )


def book(batch: Batch, no: int, *events: Event, cause_ms: int | None = None) -> None:
    """Detector `no` changed, as the fleet books it."""
    batch.add(events, cause_ms)
    batch.watches[no] = Watch(a_placed(no=no, name=f"GD-{no}"), NEW, 60.0)


def a_power_cut(count: int = 2 * MOST + 500) -> Batch:
    batch = Batch(1)
    for no in range(1, count + 1):
        book(batch, no, raised(f"GD-{no}"))
    return batch


def test_a_small_batch_is_one_transaction() -> None:
    batch = a_power_cut(3)
    [portion] = cut(batch, T0)
    assert portion.recording == batch.recording(T0)


def test_an_empty_batch_has_nothing_to_store() -> None:
    assert cut(Batch(1), T0) == []


def test_a_large_batch_is_cut_up_and_nothing_is_missing_or_twice() -> None:
    batch = a_power_cut()
    book(batch, 7, cleared("GD-7"))
    batch.watches[9_999] = Watch(a_placed(no=9_999, name="GD-9999"), NEW, 60.0)  # changed without a word
    found = cut(batch, T0)
    assert len(found) > 2
    assert all(len(one.recording.events) <= MOST + 1 for one in found)
    events = [event for one in found for event in one.recording.events]
    assert sorted(map(repr, events)) == sorted(map(repr, batch.events))
    states = [no for one in found for no in one.recording.states]
    assert sorted(states) == sorted(batch.watches)
    for one in found:  # what is saved of a detector never goes without its events
        numbers = {int(name.removeprefix("GD-")) for name in one.detectors}
        assert numbers <= set(one.recording.states)
    [seven] = [one for one in found if "GD-7" in one.detectors]
    mine = [event for event in seven.recording.events if getattr(event, "detector", "") == "GD-7"]
    assert [type(event) for event in mine] == [ConditionRaised, ConditionCleared]


def test_a_leak_and_our_own_blindness_are_in_the_first_portion() -> None:
    batch = a_power_cut()
    book(batch, 2_400, raised("GD-2400", Condition.LEAK), cause_ms=T0)
    batch.add([BlindBegan(scope=BlindScope.LINK, name="b", since_ms=T0, reason="x")], None)
    batch.states[OWN] = b"[]"
    first, *others = cut(batch, T0)
    assert first.detectors == {"GD-2400"}
    assert set(first.recording.states) == {OWN, 2_400}
    assert [type(event) for event in first.recording.events] == [ConditionRaised, ConditionRaised, BlindBegan]
    assert first.causes_ms == (T0,)
    assert not any("GD-2400" in one.detectors or one.causes_ms for one in others)


def drained(lane: Lane) -> list[set[str]]:
    stored = []
    while portion := lane.next():
        stored.append(portion.detectors)
        lane.stored()
    return stored


def test_a_leak_that_comes_later_goes_ahead_of_what_waits() -> None:
    lane, outage, leak = Lane(), a_power_cut(), Batch(1)
    lane.add(outage, T0)
    lane.stored()
    book(leak, 9_000, raised("GD-9000", Condition.LEAK))
    lane.add(leak, T0)
    portion = lane.next()
    assert portion is not None
    assert portion.detectors == {"GD-9000"}
    lane.stored()
    assert lane.finished() == [], "acknowledged in order: the outage's messages came first"
    drained(lane)
    assert lane.finished() == [outage, leak]


@pytest.mark.parametrize("no", [1, 1_200, 2_500])
def test_a_leak_never_goes_ahead_of_its_own_detectors_earlier_events(no: int) -> None:
    lane, leak = Lane(), Batch(1)
    lane.add(a_power_cut(), T0)
    book(leak, no, cleared(f"GD-{no}"), raised(f"GD-{no}", Condition.LEAK))
    lane.add(leak, T0)
    before, then, *others = drained(lane)
    assert f"GD-{no}" in before
    assert then == {f"GD-{no}"}
    assert not any(f"GD-{no}" in names for names in others)


def test_only_the_leak_of_an_urgent_batch_goes_ahead() -> None:
    lane, outage, returns = Lane(), a_power_cut(), Batch(1)
    lane.add(outage, T0)
    for no in range(1, 500):
        book(returns, no, cleared(f"GD-{no}"))
    book(returns, 9_000, raised("GD-9000", Condition.LEAK))
    lane.add(returns, T0)
    assert drained(lane)[0] == {"GD-9000"}
    assert lane.finished() == [outage, returns]


def test_what_saves_a_detector_without_a_word_is_not_overtaken_by_its_leak() -> None:
    lane, outage, leak = Lane(), a_power_cut(), Batch(1)
    outage.watches[9_000] = Watch(a_placed(no=9_000, name="GD-9000"), NEW, 60.0)
    lane.add(outage, T0)
    book(leak, 9_000, raised("GD-9000", Condition.LEAK))
    lane.add(leak, T0)
    has_leak = []
    while portion := lane.next():
        if 9_000 in portion.recording.states:
            has_leak.append("GD-9000" in portion.detectors)
        lane.stored()
    assert has_leak == [False, True], "the state of before the leak may not overwrite the one with it"


def test_a_leak_takes_along_what_its_own_past_has_to_stay_behind() -> None:
    """GD-1 is offline in the outage and back in a later batch, which also has a change of the leaking GD-9000."""
    lane, outage, later, leak = Lane(), a_power_cut(), Batch(1), Batch(1)
    lane.add(outage, T0)
    book(later, 2_400, cleared("GD-2400"))
    book(later, 9_000, raised("GD-9000"))
    lane.add(later, T0)
    book(leak, 9_000, cleared("GD-9000"), raised("GD-9000", Condition.LEAK))
    lane.add(leak, T0)
    told = [names for names in drained(lane) if names & {"GD-2400", "GD-9000"}]
    assert ["GD-2400" in names for names in told] == [True, True, False]
    assert told[1:] == [{"GD-2400", "GD-9000"}, {"GD-9000"}]


def test_our_own_books_are_never_overtaken_by_newer_ones() -> None:
    lane, outage, down, again = Lane(), a_power_cut(), Batch(1), Batch(1)
    lane.add(outage, T0)
    for batch, name in ((down, "a"), (again, "b")):
        batch.add([BlindBegan(scope=BlindScope.LINK, name=name, since_ms=T0, reason="x")], None)
        batch.states[OWN] = name.encode()
        book(batch, 9_000, raised("GD-9000", Condition.LEAK))
        lane.add(batch, T0)
    books = []
    while portion := lane.next():
        books += [body for no, body in portion.recording.states.items() if no == OWN]
        lane.stored()
    assert books == [b"a", b"b"]


def test_batches_without_anything_for_the_journal_come_out_in_their_turn() -> None:
    lane, quiet, outage, last = Lane(), Batch(1), a_power_cut(5), Batch(1)
    lane.add(quiet, T0)
    lane.add(outage, T0)
    lane.add(last, T0)
    assert lane.finished() == [quiet]
    assert drained(lane) == [{f"GD-{no}" for no in range(1, 6)}]
    assert lane.finished() == [outage, last]
    assert lane.finished() == []
