"""The centre's board: the last hop, which never fails. The journal itself shows it there, loudly.

A notice of this kind is delivered when it is recorded: the board reads the journal, and has nobody to pass it on.
"""

from typing import Final

from alerts.rules.delivery import CannotSay, Handed, LookedUp, Sent
from alerts.rules.letters import Capabilities, Health, Letter
from gascore.alarm import ChannelKind


class Console:
    """Implements `alerts.ports.Channel`."""

    name: Final = "console"
    kind: Final = ChannelKind.CONSOLE
    can: Final = Capabilities(receipts=True)

    def send(self, letter: Letter) -> Sent:
        """It is shown."""
        return Handed(f"board-{letter.notice}", delivered=True)

    def look_up(self, letter: Letter) -> LookedUp:
        """There is never anything to ask."""
        del letter
        return CannotSay("cannot_be_asked")

    def probe(self) -> Health:
        """It works while we do."""
        return Health(ok=True)
