"""Policies and rosters on each store: versions are counted and kept, nonsense is refused whole."""

from datetime import date, datetime

import msgspec
import pytest
from sqlalchemy import select

from gascore.alarm import AlarmKind
from gascore.journal import LedgerChanged
from gascore.policy import Match, Policy, Step, Target, TargetKind
from gascore.registry import Ledger
from gascore.roster import Override, Roster
from gascore.words import AreaId, PersonId
from gaswatch.stores.engine import reading
from gaswatch.stores.journal import SqlJournal
from gaswatch.stores.ledger_check import LedgerError
from gaswatch.stores.policy_check import uncovered
from gaswatch.stores.registry import SqlRegistry
from gaswatch.stores.schema import policy as table
from support.stores import TOWN, Store

pytestmark = pytest.mark.contract
LI = TOWN.people[0].id
ROSTER = Roster("night", "夜班", "Night", (LI,), date(2026, 1, 5))
POLICY = Policy(
    "leaks",
    "泄漏",
    "Leaks",
    (
        Step(0, (Target(TargetKind.ROLE, "owner"), Target(TargetKind.ROSTER, "night")), acks=2),
        Step(60, (Target(TargetKind.PERSON, LI), Target(TargetKind.BODY, LI))),
    ),
    300,
    Match(kinds=frozenset({AlarmKind.LEAK}), area=AreaId("town"), since="22:00", until="06:00"),
)
OWN = Ledger(policies=(POLICY,), rosters=(ROSTER,))


@pytest.fixture
def registry(store: Store) -> SqlRegistry:
    found = SqlRegistry(store.engine)
    found.put(TOWN, by="test", at_ms=1)
    return found


def test_they_come_out_as_they_were_put_with_a_version(registry: SqlRegistry) -> None:
    assert registry.put(OWN, by="test", at_ms=2) == 2
    (stored,) = registry.policies()
    assert stored == msgspec.structs.replace(POLICY, version=1)
    assert registry.rosters() == (ROSTER,)
    ledger = registry.ledger()
    assert (ledger.policies, ledger.rosters) == ((stored,), (ROSTER,))
    assert registry.put(ledger, by="test", at_ms=3) == 0


def test_a_change_is_a_new_version_with_its_entry_and_the_old_one_is_kept(
    registry: SqlRegistry, store: Store
) -> None:
    registry.put(OWN, by="test", at_ms=2)
    changed = msgspec.structs.replace(POLICY, repeat_s=600, version=99)
    assert registry.put(Ledger(policies=(changed,)), by="li", at_ms=3) == 1
    assert [(one.version, one.repeat_s) for one in registry.policies()] == [(2, 600)]
    with reading(store.engine) as connection:
        kept = connection.execute(select(table.c.version).order_by(table.c.version)).scalars().all()
    assert kept == [1, 2]
    entries = SqlJournal(store.engine).after(0, 1_000)
    last = [one.event for one in entries if isinstance(one.event, LedgerChanged)][-1]
    assert (last.entity, last.key, last.by) == ("policy", "leaks", "li")
    assert last.before is not None
    assert msgspec.json.decode(last.before, type=Policy).version == 1


@pytest.mark.parametrize(
    ("ledger", "says"),
    [
        (Ledger(policies=(msgspec.structs.replace(POLICY, steps=()),)), "has no steps: add one"),
        (Ledger(policies=(msgspec.structs.replace(POLICY, repeat_s=0),)), "told again without end"),
        (Ledger(policies=(POLICY,)), "there is no roster 'night': add it"),
        (
            Ledger(policies=(msgspec.structs.replace(POLICY, steps=POLICY.steps[1:]),)),
            "set its `after_s` to 0",
        ),
        (
            Ledger(
                policies=(
                    msgspec.structs.replace(POLICY, steps=(Step(0, (Target(TargetKind.ROLE, "boss"),)),)),
                )
            ),
            "there is no role 'boss': take one of owner,",
        ),
        (
            Ledger(
                policies=(
                    msgspec.structs.replace(
                        POLICY, steps=(Step(0, POLICY.steps[1].whom), Step(60, POLICY.steps[1].whom, acks=2))
                    ),
                )
            ),
            "step 2: `acks` is 2, and until then only 1 can answer: lower it",
        ),
        (
            Ledger(rosters=(msgspec.structs.replace(ROSTER, people=(PersonId("nobody"),)),)),
            "there is no person 'nobody'",
        ),
        (
            Ledger(
                rosters=(
                    msgspec.structs.replace(
                        ROSTER,
                        overrides=(Override(LI, datetime(2026, 1, 2), datetime(2026, 1, 1)),),  # noqa: DTZ001 -- a time on the town's clocks
                    ),
                )
            ),
            "not after its start",
        ),
        (Ledger(rosters=(ROSTER, ROSTER)), "roster 'night' is in the ledger twice"),
    ],
)
def test_what_could_tell_nobody_is_refused_with_a_line_that_says_what_to_do(
    registry: SqlRegistry, ledger: Ledger, says: str
) -> None:
    with pytest.raises(LedgerError) as refused:
        registry.put(ledger, by="test", at_ms=2)
    assert any(says in problem for problem in refused.value.problems), refused.value.problems
    assert registry.policies() == ()
    assert registry.rosters() == ()


def test_which_urgent_alarms_are_left_to_the_built_in_policies_is_one_line() -> None:
    assert uncovered([]) is None
    line = uncovered([POLICY])
    assert line is not None
    assert line.startswith("no policy of yours is for priority 1: leak kitchen town from 06:00 and 4 more")
    all_day = msgspec.structs.replace(POLICY, match=Match(kinds=frozenset(AlarmKind)))
    assert uncovered([all_day]) is None
