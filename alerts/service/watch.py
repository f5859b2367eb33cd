"""The watch: is the collector alive, can we send? Whoever is silent can't say so himself."""

from collections.abc import Mapping
from typing import Final

from alerts.service.desk import Trouble
from gascore.service_status import ServiceStatus

COLLECTOR: Final = "system:collector:collector"
AUDITOR: Final = "system:alerts:auditor"
CHANNELS: Final = "system:alerts:channels"
"""No provider is set up at all."""
_PROVIDER: Final = "system:alerts:{}"
SILENT_MS: Final = 10_000
"""Services speak every second; ten missed words are no hiccup."""
AUDITOR_SILENT_MS: Final = 60_000
"""Nobody is in danger while only the audit is missing."""


def watch(
    statuses: Mapping[str, ServiceStatus],
    providers: Mapping[str, Trouble | None],
    *,
    started_ms: int,
    now_ms: int,
) -> dict[str, Trouble | None]:
    """Alarm key -> its trouble, None where all is well. `started_ms`: since when we look.

    `providers`: each provider's trouble (`Switchboard.troubles`).

    A word from far in the future was said before the clock was set back: it says nothing of now.
    """
    auditor = statuses.get("auditor")
    # Who has never seen one runs none: then the console shows that it is missing.
    ours = {AUDITOR: _silence(auditor, AUDITOR_SILENT_MS, started_ms, now_ms)} if auditor else {}
    return {
        COLLECTOR: _silence(statuses.get("collector"), SILENT_MS, started_ms, now_ms),
        **ours,
        CHANNELS: None if providers else Trouble("no_account", started_ms),
        **{_PROVIDER.format(name): trouble for name, trouble in providers.items()},
    }


def _silence(said: ServiceStatus | None, most_ms: int, started_ms: int, now_ms: int) -> Trouble | None:
    said_ms = said.at_ms if said and said.at_ms - now_ms <= SILENT_MS else 0
    last_ms = max(said_ms, started_ms)
    return Trouble("silent", last_ms) if now_ms - last_ms > most_ms else None
