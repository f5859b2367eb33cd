"""What `gaswatch check` says of the channels besides Twilio: each is asked, without a message being sent."""

from collections.abc import Iterator
from typing import NamedTuple

from alerts.ports import Channel
from gascore.alarm import ChannelKind
from gaswatch.clock import SystemClock
from gaswatch.settings import Settings, SettingsError
from gaswatch.wiring.channels import more_channels, template_defects
from gaswatch.wiring.twilio import twilio


class Heard(NamedTuple):
    """One channel's name, whether it works (None: not all it could do is needed), and in one line why not."""

    name: str
    works: bool | None
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


def answers_heard(settings: Settings) -> Iterator[Heard]:
    """Each channel of texts or calls whose answers can't reach us, though people are told by it. Nobody is asked."""
    if template_defects(settings):
        return
    try:
        registered = [*twilio(settings), *more_channels(settings, SystemClock())]
    except SettingsError:
        return  # `channels_heard` says it
    for one in registered:
        can, kind = one.channel.can, one.channel.kind
        if kind is ChannelKind.SMS and not can.replies:
            mute = "sends texts that nobody can answer"
            yield Heard(kind.value, works=None, detail=f"{one.channel.name} {mute}: {_remedy(one.channel)}")
        elif kind is ChannelKind.VOICE and not can.keys:
            deaf = "asks for key 1, but nobody hears it"
            yield Heard(kind.value, works=False, detail=f"{one.channel.name} {deaf}: {_remedy(one.channel)}")


def _remedy(channel: Channel) -> str:
    if channel.can.templates_only:
        return "set GASWATCH_CALLBACK_TOKEN, and enter the callbacks at the provider (docs/deployment.md)"
    return "set GASWATCH_PUBLIC_URL to an address that Twilio reaches"
