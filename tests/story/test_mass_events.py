"""Many detectors fail together: one group alarm for the people who can do something, and never a leak less."""

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import msgspec
import pytest

from alerts.rules.outage import Limits as OutageLimits
from alerts.service.grouping import OPENED, Limits
from gascore.alarm import AlarmCause, AlarmKind, GroupKind
from gascore.journal import AlarmStep, AlarmStepped, Reason
from gascore.registry import Role
from gascore.words import Condition
from support.quarter import Quarter, names, quarter

pytestmark = pytest.mark.story


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Quarter]:
    town = Quarter(tmp_path)
    yield town
    town.engine.dispose()


def test_a_gateway_dies_with_its_thirty_detectors(town: Quarter) -> None:
    behind = names("east", 0, 30)
    for one in behind:
        town.go(one)
        town.advance(0.1)
    town.advance(600)

    (group,) = town.open_of(AlarmKind.OUTAGE)
    assert group.outage is not None
    assert (group.outage.kind, group.outage.id) == (GroupKind.GATEWAY, "gw-1")
    assert (group.outage.offline, group.outage.most, group.outage.size) == (30, 30, 30)
    assert group.outage.listed[0] == "east-00"
    silent = town.open_of(AlarmKind.OFFLINE)
    assert {one.detector for one in silent} == set(behind), "each has its own alarm, and it is shown"
    assert {one.inside for one in silent} == {group.id}
    assert town.owners_told() == set()
    assert "网关gw-1成片离线30/30" in town.heard(Role.SHIFT_LEADER)[0][1]
    assert len(town.heard(Role.SHIFT_LEADER)) == 1
    assert len(town.worker_heard("east")) == 1
    assert town.worker_heard("west") == []

    town.come_back(*behind)
    town.advance(310)
    assert town.open_of(AlarmKind.OUTAGE) == []
    assert town.open_of(AlarmKind.OFFLINE) == []
    assert "解除" in town.heard(Role.SHIFT_LEADER)[-1][1]
    assert town.owners_told() == set()


def test_a_grid_has_no_power_and_one_of_its_detectors_sees_gas(town: Quarter) -> None:
    town.go(*names("west"))
    town.advance(5)
    town.leaks("west-07")
    assert [at for at, _ in town.owner_heard("west-07")] == [5], "a leak is told at once"
    assert "燃气泄漏高限60%LEL" in town.owner_heard("west-07")[0][1]
    town.advance(120)
    (group,) = town.open_of(AlarmKind.OUTAGE)
    assert group.outage is not None
    assert group.outage.id == "west"
    (leak,) = town.open_of(AlarmKind.LEAK)
    assert leak.inside is None
    assert town.owners_told() == {"west-07"}
    assert town.heard_at(Role.DUTY_OFFICER) == [95], "of the leak; of the outage only if nobody answers"


def test_a_leak_before_a_power_cut_goes_on_climbing_through_it(town: Quarter) -> None:
    town.leaks("west-07", lel=12)
    town.advance(10)
    town.go(*names("west"))
    town.advance(100)
    assert {at for at, text in town.heard(Role.SHIFT_LEADER) if "燃气泄漏" in text} == {90}


def test_the_whole_quarter_takes_the_place_of_its_grids(town: Quarter) -> None:
    town.go(*names("west"))
    town.advance(20)
    town.go(*names("east"))
    town.advance(60)
    (group,) = town.open_of(AlarmKind.OUTAGE)
    assert group.outage is not None
    assert (group.outage.id, group.outage.offline) == ("quarter", 80)
    ended = [one for one in town.newest().values() if one.kind is AlarmKind.OUTAGE and one.id != group.id]
    assert {one.cause for one in ended} == {AlarmCause.ABSORBED}
    assert {one.inside for one in town.open_of(AlarmKind.OFFLINE)} == {group.id}
    assert len([text for _, text in town.heard(Role.SHIFT_LEADER) if "成片" in text]) <= 2
    assert not [text for _, text in town.heard(Role.SHIFT_LEADER) if "解除" in text], "nothing is over"
    assert town.owners_told() == set()


