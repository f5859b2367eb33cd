"""How our own services and links are, from what each said last and what the supervisor journaled."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from dashboard.rules.rows import SystemRow, SystemState
from gascore.journal import ServiceStep, ServiceStepped
from gascore.service_status import ServiceStatus
from gascore.words import Protection

SILENT_MS: Final = 5_000
"""Services speak every second; this long without a word is down."""
FORGOTTEN_MS: Final = 60_000
"""A service that need not run (broker, simulator) and is silent this long isn't ours to show."""
START_MS: Final = 15_000
"""A restarted service that has said nothing by then is down."""
LATELY_MS: Final = 600_000
"""So long a crash stays on the screen after the service is back: an operator who looked away must see it."""
NEEDED: Final = ("collector", "alerts", "dashboard")
"""The services without which something is missing; collector and alerts are vital."""
AUDITOR: Final = "auditor"
"""Once it has run it must go on: its silence is never forgotten."""
LINK_UP: Final = "up"
COLLECTOR: Final = "collector"


@dataclass(frozen=True, slots=True)
class Life:
    """The supervisor's last entry about a service, and when the last crash was."""

    step: ServiceStep
    detail: str = ""
    crashed_ms: int | None = None


def live_on(life: Life | None, event: ServiceStepped, at_ms: int) -> Life:
    """Take in the next entry, appended at `at_ms`."""
    crashed_ms = at_ms if event.step is ServiceStep.CRASHED else life.crashed_ms if life else None
    return Life(event.step, event.detail, crashed_ms)


def system_rows(
    words: Mapping[str, ServiceStatus], lives: Mapping[str, Life], now_ms: int
) -> tuple[SystemRow, ...]:
    """The needed services first, then others that were seen lately, then the collector's broker links."""
    others = sorted(
        name
        for name, word in words.items()
        if name not in NEEDED
        and (now_ms - word.at_ms <= FORGOTTEN_MS or name == AUDITOR)
        and not _was_stopped(lives.get(name))
    )
    rows = [_service(name, words.get(name), lives.get(name), now_ms) for name in (*NEEDED, *others)]
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


def _was_stopped(life: Life | None) -> bool:
    return life is not None and life.step is ServiceStep.STOPPED


def _service(name: str, word: ServiceStatus | None, life: Life | None, now_ms: int) -> SystemRow:
    crashed_ms = (
        life.crashed_ms if life and life.crashed_ms and now_ms - life.crashed_ms <= LATELY_MS else None
    )
    # The dead process's last word is still fresh for some seconds.
    speaks = word is not None and now_ms - word.at_ms <= SILENT_MS and (crashed_ms or 0) < word.at_ms
    if word is not None and speaks:
        return SystemRow(name, SystemState.UP, _found(word), crashed_ms)
    if life is not None and life.step is ServiceStep.CRASHED:
        return SystemRow(name, SystemState.RESTARTING, life.detail, crashed_ms)
    if (
        crashed_ms
        and life is not None
        and life.step is ServiceStep.STARTED
        and now_ms - crashed_ms <= START_MS
    ):
        return SystemRow(name, SystemState.RESTARTING, "", crashed_ms)
    silent = "has said nothing yet" if word is None else f"silent for {(now_ms - word.at_ms) // 1000} s"
    return SystemRow(name, SystemState.DOWN, silent, crashed_ms)


def _found(word: ServiceStatus) -> str:
    """What the auditor has found wrong: on the screen even if the desk, which should tell it, stands."""
    audit = word.notes.get("audit", "ok") if word.name == AUDITOR else "ok"
    return "" if audit in {"ok", "starting"} else audit
