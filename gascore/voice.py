"""How a call speaks: alerts says the alarm, the dashboard answers a key."""

from collections.abc import Mapping
from typing import Final, NamedTuple

from gascore.words import Language


class Voice(NamedTuple):
    """Twilio's names of a language and of one of its voices (twilio.com/docs/voice/twiml/say/text-speech)."""

    language: str
    name: str


VOICES: Final[Mapping[Language, Voice]] = {
    Language.ZH: Voice("zh-CN", "Polly.Zhiyu"),
    Language.EN: Voice("en-US", "Polly.Joanna"),
}
TAKES_OVER: Final = "1"
"""The key that takes over; all others only prove that a person listens."""
PRESS: Final[Mapping[Language, str]] = {
    Language.ZH: "接手请按1。",
    Language.EN: "To take over, press 1.",
}
THANKS: Final[Mapping[Language, str]] = {
    Language.ZH: "收到，已登记由您接手，请查看短信。",
    Language.EN: "Thank you. It is recorded that you take over. Please look at the text message.",
}