def test_a_suppliers_wireless_network_comes_and_goes(town: Quarter) -> None:
    mine = [one for grid in ("east", "west") for one in names(grid, 30)[::2]] + names("west", 0, 30)[::2]
    mine += names("east", 0, 30)[::2]
    for _ in range(4):
        town.go(*mine)
        town.advance(90)
        town.come_back(*mine)
        town.advance(60)
    (group,) = town.open_of(AlarmKind.OUTAGE)
    assert group.outage is not None
    assert group.outage.id == "supplier-0"
    assert town.open_of(AlarmKind.UNSTABLE) == [], "it is not the detectors that are unstable"
    assert group.opened_ms < town.start_ms + 60_000, "one event, however often it comes back"
    assert town.owners_told() == set()
    assert len(town.heard(Role.SHIFT_LEADER)) == 1


def test_who_is_still_offline_when_the_outage_is_over_is_told_of_one_by_one(town: Quarter) -> None:
    town.go(*names("west"))
    town.advance(120)
    left = names("west", 0, 4)
    town.come_back(*names("west", 4))
    town.advance(299)
    assert town.owners_told() == set()
    town.advance(120)
    assert town.open_of(AlarmKind.OUTAGE) == []
    assert town.owners_told() == set(left)
    assert [len(town.owner_heard(one)) for one in left] == [1, 1, 1, 1]
    assert {one.inside for one in town.open_of(AlarmKind.OFFLINE)} == {None}


def test_a_restart_in_the_middle_changes_nothing(town: Quarter) -> None:
    for one in names("west", 0, 20):
        town.go(one)
    town.restart()
    town.go(*names("west", 20))
    town.restart()
    town.advance(60)
    (group,) = town.open_of(AlarmKind.OUTAGE)
    assert {one.inside for one in town.open_of(AlarmKind.OFFLINE)} == {group.id}
    town.restart()
    town.come_back(*names("west", 2))
    town.restart()
    town.advance(400)
    assert town.open_of(AlarmKind.OUTAGE) == []
    assert town.owners_told() == {"west-00", "west-01"}


def test_an_outage_that_happened_while_we_were_down_is_one_alarm_too(town: Quarter) -> None:
    town.running = False
    town.go(*names("west"), reason=Reason.SILENCE)
    town.clock.advance_now(3_600_000)
    town.running = True
    town.restart()
    town.advance(120)
    assert len(town.open_of(AlarmKind.OUTAGE)) == 1
    assert town.owners_told() == set()


def test_a_single_silence_is_told_after_a_short_hold_and_not_at_all_if_it_is_over_by_then(
    town: Quarter,
) -> None:
    town.go("west-01", "west-02")
    town.advance(30)
    town.come_back("west-02")
    town.advance(30)
    assert [at for at, _ in town.owner_heard("west-01")] == [45]
    assert town.owner_heard("west-02") == []
    assert town.open_of(AlarmKind.OUTAGE) == []


def test_a_restaurant_with_many_detectors_is_its_owners_own_matter(town: Quarter) -> None:
    for one in ("kitchen-1", "kitchen-2", "bottles-1"):
        town.raised(Condition.OFFLINE, one)
    town.advance(60)
    assert town.open_of(AlarmKind.OUTAGE) == []
    assert town.heard_at(Role.OWNER) == [45, 45, 45]


def test_an_operator_answers_for_the_group_and_the_ladder_stops(town: Quarter) -> None:
    town.go(*names("west"))
    town.advance(36)
    (group,) = town.open_of(AlarmKind.OUTAGE)
    town.reply(Role.SHIFT_LEADER, town.code(Role.SHIFT_LEADER))
    town.advance(1800)
    assert town.heard(Role.DUTY_OFFICER) == []
    (group,) = town.open_of(AlarmKind.OUTAGE)
    assert group.acked_by


def test_after_the_answer_a_new_silence_is_told_of_as_ever(town: Quarter) -> None:
    town.go(*names("west", 0, 20))
    town.advance(36)
    town.reply(Role.SHIFT_LEADER, town.code(Role.SHIFT_LEADER))
    town.come_back(*names("west", 12, 20))  # twelve never come back: too many for the outage to be over
    town.advance(14 * 86_400)
    assert town.owners_told() == set()
    town.restart()
    town.go("west-30")
    town.advance(60)
    (group,) = town.open_of(AlarmKind.OUTAGE)
    assert group.acked_by
    assert town.newest()["detector:west-30:offline"].inside is None
    assert [("离线" in text) for _, text in town.owner_heard("west-30")] == [True]
    assert town.owners_told() == {"west-30"}


