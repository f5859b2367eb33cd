"""Journal entries as plain values, for pages and programs."""

from typing import Any

import msgspec

from dashboard.adapters.views import EntryLine
from gascore.journal import Entry, kind_of


def entry_line(entry: Entry) -> EntryLine:
    """The entry with its event as plain JSON values (its kind aside)."""
    event: dict[str, Any] = msgspec.to_builtins(entry.event)
    event.pop("kind")
    return EntryLine(entry.id, entry.at_ms, kind_of(entry.event), event)
