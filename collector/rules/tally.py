"""How many detectors are in which protection state, kept by adding and subtracting."""

from collections import Counter
from collections.abc import Mapping
from typing import Final

from collector.rules.page import Standing
from gascore.registry import Placed
from gascore.words import Condition, Protection

TAKES_AWAY: Final[Mapping[Condition, Protection]] = {
    Condition.OFFLINE: Protection.OFFLINE,
    Condition.NEVER_REPORTED: Protection.OFFLINE,
    Condition.TESTING: Protection.MAINTENANCE,
    Condition.SHIELDED: Protection.MAINTENANCE,
    Condition.FAULT: Protection.FAULT,
    Condition.WARMING_UP: Protection.WARMING_UP,
    Condition.WRONG_GAS: Protection.UNFIT,
    Condition.END_OF_LIFE: Protection.UNFIT,
}
"""What a condition takes away; the others leave a detector protecting."""
_RANK: Final = {state: rank for rank, state in enumerate(Protection)}


def protection(placed: Placed, standing: Standing, now_ms: int) -> Protection:
    """The state of one detector now, as if we could see."""
    if placed.commissioned_ms is None or placed.commissioned_ms > now_ms:
        return Protection.NOT_REQUIRED
    if placed.retired_ms is not None and placed.retired_ms <= now_ms:
        return Protection.NOT_REQUIRED
    if not standing.reported:
        return Protection.OFFLINE
    if not standing.held:
        return Protection.PROTECTED
    states = (TAKES_AWAY[one] for one in standing.held if one in TAKES_AWAY)
    return min(states, key=_RANK.__getitem__, default=Protection.PROTECTED)


class Tally:
    """Counts by state. A date that passes (commissioning, retirement) shows with the detector's next change.

    Until then the detector stays what it was counted as, so whoever takes it out must remember as what (`Watch.counted`).
    """

    def __init__(self) -> None:
        self._counts: Counter[Protection] = Counter()

    def move(self, before: Protection | None, state: Protection | None) -> None:
        """One detector is in this state now (None: it is gone), and was counted in that before (None: it is new)."""
        if before is state:
            return
        if before is not None:
            self._counts[before] -= 1
        if state is not None:
            self._counts[state] += 1

    def counts(self, *, blind: bool) -> dict[str, int]:
        """Detectors per state; while we are blind the required ones are all unmonitored."""
        if not blind:
            return {str(state): self._counts[state] for state in Protection}
        off = self._counts[Protection.NOT_REQUIRED]
        counts = dict.fromkeys((str(state) for state in Protection), 0)
        return counts | {
            str(Protection.NOT_REQUIRED): off,
            str(Protection.UNMONITORED): self._counts.total() - off,
        }
