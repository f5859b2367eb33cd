"""Collector and alerts are killed while gas is flowing; the story must come out as if nothing had happened."""

from pathlib import Path

import pytest

from gascore.alarm import AlarmKind, NoticeState
from gascore.journal import (
    AlarmStep,
    AlarmStepped,
    ConditionRaised,
    NoticeStepped,
    ServiceStep,
    ServiceStepped,
)
from gascore.words import Condition, Level
from gaswatch import demo as played
from gaswatch.settings import Settings
from simulator.rules.story import tell
from support.demo import a_demo

pytestmark = pytest.mark.faults


def test_killing_collector_and_alerts_in_mid_leak_loses_nothing_and_fakes_nothing(tmp_path: Path) -> None:
    expected = tell("demo", played.town(Settings())).expectations()
    dark = {one.detector for one in expected if one.kind is AlarmKind.OFFLINE}
    leaking = {one.detector for one in expected if one.kind is AlarmKind.LEAK}
    # Longer than the story: the next people's turn comes 90 s after the high level, and must not fall into the end.
    with a_demo(tmp_path, "--for", "190s") as demo:
        demo.wait_for(
            lambda: any(
                one.condition is Condition.LEAK and one.detector in leaking
                for one in demo.events(ConditionRaised)
            ),
            within_s=60,
            what="the leak in the journal",
        )
        killed = {demo.kill("collector"), demo.kill("alerts")}
        demo.wait_for(
            lambda: {demo.pid_of("collector"), demo.pid_of("alerts")}.isdisjoint(killed),
            within_s=30,
            what="both being back",
        )
        demo.wait_for(
            lambda: any(
                one.alarm.kind is AlarmKind.LEAK and one.alarm.peak_level is Level.HIGH
                for one in demo.events(AlarmStepped)
            ),
            within_s=90,
            what="the alarm of the high leak",
        )
        demo.kill("alerts")
        assert demo.process.wait(240) == 0, demo.output()

        crashed = [one.service for one in demo.events(ServiceStepped) if one.step is ServiceStep.CRASHED]
        assert sorted(crashed) == ["alerts", "alerts", "collector"]
        offline = {one.detector for one in demo.events(ConditionRaised) if one.condition is Condition.OFFLINE}
        assert offline == dark, "a false offline, or one that was missed"
        opened = [
            one.alarm.key
            for one in demo.events(AlarmStepped)
            if one.step is AlarmStep.OPENED and one.alarm.kind is AlarmKind.LEAK
        ]
        assert sorted(opened) == sorted(f"detector:{each}:leak" for each in leaking)
        leaks = {one.alarm.id for one in demo.events(AlarmStepped) if one.alarm.kind is AlarmKind.LEAK}
        made = [one.notice for one in demo.events(NoticeStepped) if one.notice.state is NoticeState.PENDING]
        first = {one.id: one for one in reversed(made)}.values()
        reasons = [(one.alarm, one.person, one.purpose, one.step, one.created_ms) for one in first]
        assert len(reasons) == len(set(reasons)), "somebody was told the same thing by two notices"
        handed = [
            one.notice.id for one in demo.events(NoticeStepped) if one.notice.state is NoticeState.HANDED_OVER
        ]
        assert len(handed) == len(set(handed)), "a notice was handed over twice"
        # What a kill caught is found at the provider, and goes on from there.
        found = [
            one.notice.id for one in demo.events(NoticeStepped) if one.notice.state is NoticeState.DELIVERED
        ]
        assert {one.id for one in first if one.alarm in leaks} <= {*handed, *found}, (
            "a leak's notice was lost"
        )
