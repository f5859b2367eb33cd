"""Journal entries as plain values, for pages and programs."""

from typing import Any

import msgspec

from dashboard.adapters.views import EntryLine
from gascore.journal import Entry, ReplyReceived, kind_of


def entry_line(entry: Entry) -> EntryLine:
    """The entry with its event as plain JSON values (its kind aside); of a phone number only the end."""
    event: dict[str, Any] = msgspec.to_builtins(entry.event)
    event.pop("kind")
    if isinstance(entry.event, ReplyReceived):
        event["sender"] = f"…{entry.event.sender[-4:]}"
    return EntryLine(entry.id, entry.at_ms, kind_of(entry.event), event)
