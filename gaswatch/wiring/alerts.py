"""Alerts, put together."""

import os
from secrets import token_hex
from zoneinfo import ZoneInfo

from alerts.adapters.console import Console
from alerts.rules.budget import DAY_MS, HOUR_MS, MINUTE_MS, Cap
from alerts.service import Alerts, Parts, Registered, Switchboard
from alerts.service.courier import HouseRules
from gascore.alarm import ChannelKind
from gascore.clock import Clock
from gaswatch.presence import FilePresence
from gaswatch.settings import Settings
from gaswatch.stores.desk import SqlBooks
from gaswatch.stores.engine import open_engine
from gaswatch.stores.groups import SqlGroups
from gaswatch.stores.journal import SqlJournal
from gaswatch.stores.registry import SqlRegistry
from gaswatch.stores.status import SqlStatusBoard
from gaswatch.wiring.channels import more_channels
from gaswatch.wiring.limits import limits_of
from gaswatch.wiring.twilio import twilio


def build(settings: Settings, clock: Clock) -> Alerts:
    """The service of `gaswatch run alerts`.

    Raises:
        StoreUnusableError: the data folder or the database's address can't be used.
    """
    engine = open_engine(settings.database)
    presence = FilePresence(settings.data_dir / "runs", f"alerts-{token_hex(8)}")

    def close() -> None:
        engine.dispose()
        presence.close()

    return Alerts(
        Parts(
            books=SqlBooks(engine),
            registry=SqlRegistry(engine),
            groups=SqlGroups(engine),
            limits=limits_of(settings),
            house_rules=house_rules_of(settings),
            journal=SqlJournal(engine),
            board=SqlStatusBoard(engine),
            switchboard=Switchboard(channels_of(settings, clock), clock),
            clock=clock,
            zone=ZoneInfo(settings.timezone),
            pid=os.getpid(),
            close=close,
            presence=presence,
        )
    )


def channels_of(settings: Settings, clock: Clock) -> tuple[Registered, ...]:
    """Every provider that is set up and where it reaches; of one kind the preferred first.

    Raises:
        SettingsError: one of them can't be used as it is set up.
    """
    found = (*twilio(settings), *more_channels(settings, clock))
    # The board alone tells nobody who is not there: then notices wait, and that is said loudly.
    return (*found, Registered(Console())) if found else ()


def house_rules_of(settings: Settings) -> HouseRules:
    """How much a number is asked to bear, and how patient we are."""
    caps = {
        ChannelKind.SMS: (
            Cap(MINUTE_MS, settings.texts_per_minute),
            Cap(HOUR_MS, settings.texts_per_hour),
            Cap(DAY_MS, settings.texts_per_day),
        ),
        ChannelKind.VOICE: (
            Cap(MINUTE_MS, settings.calls_per_minute),
            Cap(HOUR_MS, settings.calls_per_hour),
            Cap(DAY_MS, settings.calls_per_day),
        ),
    }
    return HouseRules(round(settings.receipt_s * 1000), caps, round(settings.bundle_s * 1000))