def test_an_answered_outage_that_doubles_is_told_of_again(town: Quarter) -> None:
    town.go(*names("west", 0, 20))
    town.advance(36)
    town.reply(Role.SHIFT_LEADER, town.code(Role.SHIFT_LEADER))
    (group,) = town.open_of(AlarmKind.OUTAGE)
    town.advance(600)
    before = len(town.heard(Role.SHIFT_LEADER))
    town.go(*names("west", 20))
    town.advance(60)
    (worse,) = town.open_of(AlarmKind.OUTAGE)
    assert (worse.id, worse.acked_by) == (group.id, None)
    assert worse.outage is not None
    assert worse.outage.offline == 40
    assert {one.inside for one in town.open_of(AlarmKind.OFFLINE)} == {group.id}
    assert town.owners_told() == set()
    (text,) = [text for _, text in town.heard(Role.SHIFT_LEADER)[before:] if "成片离线" in text]
    assert "40/40" in text
    town.advance(900)
    assert [text for _, text in town.heard(Role.DUTY_OFFICER) if "成片离线" in text]
    town.reply(Role.SHIFT_LEADER, town.code(Role.SHIFT_LEADER))
    (again,) = town.open_of(AlarmKind.OUTAGE)
    assert again.acked_by


def test_an_answered_outage_that_is_hit_anew_long_after_is_told_of_again_though_fewer_are_offline(
    town: Quarter,
) -> None:
    town.go(*names("west"))
    town.advance(36)
    town.reply(Role.SHIFT_LEADER, town.code(Role.SHIFT_LEADER))
    town.come_back(*names("west", 8))
    town.advance(3_600)
    before = len(town.heard(Role.SHIFT_LEADER))
    town.go(*names("west", 8, 24))
    town.advance(60)
    (group,) = town.open_of(AlarmKind.OUTAGE)
    assert group.acked_by is None
    assert group.outage is not None
    assert group.outage.offline == 24
    assert len(town.heard(Role.SHIFT_LEADER)) == before + 1
    assert town.owners_told() == set()


def test_a_restaurant_behind_its_own_gateway_is_its_owners_own_matter(town: Quarter) -> None:
    ledger = quarter()
    kitchen, *others = [one for one in ledger.detectors if one.id in names("west", 0, 8)]
    alone = tuple(
        msgspec.structs.replace(one, site=kitchen.site, room=kitchen.room, gateway="gw-own")
        for one in (kitchen, *others)
    )
    town.registry.put(msgspec.structs.replace(ledger, detectors=alone), by="test", at_ms=town.clock.now_ms())
    town.settle()
    town.go(*names("west", 0, 8), site=kitchen.site)
    town.advance(60)
    assert town.open_of(AlarmKind.OUTAGE) == []
    assert len(town.open_of(AlarmKind.OFFLINE)) == 8
    assert [at for at, text in town.owner_heard("west-00") if "离线" in text] == [45] * 8


def test_an_outage_of_all_grids_is_told_to_the_workers_of_all_of_them(town: Quarter) -> None:
    town.go(*names("east"), *names("west"))
    town.advance(60)
    (group,) = town.open_of(AlarmKind.OUTAGE)
    assert group.outage is not None
    assert group.outage.id == "quarter"
    assert {one.split("-")[0] for one in group.outage.listed} == {"east"}, "the first twenty"
    assert len(town.worker_heard("east")) == len(town.worker_heard("west")) == 1


def test_many_gateways_that_die_at_once_are_opened_in_portions(town: Quarter) -> None:
    town.limits = Limits(outage=OutageLimits(share=0.95))  # so that no area is out
    ledger = quarter()
    gone = [*names("east", 0, 30), *names("west", 0, 30)]
    behind = {name: f"gw-{number // 5}" for number, name in enumerate(gone)}
    detectors = tuple(msgspec.structs.replace(one, gateway=behind.get(one.id)) for one in ledger.detectors)
    ledger = msgspec.structs.replace(ledger, detectors=detectors)
    town.registry.put(ledger, by="test", at_ms=town.clock.now_ms())
    town.restart()
    town.go(*gone)
    town.running = False
    town.clock.advance_now(6_000)
    opened = [0]
    while town.desk.turn(town.clock.now_ms()).more:
        opened.append(len(town.open_of(AlarmKind.OUTAGE)))
    assert opened[-1] == 12
    assert max(after - before for before, after in pairwise(opened)) == OPENED
    assert {one.inside is None for one in town.open_of(AlarmKind.OFFLINE)} == {False}


