"""Who is named by a policy in use can be told: if not, the operators hear of it before the next leak does."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from gascore.alarm import AlarmKind, ChannelKind
from gascore.policy import Match, Policy, Step, Target, TargetKind
from gascore.registry import Ledger, Role
from gascore.roster import Holiday, Override, Roster, Rotation
from gascore.words import PersonId
from gaswatch.stores.desk import SqlBooks
from support.alarm_town import PEOPLE, ZONE, AlarmTown, town

OWNER = Target(TargetKind.ROLE, "owner")
NIGHT = Target(TargetKind.ROSTER, "night")
DUTY = PersonId("duty_officer")


@pytest.fixture
def place(tmp_path: Path) -> Iterator[AlarmTown]:
    place = AlarmTown(tmp_path)
    yield place
    place.engine.dispose()


def put(place: AlarmTown, *steps: Step, rosters: tuple[Roster, ...] = (), **changes: object) -> None:
    policy = msgspec.structs.replace(Policy("own", "自定", "Own", steps, 300, Match()), **changes)
    place.registry.put(Ledger(policies=(policy,), rosters=rosters), by="test", at_ms=place.clock.now_ms())
    place.settle()


def local(place: AlarmTown) -> datetime:
    return datetime.fromtimestamp(place.clock.now_ms() / 1000, ZONE).replace(tzinfo=None)


def a_roster(place: AlarmTown, *, in_s: int, lasts_s: int = 86_400) -> Roster:
    """Somebody has duty only for a while, which begins in so long: all the other days are free."""
    start = local(place) + timedelta(seconds=in_s)
    shift = Override(DUTY, start, start + timedelta(seconds=lasts_s))
    free = tuple(Holiday(start.date() + timedelta(days=n), ()) for n in range(-2, 3))
    return Roster(
        "night",
        "夜班",
        "Night",
        (DUTY,),
        date(2020, 1, 1),
        Rotation.DAILY,
        overrides=(shift,),
        holidays=free,
    )


def troubles(place: AlarmTown) -> list[tuple[str, ...]]:
    found = SqlBooks(place.engine).open_of([AlarmKind.TROUBLE])
    return [one.codes[:2] for one in found if one.active]


def test_a_gap_in_a_roster_is_told_when_it_begins_though_no_alarm_is_open(place: AlarmTown) -> None:
    put(place, Step(0, (NIGHT,)), rosters=(a_roster(place, in_s=-60, lasts_s=660),))
    assert troubles(place) == []
    place.advance(590)
    assert place.told() == set()
    place.advance(80)
    assert troubles(place) == [("roster", "night")]
    assert place.told() == {Role.SHIFT_LEADER}
    assert "值班" in place.heard(Role.SHIFT_LEADER)[0][1]


def test_nobody_on_duty_ends_with_the_handover_and_nobody_is_told_of_it_later(place: AlarmTown) -> None:
    put(place, Step(0, (NIGHT,)), Step(60, (OWNER,)), rosters=(a_roster(place, in_s=1_800),))
    assert troubles(place) == [("roster", "night")]
    place.advance(1_900)
    assert troubles(place) == []
    before = len([text for _, text in place.heard(Role.SHIFT_LEADER) if "解除" not in text])
    place.advance(2 * 3_600)
    assert len([text for _, text in place.heard(Role.SHIFT_LEADER) if "解除" not in text]) == before


def test_a_roster_that_no_policy_uses_may_be_empty(place: AlarmTown) -> None:
    put(place, Step(0, (OWNER,)), rosters=(a_roster(place, in_s=-3_600, lasts_s=1),))
    place.advance(3_600)
    assert troubles(place) == []
    put(place, Step(0, (OWNER,)), Step(60, (NIGHT,)))
    assert troubles(place) == [("roster", "night")], "from then on it matters, at once"
    put(place, Step(0, (OWNER,)), Step(60, (NIGHT,)), enabled=False)
    assert troubles(place) == []


def test_who_is_on_duty_without_an_address_is_as_good_as_nobody(place: AlarmTown) -> None:
    roster = Roster("night", "夜班", "Night", (DUTY,), date(2020, 1, 1))
    put(place, Step(0, (NIGHT,), (ChannelKind.EMAIL,)), Step(600, (OWNER,)), rosters=(roster,))
    assert troubles(place) == [("target", "roster:night")]
    place.advance(120)
    assert place.told() == {Role.SHIFT_LEADER}
    place.leak()
    assert place.heard_at(Role.OWNER) == [120], "the next step comes at once"
    people = [one for one in town().people if one.id == DUTY]
    mended = msgspec.structs.replace(people[0], email="duty@example.org")
    place.registry.put(Ledger(people=(mended,)), by="test", at_ms=place.clock.now_ms())
    place.advance(60)
    assert troubles(place) == []


def test_a_role_of_ones_own_policy_that_nobody_has_is_told_once_for_all_alarms(tmp_path: Path) -> None:
    ledger = town()
    duties = tuple(one for one in ledger.duties if one.role is not Role.MAINTENANCE)
    place = AlarmTown(tmp_path, msgspec.structs.replace(ledger, duties=duties))
    put(place, Step(0, (OWNER, Target(TargetKind.ROLE, "maintenance"))))
    assert troubles(place) == [], "where, only an alarm can say"
    place.leak("kitchen-1")
    place.leak("kitchen-2")
    assert troubles(place) == [("target", "role:maintenance")]
    assert place.alarm(2).codes[3] == "li"
    place.registry.put(
        Ledger(duties=tuple(one for one in ledger.duties if one.role is Role.MAINTENANCE)),
        by="test",
        at_ms=place.clock.now_ms(),
    )
    place.advance(61)
    assert troubles(place) == []


def test_a_built_in_policy_may_name_roles_that_a_town_has_not(tmp_path: Path) -> None:
    place = AlarmTown(tmp_path, msgspec.structs.replace(town(), duties=town().duties[:1]))
    place.leak(lel=60)
    place.advance(300)
    assert troubles(place) == []
    assert PEOPLE[Role.OWNER] in place.phones.inbox
