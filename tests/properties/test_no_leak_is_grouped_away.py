"""Whatever happens in whatever order: no leak is silenced or delayed by a group, and no silence is never told of."""

import tempfile
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from gascore.alarm import QUIETED, AlarmKind
from gascore.journal import AlarmStepped
from gascore.operators import OperatorAction
from gascore.words import AlarmId, Level
from support.quarter import Quarter, names

DETECTORS = names("east") + names("west")
detectors = st.sampled_from(DETECTORS)


class MassEvents(RuleBasedStateMachine):
    """A quarter with a real store in which everything fails at random."""

    @initialize()
    def begin(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.town = Quarter(Path(self.folder.name))
        self.offline: dict[str, int] = {}
        self.leaking: set[str] = set()

    def teardown(self) -> None:
        if hasattr(self, "town"):
            self._every_silence_is_told_in_the_end()
            self.town.engine.dispose()
            self.folder.cleanup()

    def go(self, some: list[str]) -> None:
        new = [one for one in dict.fromkeys(some) if one not in self.offline]
        self.offline |= dict.fromkeys(new, self.town.clock.now_ms())
        if new:
            self.town.go(*new)

    @rule(one=detectors)
    def one_goes(self, one: str) -> None:
        self.go([one])

    @rule(grid=st.sampled_from(["east", "west"]), first=st.integers(0, 20), count=st.integers(5, 40))
    def many_go(self, grid: str, first: int, count: int) -> None:
        self.go(names(grid, first, min(40, first + count)))

    @precondition(lambda self: self.offline)
    @rule(share=st.sampled_from([1, 2, 5]))
    def some_come_back(self, share: int) -> None:
        back = list(self.offline)[::share]
        for one in back:
            del self.offline[one]
        self.town.come_back(*back)

    @rule(one=detectors, lel=st.sampled_from([12.0, 60.0]))
    def one_leaks(self, one: str, lel: float) -> None:
        if one in self.leaking:
            return
        self.leaking.add(one)
        before = len([text for _, text in self.town.owner_heard(one) if "泄漏" in text])
        self.town.leaks(one, lel)
        heard = [text for _, text in self.town.owner_heard(one) if "泄漏" in text]
        assert len(heard) == before + 1, "told in the same instant"

    @rule()
    def somebody_answers_for_the_outages(self) -> None:
        for group in self.town.open_of(AlarmKind.OUTAGE):
            self.town.operator(OperatorAction.ACK, group.id)

    @rule(seconds=st.sampled_from([1, 10, 60, 400]))
    def time_passes(self, seconds: int) -> None:
        self.town.advance(seconds)

    @rule()
    def alerts_restarts(self) -> None:
        self.town.restart()

    @invariant()
    def only_silences_are_inside_another_alarm(self) -> None:
        for event in self.town.events(AlarmStepped) if hasattr(self, "town") else []:
            alarm = event.alarm
            assert alarm.inside is None or alarm.kind in QUIETED
            assert alarm.kind is not AlarmKind.LEAK or alarm.level is not Level.NONE

    def _every_silence_is_told_in_the_end(self) -> None:
        """Of each detector that stays away its owner hears, or an open alarm stands for it that people heard of."""
        self.town.advance(7_200)
        newest = self.town.newest()
        newest_by_id = {one.id: one for one in newest.values()}
        open_ids = {one.id for one in newest.values() if one.closed_ms is None}
        told = {one.alarm for one in self.town.notices().values()}
        groups = {one.id: one for one in newest.values() if one.outage is not None}
        for one in self.offline:
            alarm = newest[f"detector:{one}:offline"]
            assert alarm.active
            if alarm.inside is None:
                texts = [text for _, text in self.town.owner_heard(one)]
                assert any("离线" in text for text in texts), one
            else:
                assert alarm.inside in open_ids
                assert alarm.inside in told or newest_by_id[alarm.inside].acked_by
            if (group := groups.get(alarm.inside or AlarmId(0))) is not None and group.outage is not None:
                spans = group.outage.spans
                assert any(begin <= alarm.since_ms <= until for begin, until in spans), (
                    "it went with the others"
                )
        for group in groups.values():
            if group.closed_ms is None and group.acked_by and (outage := group.outage) is not None:
                grown = self.town.limits.outage.has_grown(outage.acked, outage.offline, outage.size)
                assert not grown, "what was answered for is not what it is now"
        shown = [one for one in newest.values() if one.inside is not None and one.closed_ms is None]
        assert all(one.kind in QUIETED for one in shown)


MassEvents.TestCase.settings = settings(
    max_examples=15,
    stateful_step_count=20,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
TestMassEvents = MassEvents.TestCase
