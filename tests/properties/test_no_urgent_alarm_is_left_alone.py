"""Whatever happens in whatever order: somebody is always about to be told of an urgent alarm that nobody answers for.

The pure rules together, without a store: the life of an alarm, its ladder, shelves and maintenance windows.
"""

from zoneinfo import ZoneInfo

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from alerts.rules import ladder, lifecycle, windows
from alerts.rules.casefile import CaseFile
from alerts.rules.following import ladder_event
from alerts.rules.occasions import (
    Ack,
    Began,
    Close,
    Comment,
    Covered,
    Ended,
    Event,
    Hasten,
    Shelve,
    StoodFor,
    Take,
    Unshelve,
)
from alerts.rules.suppression import Subject, cover_of
from alerts.rules.windows import WindowFile
from gascore.alarm import LEAKS, Alarm, AlarmCause, AlarmKind, Cover, FalseTrigger, Suppression
from gascore.plans import GAS_TEST, built_in
from gascore.policy import Chain, Facts, chain_of
from gascore.windows import PlaceKind, Window
from gascore.words import AlarmId, Level, PersonId, Priority

ZONE = ZoneInfo("Asia/Shanghai")
KINDS = {"leak": AlarmKind.LEAK, "fault": AlarmKind.FAULT, "offline": AlarmKind.OFFLINE}
keys = st.sampled_from(sorted(KINDS))
names = st.sampled_from(["ann", "bo"])
HOUR_MS = 3_600_000


def chain(alarm: Alarm) -> Chain:
    """As `alerts.service.escalating` does it without policies in the ledger."""
    if alarm.suppression is Suppression.GAS_TEST:
        return chain_of(GAS_TEST, alarm.kind)
    return chain_of(built_in(Facts(alarm.kind, alarm.priority)), alarm.kind)


