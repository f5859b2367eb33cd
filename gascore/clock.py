"""The one way to know and to wait for time. Implementations: `gaswatch.clock`, `tests/support/clock.py`."""

from typing import Protocol


class Clock(Protocol):
    """Wall time in milliseconds since 1970 UTC, and waiting that a test can skip."""

    def now_ms(self) -> int:
        """The present instant."""
        ...

    async def sleep_until(self, at_ms: int) -> None:
        """Return at `at_ms` or as soon as it has passed; a stepped wall clock is noticed within a second.

        The loop serves the others in any case, also when `at_ms` has passed already.

        When the wall clock is set back meanwhile it returns earlier than `at_ms`: after the time that it
        seemed to take at the call. Whoever needs the instant looks at `now_ms` again.
        """
        ...
