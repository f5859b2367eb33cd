"""Policies of every shape, for property tests; many of them the ledger would refuse."""

from hypothesis import strategies as st

from gascore.alarm import AlarmKind, ChannelKind
from gascore.policy import Match, Policy, Step, Target, TargetKind
from gascore.registry import Role
from gaswatch.stores.policy_check import problems_of

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
own_policies = st.builds(
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
    """Whether the ledger would take it."""
    return not list(problems_of([policy], [], people={"a", "b"}, known_rosters={"night"}, areas=set()))
