"""Texts about maintenance windows; at most 70 characters in Chinese, one segment."""

from datetime import datetime
from typing import Final

from alerts.rules.wording import Reader
from alerts.rules.words_of_texts import SIGNATURE
from gascore.words import Language

REASON_AT_MOST: Final = 20
"""Characters of a window's reason that fit."""


def ends_soon(reason: str, until_ms: int, reader: Reader) -> str:
    """Told to who answers for a window before it ends."""
    at = f"{datetime.fromtimestamp(until_ms / 1000, reader.zone):%H:%M}"
    short = reason[:REASON_AT_MOST]
    if reader.language is Language.ZH:
        return f"{SIGNATURE[reader.language]}维护({short}){at}结束,之后照常报警。未完请延长维护时段。"
    return f"Maintenance ({short}) ends at {at}; alarms reach people again then. Not done? Extend the window."
