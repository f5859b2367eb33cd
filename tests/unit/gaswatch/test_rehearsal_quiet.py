"""What would keep people from being told, and whom the channels reach: tried out, and compared with what happens."""

from collections.abc import Iterator
from datetime import datetime
from io import StringIO
from pathlib import Path

import msgspec
import pytest
from rich.console import Console

from alerts.adapters.console import Console as Board
from alerts.rules.countries import CHINA_ONLY, TWILIO_SMS
from alerts.service.switchboard import Registered, Switchboard
from gascore.alarm import AlarmKind, ChannelKind, Suppression
from gascore.canary import KEEPER
from gascore.operators import OperatorAction, OperatorRequested, Outcome
from gascore.policy import Match, Policy, Step, Target, TargetKind
from gascore.registry import Detector, Ledger, Person, Role
from gascore.rehearsal import Quiet, Reached, Rehearsal, Way, Ways
from gascore.windows import PlaceKind, Weekly, Window
from gascore.words import AlarmId, AreaId, Condition, DetectorId, Level, PersonId, RoomId, SiteId
from gaswatch.reaching import WaysSetUp, reached
from gaswatch.rehearsal_words import show
from gaswatch.settings import load
from gaswatch.stores.rehearsal import SqlRehearsals
from gaswatch.stores.windows import SqlWindows
from support.alarm_town import ZONE, AlarmTown
from support.clock import ManualClock
from support.phones import Phones
from support.quarter import Quarter, names

HOUR = 3600
HOUR_MS = HOUR * 1000


@pytest.fixture
def town(tmp_path: Path) -> Iterator[AlarmTown]:
    town = AlarmTown(tmp_path)
    yield town
    town.engine.dispose()


def tried(
    town: AlarmTown,
    kind: AlarmKind = AlarmKind.FAULT,
    level: Level = Level.NONE,
    detector: str = "kitchen-1",
    ways: Ways | None = None,
) -> Rehearsal:
    rehearsals = SqlRehearsals(town.engine, ZONE, ways=ways)
    found = rehearsals.rehearse(DetectorId(detector), kind, level, town.clock.now_ms())
    assert found is not None
    return found


def works(town: AlarmTown, key: str = "w1", *, begins: int = 0, hours: float = 1, **more: object) -> Window:
    now_ms = town.clock.now_ms() + begins * HOUR_MS
    facts: dict[str, object] = {
        "id": key,
        "place": PlaceKind.SITE,
        "at": "li",
        "person": PersonId("maintenance"),
        "by": "ann",
        "reason": "new pipes",
        "from_ms": now_ms,
        "until_ms": now_ms + round(hours * HOUR_MS),
    }
    window = Window(**(facts | more))  # type: ignore[arg-type]  # names of fields with their values
    SqlWindows(town.engine).put(window, "ann", town.clock.now_ms())
    town.settle()
    return window


def said(found: Rehearsal) -> str:
    out = StringIO()
    show(found, ZONE, Console(file=out, width=200, color_system=None))
    return out.getvalue()


def test_in_a_maintenance_window_it_is_silent_until_the_end_and_then_told(town: AlarmTown) -> None:
    window = works(town, passes=frozenset({AlarmKind.OFFLINE}))
    found = tried(town)
    (quiet,) = found.quiet
    assert quiet == Quiet(
        Suppression.MAINTENANCE, window.until_ms, "maintenance", "new pipes", "w1", window.passes
    )
    assert found.lines[0].at_ms == window.until_ms
    until = datetime.fromtimestamp(window.until_ms / 1000, ZONE)
    text = f"silent until {until:%H:%M:%S}: maintenance window w1 of maintenance (new pipes); passes: offline; then:"
    assert text in said(found)
    town.raised(Condition.FAULT, codes=("E1",))
    town.advance(HOUR + 1)
    assert town.heard_at(Role.OWNER) == [HOUR]
    assert round(found.lines[0].after_s) == HOUR


def test_what_the_window_lets_pass_and_leaks_are_told_as_ever(town: AlarmTown) -> None:
    works(town, passes=frozenset({AlarmKind.FAULT}))
    assert tried(town).quiet == ()
    for level in (Level.LOW, Level.HIGH):
        leak = tried(town, AlarmKind.LEAK, level)
        assert leak.quiet == ()
        assert leak.lines[0].after_s == 0


