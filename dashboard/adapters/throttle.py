"""How often somebody may try to sign in: slows guessing down, never locks an operator out for good."""

from typing import Final

from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

PER_USER: Final = 5
PER_ADDRESS: Final = 30
"""Attempts a minute (console reference 4); many operators share one address behind a proxy."""


class Throttle:
    """Counts attempts in this process; the dashboard is one process."""

    def __init__(self, per_user: int = PER_USER, per_address: int = PER_ADDRESS) -> None:
        self._window = MovingWindowRateLimiter(MemoryStorage())
        self._per_user = RateLimitItemPerMinute(per_user)
        self._per_address = RateLimitItemPerMinute(per_address)

    def may_try(self, user: str, address: str) -> bool:
        """Count one attempt; False: too many within a minute, this one is not to be looked at."""
        is_fine_here = self._window.hit(self._per_address, "address", address)
        return is_fine_here and self._window.hit(self._per_user, "user", user.casefold())
