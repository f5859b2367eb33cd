"""`gaswatch up --demo`: settings for a play, the town's ledger, and the one screen of text."""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from gascore.canary import is_canary
from gascore.clock import Clock
from gaswatch.broker.address import HOST
from gaswatch.broker.choice import in_words
from gaswatch.network import is_free
from gaswatch.secrets import Secrets
from gaswatch.settings import Settings
from gaswatch.stores.engine import open_engine
from gaswatch.stores.registry import SqlRegistry
from simulator.rules.town import Town, build_town

DATA_DIR: Final = "var/demo"
_EVERYWHERE: Final = "0.0.0.0"  # noqa: S104 -- compared with, not listened on
_SENDER: Final = "+861000000000"
"""In the simulated carrier's range, which no carrier assigns."""
_CANARY_AREA: Final = "TOWN-1"
_TEST_PHONE: Final = "+8610000009999"
"""Likewise; nobody of the town has it."""


class DemoError(Exception):
    """The demo can't be played on this data; the message says what to do."""


def data_dir(settings: Settings) -> Path:
    """Where the demo's data goes: a place of its own, unless one is set."""
    is_set = settings.data_dir != Settings.model_fields["data_dir"].default
    return settings.data_dir if is_set else Path(DATA_DIR)


def environment(given: Mapping[str, str], settings: Settings) -> dict[str, str]:
    """What the demo adds to the environment `given`, out of which (and gaswatch.toml) `settings` were read.

    A setting that is given stays, but for the SMS account: a demo must not text real people, whoever's
    account is in the environment. Raises `OSError` when the data folder can't be written.
    """
    token = Secrets(settings.data_dir).token("demo carrier")
    host = HOST if settings.http_host == _EVERYWHERE else settings.http_host
    preset = {
        # Detectors report every 10 s here, so that a silence is seen within the story.
        "GASWATCH_OFFLINE_MIN_S": "30",
        # Likewise the end of a leak: two reports without gas.
        "GASWATCH_CLEAR_DELAY_S": "10",
        # What waits to go together in one text still goes before the story ends.
        "GASWATCH_BUNDLE_S": "5",
        # A test leak every minute, so that one is seen to arrive.
        "GASWATCH_CANARY": f"{_CANARY_AREA}={_TEST_PHONE}",
        "GASWATCH_CANARY_EVERY_S": "60",
    }
    if not settings.mqtt_url and not is_free(HOST, settings.mqtt_port):
        preset["GASWATCH_MQTT_PORT"] = "0"
    return {
        **{key: value for key, value in preset.items() if key not in given},
        "TWILIO_ACCOUNT_SID": "AC" + hashlib.sha256(token.encode()).hexdigest()[:32],
        "TWILIO_AUTH_TOKEN": token,
        "GASWATCH_TWILIO_FROM": _SENDER,
        "GASWATCH_TWILIO_VOICE_FROM": _SENDER,
        "GASWATCH_TWILIO_URL": f"http://{host}:{settings.phones_port}",
    }


def town(settings: Settings) -> Town:
    """The demo's town, as the simulator builds it: 60 sites, 150 detectors."""
    return build_town(settings.sim_seed, every_s=settings.sim_every_s)


def seed(settings: Settings, clock: Clock) -> int:
    """Put the town into the ledger; returns how many records were new or changed. Blocking.

    Raises:
        DemoError: the store holds somebody's real ledger.
        StoreDownError: the store can't be used.
    """
    ledger = town(settings).ledger
    engine = open_engine(settings.database)
    try:
        registry = SqlRegistry(engine)
        theirs = {one.id for one in registry.ledger().sites if not is_canary(one.id)}
        strangers = theirs - {one.id for one in ledger.sites}
        if strangers:
            raise DemoError(
                f"{engine.url.render_as_string(hide_password=True)} holds a ledger that is not the demo's "
                f"(site {min(strangers)}): set GASWATCH_DATA_DIR and GASWATCH_DATABASE_URL to a place for the demo"
            )
        return registry.put(ledger, by="demo", at_ms=clock.now_ms())
    finally:
        engine.dispose()


def banner(settings: Settings, users: Mapping[str, str]) -> str:
    """One screen: where to look, how to come in, and what will happen."""
    accounts = "   ".join(f"{name} / {password}" for name, password in users.items())
    return f"""
gaswatch demo: a simulated town with 60 sites and 150 gas detectors. Nothing leaves this machine.

  Console   {settings.public}/
  Phones    http://{settings.http_host}:{settings.phones_port}/   (every text and call that is "sent", to reply to and to answer)
  Users     {accounts}   (local demo passwords)
  Broker    {in_words(settings)}
  Data      {settings.data_dir.absolute()}   (logs in logs/)

  from the start  an LPG detector hangs where mine gas is piped in: wrong gas type
  after 8 s       a hose comes off in a bottle station's cylinder room: low, then high; texts go out,
                  the valve closes, the gas is gone after about two minutes, the alarm stays
  after 20 s      a restaurant's mains is cut: its detectors go offline
  after 30 s      a sensor in a canteen fails
  every minute    a test leak goes the whole way to a test phone and is measured (page "System")
  after 90 s      whoever has not answered is joined by the next people up the ladder

  Acknowledge in the console, or reply with the code in a text from the phones' page.
  Ctrl-C ends it; the next start goes on with the same data.
"""
