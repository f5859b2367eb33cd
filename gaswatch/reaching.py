"""Whom the channels that are set up reach: asked of the settings, without anything being sent."""

import threading
from typing import Final

import structlog

from alerts.rules.countries import EVERYWHERE, Because, number_of, obstacle
from alerts.service import Switchboard
from gascore.alarm import ChannelKind
from gascore.clock import Clock
from gascore.rehearsal import Reached, Way
from gaswatch.settings import Settings, SettingsError

_log = structlog.get_logger()
_OF_ITSELF: Final = {Because.NO_NUMBER: Way.NO_NUMBER, Because.LANDLINE: Way.LANDLINE}
_ANSWERED: Final = frozenset({ChannelKind.SMS, ChannelKind.VOICE})
"""What goes to a person's own phone; nobody expects an answer from a room or a hook."""


class WaysSetUp:
    """Implements `gascore.rehearsal.Ways`. The channels are put together when they are asked for first."""

    def __init__(self, settings: Settings, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock
        self._lock = threading.Lock()
        self._switchboard: Switchboard | None = None

    def __call__(self, kind: ChannelKind, address: str) -> Reached | None:
        """Whether what is set up reaches it; None: a setting of the channels is wrong (`gaswatch check`), or the board."""
        if kind is ChannelKind.CONSOLE:
            return None
        switchboard = self._asked()
        return reached(switchboard, kind, address) if switchboard else None

    def _asked(self) -> Switchboard | None:
        # The providers' libraries are large: who never asks does without them.
        from gaswatch.wiring.alerts import channels_of  # noqa: PLC0415 -- as above

        with self._lock:
            if self._switchboard is None:
                try:
                    self._switchboard = Switchboard(channels_of(self._settings, self._clock), self._clock)
                except SettingsError as error:
                    _log.warning("channels_can_not_be_asked", reason=str(error))
            return self._switchboard


def reached(switchboard: Switchboard, kind: ChannelKind, address: str) -> Reached:
    """Whether these channels reach an address, and whether its person can answer by them."""
    number = number_of(address) if kind in _ANSWERED else None
    country = number.country if number else 0
    if (of_itself := obstacle(EVERYWHERE, kind, address)) in _OF_ITSELF:
        return Reached(_OF_ITSELF[of_itself], country)
    if not switchboard.for_(kind, address):
        return Reached(Way.NO_PROVIDER, country)
    if kind in _ANSWERED and not switchboard.can_answer(kind, address):
        return Reached(Way.ONE_WAY, country)
    return Reached(Way.OPEN, country)
