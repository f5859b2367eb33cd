"""What `gaswatch check` says of the channels besides Twilio: each is asked, without a message being sent."""

from collections.abc import Iterator
from typing import NamedTuple

from gaswatch.clock import SystemClock
from gaswatch.settings import Settings, SettingsError
from gaswatch.wiring.channels import more_channels, template_defects


class Heard(NamedTuple):
    """One channel's name, whether it works, and in one line why not."""

    name: str
    works: bool
    detail: str


def channels_heard(settings: Settings) -> Iterator[Heard]:
    """Every defect of the templates, then every channel. Blocking, at most 20 s for each of them."""
    lines = template_defects(settings)
    for line in lines:
        yield Heard("templates", works=False, detail=line)
    if lines:
        return
    try:
        registered = list(more_channels(settings, SystemClock()))
    except SettingsError as error:
        yield Heard("channels", works=False, detail=str(error))
        return
    for one in registered:
        channel = one.channel
        health = channel.probe()
        why = " ".join(part for part in (health.code, health.detail) if part)
        detail = f"{channel.name} is set up" if health.ok else f"{channel.name} does not work: {why}"
        yield Heard(channel.kind.value, works=health.ok, detail=detail)