def test_a_detector_that_comes_and_goes_is_told_of_once(town: Quarter) -> None:
    for _ in range(8):
        town.go("west-05")
        town.advance(60)
        town.come_back("west-05")
        town.advance(60)
    (unstable,) = town.open_of(AlarmKind.UNSTABLE)
    assert unstable.count == 8
    texts = [text for _, text in town.owner_heard("west-05")]
    assert sum("时断时续" in text for text in texts) == 1
    assert sum("探测器离线" in text for text in texts) <= 4, "the first two silences and that they were over"
    town.leaks("west-05")
    assert town.owner_heard("west-05")[-1][0] == 960, "its leak at once"
    town.advance(1800)
    assert town.open_of(AlarmKind.UNSTABLE) == []


def test_an_unstable_detector_that_stays_away_is_told_of_in_the_end(town: Quarter) -> None:
    for _ in range(3):
        town.go("west-05")
        town.advance(20)
        town.come_back("west-05")
        town.advance(20)
    town.go("west-05")
    town.restart()
    town.advance(1700)
    (silent,) = town.open_of(AlarmKind.OFFLINE)
    (unstable,) = town.open_of(AlarmKind.UNSTABLE)
    assert silent.inside == unstable.id
    town.advance(300)
    texts = [text for _, text in town.owner_heard("west-05")]
    assert [("时断时续" in text, "离线" in text) for text in texts] == [
        (True, False),
        (True, False),
        (False, True),
    ]


def test_the_journal_says_why_an_alarm_is_silent(town: Quarter) -> None:
    town.go(*names("west"))
    town.advance(10)
    steps = {event.step for event in town.events(AlarmStepped) if event.alarm.kind is AlarmKind.OFFLINE}
    assert steps == {AlarmStep.OPENED, AlarmStep.QUIETED}


def test_after_a_blindness_the_silences_come_one_by_one_and_are_one_event(town: Quarter) -> None:
    town.goes_blind()
    town.advance(600)
    town.sees_again()
    town.advance(90)
    for one in names("west"):  # spread over one report interval, as the collector's deadlines are
        town.go(one, reason=Reason.SILENCE, ago_s=30)
        town.advance(1.5)
    town.advance(120)
    assert len(town.open_of(AlarmKind.OUTAGE)) == 1
    assert town.owners_told() == set()
    assert len([text for _, text in town.heard(Role.SHIFT_LEADER) if "成片离线" in text]) == 1


def test_a_grid_of_rare_reporters_is_waited_for_longer(town: Quarter) -> None:
    ledger = quarter()
    rare = tuple(msgspec.structs.replace(one, every_s=240.0) for one in ledger.detectors)
    town.registry.put(msgspec.structs.replace(ledger, detectors=rare), by="test", at_ms=town.clock.now_ms())
    for one in names("west"):
        town.go(one, reason=Reason.SILENCE)
        town.advance(6)
    assert len(town.open_of(AlarmKind.OUTAGE)) == 1
    assert town.owners_told() == set(), "each waited for half of its interval"


def test_an_unstable_detector_in_an_outage_is_no_text_of_its_own_until_it_is_back(town: Quarter) -> None:
    for _ in range(2):
        town.go("west-05")
        town.advance(5)
        town.come_back("west-05")
        town.advance(5)
    town.go(*names("west"))
    town.advance(60)
    (group,) = town.open_of(AlarmKind.OUTAGE)
    (unstable,) = town.open_of(AlarmKind.UNSTABLE)
    assert unstable.inside == group.id
    assert town.owners_told() == set()
    town.running = False
    town.come_back(*names("west"))
    town.running = True
    town.desk.turn(town.clock.now_ms())
    town.restart()
    town.advance(120)
    (unstable,) = town.open_of(AlarmKind.UNSTABLE)
    assert unstable.inside is None
    assert "时断时续" in town.owner_heard("west-05")[0][1]
