"""Missing messages of many detectors at once are a trouble; a bad line, a jump and a restart are none."""

import pytest

from collector.rules.missing import KEPT, GapLimits, Missing, Worst
from gascore.journal import TroubleBegan, TroubleEnded
from gascore.service_status import Gaps
from support.collector_desk import Desk, heartbeats
from support.collector_words import T0, a_placed

SECOND = 1000
LIMITS = GapLimits(window_ms=300_000, share=0.01, detectors=3)


class Town:
    """A thousand detectors that report every 10 s, looked at each second."""

    def __init__(self) -> None:
        self.missing = Missing(LIMITS, T0)
        self.now_ms = T0
        self.received = 0
        self.said: str | None = None

    def passes(self, seconds: int, *, lost: int = 0, of: int = 1, every_s: float = 10.0) -> int:
        """So many messages are lost each second, of so many detectors in turn; how long it was a trouble, s."""
        trouble_s = 0
        for second in range(seconds):
            for one in range(lost):
                self.missing.gap(f"D{(second + one) % of}", 1, every_s)
            self.received += 100 - lost
            self.now_ms += SECOND
            self.said = self.missing.look(self.received, self.now_ms)
            trouble_s += self.said is not None
        return trouble_s


def test_nothing_missing_is_no_trouble() -> None:
    assert Town().passes(600) == 0


def test_the_odd_message_is_no_trouble_and_more_than_the_share_is() -> None:
    town = Town()
    for _ in range(30):  # one in 200
        town.passes(1, lost=1, of=500)
        town.passes(1)
    assert town.said is None
    assert town.passes(300, lost=3, of=500) > 200


def test_it_says_how_many_and_the_worst_detectors() -> None:
    town = Town()
    town.missing.gap("D7", 20, 10.0)
    town.missing.gap("D8", 5, 10.0)
    town.missing.gap("D9", 9, 10.0)
    town.missing.gap("D1", 1, 10.0)
    town.passes(1)
    assert town.said == (
        "35 of 135 messages are missing in the last 5 min, of 4 detectors, most of D7 (20), D9 (9), D8 (5): "
        "check the broker and the network (docs/broker.md)"
    )


def test_one_detector_with_a_bad_line_is_its_own_affair() -> None:
    assert Town().passes(600, lost=10, of=2) == 0


def test_a_counter_that_jumps_counts_no_more_than_it_could_have_sent() -> None:
    town = Town()
    town.passes(300)
    for name in ("D1", "D2", "D3"):
        town.missing.gap(name, 1_000_000, 10.0)
    town.passes(1)
    assert town.said is None, "3 x 30 of 30,000"


def test_what_comes_late_after_all_is_not_missing() -> None:
    town = Town()
    for no in range(50):
        town.missing.gap(f"D{no}", 1, 10.0)
    town.passes(1)
    assert town.said is not None
    town.passes(40)
    for no in range(50):
        town.missing.gap(f"D{no}", -1, 10.0)
    town.passes(1)
    assert town.said is None


def test_it_is_over_well_below_the_threshold_and_at_the_end_of_the_window_at_the_latest() -> None:
    town = Town()
    town.passes(60, lost=5, of=100)
    assert town.said is not None
    assert town.passes(400) < 330
    assert town.said is None


def test_a_clock_that_is_set_back_goes_on_counting() -> None:
    town = Town()
    town.passes(60, lost=5, of=100)
    town.now_ms -= 3_600_000
    assert town.passes(10, lost=5, of=100) == 10
    town.passes(400)
    assert town.said is None


@pytest.mark.parametrize("lost", [0, 4])
async def test_messages_that_are_missing_of_many_detectors_are_one_trouble(lost: int) -> None:
    names = [f"D{no}" for no in range(1, 11)]
    desk = Desk(*(a_placed(name, no) for no, name in enumerate(names, 1)))
    async with desk.running():
        await heartbeats(desk, names, seconds=60)
        for name in names[:lost]:
            desk.skips(name, 2)
        await heartbeats(desk, names, seconds=20)
        if not lost:
            assert desk.events(TroubleBegan) == []
            return
        await desk.comes(lambda: desk.events(TroubleBegan))
        [began] = desk.events(TroubleBegan)
        assert began.name == "sequence_gaps"
        assert began.detail.startswith("8 of ")
        for _ in range(200):
            await heartbeats(desk, names, seconds=10)
            if desk.events(TroubleEnded):
                break
        assert [one.name for one in desk.events(TroubleEnded)] == ["sequence_gaps"]


async def test_detectors_that_begin_anew_and_a_collector_that_does_miss_nothing() -> None:
    names = [f"D{no}" for no in range(1, 6)]
    desk = Desk(*(a_placed(name, no) for no, name in enumerate(names, 1)))
    async with desk.running(kill=True):
        await heartbeats(desk, names, seconds=100)
    async with desk.running() as collector:
        for name in names:
            desk.says(f"gas/1/{name}/online", b"1")
        await heartbeats(desk, names, seconds=50)
        assert collector.status().notes["sequence_gaps"] == "0", "the run before heard what it did not save"
        desk.restarts(*names)
        await heartbeats(desk, names, seconds=50)
        assert collector.status().notes["sequence_gaps"] == "0"
        desk.skips("D1", 3)
        await heartbeats(desk, names, seconds=10)
        assert collector.status().notes["sequence_gaps"] == "3", "what is missing in this run counts"
        assert desk.events(TroubleBegan) == []


def test_the_worst_detectors_are_named_and_no_more_than_a_few_are_remembered() -> None:
    worst = Worst()
    assert worst.named() == ""
    for one in range(10_000):
        worst.count(f"D{one}", 1)
    worst.count("LOST", 500)
    worst.count("BAD", 20)
    for one in range(10_000):
        worst.count(f"E{one}", 2)
    assert worst.named().startswith("LOST 500, BAD 20, E")
    worst.count("LOST", 0)
    assert worst.named().startswith("BAD 20, E")


def test_who_is_not_among_the_worst_misses_nothing_as_long_as_these_are_all() -> None:
    worst = Worst()
    for one in range(KEPT):
        worst.count(f"D{one}", 2)
        worst.count(f"LATE{one}", 1)
        worst.count(f"LATE{one}", 0)
    worst.count("D0", 3)
    assert (worst.gaps.at("D0"), worst.gaps.at("LATE1"), worst.gaps.at("NEW")) == (3, 0, 0)
    for one in range(2 * KEPT):
        worst.count(f"E{one}", 1)
    assert (worst.gaps.at("D0"), worst.gaps.at("NEW")) == (3, None)
    assert len(worst.gaps.of) <= 2 * KEPT


async def test_the_collector_names_who_misses_the_most() -> None:
    desk = Desk(a_placed("D1", 1), a_placed("D2", 2))
    async with desk.running():
        await heartbeats(desk, ["D1", "D2"], seconds=20)
        assert "sequence_gaps_worst" not in desk.status.notes
        desk.sends("D2", seq=9)
        await desk.comes(lambda: desk.status.notes.get("sequence_gaps_worst") == "D2 6")
        assert desk.status.gaps == Gaps({"D2": 6}, is_all=True)
