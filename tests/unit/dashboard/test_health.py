from dashboard.rules.health import FORGOTTEN_MS, SILENT_MS, detector_counts, system_rows
from dashboard.rules.rows import SystemRow, SystemState
from gascore.journal import ServiceStep, ServiceStepped
from gascore.service_status import ServiceStatus

NOW_MS = 1_790_000_000_000


def word(name: str, age_ms: int = 0, **more: dict[str, str]) -> ServiceStatus:
    return ServiceStatus(name=name, pid=1, started_ms=0, at_ms=NOW_MS - age_ms, **more)  # type: ignore[arg-type]  # any field


def states(*words: ServiceStatus, steps: dict[str, ServiceStepped] | None = None) -> dict[str, SystemState]:
    rows = system_rows({one.name: one for one in words}, steps or {}, NOW_MS)
    return {row.name: row.state for row in rows}


def test_a_service_that_must_run_and_never_spoke_is_down() -> None:
    assert states() == dict.fromkeys(("collector", "alerts", "dashboard"), SystemState.DOWN)


def test_a_service_is_down_when_it_has_been_silent_for_too_long() -> None:
    assert states(word("alerts", SILENT_MS))["alerts"] is SystemState.UP
    assert states(word("alerts", SILENT_MS + 1))["alerts"] is SystemState.DOWN


def test_a_crashed_service_is_restarting_until_it_speaks_again() -> None:
    crash = {"alerts": ServiceStepped(service="alerts", step=ServiceStep.CRASHED, detail="signal 9")}
    rows = system_rows({"alerts": word("alerts", SILENT_MS + 1)}, crash, NOW_MS)
    assert SystemRow("alerts", SystemState.RESTARTING, "signal 9") in rows
    assert states(word("alerts"), steps=crash)["alerts"] is SystemState.UP


def test_a_service_that_need_not_run_is_shown_while_it_was_seen_lately() -> None:
    assert states(word("simulator", SILENT_MS + 1))["simulator"] is SystemState.DOWN
    assert "simulator" not in states(word("simulator", FORGOTTEN_MS + 1))
    stopped = {"simulator": ServiceStepped(service="simulator", step=ServiceStep.STOPPED)}
    assert "simulator" not in states(word("simulator"), steps=stopped)


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
