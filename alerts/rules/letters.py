"""What is handed to a provider, what it can do, and how it says that it is."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from gascore.words import Language, NoticeId, Priority


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a provider's channel can do.

    Attributes:
        receipts: it says whether a message arrived.
        looks_up: it can be asked what became of a message, even of one whose request got no answer.
        replies: people can answer by text.
        keys: people can answer by pressing a key.
        templates_only: it takes an approved template with parameters, no free text.
        look_after_ms: so long after a message left the provider can say what became of it; not asked before.
    """

    receipts: bool = False
    looks_up: bool = False
    replies: bool = False
    keys: bool = False
    templates_only: bool = False
    look_after_ms: int = 0


@dataclass(frozen=True, slots=True)
class Letter:
    """What is handed to a provider: free text, and the same as a template's parameters.

    Attributes:
        notice: our own number of it, sent along where a provider echoes one.
        address: as in `alerts.rules.delivery.Hop`.
        text: one message of the provider (`alerts.rules.wording`).
        template: "{alarm kind}.{purpose}", such as "leak.raised"; None: only free text exists (answers to replies).
        params: by name, as `alerts.rules.wording` used them; never with the signature.
        valid_ms: so long the provider may try.
        since_ms: no request for it left before; for `look_up`.
        begun_ms: when its newest request left, by our clock; for `look_up`.
        others: what the provider calls other notices of ours to this address; for `look_up`.
    """

    notice: NoticeId
    address: str
    text: str
    language: Language
    urgency: Priority
    valid_ms: int
    since_ms: int
    template: str | None = None
    params: Mapping[str, str] = field(default_factory=dict)
    reply_code: str | None = None
    provider_id: str | None = None
    begun_ms: int | None = None
    others: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Health:
    """What a provider says of our account, without a message being sent; `code` says what is wrong."""

    ok: bool
    code: str = ""
    detail: str = ""
