"""What the town needs from outside: the air between the detectors and the broker."""

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from gascore.wire import Channel
from gascore.words import DetectorId

OnCommand = Callable[[DetectorId, bytes], None]
"""Called in the loop with a detector and the payload that came on its `cmd` topic."""


class Radio(Protocol):
    """Every detector's own connection. Nothing here blocks; what can't be sent now is sent later.

    Implementation: `simulator.adapters.fleet.Fleet`.
    """

    async def run(self, detectors: Sequence[DetectorId], on_command: OnCommand) -> None:
        """Connect them, spread over a few seconds, and keep them connected until cancelled."""
        ...

    def send(self, detector: DetectorId, channel: Channel, payload: bytes) -> None:
        """Send at QoS 1; while the connection is down it waits in the detector's small memory."""
        ...

    def go_silent(self, detector: DetectorId) -> None:
        """Its mains is cut: the connection stays open, and nothing is said on it any more."""
        ...

    def come_back(self, detector: DetectorId) -> None:
        """Its mains is back: a new connection, and nothing remembered."""
        ...

    def connected(self) -> int:
        """How many are connected now."""
        ...


class Webhooks(Protocol):
    """The carrier's way to its customer. Implementation: `simulator.adapters.webhooks.HttpWebhooks`."""

    async def post(self, url: str, fields: Mapping[str, str], headers: Mapping[str, str]) -> bool:
        """Post a form; whether it was answered with 2xx or with 4xx, after which a retry is no use."""
        ...

    async def fetch(self, url: str, fields: Mapping[str, str], headers: Mapping[str, str]) -> str | None:
        """Post a form and return the answer's text; None: there was none, or it was an error."""
        ...
