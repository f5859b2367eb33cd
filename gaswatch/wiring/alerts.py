"""Alerts, put together."""

import os
from collections.abc import Iterator
from typing import Final
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import structlog

from alerts.adapters.console import Console
from alerts.adapters.twilio_sms import Account, TwilioSms
from alerts.rules import countries, outage, unstable
from alerts.service import Alerts, Limits, Parts, Registered, Switchboard
from gascore.clock import Clock
from gaswatch.settings import Settings
from gaswatch.stores.desk import SqlBooks
from gaswatch.stores.engine import open_engine
from gaswatch.stores.groups import SqlGroups
from gaswatch.stores.journal import SqlJournal
from gaswatch.stores.registry import SqlRegistry
from gaswatch.stores.status import SqlStatusBoard
from gaswatch.wiring.channels import more_channels
from gaswatch.wiring.upkeep import upkeep_of

_log = structlog.get_logger()
_PRIVATE: Final = frozenset({"127.0.0.1", "localhost", "::1", "0.0.0.0"})  # noqa: S104 -- no address to bind to


def build(settings: Settings, clock: Clock) -> Alerts:
    """The service of `gaswatch run alerts`.

    Raises:
        StoreUnusableError: the data folder or the database's address can't be used.
    """
    engine = open_engine(settings.database)
    return Alerts(
        Parts(
            books=SqlBooks(engine),
            registry=SqlRegistry(engine),
            groups=SqlGroups(engine),
            limits=limits_of(settings),
            journal=SqlJournal(engine),
            board=SqlStatusBoard(engine),
            switchboard=Switchboard(channels_of(settings, clock), clock),
            clock=clock,
            zone=ZoneInfo(settings.timezone),
            pid=os.getpid(),
            close=engine.dispose,
        )
    )


def channels_of(settings: Settings, clock: Clock) -> tuple[Registered, ...]:
    """Every provider that is set up and where it reaches; of one kind the preferred first.

    Raises:
        SettingsError: one of them can't be used as it is set up.
    """
    found = (*_twilio(settings), *more_channels(settings, clock))
    # The board alone tells nobody who is not there: then notices wait, and that is said loudly.
    return (*found, Registered(Console())) if found else ()


def _twilio(settings: Settings) -> Iterator[Registered]:
    account = account_of(settings)
    if account is None:
        return
    # Twilio's limits are Twilio's: what stands at another address has its own.
    is_twilio = not settings.twilio_url
    yield Registered(TwilioSms(account), countries.TWILIO_SMS if is_twilio else countries.EVERYWHERE)


def limits_of(settings: Settings) -> Limits:
    """When many are a mass, and when a connection is unstable."""
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
        upkeep=upkeep_of(settings),
    )


def account_of(settings: Settings) -> Account | None:
    """The account for texts; None: a part of it is not set, and notices wait."""
    token = settings.twilio_auth_token.get_secret_value()
    if not (settings.twilio_account_sid and token and settings.twilio_from):
        return None
    receipts: str | None = f"{settings.public}/webhooks/twilio/status"
    if not settings.twilio_url and urlsplit(settings.public).hostname in _PRIVATE:
        # Twilio refuses a text whose receipts are to go to an address that it can't reach (21609).
        _log.warning("no_receipts", do="set GASWATCH_PUBLIC_URL to the dashboard's public address")
        receipts = None
    return Account(
        sid=settings.twilio_account_sid,
        token=token,
        sender=settings.twilio_from,
        url=settings.twilio_url,
        receipts=receipts,
    )
