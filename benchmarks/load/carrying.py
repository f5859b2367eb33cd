"""The simulator's carrier as a process of its own: takes the alarm desk's texts, as the demo's phones do."""

import asyncio
from random import SystemRandom

import uvloop

from gaswatch.clock import SystemClock
from gaswatch.process import with_signals
from gaswatch.settings import Settings
from simulator.adapters.carrier_server import CarrierServer
from simulator.adapters.webhooks import HttpWebhooks
from simulator.service.carrier import Carrier


async def carry() -> None:
    """Take texts until told to end. Receipts find nobody (no dashboard runs), which is no business of this load."""
    settings, clock = Settings(), SystemClock()
    webhooks = HttpWebhooks()
    carrier = Carrier(
        settings.twilio_account_sid or "",
        settings.twilio_auth_token.get_secret_value(),
        inbound_url=f"{settings.public}/webhooks/twilio/sms",
        webhooks=webhooks,
        clock=clock,
        chance=SystemRandom(),
    )
    server = CarrierServer(carrier, {}, settings.http_host, settings.phones_port, zone=settings.timezone)
    serving = asyncio.create_task(server.serve())
    stopping = asyncio.Event()
    with_signals(stopping.set, clock)
    await stopping.wait()
    serving.cancel()
    await asyncio.wait({serving})
    webhooks.close()


if __name__ == "__main__":
    uvloop.run(carry())
