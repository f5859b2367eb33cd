"""The watch: is the collector alive, can we send? Whoever is silent can't say so himself."""

from collections.abc import Mapping
from typing import Final

from alerts.service.desk import Trouble
from gascore.service_status import ServiceStatus

COLLECTOR: Final = "system:collector:collector"
CHANNELS: Final = "system:alerts:channels"
"""No provider is set up at all."""
_PROVIDER: Final = "system:alerts:{}"
SILENT_MS: Final = 10_000
"""Services speak every second; ten missed words are no hiccup."""


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
    said = statuses.get("collector")
    said_ms = said.at_ms if said and said.at_ms - now_ms <= SILENT_MS else 0
    last_ms = max(said_ms, started_ms)
    silent = now_ms - last_ms > SILENT_MS
    return {
        COLLECTOR: Trouble("silent", last_ms) if silent else None,
        CHANNELS: None if providers else Trouble("no_account", started_ms),
        **{_PROVIDER.format(name): trouble for name, trouble in providers.items()},
    }
