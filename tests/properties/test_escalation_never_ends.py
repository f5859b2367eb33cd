"""Whatever a policy that passes the check says, and whatever happens: an urgent leak always has a next deadline."""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from alerts.rules import ladder_words, lifecycle, occasions
from alerts.rules.following import ladder_event
from alerts.rules.ladder import Hasten, Ladder, Phase, Progress, Tick, Unreached, is_expired, set_back, step
from gascore.alarm import AlarmCause, AlarmKind, ChannelKind
from gascore.journal import AlarmStep
from gascore.plans import built_in
from gascore.policy import Chain, Facts, Match, Policy, Step, Target, TargetKind, chain_of
from gascore.registry import Role
from gascore.words import AlarmId, Level, Priority
from gaswatch.stores.policy_check import problems_of

START_MS = 1_790_000_000_000
targets = st.one_of(
    st.sampled_from(Role).map(lambda role: Target(TargetKind.ROLE, role.value)),
    st.sampled_from("ab").map(lambda name: Target(TargetKind.PERSON, name)),
    st.just(Target(TargetKind.ROSTER, "night")),
)
steps = st.builds(
    Step,
    after_s=st.integers(0, 7 * 86_400),
    whom=st.lists(targets, max_size=3).map(tuple),
    channels=st.lists(st.sampled_from(ChannelKind), max_size=2).map(tuple),
    acks=st.integers(0, 11),
)
policies = st.builds(
    Policy,
    id=st.just("own"),
    name=st.just(""),
    name_en=st.just(""),
    steps=st.lists(steps, max_size=4).map(
        lambda found: tuple(
            found[:1] and [Step(0, found[0].whom, found[0].channels, found[0].acks), *found[1:]]
        )
    ),
    repeat_s=st.integers(0, 8 * 86_400),
    match=st.just(Match(kinds=frozenset({AlarmKind.LEAK}))),
    ack_expires_s=st.one_of(st.none(), st.integers(0, 86_400)),
)


def passes(policy: Policy) -> bool:
    return not list(problems_of([policy], [], people={"a", "b"}, known_rosters={"night"}, areas=set()))


class Escalation(RuleBasedStateMachine):
    """One key whose leaks come, are answered, expire and end; the ladder follows as `alerts.service.casework` has it."""

    def __init__(self) -> None:
        super().__init__()
        self.now_ms = START_MS
        self.case: lifecycle.Case | None = None
        self.ladder = Ladder()
        self.chain: Chain = chain_of(built_in(Facts(AlarmKind.LEAK, Priority.URGENT)), AlarmKind.LEAK)

    @initialize(policy=policies)
    def with_a_policy(self, policy: Policy) -> None:
        if passes(policy):
            self.chain = chain_of(policy, AlarmKind.LEAK)

    def happen(self, event: occasions.Event) -> None:
        done = lifecycle.step(self.case, event, self.now_ms)
        before = self.case.alarm if self.case else None
        if done.state is None or not done.effects:
            if isinstance(event, occasions.Ack) and self.case and self.case.alarm.closed_ms is None:
                self.climb(ladder_event(before, self.case.alarm, AlarmStep.ALSO_ACKED, 0, self.of, event.by))
            return
        self.case = done.state
        by = getattr(event, "by", None) or ""
        self.climb(ladder_event(before, self.case.alarm, done.effects[0].step, 0, self.of, by))

    def of(self, alarm: object) -> Chain:
        del alarm
        return self.chain

    def climb(self, event: ladder_words.Event | None) -> None:
        if event is not None:
            self.ladder = step(self.ladder, event, self.now_ms).state

    @rule(level=st.sampled_from([Level.LOW, Level.HIGH]))
    def leaks(self, level: Level) -> None:
        if self.case is not None and self.case.alarm.closed_ms is not None:
            self.case, self.ladder = None, Ladder()
        self.happen(
            occasions.Began(
                AlarmId(1),
                "detector:D:leak",
                AlarmKind.LEAK,
                Priority.URGENT,
                self.now_ms,
                self.now_ms,
                level,
            )
        )

    @rule()
    def is_over(self) -> None:
        if self.case is not None:
            self.happen(occasions.Ended())

    @rule(by=st.sampled_from("abc"))
    def somebody_answers(self, by: str) -> None:
        if self.case is not None:
            self.happen(occasions.Ack(by))

    @rule()
    def somebody_comments(self) -> None:
        if self.case is not None and self.case.alarm.closed_ms is None:
            self.happen(occasions.Comment("a", "on the way"))

    @rule()
    def somebody_closes(self) -> None:
        if self.case is not None:
            self.happen(occasions.Close("a", AlarmCause.REAL_LEAK))

    @rule()
    def somebody_hurries(self) -> None:
        if self.case is not None and self.case.alarm.closed_ms is None:
            self.climb(Hasten())

    @rule()
    def nobody_was_reached(self) -> None:
        if self.case is not None and self.case.alarm.closed_ms is None:
            self.climb(Unreached(self.ladder.rung))

    @rule(seconds=st.sampled_from([1, 15, 90, 300, 1_500, 1_800, 86_400, 700_000]))
    def time_passes(self, seconds: int) -> None:
        """Ticks when due, or late, as after a pause, until nothing is due any more."""
        self.now_ms += seconds * 1_000
        for _ in range(3):
            if self.ladder.due_ms is not None and self.ladder.due_ms <= self.now_ms:
                self.tick()
        assert self.ladder.due_ms is None or self.ladder.due_ms > self.now_ms

    def tick(self) -> None:
        alarm = self.case.alarm if self.case else None
        if alarm is None or not is_expired(self.ladder, self.now_ms):
            self.climb(Tick())
        elif alarm.acked_ms is None or not alarm.active:
            self.climb(Progress())
        else:
            self.happen(occasions.AckExpired())

    @rule(seconds=st.integers(1, 7_200))
    def the_clock_is_set_back(self, seconds: int) -> None:
        self.now_ms -= seconds * 1_000
        self.ladder = set_back(self.ladder, seconds * 1_000)

    @invariant()
    def an_active_leak_that_nobody_answered_has_a_next_deadline(self) -> None:
        alarm = self.case.alarm if self.case else None
        if alarm is not None and alarm.active and alarm.acked_ms is None:
            assert self.ladder.due_ms is not None
            assert self.ladder.phase in {Phase.CLIMBING, Phase.CLEARING}

    @invariant()
    def one_that_was_answered_has_one_too_while_the_answer_can_expire(self) -> None:
        alarm = self.case.alarm if self.case else None
        if (
            alarm is not None
            and alarm.active
            and alarm.acked_ms is not None
            and self.ladder.chain.ack_expires_s
        ):
            assert self.ladder.due_ms is not None


TestEscalation = Escalation.TestCase
TestEscalation.settings = settings(max_examples=200, stateful_step_count=30, deadline=None)