def test_windows_one_after_the_other_are_followed_to_their_end(town: AlarmTown) -> None:
    works(town, hours=1)
    last = works(town, "w2", begins=0, hours=3, place=PlaceKind.DETECTOR, at="kitchen-1")
    works(town, "w3", begins=2, hours=0.5)
    found = tried(town)
    assert [one.window for one in found.quiet] == ["w2"]
    assert found.lines[0].at_ms == last.until_ms
    follower = works(town, "w4", begins=2, hours=4)
    found = tried(town)
    assert [one.window for one in found.quiet] == ["w2", "w4"]
    assert found.lines[0].at_ms == follower.until_ms


def test_a_weekly_window_that_never_pauses_is_looked_at_only_so_often(town: AlarmTown) -> None:
    always = Weekly(frozenset(range(1, 8)), "00:00", "00:00")
    works(town, hours=24 * 300, weekly=always)
    assert len(tried(town).quiet) == 20


def test_a_low_leak_in_a_gas_test_is_the_operators_and_then_everybodys(town: AlarmTown) -> None:
    window = works(town, gas_test=True)
    found = tried(town, AlarmKind.LEAK, Level.LOW)
    assert found.policy == "gas_test"
    assert {line.role for line in found.lines if line.person} == {"shift_leader", "duty_officer"}
    assert found.lines[0].after_s == 0
    assert found.then is not None
    assert (found.then.policy, found.then.at_ms) == ("low_leak", window.until_ms)
    assert found.then.lines[0].at_ms == window.until_ms
    assert "gas test until" in said(found)
    assert "if there is gas still: policy low_leak (built in)" in said(found)
    assert tried(town, AlarmKind.LEAK, Level.HIGH).policy == "urgent"
    town.leak(lel=12)
    town.advance(HOUR + 1)
    assert town.heard_at(Role.SHIFT_LEADER)[0] == 0
    assert town.heard_at(Role.OWNER) == [HOUR]


def test_a_shelf_of_the_alarm_before_goes_on(town: AlarmTown) -> None:
    town.raised(Condition.FAULT, codes=("E1",))
    until_ms = town.clock.now_ms() + HOUR_MS
    wish = OperatorRequested(
        request="",
        alarm=AlarmId(1),
        action=OperatorAction.SHELVE,
        by="ann",
        until_ms=until_ms,
        note="waits for a spare part",
    )
    assert town.ask(wish) is Outcome.DONE
    found = tried(town)
    assert found.open == 1
    assert "alarm 1 is open for it already" in said(found)
    town.clears(Condition.FAULT)
    found = tried(town)
    assert found.open is None
    (quiet,) = found.quiet
    assert (quiet.suppression, quiet.until_ms, quiet.by, quiet.alarm) == (
        Suppression.SHELVED,
        until_ms,
        "ann",
        1,
    )
    assert "ann has shelved alarm 1 of it (waits for a spare part); then:" in said(found)
    assert found.lines[0].at_ms == until_ms


def test_a_silence_is_held_for_as_long_as_a_group_may_show(town: AlarmTown) -> None:
    found = tried(town, AlarmKind.OFFLINE)
    assert (found.hold_s, found.lines[0].after_s) == (45, 45)
    assert "held for 45 s" in said(found)
    town.raised(Condition.OFFLINE)
    town.advance(60)
    assert town.heard_at(Role.OWNER) == [45]


def test_that_we_can_not_see_is_said(town: AlarmTown) -> None:
    assert tried(town).blind == ()
    town.goes_blind()
    assert tried(town).blind == (1,)
    assert "we can't see at present (alarm 1)" in said(tried(town))


def test_a_canary_tells_its_test_phone_alone(town: AlarmTown) -> None:
    area = AreaId("town")
    name = f"canary-{area}"
    ledger = town.registry.ledger()
    site, room = ledger.sites[0], ledger.rooms[0]
    town.registry.put(
        Ledger(
            people=(Person(PersonId(name), "测试", "Test phone", "+8613800000099"),),
            sites=(msgspec.structs.replace(site, id=SiteId(name)),),
            rooms=(msgspec.structs.replace(room, id=RoomId(name), site=SiteId(name)),),
            detectors=(
                Detector(
                    no=900,
                    id=DetectorId(name),
                    site=SiteId(name),
                    room=RoomId(name),
                    model="canary",
                    target=None,
                ),
            ),
        ),
        by=KEEPER,
        at_ms=1,
    )
    found = tried(town, AlarmKind.LEAK, Level.LOW, detector=name)
    assert found.policy == "canary"
    assert [line.person for line in found.lines] == [name]


