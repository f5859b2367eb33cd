"""When alarms are a flood, and when one is a hazard, by the settings."""

from typing import Final

from alerts.rules import stale
from alerts.service.upkeep import Limits
from gascore.flood import FloodLimits
from gaswatch.settings import Settings

_DAY_MS: Final = 86_400_000


def upkeep_of(settings: Settings) -> Limits:
    """The limits of these settings."""
    return Limits(
        flood=FloodLimits.of(settings.operators),
        stale=stale.Limits(
            after_ms=round(settings.hazard_after_s * 1000),
            broken_ms=round(settings.hazard_broken_days * _DAY_MS),
            unfit_ms=round(settings.hazard_unfit_days * _DAY_MS),
        ),
    )
