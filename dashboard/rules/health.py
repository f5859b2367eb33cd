"""How our own services and links are, from what each said last and what the supervisor journaled."""

from collections.abc import Mapping
from typing import Final

from dashboard.rules.rows import SystemRow, SystemState
from gascore.journal import ServiceStep, ServiceStepped
from gascore.service_status import ServiceStatus
from gascore.words import Protection

SILENT_MS: Final = 5_000
"""Services speak every second; this long without a word is down."""
FORGOTTEN_MS: Final = 60_000
"""A service that need not run (broker, simulator) and is silent this long isn't ours to show."""
NEEDED: Final = ("collector", "alerts", "dashboard")
"""The services without which something is missing; collector and alerts are vital."""
LINK_UP: Final = "up"
COLLECTOR: Final = "collector"


def system_rows(
    words: Mapping[str, ServiceStatus], steps: Mapping[str, ServiceStepped], now_ms: int
) -> tuple[SystemRow, ...]:
    """The needed services first, then others that were seen lately, then the collector's broker links."""
    others = sorted(
        name
        for name, word in words.items()
        if name not in NEEDED and now_ms - word.at_ms <= FORGOTTEN_MS and not _was_stopped(steps.get(name))
    )
    rows = [_service(name, words.get(name), steps.get(name), now_ms) for name in (*NEEDED, *others)]
    collector = words.get(COLLECTOR)
    if collector is not None and now_ms - collector.at_ms <= SILENT_MS:
        rows += [
            SystemRow(
                f"link {name}",
                SystemState.UP if word == LINK_UP else SystemState.DOWN,
                "" if word == LINK_UP else word,
            )
            for name, word in sorted(collector.links.items())
        ]
    return tuple(rows)


def detector_counts(collector: ServiceStatus | None, now_ms: int) -> dict[str, int]:
    """Detectors per protection state; while the collector says nothing, all it had to watch are unmonitored."""
    counts = dict.fromkeys(map(str, Protection), 0)
    if collector is None:
        return counts
    if now_ms - collector.at_ms <= SILENT_MS:
        return counts | collector.states
    off = collector.states.get(Protection.NOT_REQUIRED, 0)
    return counts | {
        str(Protection.NOT_REQUIRED): off,
        str(Protection.UNMONITORED): sum(collector.states.values()) - off,
    }


def _was_stopped(step: ServiceStepped | None) -> bool:
    return step is not None and step.step is ServiceStep.STOPPED


def _service(name: str, word: ServiceStatus | None, step: ServiceStepped | None, now_ms: int) -> SystemRow:
    if word is not None and now_ms - word.at_ms <= SILENT_MS:
        return SystemRow(name, SystemState.UP, "")
    if step is not None and step.step is ServiceStep.CRASHED:
        return SystemRow(name, SystemState.RESTARTING, step.detail)
    silent = "has said nothing yet" if word is None else f"silent for {(now_ms - word.at_ms) // 1000} s"
    return SystemRow(name, SystemState.DOWN, silent)