class Desk(RuleBasedStateMachine):
    """One detector with three alarms, and one window over it."""

    def __init__(self) -> None:
        super().__init__()
        self.files: dict[str, CaseFile] = {}
        self.now_ms = 1_790_000_000_000
        self.count = 0
        self.window: WindowFile | None = None

    # --- what the service does between the rules ----------------------------------------------------

    def running(self) -> list[tuple[Window, Cover]]:
        if self.window is None or self.window.state.phase is not windows.Phase.RUNNING:
            return []
        one = self.window.window
        return [(one, Cover(one.id, one.by, self.window.state.until_ms, one.reason, one.gas_test))]

    def feed(self, key: str, event: Event) -> lifecycle.Step:
        file = self.files.get(key)
        before = file.alarm if file and file.alarm.closed_ms is None else None
        case = file.case if file and before else None
        done = lifecycle.step(case, event, self.now_ms)
        if done.state is None or not done.effects:
            return done
        changed = file.with_case(done.state) if file and before else CaseFile(done.state.alarm)
        step = done.effects[0].step
        follow = ladder_event(before, changed.alarm, step, 1000, chain, "ann")
        self.files[key] = changed
        if follow is not None:
            self.climb(key, follow)
        return done

    def climb(self, key: str, event: ladder.Event) -> None:
        file = self.files[key]
        self.files[key] = file.with_ladder(ladder.step(file.ladder, event, self.now_ms).state)

    def look_at_windows(self) -> None:
        if self.window is not None:
            done = windows.step(self.window, self.now_ms, ZONE)
            self.window = WindowFile(self.window.window, done.state)
        for key, file in self.files.items():
            if file.alarm.closed_ms is None:
                cover = file.alarm.cover
                subject = Subject(file.alarm.kind, file.alarm.priority, cover.window if cover else None)
                self.feed(key, Covered(cover_of(subject, self.running())))

    # --- what happens -------------------------------------------------------------------------------

    @rule(key=keys, level=st.sampled_from([Level.LOW, Level.HIGH]), is_odd=st.booleans())
    def began(self, key: str, level: Level, *, is_odd: bool) -> None:
        kind = KINDS[key]
        is_leak = kind is AlarmKind.LEAK
        urgent = level is Level.HIGH or is_odd
        priority = (Priority.URGENT if urgent else Priority.HIGH) if is_leak else Priority.MEDIUM
        self.count += 1
        began = Began(
            id=AlarmId(self.count),
            key=key,
            kind=kind,
            priority=priority,
            since_ms=self.now_ms,
            received_ms=self.now_ms,
            level=level if is_leak else Level.NONE,
            codes=("A", "B") if is_odd else ("A",),
            cover=cover_of(Subject(kind, priority, is_opening=True), self.running()),
        )
        self.feed(key, began)

    @rule(key=keys)
    def ended(self, key: str) -> None:
        self.feed(key, Ended())

    @rule(key=keys, by=names)
    def ack(self, key: str, by: str) -> None:
        self.feed(key, Ack(by))

    @rule(
        key=keys,
        cause=st.none() | st.sampled_from(AlarmCause),
        trigger=st.none() | st.sampled_from(FalseTrigger),
        note=st.sampled_from(["", "hose"]),
    )
    def close(self, key: str, cause: AlarmCause | None, trigger: FalseTrigger | None, note: str) -> None:
        self.feed(key, Close("ann", cause, note, trigger))

    @rule(key=keys, hours=st.none() | st.integers(-1, 20))
    def shelve(self, key: str, hours: int | None) -> None:
        until_ms = None if hours is None else self.now_ms + hours * HOUR_MS
        self.feed(key, Shelve("ann", until_ms, "spare part", 8 * HOUR_MS))

    @rule(key=keys, by=names)
    def comment(self, key: str, by: str) -> None:
        self.feed(key, Comment(by, "hm"))

    @rule(key=keys, by=names, event=st.sampled_from([Take, Hasten, Unshelve]))
    def work(self, key: str, by: str, event: type[Take | Hasten | Unshelve]) -> None:
        self.feed(key, event(by))

    @rule(key=keys, other=st.none() | st.just(AlarmId(999)))
    def stood_for(self, key: str, other: AlarmId | None) -> None:
        self.feed(key, StoodFor(other))

    @rule(hours=st.integers(1, 10), gas_test=st.booleans(), begins=st.integers(0, 3))
    def window_is_set(self, hours: int, begins: int, *, gas_test: bool) -> None:
        from_ms = self.now_ms + begins * HOUR_MS
        self.count += 1
        self.window = WindowFile(
            Window(
                id=f"w{self.count}",
                place=PlaceKind.DETECTOR,
                at="D1",
                person=PersonId("p"),
                by="ann",
                reason="pipes",
                from_ms=from_ms,
                until_ms=from_ms + hours * HOUR_MS,
                gas_test=gas_test,
            )
        )
        self.look_at_windows()

    @precondition(lambda self: self.files)
    @rule(seconds=st.sampled_from([1, 20, 100, 400, 2_000, 30_000]))
    def time_passes(self, seconds: int) -> None:
        """As the desk does: windows first, then everything that is due."""
        self.now_ms += seconds * 1000
        self.look_at_windows()
        for key, file in list(self.files.items()):
            shelf = file.alarm.shelf
            if shelf is not None and shelf.until_ms <= self.now_ms:
                self.feed(key, Unshelve())
            if ladder.is_expired(self.files[key].ladder, self.now_ms):
                self.climb(key, ladder.Expired())
            elif (due_ms := self.files[key].ladder.due_ms) is not None and due_ms <= self.now_ms:
                self.climb(key, ladder.Tick())

    # --- what must never be -------------------------------------------------------------------------

    @invariant()
    def an_active_urgent_alarm_has_a_next_deadline(self) -> None:
        for file in self.files.values():
            if file.alarm.active and file.alarm.priority is Priority.URGENT:
                assert file.due_ms is not None, file

    @invariant()
    def a_leak_is_never_silent(self) -> None:
        for file in self.files.values():
            if file.alarm.kind in LEAKS:
                assert not file.alarm.is_silent
                assert file.ladder.phase not in {ladder.Phase.QUIET, ladder.Phase.HELD}
                assert file.alarm.cover is None or file.alarm.priority > Priority.URGENT

    @invariant()
    def what_is_silent_has_an_end_or_another_alarm_that_stands_for_it(self) -> None:
        for file in self.files.values():
            if file.alarm.is_silent and file.alarm.closed_ms is None:
                assert file.alarm.inside is not None or file.due_ms is not None, file

    @invariant()
    def what_holds_and_nobody_answers_for_is_on_its_way_to_people(self) -> None:
        for file in self.files.values():
            alarm = file.alarm
            if alarm.active and alarm.acked_ms is None and not alarm.is_silent:
                assert file.ladder.due_ms is not None, file

    @invariant()
    def a_leak_is_closed_only_with_a_cause_and_a_false_alarm_with_its_trigger(self) -> None:
        for file in self.files.values():
            alarm = file.alarm
            if alarm.closed_ms is not None and alarm.kind in LEAKS:
                assert alarm.acked_by
                assert alarm.closed_by
                assert alarm.cause not in {None, AlarmCause.CLEARED, AlarmCause.ABSORBED}
                assert (alarm.cause is AlarmCause.FALSE_ALARM) == (alarm.trigger is not None)


TestDesk = Desk.TestCase