def test_whom_no_provider_carries_and_who_can_not_answer_is_said(town: AlarmTown) -> None:
    step = Step(
        0,
        (
            Target(TargetKind.PERSON, "abroad"),
            Target(TargetKind.PERSON, "desk"),
            Target(TargetKind.BODY, "fire"),
        ),
        channels=(ChannelKind.SMS, ChannelKind.VOICE, ChannelKind.CONSOLE),
    )
    people = (
        Person(PersonId("abroad"), "外", "Abroad", "+4915123456789"),
        Person(PersonId("desk"), "台", "Desk", "+861012345678"),
        Person(PersonId("fire"), "消", "Fire station", "+8613912345678"),
    )
    own = Policy("own", "", "", (step,), 300, Match(kinds=frozenset({AlarmKind.FAULT})))
    town.registry.put(Ledger(people=people, policies=(own,)), by="test", at_ms=1)
    clock = ManualClock()
    china = Switchboard([Registered(Phones(clock, 0), CHINA_ONLY), Registered(Board())], clock)
    found = tried(town, ways=lambda kind, address: reached(china, kind, address))
    ways = {(str(line.person), line.channel): (line.way, line.country) for line in found.lines}
    assert ways["abroad", ChannelKind.SMS] == (Way.NO_PROVIDER, 49)
    assert ways["desk", ChannelKind.SMS] == (Way.LANDLINE, 86)
    assert ways["desk", ChannelKind.VOICE] == (Way.NO_PROVIDER, 86)
    assert ways["fire", ChannelKind.SMS] == (Way.OPEN, 86)
    assert "not reachable: no provider for +49 sms" in said(found)
    assert "not reachable: a landline takes no texts" in said(found)
    abroad = Switchboard([Registered(Phones(clock, 0), TWILIO_SMS)], clock)
    owner = tried(town, AlarmKind.LEAK, Level.HIGH, ways=lambda kind, at: reached(abroad, kind, at)).lines[0]
    assert owner.way is Way.ONE_WAY
    assert "yes; can't answer by it" in said(
        tried(town, AlarmKind.LEAK, Level.HIGH, ways=lambda kind, at: reached(abroad, kind, at))
    )


def test_the_settings_are_asked_and_wrong_ones_are_said(
    town: AlarmTown, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GASWATCH_DATA_DIR", str(tmp_path))
    ways = WaysSetUp(load(), ManualClock())
    assert ways(ChannelKind.SMS, "+8613912345678") == Reached(Way.NO_PROVIDER, 86)
    assert ways(ChannelKind.CONSOLE, "console") is None
    monkeypatch.setenv("GASWATCH_IM_URLS", "room=https://example.org/hook")
    wrong = WaysSetUp(load(), ManualClock())
    assert wrong(ChannelKind.SMS, "+8613912345678") is None
    assert "whom the channels reach can't be said: `gaswatch check` says why" in said(tried(town, ways=wrong))


def test_a_silence_inside_an_open_outage_names_the_alarm_that_stands_for_it(tmp_path: Path) -> None:
    quarter = Quarter(tmp_path)
    for one in names("east", 0, 29):
        quarter.go(one)
        quarter.advance(0.1)
    quarter.advance(60)
    (group,) = quarter.open_of(AlarmKind.OUTAGE)
    found = tried(quarter, AlarmKind.OFFLINE, detector="east-29")
    assert found.quiet == (Quiet(Suppression.BY_DESIGN, alarm=group.id),)
    assert f"silent: alarm {group.id} stands for it as long as it is open; without it:" in said(found)
    quarter.go("east-29")
    (alone,) = [one for one in quarter.open_of(AlarmKind.OFFLINE) if one.detector == "east-29"]
    assert alone.inside == group.id
    assert tried(quarter, AlarmKind.OFFLINE, detector="west-20").quiet == ()
    assert tried(quarter, AlarmKind.LEAK, Level.LOW, detector="east-29").quiet == ()
    quarter.engine.dispose()
