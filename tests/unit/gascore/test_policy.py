"""Which policy an alarm gets, and what it takes along of it."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from gascore.alarm import AlarmKind, ChannelKind
from gascore.plans import BUILT_IN, NO_DUTY, UNMANNED, URGENT, built_in
from gascore.policy import ACK_EXPIRES_S, Facts, Match, Policy, Step, Target, TargetKind, chain_of, policy_for
from gascore.words import AreaId, Priority, RoomKind

NIGHT = datetime(2026, 10, 1, 23, 30, tzinfo=ZoneInfo("Asia/Shanghai"))
NOON = NIGHT.replace(hour=12)
EVERY = Match()
OWNER = Target(TargetKind.ROLE, "owner")
LEAK = Facts(
    AlarmKind.LEAK, Priority.URGENT, RoomKind.CYLINDER_ROOM, (AreaId("grid"), AreaId("town"), AreaId("city"))
)


def a_policy(name: str, match: Match = EVERY) -> Policy:
    return Policy(id=name, name=name, name_en=name, steps=(Step(0, (OWNER,)),), repeat_s=300, match=match)


def chosen(*policies: Policy, facts: Facts = LEAK, at: datetime = NOON) -> str | None:
    found = policy_for(facts, at, policies)
    return found.id if found else None


def test_a_policy_for_an_area_holds_below_it_and_the_nearest_one_wins() -> None:
    city, town = a_policy("a", Match(area=AreaId("city"))), a_policy("b", Match(area=AreaId("town")))
    assert chosen(city) == "a"
    assert chosen(city, town, a_policy("0")) == "b"
    assert chosen(a_policy("x", Match(area=AreaId("elsewhere")))) is None


def test_in_one_area_who_names_the_kind_wins_then_the_room_the_priority_and_the_time() -> None:
    kind = a_policy("kind", Match(kinds=frozenset({AlarmKind.LEAK})))
    room = a_policy("room", Match(rooms=frozenset({RoomKind.CYLINDER_ROOM})))
    urgent = a_policy("urgent", Match(priorities=frozenset({Priority.URGENT})))
    noon = a_policy("noon", Match(since="11:00", until="13:00"))
    rest = a_policy("all")
    for place in range(5):
        ranked = [kind, room, urgent, noon, rest]
        assert chosen(*reversed(ranked[place:])) == ranked[place].id


def test_a_time_of_day_may_go_past_midnight() -> None:
    night = a_policy("night", Match(since="22:00", until="06:00"))
    assert chosen(night, at=NIGHT) == "night"
    assert chosen(night, at=NIGHT.replace(hour=5, minute=59)) == "night"
    assert chosen(night, at=NIGHT.replace(hour=6, minute=0)) is None
    assert chosen(night, at=NOON) is None


def test_without_kinds_and_priorities_it_is_for_what_is_told_about_a_detector() -> None:
    rest = a_policy("all")
    assert chosen(rest, facts=Facts(AlarmKind.OFFLINE, Priority.MEDIUM)) == "all"
    assert chosen(rest, facts=Facts(AlarmKind.TREND, Priority.LOW)) is None
    assert chosen(rest, facts=Facts(AlarmKind.BLIND, Priority.MEDIUM)) is None
    assert chosen(rest, facts=Facts(AlarmKind.UNKNOWN_LEAK, Priority.URGENT)) is None


def test_one_that_is_out_of_use_or_has_no_steps_is_passed_over() -> None:
    off = Policy(id="off", name="", name_en="", steps=(Step(0, (OWNER,)),), repeat_s=300, enabled=False)
    empty = Policy(id="empty", name="", name_en="", steps=(), repeat_s=300)
    assert chosen(off, empty) is None


@pytest.mark.parametrize("kind", list(AlarmKind))
def test_every_priority_1_alarm_has_a_built_in_policy_with_steps(kind: AlarmKind) -> None:
    assert built_in(Facts(kind, Priority.URGENT)).steps
    assert built_in(Facts(AlarmKind.TROUBLE, Priority.MEDIUM, code=NO_DUTY)) is UNMANNED


@pytest.mark.parametrize("policy", BUILT_IN.values(), ids=lambda one: one.id)
def test_a_chain_has_everything_filled_in(policy: Policy) -> None:
    leak, other = chain_of(policy, AlarmKind.LEAK), chain_of(policy, AlarmKind.FAULT)
    assert all(one.channels == (ChannelKind.SMS, ChannelKind.VOICE) for one in leak.steps)
    assert all(one.channels == (ChannelKind.SMS,) for one in other.steps)
    assert (leak.ack_expires_s, other.ack_expires_s) == (ACK_EXPIRES_S, 0)
    assert (leak.policy, leak.repeat_s) == (policy.id, policy.repeat_s)


def test_what_a_policy_says_itself_is_kept() -> None:
    step = Step(0, (OWNER,), channels=(ChannelKind.EMAIL,), acks=2)
    own = Policy(id="own", name="", name_en="", steps=(step,), repeat_s=60, ack_expires_s=0, version=7)
    chain = chain_of(own, AlarmKind.LEAK)
    assert (chain.version, chain.steps, chain.ack_expires_s) == (7, (step,), 0)
    assert chain_of(URGENT, AlarmKind.LEAK).everybody >= {"owner", "duty_officer"}
