"""When many are a mass, when a connection is unstable, and how long either is waited for, by the settings."""

from alerts.rules import outage, unstable
from alerts.service import Limits
from gaswatch.settings import Settings
from gaswatch.wiring.upkeep import upkeep_of


def limits_of(settings: Settings) -> Limits:
    """The limits of these settings."""
    return Limits(
        outage=outage.Limits(
            share=settings.outage_share,
            number=settings.outage_min,
            window_ms=round(settings.outage_window_s * 1000),
            calm_ms=round(settings.outage_calm_s * 1000),
        ),
        unstable=unstable.Limits(
            times=settings.unstable_times,
            window_ms=round(settings.unstable_window_s * 1000),
            calm_ms=round(settings.unstable_calm_s * 1000),
        ),
        hold_ms=round(settings.offline_hold_s * 1000),
        shelve_ms=round(settings.shelve_max_s * 1000),
        call=settings.emergency_number,
        upkeep=upkeep_of(settings),
    )
