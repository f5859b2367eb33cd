"""However the journal is read (from the first entry, from checkpoints, in parts): the states are the same."""

from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given
from hypothesis import strategies as st

from dashboard.rules.protection import NEVER_MS, ConditionFold, DetectorHistory, Said, Stretch, timeline
from dashboard.rules.uptime import Period
from gascore.journal import ConditionCleared, ConditionRaised, Event, Reason
from gascore.words import Condition, DetectorId, SiteId
from support.history_town import JANUARY_MS, Town, a_detector

D1, D2 = DetectorId("D1"), DetectorId("D2")
HOUR_MS = 3_600_000
PERIOD = Period(JANUARY_MS + 24 * HOUR_MS, JANUARY_MS + 72 * HOUR_MS)

hours = st.integers(min_value=0, max_value=96)
said = st.builds(
    Said,
    st.sampled_from([D1, D2]),
    st.sampled_from([Condition.OFFLINE, Condition.FAULT, Condition.WRONG_GAS, Condition.LEAK]),
    hours.map(lambda hour: JANUARY_MS + hour * HOUR_MS),
    st.none() | hours.map(lambda hour: JANUARY_MS + hour * HOUR_MS),
)
batches = st.lists(st.lists(said, min_size=1, max_size=4), min_size=1, max_size=6)


def as_event(entry: Said) -> Event:
    if entry.ended_ms is None:
        return ConditionRaised(
            detector=entry.detector,
            site=SiteId("S1"),
            condition=entry.condition,
            since_ms=entry.since_ms,
            reason=Reason.SILENCE,
        )
    return ConditionCleared(
        detector=entry.detector,
        site=SiteId("S1"),
        condition=entry.condition,
        since_ms=entry.since_ms,
        ended_ms=entry.ended_ms,
        reason=Reason.MESSAGE,
    )


def expected(entries: list[Said], detector: DetectorId) -> list[Stretch]:
    fold = ConditionFold(from_ms=PERIOD.from_ms, to_ms=PERIOD.to_ms)
    fold.add(entries)
    history = DetectorHistory(detector, [(JANUARY_MS, NEVER_MS)], JANUARY_MS, fold.edges().get(detector, []))
    return timeline(history, [], from_ms=PERIOD.from_ms, to_ms=PERIOD.to_ms)


@given(batches)
def test_the_stores_reading_is_the_fold_of_all_entries(appended: list[list[Said]]) -> None:
    """An entry is appended when it was over (or later): only then can the index on time find it."""
    entries: list[Said] = []
    with TemporaryDirectory() as folder:
        town = Town(Path(folder), checkpoint_every=3)
        try:
            town.register(a_detector("D1"), a_detector("D2", no=2))
            for batch in appended:
                entries += batch
                at_ms = max(entry.ended_ms or entry.since_ms for entry in entries)
                town.append(at_ms, *map(as_event, batch))
                for detector in (D1, D2):
                    found = town.history.timeline(detector, PERIOD, now_ms=PERIOD.to_ms)
                    assert found == expected(entries, detector)
        finally:
            town.close()
