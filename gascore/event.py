"""What all events of the journal have in common; events of one matter lie with it, the others in `gascore.journal`."""

import msgspec


class EventBase(msgspec.Struct, frozen=True, tag_field="kind", omit_defaults=True, kw_only=True):
    """Base of all events: a stored format, add fields with a default only (docs/adr/0004)."""
