from dashboard.rules.health import (
    FORGOTTEN_MS,
    LATELY_MS,
    SILENT_MS,
    START_MS,
    Life,
    detector_counts,
    live_on,
    system_rows,
)
from dashboard.rules.rows import SystemRow, SystemState
from gascore.journal import ServiceStep, ServiceStepped
from gascore.service_status import ServiceStatus

NOW_MS = 1_790_000_000_000


def word(name: str, age_ms: int = 0, **more: dict[str, str]) -> ServiceStatus:
    return ServiceStatus(name=name, pid=1, started_ms=0, at_ms=NOW_MS - age_ms, **more)  # type: ignore[arg-type]  # any field


def states(*words: ServiceStatus, lives: dict[str, Life] | None = None) -> dict[str, SystemState]:
    rows = system_rows({one.name: one for one in words}, lives or {}, NOW_MS)
    return {row.name: row.state for row in rows}


def test_a_service_that_must_run_and_never_spoke_is_down() -> None:
    assert states() == dict.fromkeys(("collector", "alerts", "dashboard"), SystemState.DOWN)


def test_a_service_is_down_when_it_has_been_silent_for_too_long() -> None:
    assert states(word("alerts", SILENT_MS))["alerts"] is SystemState.UP
    assert states(word("alerts", SILENT_MS + 1))["alerts"] is SystemState.DOWN


def test_a_crashed_service_is_restarting_until_it_speaks_again_and_the_crash_stays_in_sight() -> None:
    crashed_ms = NOW_MS - 3_000
    crash = live_on(
        None, ServiceStepped(service="alerts", step=ServiceStep.CRASHED, detail="signal 9"), crashed_ms
    )
    last_word = {"alerts": word("alerts", 3_500)}
    assert SystemRow("alerts", SystemState.RESTARTING, "signal 9", crashed_ms) in system_rows(
        last_word, {"alerts": crash}, NOW_MS
    ), "the dead process's last word is fresh, but it is dead"
    started = live_on(
        crash, ServiceStepped(service="alerts", step=ServiceStep.STARTED, detail="pid 7"), NOW_MS
    )
    assert SystemRow("alerts", SystemState.RESTARTING, "", crashed_ms) in system_rows(
        last_word, {"alerts": started}, NOW_MS
    )
    later_ms = crashed_ms + START_MS + 1
    assert system_rows(last_word, {"alerts": started}, later_ms)[1].state is SystemState.DOWN
    assert SystemRow("alerts", SystemState.UP, "", crashed_ms) in system_rows(
        {"alerts": word("alerts")}, {"alerts": started}, NOW_MS
    )
    much_later = ServiceStatus(name="alerts", pid=7, started_ms=0, at_ms=crashed_ms + LATELY_MS + 1)
    assert SystemRow("alerts", SystemState.UP, "") in system_rows(
        {"alerts": much_later}, {"alerts": started}, much_later.at_ms
    )


def test_a_service_that_need_not_run_is_shown_while_it_was_seen_lately() -> None:
    assert states(word("simulator", SILENT_MS + 1))["simulator"] is SystemState.DOWN
    assert "simulator" not in states(word("simulator", FORGOTTEN_MS + 1))
    stopped = {"simulator": Life(ServiceStep.STOPPED)}
    assert "simulator" not in states(word("simulator"), lives=stopped)


def test_a_broker_link_that_is_down_says_why_while_the_collector_speaks() -> None:
    links = {"broker:1883": "connection refused", "other:1883": "up"}
    rows = system_rows({"collector": word("collector", links=links)}, {}, NOW_MS)
    assert SystemRow("link broker:1883", SystemState.DOWN, "connection refused") in rows
    assert SystemRow("link other:1883", SystemState.UP, "") in rows
    silent = system_rows({"collector": word("collector", SILENT_MS + 1, links=links)}, {}, NOW_MS)
    assert not [row for row in silent if row.name.startswith("link")]


def test_while_the_collector_is_silent_every_required_detector_is_unmonitored() -> None:
    collector = ServiceStatus(
        "collector", 1, 0, NOW_MS, states={"protected": 8, "fault": 1, "not_required": 3}
    )
    assert detector_counts(collector, NOW_MS)["protected"] == 8
    later = detector_counts(collector, NOW_MS + SILENT_MS + 1)
    assert (later["unmonitored"], later["not_required"], later["protected"]) == (9, 3, 0)
    assert sum(detector_counts(None, NOW_MS).values()) == 0


def test_an_auditor_that_ran_once_is_never_forgotten_and_shows_what_it_found() -> None:
    assert states(word("auditor", FORGOTTEN_MS + 1))["auditor"] is SystemState.DOWN
    assert "broker" not in states(word("broker", FORGOTTEN_MS + 1))
    found = {"auditor": word("auditor", notes={"audit": "desk_stands"})}
    assert SystemRow("auditor", SystemState.UP, "desk_stands") in system_rows(found, {}, NOW_MS)
    well = {"auditor": word("auditor", notes={"audit": "ok"})}
    assert SystemRow("auditor", SystemState.UP, "") in system_rows(well, {}, NOW_MS)
