"""Whatever happens in whatever order: what the life of an alarm must never allow."""

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from alerts.rules.lifecycle import Case, step
from alerts.rules.occasions import Ack, Began, Close, Comment, Ended, Event
from gascore.alarm import Alarm, AlarmCause, AlarmKind, AlarmStatus
from gascore.words import AlarmId, Level, Priority

KINDS = {
    "detector:D1:leak": AlarmKind.LEAK,
    "detector:D1:fault": AlarmKind.FAULT,
    "unknown:D9:leak": AlarmKind.UNKNOWN_LEAK,
}
keys = st.sampled_from(sorted(KINDS))


class Alarms(RuleBasedStateMachine):
    """A desk with three keys; every alarm that ever was is kept, as the table of alarms keeps them."""

    def __init__(self) -> None:
        super().__init__()
        self.cases: dict[int, Case] = {}
        self.holds: dict[str, bool] = dict.fromkeys(KINDS, False)
        self.now_ms = 1_790_000_000_000
        self.history: list[Alarm] = []

    def open_case(self, key: str) -> Case | None:
        found = [c for c in self.cases.values() if c.alarm.key == key and c.alarm.closed_ms is None]
        assert len(found) <= 1
        return found[0] if found else None

    def feed(self, case: Case | None, event: Event) -> None:
        self.now_ms += 1000
        done = step(case, event, self.now_ms)
        if done.state is case:
            assert done.effects == ()
            return
        assert done.state is not None
        new = done.state.alarm
        if case is None:
            assert new.id not in self.cases
            assert new.version == 1
        else:
            assert new.version == case.alarm.version + 1
            assert (new.id, new.key, new.opened_ms) == (case.alarm.id, case.alarm.key, case.alarm.opened_ms)
            assert new.priority <= case.alarm.priority
            assert new.peak_level >= case.alarm.peak_level
        self.cases[new.id] = done.state
        self.history.append(new)

    @rule(
        key=keys,
        level=st.sampled_from(Level),
        priority=st.sampled_from(Priority),
        codes=st.sets(st.sampled_from("AB")),
    )
    def began(self, key: str, level: Level, priority: Priority, codes: set[str]) -> None:
        self.holds[key] = True
        self.feed(
            self.open_case(key),
            Began(
                id=AlarmId(len(self.cases) + 1),
                key=key,
                kind=KINDS[key],
                priority=priority,
                since_ms=self.now_ms,
                received_ms=self.now_ms,
                level=level,
                codes=tuple(sorted(codes)),
            ),
        )

    @rule(key=keys)
    def ended(self, key: str) -> None:
        self.holds[key] = False
        self.feed(self.open_case(key), Ended())

    @rule(key=keys, seen=st.none() | st.integers(0, 5))
    def ack(self, key: str, seen: int | None) -> None:
        self.feed(self.open_case(key), Ack("ann", seen))

    @rule(key=keys, cause=st.none() | st.sampled_from(AlarmCause))
    def close(self, key: str, cause: AlarmCause | None) -> None:
        self.feed(self.open_case(key), Close("ann", cause))

    @rule(key=keys)
    def comment(self, key: str) -> None:
        self.feed(self.open_case(key), Comment("ann", "hm"))

    @invariant()
    def a_condition_that_holds_has_one_open_active_alarm(self) -> None:
        for key, holds in self.holds.items():
            case = self.open_case(key)
            assert holds == (case is not None and case.alarm.active), key

    @invariant()
    def a_leak_is_only_closed_acknowledged_normal_and_by_a_person_with_a_cause(self) -> None:
        for alarm in self.history:
            if alarm.status is AlarmStatus.CLOSED and alarm.latched:
                assert not alarm.active
                assert alarm.acked_by
                assert alarm.closed_by
                assert alarm.cause not in {None, AlarmCause.CLEARED}

    @invariant()
    def a_reactivated_or_worse_alarm_is_never_taken_for_acknowledged(self) -> None:
        for case in self.cases.values():
            if case.alarm.acked_ms is not None and case.alarm.version > case.worse_version:
                continue
            assert case.alarm.acked_ms is None


TestAlarms = Alarms.TestCase
