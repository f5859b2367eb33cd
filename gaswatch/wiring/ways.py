"""How a number is tested: by a text where some provider that is set up carries one to it, else by a call.

Told from the settings alone: the auditor, who asks, has neither the providers' libraries nor their templates.
"""

from collections.abc import Callable, Iterator

from alerts.rules.countries import CHINA_ONLY, EVERYWHERE, TWILIO_SMS, TWILIO_VOICE, Coverage, obstacle
from gascore.alarm import ChannelKind
from gaswatch.settings import Settings


def way_of(settings: Settings) -> Callable[[str], ChannelKind | None]:
    """For a number, by what it is tested; None: nothing that is set up carries a text or a call to it."""
    reaches = tuple(_reaches(settings))

    def way(phone: str) -> ChannelKind | None:
        for kind in (ChannelKind.SMS, ChannelKind.VOICE):
            if any(one is kind and obstacle(where, kind, phone) is None for one, where in reaches):
                return kind
        return None

    return way


def _reaches(settings: Settings) -> Iterator[tuple[ChannelKind, Coverage]]:
    token = settings.twilio_auth_token.get_secret_value()
    if settings.twilio_account_sid and token and settings.twilio_from:
        is_twilio = not settings.twilio_url
        yield ChannelKind.SMS, TWILIO_SMS if is_twilio else EVERYWHERE
        if settings.twilio_voice_from:
            yield ChannelKind.VOICE, TWILIO_VOICE if is_twilio else EVERYWHERE
    if settings.aliyun_access_key_id:
        yield ChannelKind.SMS, CHINA_ONLY
        if settings.aliyun_voice_number:
            yield ChannelKind.VOICE, CHINA_ONLY
    if settings.tencent_secret_id:
        yield ChannelKind.SMS, CHINA_ONLY
