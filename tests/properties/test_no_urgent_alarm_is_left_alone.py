"""Whatever happens in whatever order: somebody is always about to be told of an urgent alarm that nobody answers for.

The pure rules together, without a store: the life of an alarm, its ladder, shelves and maintenance windows; by the
built-in policies or by any other that passes the check, with one to three people who must answer.
"""

from zoneinfo import ZoneInfo

import msgspec
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from alerts.rules import ladder, lifecycle, windows
from alerts.rules.casefile import CaseFile
from alerts.rules.following import ladder_event
from alerts.rules.ladder_times import total_ms
from alerts.rules.occasions import (
    Absorbed,
    Ack,
    AckExpired,
    Began,
    Close,
    Comment,
    Covered,
    Ended,
    Event,
    Hasten,
    Numbers,
    Shelve,
    StoodFor,
    Take,
    Unshelve,
)
from alerts.rules.suppression import Subject, cover_of
from alerts.rules.windows import WindowFile
from gascore.alarm import (
    LEAKS,
    Alarm,
    AlarmCause,
    AlarmKind,
    Cover,
    FalseTrigger,
    NoticePurpose,
    Suppression,
)
from gascore.operators import Outcome
from gascore.plans import GAS_TEST, built_in
from gascore.policy import Chain, Facts, Policy, chain_of
from gascore.windows import PlaceKind, Window
from gascore.words import AlarmId, DetectorId, Level, PersonId, Priority
from support.policies import own_policies, passes

ZONE = ZoneInfo("Asia/Shanghai")
KINDS = {
    "leak": AlarmKind.LEAK,
    "fault": AlarmKind.FAULT,
    "offline": AlarmKind.OFFLINE,
    "outage": AlarmKind.OUTAGE,
}
keys = st.sampled_from(["leak", "leak", "leak", "leak", "fault", "offline", "outage"])
"""Leaks more often than all else: most of what may go wrong takes many steps of one alarm."""
names = st.sampled_from(["ann", "bo", "cy", "di"])
HOUR_MS = 3_600_000
WAIT_MS = 1_000
"""How long what may have an explanation is held here."""


