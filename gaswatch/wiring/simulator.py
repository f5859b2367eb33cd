"""The simulator, put together: the town, its detectors' connections, and the phones."""

from random import Random, SystemRandom
from typing import Final
from urllib.parse import urlsplit

from gascore.clock import Clock
from gaswatch.broker.address import address
from gaswatch.canaries import NAME as TEST
from gaswatch.network import PortBusyError
from gaswatch.secrets import Secrets
from gaswatch.settings import Settings, SettingsError
from gaswatch.stores.engine import open_engine
from gaswatch.stores.status import SqlStatusBoard
from simulator.adapters.carrier_server import CarrierServer, PortTakenError
from simulator.adapters.fleet import Fleet
from simulator.adapters.line import Endpoint
from simulator.adapters.webhooks import HttpWebhooks
from simulator.rules.story import UnknownStoryError, tell
from simulator.rules.town import build_town, people_of
from simulator.service.carrier import Carrier
from simulator.service.simulator import Simulator
from simulator.service.stage import Stage

_KEEP_ALIVE_S: Final = (10, 120)
"""The keep-alive is the report interval, within these (docs/protocol.md; 10 s lets a demo see a mains cut)."""


def build(settings: Settings, clock: Clock) -> Simulator:
    """The service of `gaswatch run simulator`.

    Raises:
        SettingsError: a setting can't be served.
        PortBusyError: the phones' port is taken; from `run`.
    """
    town = build_town(settings.sim_seed, every_s=settings.sim_every_s)
    try:
        story = tell(settings.sim_story, town)
    except UnknownStoryError as error:
        raise SettingsError(f"GASWATCH_SIM_STORY: {error}") from error
    secrets = Secrets(settings.data_dir)
    webhooks = HttpWebhooks()
    carrier = _carrier(settings, webhooks, clock)
    engine = open_engine(settings.database)
    people = people_of(town.ledger) | {phone: f"{TEST} · {area}" for area, phone in settings.canary}
    phones = CarrierServer(carrier, people, settings.http_host, settings.phones_port, zone=settings.timezone)

    async def serve_phones() -> None:
        try:
            await phones.serve()
        except PortTakenError as error:
            raise PortBusyError(str(error)) from error
        finally:
            webhooks.close()
            engine.dispose()

    chance = SystemRandom()
    return Simulator(
        town,
        lambda start_ms: Stage(town, story, start_ms=start_ms, chance=Random(settings.sim_seed)),  # noqa: S311 -- the play's own noise, repeatable
        Fleet(_endpoint(settings), secrets.mqtt_password, clock, chance),
        clock,
        board=SqlStatusBoard(engine),
        beside=serve_phones,
    )


def _carrier(settings: Settings, webhooks: HttpWebhooks, clock: Clock) -> Carrier:
    token = settings.twilio_auth_token.get_secret_value()
    if not settings.twilio_account_sid or not token:
        raise SettingsError(
            "TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN: the simulator's phones take messages for this account; "
            "`gaswatch up --demo` makes one up, for `gaswatch run simulator` set any two values"
        )
    return Carrier(
        settings.twilio_account_sid,
        token,
        inbound_url=f"{settings.public}/webhooks/twilio/sms",
        webhooks=webhooks,
        clock=clock,
        chance=SystemRandom(),
    )


def _endpoint(settings: Settings) -> Endpoint:
    host, port = address(settings)
    tls = bool(settings.mqtt_url) and urlsplit(settings.mqtt_url[0]).scheme == "mqtts"
    shortest, longest = _KEEP_ALIVE_S
    return Endpoint(host, port, tls, keepalive_s=max(shortest, min(longest, round(settings.sim_every_s))))
