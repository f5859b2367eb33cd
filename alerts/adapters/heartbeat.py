"""Tells the world outside that all is well: a GET to an address that raises an alarm when it stops hearing us.

healthchecks.io, Uptime Kuma's push monitors, Cronitor and the like take a plain GET or POST.
"""

from typing import Final

import requests

TIMEOUT_S: Final = 10.0


class HttpHeartbeat:
    """Implements `alerts.service.auditor.Heartbeat`. The address is a secret: whoever has it can pretend to be well."""

    def __init__(self, url: str, timeout_s: float = TIMEOUT_S) -> None:
        self._url = url
        self._timeout_s = timeout_s

    def beat(self) -> str | None:
        """One request; None: it was heard, else why not, in a word. Returns within twice the time-out."""
        try:
            with requests.Session() as session:
                answer = session.get(
                    self._url,
                    timeout=self._timeout_s,
                    allow_redirects=False,
                    headers={"User-Agent": "gaswatch"},
                )
        except requests.RequestException as error:
            return type(error).__name__
        if not answer.ok or answer.is_redirect:
            return f"HTTP {answer.status_code}"
        return None
