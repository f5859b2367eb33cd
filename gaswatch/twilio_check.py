"""What `gaswatch check` says of Twilio's channels: each is asked, without a message being sent."""

from collections.abc import Iterator
from typing import Final, NamedTuple

from alerts.rules.letters import Health
from alerts.service import Registered
from gascore.alarm import ChannelKind
from gaswatch.settings import Settings
from gaswatch.wiring.twilio import twilio

_TWILIO: Final = "https://api.twilio.com"
_REFUSED: Final = frozenset({"20003", "401", "403"})
_SILENT: Final = frozenset({"no_connection", "timeout", "connection_lost"})


class TwilioSaid(NamedTuple):
    """One line; `is_good` None: not needed as things are set."""

    what: str
    is_good: bool | None
    detail: str


def twilio_said(settings: Settings, *, has_others: bool) -> Iterator[TwilioSaid]:
    """Texts, then calls. `has_others`: people can be told by other providers. Blocking, 15 s each at most."""
    registered = list(twilio(settings))
    if not registered:
        need = "set TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN and GASWATCH_TWILIO_FROM"
        if has_others:
            yield TwilioSaid("sms", None, f"no account at Twilio; to have one more provider {need}")
        else:
            yield TwilioSaid("sms", False, f"nobody can be told: {need}")
    for one in registered:
        health = one.channel.probe()
        yield TwilioSaid(one.channel.kind.value, health.ok, _detail(one, health, settings))
    if registered and not any(one.channel.kind is ChannelKind.VOICE for one in registered):
        yield _no_voice(settings)


def _detail(one: Registered, health: Health, settings: Settings) -> str:
    base = (settings.twilio_url or _TWILIO).rstrip("/")
    if health.ok:
        return f"{one.channel.name}: {base} lets account {settings.twilio_account_sid[:6]}… in"
    if health.code in _REFUSED:
        return "the account is refused: check TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN"
    if health.code in _SILENT:
        return f"{base} does not answer ({health.code}): is the address right, can it be reached from here?"
    return f"{base} says {health.code} of account {settings.twilio_account_sid[:6]}…: look at its console"


def _no_voice(settings: Settings) -> TwilioSaid:
    if settings.twilio_voice_from:
        return TwilioSaid(
            "voice", False, "nobody is called: set GASWATCH_PUBLIC_URL to an address that Twilio reaches"
        )
    return TwilioSaid("voice", None, "Twilio calls nobody: GASWATCH_TWILIO_VOICE_FROM is not set")