class Desk(RuleBasedStateMachine):
    """One detector with three alarms, one window over it, and a group alarm."""

    def __init__(self) -> None:
        super().__init__()
        self.files: dict[str, CaseFile] = {}
        self.now_ms = 1_790_000_000_000
        self.count = 0
        self.window: WindowFile | None = None
        self.acks = 1
        self.own: Policy | None = None
        self.left_ms: dict[str, int] = {}
        """Since when nobody, or too few, have answered for an alarm of which people are told."""
        self.highest: dict[str, int] = {}
        """How far up people have been told since then."""
        self.slowest_ms: dict[str, int] = {}
        """The total time of the slowest chain that it had since then."""

    @initialize(acks=st.integers(1, 3), policy=st.none() | own_policies)
    def with_a_policy(self, acks: int, policy: Policy | None) -> None:
        self.acks = acks
        self.own = policy if policy and passes(policy) else None

    def chain(self, alarm: Alarm) -> Chain:
        """As `alerts.service.escalating` does it."""
        if alarm.suppression is Suppression.GAS_TEST:
            return self.needing(chain_of(GAS_TEST, alarm.kind))
        if self.own is not None and alarm.kind in LEAKS:
            return chain_of(self.own, alarm.kind)
        return self.needing(chain_of(built_in(Facts(alarm.kind, alarm.priority)), alarm.kind))

    def needing(self, chain: Chain) -> Chain:
        found = tuple(msgspec.structs.replace(one, acks=self.acks) for one in chain.steps)
        return msgspec.structs.replace(chain, steps=found)

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
        by = getattr(event, "by", None) or ""
        if done.state is None or not done.effects:
            if before and isinstance(event, Ack) and done.reason is Outcome.ALREADY:
                self.climb(key, ladder.Answered(by))
            return done
        changed = file.with_case(done.state) if file and before else CaseFile(done.state.alarm)
        step = done.effects[0].step
        follow = ladder_event(before, changed.alarm, step, WAIT_MS, self.chain, by)
        self.files[key] = changed
        if isinstance(follow, ladder.Start) and follow.anew:
            self.left_ms.pop(key, None)
        if follow is not None:
            self.climb(key, follow)
        self.note(key)
        return done

    def climb(self, key: str, event: ladder.Event) -> tuple[ladder.Tell, ...]:
        file = self.files[key]
        done = ladder.step(file.ladder, event, self.now_ms)
        self.files[key] = file.with_ladder(done.state)
        self.note(key)
        return done.effects

    def note(self, key: str) -> None:
        """Remember, independently of the ladder, for how long nobody has answered and how far up people were told."""
        file = self.files[key]
        alarm = file.alarm
        is_answered = alarm.is_answered if alarm.active else alarm.acked_ms is not None
        is_waiting = alarm.is_silent or file.ladder.phase is ladder.Phase.HELD
        if is_answered or is_waiting or alarm.closed_ms is not None or not file.ladder.rungs:
            self.left_ms.pop(key, None)
            return
        if key not in self.left_ms:
            self.left_ms[key] = self.now_ms
            self.highest[key], self.slowest_ms[key] = -1, 0
        self.highest[key] = max(self.highest[key], file.ladder.rung)
        self.slowest_ms[key] = max(self.slowest_ms[key], total_ms(file.ladder))

    def tick(self, key: str) -> tuple[ladder.Tell, ...]:
        """What is due of one alarm, as `alerts.service.casework` has it; what its ladder asks for."""
        file = self.files[key]
        shelf = file.alarm.shelf
        if shelf is not None and shelf.until_ms <= self.now_ms:
            self.feed(key, Unshelve())
        elif ladder.is_expired(file.ladder, self.now_ms):
            if file.alarm.acked_ms is None or not file.alarm.active or file.alarm.is_silent:
                return self.climb(key, ladder.Progress())
            told = ladder.step(file.ladder, ladder.Expired(), self.now_ms).effects
            self.feed(key, AckExpired())
            return told
        elif file.ladder.due_ms is not None and file.ladder.due_ms <= self.now_ms:
            return self.climb(key, ladder.Tick())
        return ()

    def look_at_windows(self) -> None:
        if self.window is not None:
            done = windows.step(self.window, self.now_ms, ZONE)
            self.window = WindowFile(self.window.window, done.state)
        for key, file in self.files.items():
            if file.alarm.closed_ms is None and file.alarm.detector is not None:
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
            detector=None if kind is AlarmKind.OUTAGE else DetectorId("D1"),
            cover=None
            if kind is AlarmKind.OUTAGE
            else cover_of(Subject(kind, priority, is_opening=True), self.running()),
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

    @rule(key=keys, times=st.integers(2, 8))
    def somebody_hurries_again_and_again(self, key: str, times: int) -> None:
        for _ in range(times):
            self.feed(key, Hasten("ann"))

    @rule(
        key=keys,
        seconds=st.sampled_from([20, 80, 400]),
        times=st.integers(2, 6),
        level=st.sampled_from(Level),
    )
    def comes_and_goes(self, key: str, seconds: int, times: int, level: Level) -> None:
        """Or hovers, if it is there at a level."""
        for _ in range(times):
            self.began(key, Level.HIGH, is_odd=False)
            self.time_passes(seconds)
            if level is Level.NONE:
                self.ended(key)
            else:
                self.began(key, level, is_odd=False)
            self.time_passes(seconds)

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

    @rule()
    def the_group_is_worse(self) -> None:
        if "outage" in self.files:
            self.feed("outage", Numbers(count=self.now_ms % 97, worse=True))

    @rule()
    def another_group_explains_more(self) -> None:
        if "outage" in self.files:
            self.feed("outage", Absorbed())

    @rule(key=keys)
    def nobody_was_reached(self, key: str) -> None:
        if key in self.files and self.files[key].alarm.closed_ms is None:
            self.climb(key, ladder.Unreached(self.files[key].ladder.rung))

    @rule(seconds=st.integers(1, 5_000))
    def the_clock_is_set_back(self, seconds: int) -> None:
        self.now_ms -= seconds * 1_000
        for key, file in self.files.items():
            self.files[key] = file.with_ladder(ladder.set_back(file.ladder, seconds * 1_000))
        self.left_ms = {key: at_ms - seconds * 1_000 for key, at_ms in self.left_ms.items()}

    @precondition(lambda self: self.files)
    @rule(seconds=st.sampled_from([1, 20, 80, 100, 400, 2_000, 30_000, 700_000]))
    def time_passes(self, seconds: int) -> None:
        """As the desk does: windows first, then everything that is due."""
        self.now_ms += seconds * 1000
        self.look_at_windows()
        for key in self.files:
            for _ in range(4):
                self.tick(key)
            due_ms = self.files[key].ladder.due_ms
            assert due_ms is None or due_ms > self.now_ms, self.files[key]

    # --- what must never be -------------------------------------------------------------------------

    @invariant()
    def an_active_urgent_alarm_has_a_next_deadline(self) -> None:
        for file in self.files.values():
            can_expire = file.ladder.chain.ack_expires_s or not file.alarm.is_answered
            if file.alarm.active and file.alarm.priority is Priority.URGENT and can_expire:
                assert file.due_ms is not None, file

    @invariant()
    def at_its_deadline_people_are_told_as_far_up_as_ever(self) -> None:
        """Of what holds and not enough people have answered: whatever happened before, time alone is enough."""
        for file in self.files.values():
            if file.alarm.active and not file.alarm.is_answered and not file.alarm.is_silent:
                self.is_told_in_time(file)

    def is_told_in_time(self, file: CaseFile) -> None:
        if not file.ladder.rungs:
            return
        state, longest_ms = file.ladder, total_ms(file.ladder) + WAIT_MS
        for _ in range(20):  # reminders and expiries lie between
            assert state.due_ms is not None, file
            assert state.due_ms <= max(self.now_ms, state.started_ms) + longest_ms, file
            is_expired = ladder.is_expired(state, state.due_ms)
            done = ladder.step(state, ladder.Expired() if is_expired else ladder.Tick(), state.due_ms)
            told = [one for one in done.effects if not one.remind and one.rungs]
            if told:
                assert told[0].purpose is not NoticePurpose.CLEARED
                assert told[0].rung >= file.ladder.rung, file
                return
            state = done.state
        raise AssertionError(f"nobody is told: {file}")

    @invariant()
    def the_last_step_comes_in_the_time_of_the_chain_whatever_comes_and_goes(self) -> None:
        for key, left_ms in self.left_ms.items():
            file = self.files[key]
            last = len(file.ladder.rungs) - 1
            assert file.ladder.rung >= min(self.highest[key], last), "never down again"
            is_late = self.now_ms - left_ms > self.slowest_ms[key] + WAIT_MS
            is_climbing = file.alarm.active and file.due_ms is not None and file.due_ms > self.now_ms
            if is_late and is_climbing:
                assert file.ladder.rung == last, file

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
    def alarm_and_ladder_agree_on_who_has_answered(self) -> None:
        for file in self.files.values():
            alarm, state = file.alarm, file.ladder
            if alarm.closed_ms is not None or not state.rungs:
                continue
            assert alarm.acked_ms is not None or not state.acks, file
            if state.phase is ladder.Phase.ANSWERED:
                assert len(state.acks) >= state.acks_needed, file
            if alarm.active and not alarm.is_silent:
                assert state.phase not in {ladder.Phase.QUIET, ladder.Phase.DONE}, file

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
TestDesk.settings = settings(max_examples=200, stateful_step_count=40, deadline=None)
