"""Twilio's channels, as far as they are set up."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Final
from urllib.parse import urlsplit

import structlog

from alerts.adapters.twilio import Account
from alerts.adapters.twilio_sms import TwilioSms
from alerts.adapters.twilio_voice import TwilioVoice
from alerts.rules import countries
from alerts.service import Registered
from gaswatch.settings import Settings

_log = structlog.get_logger()
_PRIVATE: Final = frozenset({"127.0.0.1", "localhost", "::1", "0.0.0.0"})  # noqa: S104 -- no address to bind to


def twilio(settings: Settings) -> Iterator[Registered]:
    """Texts, and calls where a number for them is set."""
    account = account_of(settings)
    if account is None:
        return
    # Twilio's limits are Twilio's: what stands at another address has its own.
    is_twilio = not settings.twilio_url
    yield Registered(TwilioSms(account), countries.TWILIO_SMS if is_twilio else countries.EVERYWHERE)
    # A call whose key is told to nobody can't be answered.
    if settings.twilio_voice_from and account.receipts is not None:
        caller = replace(account, sender=settings.twilio_voice_from)
        voice = TwilioVoice(caller, f"{settings.public}/webhooks/twilio/voice")
        yield Registered(voice, countries.TWILIO_VOICE if is_twilio else countries.EVERYWHERE)


def account_of(settings: Settings) -> Account | None:
    """The account for texts; None: a part of it is not set."""
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
